"""Content files: whatever stands in them there is content or there are faults, and an edit changes what was meant."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetybot.editing.yaml_edit import add_example, add_test, add_to, changed, put, remove
from safetybot.editing.yaml_splice import EditRefusedError
from safetybot.guidance.reader import read_content
from safetybot.guidance.yaml_scan import scan
from safetybot.guidance.yaml_source import parse
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target

FIXTURE = Path(__file__).parents[1] / "fixtures" / "content"
TODAY = dt.date(2026, 11, 24)
NAMES = sorted(file.relative_to(FIXTURE).as_posix() for file in FIXTURE.rglob("*.yaml"))
_MOST_READ = 16_384


@contextmanager
def _opened() -> Iterator[Once]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "content"
        shutil.copytree(FIXTURE, folder)

        def once(data: bytes) -> None:
            draws = Draws(data)
            match draws.number(3):
                case 0:
                    _read(draws.rest())
                case 1:
                    _folder(folder, draws.one(NAMES), draws.rest())
                case 2:
                    _folder(folder, (name := draws.one(NAMES)), _slipped((FIXTURE / name).read_bytes(), draws))
                case _:
                    _edited(draws)

        yield once


def _read(content: bytes) -> None:
    source = parse(content, "f")
    for fault in source.faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert "\n" not in str(fault)
    lines = content.decode("utf-8", "replace").split("\n")
    _, mended = scan(lines)
    assert len(mended) == len(lines)


def _slipped(content: bytes, draws: Draws) -> bytes:
    """A good file with slips."""
    changing = bytearray(content)
    for _ in range(1 + draws.number(4)):
        at = draws.number(len(changing))
        changing[at : at + draws.number(6)] = draws.bytes(draws.number(12))
    return bytes(changing)


def _folder(folder: Path, name: str, content: bytes) -> None:
    good = (FIXTURE / name).read_bytes()
    (folder / name).write_bytes(content)
    try:
        library = read_content(folder, today=TODAY)
    finally:
        (folder / name).write_bytes(good)
    assert library.errors or set(library.languages) == {"en", "cy"}
    for fault in library.faults:
        assert fault.message
        assert "\n" not in str(fault)


def _edited(draws: Draws) -> None:
    name = draws.one(NAMES)
    content = (FIXTURE / name).read_bytes()
    if draws.chance(3):
        content = _slipped(content, draws)
    key = draws.one(("title", "asks", "tests", "answer", "related", "new", "say"))
    changes = (
        add_example(draws.text(40)),
        add_test(draws.text(20), draws.text(20)),
        put((key,), draws.text(60)),
        put((key, 0), draws.text(30)),
        add_to((key,), {draws.text(6): draws.text(30)}),
        remove((key,)),
    )
    try:
        after = changed(content, draws.one(changes), name)
    except (EditRefusedError, LookupError, TypeError):  # nothing is there to be changed
        return
    assert isinstance(parse(after, name).data, dict)


YAML = Target(
    "yaml",
    "content files: reader, the scan for slips, faults with places, edits that keep a file's bytes",
    _opened,
    seeds=[
        b"\x00" + (FIXTURE / "en/topics/passwords.yaml").read_bytes()[:1500],
        b"\x00a: [b, {c: d}]\ne: |\n  f\n  g\nh: 'i'\n",
        b"\x01\x00" + (FIXTURE / NAMES[0]).read_bytes()[:1500],
        b"\x02\x03\x02\x00\x40\x02\x03: x\x00\x90\x01\x01\t",
        b"\x03\x04\x00\x01\x0ahe said hi\x05there\x04once\x01",
        b"\x03\x05\x00\x00\x05: a\nb\x03'\"#\x02- \x02\x02{a\x03",
    ],
    words=[": ", " #", "- ", "'", '"', "[", "{", "@", "%", "*a", "&a", "!!python/object:os.system ", "|\n", ">\n", "\t",
           "\r", "? ", "\x00", "\u2028", "\ufeff", "---\n", "...\n", "<<: *a", "  ", "tests:\n", "asks:\n", "\u0085"],
    longest=4096,
    seconds=3.0,
    short=60,
)  # fmt: skip
assert all(len(seed) <= _MOST_READ for seed in YAML.seeds)
