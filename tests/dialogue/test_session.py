"""Sessions, their sealed form, and what is derived for each chat."""

from __future__ import annotations

import dataclasses
import os

import nacl.bindings as sodium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.dialogue.session import (
    HIDE_HOURS,
    SENT_MAX,
    VERSION,
    AgeBand,
    ChatKeys,
    Fragment,
    SealedDataError,
    Session,
)

SECRET = bytes(range(32))
KEYS = ChatKeys.derive(SECRET, "telegram", "1001")
ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Half characters too: Telegram passes them on."""


class TestNumbersOfMessages:
    def test_each_is_kept_once_with_its_first_hour(self) -> None:
        session = Session().with_sent((1, 2), 100).with_sent((2, 3), 101)
        assert session.sent == ((1, 100), (2, 100), (3, 101))

    def test_those_too_old_to_delete_are_forgotten(self) -> None:
        session = Session().with_sent((1,), 100).with_sent((2,), 101)
        assert session.with_sent((), 100 + HIDE_HOURS).sent == ((1, 100), (2, 101))
        assert session.with_sent((), 101 + HIDE_HOURS).sent == ((2, 101),)

    def test_the_newest_are_kept_and_it_is_known_that_some_were_not(self) -> None:
        session = Session().with_sent(range(SENT_MAX), 100)
        assert session.overflowed is None
        session = session.with_sent((SENT_MAX,), 101)
        assert [number for number, _ in session.sent] == list(range(1, SENT_MAX + 1))
        assert session.overflowed == 100
        assert session.with_sent((), 100 + HIDE_HOURS).overflowed == 100
        assert session.with_sent((), 101 + HIDE_HOURS).overflowed is None

    def test_deleted_ones_are_taken_out(self) -> None:
        assert Session().with_sent((1, 2, 3), 100).without_sent((1, 3, 9)).sent == ((2, 100),)


SESSIONS = st.builds(
    Session,
    language=st.none() | ANY_TEXT,
    age=st.none() | st.sampled_from(AgeBand),
    age_asked=st.booleans(),
    misses=st.integers(0, 10),
    sent=st.lists(st.tuples(st.integers(0, 2**53), st.integers(0, 10**6)), max_size=50).map(tuple),
    overflowed=st.none() | st.integers(0, 10**6),
)


class TestSealing:
    @given(SESSIONS)
    def test_a_session_comes_back_as_it_was(self, session: Session) -> None:
        assert KEYS.open_session(KEYS.seal_session(session)) == session

    @given(ANY_TEXT)
    def test_a_fragment_comes_back_as_it_was(self, text: str) -> None:
        assert KEYS.open_fragment(KEYS.seal_fragment(Fragment(text))) == Fragment(text)

    def test_the_words_are_not_in_the_envelope_and_no_two_are_alike(self) -> None:
        fragment = Fragment("he wants pics")
        one, other = KEYS.seal_fragment(fragment), KEYS.seal_fragment(fragment)
        assert one != other
        assert b"pics" not in one

    def test_the_size_tells_little(self) -> None:
        sizes = {len(KEYS.seal_fragment(Fragment("x" * length))) for length in range(240)}
        assert len(sizes) == 1

    @pytest.mark.parametrize(
        "other",
        [
            ChatKeys.derive(SECRET, "telegram", "1002"),
            ChatKeys.derive(SECRET, "web", "1001"),
            ChatKeys.derive(bytes(32), "telegram", "1001"),
            dataclasses.replace(KEYS, lookup=bytes(32)),
        ],
        ids=["another chat", "another channel", "another secret", "moved to another row"],
    )
    def test_nothing_else_opens_it(self, other: ChatKeys) -> None:
        with pytest.raises(SealedDataError):
            other.open_session(KEYS.seal_session(Session()))
        with pytest.raises(SealedDataError):
            other.open_fragment(KEYS.seal_fragment(Fragment("a")))

    def test_a_session_is_no_fragment(self) -> None:
        with pytest.raises(SealedDataError):
            KEYS.open_fragment(KEYS.seal_session(Session()))
        with pytest.raises(SealedDataError):
            KEYS.open_session(KEYS.seal_fragment(Fragment("a")))

    @given(st.data())
    def test_any_change_to_an_envelope_is_noticed(self, data: st.DataObject) -> None:
        envelope = KEYS.seal_session(Session(age=AgeBand.FROM_11))
        place = data.draw(st.integers(0, len(envelope) - 1))
        changed = bytearray(envelope)
        changed[place] ^= data.draw(st.integers(1, 255))
        with pytest.raises(SealedDataError):
            KEYS.open_session(bytes(changed))

    @given(st.binary(max_size=400))
    def test_rubbish_is_told_apart(self, envelope: bytes) -> None:
        with pytest.raises(SealedDataError):
            KEYS.open_session(envelope)
        with pytest.raises(SealedDataError):
            KEYS.open_fragment(VERSION + envelope)

    @pytest.mark.parametrize(
        "plain", [b"[]", b"{}", b"3", b"{", b'{"text": ', b"\xff", b'{"language": null, "age": "99"}']
    )
    def test_what_was_sealed_in_another_form_is_told_apart(self, plain: bytes) -> None:
        for kind, open_ in ((b"session", KEYS.open_session), (b"fragment", KEYS.open_fragment)):
            nonce = os.urandom(24)
            sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
                sodium.sodium_pad(plain, 256), VERSION + kind + KEYS.lookup, nonce, KEYS.sealing
            )
            with pytest.raises(SealedDataError):
                open_(VERSION + nonce + sealed)


class TestChatKeys:
    def test_each_chat_and_use_has_its_own(self) -> None:
        derived = [
            ChatKeys.derive(secret, channel, chat)
            for secret in (SECRET, bytes(32))
            for channel, chat in (("telegram", "1"), ("telegram", "11"), ("telegram1", "1"), ("web", "1"))
        ]
        values = [value for keys in derived for value in (keys.lookup, keys.sealing)]
        assert len(set(values)) == len(values) == 16
        assert {len(value) for value in values} == {32}

    def test_it_is_the_same_every_time(self) -> None:
        assert ChatKeys.derive(SECRET, "telegram", "1001") == KEYS

    def test_it_does_not_show_itself(self) -> None:
        assert repr(KEYS) == "ChatKeys(…)"
        assert KEYS.sealing.hex() not in f"{KEYS} {KEYS!r}"

    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_a_secret_of_the_wrong_length_is_refused(self, length: int) -> None:
        with pytest.raises(ValueError, match="wrong length"):
            ChatKeys.derive(bytes(length), "telegram", "1")
