"""Whoever takes the database, its logs or a backup learns nothing of a report: no word, no name, no chat, no code."""

from __future__ import annotations

import datetime as dt
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import connect

import pytest
from sqlalchemy import Table, select, text

from safetybot.administration import operator_tasks
from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRow
from safetybot.reports.queue import list_cases
from safetybot.staff.login import UnlockedMember
from safetybot.storage import tables
from safetybot.vault.audit import transaction
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code, derive, pepper_from
from safetybot.vault.sealing import BUCKETS, bucket_of
from tests.reports.office import CHEAP, PASSPHRASE
from tests.talking import Bot, Chat
from tests.thief import (
    Search,
    backup,
    byte_forms,
    chat_forms,
    code_forms,
    everything_logged,
    files,
    forms,
)

CHAT_TABLES = (tables.sessions, tables.fragments, tables.drafts, tables.visits)


@dataclass(frozen=True)
class Secret:
    """Everything that one person tells, each part with a word in it that stands nowhere else."""

    chat: str
    name: str
    username: str
    phone: str
    email: str

    def story(self) -> tuple[str, str]:
        return f"{self.name}ella keeps hurting me", f"my name is {self.name} and i am @{self.username}"

    def where(self) -> str:
        return f"on {self.username}.example/{self.name}ville"

    def kind(self) -> str:
        return f"{self.name}kind of thing"

    def contact(self) -> str:
        return f"{self.phone} {self.email}"

    def addition(self) -> str:
        return f"it was {self.name}son again, call {self.phone}9"

    def unsent(self) -> str:
        return f"{self.name}unsent words that i keep for later"

    def reply(self) -> str:
        return f"Dear {self.name}reply, thank you."

    def note(self) -> str:
        return f"I think this is {self.name}note of the other case."

    def wanted(self) -> dict[str, Sequence[bytes]]:
        """Every whole text, and every single rare word in it."""
        texts = [*self.story(), self.where(), self.kind(), self.contact(), self.addition(), self.unsent(), self.reply()]
        rare = {word.strip(".,@") for each in (*texts, self.note()) for word in each.split() if self._is_rare(word)}
        rare |= {self.name, self.username, self.phone, self.email}
        return {word: tuple(forms(word)) for word in (*texts, *rare)} | {self.chat: tuple(chat_forms(self.chat))}

    def _is_rare(self, word: str) -> bool:
        return any(part in word for part in (self.name, self.username, self.phone, self.email))


NAMES = ("zebedee", "dougal", "brianne", "ermintrud", "mrrusty", "paulheg", "basilq", "dylanrab", "Zoë-Žofie", "qwerti")
PEOPLE = [
    Secret(f"98765432{number}0123", name, f"x_{name[:5]}.{number}77", f"0770090{number}123", f"{name}@ex{number}.org")
    for number, name in enumerate(NAMES)
]


@dataclass
class Loot:
    """What the thief would like to find."""

    wanted: dict[str, Sequence[bytes]] = field(default_factory=dict)

    def also(self, name: str, wanted: Iterator[bytes]) -> None:
        self.wanted[name] = tuple(wanted)

    def in_files(self, bot: Bot) -> dict[str, list[str]]:
        """File → what of it all stands there; a backup that is made now is one of the files."""
        taken = files(bot.settings.data)
        taken["backup"] = backup(bot.settings.database, bot.settings.data.parent / "backup.sqlite3")
        search = Search(self.wanted)
        return {name: there for name, content in taken.items() if (there := search.found(content))}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with everything_logged() as stream:
        yield stream


@pytest.fixture
async def ada(bot: Bot) -> UnlockedMember:
    return await bot.hire()


def code_in(messages: tuple[Outgoing, ...]) -> Code:
    (code,) = [code for message in messages if isinstance(code := parse(message.text), Code)]
    return code


async def tells(chat: Chat, secret: Secret) -> None:
    """A whole report as far as the review, with own words wherever there can be some."""
    await chat.say("/report")
    await chat.press("rep:set:danger:no")
    await chat.press("rep:done:reads")
    await chat.press("rep:set:about:me")
    for words in secret.story():
        await chat.say(words)
    await chat.press("rep:done:story")
    await chat.say(secret.where())
    await chat.say(secret.kind())
    await chat.press("rep:on:kind:threats")
    await chat.press("rep:done:kind")
    review = await chat.say(secret.contact())
    shown = "\n".join(message.text.replace("\\", "") for message in review)
    for words in (*secret.story(), secret.where(), secret.kind(), secret.contact()):
        assert words in shown  # or nothing would be tested


async def reports(chat: Chat, secret: Secret) -> Code:
    await tells(chat, secret)
    code = code_in(await chat.press("rep:send"))
    await chat.press("code:saved")
    await chat.press("code:again")
    return code


async def every_case(bot: Bot) -> Sequence[CaseRow]:
    async with transaction(bot.engine) as connection:
        return await list_cases(connection)


async def staff_work(bot: Bot, ada: UnlockedMember, person: Secret) -> None:
    """A member opens the case in which this person wrote, replies, writes a note and refers it."""
    for case in await every_case(bot):
        async with transaction(bot.engine) as connection:
            opened = await casework.open_case(connection, ada, case.ref.id, bot.now)
            if person.story()[0] not in str(opened.messages[0].body):
                continue
            await casework.reply(connection, ada, case.ref.id, {"text": person.reply()}, bot.now)
            await casework.note(connection, ada, case.ref.id, {"text": person.note()}, bot.now)
            to, reference = f"{person.name} school", f"ref {person.phone}"
            await casework.refer(connection, ada, case.ref.id, bot.now, to=to, when=bot.now.date(), reference=reference)
            await casework.export_case(connection, ada, case.ref.id, bot.now)
            return
    raise AssertionError("the case is not there")


async def ten_people(bot: Bot, ada: UnlockedMember, loot: Loot) -> None:
    """Ten whole reports, their replies and additions; and whatever can be left open is left open by somebody."""
    chats = [bot.chat(person.chat) for person in PEOPLE]
    codes = []
    for chat, person in zip(chats, PEOPLE, strict=True):
        loot.wanted |= person.wanted()
        code = await reports(chat, person)
        codes.append(code)
        loot.also(f"code {code.text}", code_forms(code.text))
        await staff_work(bot, ada, person)
    for number, (chat, person, code) in enumerate(zip(chats, PEOPLE, codes, strict=True)):
        first, *others = code.words
        await chat.say(f"/mycode {' '.join((f'{first}z', *others))}")  # mistyped: what was typed is kept
        if number == 0:
            continue  # left at "did you mean"
        await chat.say(f"/mycode {' '.join(reversed(code.words))}")  # wrong
        assert "reply" in (await chat.say(f"/mycode {code.text.upper().replace(' ', ', ')}"))[0].text
        assert person.reply() in (await chat.press("case:replies"))[0].text.replace("\\", "")
        if number == 1:
            continue  # the visit is left open
        await chat.press("case:write")
        await chat.say(person.addition())
        await chat.press("case:send")
        if number == 2:  # an addition is left unsent
            await chat.press("case:write")
            await chat.say(person.unsent())
            continue
        if number == 3:
            await chat.press("case:withdraw")
            await chat.press("case:withdraw-yes")
        await chat.press("case:leave")
        if number == 4:  # a second report is left as a draft
            await tells(chat, person)
        if number == 5:
            await tells(chat, person)
            await chat.say("/stop")
            await chat.press("rep:delete")
        if number == 6:
            await chat.send_picture()
            await chat.say("/hide")


@contextmanager
def broken(bot: Bot, table: str, act: str) -> Iterator[None]:
    """Whatever is done to a table fails, with what was to be written in the database's error."""
    with closing(connect(bot.settings.database)) as database:
        database.execute(f"CREATE TRIGGER broken BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END")
    yield
    with closing(connect(bot.settings.database)) as database:
        database.execute("DROP TRIGGER broken")


async def failures(bot: Bot, person: Secret) -> None:
    """What goes wrong with reports, and is logged."""
    chat = bot.chat("5550001")
    with broken(bot, "envelopes", "INSERT"):
        await tells(chat, person)
        assert "rep:send" in str(await chat.press("rep:send"))
    with broken(bot, "drafts", "INSERT"):
        await chat.press("rep:edit:where")
        assert (await chat.say(person.where()))[-1].text == bot.service.wording("en").say["broken"]
    code = code_in(await chat.press("rep:send"))
    with broken(bot, "code_tries", "INSERT"):
        await chat.say(f"/mycode {code.text}")
    await chat.say(f"/mycode {code.text}")
    await chat.press("case:write")
    await chat.say(person.addition())
    with broken(bot, "envelope_keys", "INSERT"):
        await chat.press("case:send")
    with broken(bot, "cases", "UPDATE"):
        await chat.press("case:withdraw")
        await chat.press("case:withdraw-yes")
    async with bot.engine.begin() as connection:
        await connection.execute(text("UPDATE drafts SET sealed = zeroblob(64)"))
        await connection.execute(text("UPDATE visits SET sealed = zeroblob(64)"))
    await chat.press("rep:look")
    try:
        await bot.reply(Incoming("telegram", person.chat, text=7))  # type: ignore[arg-type]
    except Exception:
        logging.getLogger("safetybot.channels").exception("the conversation failed")


@pytest.mark.slow
async def test_nothing_of_ten_reports_is_in_any_file_log_or_backup(
    bot: Bot, ada: UnlockedMember, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    loot = Loot()
    await ten_people(bot, ada, loot)
    await bot.service.committed()
    assert len(await every_case(bot)) == len(PEOPLE)
    assert [await bot.rows(table) for table in (tables.drafts, tables.visits)] == [2, len(PEOPLE)]
    running = files(bot.settings.data)
    assert {"safetybot.sqlite3", "safetybot.sqlite3-wal", "safetybot.sqlite3-shm", "server.key"} <= running.keys()
    assert len(running["safetybot.sqlite3-wal"]) > 100_000
    assert loot.in_files(bot) == {}

    # Nor are the keys: the server's own, and those of staff.
    for name, secret in (
        ("secret", bot.secret_file.read_bytes()),
        ("pepper", pepper_from(bot.secret_file.read_bytes())),
        ("private key", ada.pair().private),
        ("passphrase", PASSPHRASE.encode()),
    ):
        loot.also(name, byte_forms(secret))
    there = loot.in_files(bot)
    assert there.pop("server.key") == ["secret"]
    assert there == {}

    await failures(bot, PEOPLE[9])
    await bot.service.committed()
    assert loot.in_files(bot).keys() == {"server.key"}
    await bot.restart()
    assert loot.in_files(bot).keys() == {"server.key"}

    logged = log.getvalue()
    assert logged.count("a report could not be handled: IntegrityError") == 4
    assert "an answer to a report could not be saved: IntegrityError" in logged
    assert "what was kept of a report was given up" in logged
    assert "aiosqlite" in logged  # at DEBUG it does say what it executes
    printed = "".join(capfd.readouterr())
    assert Search(loot.wanted).found((logged + printed).encode()) == []


async def test_what_stands_in_the_database_is_found(bot: Bot, ada: UnlockedMember, tmp_path: Path) -> None:
    """The search is not blind: the same words in clear are found, in the log, in the file and in a backup."""
    person, loot = PEOPLE[8], Loot(PEOPLE[8].wanted())
    for number, word in enumerate((person.name, person.contact(), person.chat)):
        async with bot.engine.begin() as connection:
            values = {"day": word, "name": str(number), "topic": "", "count": 1}
            await connection.execute(tables.counters.insert(), values)
        assert word in loot.in_files(bot)["safetybot.sqlite3-wal"]
        assert word in loot.in_files(bot)["backup"]
    await bot.stop()
    assert {person.name, person.contact(), person.chat} <= set(loot.in_files(bot)["safetybot.sqlite3"])
    await bot.start()


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.chat)
def test_every_form_of_every_secret_would_be_found(person: Secret) -> None:
    wanted = person.wanted() | {"code": tuple(code_forms("maple rocket violin badger teapot walnut"))}
    search = Search(wanted)
    for name, each in wanted.items():
        assert all(name in search.found(b"\0\1" + form + b"\2") for form in each)
    assert search.found(b"nothing") == []
    for written in ("Maple-Rocket", "violin, badger", '["teapot","walnut"]'):
        assert search.found(written.encode()) == ["code"]


async def chat_data(bot: Bot) -> dict[str, set[bytes]]:
    """Of each table that knows chats, every value that could tell which chat it is."""
    data: dict[str, set[bytes]] = {}
    async with bot.engine.connect() as connection:
        for table in (*CHAT_TABLES, tables.cases, tables.envelopes, tables.envelope_keys):
            rows = (await connection.execute(select(table))).all()
            data[table.name] = {value for row in rows for value in row if isinstance(value, bytes)}
    return data


async def test_the_database_alone_confirms_no_chat_and_no_code(
    bot: Bot, ada: UnlockedMember, empty_database: Path, tmp_path: Path
) -> None:
    """Of two bots that were told the same by the same chats, nothing is the same."""
    other = Bot(bot.understanding, empty_database, tmp_path / "other")
    await other.start()
    try:
        await other.hire()
        for each in (bot, other):
            for person in PEOPLE[:2]:
                await reports(each.chat(person.chat), person)
                await each.chat(person.chat).say(f"it goes on {person.name}")
                await tells(each.chat(person.chat), person)
            await each.service.committed()
        ours, theirs = await chat_data(bot), await chat_data(other)
    finally:
        await other.stop()
    for name in ours:
        assert ours[name] & theirs[name] == set(), name
        assert len(ours[name]) >= 2 or name == "fragments", name
    keys = set().union(*ours.values())
    for person in PEOPLE[:2]:
        chat = bot.chat(person.chat)
        assert chat.keys.lookup in keys  # with the secret it is found …
        guesses = set(chat_forms(person.chat))
        assert [key for key in keys if key[:16] in guesses or key in guesses] == []  # … and not by any hash without it
    # A code that somebody guesses cannot be checked either: the tag needs the pepper.
    code = await reports(bot.chat("5550002"), PEOPLE[2])
    tags = (await chat_data(bot))["cases"]
    assert derive(code, pepper_from(bot.secret_file.read_bytes()), CHEAP).lookup_tag in tags
    assert derive(code, bytes(32), CHEAP).lookup_tag not in tags


async def test_sizes_tell_no_more_than_a_bucket(bot: Bot, ada: UnlockedMember) -> None:
    loot = Loot()
    await ten_people(bot, ada, loot)
    async with bot.engine.connect() as connection:
        sealed = (await connection.execute(select(tables.envelopes.c.kind, tables.envelopes.c.sealed))).all()
        wrapped = (await connection.execute(select(tables.envelope_keys.c.wrapped))).scalars().all()
        kept = [
            len(envelope)
            for table in CHAT_TABLES
            for envelope in (await connection.execute(select(table.c.sealed))).scalars()
        ]
    assert {row.kind for row in sealed} == {"report", "contact", "addition", "reply", "note", "referral"}
    assert {bucket_of(row.sealed) for row in sealed} <= set(BUCKETS)
    assert {len(key) for key in wrapped} == {80}
    assert kept
    assert {(size + bucket_of(b"")) % 256 for size in kept} == {0}


# --- What is deleted ---------------------------------------------------------------------------------------------


async def pieces(bot: Bot, case: str) -> dict[str, list[bytes]]:
    """Everything of a case that opens it, in pieces no longer than what a page of SQLite's holds of them."""
    async with bot.engine.connect() as connection:

        async def of(table: Table, *columns: str) -> list[bytes]:
            key = table.c.id if table is tables.cases else table.c.case_id
            rows = await connection.execute(select(*(table.c[name] for name in columns)).where(key == case))
            return [value for row in rows for value in row]

        keys = await of(tables.envelope_keys, "wrapped") + await of(
            tables.cases, "lookup_tag", "public_key", "locked_private"
        )
        sealed = await of(tables.envelopes, "sealed")
    return {
        "keys": keys,
        "envelopes": [each[start : start + 32] for each in sealed for start in range(0, len(each) - 32, 32)],
    }


def left(bot: Bot, wanted: Mapping[str, Sequence[bytes]]) -> dict[str, int]:
    """How many of the pieces still stand in any file."""
    taken = b"".join(files(bot.settings.data).values())
    return {name: sum(piece in taken for piece in each) for name, each in wanted.items()}


async def test_withdrawn_unread_nothing_is_left(bot: Bot, ada: UnlockedMember) -> None:
    chat, other = bot.chat(PEOPLE[0].chat), bot.chat(PEOPLE[1].chat)
    code = await reports(chat, PEOPLE[0])
    await reports(other, PEOPLE[1])
    first, second = [case.ref.id for case in sorted(await every_case(bot), key=lambda case: case.ref.id)]
    await chat.say(f"/mycode {code.text}")
    before = {case: await pieces(bot, case) for case in (first, second)}
    for wanted in before.values():
        assert left(bot, wanted) == {name: len(each) for name, each in wanted.items()}  # all of it is there
    await chat.press("case:withdraw")
    await chat.press("case:withdraw-yes")
    (remaining,) = await every_case(bot)
    for case, wanted in before.items():
        if case == remaining.ref.id:
            assert left(bot, wanted) == {name: len(each) for name, each in wanted.items()}
        else:
            assert left(bot, wanted) == {"keys": 0, "envelopes": 0}
    # In a backup that is made now, neither.
    (gone,) = (wanted for case, wanted in before.items() if case != remaining.ref.id)
    copy = backup(bot.settings.database, bot.settings.data.parent / "backup.sqlite3")
    assert [piece for each in gone.values() for piece in each if piece in copy] == []


async def test_purged_nothing_is_left(bot: Bot, ada: UnlockedMember) -> None:
    """``safetybot purge`` while the bot runs, when a closed case has been kept long enough."""
    chat = bot.chat(PEOPLE[0].chat)
    await reports(chat, PEOPLE[0])
    await staff_work(bot, ada, PEOPLE[0])
    (case,) = await every_case(bot)
    async with transaction(bot.engine) as connection:
        await casework.close(connection, ada, case.ref.id, CaseOutcome.ADVISED, bot.now)
    wanted = await pieces(bot, case.ref.id)
    there = {name: len(each) for name, each in wanted.items()}
    assert left(bot, wanted) == there
    announced = await operator_tasks.purge(bot.settings.database, bot.now + dt.timedelta(days=87))
    assert ([ref.id for ref in announced.announced], list(announced.deleted)) == ([case.ref.id], [])
    assert left(bot, wanted) == there
    purged = await operator_tasks.purge(bot.settings.database, bot.now + dt.timedelta(days=90))
    assert [ref.id for ref in purged.deleted] == [case.ref.id]
    assert purged.scrubbed
    assert left(bot, wanted) == {"keys": 0, "envelopes": 0}
    assert await bot.rows(tables.cases) == 1  # a stub, for the figures


async def test_what_was_sent_or_thrown_away_is_no_draft_any_more(bot: Bot, ada: UnlockedMember) -> None:
    """The rows go at once; their bytes, which are sealed, when the log is next emptied."""
    chats = [bot.chat(person.chat) for person in PEOPLE[:2]]
    for chat, person in zip(chats, PEOPLE, strict=False):
        await tells(chat, person)
    async with bot.engine.connect() as connection:
        sealed = (await connection.execute(select(tables.drafts.c.sealed))).scalars().all()
    parts = [each[start : start + 32] for each in sealed for start in range(0, len(each) - 32, 32)]
    assert left(bot, {"drafts": parts}) == {"drafts": len(parts)}
    await chats[0].press("rep:send")
    await chats[1].say("/stop")
    await chats[1].press("rep:delete")
    assert await bot.rows(tables.drafts) == 0
    await bot.restart()
    assert left(bot, {"drafts": parts}) == {"drafts": 0}
