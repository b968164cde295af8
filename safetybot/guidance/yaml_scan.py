"""Why a file is not YAML, said the way an editor can act on.

YAML's own parsers stop at the first thing they cannot read, often lines after the mistake, in words for
programmers. This scan is used only when they have refused a file. It follows the lines as an editor meant them,
names every slip it knows, and mends a copy as it goes, so that what stands behind a slip can be checked as well.

It never judges a file that YAML can read: being stricter than YAML somewhere would refuse good content.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["map", "list", "text"]

_DASH = re.compile(r"-(?=\s|$)")
_KEY = re.compile(
    r"""(?P<key> "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' | (?:[^\s"'#\[\]{}&*!|>@`%,?:-]|[?:-](?=\S)) (?:(?!\s\#).)*? )
        \s?:(?=\s|$)""",
    re.VERBOSE,
)
_MISSING_SPACE = re.compile(r"[A-Za-z_-]+:(?=[^\s:/])")
_QUOTED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL), "'": re.compile(r"'(?:[^']|'')*'", re.DOTALL)}
_BLOCK_HEADER = re.compile(r"[|>][+-]?[1-9]?[+-]?(\s+#.*|\s*)$")
_COMMENT = re.compile(r"(?<!\s)\s+#.*$")
_NOTHING_MORE = re.compile(r"(\s+#.*|\s*)$")
_STRUCTURE = re.compile(r"\s*(-\s|[\w-]+:(\s|$))")
_NO_TEXT_STARTS_SO = re.compile(r"[@`%*&!,\]}|>]|\?(\s|$)")
_CLOSER = {"[": "]", "{": "}"}

QUOTE_LINES_MAX = 40
"""Lines on which the end of a quote is looked for."""


@dataclass(frozen=True)
class YamlMistake:
    """One mistake of writing; line and column count from 0."""

    line: int
    column: int
    message: str


@dataclass(frozen=True)
class _Level:
    """A list or a group of keys that is open: the column its lines start in, and the last of them."""

    column: int
    kind: Kind
    line: int
    name: str


def quoted(text: str) -> str:
    """The text in YAML double quotes."""
    return json.dumps(text, ensure_ascii=False)


def scan(lines: list[str]) -> tuple[list[YamlMistake], list[str]]:
    """Every slip that can be named, and the lines with each of them mended."""
    scan = _Scan(list(lines))
    scan.run()
    return list(scan.slips.values()), scan.lines


class _Scan:
    """Walks the lines from top to bottom, knowing which lists and keys are open."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.slips: dict[int, YamlMistake] = {}
        self.levels: list[_Level] = []
        self.value: Literal["empty", "text", "closed"] = "empty"
        """What the last line left open: a key awaiting its value, a text that may go on, or neither."""
        self.block_line: int | None = None
        """The first line of the block text just read."""

    def run(self) -> None:
        """Read all lines."""
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            if not line.strip() or line.lstrip().startswith("#"):
                at += 1
            elif re.match(r"(---|\.\.\.)(\s|$)", line) or line.startswith("%YAML"):
                self.levels, self.value = [], "empty"
                at += 1
            else:
                at = self.line(at)

    # -- one line: where it belongs, its keys and dashes, then its value

    def line(self, at: int) -> int:
        """Read the line and what its value goes on to; the number of the next line."""
        column = len(self.lines[at]) - len(self.lines[at].lstrip())
        self.mend_space(at, column)
        text = self.lines[at][column:]
        if _DASH.match(text):
            column = self.place(at, column, "list", "-")
        elif re.match(r"-[^\s-]", text) and self.in_list(column):
            return self.add_space(at, column, 1, "Add a space after the `-`.")
        elif key := _KEY.match(text):
            column = self.place(at, column, "map", key["key"])
        else:
            return self.loose_text(at, column)
        while True:
            text = self.lines[at][column:]
            if dash := _DASH.match(text):
                self.open(_Level(column, "list", at, "-"))
                column += self.skip(text, dash.end())
                self.mend_item(at, column)
            elif key := _KEY.match(text):
                self.open(_Level(column, "map", at, key["key"]))
                column += self.skip(text, key.end())
                return self.read_value(at, column)
            else:
                return self.read_value(at, column)

    @staticmethod
    def skip(text: str, end: int) -> int:
        return end + len(text[end:]) - len(text[end:].lstrip())

    def open(self, level: _Level) -> None:
        """Enter a list or a group of keys, leaving those that stand deeper."""
        while self.levels and (
            self.levels[-1].column > level.column
            or (self.levels[-1].column == level.column and self.levels[-1].kind == "list" and level.kind == "map")
        ):
            self.levels.pop()
        if not (self.levels and (self.levels[-1].column, self.levels[-1].kind) == (level.column, level.kind)):
            self.levels.append(level)
        else:
            self.levels[-1] = level  # the last of its lines, for "line up with"
        self.value = "empty"

    def place(self, at: int, column: int, kind: Kind, name: str) -> int:
        """The column where this line belongs; it is moved there if that is another."""
        if not self.levels:
            return column
        top = self.levels[-1]
        if column > top.column and self.value == "empty":
            return column
        if column == top.column and top.kind == "map" and kind == "list" and self.value == "empty":
            return column
        if any(level.column == column and level.kind == kind for level in self.levels):
            return column
        if column > top.column and self.value == "text" and kind == "map" and not re.fullmatch(r"[\w-]+", name):
            colon = self.lines[at].index(":", column)
            self.slip(at, colon, "Colon inside text. Put quotes around it.")
            self.lines[at] = self.lines[at].replace(":", " ", 1)
            return column
        same = [level for level in self.levels if level.kind == kind]
        if not same:
            lost = "This key belongs to nothing above it. Check the spaces at its start."
            alone = "A list needs a key above it that ends with a colon and nothing after it."
            self.slip(at, column, lost if kind == "map" else alone)
            return column
        near = min(reversed(same), key=lambda level: abs(level.column - column))
        other = "" if kind == "list" else f"`{near.name}` on "
        self.slip(at, column, f"Line up this `{name}` with {other}line {near.line + 1}.")
        self.lines[at] = " " * near.column + self.lines[at][column:]
        return near.column

    def loose_text(self, at: int, column: int) -> int:
        """A line without dash or key: more of a text, or one whose space, dash or key is missing."""
        text = self.lines[at][column:]
        deeper = not self.levels or column > self.levels[-1].column
        if deeper and self.value == "text":
            if colon := re.search(r":(\s|$)", text):
                self.slip(at, column + colon.start(), "Colon inside text. Put quotes around it.")
                self.lines[at] = self.lines[at][:column] + text.replace(":", " ")
            return at + 1
        if re.match(r"-[^\s-]", text) and deeper and self.value == "empty":
            return self.add_space(at, column, 1, "Add a space after the `-`.")
        if glued := _MISSING_SPACE.match(text):
            return self.add_space(at, column, glued.end(), "Add a space after the colon.")
        if deeper and self.value == "empty":
            return self.read_value(at, column)
        if self.block_line is not None and self.value == "closed":
            self.slip(at, column, f"Line up this text with line {self.block_line + 1}.")
        elif self.in_list(column):
            self.slip(at, column, "Put `- ` before this text.")
        else:
            self.slip(at, column, "This text has no key. Add a colon after its key, or line it up with the text above.")
        self.lines[at] = ""
        return at + 1

    def in_list(self, column: int) -> bool:
        """Whether a list's dashes stand in this column."""
        return any(level.kind == "list" and level.column == column for level in self.levels)

    def add_space(self, at: int, column: int, after: int, message: str) -> int:
        self.slip(at, column + after - 1, message)
        cut = column + after
        self.lines[at] = self.lines[at][:cut] + " " + self.lines[at][cut:]
        return at  # read again, as mended

    def mend_item(self, at: int, column: int) -> None:
        """``- button:Next`` is a text for YAML; the key in the line below shows what was meant."""
        glued = _MISSING_SPACE.match(self.lines[at], column)
        below = self.lines[at + 1] if at + 1 < len(self.lines) else ""
        if glued and below[:column].strip() == "" and re.match(r"[\w-]+:(\s|$)", below[column:]):
            self.add_space(at, 0, glued.end(), "Add a space after the colon.")

    def mend_space(self, at: int, column: int) -> None:
        """No-break spaces, pasted from a word processor, look like spaces and are none."""
        start = self.lines[at][:column]
        if start.strip(" "):
            self.slip(at, len(start) - len(start.lstrip(" ")), "Special space at the start. Type ordinary spaces.")
            self.lines[at] = " " * column + self.lines[at][column:]

    # -- the value after a key or a dash

    def read_value(self, at: int, column: int) -> int:
        """Read the value that starts here; the number of the line after it."""
        text = self.lines[at][column:]
        self.block_line = None
        if not text or text.startswith("#"):
            self.value = "empty"
            return at + 1
        if _BLOCK_HEADER.match(text):
            return self.block(at)
        if text[0] in _QUOTED:
            return self.quoted(at, column)
        if text[0] in _CLOSER:
            return self.flow(at, column)
        self.value = "text"
        content = _COMMENT.sub("", text)
        if _DASH.match(text):
            message = "Start the list on the next line, or put quotes around this."
            self.requote(at, column, column, message)
        elif _NO_TEXT_STARTS_SO.match(text):
            self.requote(at, column, column, "Put quotes around this.")
        elif text[0] in "“”‘’" and re.search(r":(\s|$)", content):
            self.requote(at, column, column, 'Curly quotes do not count. Use straight ones: "…".', text.strip("“”‘’ "))
        elif colon := re.search(r":(\s|$)", content):
            self.requote(at, column, column + colon.start(), "Colon inside text. Put quotes around it.")
        return at + 1

    def block(self, at: int) -> int:
        """Text under ``|`` or ``>``: as long as lines stay as deep as its first."""
        self.value = "closed"
        outer = self.levels[-1].column if self.levels else -1
        first: int | None = None
        for number in range(at + 1, len(self.lines)):
            line = self.lines[number]
            indent = len(line) - len(line.lstrip(" "))
            if not line.strip():
                continue
            if indent <= outer:
                return number
            if first is None:
                first, self.block_line, deep = number, number, indent
            elif indent < deep and line[indent] == "#":
                return number  # a comment ends the text
            elif indent < deep:
                self.slip(number, indent, f"Line up this text with line {first + 1}.")
                self.lines[number] = " " * deep + line.lstrip(" ")
        return len(self.lines)

    def quoted(self, at: int, column: int) -> int:
        """Text in quotes: closed on its line, or on a later one that still looks like text."""
        self.value = "closed"
        line = self.lines[at]
        mark = line[column]
        if whole := _QUOTED[mark].match(line, column):
            rest = line[whole.end() :]
            if not _NOTHING_MORE.match(rest):
                inner = line[column + 1 :].rstrip()
                use = "Put double quotes around the whole text." if mark == "'" else 'Write \\" for a quote inside.'
                self.requote(at, column, whole.end(), f"The quote ends too early. {use}", inner.removesuffix(mark))
            elif mark == '"' and (wrong := re.search(r"(?<!\\)(?:\\\\)*(\\[^0abtnvfre \"/\\N_LPxuU])", whole[0])):
                inner = whole[0][1:-1]
                self.requote(at, column, column + wrong.start(1), "Write \\\\ for a backslash inside quotes.", inner)
            return at + 1
        outer = self.levels[-1].column if self.levels else -1
        for number in range(at + 1, min(at + QUOTE_LINES_MAX, len(self.lines))):
            below = self.lines[number]
            if below.strip() and (len(below) - len(below.lstrip()) <= outer or _STRUCTURE.match(below)):
                break
            text = "\n".join([line[column:], *self.lines[at + 1 : number + 1]])
            if (whole := _QUOTED[mark].match(text)) and _NOTHING_MORE.match(text[whole.end() :]):
                return number + 1
        self.requote(at, column, column, f"Quote opened on line {at + 1} never closes.", line[column + 1 :].rstrip())
        return at + 1

    def flow(self, at: int, column: int) -> int:
        """``[…]`` or ``{…}``: closed properly, or a text that only begins so."""
        self.value = "closed"
        outer = self.levels[-1].column if self.levels else -1
        closers: list[str] = []
        before = ""
        for number in range(at, len(self.lines)):
            line = self.lines[number]
            if number > at and line.strip() and (len(line) - len(line.lstrip()) <= outer or _STRUCTURE.match(line)):
                break
            place = column if number == at else 0
            while place < len(line):
                sign = line[place]
                if sign in _QUOTED and before in "[{,:" and (whole := _QUOTED[sign].match(line, place)):
                    place = whole.end() - 1
                elif sign == "#" and (place == 0 or line[place - 1].isspace()):
                    break
                elif sign in _CLOSER:
                    closers.append(_CLOSER[sign])
                elif sign in "]}" and closers.pop() != sign:
                    return self.unclosed(at, column)
                if not closers:
                    if not _NOTHING_MORE.match(line[place + 1 :]):
                        self.requote(at, column, column, "Put quotes around this.")
                        return at + 1
                    return number + 1
                before = before if sign.isspace() else sign
                place += 1
        return self.unclosed(at, column)

    def unclosed(self, at: int, column: int) -> int:
        """A bracket that never closes: a list cut short, or a text such as ``{help me``."""
        text = self.lines[at][column:].rstrip()
        closer = _CLOSER[text[0]]
        if closer not in text and not re.search(r",|:\s", text):
            self.requote(at, column, column, "Put quotes around this.")
        else:
            self.requote(at, column, column, f"Put quotes around this, or add the `{closer}` that closes it.")
            self.lines[at] = self.lines[at][:column] + text.rstrip(",") + closer
        return at + 1

    # -- telling and mending

    def slip(self, at: int, column: int, message: str) -> None:
        """Note a slip; of one line only the first, for the others mostly follow from it."""
        self.slips.setdefault(at, YamlMistake(at, column, message))

    def requote(self, at: int, start: int, column: int, message: str, text: str | None = None) -> None:
        """Note a slip at ``column``, and put the text that begins at ``start`` in quotes."""
        self.slip(at, column, message)
        line = self.lines[at]
        self.lines[at] = line[:start] + quoted(line[start:].rstrip() if text is None else text)
