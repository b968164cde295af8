"""A small valid content folder on disk, and a hand to make mistakes in it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from safetybot.guidance.reader import Library, read_content

FIXTURE = Path(__file__).parent.parent / "fixtures" / "content"
TODAY = dt.date(2026, 11, 24)
SEXTORTION = "en/topics/sextortion.yaml"
BULLYING = "en/topics/cyberbullying.yaml"
PASSWORDS = "en/topics/passwords.yaml"


@dataclass(frozen=True)
class Content:
    """A content folder that a test may spoil."""

    folder: Path

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the one place where ``old`` stands."""
        text = self.text(name)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def line(self, name: str, part: str) -> int:
        """The number of the first line that holds ``part``."""
        return next(at for at, line in enumerate(self.text(name).split("\n"), start=1) if part in line)

    def read(self, today: dt.date = TODAY) -> Library:
        return read_content(self.folder, today=today)

    def faults(self, today: dt.date = TODAY) -> list[str]:
        """Every fault as an editor sees it, with paths from the content folder on."""
        return [str(fault).replace(self.folder.as_posix() + "/", "") for fault in self.read(today).faults]


@pytest.fixture
def content(tmp_path: Path) -> Content:
    folder = tmp_path / "content"
    shutil.copytree(FIXTURE, folder)
    return Content(folder)


Spoil = Callable[[str, str, str], list[str]]


@pytest.fixture
def spoil(content: Content) -> Spoil:
    """Make one change to a valid file; the faults that follow."""

    def change(name: str, old: str, new: str) -> list[str]:
        content.change(name, old, new)
        return content.faults()

    return change
