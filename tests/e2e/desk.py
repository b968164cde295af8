"""Somebody of the safeguarding staff, with a machine of their own, on the database that the bot is using."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from safetybot.reports import casework
from safetybot.reports.cases import CaseRow
from safetybot.reports.queue import list_cases
from safetybot.staff import login
from safetybot.staff.login import UnlockedMember
from safetybot.storage.location import DatabaseLocation
from safetybot.vault.audit import transaction, verify
from safetybot.vault.key_derivation import KeyStretcher
from tests.e2e.program import Place
from tests.reports.office import open_wholly
from tests.vouching import vouching_engine


def hire(place: Place, name: str = "Ada") -> str:
    """``safetybot staff add``; the one-time passphrase that it printed."""
    added = place.command("staff", "add", name)
    if added.code == 2 and "--new" in added.errors:
        added = place.command("staff", "add", "--new", name)
    assert added.code == 0, added
    passphrase = re.search(r"^    (\S.*)$", added.out, re.MULTILINE)
    assert passphrase is not None, "no passphrase was printed"
    return passphrase[1]


class Desk:
    """A member who has logged in and chosen a passphrase. Use as ``async with Desk(…) as desk``."""

    def __init__(self, place: Place, name: str, passphrase: str, where: DatabaseLocation | None = None) -> None:
        """``passphrase``: the one-time one; ``where``: the database, unless it is the place's own file."""
        self._where = where or place.database
        self.place = place
        self._name = name
        self._passphrase = passphrase
        self.member: UnlockedMember

    async def __aenter__(self) -> Desk:
        self._engine = vouching_engine(self._where, self.place.data / "secrets" / "server.key")
        self._stretcher = KeyStretcher()
        engine, stretcher = self._engine, self._stretcher
        self.member = await login.unlock(engine, self._name, self._passphrase, self._now(), stretcher)
        if self.member.must_change:
            await login.change_passphrase(engine, self.member, f"not {self._passphrase}", self._now(), stretcher)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.member.wipe()
        self._stretcher.close()
        await self._engine.dispose()

    async def cases(self) -> Sequence[CaseRow]:
        """All that are not deleted, none of them opened."""
        async with transaction(self._engine) as connection:
            return await list_cases(connection)

    async def opens(self, case: CaseRow) -> casework.OpenedCase:
        async with transaction(self._engine) as connection:
            return await open_wholly(connection, self.member, case.ref.id, self._now())

    async def replies(self, case: CaseRow, text: str) -> None:
        async with transaction(self._engine) as connection:
            await casework.reply(connection, self.member, case.ref.id, {"text": text}, self._now())

    async def log_is_whole(self) -> bool:
        """Whether nobody has changed the audit log."""
        async with transaction(self._engine) as connection:
            return await verify(connection) is None

    @staticmethod
    def _now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)


def told(opened: casework.OpenedCase, number: int = 0) -> dict[str, str]:
    """Question → answer, of one of the messages of a case."""
    answers = opened.messages[number].body["answers"]
    return {each["question"]: "|".join(part for part in (*each["choices"], each["words"]) if part) for each in answers}
