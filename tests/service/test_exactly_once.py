"""``kill -9`` at every await of what writes: it is done once, or not at all and done when the update comes again.

The process that is killed is :mod:`tests.crash_driver`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, event

from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.dialogue.report_state import ReportState
from safetybot.reports import casework
from safetybot.reports.queue import list_cases
from safetybot.staff.login import UnlockedMember
from safetybot.storage.database import DatabaseLocation
from safetybot.storage.tables import cases, drafts, metadata, unanswered
from safetybot.understanding.understanding import Understanding
from safetybot.vault.audit import Act, history, transaction, verify
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code
from safetybot.vault.envelopes import EnvelopeKind
from tests.databases import BOTH
from tests.editors import asked_about, let_editors_in
from tests.postgres import Server
from tests.talking import Bot, Chat, Phrasebook

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FIRST, SECOND, MORE = "somebody keeps writing mean things", "it is about my brother", "it happened once more"
UNTIL_STORY = ("report", "rep:set:danger:no", "rep:done:reads", "rep:set:about:me")
UNTIL_REVIEW = ("rep:done:story", "rep:done:where", "rep:on:kind:threats", "rep:done:kind", "rep:done:contact")


# --- Somebody who has come so far ----------------------------------------------------------------------------------


async def told(chat: Chat) -> None:
    for press in UNTIL_STORY:
        await chat.press(press)
    await chat.say(FIRST)


async def filled_in(chat: Chat) -> None:
    await told(chat)
    for press in UNTIL_REVIEW:
        await chat.press(press)


async def opened(chat: Chat) -> Code:
    """A report that is sent, and open by its code."""
    await filled_in(chat)
    code = code_in(await chat.press("rep:send"))
    await chat.say(f"/mycode {code.text}")
    return code


def code_in(messages: tuple[Outgoing, ...]) -> Code:
    (code,) = [code for message in messages if isinstance(code := parse(message.text), Code)]
    return code


def on_disk(folder: Path) -> bytes:
    """A hash of all that a process finds of another that was killed; its shared memory is made anew."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.endswith("-shm"))
    parts = [(str(file.relative_to(folder)), data) for file in files if (data := file.read_bytes())]
    return hashlib.sha256(repr(parts).encode()).digest()


def on_server(server: Server, database: URL) -> bytes:
    """The same of what is in a database, once the server has noticed that the process is gone."""
    assert database.database is not None
    there = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database.database}'"
    while server.execute(there)[0]["count"]:
        time.sleep(0.01)  # nothing tells when
    row = "SELECT '{0}', coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {0} AS t"
    found = server.execute(
        " UNION ALL ".join(row.format(table.name) for table in metadata.sorted_tables), database.database
    )
    return repr(sorted(map(tuple, found))).encode()


# --- One path, and the kills along it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """Files of a bot that was stopped, and the update that comes next."""

    folder: Path
    now: float
    incoming: Incoming
    member: UnlockedMember
    code: Code | None = None
    """Of the report that is there already."""
    database: URL | None = None
    """Where it is on a server."""


@dataclass(frozen=True)
class Again:
    """A bot on what a killed one left."""

    bot: Bot
    chat: Chat
    prepared: Prepared

    async def kept(self) -> ReportState:
        """What is kept of the chat."""
        return await self.bot.service._reports.load(self.chat.keys)

    async def case(self) -> casework.OpenedCase:
        """The one case, as a member of staff reads it."""
        async with transaction(self.bot.engine) as connection:
            (row,) = await list_cases(connection)
            return await casework.open_case(connection, self.prepared.member, row.ref.id, self.bot.now)

    async def acts(self, act: Act) -> int:
        """How often something was recorded, in a log that is whole."""
        async with self.bot.engine.connect() as connection:
            assert await verify(connection) is None
            return [row.act for row in await history(connection)].count(act.value)

    async def typed_elsewhere(self, code: Code) -> str:
        """What the code gets when it is typed on another device."""
        return "\n".join(said.text for said in await self.bot.chat("2", channel="web").say(f"/mycode {code.text}"))


Happened = Callable[[Again], Awaitable[bool]]
"""Whether it is done; fails where it is done by half."""
Check = Callable[[Again, tuple[Outgoing, ...]], Awaitable[None]]
"""What must hold once the update has come again, and got these messages."""


class Driver:
    """The program that is killed, once for each order."""

    def __init__(self, cache: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_driver", str(cache)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, prepared: Prepared, folder: Path, at: int, database: URL | None) -> None:
        assert self._process.stdin
        order = {
            "folder": str(folder),
            "database": None if database is None else database.render_as_string(hide_password=False),
            "shown": str(folder / "shown.json"),
            "now": prepared.now,
            "incoming": asdict(prepared.incoming),
            "at": at,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def killed(self) -> bool:
        """Waits for the end of the oldest order."""
        assert self._process.stdout
        return self._process.stdout.readline().strip() == str(-signal.SIGKILL)

    def close(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture(scope="module")
def driver(understanding: Understanding, dialogue_cache: Path) -> Iterator[Driver]:
    driver = Driver(dialogue_cache)
    yield driver
    driver.close()


class Kills:
    """Kills along one path."""

    def __init__(
        self,
        driver: Driver,
        understanding: Understanding,
        empty_database: Path,
        folder: Path,
        server: Server | None = None,
    ) -> None:
        """``server``: on PostgreSQL."""
        self._server = server
        self._databases: dict[int, URL] = {}
        self._driver = driver
        self._understanding = understanding
        self._empty = empty_database
        self._folder = folder

    async def prepare(
        self, lead: Callable[[Chat], Awaitable[Code | None]], last: Callable[[Chat], Incoming]
    ) -> Prepared:
        database = self._server.new() if self._server else None
        bot = Bot(self._understanding, database or self._empty, self._folder / "prepared")
        await bot.start()
        try:
            member = await bot.hire()
            code = await lead(bot.chat())
            return Prepared(bot.settings.data, bot.clock(), last(bot.chat()), member, code, database)
        finally:
            await bot.stop()

    async def everywhere(self, prepared: Prepared, happened: Happened, check: Check) -> None:
        """Kills at every point of the path, and looks at what each left; the last one when all was done."""
        done: list[bool] = []
        looked: dict[bytes, bool] = {}
        self._begin(prepared, 1)
        while True:
            at = len(done) + 1
            assert self._driver.killed(), f"point {at} was not reached, or something failed"
            folder = self._at(at)
            finished = folder / "shown.json"
            shown = json.loads(finished.read_text("utf-8")) if finished.exists() else None
            if shown is None:
                self._begin(prepared, at + 1)
            # What is byte for byte what another kill left needs no second look.
            database = self._databases.get(at)
            left = on_server(self._server, database) if self._server and database else on_disk(folder)
            if shown is not None or left not in looked:
                looked[left] = await self._look(prepared, folder, database, shown and shown["texts"], happened, check)
            done.append(looked[left])
            shutil.rmtree(folder)
            self._drop(database)
            if shown is not None:
                break
        points = len(done) - 1
        print(f"killed at all {points} points; done from point {done.index(True) + 1} on; {len(looked)} states")
        assert points == shown["points"]
        assert done == sorted(done)
        assert 10 < done.index(True) < points, "the kills were not spread over the whole path"
        self._drop(prepared.database)

    def _at(self, at: int) -> Path:
        return self._folder / f"killed-{at}"

    def _begin(self, prepared: Prepared, at: int) -> None:
        shutil.copytree(prepared.folder, self._at(at))
        if self._server and prepared.database and prepared.database.database:
            self._databases[at] = self._server.create(template=prepared.database.database)
        self._driver.order(prepared, self._at(at), at, self._databases.get(at))

    def _drop(self, database: URL | None) -> None:
        if self._server and database:
            self._server.drop(database)

    async def _look(
        self,
        prepared: Prepared,
        folder: Path,
        database: URL | None,
        shown: list[str] | None,
        happened: Happened,
        check: Check,
    ) -> bool:
        bot = Bot(self._understanding, database or self._empty, folder)
        bot.clock.now = prepared.now
        await bot.start()
        try:
            again = Again(bot, bot.chat(), prepared)
            done = await happened(again)
            assert done or shown is None, "it was said to be done"
            for _ in range(2):
                reply = await bot.reply(prepared.incoming)
                assert reply is not None
                assert await happened(again)
                if shown is not None:
                    assert [code for text in shown if (code := parse(text))] == [
                        code for message in reply.messages if (code := parse(message.text))
                    ]
            await check(again, reply.messages)
        finally:
            await bot.stop()
        return done


@pytest.fixture
def kills(
    request: pytest.FixtureRequest,
    new_database: Callable[[], DatabaseLocation],
    driver: Driver,
    understanding: Understanding,
    empty_database: Path,
    tmp_path: Path,
) -> Kills:
    on_server = not isinstance(new_database(), Path)
    server: Server | None = request.getfixturevalue("postgres_server") if on_server else None
    return Kills(driver, understanding, empty_database, tmp_path, server)


# --- The paths -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new_database", BOTH, indirect=True)
async def test_a_report_is_sent_once(kills: Kills) -> None:
    """A crash before the transaction leaves the draft; one after it shows the code when the update comes again."""

    async def happened(again: Again) -> bool:
        rows = await again.bot.rows(cases), await again.bot.rows(drafts)
        assert rows in ((0, 1), (1, 0))
        return rows == (1, 0)

    async def check(again: Again, messages: tuple[Outgoing, ...]) -> None:
        code = code_in(messages)
        assert "Nobody has opened it yet." in await again.typed_elsewhere(code)
        assert await again.acts(Act.FILED) == 1
        (report,) = (await again.case()).messages
        assert report.kind is EnvelopeKind.REPORT
        assert FIRST in str(report.body)
        assert (await again.kept()).draft is None

    prepared = await kills.prepare(filled_in, lambda chat: chat.pressed("rep:send"))
    await kills.everywhere(prepared, happened, check)


async def test_an_answer_is_kept_once(kills: Kills) -> None:
    async def happened(again: Again) -> bool:
        draft = (await again.kept()).draft
        assert draft is not None
        assert draft.answer("story").words in ((FIRST,), (FIRST, SECOND))
        return len(draft.answer("story").words) == 2

    async def check(again: Again, messages: tuple[Outgoing, ...]) -> None:
        assert messages[-1].text == "I've kept that. Write more, or press the button."
        assert "rep:done:story" in [button.press for row in messages[-1].buttons for button in row]

    prepared = await kills.prepare(told, lambda chat: chat.typed(SECOND))
    await kills.everywhere(prepared, happened, check)


async def test_words_for_a_case_are_kept_once(kills: Kills) -> None:
    async def lead(chat: Chat) -> Code:
        code = await opened(chat)
        await chat.press("case:write")
        await chat.say(FIRST)
        return code

    async def happened(again: Again) -> bool:
        (addition,) = (await again.kept()).additions
        assert addition.words in ((FIRST,), (FIRST, MORE))
        return len(addition.words) == 2

    async def check(again: Again, messages: tuple[Outgoing, ...]) -> None:
        assert "case:send" in [button.press for row in messages[-1].buttons for button in row]

    prepared = await kills.prepare(lead, lambda chat: chat.typed(MORE))
    await kills.everywhere(prepared, happened, check)


async def test_a_case_is_added_to_once(kills: Kills) -> None:
    async def lead(chat: Chat) -> Code:
        code = await opened(chat)
        for text in ("/report", "/stop"):
            await chat.say(text)
        await chat.press("rep:delete")
        await chat.say(f"/mycode {code.text}")
        await chat.press("case:write")
        await chat.say(MORE)
        return code

    async def happened(again: Again) -> bool:
        with closing(sqlite3.connect(again.bot.settings.database)) as database:
            ((count,),) = database.execute("SELECT count(*) FROM envelopes WHERE kind = 'addition'")
        kept = await again.kept()
        assert (count, len(kept.additions)) in ((0, 1), (1, 0))
        return count == 1

    async def check(again: Again, messages: tuple[Outgoing, ...]) -> None:
        assert "It is added." in messages[0].text
        assert await again.acts(Act.ADDED) == 1
        _, addition = (await again.case()).messages
        assert addition.kind is EnvelopeKind.ADDITION
        assert addition.body == {"language": "en", "text": MORE}

    prepared = await kills.prepare(lead, lambda chat: chat.pressed("case:send"))
    await kills.everywhere(prepared, happened, check)


async def test_a_report_nobody_has_read_is_taken_back_once(kills: Kills) -> None:
    async def lead(chat: Chat) -> Code:
        code = await opened(chat)
        await chat.press("case:withdraw")
        return code

    async def happened(again: Again) -> bool:
        async with again.bot.engine.connect() as connection:
            listed = await list_cases(connection)
        visit = (await again.kept()).visit
        assert visit is not None
        assert (len(listed), visit.case is None) in ((1, False), (0, True))
        return not listed

    async def check(again: Again, messages: tuple[Outgoing, ...]) -> None:
        assert "It is deleted." in messages[0].text
        assert await again.acts(Act.WITHDREW) == await again.acts(Act.SHREDDED) == 1
        assert again.prepared.code is not None
        assert "does not open anything" in await again.typed_elsewhere(again.prepared.code)

    prepared = await kills.prepare(lead, lambda chat: chat.pressed("case:withdraw-yes"))
    await kills.everywhere(prepared, happened, check)


async def test_words_are_kept_for_editors_once(kills: Kills, phrasebook: Phrasebook) -> None:
    """A crash before it leaves the question's words; after it, the same Yes finds the same id."""

    async def lead(chat: Chat) -> None:
        await let_editors_in(chat.bot)
        assert await asked_about(chat, phrasebook.unsure_words)

    async def happened(again: Again) -> bool:
        count = await again.bot.rows(unanswered)
        assert count in (0, 1)
        return count == 1

    async def check(again: Again, messages: tuple[Outgoing, ...]) -> None:
        assert messages[0].text == again.bot.service.wording("en").say["words-kept"]

    prepared = await kills.prepare(lead, lambda chat: chat.pressed("words:yes"))
    await kills.everywhere(prepared, happened, check)


async def test_a_commit_is_on_the_disk_before_it_is_said(bot: Bot, chat: Chat) -> None:
    """``synchronous=FULL`` (2), on the very connections that file, add and withdraw."""
    await bot.hire()
    await filled_in(chat)
    seen: list[list[object]] = []

    @event.listens_for(bot.engine.sync_engine, "commit")
    def look(connection: Connection) -> None:
        switches = ("synchronous", "journal_mode")
        seen.append([connection.exec_driver_sql(f"PRAGMA {switch}").scalar() for switch in switches])

    code = code_in(await chat.press("rep:send"))
    assert seen == [[2, "wal"]] * 2  # the report with its code, and that the code was shown
    for said in (f"/mycode {code.text}", "case:write", MORE, "case:send", "case:withdraw", "case:withdraw-yes"):
        seen.clear()
        await (chat.press(said) if said.startswith("case:") else chat.say(said))
        assert seen
        assert all(found == [2, "wal"] for found in seen)
