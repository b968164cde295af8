"""Whatever stands in the files, there is guidance or there are faults; never an exception."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safetybot.guidance.reader import read_content
from safetybot.guidance.yaml_scan import scan
from safetybot.guidance.yaml_source import parse

from .conftest import FIXTURE, TODAY

FILES = sorted(file.relative_to(FIXTURE).as_posix() for file in FIXTURE.rglob("*.yaml"))
SPICE = st.sampled_from(
    [": ", " #", "#", "- ", "-", "'", '"', "[", "]", "{", "}", "@", "%", "*", "&", "!", "|", ">", "`", "\t", "\r", "\n",
     "\\", "?", "  ", "\x00", "\u2028", "\ufeff", "é", "😰", "---\n", "...\n", "<<: *a", "!!python/none ", "~", ""]
)  # fmt: skip
DATA = st.recursive(
    st.text(max_size=12) | st.text("ab :#-'\"[]{}|>\n", max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc :-", min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "content"
        shutil.copytree(FIXTURE, folder)
        yield folder


def outcome(folder: Path, name: str, content: bytes) -> None:
    """Read the folder with one file replaced; it must end in guidance or in faults that can be shown."""
    good = (FIXTURE / name).read_bytes()
    (folder / name).write_bytes(content)
    try:
        library = read_content(folder, today=TODAY)
    finally:
        (folder / name).write_bytes(good)
    assert library.errors or set(library.languages) == {"en", "cy"}
    for fault in library.faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert fault.message
        assert fault.message.endswith((".", "?", "`"))
        assert "\n" not in str(fault)


slow = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


@slow
@given(name=st.sampled_from(FILES), content=st.binary(max_size=300))
def test_any_bytes(folder: Path, name: str, content: bytes) -> None:
    outcome(folder, name, content)


@slow
@given(name=st.sampled_from(FILES), content=st.lists(SPICE | st.text(max_size=5), max_size=30).map("".join))
def test_any_signs(folder: Path, name: str, content: str) -> None:
    outcome(folder, name, content.encode("utf-8", "surrogatepass"))


@slow
@given(name=st.sampled_from(FILES), data=st.data())
def test_any_slip_of_the_hand(folder: Path, name: str, data: st.DataObject) -> None:
    text = (FIXTURE / name).read_text("utf-8")
    for _ in range(data.draw(st.integers(1, 4), label="slips")):
        start = data.draw(st.integers(0, len(text)), label="at")
        end = data.draw(st.integers(start, min(start + 6, len(text))), label="to")
        text = text[:start] + data.draw(SPICE, label="put") + text[end:]
    outcome(folder, name, text.encode())


@slow
@given(name=st.sampled_from(FILES), data=st.data())
def test_any_slip_with_lines(folder: Path, name: str, data: st.DataObject) -> None:
    lines = (FIXTURE / name).read_text("utf-8").split("\n")
    for _ in range(data.draw(st.integers(1, 4), label="slips")):
        at, to = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        what = data.draw(st.sampled_from(["swap", "delete", "copy", "deeper", "shallower"]), label="slip")
        if what == "swap":
            lines[at], lines[to] = lines[to], lines[at]
        elif what == "delete":
            lines[at] = ""
        elif what == "copy":
            lines.insert(to, lines[at])
        elif what == "deeper":
            lines[at] = "  " + lines[at]
        else:
            lines[at] = lines[at].removeprefix(" ")
    outcome(folder, name, "\n".join(lines).encode())


@slow
@given(
    data=st.dictionaries(st.text("abc :-", min_size=1, max_size=8), DATA, min_size=1, max_size=5), flow=st.booleans()
)
def test_yaml_written_by_a_program_has_no_faults(data: dict[str, object], flow: bool) -> None:
    text = yaml.dump(data, Dumper=yaml.SafeDumper, allow_unicode=True, default_flow_style=flow)
    source = parse(text.encode(), "f")
    if not source.faults:
        assert source.data == yaml.load(text, Loader=yaml.BaseLoader)
    else:  # what is refused though YAML takes it: tabs, hidden signs, keys twice, depth, complex keys
        assert any(word in str(source.faults) for word in ("Tab", "Hidden", "also on line", "deep", "quotes"))


@slow
@given(text=st.lists(SPICE | st.text(max_size=5), max_size=40).map("".join))
def test_the_scan_ends_and_keeps_the_lines(text: str) -> None:
    lines = text.split("\n")
    slips, mended = scan(lines)
    assert len(mended) == len(lines)
    assert all(0 <= slip.line < len(lines) for slip in slips)
