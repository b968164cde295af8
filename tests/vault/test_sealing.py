from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.vault.sealing import (
    BUCKETS,
    MESSAGE_MAX,
    CannotOpen,
    Context,
    KeyPair,
    NotJson,
    SealingError,
    TooLong,
    UnknownVersion,
    encode,
    lock_private,
    open_envelope,
    open_with,
    rewrap_key,
    seal,
    seal_with,
    unlock_private,
    unwrap_key,
    wrap_key,
)

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CONTEXTS = st.builds(
    Context,
    case=st.text("0123456789abcdef", min_size=32, max_size=32),
    kind=st.sampled_from(["report", "reply"]),
    number=st.integers(1, 2**32 - 1),
)
CONTEXT = Context("ab" * 16, "report", 1)
READER = KeyPair.new()


@given(PAYLOADS, CONTEXTS, st.sets(st.text(min_size=1, max_size=16), min_size=1, max_size=3))
def test_every_reader_opens_what_was_sealed(payload: object, context: Context, names: set[str]) -> None:
    readers = {name: KeyPair.new() for name in names}
    envelope = seal(payload, context, {name: pair.public for name, pair in readers.items()})
    assert envelope.bucket in BUCKETS
    assert set(envelope.wrapped) == names
    for name, pair in readers.items():
        assert open_envelope(envelope.ciphertext, context, envelope.wrapped[name], pair) == payload
        with pytest.raises(CannotOpen):
            open_envelope(envelope.ciphertext, context, envelope.wrapped[name], READER)


@given(st.data())
def test_a_changed_byte_anywhere_is_noticed(data: st.DataObject) -> None:
    envelope = seal({"what": "words"}, CONTEXT, {"me": READER.public})
    place = data.draw(st.integers(0, len(envelope.ciphertext) - 1))
    other = data.draw(st.integers(1, 255))
    broken = bytearray(envelope.ciphertext)
    broken[place] ^= other
    with pytest.raises(SealingError):
        open_envelope(bytes(broken), CONTEXT, envelope.wrapped["me"], READER)
    key = bytearray(envelope.wrapped["me"])
    key[place % len(key)] ^= other
    with pytest.raises(CannotOpen):
        open_envelope(envelope.ciphertext, CONTEXT, bytes(key), READER)


@given(st.integers(0, 1200))
def test_a_cut_envelope_is_refused(length: int) -> None:
    envelope = seal("words", CONTEXT, {"me": READER.public})
    with pytest.raises(SealingError):
        open_envelope(envelope.ciphertext[: min(length, 1064)], CONTEXT, envelope.wrapped["me"], READER)
    with pytest.raises(CannotOpen):
        open_envelope(envelope.ciphertext, CONTEXT, envelope.wrapped["me"][: min(length, 79)], READER)


@pytest.mark.parametrize("change", [{"case": "ba" * 16}, {"kind": "reply"}, {"number": 2}])
def test_an_envelope_opens_only_as_what_it_was_sealed_as(change: dict[str, Any]) -> None:
    envelope = seal("words", CONTEXT, {"me": READER.public})
    with pytest.raises(CannotOpen):
        open_envelope(envelope.ciphertext, dataclasses.replace(CONTEXT, **change), envelope.wrapped["me"], READER)


def test_names_of_the_context_cannot_run_into_each_other() -> None:
    assert Context("a", "bc", 1).associated() != Context("ab", "c", 1).associated()


@given(st.integers(0, MESSAGE_MAX - 2))
def test_sizes_are_those_of_the_buckets_and_the_smallest_that_fits(length: int) -> None:
    bucket = seal("x" * length, CONTEXT, {}).bucket
    assert bucket in BUCKETS
    assert length + 2 < bucket
    assert bucket == BUCKETS[0] or length + 2 >= bucket // 2


def test_a_byte_too_many_is_too_long() -> None:
    seal("x" * (MESSAGE_MAX - 2), CONTEXT, {})
    with pytest.raises(TooLong):
        seal("x" * (MESSAGE_MAX - 1), CONTEXT, {})


@pytest.mark.parametrize("payload", [float("nan"), "\ud800", {1, 2}, object()])
def test_what_is_no_json_is_refused_without_being_quoted(payload: object) -> None:
    with pytest.raises(NotJson) as caught:
        encode({"secret words": payload})
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_same_message_never_looks_the_same() -> None:
    first, second = (seal("words", CONTEXT, {"me": READER.public}) for _ in range(2))
    assert first.ciphertext[1:25] != second.ciphertext[1:25]
    assert first.ciphertext[25:] != second.ciphertext[25:]
    assert unwrap_key(first.wrapped["me"], READER) != unwrap_key(second.wrapped["me"], READER)


def test_an_unknown_version_says_so() -> None:
    envelope = seal("words", CONTEXT, {"me": READER.public})
    with pytest.raises(UnknownVersion):
        open_envelope(b"\x02" + envelope.ciphertext[1:], CONTEXT, envelope.wrapped["me"], READER)


def test_a_key_is_handed_on_by_one_who_has_it() -> None:
    other = KeyPair.new()
    envelope = seal("words", CONTEXT, {"me": READER.public})
    wrapped = rewrap_key(envelope.wrapped["me"], READER, other.public)
    assert open_envelope(envelope.ciphertext, CONTEXT, wrapped, other) == "words"
    with pytest.raises(CannotOpen):
        rewrap_key(envelope.wrapped["me"], other, other.public)


def test_a_wrapped_key_of_another_length_is_refused() -> None:
    with pytest.raises(CannotOpen):
        unwrap_key(wrap_key(b"short", READER.public), READER)


def test_a_private_key_is_locked_to_its_owner() -> None:
    key = bytes(32)
    locked = lock_private(READER.private, key, "anna")
    assert unlock_private(locked, key, "anna") == READER
    for wrong in ((locked, bytes([1]) * 32, "anna"), (locked, key, "ben"), (locked[:-1], key, "anna"), (b"", key, "")):
        with pytest.raises(SealingError):
            unlock_private(*wrong)
    with pytest.raises(UnknownVersion):
        unlock_private(b"\x07" + locked[1:], key, "anna")


@pytest.mark.parametrize("vector", VECTORS["envelopes"], ids=lambda vector: str(vector["number"]))
def test_envelopes_of_format_1_open_for_ever(vector: dict[str, Any]) -> None:
    context = Context(vector["case"], vector["kind"], vector["number"])
    ciphertext = bytes.fromhex(vector["ciphertext"])
    assert open_with(ciphertext, context, bytes.fromhex(vector["key"])) == vector["payload"]
    for name, private in VECTORS["private_keys"].items():
        pair = KeyPair.from_private(bytes.fromhex(private))
        assert open_envelope(ciphertext, context, bytes.fromhex(vector["wrapped"][name]), pair) == vector["payload"]
    made = seal_with(encode(vector["payload"]), context, bytes.fromhex(vector["key"]), bytes.fromhex(vector["nonce"]))
    assert made == ciphertext


def test_nothing_secret_in_a_repr() -> None:
    envelope = seal("words", CONTEXT, {"me": READER.public})
    assert repr(READER) == f"KeyPair(public={READER.public!r})"
    assert repr(envelope) == "SealedEnvelope(1024 bytes to 1 readers)"
