"""Keeps the list of members in the database, and sees where the tables say something else than the list does.

The list alone decides to whom anything is sealed (:func:`readers`). ``staff`` and ``recovery_key`` hold the rest:
locked keys, passphrases. A row there that differs from the list is told, and changes nothing.

A process remembers the list's epoch and serial, and keeps them in a file of its data folder: so neither an earlier list
that somebody puts back is taken, nor a new one that somebody has made by putting back tables of an earlier version.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage.tables import recovery_key, roster, staff
from safetybot.vault.errors import NoReader
from safetybot.vault.sealing import KEY_BYTES, RECOVERY
from safetybot.vault.vouching import MemberEntry, MemberList, NotVouched, VouchingKey, decode, let_in

_OPTION = "safetybot_vouching"
"""The execution option under which an engine carries its :class:`Vouching`."""
_DOCTOR = "safetybot doctor  tells more"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing in which the tables differ from the list, or the list from itself."""

    who: str
    """A member's id, or ``recovery``."""
    why: str
    """In words that hold nothing of what stands there."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The list, and what does not fit it."""

    members: MemberList
    readers: Mapping[str, bytes]
    """Id → public key of everybody to whom a new envelope is sealed; empty where that is nobody."""
    troubles: Sequence[Trouble]

    def trouble_of(self, who: str) -> str:
        """What is wrong with one of them; empty where nothing is."""
        return next((each.why for each in self.troubles if each.who == who), "")


class Vouching:
    """The vouching key of a process, and the newest list that it has seen."""

    def __init__(self, key: VouchingKey, pin: Path | None = None, *, looks: bool = False) -> None:
        """``pin``: the file in which epoch and serial are kept; without it they are known while the process runs.

        ``looks``: the file is read and never written.
        """
        self.key = key
        self._pin = pin
        self._looks = looks
        self._seen = self._read()
        self._memo: tuple[bytes, MemberList] | None = None
        self._changing: WeakSet[object] = WeakSet()
        """Transactions that have changed the list, and may still be undone."""
        self._told: object = ()
        self.alarm = ""
        """What the last look at the list found wrong, in a sentence for staff; empty where nothing is."""

    @property
    def floor(self) -> tuple[str, int] | None:
        """The epoch, and the least serial that a list must have; None where none was seen."""
        return self._seen

    def where(self) -> str:
        """The file to delete where a list is older for a good reason."""
        return str(self._pin or "the file roster.pin in the data folder")

    def saw(self, members: MemberList, *, anew: bool = False) -> None:
        """Remembers a list. ``anew``: in place of whatever was seen before."""
        newest = (members.epoch, members.serial)
        if not anew and self._seen is not None and (self._seen[0] != newest[0] or self._seen[1] >= newest[1]):
            return
        self._seen = newest
        if self._pin is not None and not self._looks:
            temporary = self._pin.with_name(f"{self._pin.name}.{secrets.token_hex(4)}.tmp")
            try:
                temporary.touch(0o600)
                temporary.write_text(f"{self.key.check()} {newest[0]} {newest[1]}\n", "ascii")
                temporary.replace(self._pin)
            except OSError:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
                _log.warning("the newest list of members could not be noted in the data folder: known until the end")

    def changes(self, connection: AsyncConnection) -> None:
        """Notes that what this transaction reads of the list may never have been."""
        if (transaction := connection.sync_connection.get_transaction()) is not None:  # type: ignore[union-attr]
            self._changing.add(transaction)

    def is_changing(self, connection: AsyncConnection) -> bool:
        """Whether this transaction has changed the list."""
        return connection.sync_connection.get_transaction() in self._changing  # type: ignore[union-attr]

    def _read(self) -> tuple[str, int] | None:
        try:
            text = self._pin.read_text("ascii") if self._pin is not None else ""
            check, epoch, serial = text.split()
            return (epoch, int(serial)) if check == self.key.check() else None
        except (OSError, ValueError):
            return None

    def opened(self, document: bytes, mac: bytes) -> MemberList:
        """The list of a document. Raises NotVouched."""
        if not hmac.compare_digest(mac, self.key.mac_of_list(document)):
            raise NotVouched(f"the list of members was changed by somebody without the server's secret: {_DOCTOR}")
        if self._memo is None or self._memo[0] != document:
            self._memo = document, decode(document)
        return self._memo[1]

    def tell(self, troubles: Sequence[Trouble], broken: str = "") -> None:
        """Logs what is wrong when it changes; keeps it for the desk."""
        state = (broken, tuple(troubles))
        if broken:
            self.alarm = f"Nobody can be sealed to, so no report is taken: {broken}."
        elif troubles:
            self.alarm = (
                f"In the database is what nobody on the list of members vouched for, in {len(troubles)} places."
            )
        else:
            self.alarm = ""
        if state == self._told:
            return
        self._told = state
        if broken:
            _log.error("nothing can be sealed, so no report is taken: %s", broken)
        for each in troubles:
            # Never what stands in the row: somebody unknown may have written it.
            _log.error(
                "not vouched for: %s; only keys on the list are sealed to (safetybot doctor tells more)", each.why
            )


def option(vouching: Vouching) -> dict[str, Vouching]:
    """The execution option that lets a transaction vouch."""
    return {_OPTION: vouching}


def with_vouching(engine: AsyncEngine, vouching: Vouching) -> AsyncEngine:
    """The same engine, whose transactions can vouch."""
    return engine.execution_options(**option(vouching))


def vouching_of(connection: AsyncConnection) -> Vouching | None:
    """What the engine of a connection vouches with."""
    found: Vouching | None = connection.sync_connection.get_execution_options().get(_OPTION)  # type: ignore[union-attr]
    return found


def vouching_on(engine: AsyncEngine) -> Vouching | None:
    """What an engine vouches with."""
    found: Vouching | None = engine.sync_engine.get_execution_options().get(_OPTION)
    return found


async def there(connection: AsyncConnection) -> bool:
    """Whether there is a list."""
    return (await connection.execute(select(roster.c.id))).first() is not None


async def load(connection: AsyncConnection, vouching: Vouching | None = None) -> MemberList:
    """The list. Raises NotVouched where it is missing, changed, or older than one that was seen."""
    vouching = vouching or vouching_of(connection)
    if vouching is None:
        raise NotVouched("this process has not the server's secret, and can vouch for nobody")
    floor = vouching.floor  # before the database is asked: whatever was seen by now, it must have
    row = (await connection.execute(select(roster.c.document, roster.c.mac))).one_or_none()
    if row is None:
        raise NotVouched(f"the list of members is missing from the database: {_DOCTOR}")
    members = vouching.opened(row.document, row.mac)
    if floor is not None and (members.epoch != floor[0] or members.serial < floor[1]):
        raise NotVouched(
            "the list of members is not the newest one that was seen here. Somebody put back an earlier one. "
            f"Where that was you, delete {vouching.where()}"
        )
    if not vouching.is_changing(connection):
        vouching.saw(members)
    return members


async def check(connection: AsyncConnection, vouching: Vouching | None = None) -> Checked:
    """The list, compared with the tables. Raises NotVouched where it does not hold as a whole.

    Raises NoReader where there is nobody yet, and nothing in the tables.
    """
    vouching = vouching or vouching_of(connection)
    columns = select(staff.c.id, staff.c.name, staff.c.public_key, staff.c.active)
    try:
        rows = {row.id: row for row in await connection.execute(columns)}
        recovery = (await connection.execute(select(recovery_key.c.public_key))).scalar_one_or_none()
        if not rows and recovery is None and not await there(connection) and (not vouching or not vouching.floor):
            raise NoReader("there is no active member of staff: run  safetybot staff add NAME")
        members = await load(connection, vouching)
    except NotVouched as error:
        if vouching is not None:
            vouching.tell((), str(error))
        raise
    assert vouching is not None
    troubles = [Trouble(id_, "an account that nobody let in") for id_, row in rows.items() if _rogue(row, members)]
    readers: dict[str, bytes] = {}
    for entry in members.entries.values():
        if not let_in(members, entry, vouching.key):
            troubles.append(Trouble(entry.id, "a member whose voucher's signature does not hold"))
            continue
        if why := _differs(entry, rows.get(entry.id)):
            troubles.append(Trouble(entry.id, why))
        if entry.active and len(entry.public) == KEY_BYTES:
            readers[entry.id] = entry.public
    if recovery != members.recovery:
        why = "another recovery key than the one that was made" if recovery else "a recovery key whose row is gone"
        troubles.append(Trouble(RECOVERY, why))
    vouching.tell(troubles)
    if members.recovery is None or not readers:
        readers = {}
    else:
        readers[RECOVERY] = members.recovery
    return Checked(members, readers, troubles)


def _rogue(row: Any, members: MemberList) -> bool:
    return row.active and row.id not in members.entries


def _differs(entry: MemberEntry, row: Any | None) -> str:
    """What a row says that its entry does not; nothing is sealed to the row's key in any case."""
    if row is None:
        return "a member whose row is gone"
    if row.public_key != entry.public:
        return "another public key than the member's"
    if bool(row.active) != entry.active:
        return (
            "an account that was switched on by nobody" if row.active else "an account that was switched off by nobody"
        )
    return "" if row.name == entry.name else "another name than the member's"


async def readers(connection: AsyncConnection) -> Mapping[str, bytes]:
    """Id → public key of everyone a new envelope is sealed to: active members of the list, and its recovery key.

    Raises NoReader; NotVouched where the list does not hold.
    """
    found = (await check(connection)).readers
    if not found:
        raise NoReader("there is no active member of staff: run  safetybot staff add NAME")
    return found


async def is_shut_out(connection: AsyncConnection, member: str, public: bytes) -> bool:
    """Whether the list holds, and does not have this member as active with this key.

    Where it does not hold nobody is shut out: new envelopes are sealed to nobody then, and what is there must be read.
    """
    try:
        entry = (await load(connection)).entries.get(member)
    except NotVouched:
        return False
    return entry is None or not entry.active or entry.public != public
