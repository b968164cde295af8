"""An installation in which something has happened: staff, cases in every state, and what chats leave for some hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table, func, insert, select

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef
from safetybot.reports.filing import CaseUrgency, Report, file_report, find_case, view_case
from safetybot.staff import login, recovery
from safetybot.staff.recovery import spell
from safetybot.storage import tables
from safetybot.storage.database import Engine, migrate
from safetybot.storage.location import DatabaseLocation, InstallationFiles
from safetybot.vault.audit import Head, head, transaction, verify
from safetybot.vault.audit_seal import seal_fault
from safetybot.vault.codes import Code, CodeKeys, derive, new_code, pepper_from
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.server_secret import read_or_make_secret
from tests.reports.office import CHEAP, PASSPHRASE, START, Office, open_wholly
from tests.vouching import vouching_engine

STORY = "Zebedee keeps hurting me at the ice rink"
CONTACT = "write to zebedee@mail.example"
REPLY = "Thank you for telling us, dear Ermintrude."
CHAT = "98765432101234"
FUTURE = 1 << 40
"""An hour, or a second, that is never over."""


@dataclass
class House:
    """Where its files are, and what must still open after anything that is done to them."""

    where: DatabaseLocation
    data: Path
    codes: list[Code]
    refs: list[CaseRef]
    key: str = ""
    """The recovery key, as it stands on the paper."""

    @property
    def secret(self) -> Path:
        return self.data / "secrets" / "server.key"

    @property
    def files(self) -> InstallationFiles:
        return InstallationFiles(self.data, self.secret)

    def keys(self, code: Code, secret: Path | None = None) -> CodeKeys:
        return derive(code, pepper_from((secret or self.secret).read_bytes()), CHEAP)

    async def file(self, engine: Engine, at: dt.datetime, story: str = STORY) -> CaseRef:
        code = new_code()
        report = Report({"story": [story]}, {"contact": CONTACT})
        async with transaction(engine) as connection:
            ref = await file_report(connection, report, self.keys(code), at, CaseUrgency.HIGH)
        self.codes.append(code)
        self.refs.append(ref)
        return ref


@asynccontextmanager
async def engine_at(where: DatabaseLocation, secret: Path | None = None) -> AsyncIterator[Engine]:
    engine = vouching_engine(where, secret)
    try:
        yield engine
    finally:
        await engine.dispose()


async def furnish(where: DatabaseLocation, data: Path, *, cases: int = 4) -> House:
    """The first case is answered, the second closed, the third has been read, the others are new."""
    house = House(where, data, [], [])
    read_or_make_secret(house.secret)
    stretcher = KeyStretcher()
    try:
        async with engine_at(where, house.secret) as engine:
            await migrate(engine)
            office = Office(engine, stretcher, data)
            ada = await office.hire("Ada")
            assert office.recovery is not None
            house.key = spell(office.recovery)
            for _ in range(cases):
                await house.file(engine, office.now)
            async with office.writing() as connection:
                for ref in house.refs[:3]:
                    await open_wholly(connection, ada, ref.id, office.now)
                await casework.reply(connection, ada, house.refs[0].id, {"text": REPLY}, office.now)
                await casework.close(connection, ada, house.refs[1].id, CaseOutcome.ADVISED, office.now)
            async with engine.begin() as connection:
                for table in CHATS:
                    row = {"chat_key": b"c" * 32, "sealed": f"{table.name} of a chat".encode(), "expires": FUTURE}
                    await connection.execute(insert(table), row)
                await connection.execute(
                    insert(tables.counters), {"day": "2026-11-24", "name": "n", "topic": "t", "count": 7}
                )
                await connection.execute(
                    insert(tables.handled_updates), {"channel": "telegram", "update_id": 1 << 40, "expires": FUTURE}
                )
                words = {"id": "w" * 32, "day": "2999-01-01", "sealed": b"masked words"}
                await connection.execute(insert(tables.unanswered), words)
    finally:
        stretcher.close()
    return house


CHATS: tuple[Table, ...] = (
    tables.sessions,
    tables.fragments,
    tables.drafts,
    tables.visits,
    tables.transcripts,
)


async def is_whole(house: House, where: DatabaseLocation, secret: Path) -> Head:
    """Every code finds and opens its case there, and the audit log holds; its head."""
    async with engine_at(where, secret) as engine, engine.connect() as connection:
        assert await verify(connection) is None
        assert await seal_fault(connection) == ""
        for code in house.codes:
            keys = house.keys(code, secret)
            found = await find_case(connection, keys.lookup_tag)
            assert found is not None
            view = await view_case(connection, found, keys)
            assert not view.damaged
            if found.ref == house.refs[0]:
                assert [message.body for message in view.replies] == [{"text": REPLY}]
        return await head(connection)


async def everybody_reads(house: House, where: DatabaseLocation) -> None:
    """A member who logs in reads every case there; and again after they got new keys by the recovery key."""
    stretcher = KeyStretcher()
    passphrase = f"{PASSPHRASE} of Ada"
    try:
        async with engine_at(where, house.secret) as engine:
            for turn in range(2):
                ada = await login.unlock(engine, "Ada", passphrase, START, stretcher, CHEAP)
                if turn:
                    await login.change_passphrase(engine, ada, f"{PASSPHRASE} anew", START, stretcher, CHEAP)
                async with transaction(engine) as connection:
                    for ref in house.refs:
                        opened = await open_wholly(connection, ada, ref.id, START)
                        told = [message.body for message in opened.messages]
                        assert {"story": [STORY]} in told
                        assert {"contact": CONTACT} in told
                passphrase = "another passphrase that is long"
                pair = recovery.read_spelt(house.key)
                await recovery.recover(engine, "Ada", pair, passphrase, START, stretcher, CHEAP)
    finally:
        stretcher.close()


async def rows(where: DatabaseLocation) -> dict[str, int]:
    """Table → how many rows it has."""
    async with engine_at(where) as engine, engine.connect() as connection:
        return {
            each.name: int((await connection.execute(select(func.count()).select_from(each))).scalar_one())
            for each in tables.metadata.sorted_tables
        }
