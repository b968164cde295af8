"""The sentence encoder as an ONNX graph: with its weights as published, or quantised to 8 bits.

What a layer multiplies is quantised with scales that are fixed beforehand, from what the layers show of our own
examples. (Scales taken from each text anew cost a quarter of the time, and in a batch a text's vector would hang on its
neighbours.) A few channels of MiniLM are ten times larger than all others and would leave these a few steps of the 256;
so each channel is divided by a number that its weights are multiplied with ("SmoothQuant", Xiao et al. 2023).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HEADS, HEAD_WIDTH, WIDTH = 12, 32, 384

SMOOTHING = 0.8
"""SmoothQuant's α: how much of the unevenness of the channels the weights take over. Of 0.5 to 1 the best: the vectors
of 400 examples come nearest to those of the weights as published."""
PAIR_MAX = 128
"""What two neighbouring weights may come to: processors without VNNI add two products with 255 in 16 bits."""
LEVELS = 255

FloatArray = npt.NDArray[np.float32]


@dataclass(slots=True)
class Channels:
    """The least and greatest number that each channel of a layer's input shows: shape (channels,)."""

    least: FloatArray
    greatest: FloatArray


Ranges = Mapping[str, Channels]
"""Input of a layer → its channels."""


@dataclass(slots=True)
class _Graph:
    """Collects the nodes and constants of an ONNX graph."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: object) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def contrib(self, operator: str, inputs: Sequence[str], name: str, **attributes: object) -> str:
        """An operator of onnxruntime's own."""
        return self.node(operator, inputs, name, domain="com.microsoft", **attributes)


@dataclass(frozen=True, slots=True)
class _Quantised:
    """Names of a quantised input: its numbers, their scale and their zero."""

    numbers: str
    scale: str
    zero: str


class EncoderGraph:
    """Writes the encoder out. ``ranges``: None for a graph of floating-point numbers."""

    def __init__(self, weights: Mapping[str, FloatArray], ranges: Ranges | None) -> None:
        """``weights``: as in ``model.safetensors`` of the published model."""
        self._weights = weights
        self._layers = layers_of(weights)
        self._ranges = ranges
        self._graph = _Graph()

    def model(self) -> onnx.ModelProto:
        """The graph.

        ``input_ids``, ``attention_mask`` (batch, length) int64 → ``embedding`` (batch, 384), and ``tokens.in_place``
        (batch, length, 384), the vector of each token in its place in the text, of which ``embedding`` is the mean.
        """
        graph = self._graph
        node, constant = graph.node, graph.constant
        one, two = constant("one", np.array([1])), constant("two", np.array([2]))
        present = node("Cast", ["attention_mask"], "present", to=TensorProto.FLOAT)
        x = self._norm(self._tokens(one), "embeddings.LayerNorm", "embedding.norm")
        for number in range(self._layers):
            x = self._layer(number, x)
        x = node("Identity", [x], "tokens.in_place")
        kept = node("Mul", [x, node("Unsqueeze", [present, two], "present.3d")], "kept")
        total = node("ReduceSum", [kept, one], "total", keepdims=0)
        count = node("ReduceSum", [present, one], "count", keepdims=1)
        node("LpNormalization", [node("Div", [total, count], "mean")], "embedding", axis=-1, p=2)
        ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in INPUTS]
        vector = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH])
        tokens = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", "length", WIDTH])
        body = helper.make_graph(graph.nodes, "sentence-encoder", ids, [vector, tokens], graph.constants)
        domains = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(body, opset_imports=domains, ir_version=8)

    def _tokens(self, one: str) -> str:
        """Word and place of each token, added up."""
        node, constant, weight = self._graph.node, self._graph.constant, self._weight
        places = weight("embeddings.position_embeddings.weight") + weight("embeddings.token_type_embeddings.weight")[0]
        length = node("Gather", [node("Shape", ["input_ids"], "shape"), one], "length", axis=0)
        zero = constant("zero", np.array([0]))
        used = node("Slice", [constant("positions", places), zero, length, zero], "used.positions")
        words = weight("embeddings.word_embeddings.weight")
        if self._ranges is None:
            found = node("Gather", [constant("words", words), "input_ids"], "token.words", axis=0)
        else:
            # A scale for each word. They are looked up, and not multiplied.
            scales = (np.abs(words).max(axis=1, keepdims=True) / 127).astype(np.float32)
            numbers = constant("words.numbers", np.round(words / np.maximum(scales, 1e-12)).astype(np.int8))
            picked = node("Gather", [numbers, "input_ids"], "token.numbers", axis=0)
            whole = node("Cast", [picked], "token.whole", to=TensorProto.FLOAT)
            scale = node("Gather", [constant("words.scales", scales), "input_ids"], "token.scales", axis=0)
            found = node("Mul", [whole, scale], "token.words")
        return node("Add", [found, used], "tokens")

    def _layer(self, number: int, x: str) -> str:
        key, name = f"encoder.layer.{number}.", f"layer{number}."
        node, dense = self._graph.node, self._dense
        mixed = self._attention(x, key, name) if self._ranges is None else self._attention_in_8_bits(x, key, name)
        output = self._output(mixed, key, name)
        residual = node("Add", [x, output], name + "residual1")
        x = self._norm(residual, f"{key}attention.output.LayerNorm", name + "norm1")
        inner = dense(x, self._matrix(f"{key}intermediate.dense"), name + "inner")
        outer = dense(self._gelu(inner, name), self._matrix(f"{key}output.dense"), name + "outer")
        return self._norm(node("Add", [x, outer], name + "residual2"), f"{key}output.LayerNorm", name + "norm2")

    def _attention(self, x: str, key: str, name: str) -> str:
        """Multi-head attention (Vaswani et al. 2017), step by step."""
        node, constant = self._graph.node, self._graph.constant
        split = constant(name + "split", np.array([0, 0, HEADS, HEAD_WIDTH]))
        heads = {}
        for part in ("query", "key", "value"):
            projected = self._dense(x, self._matrix(f"{key}attention.self.{part}"), name + part)
            order = [0, 2, 3, 1] if part == "key" else [0, 2, 1, 3]
            heads[part] = node(
                "Transpose",
                [node("Reshape", [projected, split], f"{name}{part}.split")],
                f"{name}{part}.heads",
                perm=order,
            )
        scores = node("MatMul", [heads["query"], heads["key"]], name + "scores")
        scale = constant(name + "scale", np.float32(1 / np.sqrt(HEAD_WIDTH)))
        scores = node("Add", [node("Mul", [scores, scale], name + "scaled"), self._mask(name)], name + "masked")
        mixed = node("MatMul", [node("Softmax", [scores], name + "attention", axis=-1), heads["value"]], name + "mixed")
        joined = node("Transpose", [mixed], name + "joined", perm=[0, 2, 1, 3])
        return node("Reshape", [joined, constant(name + "join", np.array([0, 0, WIDTH]))], name + "flat")

    def _mask(self, name: str) -> str:
        """Minus a great deal where there is no token."""
        node, constant = self._graph.node, self._graph.constant
        absent = node("Sub", [constant(name + "one.f", np.float32(1)), "present"], name + "absent")
        far = node("Mul", [absent, constant(name + "far", np.float32(-1e9))], name + "absent.far")
        return node("Unsqueeze", [far, constant(name + "axes", np.array([1, 2]))], name + "mask")

    def _attention_in_8_bits(self, x: str, key: str, name: str) -> str:
        """The same in one step of onnxruntime's, with the three products as one."""
        parts = [self._matrix(f"{key}attention.self.{part}") for part in ("query", "key", "value")]
        matrix, bias = np.concatenate([m for m, _ in parts], axis=1), np.concatenate([b for _, b in parts])
        # Attention mixes the values of each channel among themselves, so what a channel is divided by goes in here.
        scales = self._output_scales(key, name)
        matrix[:, 2 * WIDTH :] /= scales
        bias[2 * WIDTH :] /= scales
        smooth = self._smoothing(x, matrix)
        source = self._quantise(x, smooth)
        numbers, steps, zeros = self._weights_in_8_bits(matrix * smooth[:, None], name + "qkv")
        bias_name = self._graph.constant(name + "qkv.bias", bias)
        mask = self._graph.node("Cast", ["attention_mask"], name + "mask", to=TensorProto.INT32)
        inputs = [source.numbers, numbers, bias_name, source.scale, steps, mask, source.zero, zeros]
        return self._graph.contrib("QAttention", inputs, name + "flat", num_heads=HEADS)

    def _output(self, mixed: str, key: str, name: str) -> str:
        matrix, bias = self._matrix(f"{key}attention.output.dense")
        if self._ranges is None:
            return self._dense(mixed, (matrix, bias), name + "output")
        scales = self._output_scales(key, name)
        source = self._quantise(mixed, scales, divide=False)
        return self._product(source, matrix * scales[:, None], bias, name + "output")

    def _output_scales(self, key: str, name: str) -> FloatArray:
        return self._smoothing(name + "flat", self._matrix(f"{key}attention.output.dense")[0])

    def _gelu(self, x: str, name: str) -> str:
        if self._ranges is not None:
            return self._graph.contrib("Gelu", [x], name + "gelu")
        node, constant = self._graph.node, self._graph.constant
        scaled = node("Div", [x, constant(name + "sqrt2", np.float32(np.sqrt(2)))], name + "erf.in")
        erf = node("Erf", [scaled], name + "erf")
        grown = node("Add", [erf, constant(name + "one", np.float32(1))], name + "erf.1")
        half = node("Mul", [x, constant(name + "half", np.float32(0.5))], name + "half.x")
        return node("Mul", [half, grown], name + "gelu")

    def _dense(self, x: str, layer: tuple[FloatArray, FloatArray], name: str) -> str:
        matrix, bias = layer
        if self._ranges is None:
            product = self._graph.node("MatMul", [x, self._graph.constant(name + ".weight", matrix)], name + ".product")
            return self._graph.node("Add", [product, self._graph.constant(name + ".bias", bias)], name)
        smooth = self._smoothing(x, matrix)
        return self._product(self._quantise(x, smooth), matrix * smooth[:, None], bias, name)

    def _product(self, source: _Quantised, matrix: FloatArray, bias: FloatArray, name: str) -> str:
        numbers, steps, zeros = self._weights_in_8_bits(matrix, name)
        inputs = [source.numbers, numbers, source.scale, steps, source.zero, zeros]
        return self._graph.contrib("MatMulIntegerToFloat", [*inputs, self._graph.constant(name + ".bias", bias)], name)

    def _smoothing(self, x: str, matrix: FloatArray) -> FloatArray:
        """What each channel of ``x`` is divided by: shape (channels,), with a geometric mean of 1."""
        channels = self._channels(x)
        shown = np.maximum(np.maximum(np.abs(channels.least), np.abs(channels.greatest)), 1e-3)
        factors = shown**SMOOTHING / np.maximum(np.abs(matrix).max(axis=1), 1e-4) ** (1 - SMOOTHING)
        return (factors / np.exp(np.log(factors).mean())).astype(np.float32)

    def _quantise(self, x: str, smooth: FloatArray, *, divide: bool = True) -> _Quantised:
        """``divide``: False where what made ``x`` has divided it already."""
        channels, constant = self._channels(x), self._graph.constant
        least, greatest = min((channels.least / smooth).min(), 0.0), (channels.greatest / smooth).max()
        step = (greatest - least) / LEVELS
        scale, zero = constant(x + ".scale", np.float32(step)), constant(x + ".zero", np.uint8(round(-least / step)))
        if divide:
            x = self._graph.node("Mul", [x, constant(x + ".smooth", 1 / smooth)], x + ".smoothed")
        return _Quantised(self._graph.node("QuantizeLinear", [x, scale, zero], x + ".numbers"), scale, zero)

    def _weights_in_8_bits(self, matrix: FloatArray, name: str) -> tuple[str, str, str]:
        """Names of the numbers, the step of each column, and their zeros."""
        pairs = np.abs(matrix).reshape(len(matrix) // 2, 2, -1).sum(axis=1).max(axis=0)
        # One less: rounding may add a half to each of two.
        steps = np.maximum(pairs / (PAIR_MAX - 1), np.abs(matrix).max(axis=0) / 127).astype(np.float32)
        numbers = np.round(matrix / steps).astype(np.int8)
        constant = self._graph.constant
        zeros = np.zeros(len(steps), np.int8)
        return constant(name + ".numbers", numbers), constant(name + ".steps", steps), constant(name + ".zeros", zeros)

    def _channels(self, x: str) -> Channels:
        assert self._ranges is not None, "floating-point numbers are not quantised"
        return self._ranges[x]

    def _norm(self, x: str, key: str, name: str) -> str:
        gain = self._graph.constant(f"{name}.gain", self._weight(f"{key}.weight"))
        bias = self._graph.constant(f"{name}.bias", self._weight(f"{key}.bias"))
        return self._graph.node("LayerNormalization", [x, gain, bias], name, axis=-1, epsilon=1e-12)

    def _matrix(self, key: str) -> tuple[FloatArray, FloatArray]:
        """Weights, shape (in, out), and bias, shape (out,)."""
        return self._weight(f"{key}.weight").T, self._weight(f"{key}.bias")

    def _weight(self, key: str) -> FloatArray:
        return np.array(self._weights[key], np.float32)


INPUTS = ("input_ids", "attention_mask")


def layers_of(weights: Mapping[str, FloatArray]) -> int:
    """How many layers the weights are of."""
    return len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})


def seen_ranges(weights: Mapping[str, FloatArray], texts: Iterable[Sequence[int]], scratch: Path) -> Ranges:
    """What each channel of what is multiplied shows of ``texts`` (numbers of tokens), with the weights as they are."""
    layers = range(layers_of(weights))
    multiplied = [
        "embedding.norm",
        *(f"layer{i}.norm2" for i in layers[:-1]),
        *(f"layer{i}.{part}" for i in layers for part in ("flat", "norm1", "gelu")),
    ]
    shown = EncoderGraph(weights, None).model()
    for name in multiplied:
        shown.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    path = scratch / "shown.onnx"
    onnx.save(shown, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    ranges: dict[str, Channels] = {}
    for numbers in texts:
        ids = np.array([numbers], np.int64)
        found_all = session.run(multiplied, dict(zip(INPUTS, (ids, ids * 0 + 1), strict=True)))
        for name, found in zip(multiplied, found_all, strict=True):
            least, greatest = found[0].min(axis=0), found[0].max(axis=0)
            known = ranges.setdefault(name, Channels(least, greatest))
            known.least, known.greatest = np.minimum(known.least, least), np.maximum(known.greatest, greatest)
    return ranges
