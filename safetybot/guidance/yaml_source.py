"""One YAML file as plain data that knows the line and column of every part of it.

Every value stays the text that the editor typed: ``yes``, ``08001111`` and ``12:30`` are no booleans or numbers here.
Whatever the file holds, the outcome is a :class:`Source`, with faults where it cannot be used; never an exception.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from safetybot.guidance.faults import Fault, Severity
from safetybot.guidance.symlinks import LEADS_OUT, LeadsOut, open_inside
from safetybot.guidance.yaml_scan import scan

Data = str | list["Data"] | dict[str, "Data"]
Loc = tuple[str | int, ...]
"""The way to a part of the data: keys and list positions, as pydantic writes it."""

BYTES_MAX = 2_000_000
"""Twice the largest we know, the ten thousand signs of danger; anything larger was put there by mistake."""

DEPTH_MAX = 12
"""Lists and keys inside one another; the deepest file we know has six."""

LINE_MAX = 4_000
"""Characters in a line that is worth explaining; no editor typed a longer one."""

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml is five times faster, and not everywhere

_HIDDEN = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_COMMENT_WITH_ROOM = re.compile(r"\s{2,}#(\s|$)")

# What the parser says, and what an editor should read, where the scan found nothing.
_PARSER_WORDS = (
    ("cannot start any token", "Put quotes around this."),
    ("mapping values are not allowed", "Colon inside text. Put quotes around it."),
    ("escape character", "Write \\\\ for a backslash inside quotes."),
    ("',' or ", "Put a comma between the parts here, and quotes around a text that has , : [ ] { or }."),
    ("unexpected end of stream", "A quote or bracket above never closes."),
)
_PARSER_ELSE = "This does not fit what stands above. Check spaces, colons and quotes, here and on the line above."


@dataclass(frozen=True)
class YamlSource:
    """One file as read. ``data`` is None where nothing could be made of it; ``faults`` are mistakes of writing."""

    path: str
    lines: tuple[str, ...] = ()
    data: Data | None = None
    faults: tuple[Fault, ...] = ()
    values: Mapping[Loc, tuple[int, int]] = field(default_factory=dict)
    """Line and column, from 1, where each value begins."""
    keys: Mapping[Loc, tuple[int, int]] = field(default_factory=dict)
    """Line and column, from 1, of each key."""

    @property
    def name(self) -> str:
        """The file's name, without folders."""
        return Path(self.path).name

    @property
    def stem(self) -> str:
        """The file's name, without folders and ending."""
        return Path(self.path).stem

    def place(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Line and column of a value (or its key), or of the nearest part around it that is written in the file."""
        if key and loc in self.keys:
            return self.keys[loc]
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.values:
                return self.values[loc[:end]]
        return 1, 1

    def fault(self, loc: Loc, message: str, severity: Severity = "error", *, key: bool = False) -> Fault:
        """A fault at a part of the data."""
        return self.fault_at(*self.place(loc, key=key), message, severity)

    def fault_at(self, line: int, column: int, message: str, severity: Severity = "error") -> Fault:
        """A fault at a line and column, both from 1."""
        shown = self.lines[line - 1] if line <= len(self.lines) else None
        return Fault(self.path, line, column, " ".join(message.split()), severity, shown)  # names may hold line ends

    def at(self, loc: Loc) -> Data | None:
        """The data at a place, or None where there is none."""
        found: Any = self.data
        for step in loc:
            try:
                found = None if isinstance(found, str) else found[step]
            except (LookupError, TypeError):
                return None
        return cast(Data | None, found)

    def text(self, *loc: str | int) -> str | None:
        """The text at a place, if there is a text."""
        found = self.at(loc)
        return found.strip() if isinstance(found, str) else None

    def items(self, *loc: str | int) -> Iterator[tuple[Loc, Data]]:
        """The parts of a list or the values of a group of keys, each with its place; nothing for a text."""
        found = self.at(loc)
        if isinstance(found, list):
            yield from (((*loc, number), part) for number, part in enumerate(found))
        elif isinstance(found, dict):
            yield from (((*loc, key), part) for key, part in found.items())

    def texts(self, *loc: str | int) -> Iterator[tuple[Loc, str]]:
        """Those of :meth:`items` that are texts, without space around them."""
        for place, part in self.items(*loc):
            if isinstance(part, str):
                yield place, part.strip()


def read_source(file: Path, root: Path | None = None) -> YamlSource:
    """Read one file. ``root``: the folder that no link may lead out of."""
    path = file.as_posix()
    try:
        content = read_plain(file, root)
    except LeadsOut:
        return YamlSource(path, faults=(Fault(path, 1, 1, LEADS_OUT),))
    except FileNotFoundError:
        return YamlSource(path, faults=(Fault(path, 1, 1, "This file is missing."),))
    except OSError as problem:
        return YamlSource(path, faults=(Fault(path, 1, 1, f"This file cannot be opened: {problem.strerror}."),))
    return parse(content, path)


def read_plain(file: Path, root: Path | None = None) -> bytes:
    """The bytes of a file, no more than one too many. Raises OSError; for what is no file, such as a pipe, at once.

    ``root``: the folder that no link may lead out of; then it raises LeadsOut.
    """
    # Without waiting, for whoever opens a pipe may wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    number = os.open(file, flags) if root is None else open_inside(file, root, flags)
    try:
        mode = os.fstat(number).st_mode
        if not stat.S_ISREG(mode):
            raise (
                OSError(errno.EISDIR, os.strerror(errno.EISDIR)) if stat.S_ISDIR(mode) else OSError(0, "It is no file")
            )
        with os.fdopen(number, "rb", closefd=False) as stream:
            return stream.read(BYTES_MAX + 1)
    finally:
        os.close(number)


def parse(content: bytes, path: str) -> YamlSource:
    """Make a source of a file's bytes."""
    if len(content) > BYTES_MAX:
        return YamlSource(
            path, faults=(Fault(path, 1, 1, "This file is too big; limit 2 MB. Split it or shorten it."),)
        )
    text, faults = _decode(content, path)
    lines = tuple(text.split("\n"))
    found = _replace_unreadable(YamlSource(path, lines), faults)
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        return YamlSource(path, lines, faults=(*faults, Fault(path, 1, 1, "This file is empty.")))
    try:
        source = _build(YamlSource(path, lines), found)
    except yaml.YAMLError as problem:
        source = _mend(YamlSource(path, lines), found, problem)
    told = {fault.line for fault in faults}
    return YamlSource(
        path, lines, source.data, (*faults, *(fault for fault in source.faults if fault.line not in told)),
        source.values, source.keys,
    )  # fmt: skip


def _decode(content: bytes, path: str) -> tuple[str, list[Fault]]:
    """The text with plain line ends, and a fault where the file was not saved as UTF-8."""
    faults = []
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", "replace")
        faults.append(Fault(path, 1, 1, "Save as UTF-8. This file is UTF-16."))
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            before = problem.object[: problem.start].decode("utf-8", "replace").removeprefix("\ufeff")
            start = re.sub(r"\r\n?", "\n", before).split("\n")
            near = (start[-1].split() or [""])[-1] if not start[-1].endswith(" ") else ""
            where = f" Problem near '{near[-20:]}'." if near else ""
            line = content.splitlines()[len(start) - 1].decode("cp1252", "replace")
            faults.append(Fault(path, len(start), len(start[-1]) + 1, f"Save as UTF-8.{where}", source_line=line))
            text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    return re.sub(r"\r\n?", "\n", text), faults


def _replace_unreadable(source: YamlSource, faults: list[Fault]) -> str:
    """The text without tabs and hidden characters, each line's first of which becomes a fault."""
    readable = []
    for number, line in enumerate(source.lines, start=1):
        if "\t" in line:
            faults.append(source.fault_at(number, line.index("\t") + 1, "Tab used. Use two spaces."))
        elif hidden := _HIDDEN.search(line):
            name = f"U+{ord(hidden[0]):04X}"
            faults.append(source.fault_at(number, hidden.start() + 1, f"Hidden character ({name}) here. Delete it."))
        readable.append(_HIDDEN.sub(" ", line.replace("\t", "  ")))
    return "\n".join(readable)


def _mend(source: YamlSource, text: str, problem: yaml.YAMLError) -> YamlSource:
    """Explain why the text is no YAML, and read it as it was probably meant, to find what else is wrong with it."""
    lines = text.split("\n")
    slips, mended = scan(lines) if max(map(len, lines)) <= LINE_MAX else ([], lines)
    if not slips:
        return YamlSource(source.path, source.lines, None, (_translated(source, problem),))
    faults = [source.fault_at(slip.line + 1, slip.column + 1, slip.message) for slip in slips]
    try:
        rest = _build(source, "\n".join(mended))
    except yaml.YAMLError:
        return YamlSource(source.path, source.lines, None, tuple(faults))
    told = {fault.line for fault in faults}
    faults += [fault for fault in rest.faults if fault.line not in told]
    return YamlSource(source.path, source.lines, rest.data, tuple(faults), rest.values, rest.keys)


def _translated(source: YamlSource, problem: yaml.YAMLError) -> Fault:
    """The parser's own complaint, in plain words."""
    said = getattr(problem, "problem", None) or ""
    message = next((plain for words, plain in _PARSER_WORDS if words in said), _PARSER_ELSE)
    line, column = _place(getattr(problem, "problem_mark", None))
    return source.fault_at(min(line, len(source.lines)), column, message)


def _place(mark: Any) -> tuple[int, int]:
    """Line and column from 1, of the parser's mark, which counts from 0 and may be missing."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


@dataclass
class _Open:
    """A list or group of keys being read, and the key that awaits its value."""

    into: list[Data] | dict[str, Data]
    loc: Loc
    key: str | None = None


def _build(source: YamlSource, text: str) -> YamlSource:
    """Data and places from YAML text. Raises YAMLError where it is none."""
    builder = _Builder(source, text.split("\n"))
    for event in yaml.parse(text, Loader=_LOADER):
        if not builder.take(event):
            break
    data = builder.data if isinstance(builder.data, dict) else None
    if data is None and not builder.faults:
        builder.tell((1, 1), "This file must be made of lines such as `id: my-topic`.")
    return YamlSource(source.path, source.lines, data, tuple(builder.faults), builder.values, builder.keys)


class _Builder:
    """Takes the parser's events one by one, so that depth costs no stack and nothing is read twice."""

    def __init__(self, source: YamlSource, lines: list[str]) -> None:
        self.source = source
        self.lines = lines
        self.data: Data | None = None
        self.faults: list[Fault] = []
        self.values: dict[Loc, tuple[int, int]] = {}
        self.keys: dict[Loc, tuple[int, int]] = {}
        self.open: list[_Open] = []
        self.documents = 0

    def tell(self, place: tuple[int, int], message: str) -> None:
        self.faults.append(self.source.fault_at(*place, message))

    def take(self, event: yaml.Event) -> bool:
        """Take one event; False where nothing behind it is worth reading."""
        line, column = _place(event.start_mark)
        place = min(line, len(self.lines)), column  # an empty value may be marked behind the last line
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.tell(place, "Delete this line: one file holds one text, without `---`.")
                return False
        elif isinstance(event, yaml.AliasEvent):
            self.tell(place, "Put quotes around this. Aliases (`*`) are not used here.")
            self.put("", place)
        elif isinstance(event, yaml.ScalarEvent):
            self.refuse_marks(event, place)
            self.check_plain(event)
            self.put(event.value, place)
        elif isinstance(event, yaml.CollectionStartEvent):
            self.refuse_marks(event, place)
            if len(self.open) >= DEPTH_MAX:
                self.tell(place, "Too deep: too many lists or keys inside one another.")
                return False
            into: list[Data] | dict[str, Data] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
            self.open.append(_Open(into, self.put(into, place)))
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
        return True

    def put(self, value: Data, place: tuple[int, int]) -> Loc:
        """Put a key or value where it belongs, and return its place in the data."""
        if not self.open:
            self.data = value
            self.values[()] = place
            return ()
        top = self.open[-1]
        if isinstance(top.into, list):
            loc: Loc = (*top.loc, len(top.into))
            top.into.append(value)
        elif top.key is None:
            if not isinstance(value, str):
                self.tell(place, "Put quotes around this.")
                value = ""
            loc = (*top.loc, value)
            if value in top.into:
                self.tell(place, f"`{value}` is also on line {self.keys[loc][0]}.")
            self.keys[loc] = place
            top.key = value
            return loc
        else:
            loc = (*top.loc, top.key)
            top.into[top.key] = value
            top.key = None
        self.values[loc] = place
        return loc

    def refuse_marks(self, event: yaml.NodeEvent, place: tuple[int, int]) -> None:
        """Anchors and tags are refused: editors never mean them, and text is lost by them."""
        if event.anchor is not None or getattr(event, "tag", None) is not None:
            self.tell(place, "Put quotes around this. A `&` or `!` at the start is not read as text.")

    def check_plain(self, event: yaml.ScalarEvent) -> None:
        """Text without quotes, of which YAML silently drops or joins some."""
        if not event.value or not event.implicit[0] or event.style in ("|", ">", '"', "'"):
            return
        (first, _), (last, end) = _place(event.start_mark), _place(event.end_mark)
        line = self.lines[last - 1]
        rest = line[end - 1 :]
        if rest.lstrip().startswith("#") and not _COMMENT_WITH_ROOM.match(rest):
            self.tell((last, line.index("#", end - 1) + 1), "Text after # is lost. Put quotes around it.")
        for number, line in enumerate(self.lines[first:last], start=first + 1):
            if re.match(r"\s*-\s", line):
                self.tell((number, line.index("-") + 1), f"Line up this `-` with line {first}.")
            elif re.match(r"\s*-[^\s-]", line):
                self.tell((number, line.index("-") + 1), "Add a space after the `-`.")
