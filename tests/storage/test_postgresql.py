"""What is PostgreSQL's own: its tables, what can be wrong with it, and how it is come back to when it was away."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage import postgresql
from safetybot.storage.database import engine_of, for_reading, for_writing, migrate
from safetybot.storage.location import address
from safetybot.storage.opening import (
    DatabaseFailed,
    NoDatabase,
    NotUpgraded,
    Schema,
    TooNew,
    must_be_newest,
    open_database,
    open_readonly,
    schema,
)
from safetybot.storage.scrubbing import scrub
from safetybot.storage.store import Sealed
from safetybot.storage.tables import audit_log, code_tries, counters, drafts
from safetybot.storage.transactions import run
from safetybot.storage.transcripts import TranscriptStore
from safetybot.vault.audit import verify
from tests.browser.tls import self_signed
from tests.postgres import PASSWORD, Server
from tests.storage.test_database import differences, fill, must_be_filled, revisions

pytestmark = pytest.mark.slow

WRITERS, ACTS = 3, 15
_WRITER = """
import asyncio, sys
from sqlalchemy import make_url
from safetybot.vault.audit import BOT, Act, append, transaction
from safetybot.storage.database import engine_of, migrate

async def write():
    engine = engine_of(make_url(sys.argv[1]))
    await migrate(engine)
    for step in range(int(sys.argv[3])):
        async with transaction(engine) as connection:
            await append(connection, f"writer{sys.argv[2]}", Act.NOTED, "2026-11-24", step=step)
            await append(connection, f"writer{sys.argv[2]}", Act.NOTED, "2026-11-24", step=step, second=1)
        print(step, flush=True)
    await engine.dispose()

asyncio.run(write())
"""


@pytest.fixture
def url(postgres_server: Server) -> Iterator[URL]:
    """A database with all tables and no rows."""
    url = postgres_server.new()
    yield url
    postgres_server.give_back(url)


@pytest.fixture
def bare(postgres_server: Server) -> Iterator[URL]:
    """A database without tables."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


@pytest.fixture
async def engine(url: URL) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(url)
    yield engine
    await engine.dispose()


def note(connection: Connection) -> None:
    connection.execute(insert(code_tries).values(hour=1, count=1))


async def noted(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(code_tries))).scalar_one())


def spelt(url: URL) -> str:
    return url.render_as_string(hide_password=False)


async def why(url: URL, **how: bool) -> str:
    """What an operator is told of a database that cannot be used."""
    with pytest.raises(DatabaseFailed) as caught:
        async with open_database(url, **how):
            pass
    assert caught.value.__cause__ is None
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


class TestMigrations:
    async def test_they_lead_to_the_tables_the_program_uses(self, bare: URL) -> None:
        engine = engine_of(bare)
        for revision in revisions():
            await migrate(engine, revision)
            async with engine.begin() as connection:
                await fill(connection, revision)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
            await must_be_filled(connection)
        async with engine.begin() as connection:
            await connection.execute(text("DROP INDEX ix_sessions_expires"))
            await connection.execute(text("ALTER TABLE counters ALTER COLUMN topic TYPE varchar(30)"))
            assert len(await connection.run_sync(differences)) == 2, "the test sees no difference"
        await engine.dispose()

    async def test_several_processes_may_start_at_once(self, bare: URL) -> None:
        engines = [engine_of(bare) for _ in range(6)]
        await asyncio.gather(*(migrate(engine) for engine in engines))
        async with engines[0].connect() as connection:
            assert await schema(connection) is Schema.NEWEST
        for engine in engines:
            await engine.dispose()

    async def test_one_that_fails_leaves_everything_as_it_was(self, bare: URL, postgres_server: Server) -> None:
        engine = engine_of(bare)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE counters (mine int)"))  # in the way of the first migration
        with pytest.raises(DBAPIError):
            await migrate(engine)
        assert bare.database is not None
        rows = postgres_server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", bare.database)
        assert [row["tablename"] for row in rows] == ["counters"]
        await engine.dispose()


class TestOpening:
    async def test_without_tables(self, bare: URL) -> None:
        for upgrade in (False, True):
            with pytest.raises(NoDatabase, match="safetybot staff add NAME"):
                async with open_database(bare, upgrade=upgrade):
                    pytest.fail("it was opened")
        with pytest.raises(NoDatabase):
            async with open_readonly(bare):
                pytest.fail("it was opened")
        async with open_database(bare, make=True):
            pass
        async with open_readonly(bare) as connection:
            await must_be_newest(connection)

    async def test_old_and_too_new_ones(self, bare: URL, postgres_server: Server) -> None:
        engine = engine_of(bare)
        await migrate(engine, "0002")
        await engine.dispose()
        with pytest.raises(NotUpgraded):
            async with open_database(bare):
                pytest.fail("it was opened")
        async with open_database(bare, upgrade=True):
            pass
        assert bare.database is not None
        postgres_server.execute("UPDATE alembic_version SET version_num = '9999'", bare.database)
        with pytest.raises(TooNew):
            async with open_database(bare, make=True):
                pytest.fail("it was opened")

    async def test_a_reader_changes_nothing_and_sees_one_moment(self, url: URL, engine: AsyncEngine) -> None:
        async with open_readonly(url) as connection:
            count = select(func.count()).select_from(code_tries)
            assert (await connection.execute(count)).scalar_one() == 0
            await run(engine, note)
            assert (await connection.execute(count)).scalar_one() == 0
            with pytest.raises(DBAPIError, match="read-only"):
                await connection.run_sync(note)
        async with for_reading(engine).connect() as connection:
            with pytest.raises(DBAPIError, match="read-only"):
                await connection.run_sync(note)

    async def test_over_tcp_with_its_password(self, url: URL, postgres_server: Server) -> None:
        assert url.database is not None
        async with open_readonly(postgres_server.tcp_url(url.database)) as connection:
            assert await schema(connection) is Schema.NEWEST

    async def test_what_can_be_wrong_is_named_with_a_remedy(self, url: URL, postgres_server: Server) -> None:
        assert url.database is not None
        tcp = postgres_server.tcp_url(url.database)
        assert "28P01): its password is wrong" in await why(tcp.set(password="zebedee"))
        assert "3D000): there is no such database" in await why(url.set(database="nowhere"))
        for lost in (tcp.set(port=1), tcp.set(host="nowhere.invalid"), url.set(query={"host": "/nowhere"})):
            assert "it cannot be reached: see whether the server runs" in await why(lost)
        assert "no TLS with it" in await why(tcp.update_query_dict({"ssl": "require"}))

    async def test_who_may_not_make_tables_is_told(self, bare: URL, postgres_server: Server) -> None:
        assert bare.database is not None
        postgres_server.execute("REVOKE ALL ON SCHEMA public FROM safetybot, public", bare.database)
        postgres_server.execute("ALTER SCHEMA public OWNER TO postgres", bare.database)
        postgres_server.execute(f'ALTER DATABASE "{bare.database}" OWNER TO postgres')
        assert "(3F000): its user lacks a right: make it the owner of the database" in await why(bare, make=True)
        postgres_server.execute("GRANT USAGE ON SCHEMA public TO safetybot", bare.database)
        assert "(42501): its user lacks a right: make it the owner of the database" in await why(bare, make=True)

    async def test_a_server_that_is_read_only_or_full_is_told(self, bare: URL, postgres_server: Server) -> None:
        postgres_server.execute(f'ALTER DATABASE "{bare.database}" SET default_transaction_read_only = on')
        assert "(25006): it cannot be written" in await why(bare, make=True)
        postgres_server.execute(f'ALTER DATABASE "{bare.database}" RESET ALL')
        postgres_server.execute(f'ALTER DATABASE "{bare.database}" CONNECTION LIMIT 0')
        assert "(53300): the server has too many connections" in await why(bare, make=True)

    async def test_values_are_not_told(self, engine: AsyncEngine) -> None:
        row = {"day": "2026-11-24", "name": "zebedee", "topic": "", "count": 1}
        async with engine.begin() as connection:
            await connection.execute(insert(counters).values(row))
        for wrong in ({**row, "topic": "a", "count": None}, row):
            async with engine.connect() as connection:
                with pytest.raises(IntegrityError) as caught:
                    await connection.execute(insert(counters).values(wrong))
            assert "zebedee" not in "".join(traceback.format_exception(caught.value))


class TestTls:
    @pytest.fixture
    def certified(self, postgres_server: Server, tmp_path: Path) -> Iterator[Path]:
        """The server speaks TLS, with a certificate for ``localhost``; where that is."""
        self_signed(tmp_path)
        for name in ("key.pem", "certificate.pem"):
            file = Path(shutil.copy(tmp_path / name, postgres_server.data))
            file.chmod(0o600)
            shutil.chown(file, postgres_server.data.owner(), postgres_server.data.group())
        postgres_server.stop()
        postgres_server.start(ssl="on", ssl_cert_file="certificate.pem", ssl_key_file="key.pem")
        yield tmp_path / "certificate.pem"
        postgres_server.stop()
        postgres_server.start()

    async def test_it_is_what_the_address_asks_for(self, certified: Path, url: URL, postgres_server: Server) -> None:
        assert url.database is not None
        tcp = postgres_server.tcp_url(url.database).set(host="localhost")
        for query in ({"ssl": "require"}, {"ssl": "verify-full", "sslrootcert": str(certified)}):
            async with open_readonly(address(spelt(tcp.set(query=query)))) as connection:
                used = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                assert (await connection.execute(used)).scalar_one() is True
        wrong = {"ssl": "verify-full", "sslrootcert": str(certified)}
        assert "no TLS with it: see ssl and sslrootcert" in await why(tcp.set(host="127.0.0.1", query=wrong))
        for query in ({"ssl": "verify-full"}, {"ssl": "verify-full", "sslrootcert": "/nowhere"}):
            assert "no TLS with it: see ssl and sslrootcert" in await why(tcp.set(query=query))


class TestAway:
    async def test_it_is_come_back_to_after_a_restart(self, postgres_server: Server, engine: AsyncEngine) -> None:
        async with engine.connect() as first, engine.connect() as second:  # two are idle now
            for connection in (first, second):
                await connection.execute(text("SELECT 1"))
        for how in (signal.SIGINT, signal.SIGKILL):
            await asyncio.to_thread(postgres_server.stop, how)
            with pytest.raises(InterfaceError) as caught:
                await run(engine, note)
            assert isinstance(caught.value.orig.orig, postgresql.CannotReach)  # type: ignore[union-attr]
            await asyncio.to_thread(postgres_server.start)
            assert await noted(engine) == 0

    async def test_a_silent_loss_is_found_after_a_while(
        self, engine: AsyncEngine, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgresql, "ASK_AFTER", 0.0)
        async with engine.connect() as connection:
            lost = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        # The server's end goes without our loop hearing of it before the next use.
        postgres_server.execute(f"SELECT pg_terminate_backend({lost}, 1000)")
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one() != lost

    async def test_a_server_that_answers_no_more_is_not_waited_for(
        self, url: URL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgresql, "ANSWER_SECONDS", 0.3)
        with pytest.raises(DatabaseFailed, match=r"no answer in time.*cannot be reached"):
            async with open_database(url) as engine, engine.connect() as connection:
                await connection.execute(text("SELECT pg_sleep(20)"))

    async def test_the_server_breaks_off_what_takes_too_long(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            wanted = {
                "statement_timeout": "30s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "1min",
                "application_name": "safetybot",
                "TimeZone": "UTC",
            }
            for name, value in wanted.items():
                assert (await connection.execute(text(f"SHOW {name}"))).scalar_one() == value


class TestAtOnce:
    async def test_the_audit_log_of_several_processes_is_one_chain(self, bare: URL) -> None:
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-c", _WRITER, spelt(bare), str(number), str(ACTS)),
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=asyncio.subprocess.PIPE,
            )
            for number in range(WRITERS)
        ]
        # One of them dies in the middle of what it does.
        victim = processes[0]
        assert victim.stdout is not None
        for _ in range(5):
            await victim.stdout.readline()
        victim.kill()
        told = [line for process in processes for line in (await process.communicate())[0].splitlines()]
        assert [process.returncode for process in processes] == [-signal.SIGKILL, *[0] * (WRITERS - 1)]
        async with open_database(bare) as engine, for_reading(engine).connect() as connection:
            assert await verify(connection) is None
            rows = (await connection.execute(select(audit_log).order_by(audit_log.c.number))).all()
        by_writer = [row.actor for row in rows[::2]]
        assert [row.actor for row in rows[1::2]] == by_writer, "each transaction's rows are together"
        for number in range(1, WRITERS):
            assert by_writer.count(f"writer{number}") == ACTS
        assert 5 + len(told) - (WRITERS - 1) * ACTS <= by_writer.count("writer0") <= ACTS, "what was told is there"

    async def test_a_deadlock_is_done_again(self, engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(insert(code_tries), [{"hour": 1, "count": 0}, {"hour": 2, "count": 0}])

        async def both(first: int, second: int) -> None:
            def do(connection: Connection) -> None:
                for hour in (first, second):
                    connection.execute(
                        update(code_tries).where(code_tries.c.hour == hour).values(count=code_tries.c.count + 1)
                    )
                    connection.execute(text("SELECT pg_sleep(0.1)"))

            await run(engine, do)

        await asyncio.gather(both(1, 2), both(2, 1))
        async with engine.connect() as connection:
            assert set((await connection.execute(select(code_tries.c.count))).scalars()) == {2}

    async def test_pages_are_kept_in_one_order(self, engine: AsyncEngine) -> None:
        """Two processes that write the same pages in other orders do not lock each other out."""
        stores = [TranscriptStore(engine), TranscriptStore(engine)]
        keys = [bytes([number]) * 32 for number in range(40)]
        for number in range(5):
            await asyncio.gather(
                *(stores[0].save(key, Sealed(bytes([number]), 1)) for key in keys),
                *(stores[1].save(key, Sealed(bytes([number]), 1)) for key in reversed(keys)),
            )
        assert await stores[0].load(keys[3]) == Sealed(bytes([4]), 1)

    async def test_who_is_to_write_waits_for_who_writes(self, engine: AsyncEngine) -> None:
        order: list[str] = []
        inside = asyncio.Event()

        async def first() -> None:
            async with for_writing(engine).begin() as connection:
                inside.set()
                await connection.execute(text("SELECT pg_sleep(0.2)"))
                await connection.run_sync(note)
                order.append("first")

        async def second() -> None:
            await inside.wait()
            async with for_writing(engine).begin() as connection:
                order.append(f"second sees {await noted(engine)}")
                assert (await connection.execute(select(code_tries.c.count))).scalar_one() == 1

        await asyncio.gather(first(), second())
        assert order == ["first", "second sees 1"]


async def test_what_is_deleted_is_vacuumed(engine: AsyncEngine, url: URL, postgres_server: Server) -> None:
    assert url.database is not None
    async with engine.begin() as connection:
        rows = [{"chat_key": bytes([number]) * 32, "sealed": b"x", "expires": 1} for number in range(50)]
        await connection.execute(insert(drafts), rows)
        await connection.execute(drafts.delete())
    dead = "SELECT pg_stat_force_next_flush(), (SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'drafts')"
    assert await scrub(engine, tries=1)
    assert postgres_server.execute(dead, url.database)[0]["vacuum_count"] == 0, "soon PostgreSQL does it by itself"
    assert await scrub(engine)
    assert postgres_server.execute(dead, url.database)[0]["vacuum_count"] == 1
    options = "SELECT reloptions FROM pg_class WHERE relname IN ('drafts', 'sessions', 'envelope_keys', 'transcripts')"
    for row in postgres_server.execute(options, url.database):
        assert "autovacuum_vacuum_scale_factor=0.02" in row["reloptions"]
    async with engine.connect() as connection:
        assert (await connection.execute(text("SHOW statement_timeout"))).scalar_one() == "30s"
