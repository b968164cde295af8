from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from safetybot.backup.create import BackupMade, make_backup
from tests.backup.house import House, furnish
from tests.reports.office import START


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> House:
    """An installation on SQLite, to be copied."""
    folder = tmp_path_factory.mktemp("furnished") / "data"
    return asyncio.run(furnish(folder / "safetybot.sqlite3", folder))


@pytest.fixture
def house(furnished: House, tmp_path: Path) -> House:
    """The same, to be changed."""
    folder = tmp_path / "data"
    shutil.copytree(furnished.data, folder)
    return replace(
        furnished, where=folder / "safetybot.sqlite3", data=folder, codes=[*furnished.codes], refs=[*furnished.refs]
    )


@pytest.fixture(scope="session")
def backed_up(furnished: House, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BackupMade]:
    """A backup of it."""
    file = tmp_path_factory.mktemp("backup") / "backup"
    return file, asyncio.run(make_backup(furnished.where, furnished.files, file, START))
