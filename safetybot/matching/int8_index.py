"""Products of a few vectors with many, quickly and nearly: from copies of 8 bits, a quarter of the memory to read.

What takes the time in comparing a vector with thousands is to read them from memory. How far a product may be off is
told, so that whoever looks for the largest can look exactly at the few that it could be.

The product is onnxruntime's ``MatMulNBits`` with 8 bits: numpy has none for whole numbers, and ``MatMulInteger`` takes
as long as numpy does with 32 bits, on processors with AMX.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import onnxruntime

FloatArray = npt.NDArray[np.float32]

BLOCK = 128
"""So many numbers of a vector share a scale; a width is a multiple of it."""
STEPS = 127
_ZERO = 128
"""Stands for 0 in the copies, whose numbers have no sign."""
_LOG_ERRORS_ONLY = 3


class Int8Index:
    """Vectors to be multiplied with a few at a time."""

    def __init__(self, vectors: FloatArray) -> None:
        """``vectors``: shape (n, width), n > 0."""
        count, width = vectors.shape
        steps, scales = _in_steps(vectors)
        self._off = np.linalg.norm(vectors - _from_steps(steps, scales), axis=1)
        self._length = np.linalg.norm(vectors, axis=1) + self._off
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS_ONLY
        model = _model(count, width, (steps + _ZERO).astype(np.uint8), scales)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def products(self, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The product of each with each, and how far it may be off: two of shape (k, n). ``vectors``: (k, width).

        (⟨x, y⟩ − ⟨x′, y′⟩ = ⟨x − x′, y′⟩ + ⟨x, y − y′⟩, each at most the product of two lengths. What onnxruntime makes
        of ``vectors`` for itself is off by half a step at most.)
        """
        (products,) = self._session.run(None, {"vectors": vectors})
        largest = np.abs(vectors.reshape(len(vectors), -1, BLOCK)).max(axis=2)
        rounded = np.sqrt((largest * largest).sum(axis=1) * np.float32(BLOCK)) / np.float32(2 * STEPS)
        length = np.sqrt((vectors * vectors).sum(axis=1))
        off = rounded[:, None] * self._length + length[:, None] * self._off
        return products, off


def _in_steps(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whole numbers of −STEPS to STEPS, shape (n, blocks, BLOCK), and the size of a step, (n, blocks, 1)."""
    blocks = vectors.reshape(len(vectors), -1, BLOCK)
    scales = np.abs(blocks).max(axis=2, keepdims=True) / np.float32(STEPS)
    return np.rint(blocks / np.where(scales, scales, 1)), scales


def _from_steps(steps: FloatArray, scales: FloatArray) -> FloatArray:
    result: FloatArray = (steps * scales).reshape(len(steps), -1)
    return result


# --- The model -----------------------------------------------------------------------------------------------------
# Written as ONNX says (onnx.proto): the library that writes it would be 50 MB to start with, for this one node.


def _model(count: int, width: int, steps: npt.NDArray[np.uint8], scales: FloatArray) -> bytes:
    """``vectors`` (k, width) → ``products`` (k, count)."""
    numbers = {"K": width, "N": count, "bits": 8, "block_size": BLOCK, "accuracy_level": 4}
    node = b"".join(
        [
            *(_bytes(1, name) for name in (b"vectors", b"steps", b"scales")),
            _bytes(2, b"products"),
            _bytes(4, b"MatMulNBits"),
            *(_bytes(5, _attribute(name, value)) for name, value in numbers.items()),
            _bytes(7, b"com.microsoft"),
        ]
    )
    graph = b"".join(
        [
            _bytes(1, node),
            _bytes(2, b"products"),
            _bytes(5, _tensor(b"steps", _UINT8, steps.shape, steps.tobytes())),
            _bytes(5, _tensor(b"scales", _FLOAT, (count * scales.shape[1],), scales.tobytes())),
            _bytes(11, _value(b"vectors", width)),
            _bytes(12, _value(b"products", count)),
        ]
    )
    version = _number(1, 8)
    standard, extended = _bytes(8, _number(2, 17)), _bytes(8, _bytes(1, b"com.microsoft") + _number(2, 1))
    return version + _bytes(7, graph) + standard + extended


_FLOAT, _UINT8 = 1, 2
_INT = 2


def _attribute(name: str, value: int) -> bytes:
    return _bytes(1, name.encode()) + _number(3, value) + _number(20, _INT)


def _tensor(name: bytes, kind: int, shape: Iterable[int], data: bytes) -> bytes:
    return b"".join(_number(1, size) for size in shape) + _number(2, kind) + _bytes(8, name) + _bytes(9, data)


def _value(name: bytes, width: int) -> bytes:
    """A matrix of numbers with so many columns."""
    shape = _bytes(1, _bytes(2, b"k")) + _bytes(1, _number(1, width))
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Protocol Buffers: seven bits a byte, the lowest first; the eighth says that more follow."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
