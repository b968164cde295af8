"""The real program, as in tests/e2e, with somebody of staff; and disks that fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import chats, content, phone, place, program, small_content, telegram
from tests.e2e.desk import hire
from tests.e2e.program import Place
from tests.e2e.speech import Content
from tests.faults.disks import Disk, small_disk

__all__ = ["chats", "content", "phone", "place", "program", "small_content", "telegram"]


@pytest.fixture(scope="session")
def staffed(
    small_content: Content,
    small_cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """A data folder with one member of staff, in which the bot never ran, to be copied; and the passphrase."""
    place = Place.make(tmp_path_factory.mktemp("staffed") / "place", small_content.folder, small_cache)
    return place.data, hire(place)


@pytest.fixture
def hires(staffed: tuple[Path, str]) -> Callable[[Place], str]:
    """Gives a place without data a member of staff, Ada, so that it takes reports; her one-time passphrase."""

    def hire_at(place: Place) -> str:
        data, passphrase = staffed
        shutil.copytree(data, place.data, ignore=shutil.ignore_patterns("cache"), dirs_exist_ok=True)
        return passphrase

    return hire_at


@pytest.fixture
def hired(place: Place, hires: Callable[[Place], str]) -> str:
    """The place takes reports; the passphrase of its member of staff."""
    return hires(place)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of a few megabytes, of the test's own; skipped where none may be mounted."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def on_disk(disk: Disk, place: Place) -> Place:
    """The place, whose data folder lies on that disk."""
    data = disk.folder / "data"
    shutil.move(place.data, data)
    place.data.symlink_to(data, target_is_directory=True)
    return place
