"""A PostgreSQL server of the tests' own, in a folder of its own: started once a session, and gone after it.

Needs Debian's ``postgresql`` (any version from 13). It refuses to run as root, so there it runs as ``postgres``, or
``nobody``.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import asyncpg
from sqlalchemy import URL

from safetybot.storage.database import engine_of, migrate
from safetybot.storage.tables import metadata

USER = "safetybot"
"""Owns the databases, and is no superuser."""
PASSWORD = "zebedee's p@ss/w:rd %41"
"""Asked for over TCP alone."""
_ADMIN = "postgres"
_EMPTY = "empty"
_START_SECONDS = 60
_RULES = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_SHAPE = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
    SELECT concat(c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attisdropped) AS part
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat(tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    WHERE d.datname = current_database()
) AS parts
"""
"""Tables, indexes, rules, and settings of a database, in short."""

T = TypeVar("T")


def programs() -> Path | None:
    """The folder with PostgreSQL's programs; None where it is not installed."""
    there = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if there:
        return max(there, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Server:
    """A running server."""

    def __init__(self, folder: Path, *, lasting: bool = False) -> None:
        """``lasting``: what is committed outlives a crash, as it does in production."""
        found = programs()
        assert found is not None
        self._programs = found
        self._folder = folder
        self._lasting = lasting
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self._account = _account()
        if self._account:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
            folder.chmod(0o755)
        data = self.data
        self._run(
            "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
            "--wal-segsize=1",
            f"--username={_ADMIN}",
            f"--pgdata={data}",
        )
        (data / "pg_hba.conf").write_text(_RULES, "ascii")
        self.start()
        password = PASSWORD.replace("'", "''")
        self.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{password}'")
        self.create(_EMPTY)
        _in_thread(lambda: _migrate(self.url(_EMPTY)))
        self._clean: list[URL] = []
        self._shape = ""
        self._rows: dict[str, list[tuple[object, ...]]] = {}
        _in_thread(self._remember)

    @property
    def data(self) -> Path:
        """Its files."""
        return self._folder / "data"

    def start(self, **settings: str) -> None:
        """Starts it, with settings for this time."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
            "max_connections": "100",
            "autovacuum": "off",
            **({} if self._lasting else _QUICK),
            **settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self._folder,
                env={"LC_ALL": "C.UTF-8"},
                **self._as_account(),
            )
        _in_thread(self._answering)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops it: SIGINT in an orderly way, breaking off what runs; SIGKILL as when it crashes."""
        assert self._process is not None
        if how is signal.SIGKILL:
            # Its children notice that it is gone; until then a new one would not start.
            for child in _children(self._process.pid):
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(child, signal.SIGKILL)
        self._process.send_signal(how)
        self._process.communicate()  # waits for its children as well, which hold the pipe
        self._process = None
        if how is signal.SIGKILL:
            (self.data / "postmaster.pid").unlink()

    def close(self) -> None:
        if self._process is not None:
            self.stop(signal.SIGQUIT)

    def url(self, database: str, user: str = USER) -> URL:
        """The address of a database, without a password."""
        query = {"host": str(self._folder), "port": str(self.port)}
        return URL.create("postgresql+asyncpg", username=user, database=database, query=query)

    def tcp_url(self, database: str, password: str | None = PASSWORD) -> URL:
        """The same over TCP, where a password is asked for."""
        return URL.create("postgresql+asyncpg", USER, password, host="127.0.0.1", port=self.port, database=database)

    def create(self, name: str | None = None, *, template: str = "template0") -> URL:
        """A new database, without tables unless the template has some; its address."""
        name = name or f"test{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" OWNER {USER} TEMPLATE "{template}" ENCODING \'UTF8\'')
        self.execute(f"GRANT ALL ON SCHEMA public TO {USER}", name)
        return self.url(name)

    def new(self) -> URL:
        """A database with all tables and no rows: new, or one that was given back."""
        return self._clean.pop() if self._clean else self.create(template=_EMPTY)

    def give_back(self, url: URL) -> None:
        """Ends the use of such a database, whatever was done to it."""
        # To make one takes much longer than to empty it.
        if _in_thread(lambda: self._empty(url)):
            self._clean.append(url)
        else:
            self.drop(url)

    async def _empty(self, url: URL) -> bool:
        """Whether it is as a new one again; not where its tables were changed."""
        assert url.database is not None
        connection = await self._admin(url.database)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if await connection.fetchval(_SHAPE) != self._shape:
                return False
            for table in reversed(metadata.sorted_tables):
                await connection.execute(f"DELETE FROM {table.name}")
            for name, rows in self._rows.items():
                places = ", ".join(f"${place + 1}" for place in range(len(rows[0])))
                await connection.executemany(f"INSERT INTO {name} VALUES ({places})", rows)
        finally:
            await connection.close()
        return True

    async def _remember(self) -> None:
        """What a new database looks like, and what rows it has all the same."""
        connection = await self._admin(_EMPTY)
        self._shape = await connection.fetchval(_SHAPE)
        for table in metadata.sorted_tables:
            if rows := [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table.name}")]:
                self._rows[table.name] = rows
        await connection.close()

    def drop(self, url: URL) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')

    def execute(self, statement: str, database: str = _ADMIN) -> list[asyncpg.Record]:
        """Has the administrator do something, in whatever thread or loop this is called; what comes of it."""

        async def do() -> list[asyncpg.Record]:
            connection = await self._admin(database)
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return _in_thread(do)

    async def _admin(self, database: str = _ADMIN) -> asyncpg.Connection:
        return await asyncpg.connect(host=str(self._folder), port=self.port, user=_ADMIN, database=database)

    async def _answering(self) -> None:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                assert self._process is not None
                assert self._process.poll() is None, (self._folder / "log").read_text("utf-8")[-2000:]
                try:
                    await (await self._admin()).close()
                except (OSError, asyncpg.CannotConnectNowError):
                    await asyncio.sleep(0.02)  # nothing tells when it will
                else:
                    return

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            capture_output=True,
            cwd=self._folder,
            env={"LC_ALL": "C.UTF-8", "PATH": str(self._programs)},
            **self._as_account(),
        )

    def _as_account(self) -> dict[str, int | list[int]]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}


@contextmanager
def running(*, lasting: bool = False) -> Iterator[Server]:
    """A server in a temporary folder."""
    # Not pytest's: those are closed to other users, and too long for a socket's name.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), lasting=lasting)
        try:
            yield server
        finally:
            server.close()


def on_disk(url: URL) -> bytes:
    """Everything in the files of a database's server."""
    folder = Path(str(url.query["host"]))

    async def checkpoint() -> None:
        connection = await asyncpg.connect(host=str(folder), port=int(str(url.query["port"])), user=_ADMIN)
        await connection.execute("CHECKPOINT")
        await connection.close()

    _in_thread(checkpoint)
    files = (path for part in ("base", "pg_wal") for path in (folder / "data" / part).rglob("*") if path.is_file())
    return b"".join(path.read_bytes() for path in files) + (folder / "log").read_bytes()


async def _migrate(url: URL) -> None:
    engine = engine_of(url)
    await migrate(engine)
    await engine.dispose()


def _account() -> pwd.struct_passwd | None:
    """Whom it runs as; None for us."""
    if os.geteuid() != 0:
        return None
    accounts = {one.pw_name: one for one in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _in_thread(do: Callable[[], Awaitable[T]]) -> T:
    """What comes of it, in a loop of its own: a test may have one running already."""
    results: list[T] = []
    errors: list[BaseException] = []

    async def run() -> None:
        results.append(await do())

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            errors.append(error)

    running = threading.Thread(target=thread)
    running.start()
    running.join()
    if errors:
        raise errors[0]
    return results[0]
