"""One database with its staff, for tests."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.reports import casework
from safetybot.reports.cases import CaseRef, CaseUrgency, Status
from safetybot.reports.filing import FoundCase, Report, file_report, find_case
from safetybot.staff import login
from safetybot.staff import members as staff
from safetybot.staff.login import UnlockedMember
from safetybot.storage.database import DatabaseLocation
from safetybot.vault.audit import transaction
from safetybot.vault.codes import Code, CodeKeys, derive, new_code
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster import Vouching, vouching_on, with_vouching
from safetybot.vault.sealing import Json, KeyPair
from safetybot.vault.vouching import VouchingKey
from tests import postgres

CHEAP = Parameters(passes=1, memory=8192, cheap_for_tests=True)
PEPPER = bytes(range(32))
START = dt.datetime(2026, 11, 24, 10, 30, tzinfo=dt.UTC)
PASSPHRASE = "a long enough passphrase"


@dataclass
class Office:
    """One database with its staff, and the hands of everyone who uses it."""

    engine: AsyncEngine
    stretcher: KeyStretcher
    where: DatabaseLocation
    now: dt.datetime = START
    recovery: KeyPair | None = None
    members: dict[str, UnlockedMember] = field(default_factory=dict)
    secret: bytes = PEPPER
    """The server's, which vouches for members; unless the engine has something that does, or the data folder one."""

    def __post_init__(self) -> None:
        if vouching_on(self.engine) is None:
            kept = self.where.parent / "secrets" / "server.key" if isinstance(self.where, Path) else None
            secret = kept.read_bytes() if kept is not None and kept.exists() else self.secret
            self.engine = with_vouching(self.engine, Vouching(VouchingKey.of(secret)))

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return transaction(self.engine)

    async def hire(self, name: str) -> UnlockedMember:
        _, recovery = await staff.add(self.engine, name, PASSPHRASE, self.now, self.stretcher, CHEAP)
        self.recovery = recovery or self.recovery
        member = await login.unlock(self.engine, name, PASSPHRASE, self.now, self.stretcher, CHEAP)
        new = f"{PASSPHRASE} of {name}"
        await login.change_passphrase(self.engine, member, new, self.now, self.stretcher, CHEAP)
        self.members[name] = member
        return member

    async def file(
        self, answers: Json, contact: Json = None, urgency: CaseUrgency = CaseUrgency.NORMAL
    ) -> tuple[CaseRef, CodeKeys]:
        keys = cheap_keys(new_code())
        async with self.writing() as connection:
            ref = await file_report(connection, Report(answers, contact), keys, self.now, urgency)
        return ref, keys

    async def find(self, keys: CodeKeys) -> FoundCase | None:
        async with self.engine.connect() as connection:
            return await find_case(connection, keys.lookup_tag)

    async def open(self, member: UnlockedMember, ref: CaseRef) -> casework.OpenedCase:
        async with self.writing() as connection:
            return await open_wholly(connection, member, ref.id, self.now)

    def later(self, **much: int) -> None:
        self.now += dt.timedelta(**much)

    @property
    def path(self) -> Path:
        """The SQLite file."""
        assert isinstance(self.where, Path)
        return self.where

    def on_disk(self) -> bytes:
        if not isinstance(self.where, Path):
            return postgres.on_disk(self.where)
        return b"".join(file.read_bytes() for file in sorted(self.path.parent.glob(f"{self.path.name}*")))


async def open_wholly(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, at: dt.datetime
) -> casework.OpenedCase:
    """Opens a case, and looks at how its writer can be reached: everything, in the order it was written."""
    case = await casework.open_case(connection, member, case_id, at)
    if not case.contact or case.row.status is Status.NEW:
        return case
    contact = await casework.see_contact(connection, member, case_id, at)
    messages = sorted((*case.messages, *contact.messages), key=lambda message: message.number)
    return replace(case, messages=tuple(messages))


def cheap_keys(code: Code) -> CodeKeys:
    return derive(code, PEPPER, CHEAP)
