"""Two installations: one of people who use safetybot, and one that is made by docs/sealing-format.md alone."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import nacl.bindings as sodium
import pyotp

from safetybot.backup.create import make_backup
from safetybot.dialogue.effects import KeepWords
from safetybot.dialogue.report_state import Addition, ReportState, Visit
from safetybot.dialogue.session import AgeBand, ChatKeys, Fragment, Session
from safetybot.dialogue.transcript import Transcript
from safetybot.reports import casework
from safetybot.reports.cases import CaseUrgency
from safetybot.reports.filing import Report, add_to_case, file_report, find_case, withdraw
from safetybot.reports.handles import HandleKind
from safetybot.reports.links import Link, store_links
from safetybot.service.chat_keys import derive_keys
from safetybot.service.transcripts import Transcripts
from safetybot.service.unanswered import UnansweredService, Words
from safetybot.staff import colleagues, login, passkeys, second_factor
from safetybot.staff.login import UnlockedMember
from safetybot.staff.passkeys import Site
from safetybot.staff.recovery import spell
from safetybot.storage import unanswered
from safetybot.storage.database import Engine, engine_of
from safetybot.storage.drafts import SealedKept, save_kept
from safetybot.storage.location import InstallationFiles
from safetybot.storage.store import Batch, Sealed, Store
from safetybot.storage.transcripts import TranscriptStore
from safetybot.vault.codes import Code, derive, new_code, pepper_from
from safetybot.vault.installation import must_be_its_key, must_be_its_secret, vouching_by
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.sealing import Json, KeyPair
from safetybot.vault.server_secret import keep_secret
from safetybot.vault.vouching import VouchingKey
from tests import sealing_by_the_page as page
from tests.desk.authenticator import Authenticator
from tests.reports.office import CHEAP, START, Office

COST = (CHEAP.passes, CHEAP.memory)
SECRET = bytes(range(32))
EDITORS = KeyPair.from_private(bytes(range(4, 36)))
SITE = Site("desk.example.org", "https://desk.example.org")
STORY = {"story": ['Somebody keeps "writing" to me \\ 😟\n' * 1800], "age": "11-13"}
"""Too long for one envelope, or one chunk of a backup."""
CHATS = {"telegram": "123456789", "web": "c" * 43}
SESSION = Session("en", AgeBand.FROM_11, sent=((4, 500_000), (5, 500_000)))
FRAGMENT = Fragment("he wants 😟")
STATE = ReportState(
    additions=(Addition("c" * 32, 30_000_000, ("more 😟",)),), visit=Visit(30_000_000, case="c" * 32, said="he said 😟")
)
SHOWN = "hello 😟"
WORDS = Words("how do I block ▒▒▒▒ 😟", "block-somebody", "en")
FUTURE = 1 << 40
"""An hour, or a second, that is never over."""

Told = tuple[str, Json, str | None]
"""Kind, body and author of a message."""


# --- Safetybot's ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Installation:
    """Holds what its people know, and its sealed backup."""

    paper: str
    passphrases: dict[str, str]
    ids: dict[str, str]
    """Name → member's id."""
    code: Code
    case: str
    gone: str
    """The id of a case that was deleted."""
    told: list[Told]
    """What is in the case."""
    phone: str
    recovery_codes: Sequence[str]
    credential: bytes
    pin: str
    file: bytes

    @property
    def opened(self) -> page.Backup:
        """Opens the backup by the page, with the paper alone."""
        return page.open_backup(self.file, page.read_spelt(self.paper))

    def private(self, opened: page.Backup, name: str) -> bytes:
        """Unlocks a member's private key by the page."""
        theirs = row(opened, "staff", id=self.ids[name])
        key = page.member_key(self.passphrases[name], theirs["salt"], theirs["passes"], theirs["memory"])
        return page.unlocked(theirs["locked_private"], key, theirs["id"])


def row(opened: page.Backup, table: str, **values: Any) -> dict[str, Any]:
    """Finds the one row that has these values."""
    (found,) = [each for each in opened.tables[table] if all(each[name] == value for name, value in values.items())]
    return found


async def settle(folder: Path, empty: Path) -> Installation:
    """Has people use an installation, and backs it up."""
    where = Path(shutil.copyfile(empty, folder / "safetybot.sqlite3"))
    files = InstallationFiles.beside(where)
    keep_secret(files.secret, SECRET)
    with closing(KeyStretcher()) as stretcher:
        engine = with_vouching(engine_of(where), vouching_by(SECRET, files))
        office = Office(engine, stretcher, where)
        await must_be_its_secret(engine, SECRET)
        await must_be_its_key(engine, Vouching(VouchingKey.of(SECRET)))
        ada = await office.hire("Ada")
        passphrases = {"Ada": " ﬁve\u3000large  Zoe\u0308s\x1d and a sofa "}
        await login.change_passphrase(engine, ada, passphrases["Ada"], office.now, stretcher, CHEAP)
        ben, passphrases["Bén"] = await colleagues.add(engine, ada, "Bén", office.now, stretcher, CHEAP)
        phone, key = second_factor.new_secret(), Authenticator(SITE.origin, SITE.id)
        totp = pyotp.TOTP(phone).at(office.now)
        recovery_codes = await second_factor.enrol(engine, ada, phone, totp, office.now)
        asked = await passkeys.ask_new(ada, SITE, [])
        await passkeys.add(engine, ada, asked, key.makes(asked.options), "Zoë's phone", office.now, first=False)
        code = new_code()
        case, gone, told = await _converse(office, ada, code)
        await _chat(engine)
        await engine.dispose()
    await make_backup(where, files, folder / "backup", office.now, chats=True)
    assert office.recovery is not None
    return Installation(
        paper=spell(office.recovery),
        passphrases=passphrases,
        ids={"Ada": ada.id, "Bén": ben.id},
        code=code,
        case=case,
        gone=gone,
        told=told,
        phone=phone,
        recovery_codes=recovery_codes,
        credential=key.credential,
        pin=files.pin.read_text("ascii"),
        file=(folder / "backup").read_bytes(),
    )


async def _converse(office: Office, ada: UnlockedMember, code: Code) -> tuple[str, str, list[Told]]:
    """Fills a case with a message of every kind; another one is taken back."""
    contact, addition, reply, note = (
        {"contact": "zoe@mail.example"},
        {"words": ["more"]},
        {"text": "dear Zoë"},
        ["a", 1],
    )
    keys = derive(code, pepper_from(SECRET), CHEAP)
    other, _ = await office.file("another report")
    gone, gone_keys = await office.file("a report that is taken back")
    link = Link(other, HandleKind.ACCOUNT, "@zebedee", "zebedee", 100)
    async with office.writing() as connection:
        ref = await file_report(connection, Report(STORY, contact), keys, office.now, CaseUrgency.HIGH)
        found = await find_case(connection, keys.lookup_tag)
        withdrawn = await find_case(connection, gone_keys.lookup_tag)
        assert found is not None
        assert withdrawn is not None
        await withdraw(connection, withdrawn, office.now)
        await add_to_case(connection, found, addition, office.now)
        await casework.open_case(connection, ada, ref.id, office.now)
        await casework.reply(connection, ada, ref.id, reply, office.now)
        await casework.note(connection, ada, ref.id, note, office.now)
        await casework.refer(connection, ada, ref.id, office.now, to="x", when=office.now.date(), reference="7")
        await casework.set_labels(connection, ada, ref.id, ["b", "a"], office.now)
        await store_links(connection, ada, ref.id, [link], office.now)
    linked = {"kind": "account", "likeness": 100, "case": other.id, "written": "@zebedee", "other": "zebedee"}
    told: list[Told] = [
        ("report", STORY, None),
        ("contact", contact, None),
        ("addition", addition, None),
        ("reply", reply, ada.id),
        ("note", note, ada.id),
        ("referral", {"to": "x", "when": "2026-11-24", "reference": "7"}, ada.id),
        ("labels", {"labels": ["b", "a"]}, ada.id),
        ("link", linked, ada.id),
    ]
    return ref.id, gone.id, told


async def _chat(engine: Engine) -> None:
    """Leaves what chats leave for a while, and words for the editors."""
    keys = derive_keys(SECRET, "telegram", CHATS["telegram"])
    sessions = {keys.lookup: Sealed(keys.seal_session(SESSION), FUTURE)}
    fragments = {keys.lookup: Sealed(keys.seal_fragment(FRAGMENT), FUTURE)}
    await Store(engine).write(Batch(sessions, fragments))
    drafts, visits = keys.seal_kept(STATE)
    assert drafts is not None
    assert visits is not None
    async with engine.begin() as connection:
        await save_kept(connection, keys.lookup, SealedKept(Sealed(drafts, FUTURE), Sealed(visits, FUTURE)))
        await unanswered.save_key(connection, EDITORS.public, "2026-11-24")
    transcripts = Transcripts(TranscriptStore(engine), SECRET, "web", START.timestamp)
    await transcripts.save(CHATS["web"], Transcript().said(SHOWN))
    await UnansweredService(engine, START.timestamp).keep(KeepWords("w" * 32, *astuple(WORDS)))


# --- The page's -------------------------------------------------------------------------------------------------------

ZOE, BEN, OLD = "a" * 16, "b" * 16, "c" * 16


def _private(number: int) -> bytes:
    return bytes([number]) * 32


class Made:
    """Makes an installation by the page, and its backup."""

    def __init__(self, like: page.Backup) -> None:
        """Takes from another backup which tables there are, and their columns: what the page does not tell."""
        self.secret = bytes(range(64, 96))
        self.recovery, self.zoe, self.zoes_former, self.ben, self.old, self.case_key = map(_private, range(21, 27))
        self.passphrase = "eine sehr große Paßphrase"
        self.phone = pyotp.random_base32()
        self.code = "abacus ability acorn acrobat action active"
        self.case = "5e" * 16
        self.told: list[Told] = [
            ("report", {"story": ['"Zebedee" \\ 😟\n' * 1500]}, None),
            ("contact", {"contact": "zoe@mail.example"}, None),
            ("addition", ["more 😟"], None),
            ("reply", {"text": "dear you"}, ZOE),
            ("note", "among us", ZOE),
        ]
        self.vouching = page.vouching_key(self.secret)
        self.tables: dict[str, list[dict[str, Any]]] = {name: [] for name in like.first["tables"]}
        self._make_staff()
        self._make_case()
        self._make_log()
        self._make_chats()
        first = {
            "made": "2026-11-24T10:30:00Z",
            "revision": like.first["revision"],
            "secret": base64.b64encode(self.secret).decode(),
            "tables": like.first["tables"],
            "rows": sum(map(len, self.tables.values())),
        }
        self.paper = page.spelt(self.recovery)
        self.content = page.content_of(page.Backup(first, like.columns, self.tables))
        self.file = page.seal_file(self.content, page.public_of(self.recovery))

    def _make_staff(self) -> None:
        """Adds Zoë, who has had other keys and let Ben in with them, and one who was there before there were any."""
        day, members = "2026-11-24", []
        for id_, name, private, voucher in (
            (ZOE, "Zoë", self.zoe, "operator"),
            (BEN, "Ben", self.ben, ZOE),
            (OLD, "Old", self.old, "upgrade"),
        ):
            public = page.public_of(private)
            one = {
                "id": id_,
                "name": name,
                "public": public.hex(),
                "verify": "" if id_ == OLD else page.signing_pair(private)[0].hex(),
                "former": [page.signing_pair(self.zoes_former)[0].hex()] if id_ == ZOE else [],
                "active": id_ != OLD,
                "day": day,
                "voucher": voucher,
            }
            signed = voucher == ZOE
            one["word"] = (
                page.word_of_member(one, self.zoes_former) if signed else page.word_of_server(one, self.vouching)
            )
            members.append(one)
            salt = sodium.randombytes(16)
            key = page.member_key(self.passphrase, salt, *COST)
            locked = page.locked(private, key, id_, sodium.randombytes(24))
            theirs = {"id": id_, "name": name, "public_key": public, "locked_private": locked, "salt": salt}
            theirs |= {"passes": COST[0], "memory": COST[1], "must_change": False, "active": id_ != OLD, "created": day}
            self.tables["staff"].append(theirs)
        public = page.public_of(self.recovery)
        document = page.list_of_members("cd" * 16, 3, public, members)
        self._add("roster", id=1, document=document, mac=page.mac_of_list(document, self.vouching))
        self._add("recovery_key", id=1, public_key=public, created=day)
        self._add("marks", name="secret-check", value=page.secret_check(self.secret))
        self._add("marks", name="vouching-check", value=page.vouching_check(self.vouching))
        factor, key = {"secret": self.phone, "codes": ["23456789ab"]}, page.factor_key(self.zoe)
        sealed = page.envelope(factor, ZOE, "second factor", 1, key, sodium.randombytes(24))
        self._add("second_factors", member=ZOE, sealed=sealed, last_step=-1, created=day)
        passkey = {
            "credential": base64.b64encode(b"credential").decode(),
            "public_key": base64.b64encode(b"public key").decode(),
            "sign_count": 3,
            "name": "phone",
            "day": day,
            "site": SITE.id,
        }
        sealed = page.envelope(passkey, ZOE, "passkey", 1, page.passkey_key(self.zoe), sodium.randombytes(24))
        self._add("passkeys", id=page.passkey_id(b"credential"), member=ZOE, sealed=sealed, created=day)

    def _make_case(self) -> None:
        day, number = "2026-11-24", 0
        readers = {ZOE: self.zoe, BEN: self.ben, "recovery": self.recovery, "case": self.case_key}
        for kind, body, by in self.told:
            for message in page.messages(body, "2026-11-24T10:30:00Z", by):
                number += 1
                place, key = {"case_id": self.case, "number": number}, sodium.randombytes(32)
                sealed = page.envelope(message, self.case, kind, number, key, sodium.randombytes(24))
                digest = page.digest(self.case, number, kind, sealed)
                self._add("envelopes", **place, kind=kind, day=day, unread=by is None, sealed=sealed, digest=digest)
                for reader, private in readers.items():
                    if reader != "case" or kind in ("report", "addition", "reply"):
                        wrapped = page.box(page.public_of(private), key)
                        digest = page.digest(self.case, number, reader, wrapped)
                        self._add("envelope_keys", **place, reader=reader, wrapped=wrapped, digest=digest)
        tag, wrapping = page.code_keys(self.code, self.secret, *COST)
        self._add(
            "cases",
            id=self.case,
            lookup_tag=tag,
            public_key=page.public_of(self.case_key),
            locked_private=page.locked(self.case_key, wrapping, self.case, sodium.randombytes(24)),
            day=day,
            urgency="high",
            status="open",
            envelopes=number,
            noted=False,
            counted=False,
            **dict.fromkeys(
                ("assignee", "outcome", "closed", "keep_until", "warned", "withdrawn", "shredded", "counts")
            ),
        )

    def _make_log(self) -> None:
        number, newest = 0, bytes(32)
        for at, actor, act, case_id, detail in (
            ("2026-11-24T10:30:00Z", "operator", "staff added", None, f'{{"member":"{ZOE}"}}'),
            ("2026-11-24", "bot", "filed", self.case, '{"urgency":"high","word":"😟"}'),
            ("2026-11-24T10:31:00Z", ZOE, "opened", self.case, "{}"),
        ):
            number += 1
            values = (number, at, actor, act, case_id, detail)
            newest = page.audit_hash(newest, values)
            self._add("audit_log", **dict(zip(page.AUDITED, values, strict=True)), hash=newest)
        seal = page.audit_seal(number, newest, self.vouching)
        self._add("audit_head", id=1, number=number, hash=newest, sealed=number, seal=seal)
        self._add("staff_chat", id=1, at=0)
        self.head = page.audit_head(number, newest)

    def _make_chats(self) -> None:
        """Seals what is safetybot's own, for the page does not say what is in it."""
        ours = ChatKeys.random()
        keys = (ours.lookup, ours.sealing)
        drafts, visits = ours.seal_kept(STATE)
        contents = {
            ("sessions", "session"): page.open_chat_envelope(ours.seal_session(SESSION), "session", keys),
            ("fragments", "fragment"): page.open_chat_envelope(ours.seal_fragment(FRAGMENT), "fragment", keys),
            ("drafts", "drafts"): page.open_chat_envelope(drafts or b"", "drafts", keys),
            ("visits", "visits"): page.open_chat_envelope(visits or b"", "visits", keys),
            ("transcripts", "transcript"): Transcript().said(SHOWN).to_bytes(),
        }
        for (table, kind), content in contents.items():
            channel = "web" if table == "transcripts" else "telegram"
            theirs = page.chat_keys(self.secret, channel, CHATS[channel])
            sealed = page.chat_envelope(content, kind, theirs, sodium.randombytes(24))
            self._add(table, chat_key=theirs[0], sealed=sealed, expires=FUTURE)
        sealed = page.editors_words(WORDS.text, WORDS.topic, WORDS.language, EDITORS.public)
        self._add("unanswered", id="w" * 32, day="2026-11-24", sealed=sealed)
        self._add("editors_key", id=1, public_key=EDITORS.public, created="2026-11-24")

    def _add(self, table: str, **values: Any) -> None:
        self.tables[table].append(values)
