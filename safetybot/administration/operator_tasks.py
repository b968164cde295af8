"""What an operator does from a command line: staff, and what has been kept long enough. Prints nothing.

What must be shown once, a passphrase or the recovery key, is handed to ``show`` just before the act is committed. If
it cannot be shown the act is undone, so that nothing is ever locked with a key that nobody has seen. The other way
about, something was shown and then the act failed, is told as Undone: what was shown opens nothing.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rapidfuzz import fuzz, process, utils

from safetybot.figures.sheet import Sheet
from safetybot.figures.sheet_making import read_sheet
from safetybot.figures.sheet_names import SheetNames
from safetybot.formats.times import day_of, moment_of
from safetybot.guidance.reader import read_content
from safetybot.reports import retention
from safetybot.reports.cases import CaseRef
from safetybot.staff import members as staff
from safetybot.staff import recovery, second_factor
from safetybot.staff.errors import UnknownMember
from safetybot.staff.lockout import Factor, LoginAccount, counted, lift_lock
from safetybot.staff.login import unlock
from safetybot.staff.members import Member
from safetybot.staff.passphrases import one_time_passphrase, plain
from safetybot.staff.recovery import read_spelt, spell
from safetybot.staff.vouchers import Standing, standings
from safetybot.storage import installation_metadata, unanswered
from safetybot.storage.database import DatabaseLocation, Engine
from safetybot.storage.known_database import must_be_known
from safetybot.storage.location import InstallationFiles
from safetybot.storage.opening import DatabaseError, NoDatabase, must_be_newest, open_readonly
from safetybot.storage.scrubbing import scrub
from safetybot.storage.store import Store
from safetybot.vault.audit import OPERATOR, Act, AuditDamaged, append, transaction
from safetybot.vault.errors import StaffError
from safetybot.vault.installation import adopt_anew, files_beside, opened_vouching, vouching_at
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster_changes import adopt_one
from safetybot.vault.sealing import KeyPair
from safetybot.vault.server_secret import read_secret
from safetybot.vault.vouching import VouchingKey

SECRET_FILE_MAX = 4096
"""Bytes that are read of a file with a passphrase or a recovery key."""
FIRST_YEAR = 2000
"""Before it there was nothing to count."""
_NEAR = 65
"""Each try waits some seconds for readers by itself, and keeps writers out meanwhile."""


class OperatingError(Exception):
    """Something an operator asked for cannot be done; the message says why, without any secret."""


class ReadByOthers(OperatingError):
    """Others than its owner may read a file that holds a secret."""


class NotText(OperatingError):
    """A file that should hold a secret in words is no text."""


class CannotShow(OperatingError):
    """Raised by a ``show`` that could not show; nothing is changed then."""


class Undone(OperatingError):
    """Something was shown, and then the act failed: what was shown is worthless."""


class LastMember(OperatingError):
    """Nobody could read reports any more."""


class NoSuchYear(OperatingError):
    """There can be no figures of that year."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must be shown now, or never: it is kept nowhere."""

    name: str
    """The member's."""
    passphrase: str | None = field(repr=False)
    """None where the operator chose it."""
    recovery_key: str | None = field(repr=False, default=None)
    """In groups of letters and digits; made with the first member."""


Show = Callable[[Secrets], None]


@dataclass(frozen=True, slots=True)
class MemberAdded:
    """A new member."""

    name: str
    first: bool
    """The first of all: the recovery key was made with them."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who may read reports, or could."""

    members: Sequence[Member]
    recovery_key: bool
    """Whether there is one."""
    standing: Mapping[str, Standing] = field(default_factory=dict)
    """Member's id, or that of the recovery key → who let them in, and whether that holds."""


@dataclass(frozen=True, slots=True)
class Disabled:
    """A member who reads nothing more."""

    name: str
    was_active: bool
    left: int
    """Active members that are left."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A member who has access again, or for the first time."""

    name: str
    opened: int
    """Envelopes they can open now."""
    damaged: int
    """Envelopes they cannot, for the recovery key does not open them."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A member who can open earlier reports."""

    name: str
    by: str
    opened: int
    """Envelopes they can open now, and could not before."""
    damaged: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """What a purge did."""

    announced: Sequence[CaseRef]
    """Cases that will be deleted in three days, unless somebody keeps them."""
    deleted: Sequence[CaseRef]
    scrubbed: bool
    """Whether what was deleted is out of the write-ahead log as well."""
    words: int = 0
    """Messages that editors were let see, kept for 60 days, and deleted now."""


def read_secret_file(path: Path) -> str:
    """A short text in a file that its owner alone may read. Raises ReadByOthers, NotText, OSError."""
    with path.open("rb") as file:
        if path.stat().st_mode & 0o077:
            raise ReadByOthers(f"{path} can be read by others: run  chmod 600 {path}")
        data = file.read(SECRET_FILE_MAX)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotText(f"{path} is not UTF-8 text") from None


def read_passphrase(path: Path) -> str:
    """The first line of such a file. Raises as :func:`read_secret_file` does."""
    return next(iter(read_secret_file(path).splitlines()), "")


async def is_there(database: DatabaseLocation, *, files: InstallationFiles | None = None) -> bool:
    """Whether there is a database, which :func:`add` would make. Raises DatabaseError, OtherDatabase."""
    await must_be_known(database, files or files_beside(database))
    try:
        async with open_readonly(database):
            return True
    except NoDatabase:
        return False


async def add(
    database: DatabaseLocation,
    name: str,
    passphrase: str | None,
    at: dt.datetime,
    show: Show,
    parameters: Parameters | None = None,
    *,
    files: InstallationFiles | None = None,
) -> MemberAdded:
    """Adds a member; makes or upgrades the database where needed. Without a passphrase one is made, and shown.

    Raises StaffError, CannotShow, Undone, DatabaseError, AuditDamaged.
    """
    chosen = one_time_passphrase() if passphrase is None else passphrase

    def show_new(member: Member, made: KeyPair | None) -> None:
        key = None if made is None else spell(made)
        watched(Secrets(member.name, chosen if passphrase is None else None, key))

    with _telling_of_undone(show) as watched, closing(KeyStretcher()) as stretcher:
        async with _opened(database, files, make=True) as engine:
            member, made = await staff.add(engine, name, chosen, at, stretcher, parameters, show=show_new)
    return MemberAdded(member.name, first=made is not None)


async def roster(database: DatabaseLocation, *, files: InstallationFiles | None = None) -> Roster:
    """Every member, by name, and who let them in. Raises DatabaseError, SecretFileError."""
    files = files or files_beside(database)
    await must_be_known(database, files)
    async with open_readonly(database) as connection:
        await must_be_newest(connection)
        members = await staff.list_members(connection)
        vouching = await asyncio.to_thread(partial(vouching_at, files, looks=True))
        standing = await standings(connection, vouching, {member.id: member.name for member in members})
        return Roster(members, await staff.has_recovery_key(connection), standing)


async def disable(
    database: DatabaseLocation,
    name: str,
    at: dt.datetime,
    *,
    last: bool = False,
    files: InstallationFiles | None = None,
) -> Disabled:
    """Lets a member read nothing more. ``last``: also the last who can.

    Raises LastMember, UnknownMember, DatabaseError, AuditDamaged.
    """
    async with _opened(database, files) as engine:
        async with engine.connect() as connection:
            members = await staff.list_members(connection)
        member = _named(name, members)
        if not member.active:
            return Disabled(member.name, False, sum(other.active for other in members))
        if not last and not any(other.active for other in members if other.id != member.id):
            raise LastMember(
                f"{member.name} is the last who can read reports: without them the bot takes none. Add somebody first, "
                "or say that this is meant, with  --last"
            )
        return Disabled(member.name, True, await staff.disable(engine, member.name, at))


async def enable(
    database: DatabaseLocation, name: str, at: dt.datetime, *, files: InstallationFiles | None = None
) -> str:
    """Lets a member in again; their name. Raises UnknownMember, NotActive, DatabaseError, AuditDamaged."""
    async with _opened(database, files) as engine:
        return (await staff.enable(engine, await _known(engine, name), at)).name


async def reset_second_factor(
    database: DatabaseLocation, name: str, at: dt.datetime, *, files: InstallationFiles | None = None
) -> str:
    """Has a member set up a new second factor when they next log in; their name.

    Raises UnknownMember, SecondFactorMissing, DatabaseError, AuditDamaged.
    """
    async with _opened(database, files) as engine:
        return (await staff.reset_second_factor(engine, await _known(engine, name), at)).name


async def unlock_member(
    database: DatabaseLocation, name: str, at: dt.datetime, *, files: InstallationFiles | None = None
) -> str:
    """Forget the wrong tries that lock a member out; their name.

    Raises UnknownMember, NotLocked, DatabaseError, AuditDamaged.
    """
    async with _opened(database, files) as engine:
        return (await lift_lock(engine, await _known(engine, name), at)).name


async def grant(
    database: DatabaseLocation,
    name: str,
    by: str,
    passphrase: str,
    code: str,
    at: dt.datetime,
    progress: recovery.Progress = lambda done, total: None,
    *,
    files: InstallationFiles | None = None,
) -> Granted:
    """Gives a member what the member ``by``, who shows both factors, can open.

    Raises StaffError (UnknownMember, WrongPassphrase, WrongSecondFactor, LockedOut …), DatabaseError, AuditDamaged.
    """
    with closing(KeyStretcher()) as stretcher:
        async with _opened(database, files) as engine:
            async with engine.connect() as connection:
                members = await staff.list_members(connection)
            to, giver = _named(name, members), _named(by, members)
            # Counted apart: who types wrong ones at the desk keeps nobody from the command line.
            account = LoginAccount(giver.id, "command line")
            async with counted(engine, account, Factor.PASSPHRASE, at, Act.LOGIN_FAILED):
                member = await unlock(engine, giver.name, passphrase, at, stretcher, act=Act.PASSPHRASE_RIGHT)
                await second_factor.show(engine, member, code, at)
            try:
                result = await recovery.grant(engine, member, to.id, at, progress=progress)
            finally:
                member.wipe()
    return Granted(to.name, member.name, result.opened, result.damaged)


async def _known(engine: Engine, name: str) -> str:
    """The name as it is written. Raises UnknownMember, which says who may have been meant."""
    async with engine.connect() as connection:
        return _named(name, await staff.list_members(connection)).name


async def recover(
    database: DatabaseLocation,
    name: str,
    typed_key: str,
    passphrase: str | None,
    at: dt.datetime,
    show: Show,
    progress: recovery.Progress = lambda done, total: None,
    parameters: Parameters | None = None,
    *,
    files: InstallationFiles | None = None,
) -> Recovered:
    """Gives an active member new keys, a new passphrase and every report there is, by the offline recovery key.

    Raises StaffError, CannotShow, Undone, DatabaseError, AuditDamaged.
    """
    pair = read_spelt(typed_key)
    chosen = one_time_passphrase() if passphrase is None else passphrase
    with _telling_of_undone(show) as watched, closing(KeyStretcher()) as stretcher:
        async with _opened(database, files) as engine:
            async with engine.connect() as connection:
                member = _named(name, await staff.list_members(connection))
            result = await recovery.recover(
                engine,
                member.name,
                pair,
                chosen,
                at,
                stretcher,
                parameters,
                progress=progress,
                show=lambda: watched(Secrets(member.name, chosen if passphrase is None else None)),
            )
    return Recovered(member.name, result.opened, result.damaged)


async def figures(database: DatabaseLocation, content: Path, year: int | None, now: dt.datetime) -> Sheet:
    """The figures of a year, or of this one, as the database is at this moment; changes nothing, and needs no key.

    Content with faults is no hindrance: what it would name is shown by its id. Raises NoSuchYear, DatabaseError.
    """
    today = now.astimezone(dt.UTC).date()
    wanted = today.year if year is None else year
    if not FIRST_YEAR <= wanted <= today.year:
        raise NoSuchYear(f"there are no figures of {wanted}: name a year from {FIRST_YEAR} to {today.year}")
    async with open_readonly(database) as connection:
        await must_be_newest(connection)
        library = read_content(content)
        return await read_sheet(connection, wanted, SheetNames.of(library.languages.get(library.first)), today)


async def purge(database: DatabaseLocation, now: dt.datetime, *, files: InstallationFiles | None = None) -> Cleared:
    """Deletes cases that are due, announces those that soon will be, and deletes what chats left that is over.

    The bot may run meanwhile. Raises DatabaseError, AuditDamaged.
    """
    async with _opened(database, files) as engine:
        async with engine.begin() as connection:
            words = await unanswered.purge(connection, now.astimezone(dt.UTC).date())
        async with transaction(engine) as connection:
            purged = await retention.purge(connection, now.astimezone(dt.UTC).date(), OPERATOR)
        second = int(now.timestamp())
        await Store(engine).purge(second // 3600, second)
        await installation_metadata.put(engine, installation_metadata.LAST_PURGE, moment_of(now))
        return Cleared(purged.announced, purged.shredded, await scrub(engine), words)


@dataclass(frozen=True, slots=True)
class Vouched:
    """What an operator took by the server's word."""

    names: Sequence[str]
    log: bool
    """Whether the audit log was sealed as it is."""


async def vouch(
    database: DatabaseLocation, name: str | None, at: dt.datetime, *, files: InstallationFiles | None = None
) -> Vouched:
    """Takes a member's row as it is now; without a name all rows, the recovery key and the audit log.

    Raises UnknownMember, NotVouched, NotAMember, DatabaseError, AuditDamaged.
    """
    async with _opened(database, files) as engine:
        if name is None:
            made = await adopt_anew(engine, OPERATOR, at)
            return Vouched([entry.name for entry in made.entries.values()], True)
        async with transaction(engine) as connection:
            member = _named(name, await staff.list_members(connection))
            await adopt_one(connection, member.id, day_of(at))
            await append(connection, OPERATOR, Act.STAFF_VOUCHED, moment_of(at), member=member.id)
        return Vouched([member.name], False)


def desk_key(secret: Path) -> str:
    """The key of a desk on a machine without the server's secret, as its file holds it. Raises SecretFileError."""
    return VouchingKey.of(read_secret(secret)).key.hex()


def _opened(
    database: DatabaseLocation, files: InstallationFiles | None, *, make: bool = False
) -> AbstractAsyncContextManager[Engine]:
    """The database, with what vouches for keys. ``files``: None for those beside a SQLite file."""
    return opened_vouching(database, files or files_beside(database), make=make)


def _named(name: str, members: Sequence[Member]) -> Member:
    """The member of a name, in any case of letters. Raises UnknownMember, which says who may have been meant."""
    folded = plain(name).casefold()
    for member in members:
        if member.name.casefold() == folded:
            return member
    names = [member.name for member in members]
    near = process.extractOne(
        plain(name), names, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=_NEAR
    )
    hint = f"did you mean {near[0]}?" if near else "safetybot staff list  shows who there is"
    raise UnknownMember(f"no member of staff has this name: {hint}")


@contextmanager
def _telling_of_undone(show: Show) -> Iterator[Show]:
    """``show``, watched: an error that comes after it is raised as Undone."""
    shown = False

    def watched(secrets: Secrets) -> None:
        nonlocal shown
        show(secrets)
        shown = True

    try:
        yield watched
    except (StaffError, DatabaseError, AuditDamaged) as error:
        if not shown:
            raise
        raise Undone(f"{error}. Nothing was changed, and what was printed opens nothing: throw it away") from None
