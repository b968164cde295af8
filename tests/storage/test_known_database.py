"""A data folder knows its database: no other, and no empty one, is begun in its place by mistake."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from sqlalchemy import URL, delete, text

from safetybot.administration import operator_tasks
from safetybot.administration.operator_tasks import Secrets
from safetybot.app import started_service
from safetybot.backup.create import make_backup
from safetybot.backup.restore import restore
from safetybot.doctor import FindingState, examine
from safetybot.settings import Settings
from safetybot.storage import installation_metadata, tables
from safetybot.storage.database import engine_of
from safetybot.storage.known_database import OtherDatabase
from safetybot.storage.location import DatabaseLocation, InstallationFiles
from safetybot.understanding.understanding import Understanding
from safetybot.vault.installation import opened_vouching
from tests.databases import BOTH
from tests.reports.office import CHEAP, START
from tests.talking import DIALOGUE_CONTENT

DATABASES = BOTH
PASSPHRASE = "correct horse battery staple"
GONE = "with which .* was used, is (not there any more|empty): .*--new-database"
OTHER = "is not the one with which .* was used: .*--new-database"


class Home:
    """A data folder, and the database it is used with."""

    def __init__(self, where: DatabaseLocation, folder: Path) -> None:
        self.where = where
        self.files = InstallationFiles(folder, folder / "secrets" / "server.key")
        self.shown: list[Secrets] = []

    async def add(self, name: str) -> None:
        await operator_tasks.add(self.where, name, PASSPHRASE, START, self.shown.append, CHEAP, files=self.files)

    async def names(self) -> list[str]:
        return [member.name for member in (await operator_tasks.roster(self.where, files=self.files)).members]

    async def lose(self) -> None:
        """An empty database is in the place of the one that was used."""
        if isinstance(self.where, Path):
            for each in self.where.parent.glob(f"{self.where.name}*"):
                each.unlink()
            return
        engine = engine_of(self.where)
        async with engine.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
        await engine.dispose()

    @property
    def key(self) -> str:
        assert self.shown[0].recovery_key is not None
        return self.shown[0].recovery_key

    def settings(self, content: Path) -> Settings:
        url = self.where if isinstance(self.where, URL) else None
        return Settings(data=self.files.data, database_url=url, content=content)


@pytest.fixture
async def home(where: DatabaseLocation, tmp_path: Path) -> Home:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    home = Home(folder / "safetybot.sqlite3" if isinstance(where, Path) else where, folder)
    await home.add("Anna")
    return home


@pytest.fixture
def content(tmp_path: Path, home: Home, understanding: Understanding, dialogue_cache: Path) -> Path:
    """Content that is learnt already."""
    shutil.copytree(dialogue_cache, home.files.data / "cache")
    return Path(shutil.copytree(DIALOGUE_CONTENT, tmp_path / "content"))


async def test_an_empty_one_in_its_place_is_refused(home: Home) -> None:
    await home.add("Ben")
    await home.lose()
    for act in (home.add("Eve"), operator_tasks.disable(home.where, "Anna", START, files=home.files)):
        with pytest.raises(OtherDatabase, match=GONE):
            await act
    with pytest.raises(OtherDatabase, match=GONE):
        await make_backup(home.where, home.files, home.files.data / "b", START)
    if isinstance(home.where, Path):
        assert not home.where.exists()
        home.where.touch()  # a file without anything in it is no better
        with pytest.raises(OtherDatabase, match=OTHER):
            await home.add("Eve")
        assert not home.where.stat().st_size


async def test_another_one_in_its_place_is_refused_and_said_by_doctor(home: Home) -> None:
    assert not [each for each in await _faults(home) if each.startswith("known database")]
    before = home.files.known_database.read_text()
    await home.lose()
    home.files.known_database.unlink()
    home.files.pin.unlink(missing_ok=True)
    await home.add("Eve")  # somebody else's installation
    home.files.known_database.write_text(before)
    with pytest.raises(OtherDatabase, match=OTHER):
        await home.add("Ben")
    engine = engine_of(home.where)
    async with engine.connect() as connection:
        assert [name for (name,) in await connection.execute(text("SELECT name FROM staff"))] == ["Eve"]
    await engine.dispose()
    assert [each for each in await _faults(home) if each.startswith("known database")]


async def test_doctor_says_that_it_is_gone(home: Home) -> None:
    await home.lose()
    (said,) = [each for each in await _faults(home) if each.startswith("database:")]
    assert "--new-database" in said


async def test_the_bot_does_not_begin_anew_unless_told(home: Home, content: Path) -> None:
    settings = home.settings(content)
    async with started_service(settings):
        pass
    await home.lose()
    for _ in range(2):
        with pytest.raises(OtherDatabase, match=GONE):
            async with started_service(settings):
                pass
    async with started_service(settings, new_database=True):
        pass
    async with started_service(settings):  # it is the one from now on
        pass
    await home.add("Ben")
    assert await home.names() == ["Ben"]


async def test_the_bot_makes_no_secret_where_it_refuses(home: Home, content: Path) -> None:
    await home.lose()
    home.files.secret.unlink()
    with pytest.raises(OtherDatabase):
        async with started_service(home.settings(content)):
            pass
    assert not home.files.secret.exists()


async def test_a_backup_is_put_back_over_what_is_gone(home: Home, tmp_path: Path) -> None:
    await make_backup(home.where, home.files, tmp_path / "b", START)
    await home.lose()
    await restore(tmp_path / "b", home.key, home.where, home.files, START)
    await home.add("Ben")
    assert await home.names() == ["Anna", "Ben"]


async def test_a_backup_of_before_databases_had_numbers_is_put_back(home: Home, tmp_path: Path) -> None:
    async with opened_vouching(home.where, home.files) as engine, engine.begin() as connection:
        await connection.execute(delete(tables.marks).where(tables.marks.c.name == installation_metadata.DATABASE_ID))
    home.files.known_database.unlink()
    await make_backup(home.where, home.files, tmp_path / "b", START)
    await home.add("Ben")  # it has a number now
    await home.lose()
    await restore(tmp_path / "b", home.key, home.where, home.files, START)
    await home.add("Eve")
    assert await home.names() == ["Anna", "Eve"]


async def test_without_a_note_the_database_there_is_becomes_known(home: Home) -> None:
    home.files.known_database.unlink()
    await home.add("Ben")
    assert home.files.known_database.stat().st_mode & 0o777 == 0o600
    await home.lose()
    with pytest.raises(OtherDatabase):
        await home.add("Eve")


async def _faults(home: Home) -> list[str]:
    found = await examine(home.settings(DIALOGUE_CONTENT), START + dt.timedelta(days=1))
    return [f"{each.what}: {each.says}" for each in found.findings if each.state is FindingState.FAULT]
