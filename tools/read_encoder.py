"""Reads the encoder that ships back from 8 bits into weights that can be taught further.

    python tools/read_encoder.py FOLDER OUT_FOLDER

``FOLDER``: the published all-MiniLM-L6-v2, whose tokeniser and settings are copied. The floating-point weights from
which the shipped file was made are kept nowhere; what they lost by 8 bits (a cosine of 0.998) is soon learnt anew by
``tune_encoder.py``.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

from safetybot.matching.encoder import WIDTH

MODEL = Path(__file__).parent.parent / "safetybot" / "matching" / "encoder_files" / "encoder.onnx"

FloatArray = npt.NDArray[np.float32]


class ShippedEncoder:
    """The constants of the graph that ``encoder_graph.py`` wrote."""

    def __init__(self, path: Path) -> None:
        self._constants = {found.name: numpy_helper.to_array(found) for found in onnx.load(path).graph.initializer}
        self.layers = sum(name.endswith(".qkv.numbers") for name in self._constants)

    def weights(self) -> dict[str, FloatArray]:
        """As in ``model.safetensors`` of the published model.

        What evens out the channels between values and output of an attention stays in both: the product is the same.
        """
        found, weights = self._constants, self._embeddings()
        multiplied = "embedding.norm"
        for number in range(self.layers):
            key, name = f"encoder.layer.{number}.", f"layer{number}."
            three = np.split(self._matrix(f"{name}qkv", multiplied), 3, axis=1)
            biases = np.split(found[f"{name}qkv.bias"], 3)
            for part, matrix, bias in zip(("query", "key", "value"), three, biases, strict=True):
                weights[f"{key}attention.self.{part}.weight"] = matrix.T
                weights[f"{key}attention.self.{part}.bias"] = bias
            for place, product, source in (
                ("attention.output.dense", "output", None),
                ("intermediate.dense", "inner", f"{name}norm1"),
                ("output.dense", "outer", f"{name}gelu"),
            ):
                weights[f"{key}{place}.weight"] = self._matrix(name + product, source).T
                weights[f"{key}{place}.bias"] = found[f"{name}{product}.bias"]
            for place, norm in (("attention.output.LayerNorm", "norm1"), ("output.LayerNorm", "norm2")):
                weights |= self._norm(key + place, name + norm)
            multiplied = f"{name}norm2"
        return {key: np.ascontiguousarray(value, np.float32) for key, value in weights.items()}

    def _embeddings(self) -> dict[str, FloatArray]:
        found = self._constants
        return {
            "embeddings.word_embeddings.weight": found["words.numbers"].astype(np.float32) * found["words.scales"],
            "embeddings.position_embeddings.weight": found["positions"],
            "embeddings.token_type_embeddings.weight": np.zeros((2, WIDTH), np.float32),  # added to the positions
            **self._norm("embeddings.LayerNorm", "embedding.norm"),
        }

    def _norm(self, key: str, name: str) -> dict[str, FloatArray]:
        return {f"{key}.weight": self._constants[f"{name}.gain"], f"{key}.bias": self._constants[f"{name}.bias"]}

    def _matrix(self, name: str, source: str | None) -> FloatArray:
        """Shape (in, out). ``source``: what it multiplies, where that is divided channel by channel beforehand."""
        matrix = self._constants[f"{name}.numbers"].astype(np.float32) * self._constants[f"{name}.steps"]
        if source is not None:
            matrix *= self._constants[f"{source}.smooth"][:, None]
        result: FloatArray = matrix
        return result


def main() -> None:
    """Writes the folder."""
    parser = argparse.ArgumentParser(description="Weights of the shipped encoder, to be taught further.")
    parser.add_argument("published", type=Path, help="folder of the published model")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    shipped = ShippedEncoder(MODEL)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path in arguments.published.iterdir():
        if path.suffix in (".json", ".txt"):
            shutil.copyfile(path, arguments.out / path.name)
    settings = json.loads((arguments.out / "config.json").read_text("utf-8"))
    settings["num_hidden_layers"] = shipped.layers
    (arguments.out / "config.json").write_text(json.dumps(settings), "utf-8")
    save_file(shipped.weights(), arguments.out / "model.safetensors")


if __name__ == "__main__":
    main()
