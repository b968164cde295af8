"""Reports that are damaged or gone: seen by doctor and backup without a key, and by the restore drill with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.backup.create import BackupMade, make_backup
from safetybot.backup.errors import NotWhole
from safetybot.backup.move_to_postgresql import move
from safetybot.backup.restore import restore, try_backup
from safetybot.cli import main
from safetybot.doctor import Examination, FindingState, examine
from safetybot.reports.filing import Withdrawal, find_case, withdraw
from safetybot.reports.integrity import look_over
from safetybot.settings import Settings
from safetybot.storage.database import migrate
from safetybot.storage.location import DatabaseLocation, InstallationFiles
from safetybot.storage.tables import cases, envelope_keys, envelopes
from safetybot.vault.envelopes import row_digest
from tests.backup.house import House, engine_at, is_whole, rows
from tests.databases import BOTH
from tests.postgres import Server
from tests.reports.office import START
from tests.talking import DIALOGUE_CONTENT

Spoil = Callable[[AsyncConnection], Awaitable[object]]
ALL = 9
"""Envelopes of the house: of four reports, each with how to reach its writer, and one reply."""


@pytest.fixture(params=BOTH)
async def home(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> House:
    """The house, on either database."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres_server")
        url = server.create()
        await make_backup(house.where, house.files, tmp_path / "to move", START)
        await restore(tmp_path / "to move", house.key, url, house.files, START)
        house.where = url
    return house


async def spoil(where: DatabaseLocation, *acts: Spoil) -> None:
    """As by a disk, a hand, or a dump that was restored without its foreign keys."""
    async with engine_at(where) as engine, engine.connect() as connection:
        if isinstance(where, Path):
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.execute("PRAGMA foreign_keys=OFF")
        else:
            await connection.execute(text("ALTER TABLE envelope_keys DROP CONSTRAINT fk_envelope_keys_envelopes"))
        for act in acts:
            await act(connection)
        await connection.commit()


async def random_envelopes(connection: AsyncConnection) -> None:
    for row in (await connection.execute(select(envelopes))).all():
        its = update(envelopes).where(envelopes.c.case_id == row.case_id, envelopes.c.number == row.number)
        await connection.execute(its.values(sealed=os.urandom(len(row.sealed))))


async def random_keys(connection: AsyncConnection, reader: str | None = None) -> None:
    for row in (await connection.execute(select(envelope_keys))).all():
        if reader in (None, row.reader):
            its = update(envelope_keys).where(
                envelope_keys.c.case_id == row.case_id,
                envelope_keys.c.number == row.number,
                envelope_keys.c.reader == row.reader,
            )
            await connection.execute(its.values(wrapped=os.urandom(len(row.wrapped))))


async def last_case(connection: AsyncConnection) -> str:
    return str((await connection.execute(select(cases.c.id).order_by(cases.c.id.desc()).limit(1))).scalar_one())


async def empty_case(connection: AsyncConnection) -> None:
    """Nothing is left of it but its row."""
    case_id = await last_case(connection)
    await connection.execute(delete(envelope_keys).where(envelope_keys.c.case_id == case_id))
    await connection.execute(delete(envelopes).where(envelopes.c.case_id == case_id))


async def hide(connection: AsyncConnection) -> None:
    """Who tampers with an envelope may make its digest anew."""
    for row in (await connection.execute(select(envelopes))).all():
        its = update(envelopes).where(envelopes.c.case_id == row.case_id, envelopes.c.number == row.number)
        sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
        digest = row_digest(row.case_id, row.number, row.kind, sealed)
        await connection.execute(its.values(sealed=sealed, digest=digest))


DAMAGES: dict[str, tuple[tuple[Spoil, ...], str, str]] = {
    # How, what doctor says of it without a key, and what the drill says.
    "all bytes": (
        (random_envelopes, random_keys),
        f"{ALL} of {ALL} envelopes are damaged ({ALL} not as they were written)",
        f"{ALL} of {ALL} envelopes are damaged",
    ),
    "the recovery key's bytes": (
        (lambda connection: random_keys(connection, "recovery"),),
        f"{ALL} of {ALL} envelopes are damaged ({ALL} not as they were written)",
        f"{ALL} of {ALL} envelopes are damaged ({ALL} not opened by the recovery key)",
    ),
    "the recovery key's rows": (
        (lambda connection: connection.execute(delete(envelope_keys).where(envelope_keys.c.reader == "recovery")),),
        f"({ALL} without a key for the recovery key)",
        f"({ALL} without a key for the recovery key)",
    ),
    "the writer's keys": (
        (lambda connection: random_keys(connection, "case"),),
        "5 of 9 envelopes are damaged (5 with another reader's key not as it was written)",
        "5 of 9 envelopes are damaged (5 with another reader's key not as it was written)",
    ),
    "all envelopes": (
        (lambda connection: connection.execute(delete(envelopes)),),
        f"{ALL} of {ALL} envelopes are damaged ({ALL} missing)",
        f"{ALL} of {ALL} envelopes are damaged ({ALL} missing)",
    ),
    "a case's envelopes with their keys": ((empty_case,), "envelopes are damaged (", "missing)"),
    "tampered with, and hidden": (
        (hide,),
        "",
        f"{ALL} of {ALL} envelopes are damaged ({ALL} not opened by the recovery key)",
    ),
}


def settings_of(house: House) -> Settings:
    settings = Settings(data=house.data, content=DIALOGUE_CONTENT)
    return settings if isinstance(house.where, Path) else replace(settings, database_url=house.where)


def says(found: Examination, what: str) -> tuple[FindingState, str]:
    (finding,) = [finding for finding in found.findings if finding.what == what]
    return finding.state, finding.says


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damage_is_seen(home: House, damage: str, tmp_path: Path) -> None:
    acts, without_key, with_key = DAMAGES[damage]
    new = tmp_path / "new" / "safetybot.sqlite3", InstallationFiles.beside(tmp_path / "new" / "safetybot.sqlite3")
    await spoil(home.where, *acts)

    found = await examine(settings_of(home), START)
    state, told = says(found, "sealed reports")
    assert (state, without_key in told) == (FindingState.FAULT if without_key else FindingState.GOOD, True)
    broken = damage == "all envelopes"
    assert says(found, "foreign keys")[0] is (FindingState.FAULT if broken else FindingState.GOOD)
    if broken:
        assert "in envelope_keys" in says(found, "foreign keys")[1]

    if without_key:
        with pytest.raises(NotWhole, match="no backup was made") as refused:
            await make_backup(home.where, home.files, tmp_path / "b", START)
        assert "--even-damaged" in str(refused.value)
        assert without_key in str(refused.value)
        assert not (tmp_path / "b").exists()
    made = await make_backup(home.where, home.files, tmp_path / "b", START, even_damaged=True)
    assert made.integrity.whole == (not without_key)

    heard: list[tuple[str, float]] = []
    tried = await try_backup(tmp_path / "b", home.key, told=lambda *each: heard.append(each))
    assert not tried.integrity.whole
    assert with_key in tried.integrity.says()
    assert ("foreign keys" in tried.integrity.says()) == broken
    if not broken:
        assert heard[-1] == ("opening reports", 1)
    with pytest.raises(NotWhole, match="nothing was restored"):
        await restore(tmp_path / "b", home.key, *new, START)
    assert not any(path.exists() for path in (new[0], new[1].secret, new[1].known_database))
    restored = await restore(tmp_path / "b", home.key, *new, START, even_damaged=True)
    assert restored.integrity.says() == tried.integrity.says()
    there = await rows(new[0])
    assert there["cases"] == 4
    assert (there["envelope_keys"] == 0) == broken
    for told in (tried.integrity.says(), str(found)):  # of what, and never by whom
        assert not any(code.text in told or ref.id in told for code, ref in zip(home.codes, home.refs, strict=True))


async def test_what_was_taken_back_or_deleted_is_not_missed(home: House, tmp_path: Path) -> None:
    async with engine_at(home.where) as engine, engine.begin() as connection:
        found = await find_case(connection, home.keys(home.codes[3]).lookup_tag)
        assert found is not None
        assert await withdraw(connection, found, START) is Withdrawal.SHREDDED
    state, told = says(await examine(settings_of(home), START), "sealed reports")
    assert (state, told[:11]) == (FindingState.GOOD, "7 envelopes")
    made = await make_backup(home.where, home.files, tmp_path / "b", START)
    tried = await try_backup(tmp_path / "b", home.key)
    assert made.integrity.whole
    assert tried.integrity.whole
    assert (tried.integrity.envelopes, tried.integrity.opened) == (7, 7)


async def test_a_damaged_file_is_not_moved(house: House, postgres_server: Server) -> None:
    assert isinstance(house.where, Path)
    await spoil(house.where, lambda connection: connection.execute(delete(envelopes)))
    url = postgres_server.create()
    with pytest.raises(NotWhole, match="nothing was moved"):
        await move(house.where, url, START)
    assert house.where.exists()


async def test_digests_are_made_for_what_was_there_before(furnished: House, tmp_path: Path) -> None:
    """Those of the migration are those that are written."""
    old = tmp_path / "old.sqlite3"
    async with engine_at(furnished.where) as newer, engine_at(old) as engine:
        await migrate(engine, "0010")
        async with newer.connect() as source, engine.begin() as connection:
            for table in (cases, envelopes, envelope_keys):
                columns = [column for column in table.c if column.name != "digest"]
                names = ", ".join(column.name for column in columns)
                insert = text(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(f':{c.name}' for c in columns)})")
                for row in (await source.execute(select(*columns))).mappings():
                    await connection.execute(insert, dict(row))
        async with engine.connect() as connection:
            before = await look_over(connection)
        assert (before.whole, before.envelopes) == (True, ALL)  # as far as can be seen without digests
        many = [{"number": number, "sealed": bytes([number % 256]) * 9} for number in range(100, 1_200)]
        async with engine.begin() as connection:
            statement = "INSERT INTO envelopes VALUES (:case_id, :number, 'note', '2026-11-24', false, :sealed)"
            case_id = furnished.refs[0].id
            await connection.execute(text(statement), [{"case_id": case_id, **each} for each in many])
        await migrate(engine)
        async with engine.connect() as connection, newer.connect() as source:
            both = [{tuple(row) for row in await each.execute(select(envelope_keys))} for each in (connection, source)]
            assert both[0] == both[1]
            found = (await connection.execute(select(envelopes))).all()
    assert len(found) == ALL + len(many)
    assert all(row.digest == row_digest(row.case_id, row.number, row.kind, row.sealed) for row in found)


def test_the_commands(
    house: House, backed_up: tuple[Path, BackupMade], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def command(*arguments: object) -> tuple[int, str, str]:
        code = main.main([*map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    monkeypatch.setenv("SAFETYBOT_DATA", str(house.data))
    monkeypatch.setenv("SAFETYBOT_CONTENT", str(DIALOGUE_CONTENT))
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_text(house.key)
    code, out, _ = command("restore", backed_up[0], "--check", "--key-file", key)
    assert (code, f"The recovery key opens all {ALL} envelopes" in out) == (0, True)
    asyncio.run(spoil(house.where, random_envelopes, random_keys))
    code, out, _ = command("doctor")
    assert (code, "sealed reports: 9 of 9 envelopes are damaged" in out) == (1, True)
    file = tmp_path / "b"
    code, _, err = command("backup", file)
    assert (code, "no backup was made: 9 of 9" in err, file.exists()) == (2, True, False)
    code, out, _ = command("backup", file, "--even-damaged")
    assert (code, "REPORTS ARE DAMAGED: 9 of 9" in out) == (1, True)
    code, out, _ = command("restore", file, "--check", "--key-file", key)
    assert (code, "CANNOT BE RESTORED WHOLE" in out, "opens 0 envelopes" in out) == (1, True, True)
    assert f"{house.refs[0].short} (1 contact, 1 reply, 1 report)" in out
    monkeypatch.setenv("SAFETYBOT_DATA", str(tmp_path / "new"))
    code, _, err = command("restore", file, "--key-file", key)
    assert (code, "nothing was restored: 9 of 9" in err, (tmp_path / "new").exists()) == (2, True, True)
    assert not [*(tmp_path / "new").rglob("*")]
    code, out, _ = command("restore", file, "--key-file", key, "--even-damaged")
    assert (code, "Restored: 4 cases" in out, "REPORTS ARE DAMAGED" in out) == (1, True, True)


async def test_the_house_is_whole_to_begin_with(home: House) -> None:
    """Or nothing above would be tested."""
    await is_whole(home, home.where, home.secret)
    found = await examine(settings_of(home), START)
    assert says(found, "foreign keys")[0] is FindingState.GOOD
    assert says(found, "sealed reports")[0] is FindingState.GOOD
