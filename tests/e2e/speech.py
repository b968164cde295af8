"""A content folder of the test's own, and what stands in it, as a reader sees it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from safetybot.channels.telegram.rendering import render
from safetybot.dialogue.messages import Outgoing
from tests.emulator.telegram_html import parse

TESTS = Path(__file__).parents[1]
SMALL = TESTS / "fixtures" / "dialogue"
SHIPPED = TESTS.parent / "content"

LONG = "\n\n".join(f"Paragraph {number}. " + "Some words to read. " * 12 for number in range(1, 41))
"""Far more than one Telegram message holds."""


def seen(markdown: str) -> str:
    """A text as Telegram shows it."""
    return parse(render(Outgoing(markdown))[0].html)[0].strip()


@dataclass(frozen=True)
class Content:
    """One language of a content folder, read anew at each look, so that a test may change it."""

    folder: Path
    language: str = "en"

    @classmethod
    def copy(cls, source: Path, folder: Path) -> Content:
        shutil.copytree(source, folder)
        return cls(folder)

    def in_language(self, code: str) -> Content:
        return Content(self.folder, code)

    def file(self, name: str) -> Path:
        return self.folder / self.language / name

    def topic_file(self, topic: str) -> Path:
        return self.file(f"topics/{topic}.yaml")

    def topics(self) -> list[str]:
        return sorted(path.stem for path in self.file("topics").glob("*.yaml"))

    def topic(self, topic: str) -> Any:
        return yaml.load(self.topic_file(topic).read_text("utf-8"), yaml.BaseLoader)

    def first(self, topic: str) -> str:
        """The first message of a topic's answer; helplines may stand behind it."""
        return seen(self.topic(topic)["answer"]["first"])

    def younger(self, topic: str) -> str:
        return seen(self.topic(topic)["answer"]["younger"]["first"])

    def step(self, topic: str, number: int) -> str:
        return seen(self.topic(topic)["answer"]["steps"][number - 1]["say"])

    def wording(self) -> Any:
        return yaml.load(self.file("wording.yaml").read_text("utf-8"), yaml.BaseLoader)

    def say(self, name: str) -> str:
        """What the bot says, up to the first thing that is filled in."""
        return seen(self.wording()["say"][name].partition("{")[0])

    def press(self, name: str) -> str:
        """The words on a button."""
        return str(self.wording()["buttons"][name])

    def form(self) -> Any:
        """The report form."""
        return yaml.load(self.file("report.yaml").read_text("utf-8"), yaml.BaseLoader)

    def form_says(self, name: str) -> str:
        """What the form or a case says, up to the first thing that is filled in."""
        return seen(self.form()["say"][name].partition("{")[0])

    def form_press(self, name: str) -> str:
        """The words on a button of the form or of a case."""
        return str(self.form()["buttons"][name])

    def asks(self, question: str, about: str | None = None) -> str:
        """A question of the form, as somebody is asked who it is about."""
        asked = next(each for each in self.form()["questions"] if each["id"] == question)
        others = (other["ask"] for other in asked.get("instead", ()) if about in other["when"].get("about", ()))
        return seen(next(others, asked["ask"]))

    def change(self, path: Path, old: str, new: str) -> None:
        """Save a file with one place changed, in one go, as editors' programs do."""
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        fresh = path.with_suffix(".saving")
        fresh.write_text(text.replace(old, new), "utf-8")
        os.replace(fresh, path)  # noqa: PTH105
