"""What stands in the documentation: its pages, the commands in them, and its tables."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "content" / "README.md", *(ROOT / "docs").glob("*.md")])


@dataclass(frozen=True)
class Block:
    """A fenced block of commands."""

    page: Path
    line: int
    marks: frozenset[str]
    """What stands behind ``sh``: ``run``, and where."""
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command; those of ``sudo``, ``sh -c`` and Docker are the commands they run."""
        return [words for line in self.text.replace("\\\n", " ").splitlines() for words in _commands(line)]


def blocks(page: Path) -> list[Block]:
    """Every fenced block of commands."""
    found = []
    text = page.read_text("utf-8")
    for match in re.finditer(r"^( *)```sh\b(.*)\n((?:.*\n)*?)\1```$", text, re.MULTILINE):
        indent, marks, body = match.groups()
        body = re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        found.append(Block(page, text[: match.start()].count("\n") + 1, frozenset(marks.split()), body))
    return found


def sections(page: Path) -> dict[str, str]:
    """What stands below each heading of a page, up to the next one of any level."""
    parts = re.split(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of the tables below a heading, without their heads."""
    text = page.read_text("utf-8")
    below = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    below = re.split(r"^##? ", below, flags=re.MULTILINE)[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {
        number for number, row in enumerate(cells) if number + 1 < len(cells) and set(cells[number + 1][0]) <= {"-"}
    }
    return [row for number, row in enumerate(cells) if number not in heads and not set(row[0]) <= {"-"}]


def _commands(line: str) -> list[list[str]]:
    words = shlex.split(line, comments=True)
    while words and (words[0] == "sudo" or re.fullmatch(r"[A-Z_]+=.*", words[0])):
        words = words[1:]
        if words[:1] == ["-u"]:
            words = words[2:]
    if not words:
        return []
    if words[:2] == ["sh", "-c"]:
        return [found for part in words[2].split("&&") for found in _commands(part)]
    if "&&" in words:  # one after the other; what stands behind it is on this line or on the next
        place = words.index("&&")
        return [found for part in (words[:place], words[place + 1 :]) for found in _commands(shlex.join(part))]
    return [words]
