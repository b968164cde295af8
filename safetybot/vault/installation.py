"""Whether the server's secret and the database belong together.

With another secret no code opens its report, and no chat is known again; and what is filed meanwhile is lost in turn
once the right secret is back. So the bot does not start with it. It is how two machines that share a database, and
have made a secret each, are noticed.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from safetybot.formats.times import day_of, moment_of
from safetybot.storage import installation_metadata
from safetybot.storage.database import DatabaseLocation, Engine, OpenConnection, for_writing
from safetybot.storage.known_database import get_to_know, must_be_known
from safetybot.storage.location import InstallationFiles
from safetybot.storage.opening import must_exist, open_database
from safetybot.vault import roster
from safetybot.vault.audit import OPERATOR, Act, append
from safetybot.vault.audit_seal import seal_anew
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.roster_changes import adopt_all
from safetybot.vault.server_secret import SecretFileError, WrongSecret, check_of, read_or_make_secret, read_secret
from safetybot.vault.vouching import UPGRADE, MemberList, NotVouched, VouchingKey

REMEDY = (
    "put the secret back that this database was used with: from a backup, or from the other machine that uses it. "
    "Where it is lost for good, earlier codes and chats are lost with it:  safetybot run --new-secret  starts anew"
)

_DESK_KEY_REMEDY = "safetybot desk-key  where the bot runs"
_MISSING = (
    "{secret} is missing: put it back from a backup, or from the other machine that uses this database. A desk on a "
    "machine of its own needs {desk} alone, which  safetybot desk-key  prints where the bot runs"
)

_log = logging.getLogger(__name__)


def files_beside(database: DatabaseLocation) -> InstallationFiles:
    """The files in the data folder of a SQLite file. Raises SecretFileError for any other database."""
    if not isinstance(database, Path):
        raise SecretFileError("where the server's secret is must be said for a database on a server")
    return InstallationFiles.beside(database)


def vouching_by(secret: bytes, files: InstallationFiles, *, looks: bool = False) -> Vouching:
    """Make what vouches with a server's secret. ``looks``: nothing is written to the data folder."""
    return Vouching(VouchingKey.of(secret), files.pin, looks=looks)


def vouching_at(files: InstallationFiles, *, looks: bool = False) -> Vouching:
    """Make what vouches with the server's secret in its file, or the desk's key beside it. Raises SecretFileError."""
    desk_key = files.desk_key
    if files.secret.exists() or not desk_key.exists():
        return vouching_by(read_secret(files.secret), files, looks=looks)
    if desk_key.stat().st_mode & 0o077:
        raise SecretFileError(f"{desk_key} can be read by others: run  chmod 600 {desk_key}")
    try:
        key = bytes.fromhex(desk_key.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) != len(VouchingKey.of(bytes(32)).key):
        raise SecretFileError(f"{desk_key} is damaged: make it again with  safetybot desk-key  where the bot runs")
    return Vouching(VouchingKey(key), files.pin, looks=looks)


@asynccontextmanager
async def opened_vouching(
    where: DatabaseLocation, files: InstallationFiles, *, make: bool = False, upgrade: bool = False
) -> AsyncIterator[Engine]:
    """The database as :func:`safetybot.storage.opening.open_database` has it, with what vouches for keys.

    With ``make`` or ``upgrade`` a server's secret is made for a database that knows none.
    Raises what that raises, OtherDatabase, SecretFileError, WrongSecret, NotVouched.
    """
    await must_be_known(where, files)
    if not make:
        must_exist(where)
    if not (make or upgrade):
        async with open_database(where) as plain:
            vouching = await asyncio.to_thread(vouching_at, files)
            async with plain.connect() as connection:
                check = (await installation_metadata.get(connection)).get(
                    installation_metadata.VOUCHING_CHECK, vouching.key.check()
                )
            if check != vouching.key.check():
                raise WrongSecret(f"the server's secret is not the one this database was used with: {REMEDY}")
            yield with_vouching(plain, vouching)
        return
    made, known, vouching = await asyncio.to_thread(_vouching_for, files)
    try:
        async with open_database(where, make=make, upgrade=upgrade, adopt=Adoption(vouching, known)) as plain:
            engine = with_vouching(plain, vouching)
            if known is not None:
                await must_be_its_secret(engine, known)
            await must_be_its_key(engine, vouching)
            await get_to_know(engine, files)
            made = False
            yield engine
    except WrongSecret:
        if not made:
            raise
        raise SecretFileError(_MISSING.format(secret=files.secret, desk=files.desk_key)) from None
    finally:
        if made:  # whoever looks for the right one must not find this in its place
            await asyncio.to_thread(files.secret.unlink, missing_ok=True)


def _vouching_for(files: InstallationFiles) -> tuple[bool, bytes | None, Vouching]:
    """Whether the secret was made now; the secret, if it is here; and what vouches."""
    made = not files.secret.exists() and not files.desk_key.exists()
    if made:
        read_or_make_secret(files.secret)
    return made, read_secret(files.secret) if files.secret.exists() else None, vouching_at(files)


class Adoption:
    """Vouches for everybody who is in a database from before members were vouched for. Happens once."""

    def __init__(self, vouching: Vouching, secret: bytes | None, *, new_secret: bool = False) -> None:
        """``new_secret``: an operator says that the database goes on with this one, whatever it was used with."""
        self._vouching = vouching
        self._secret = secret
        self._new_secret = new_secret

    async def __call__(self, connection: OpenConnection) -> None:
        """Raises NotVouched where this machine knows that members were vouched for before; WrongSecret."""
        if self._secret is None:
            raise WrongSecret("the desk's key alone cannot upgrade this database: start the bot first")
        noted = (await installation_metadata.get(connection)).get(installation_metadata.SECRET_CHECK)
        if not self._new_secret and noted is not None and noted != check_of(self._secret):
            raise WrongSecret(f"the server's secret is not the one this database was used with: {REMEDY}")
        if self._vouching.floor is not None:
            raise NotVouched(
                "the database is of a version before members were vouched for, and here they were: somebody put it "
                f"back. Where that was you, delete {self._vouching.where()}"
            )
        await connection.execution_options(**roster.option(self._vouching))
        members = await adopt(connection, UPGRADE, dt.datetime.now(dt.UTC))
        _log.warning("upgrade: %d members and the recovery key are vouched for as they are", len(members.entries))


async def adopt_by_file(files: InstallationFiles, connection: OpenConnection) -> None:
    """As :class:`Adoption`, with the secret in its file, which is read only where it is needed."""
    known = await asyncio.to_thread(read_secret, files.secret)
    await Adoption(vouching_by(known, files), known)(connection)


async def adopt(connection: OpenConnection, voucher: str, at: dt.datetime) -> MemberList:
    """Takes members, recovery key and audit log as they are, by the server's word, and writes it down."""
    members = await adopt_all(connection, day_of(at), voucher)
    await append(connection, OPERATOR, Act.STAFF_VOUCHED, moment_of(at), members=len(members.entries))
    await seal_anew(connection)
    return members


async def adopt_anew(engine: Engine, voucher: str, at: dt.datetime) -> MemberList:
    """As :func:`adopt`, in a transaction of its own, in place of any list there was."""
    async with for_writing(engine).begin() as connection:
        members = await adopt(connection, voucher, at)
    vouching = roster.vouching_on(engine)
    assert vouching is not None
    vouching.saw(members, anew=True)
    return members


async def must_be_its_key(engine: Engine, vouching: Vouching) -> None:
    """Notes the key that members are vouched for with, where nobody has yet. Raises WrongSecret."""
    check = vouching.key.check()
    if await installation_metadata.put_first(engine, installation_metadata.VOUCHING_CHECK, check) != check:
        raise WrongSecret(f"the desk's key is not the one of this database: make it again, with  {_DESK_KEY_REMEDY}")


async def must_be_its_secret(engine: Engine, secret: bytes) -> None:
    """Notes whose database this is where nobody has yet. Raises WrongSecret."""
    check = check_of(secret)
    if await installation_metadata.put_first(engine, installation_metadata.SECRET_CHECK, check) != check:
        raise WrongSecret(f"the server's secret is not the one this database was used with: {REMEDY}")


async def take_secret(engine: Engine, secret: bytes) -> None:
    """Has the database go on with this secret from now on."""
    await installation_metadata.put(engine, installation_metadata.SECRET_CHECK, check_of(secret))
    await installation_metadata.put(engine, installation_metadata.VOUCHING_CHECK, VouchingKey.of(secret).check())
