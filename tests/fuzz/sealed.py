"""Everything that is sealed and stored: whatever the bytes are, it opens or is refused by name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import nacl.bindings as sodium
import numpy as np

from safetybot.dialogue.draft import Draft, DraftError
from safetybot.dialogue.report_state import ReportState, ReportStateError
from safetybot.dialogue.session import ChatKeys, Fragment, SealedDataError, Session
from safetybot.dialogue.transcript import Transcript, TranscriptError
from safetybot.matching.cache import FORMAT, MatcherCache
from safetybot.service.unanswered import open_words
from safetybot.vault.envelopes import EnvelopeKind, Stored, open_all
from safetybot.vault.sealing import (
    BUCKETS,
    MESSAGE_MAX,
    CannotOpen,
    Context,
    KeyPair,
    SealingError,
    lock_private,
    open_envelope,
    open_with,
    seal_with,
    unlock_private,
    unwrap_key,
    wrap_key,
)
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target, as_json

PAIR = KeyPair.from_private(bytes(range(32)))
KEY, NONCE, BLOCK = bytes(range(1, 33)), bytes(24), 256
KEYS = ChatKeys.derive(bytes(32), "telegram", "1001")
CONTEXT = Context("c" * 32, EnvelopeKind.REPORT.value, 1)
KINDS = (b"session", b"fragment", b"drafts", b"visits", b"transcript")


def _chats(kind: bytes, plain: bytes) -> bytes:
    """Any bytes as an envelope of a chat's that opens: only who has the secret could make it."""
    padded = sodium.sodium_pad(plain, BLOCK)
    sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded, b"\x01" + kind + KEYS.lookup, NONCE, KEYS.sealing
    )
    return b"\x01" + NONCE + sealed


def _remembered(draws: Draws) -> None:
    """What is remembered of a chat: damaged, or with any content."""
    kind, proper = draws.one(KINDS), draws.chance()
    envelope = _chats(kind, draws.rest()) if proper else draws.rest()
    try:
        if kind == b"session":
            session = KEYS.open_session(envelope)
            assert KEYS.open_session(KEYS.seal_session(session)) == session
        elif kind == b"fragment":
            fragment = KEYS.open_fragment(envelope)
            assert KEYS.open_fragment(KEYS.seal_fragment(fragment)) == fragment
        elif kind == b"transcript":
            transcript = KEYS.open_transcript(envelope)
            assert KEYS.open_transcript(KEYS.seal_transcript(transcript)).packed == transcript.packed
            for _ in transcript.entries:
                pass
        else:
            kept = KEYS.open_kept(*((envelope, None) if kind == b"drafts" else (None, envelope)))
            kept.at(30_000_000)
    except (SealedDataError, TranscriptError):
        pass


def _plain_data(draws: Draws) -> None:
    """The same without the seal."""
    data = draws.rest()
    with suppress(DraftError):
        Draft.from_json(data.decode("utf-8", "surrogateescape"))
    with suppress(TranscriptError):
        Transcript.from_bytes(data)
    value = as_json(data)
    for pair in ((value, None), (None, value)):
        with suppress(ReportStateError):
            ReportState.of(*pair)  # type: ignore[arg-type]


def _envelope(draws: Draws) -> None:
    """One envelope of a case: any bytes, or any message in a proper one."""
    if draws.chance():
        sealed, wrapped = seal_with(draws.rest()[:MESSAGE_MAX], CONTEXT, KEY, NONCE), wrap_key(KEY, PAIR.public)
    else:
        wrapped = draws.bytes(80) if draws.chance() else wrap_key(draws.bytes(40), PAIR.public)
        size = draws.one((*BUCKETS, 0, 1))
        sealed = (b"\x01" + NONCE + draws.rest()).ljust(size + 41, b"\0")
    for opening in (lambda: open_envelope(sealed, CONTEXT, wrapped, PAIR), lambda: open_with(sealed, CONTEXT, KEY)):
        with suppress(SealingError):
            opening()


def _case(draws: Draws) -> None:
    """A case's envelopes: one that is damaged keeps the others readable."""
    stored: list[Stored] = []
    for number in range(1, 2 + draws.number(4)):
        kind = draws.one(list(EnvelopeKind))
        message = draws.bytes(draws.number(300))
        sealed = seal_with(message, Context("c", kind.value, number), KEY, NONCE)
        if draws.chance(6):
            sealed = draws.bytes(60) + sealed[60:]
        wrapped = None if draws.chance(6) else wrap_key(KEY, PAIR.public)
        stored.append(Stored(number, kind, sealed, wrapped))
    opened = open_all("c", stored, PAIR)
    assert len(opened.numbers) + len(opened.locked) == len(stored)
    assert all(message.number in opened.numbers for message in opened.messages)


def _keys(draws: Draws) -> None:
    """Locked private keys, and wrapped ones."""
    locked = lock_private(draws.bytes(draws.number(40)), KEY, "ada") if draws.chance() else draws.rest()
    for opening in (lambda: unlock_private(locked, KEY, "ada"), lambda: unwrap_key(locked, PAIR)):
        with suppress(SealingError):
            opening()


def _words(draws: Draws) -> None:
    """What editors are shown."""
    data = draws.rest()
    proper = b"\x01" + sodium.crypto_box_seal(sodium.sodium_pad(data, 256), PAIR.public)
    for sealed in (data, proper):
        with suppress(CannotOpen):
            open_words(sealed, PAIR)


@contextmanager
def _opened() -> Iterator[Once]:
    with tempfile.TemporaryDirectory() as place:
        cache = MatcherCache(Path(place))

        def cached(draws: Draws) -> None:
            """Files in the matcher's cache: never executed, only not used."""
            data = draws.rest()
            for name in (f"matcher-{FORMAT}-k.npz", "base-b.npz", "vectors-v.npz"):
                (Path(place) / name).write_bytes(data)
            assert cache.load("k") is None
            cache.load_base("b")
            cache.load_vectors("v")

        ways: Sequence[Callable[[Draws], None]] = (_remembered, _plain_data, _envelope, _case, _keys, _words, cached)

        def once(data: bytes) -> None:
            draws = Draws(data)
            draws.one(ways)(draws)

        yield once


def _archive() -> bytes:
    with tempfile.TemporaryFile() as file:
        np.savez(file, texts=np.frombuffer(b'["k","a"]', np.uint8), vectors=np.zeros((2, 3), np.float32))
        file.seek(0)
        return file.read()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


_DRAFT = {
    "version": 1, "language": "en", "started": "2026-11-24", "touched": 1, "at": "what", "topic": None,
    "state": "asking", "pending": "nothing", "sign": "none", "answers": {"what": [["a"], ["words"]]},
}  # fmt: skip
_VISIT = {
    "touched": 1, "stage": "menu", "case": "c", "keys": ["00" * 32, "11" * 32], "slip": "", "tries": [1, 2],
    "code": {"text": "a b", "until": 9, "again": False, "delivered": True}, "said": "x",
}  # fmt: skip
_SESSION = {
    "language": "en", "age": "11-13", "age_asked": True, "misses": 1, "sent": [[1, 2]], "overflowed": None,
    "alarmed": 3, "words_asked": False,
}  # fmt: skip
SEALED = Target(
    "sealed",
    "envelopes, wrapped and locked keys, sessions, fragments, drafts, visits, transcripts, editors' words, the cache",
    _opened,
    seeds=[
        b"\x00\x00\x01" + _json(_SESSION),
        b"\x00\x01\x01" + _json({"text": "a", "topic": "t", "asking": {"id": "1", "text": "w", "topic": "",
        "language": "en"}}),
        b"\x00\x02\x01" + _json({"draft": json.dumps(_DRAFT), "additions": [{"case": "c", "touched": 1,
        "words": ["w"], "sign": "none"}], "updates": [1]}),
        b"\x00\x03\x01" + _json({"visit": _VISIT, "updates": [1, 2]}),
        b"\x00\x04\x01" + Transcript().said("hello").answered([]).to_bytes(),
        b"\x00\x00\x00" + KEYS.seal_session(Session()),
        b"\x00\x01\x00" + KEYS.seal_fragment(Fragment("x")),
        b"\x01" + _json(_DRAFT),
        b"\x01" + _json({"draft": json.dumps(_DRAFT), "additions": [], "updates": []}),
        b"\x02\x01" + _json({"at": "2026-11-24T10:00:00Z", "by": None, "body": {"answers": []}}),
        b"\x02\x00\x00",
        b"\x03\x02\x00\x00\x40" + _json({"at": "x", "by": None, "part": 1, "of": 2, "text": "[1"})[:64],
        b"\x04\x01\x20" + bytes(32),
        b"\x05" + _json(["text", "topic", "en"]),
        b"\x06" + _archive(),
    ],
    words=['"part":1', '"of":2', "null", "1e999", "[" * 60, '{"a":' * 40, "\\ud800", "-1", "9" * 30, '"body":'],
)  # fmt: skip
