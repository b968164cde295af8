"""Two programs open what the other has sealed, refuse the same damage, and agree with the vectors.

The one is safetybot. The other was written from docs/sealing-format.md alone (``tests/sealing_by_the_page.py``).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import itertools
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import nacl.bindings as sodium
import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from safetybot.backup.errors import BackupError
from safetybot.backup.restore import restore
from safetybot.backup.sealed_file import CHUNK, SealedReader, SealedWriter, read_header
from safetybot.dialogue.session import ChatKeys, SealedDataError
from safetybot.reports import casework
from safetybot.reports.cases import FOR_WRITER, FROM_WRITER
from safetybot.reports.filing import find_case, view_case
from safetybot.service.chat_keys import derive_keys
from safetybot.service.service import _KINDS
from safetybot.service.transcripts import Transcripts
from safetybot.service.unanswered import Words, open_words, seal_words
from safetybot.staff import login, passkeys, second_factor
from safetybot.staff.login import UnlockedMember
from safetybot.staff.members import Member
from safetybot.staff.passphrases import passphrase_bytes
from safetybot.staff.recovery import RecoveryKeyMistyped, WrongRecoveryKey, read_spelt, spell
from safetybot.storage import unanswered
from safetybot.storage.database import Engine, engine_of
from safetybot.storage.drafts import load_kept
from safetybot.storage.location import InstallationFiles
from safetybot.storage.rows import ColumnKind, Fingerprint, Shape, decode_row, encode_row
from safetybot.storage.store import Store
from safetybot.storage.tables import audit_head, audit_log, metadata
from safetybot.storage.transcripts import TranscriptStore
from safetybot.vault import roster
from safetybot.vault.audit import AuditRow, Head, read_head, spell_head, verify
from safetybot.vault.audit_seal import seal_fault
from safetybot.vault.chunks import PARTS_MAX, join, split
from safetybot.vault.code_words import code_words
from safetybot.vault.codes import Code, derive, pepper_from
from safetybot.vault.envelopes import EnvelopeKind, Opened, Stored, load, open_all, row_digest
from safetybot.vault.installation import vouching_by
from safetybot.vault.key_derivation import KeyStretcher, Parameters, stretch
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.sealing import (
    CASE,
    RECOVERY,
    CannotOpen,
    Context,
    Json,
    KeyPair,
    SealingError,
    encode,
    lock_private,
    open_envelope,
    open_with,
    seal,
    seal_with,
    unlock_private,
    unwrap_key,
    wrap_key,
)
from safetybot.vault.server_secret import check_of
from safetybot.vault.vouching import (
    MemberEntry,
    MemberList,
    NotVouched,
    VouchingKey,
    decode,
    fingerprint,
    let_in,
    signed,
    verify_key,
)
from tests import sealing_by_the_page as page
from tests.documentation import make_sealing_vectors
from tests.documentation.pages import ROOT, rows
from tests.documentation.sealed_installations import (
    BEN,
    CHATS,
    COST,
    EDITORS,
    FRAGMENT,
    SECRET,
    SESSION,
    SHOWN,
    SITE,
    STATE,
    WORDS,
    ZOE,
    Installation,
    Made,
    row,
    settle,
)
from tests.reports.office import CHEAP, START

PAGE = ROOT / "docs" / "sealing-format.md"
VECTORS: dict[str, Any] = json.loads((ROOT / "docs" / "sealing-vectors.json").read_text("utf-8"))
ENVELOPES: dict[str, Any] = json.loads((ROOT / "tests" / "vault" / "vectors.json").read_text("utf-8"))
VERSION_0_4 = ROOT / "tests" / "upgrade" / "version_0_4" / "sqlite"

VOUCHING = VouchingKey.of(SECRET)
PAIR, OTHER = KeyPair.from_private(bytes(range(1, 33))), KeyPair.from_private(bytes(range(2, 34)))
KEY, NONCE = bytes(range(3, 35)), bytes(range(24))
CONTEXT = Context("ab" * 16, "report", 1)

REFUSED = (SealingError, SealedDataError, RecoveryKeyMistyped, WrongRecoveryKey, BackupError, NotVouched)
"""What safetybot raises for what it does not open."""

some = settings(max_examples=60, deadline=None)
few = settings(max_examples=15, deadline=None)
bytes_32 = st.binary(min_size=32, max_size=32)
payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
odd_texts = st.lists(st.text(max_size=8) | st.sampled_from(" \t\n\x1c\x1f\x85\xa0\u2003\u3000\ufb01\ud800\udc00")).map(
    "".join
)
"""With white space of every kind, what has another normal form, and half characters."""
contexts = st.builds(
    Context, st.text("0123456789abcdef", max_size=32), st.sampled_from(EnvelopeKind), st.integers(1, 2**32 - 1)
)


@st.composite
def damaged(draw: st.DrawFn, sealed: bytes) -> bytes:
    """Draws the same bytes with one changed, or with some cut off, or with more."""
    how = draw(st.sampled_from(("changed", "cut", "longer")))
    if how == "longer":
        return sealed + draw(st.binary(min_size=1, max_size=40))
    place = draw(st.integers(0, len(sealed) - 1))
    if how == "cut":
        return sealed[:place]
    return sealed[:place] + bytes([sealed[place] ^ draw(st.integers(1, 255))]) + sealed[place + 1 :]


def both_refuse(sealed: bytes, ours: Callable[[bytes], object], theirs: Callable[[bytes], object]) -> None:
    with pytest.raises(REFUSED):
        ours(sealed)
    with pytest.raises(page.RefusedError):
        theirs(sealed)


def raw(digits: str) -> bytes:
    return bytes.fromhex(digits)


# --- Two installations ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installation(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return asyncio.run(settle(tmp_path_factory.mktemp("settled"), empty_database))


@pytest.fixture(scope="module")
def opened(installation: Installation) -> page.Backup:
    """Its backup, opened by the second program."""
    return installation.opened


@pytest.fixture(scope="module")
def made(opened: page.Backup) -> Made:
    return Made(opened)


@pytest.fixture(scope="module")
def restored(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database to which safetybot has restored it."""
    folder = tmp_path_factory.mktemp("restored")
    where, file = folder / "safetybot.sqlite3", folder / "backup"
    file.write_bytes(made.file)
    done = asyncio.run(
        restore(file, made.paper, where, InstallationFiles.beside(where), START, noted=read_head(made.head))
    )
    assert done.integrity.whole
    assert done.integrity.opened == len(made.tables["envelopes"])
    return where


@asynccontextmanager
async def working(where: Path) -> AsyncIterator[Engine]:
    files = InstallationFiles.beside(where)
    engine = with_vouching(engine_of(where), vouching_by(files.secret.read_bytes(), files))
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def logged_in(where: Path, made: Made) -> AsyncIterator[tuple[Engine, UnlockedMember]]:
    with closing(KeyStretcher()) as stretcher:
        async with working(where) as engine:
            yield engine, await login.unlock(engine, "zoë", f" {made.passphrase}\n", START, stretcher, CHEAP)


# --- The page ---------------------------------------------------------------------------------------------------------


def test_every_section_has_its_vectors() -> None:
    heads = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [head.lower() for head in heads] == [each for each in VECTORS if each != "about"]


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:safetybot|tests|docs)/[\w/.]+)`", PAGE.read_text("utf-8"))
    assert len(named) > 3
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_the_second_program_makes_the_vectors() -> None:
    """Where this fails, what was sealed is not opened any more: never make the vectors anew for that."""
    made = make_sealing_vectors.vectors()
    assert [section for section in VECTORS if made[section] != VECTORS[section]] == []
    assert made == VECTORS


def test_the_second_program_uses_nothing_of_the_first() -> None:
    lines = Path(page.__file__).read_text("utf-8").splitlines()
    imported = {line.split()[1].partition(".")[0] for line in lines if re.match(r"(from|import) ", line)}
    assert "nacl" in imported
    assert not imported & {"safetybot", "tests"}


class TestPrimitives:
    def test_vectors(self) -> None:
        primitives = VECTORS["words and primitives"]
        one = primitives["box"]
        assert unwrap_key(raw(one["sealed"]), KeyPair.from_private(raw(one["private"]))) == raw(one["message"])
        one = primitives["pad"]
        assert sodium.sodium_pad(raw(one["message"]), one["size"]) == raw(one["padded"])
        one = primitives["stretch"]
        cost = Parameters.stored(one["passes"], one["memory"])
        assert stretch(raw(one["secret"]), raw(one["salt"]), one["size"], cost) == raw(one["stretched"])

    @some
    @given(payloads)
    def test_compact_json(self, payload: Json) -> None:
        assert page.compact(payload) == encode(payload)

    @some
    @given(bytes_32, st.data())
    def test_boxes(self, key: bytes, data: st.DataObject) -> None:
        sealed, theirs = wrap_key(key, PAIR.public), page.box(PAIR.public, key)
        assert len(sealed) == len(theirs) == 80
        assert page.open_box(PAIR.private, sealed) == unwrap_key(theirs, PAIR) == key
        for each in (sealed, theirs):
            broken = data.draw(damaged(each))
            both_refuse(broken, lambda it: unwrap_key(it, PAIR), lambda it: page.open_box(PAIR.private, it))
            both_refuse(each, lambda it: unwrap_key(it, OTHER), lambda it: page.open_box(OTHER.private, it))

    @some
    @given(st.binary(max_size=600), st.integers(1, 300))
    def test_padding(self, message: bytes, size: int) -> None:
        padded = sodium.sodium_pad(message, size)
        assert page.pad(message, size) == padded
        assert page.unpad(padded, size) == message

    def test_white_space(self) -> None:
        every = [chr(number) for number in range(0x110000)]
        theirs = re.compile(f"[{page.WHITE}]")
        assert [each for each in every if each.isspace()] == [each for each in every if theirs.match(each)]


# --- Sections ---------------------------------------------------------------------------------------------------------


class TestEnvelopes:
    @pytest.mark.parametrize("vector", ENVELOPES["envelopes"], ids=lambda vector: str(vector["number"]))
    def test_vectors(self, vector: dict[str, Any]) -> None:
        """Safetybot's own look at them is in tests/vault/test_sealing.py."""
        place = (vector["case"], vector["kind"], vector["number"])
        sealed, key, nonce = (raw(vector[each]) for each in ("ciphertext", "key", "nonce"))
        assert page.envelope(vector["payload"], *place, key, nonce) == sealed
        for reader, private in ENVELOPES["private_keys"].items():
            opened = page.open_box(raw(private), raw(vector["wrapped"][reader]))
            assert page.open_envelope(sealed, *place, opened) == vector["payload"]

    def test_vectors_of_digests_and_cut_messages(self) -> None:
        for one in VECTORS["envelopes"]["digests"]:
            assert row_digest(one["case"], one["number"], one["what"], raw(one["bytes"])) == raw(one["digest"])
        cut = VECTORS["envelopes"]["cut message"]
        assert join(cut["messages"]) == page.joined(cut["messages"]) == cut["body"]

    @some
    @given(payloads, contexts)
    def test_each_opens_the_others(self, payload: Json, context: Context) -> None:
        place = (context.case, context.kind, context.number)
        ours = seal(payload, context, {"me": PAIR.public})
        key = page.open_box(PAIR.private, ours.wrapped["me"])
        assert page.open_envelope(ours.ciphertext, *place, key) == payload
        theirs = page.envelope(payload, *place, KEY, NONCE)
        assert open_envelope(theirs, context, page.box(PAIR.public, KEY), PAIR) == payload
        assert theirs == seal_with(encode(payload), context, KEY, NONCE)

    @some
    @given(st.data())
    def test_damage_is_refused_by_both(self, data: st.DataObject) -> None:
        sealed = data.draw(damaged(seal_with(b'"words"', CONTEXT, KEY, NONCE)))
        place = (CONTEXT.case, CONTEXT.kind, CONTEXT.number)
        both_refuse(sealed, lambda it: open_with(it, CONTEXT, KEY), lambda it: page.open_envelope(it, *place, KEY))

    @pytest.mark.parametrize("place", [("ba" * 16, "report", 1), ("ab" * 16, "reply", 1), ("ab" * 16, "report", 2)])
    def test_nothing_is_opened_as_something_else(self, place: tuple[str, str, int]) -> None:
        sealed = page.envelope("words", CONTEXT.case, CONTEXT.kind, CONTEXT.number, KEY, NONCE)
        both_refuse(
            sealed, lambda it: open_with(it, Context(*place), KEY), lambda it: page.open_envelope(it, *place, KEY)
        )

    @pytest.mark.parametrize("size", [1022, 1023, 2047, 8192, 16_383, 16_384])
    def test_sizes(self, size: int) -> None:
        payload = "x" * (size - 2)
        if size < 16_384:
            theirs = page.envelope(payload, CONTEXT.case, CONTEXT.kind, CONTEXT.number, KEY, NONCE)
            assert theirs == seal_with(encode(payload), CONTEXT, KEY, NONCE)
            return
        with pytest.raises(SealingError):
            seal_with(encode(payload), CONTEXT, KEY, NONCE)
        with pytest.raises(page.RefusedError):
            page.envelope(payload, CONTEXT.case, CONTEXT.kind, CONTEXT.number, KEY, NONCE)

    @pytest.mark.parametrize("body", ["x" * 16_125, "x" * 16_126, '"\\\n😟é' * 6000, {"a": ["😟" * 15_000]}])
    def test_long_bodies(self, body: Json) -> None:
        ours, theirs = split(body), page.messages(body, "2026-11-24T10:30:00Z", None)
        assert (len(ours) > 1) == (len(theirs) > 1) == (len(encode(body)) > 16_127)
        assert page.joined(ours) == join(theirs) == body
        assert all(len(encode({"at": "2026-11-24T10:30:00Z", "by": "f" * 16, **each})) < 16_384 for each in ours)
        if len(ours) > 1:
            both_refuse_parts(ours)
            both_refuse_parts(theirs)

    def test_what_is_too_long(self) -> None:
        body = "x" * (PARTS_MAX * 16_127)
        with pytest.raises(SealingError):
            split(body)
        with pytest.raises(page.RefusedError):
            page.messages(body, "2026-11-24T10:30:00Z", None)

    def test_kinds(self) -> None:
        table = {cells[0].strip("`"): cells[1:] for cells in rows(PAGE, "Envelopes") if cells[0].startswith("`")}
        assert [*table] == [kind.value for kind in EnvelopeKind]
        assert {kind for kind, (_, case) in table.items() if case == "yes"} == {*FOR_WRITER}
        assert {kind for kind, (by, _) in table.items() if by.startswith("the writer")} == {*FROM_WRITER}
        assert {case for _, case in table.values()} == {"yes", "no"}


def both_refuse_parts(parts: Sequence[Json]) -> None:
    for wrong in (parts[:-1], parts[1:], parts[::-1], [*parts, parts[-1]]):
        with pytest.raises(CannotOpen):
            join(wrong)
        with pytest.raises(page.RefusedError):
            page.joined(wrong)


def ours_read(opened: page.Backup, case: str, private: bytes) -> Opened:
    """Reads a case in a backup with safetybot and the recovery key."""
    keys = {
        each["number"]: each["wrapped"]
        for each in opened.tables["envelope_keys"]
        if (each["case_id"], each["reader"]) == (case, RECOVERY)
    }
    stored = [
        Stored(each["number"], EnvelopeKind(each["kind"]), each["sealed"], keys.get(each["number"]))
        for each in sorted(opened.tables["envelopes"], key=lambda each: int(each["number"]))
        if each["case_id"] == case
    ]
    return open_all(case, stored, KeyPair.from_private(private))


class TestCasesAndTheirKeys:
    def test_vectors(self) -> None:
        one = VECTORS["cases and their keys"]
        pair = unlock_private(raw(one["locked"]), raw(one["key"]), one["id"])
        assert (pair.private, pair.public) == (raw(one["private"]), raw(one["public"]))

    @some
    @given(bytes_32, bytes_32, st.text(max_size=40), st.data())
    def test_each_opens_the_others(self, private: bytes, key: bytes, owner: str, data: st.DataObject) -> None:
        ours, theirs, other = lock_private(private, key, owner), page.locked(private, key, owner, NONCE), f"{owner}x"
        assert page.unlocked(ours, key, owner) == unlock_private(theirs, key, owner).private == private
        assert unlock_private(theirs, key, owner).public == page.public_of(private)
        for each in (ours, theirs):
            broken = data.draw(damaged(each))
            both_refuse(broken, lambda it: unlock_private(it, key, owner), lambda it: page.unlocked(it, key, owner))
            both_refuse(each, lambda it: unlock_private(it, key, other), lambda it: page.unlocked(it, key, other))

    def test_a_real_case_by_the_page(self, installation: Installation, opened: page.Backup) -> None:
        tag, wrapping = page.code_keys(installation.code.text, opened.secret, *COST)
        found = row(opened, "cases", lookup_tag=tag)
        assert found["id"] == installation.case
        private = page.unlocked(found["locked_private"], wrapping, found["id"])
        assert page.public_of(private) == found["public_key"]
        read = [*page.read_case(opened, "case", private, installation.case)]
        assert read == [each for each in installation.told if each[0] in FOR_WRITER]

    @pytest.mark.parametrize("reader", ["Ada", "Bén", "recovery"])
    def test_a_real_case_by_the_page_for_every_reader(
        self, installation: Installation, opened: page.Backup, reader: str
    ) -> None:
        staff = reader in installation.ids
        private = installation.private(opened, reader) if staff else page.read_spelt(installation.paper)
        id_ = installation.ids.get(reader, reader)
        assert [*page.read_case(opened, id_, private, installation.case)] == installation.told
        parts = [each for each in opened.tables["envelopes"] if each["case_id"] == installation.case]
        assert len(parts) > len(installation.told)

    @pytest.mark.parametrize(("table", "column"), [("envelopes", "sealed"), ("envelope_keys", "wrapped")])
    def test_damage_in_it_is_seen_by_both(self, installation: Installation, table: str, column: str) -> None:
        broken, private = installation.opened, page.read_spelt(installation.paper)
        one = next(
            each
            for each in broken.tables[table]
            if each["case_id"] == installation.case and each.get("reader", RECOVERY) == RECOVERY
        )
        one[column] = one[column][:-1] + bytes([one[column][-1] ^ 1])
        what = one.get("kind", RECOVERY)
        digest = row_digest(installation.case, one["number"], what, one[column])
        assert digest != one["digest"]
        for each in (one["digest"], digest):  # as it was, and as whoever tampers makes it
            one["digest"] = each
            with pytest.raises(page.RefusedError):
                list(page.read_case(broken, RECOVERY, private, installation.case))
        locked = ours_read(broken, installation.case, private).locked
        assert one["number"] in [each.number for each in locked]
        assert {each.kind for each in locked} == {"report"}

    @pytest.mark.parametrize("number", [1, 3])
    def test_a_message_of_which_a_part_is_missing_is_read_by_neither(
        self, installation: Installation, number: int
    ) -> None:
        broken, private = installation.opened, page.read_spelt(installation.paper)
        broken.tables["envelope_keys"] = [
            each
            for each in broken.tables["envelope_keys"]
            if (each["case_id"], each["number"]) != (installation.case, number)
        ]
        assert [*page.read_case(broken, RECOVERY, private, installation.case)] == installation.told[1:]
        ours = ours_read(broken, installation.case, private)
        assert [(each.kind, each.body, each.by) for each in ours.messages] == installation.told[1:]

    def test_what_is_left_of_a_deleted_one(self, installation: Installation, opened: page.Backup) -> None:
        left = row(opened, "cases", id=installation.gone)
        assert (left["lookup_tag"], left["public_key"], left["locked_private"]) == (None, None, None)
        for table in ("envelopes", "envelope_keys"):
            assert installation.gone not in [each["case_id"] for each in opened.tables[table]]

    async def test_one_of_the_pages_is_read_by_its_members(self, made: Made, restored: Path) -> None:
        async with logged_in(restored, made) as (engine, zoe), engine.begin() as connection:
            case = await casework.open_case(connection, zoe, made.case, START)
            contact = await casework.see_contact(connection, zoe, made.case, START)
            assert not case.locked
            messages = sorted((*case.messages, *contact.messages), key=lambda message: message.number)
            assert [(each.kind, each.body, each.by) for each in messages] == made.told
            recovery = open_all(made.case, await load(connection, made.case, RECOVERY), read_spelt(made.paper))
            assert [(each.kind, each.body, each.by) for each in recovery.messages] == made.told

    async def test_and_by_its_writer(self, made: Made, restored: Path) -> None:
        keys = derive(Code(tuple(made.code.split())), pepper_from(made.secret), CHEAP)
        async with working(restored) as engine, engine.connect() as connection:
            found = await find_case(connection, keys.lookup_tag)
            assert found is not None
            assert found.ref.id == made.case
            view = await view_case(connection, found, keys)
            assert [each.body for each in view.replies] == [{"text": "dear you"}]
            pair = unlock_private(found.locked_private, keys.wrapping_key, made.case)
            opened = open_all(made.case, await load(connection, made.case, CASE, FOR_WRITER), pair)
            assert [(each.kind, each.body, each.by) for each in opened.messages] == [
                each for each in made.told if each[0] in FOR_WRITER
            ]


class TestCodesOfReports:
    @pytest.mark.parametrize("vector", VECTORS["codes"], ids=lambda vector: str(vector["memory"]))
    def test_vectors(self, vector: dict[str, Any]) -> None:
        cost = CHEAP if (vector["passes"], vector["memory"]) == COST else None
        keys = derive(Code(tuple(vector["code"].split())), pepper_from(raw(vector["secret"])), cost)
        assert (keys.lookup_tag, keys.wrapping_key) == (raw(vector["lookup_tag"]), raw(vector["wrapping_key"]))

    def test_one_of_the_vectors_is_of_a_code_as_it_is(self) -> None:
        assert [(each["passes"], each["memory"]) for each in VECTORS["codes"]] == [(3, 268435456), COST]

    @some
    @given(st.lists(st.sampled_from(code_words()), min_size=6, max_size=6), bytes_32)
    def test_both_make_the_same_keys(self, words: list[str], secret: bytes) -> None:
        keys = derive(Code(tuple(words)), pepper_from(secret), CHEAP)
        assert page.code_keys(" ".join(words), secret, *COST) == (keys.lookup_tag, keys.wrapping_key)

    def test_the_words(self) -> None:
        text = " ".join(PAGE.read_text("utf-8").split())
        number, file, digest = re.findall(r"one of the ([\d,]+) of `([\w/.]+)` \(SHA-256 `(\w{64})`\)", text)[0]
        assert int(number.replace(",", "")) == len(code_words())
        assert hashlib.sha256((ROOT / file).read_bytes()).hexdigest() == digest
        assert (ROOT / file).read_text("ascii").splitlines() == [*code_words()]


class TestMembersOfStaff:
    def test_vectors(self) -> None:
        one = VECTORS["members of staff"]
        secret = passphrase_bytes(one["passphrase"])
        assert secret == raw(one["as it is stretched"])
        key = stretch(secret, raw(one["salt"]), 32, Parameters.stored(one["passes"], one["memory"]))
        pair = unlock_private(raw(one["locked"]), key, one["id"])
        assert (pair.private, pair.public) == (raw(one["private"]), raw(one["public"]))
        assert verify_key(pair) == raw(one["verify"])
        member = UnlockedMember(Member(one["id"], "Zoë", True, False, "2026-11-24", pair.public), pair)
        for kind, key_of in (("second factor", second_factor._key), ("passkey", passkeys._key)):
            context, vector = Context(one["id"], kind, 1), one[kind]
            assert key_of(member) == raw(vector["key"])
            sealed = seal_with(encode(vector["message"]), context, key_of(member), raw(vector["nonce"]))
            assert sealed == raw(vector["sealed"])
        assert passkeys._id_of(base64.b64decode(one["passkey"]["message"]["credential"])) == one["passkey"]["id"]

    @some
    @given(odd_texts)
    def test_both_stretch_the_same(self, passphrase: str) -> None:
        assert page.passphrase_bytes(passphrase) == passphrase_bytes(passphrase)
        ours = stretch(passphrase_bytes(passphrase), bytes(16), 32, CHEAP)
        assert page.member_key(passphrase, bytes(16), *COST) == ours

    def test_real_members_by_the_page(self, installation: Installation, opened: page.Backup) -> None:
        for name, id_ in installation.ids.items():
            private = installation.private(opened, name)
            theirs = row(opened, "staff", id=id_)
            assert page.public_of(private) == theirs["public_key"]
            with pytest.raises(page.RefusedError):
                page.unlocked(theirs["locked_private"], page.member_key("x", theirs["salt"], *COST), id_)

    def test_a_real_second_factor_by_the_page(self, installation: Installation, opened: page.Backup) -> None:
        private, id_ = installation.private(opened, "Ada"), installation.ids["Ada"]
        (sealed,) = [each["sealed"] for each in opened.tables["second_factors"]]
        factor = page.open_envelope(sealed, id_, "second factor", 1, page.factor_key(private))
        assert factor == {
            "secret": installation.phone,
            "codes": [each.replace("-", "") for each in installation.recovery_codes],
        }
        (kept,) = opened.tables["passkeys"]
        passkey = page.open_envelope(kept["sealed"], id_, "passkey", 1, page.passkey_key(private))
        assert base64.b64decode(passkey["credential"]) == installation.credential
        assert kept["id"] == page.passkey_id(installation.credential)
        assert [*passkey] == ["credential", "public_key", "sign_count", "name", "day", "site"]
        assert (passkey["sign_count"], passkey["name"], passkey["site"]) == (1, "Zoë's phone", SITE.id)

    async def test_those_of_the_pages_log_in(self, made: Made, restored: Path) -> None:
        async with logged_in(restored, made) as (engine, zoe):
            assert zoe.pair() == KeyPair.from_private(made.zoe)
            code = pyotp.TOTP(made.phone).at(START)
            assert not (await second_factor.show(engine, zoe, code, START)).recovery_code
            passed = await second_factor.show(engine, zoe, "23456-789ab", START)
            assert (passed.recovery_code, passed.left) == (True, 0)
            async with engine.connect() as connection:
                (passkey,) = await passkeys.passkeys_of(connection, zoe)
            assert (passkey.credential, passkey.public_key, passkey.sign_count) == (b"credential", b"public key", 3)
            assert (passkey.name, passkey.day, passkey.site) == ("phone", "2026-11-24", SITE.id)


class TestTheRecoveryKey:
    def test_vectors(self) -> None:
        one = VECTORS["the recovery key"]
        pair = KeyPair.from_private(raw(one["private"]))
        assert pair.public == raw(one["public"])
        assert spell(pair) == one["on paper"]
        for text in (one["on paper"], one["as typed"]):
            assert read_spelt(text) == pair
            assert page.read_spelt(text) == pair.private

    @some
    @given(bytes_32, st.data())
    def test_both_spell_and_read_the_same(self, private: bytes, data: st.DataObject) -> None:
        spelt = page.spelt(private)
        assert spell(KeyPair.from_private(private)) == spelt
        alike = {"0": "0oO", "1": "1iIlL", "-": "-–—.,:; \t\n\u00a0\u2003"}
        typed = "".join(data.draw(st.sampled_from(alike.get(each, each + each.lower()))) for each in spelt)
        assert page.read_spelt(typed) == read_spelt(typed).private == private
        place = data.draw(st.sampled_from([place for place, letter in enumerate(spelt) if letter != "-"]))
        other = data.draw(st.sampled_from([each for each in f"{page.DIGITS}Uéß_" if each != spelt[place]]))
        for wrong in (f"{spelt[:place]}{end}{spelt[place + 1 :]}" for end in (other, "", spelt[place] * 2)):
            with pytest.raises(RecoveryKeyMistyped):
                read_spelt(wrong)
            with pytest.raises(page.RefusedError):
                page.read_spelt(wrong)

    def test_a_key_that_begins_with_nothing(self) -> None:
        """So the number has fewer digits than the paper."""
        private = bytes(8) + bytes(range(24))
        assert page.spelt(private).startswith("0000-0000-0000-")
        assert read_spelt(page.spelt(private)).private == private
        assert page.read_spelt(spell(KeyPair.from_private(private))) == private
        for wrong in (page.spelt(private)[1:], page.spelt(private).lstrip("0-")):
            with pytest.raises(RecoveryKeyMistyped):
                read_spelt(wrong)
            with pytest.raises(page.RefusedError):
                page.read_spelt(wrong)

    def test_the_real_paper_by_the_page(self, installation: Installation, opened: page.Backup) -> None:
        (kept,) = opened.tables["recovery_key"]
        assert kept["public_key"] == page.public_of(page.read_spelt(installation.paper))


entries = st.builds(
    MemberEntry,
    st.text("0123456789abcdef", min_size=16, max_size=16),
    st.text(max_size=80),
    bytes_32,
    bytes_32 | st.just(b""),
    st.lists(bytes_32, max_size=2).map(tuple),
    st.booleans(),
    st.text(max_size=10),
    st.sampled_from(("operator", "upgrade", "a" * 16)),
    st.binary(max_size=64),
)


class TestTheListOfMembers:
    def test_vectors(self) -> None:
        one = VECTORS["the list of members"]
        key = VouchingKey.of(raw(one["secret"]))
        document = one["document"].encode()
        assert key.key == raw(one["vouching key"])
        members = Vouching(key).opened(document, raw(one["mac"]))
        assert members.encode() == document
        for each in one["members"]:
            entry = members.entries[each["id"]]
            assert entry.statement() == raw(each["statement"])
            assert entry.fingerprint == each["fingerprint"]
            assert let_in(members, entry, key)
        assert members.recovery is not None
        assert fingerprint(members.recovery) == one["fingerprint of the recovery key"]
        assert (check_of(raw(one["secret"])), key.check()) == (one["secret-check"], one["vouching-check"])

    def test_the_pin_of_the_vectors(self, tmp_path: Path) -> None:
        one = VECTORS["the list of members"]
        vouching = Vouching(VouchingKey.of(raw(one["secret"])), tmp_path / "roster.pin")
        vouching.saw(decode(one["document"].encode()))
        assert (tmp_path / "roster.pin").read_text("ascii") == one["roster.pin"]

    @some
    @given(st.lists(entries, max_size=3), st.text("0123456789abcdef"), st.integers(0), st.none() | bytes_32, st.data())
    def test_both_write_the_same(
        self, found: list[MemberEntry], epoch: str, serial: int, recovery: bytes | None, data: st.DataObject
    ) -> None:
        members = MemberList(epoch, serial, recovery, {each.id: each for each in found})
        ours = members.encode()
        said = json.loads(ours)
        assert page.list_of_members(epoch, serial, recovery, said["members"][::-1]) == ours
        mac = VOUCHING.mac_of_list(ours)
        assert mac == page.mac_of_list(ours, page.vouching_key(SECRET))
        assert page.open_list(ours, mac, VOUCHING.key) == said
        assert decode(ours) == members
        for each in said["members"]:
            entry = members.entries[each["id"]]
            assert page.statement(each) == entry.statement()
            assert page.fingerprint(entry.public, entry.verify) == entry.fingerprint
        broken = data.draw(damaged(ours))
        both_refuse(
            broken, lambda it: Vouching(VOUCHING).opened(it, mac), lambda it: page.open_list(it, mac, VOUCHING.key)
        )
        wrong = data.draw(damaged(mac))
        both_refuse(
            wrong, lambda it: Vouching(VOUCHING).opened(ours, it), lambda it: page.open_list(ours, it, VOUCHING.key)
        )

    @pytest.mark.parametrize("changed", ["", "name", "day", "id", "public", "verify", "voucher", "word"])
    @pytest.mark.parametrize("by", ["operator", "upgrade", "member"])
    def test_words(self, by: str, changed: str) -> None:
        """Ours and theirs give the same word, and hold the same words for good."""
        ada = VOUCHING.vouched(
            MemberEntry("a" * 16, "Ada", OTHER.public, verify_key(OTHER), (), True, "2026-11-24", "operator", b"")
        )
        voucher = ada.id if by == "member" else by
        entry = MemberEntry("b" * 16, "Bén", PAIR.public, verify_key(PAIR), (), True, "2026-11-24", voucher, b"")
        entry = signed(entry, OTHER) if by == "member" else VOUCHING.vouched(entry)
        others = {"voucher": "c" * 16, "word": bytes(len(entry.word)), "id": "f" * 16, "public": KEY, "verify": KEY}
        forged = replace(entry, **{changed: others.get(changed, "other")}) if changed else entry
        members = MemberList("", 1, None, {ada.id: ada, forged.id: forged})
        document = json.loads(members.encode())
        (said,) = [each for each in document["members"] if each["id"] == forged.id]
        made = page.word_of_member(said, OTHER.private) if by == "member" else page.word_of_server(said, VOUCHING.key)
        assert (made == entry.word.hex()) == (changed in ("", "word"))
        assert let_in(members, forged, VOUCHING) is page.let_in(said, document, VOUCHING.key) is (not changed)

    def test_who_let_each_other_in_has_nobody_behind_them(self) -> None:
        first = MemberEntry("a" * 16, "Eve", PAIR.public, verify_key(PAIR), (), True, "2026-11-24", "b" * 16, b"")
        second = replace(first, id="b" * 16, voucher="a" * 16)
        circle = MemberList("", 1, None, {each.id: signed(each, PAIR) for each in (first, second)})
        document = json.loads(circle.encode())
        for each in document["members"]:
            assert not let_in(circle, circle.entries[each["id"]], VOUCHING)
            assert not page.let_in(each, document, VOUCHING.key)

    def test_the_real_list_by_the_page(self, installation: Installation, opened: page.Backup) -> None:
        vouching = page.vouching_key(opened.secret)
        (kept,) = opened.tables["roster"]
        document = page.open_list(kept["document"], kept["mac"], vouching)
        assert document["format"] == 1
        assert document["recovery"] == page.public_of(page.read_spelt(installation.paper)).hex()
        members = {each["name"]: each for each in document["members"]}
        assert {name: each["id"] for name, each in members.items()} == installation.ids
        assert members["Ada"]["voucher"] == "operator"
        assert members["Bén"]["voucher"] == installation.ids["Ada"]
        for name, each in members.items():
            assert page.let_in(each, document, vouching)
            private = installation.private(opened, name)
            assert each["public"] == page.public_of(private).hex()
            assert each["verify"] == page.signing_pair(private)[0].hex()
        assert page.pin(vouching, document["epoch"], document["serial"]) == installation.pin
        marks = {each["name"]: each["value"] for each in opened.tables["marks"]}
        assert marks["secret-check"] == page.secret_check(opened.secret)
        assert marks["vouching-check"] == page.vouching_check(vouching)

    async def test_that_of_the_pages_holds(self, made: Made, restored: Path) -> None:
        async with working(restored) as engine, engine.connect() as connection:
            checked = await roster.check(connection)
        assert checked.troubles == []
        assert checked.readers == {
            ZOE: page.public_of(made.zoe),
            BEN: page.public_of(made.ben),
            RECOVERY: page.public_of(made.recovery),
        }
        assert {each.verify for each in checked.members.entries.values()} >= {b"", page.signing_pair(made.zoe)[0]}


class TestTheLogOfActs:
    def test_vectors(self) -> None:
        one = VECTORS["the audit log"]
        end = Head(0, bytes(32))
        for each in one["rows"]:
            found = AuditRow(**{**each, "hash": raw(each["hash"])})
            assert found.expected_hash(end.hash) == found.hash
            end = Head(found.number, found.hash)
        assert spell_head(end) == one["head"]
        assert VouchingKey(raw(one["vouching key"])).mac_of_head(*astuple(end)) == raw(one["seal"])

    @some
    @given(st.integers(1, 2**63), *[st.text()] * 3, st.none() | st.text(), st.text(), bytes_32)
    def test_both_make_the_same_hash(
        self, number: int, at: str, actor: str, act: str, case: str | None, detail: str, previous: bytes
    ) -> None:
        ours = AuditRow(number, at, actor, act, case, detail, b"").expected_hash(previous)
        assert page.audit_hash(previous, (number, at, actor, act, case, detail)) == ours
        assert page.audit_head(number, ours) == spell_head(Head(number, ours))
        assert page.audit_seal(number, ours, VOUCHING.key) == VOUCHING.mac_of_head(number, ours)

    def test_the_real_log_by_the_page(self, opened: page.Backup) -> None:
        log = sorted(opened.tables["audit_log"], key=lambda each: int(each["number"]))
        (end,) = opened.tables["audit_head"]
        assert len(log) > 10
        assert page.newest_of(log) == (end["number"], end["hash"])
        assert end["sealed"] == end["number"]
        assert end["seal"] == page.audit_seal(end["number"], end["hash"], page.vouching_key(opened.secret))

    async def test_that_of_the_pages_holds_and_goes_on(self, made: Made, restored: Path) -> None:
        async with working(restored) as engine, engine.connect() as connection:
            assert await verify(connection, read_head(made.head)) is None
            assert await seal_fault(connection) == ""
            end = (await connection.execute(select(audit_head))).one()
            log = [dict(each._mapping) for each in await connection.execute(select(audit_log).order_by("number"))]
        assert end.sealed == end.number > len(made.tables["audit_log"])
        assert page.newest_of(log) == (end.number, end.hash)
        assert end.seal == page.audit_seal(end.number, end.hash, made.vouching)

    @pytest.mark.parametrize("column", [*page.AUDITED[1:], "hash"])
    async def test_a_changed_row_is_seen_by_both(self, restored: Path, tmp_path: Path, column: str) -> None:
        other = b"h" * 32 if column == "hash" else "other"
        engine = engine_of(Path(shutil.copy(restored, tmp_path)))
        async with engine.begin() as connection:
            await connection.execute(update(audit_log).where(audit_log.c.number == 2).values({column: other}))
            broken = await verify(connection)
            log = [dict(each._mapping) for each in await connection.execute(select(audit_log).order_by("number"))]
        await engine.dispose()
        assert broken is not None
        assert broken.number == 2
        page.newest_of(log[:1])
        with pytest.raises(page.RefusedError):
            page.newest_of(log[:2])

    def test_a_missing_row_is_seen(self, opened: page.Backup) -> None:
        """That safetybot sees it is in tests/vault/test_audit.py."""
        log = sorted(opened.tables["audit_log"], key=lambda each: int(each["number"]))
        for wrong in (log[1:], log[:3] + log[4:], [log[1], log[0], *log[2:]]):
            with pytest.raises(page.RefusedError):
                page.newest_of(wrong)


class TestChats:
    @pytest.mark.parametrize("vector", VECTORS["chats"], ids=lambda vector: str(vector["channel"]))
    def test_vectors(self, vector: dict[str, Any]) -> None:
        keys = derive_keys(raw(vector["secret"]), vector["channel"], vector["chat"])
        assert (keys.lookup, keys.sealing) == (raw(vector["lookup"]), raw(vector["sealing"]))
        content = keys._open_bytes(vector["kind"].encode(), raw(vector["sealed"]))
        assert content == vector["content"].encode()

    @few
    @given(bytes_32, st.sampled_from(("telegram", "terminal", "web")), odd_texts)
    def test_both_make_the_same_keys(self, secret: bytes, channel: str, chat: str) -> None:
        keys = derive_keys(secret, channel, chat)
        assert page.chat_keys(secret, channel, chat) == (keys.lookup, keys.sealing)

    @some
    @given(st.binary(max_size=600), st.sampled_from(sorted(_KINDS.values())), st.data())
    def test_each_opens_the_others(self, content: bytes, kind: bytes, data: st.DataObject) -> None:
        keys, other = ChatKeys(KEY, bytes_of(1)), ChatKeys(bytes_of(2), bytes_of(1))
        ours = keys._seal_bytes(kind, content)
        theirs = page.chat_envelope(content, kind.decode(), (KEY, bytes_of(1)), NONCE)
        assert page.open_chat_envelope(ours, kind.decode(), (KEY, bytes_of(1))) == content
        assert keys._open_bytes(kind, theirs) == content
        assert len(ours) == len(theirs)

        def opens(with_keys: ChatKeys, with_kind: bytes) -> tuple[Callable[[bytes], object], Callable[[bytes], object]]:
            pair = (with_keys.lookup, with_keys.sealing)
            return (
                lambda it: with_keys._open_bytes(with_kind, it),
                lambda it: page.open_chat_envelope(it, with_kind.decode(), pair),
            )

        for each in (ours, theirs):
            both_refuse(data.draw(damaged(each)), *opens(keys, kind))
            both_refuse(each, *opens(other, kind))
            both_refuse(each, *opens(keys, b"other"))

    def test_kinds(self) -> None:
        table = {cells[0].strip("`"): cells[1].strip("`").encode() for cells in rows(PAGE, "Chats")}
        assert {name: kind for name, kind in table.items() if name in metadata.tables} == _KINDS

    def test_real_ones_by_the_page(self, opened: page.Backup) -> None:
        contents = {}
        for table, kind in _KINDS.items():
            channel = "web" if table == "transcripts" else "telegram"
            keys = page.chat_keys(opened.secret, channel, CHATS[channel])
            (kept,) = opened.tables[table]
            assert kept["chat_key"] == keys[0]
            contents[table] = page.open_chat_envelope(kept["sealed"], kind.decode(), keys)
        assert json.loads(contents["sessions"])["sent"] == [[*each] for each in SESSION.sent]
        assert json.loads(contents["fragments"]) == {"text": FRAGMENT.text}
        assert json.loads(contents["drafts"])["additions"][0]["words"] == ["more 😟"]
        assert json.loads(contents["visits"])["visit"]["said"] == "he said 😟"
        assert SHOWN in contents["transcripts"].decode()

    async def test_those_of_the_pages_are_known_again(self, made: Made, restored: Path) -> None:
        keys = derive_keys(made.secret, "telegram", CHATS["telegram"])
        async with working(restored) as engine:
            stored = await Store(engine).look(keys.lookup)
            assert stored.session is not None
            assert stored.fragment is not None
            assert keys.open_session(stored.session.envelope) == SESSION
            assert keys.open_fragment(stored.fragment.envelope) == FRAGMENT
            async with engine.connect() as connection:
                kept = await load_kept(connection, keys.lookup)
            assert kept.drafts is not None
            assert kept.visits is not None
            assert keys.open_kept(kept.drafts.envelope, kept.visits.envelope) == STATE
            transcripts = Transcripts(TranscriptStore(engine), made.secret, "web", START.timestamp)
            transcript = await transcripts.load(CHATS["web"])
        assert transcript is not None
        assert [each.message.text for each in transcript.entries] == [SHOWN]


def bytes_of(number: int) -> bytes:
    return bytes([number]) * 32


class TestWordsForTheEditors:
    def test_vectors(self) -> None:
        one = VECTORS["words for the editors"]
        pair = KeyPair.from_private(raw(one["private"]))
        assert pair.public == raw(one["public"])
        assert [*astuple(open_words(raw(one["sealed"]), pair))] == one["words"]

    @some
    @given(st.text(max_size=600), st.text(max_size=40), st.text(max_size=8), st.data())
    def test_each_opens_the_others(self, text: str, topic: str, language: str, data: st.DataObject) -> None:
        words = Words(text, topic, language)
        ours, theirs = seal_words(words, PAIR.public), page.editors_words(text, topic, language, PAIR.public)
        assert page.open_editors_words(ours, PAIR.private) == [text, topic, language]
        assert open_words(theirs, PAIR) == words
        assert len(ours) == len(theirs)
        for each in (ours, theirs):
            broken = data.draw(damaged(each))
            both_refuse(broken, lambda it: open_words(it, PAIR), lambda it: page.open_editors_words(it, PAIR.private))
            both_refuse(each, lambda it: open_words(it, OTHER), lambda it: page.open_editors_words(it, OTHER.private))

    @pytest.mark.parametrize("size", [255, 256, 1023, 1024, 4095])
    def test_sizes(self, size: int) -> None:
        text = "x" * (size - len('["","",""]'))
        ours, theirs = seal_words(Words(text, "", ""), PAIR.public), page.editors_words(text, "", "", PAIR.public)
        assert len(ours) == len(theirs) == 1 + 48 + {255: 256, 256: 1024, 1023: 1024, 1024: 4096, 4095: 4096}[size]

    def test_real_ones_by_the_page(self, installation: Installation, opened: page.Backup) -> None:
        (kept,) = opened.tables["unanswered"]
        (key,) = opened.tables["editors_key"]
        assert key["public_key"] == EDITORS.public
        assert page.open_editors_words(kept["sealed"], EDITORS.private) == [*astuple(WORDS)]

    async def test_those_of_the_pages_are_opened(self, restored: Path) -> None:
        async with working(restored) as engine, engine.connect() as connection:
            (kept,) = await unanswered.load_all(connection)
            assert await unanswered.load_key(connection) == EDITORS.public
        assert open_words(kept.sealed, EDITORS) == WORDS


def ours_opened(file: bytes, size: int, pair: KeyPair = PAIR) -> bytes:
    """Opens a backup's file with safetybot."""
    stream = io.BytesIO(file)
    header = read_header(stream)
    reader = SealedReader(stream, header, header.open(pair))
    content = reader.take(size)
    reader.end()
    return content


def ours_sealed(content: bytes) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file.write, PAIR.public)
    writer.write(content)
    writer.close()
    return file.getvalue()


class TestBackups:
    def test_vectors(self) -> None:
        one = VECTORS["backups"]
        content, file, pair = raw(one["content"]), raw(one["file"]), read_spelt(one["recovery key"])
        assert ours_opened(file, len(content), pair) == content
        assert page.open_sealed(file, pair.private) == content
        stream = io.BytesIO(content)
        first = json.loads(stream.readline())
        seen = []
        for name in first["tables"]:
            table = json.loads(stream.readline())
            shape = Shape(name, tuple((column, ColumnKind(kind)) for column, kind in table["columns"]))
            found = Fingerprint()
            for _ in range(2):
                values = decode_row(stream.readline(), stream.read, shape)
                found.add([encode_row(values)])
                seen.append(values)
            assert json.loads(stream.readline()) == {"end": name, "rows": found.rows, "digest": found.digest}
        assert stream.read() == b'{"whole":true}\n'
        theirs = page.read_content(content).tables.values()
        assert [tuple(each.values()) for table in theirs for each in table] == seen

    @few
    @given(st.sampled_from([1, 7, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 9]))
    def test_each_opens_the_others(self, size: int) -> None:
        content = bytes(itertools.islice(itertools.cycle(range(251)), size))
        ours, theirs = ours_sealed(content), page.seal_file(content, PAIR.public)
        assert len(ours) == len(theirs)
        assert page.open_sealed(ours, PAIR.private) == ours_opened(theirs, size) == content

    @some
    @given(st.data(), st.sampled_from([9, CHUNK + 9]))
    def test_damage_is_refused_by_both(self, data: st.DataObject, size: int) -> None:
        for file in (ours_sealed(bytes(size)), page.seal_file(bytes(size), PAIR.public)):
            broken = data.draw(damaged(file))
            both_refuse(broken, lambda it: ours_opened(it, size), lambda it: page.open_sealed(it, PAIR.private))
            both_refuse(file, lambda it: ours_opened(it, size, OTHER), lambda it: page.open_sealed(it, OTHER.private))

    @pytest.mark.parametrize("order", [(0,), (1,), (1, 0), (0, 0, 1), (0, 1, 1)])
    def test_chunks_in_another_order_are_refused_by_both(self, order: tuple[int, ...]) -> None:
        file = page.seal_file(bytes(CHUNK + 9), PAIR.public)
        chunks = [file[155 : 155 + CHUNK + 17], file[155 + CHUNK + 17 :]]
        both_refuse(
            file[:155] + b"".join(chunks[each] for each in order),
            lambda it: ours_opened(it, CHUNK + 9),
            lambda it: page.open_sealed(it, PAIR.private),
        )

    def test_the_real_one_is_written_the_same(self, installation: Installation, opened: page.Backup) -> None:
        content = page.open_sealed(installation.file, page.read_spelt(installation.paper))
        assert len(content) > CHUNK
        assert page.content_of(opened) == content
        assert opened.secret == SECRET
        assert opened.first["rows"] == sum(map(len, opened.tables.values()))
        kinds = {kind for columns in opened.columns.values() for _, kind in columns}
        assert kinds == {each.value for each in ColumnKind}

    @pytest.mark.parametrize("how", ["no end", "more behind it", "a changed row", "a missing row"])
    def test_what_is_sealed_well_and_not_whole_is_refused_by_both(self, made: Made, tmp_path: Path, how: str) -> None:
        place = made.content.index(made.tables["envelopes"][0]["sealed"]) + 500
        lost = made.content.index(b'["vouching-check"')
        content = {
            "no end": made.content.removesuffix(b'{"whole":true}\n'),
            "more behind it": made.content + b"\n",
            "a changed row": made.content[:place] + bytes([made.content[place] ^ 1]) + made.content[place + 1 :],
            "a missing row": made.content[:lost] + made.content[made.content.index(b"\n", lost) + 1 :],
        }[how]
        sealed = page.seal_file(content, page.public_of(made.recovery))
        with pytest.raises(page.RefusedError):
            page.open_backup(sealed, made.recovery)
        file, where = tmp_path / "backup", tmp_path / "new" / "safetybot.sqlite3"
        file.write_bytes(sealed)
        with pytest.raises(BackupError):
            asyncio.run(restore(file, made.paper, where, InstallationFiles.beside(where), START))
        assert not where.exists()


# --- What an earlier version has sealed -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What was known of an installation of version 0.4."""
    found: dict[str, Any] = json.loads((VERSION_0_4 / "facts.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def old(facts: dict[str, Any]) -> page.Backup:
    """Its backup, opened by the second program."""
    return page.open_backup((VERSION_0_4 / "backup.sealed").read_bytes(), page.read_spelt(facts["recovery_key"]))


class TestVersion04:
    """What version 0.4 has sealed is opened by the page: with the cost that Argon2id has, too."""

    def test_its_reports(self, facts: dict[str, Any], old: page.Backup) -> None:
        private = page.read_spelt(facts["recovery_key"])
        assert len(facts["cases"]) == 3
        for story, case in facts["cases"].items():
            assert story in str([*page.read_case(old, "recovery", private, case)])

    def test_a_member(self, facts: dict[str, Any], old: page.Backup) -> None:
        anna, known = row(old, "staff", name="Anna Smith"), facts["members"]["Anna Smith"]
        assert (anna["passes"], anna["memory"]) == (3, 268435456)
        key = page.member_key(known["passphrase"], anna["salt"], anna["passes"], anna["memory"])
        private = page.unlocked(anna["locked_private"], key, anna["id"])
        factor = row(old, "second_factors", member=anna["id"])
        content = page.open_envelope(factor["sealed"], anna["id"], "second factor", 1, page.factor_key(private))
        assert content["secret"] == known["totp"]
        assert page.newest_of(old.tables["audit_log"]) == (facts["audit"]["number"], raw(facts["audit"]["hash"]))

    def test_a_code(self, facts: dict[str, Any], old: page.Backup) -> None:
        story, code = next(iter(facts["codes"].items()))
        tag, wrapping = page.code_keys(code, old.secret)
        found = row(old, "cases", lookup_tag=tag)
        assert found["id"] == facts["cases"][story]
        private = page.unlocked(found["locked_private"], wrapping, found["id"])
        assert story in str([*page.read_case(old, "case", private, found["id"])])
