"""Make the data of version 0.4 that later versions must open.

``python -m tests.upgrade.make_fixture FOLDER`` fills ``FOLDER/sqlite`` (database, secret, backup, ``facts.json``) and
``FOLDER/postgresql`` (the same, with a dump). The files in ``version_0_4/`` were made so by the commit that added this
file, with that version's program. Everything goes through its own entrances, with its real key derivation.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pyotp
from sqlalchemy import select

from safetybot.app import Started, started_service
from safetybot.backup.create import make_backup
from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.dialogue.transcript import Transcript
from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome
from safetybot.reports.queue import list_cases
from safetybot.settings import Settings
from safetybot.staff import members
from safetybot.staff.login import change_passphrase, unlock
from safetybot.staff.passphrases import one_time_passphrase
from safetybot.staff.recovery import spell
from safetybot.staff.second_factor import enrol, new_secret
from safetybot.storage.tables import counters
from safetybot.vault.audit import head, transaction
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code
from safetybot.vault.key_derivation import KeyStretcher
from tests import postgres

CONTENT = Path(__file__).parents[1] / "fixtures" / "dialogue"
NOW = dt.datetime(2026, 12, 3, 10, 0, tzinfo=dt.UTC)
"""When all of it happens, and the moment at which the tests open it again."""
STORIES = ("somebody keeps writing mean things", "he wants me to send a picture", "they shout my name in the game")
ADDITION = "it happened again last night"
REPLY = "Thank you for telling us. You did the right thing."
DRAFT = "my cousin reads all my messages"


class Chat:
    """Somebody who talks to the service."""

    numbers = itertools.count(1)

    def __init__(self, started: Started, channel: str, name: str) -> None:
        self.started, self.channel, self.name = started, channel, name

    def incoming(self, *, text: str | None = None, press: str | None = None) -> Incoming:
        number = next(self.numbers)
        return Incoming(
            self.channel, self.name, text=text, press=press, language="en", update_id=number, message_id=number
        )

    async def acts(self, *, text: str | None = None, press: str | None = None) -> tuple[Outgoing, ...]:
        incoming = self.incoming(text=text, press=press)
        async with self.started.service.turn(self.channel, self.name) as turn:
            reply = await turn.reply(incoming)
            assert reply is not None
            turn.delivered([next(self.numbers) for _ in reply.messages])
            return reply.messages

    async def fills_in(self, story: str) -> None:
        """The form as far as the review."""
        await self.acts(text="/report")
        for press in ("rep:set:danger:no", "rep:done:reads", "rep:set:about:me"):
            await self.acts(press=press)
        await self.acts(text=story)
        for press in ("rep:done:story", "rep:done:where", "rep:on:kind:threats", "rep:done:kind", "rep:done:contact"):
            await self.acts(press=press)

    async def reports(self, story: str) -> str:
        """The code of a report that is sent."""
        await self.fills_in(story)
        shown = await self.acts(press="rep:send")
        (code,) = [code for message in shown if isinstance(code := parse(message.text), Code)]
        await self.acts(press="code:saved")
        return code.text

    async def returns(self, code: str) -> tuple[Outgoing, ...]:
        return await self.acts(text=f"/mycode {code}")


async def furnish(settings: Settings, backup: Path) -> dict[str, Any]:
    """Fill an empty installation; what a test must know to open it."""
    moment = NOW.timestamp()
    facts: dict[str, Any] = {"now": NOW.isoformat(), "members": {}, "codes": {}}
    stretcher = KeyStretcher()
    async with started_service(settings, clock=lambda: moment) as started:
        with closing(stretcher):
            engine = started.engine
            unlocked = {}
            for name in ("Anna Smith", "Ben Okafor", "Carys Left"):
                first, passphrase, totp = one_time_passphrase(), one_time_passphrase(), new_secret()
                _, recovery = await members.add(engine, name, first, NOW, stretcher)
                if recovery is not None:
                    facts["recovery_key"] = spell(recovery)
                member = await unlock(engine, name, first, NOW, stretcher)
                await change_passphrase(engine, member, passphrase, NOW, stretcher)
                codes = await enrol(engine, member, totp, pyotp.TOTP(totp).at(NOW), NOW)
                facts["members"][name] = {"passphrase": passphrase, "totp": totp, "recovery_codes": list(codes)}
                unlocked[name] = member
            await members.disable(engine, "Carys Left", NOW)
            anna = unlocked["Anna Smith"]

            asked = Chat(started, "telegram", "771001")
            await asked.acts(text="/start")
            shown = await asked.acts(text="someone keeps sending me horrible messages")
            facts["advice"] = [message.text for message in shown]
            facts["session_chat"] = ["telegram", asked.name]

            for number, story in enumerate(STORIES):
                facts["codes"][story] = await Chat(started, "telegram", f"88100{number}").reports(story)
            withdrawn = Chat(started, "web", "w" * 32)
            facts["withdrawn"] = await withdrawn.reports("please forget this")

            async with transaction(engine) as connection:
                rows = await list_cases(connection)
            opened: dict[str, str] = {}
            for row in rows:
                async with transaction(engine) as connection:
                    case = await casework.open_case(connection, anna, row.ref.id, NOW)
                    text = json.dumps([message.body for message in case.messages])
                opened |= {story: row.ref.id for story in STORIES if story in text}
                if "please forget" in text:
                    facts["withdrawn_case"] = row.ref.id
            async with transaction(engine) as connection:
                await casework.reply(connection, anna, opened[STORIES[0]], {"text": REPLY}, NOW)
                await casework.close(connection, anna, opened[STORIES[1]], CaseOutcome.ADVISED, NOW)
            facts["cases"] = opened
            # Read already, so it is flagged, and stays with staff; the next one is unread, and deleted.
            for chat, code in ((withdrawn, facts["withdrawn"]),):
                await chat.returns(code)
                await chat.acts(press="case:withdraw")
                await chat.acts(press="case:withdraw-yes")
            unread = Chat(started, "telegram", "881009")
            facts["deleted"] = await unread.reports("nobody may read this")
            await unread.returns(facts["deleted"])
            await unread.acts(press="case:withdraw")
            await unread.acts(press="case:withdraw-yes")

            again = Chat(started, "telegram", "881007")
            await again.returns(facts["codes"][STORIES[2]])
            await again.acts(press="case:write")
            await again.acts(text=ADDITION)
            await again.acts(press="case:send")
            await again.acts(press="case:leave")

            draft = Chat(started, "telegram", "991001")
            await draft.fills_in(DRAFT)
            facts["draft_chat"] = ["telegram", draft.name]

            page = Transcript(language="en").said("is snapchat safe", shown)
            await started.transcripts.save("t" * 32, page)
            facts["transcript_chat"] = ["web", "t" * 32]
            await started.service.committed()
            async with engine.connect() as connection:
                facts["counters"] = sum((await connection.execute(select(counters.c.count))).scalars())
                newest = await head(connection)
                facts["audit"] = {"number": newest.number, "hash": newest.hash.hex()}
            for member in unlocked.values():
                member.wipe()
    await make_backup(settings.database, settings.files, backup, NOW, chats=True)
    return facts


def sqlite(folder: Path) -> None:
    """Fill a data folder."""
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        data = Path(temporary) / "data"
        facts = asyncio.run(furnish(Settings(data=data, content=CONTENT), folder / "backup.sealed"))
        with closing(sqlite3.connect(data / "safetybot.sqlite3")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(data / "safetybot.sqlite3", folder)
        shutil.copy(data / "secrets" / "server.key", folder)
    (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")


def postgresql(folder: Path) -> None:
    """Fill a database on a server, and dump it."""
    folder.mkdir(parents=True)
    programs = postgres.programs()
    assert programs is not None
    with tempfile.TemporaryDirectory() as temporary, postgres.running() as server:
        url, data = server.new(), Path(temporary) / "data"
        settings = Settings(data=data, content=CONTENT, database_url=url)
        facts = asyncio.run(furnish(settings, folder / "backup.sealed"))
        address = {"host": str(url.query["host"]), "port": str(url.query["port"])}
        where = [f"--{name}={value}" for name, value in address.items()]
        dump = subprocess.run(
            [
                programs / "pg_dump",
                *where,
                "--username=postgres",
                "--no-owner",
                "--no-privileges",
                "--inserts",
                url.database,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        (folder / "dump.sql").write_text(dump.stdout)
        shutil.copy(data / "secrets" / "server.key", folder)
    (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    sqlite(target / "sqlite")
    postgresql(target / "postgresql")
