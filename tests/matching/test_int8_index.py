from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.matching import int8_index as module
from safetybot.matching.int8_index import BLOCK, FloatArray, Int8Index


def _vectors(seed: int, count: int, kind: str) -> FloatArray:
    random = np.random.default_rng(seed)
    found = random.normal(size=(count, 3 * BLOCK)).astype(np.float32)
    if kind == "uneven":  # a few numbers much larger than all others, where the steps are as wide as can be
        found[:, ::97] *= 50
    elif kind == "tiny":
        found *= np.float32(1e-6)
    elif kind == "partly zero":
        found[:, :BLOCK] = 0
        found[::2] = 0
    return found


_KINDS = st.sampled_from(("plain", "uneven", "tiny", "partly zero"))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 200), rows=_KINDS, texts=st.integers(1, 5), looked_for=_KINDS)
def test_no_product_is_further_off_than_it_says(seed: int, count: int, rows: str, texts: int, looked_for: str) -> None:
    many, few = _vectors(seed, count, rows), _vectors(seed + 1, texts, looked_for)
    products, off = Int8Index(many).products(few)
    exact = few.astype(np.float64) @ many.T.astype(np.float64)
    assert products.shape == off.shape == exact.shape
    assert (np.abs(products - exact) <= off + 1e-5 * np.abs(exact) + 1e-12).all()


def test_it_is_near() -> None:
    """What may be off is a hundredth of the product of the lengths, else nothing would be gained."""
    many, few = _vectors(1, 500, "plain"), _vectors(2, 4, "plain")
    _, off = Int8Index(many).products(few)
    lengths = np.linalg.norm(few, axis=1)[:, None] * np.linalg.norm(many, axis=1)
    assert (off / lengths).max() < 0.03


@pytest.mark.parametrize("count", [1, 127, 128, 20_000])
def test_the_model_is_one_that_the_library_of_onnx_reads(count: int) -> None:
    steps = np.zeros((count, 3, BLOCK), np.uint8)
    model = onnx.load_from_string(module._model(count, 3 * BLOCK, steps, np.ones((count, 3, 1), np.float32)))
    onnx.checker.check_model(model)
    (node,) = model.graph.node
    assert (node.op_type, node.domain) == ("MatMulNBits", "com.microsoft")
    assert {each.name: each.i for each in node.attribute} == {
        "K": 3 * BLOCK, "N": count, "bits": 8, "block_size": BLOCK, "accuracy_level": 4,
    }  # fmt: skip
    assert [list(each.dims) for each in model.graph.initializer] == [[count, 3, BLOCK], [3 * count]]
    assert model.graph.output[0].type.tensor_type.shape.dim[1].dim_value == count
