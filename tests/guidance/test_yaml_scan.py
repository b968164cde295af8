"""The scan follows the layout of a file that YAML refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetybot.guidance.yaml_scan import quoted, scan

from .conftest import FIXTURE

FILES = sorted(FIXTURE.rglob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_finds_nothing_in_good_files(file: Path) -> None:
    lines = file.read_text("utf-8").split("\n")
    assert scan(lines) == ([], lines)


@pytest.mark.parametrize(
    "text",
    [
        'a: "one\n  two, three\n  four"\nb: c',
        "a: 'one\n\n  two'\nb: c",
        "a: [one,\n  two]\nb: c",
        "- {a: \"b}\", c: 'd]'}\n- e",
        "a: >-\n    one\n  # two\nb: c",
        "a: |\n\n    one: two\n      three\n    - four\nb: c",
        "a:\n- b\n- c\nd:\n  - - e\n    - f\n  - g",
        "a: one\n  two\nb: c",
        "a:\n  one two\n  three\nb: c",
        "---\na: b\n...",
        "\"a b\": c\n'd': e\n:(: sad\n-_-: tired",
        "a:  # why\n  - b  # c",
        "a: don't\nb: it's [not] {a} list",
        "a: https://example.org/#top",
    ],
)
def test_finds_nothing_in_good_yaml(text: str) -> None:
    assert scan(text.split("\n"))[0] == []


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a: b: c", 'a: "b: c"'),
        ("a:\n  - b\n - c", "a:\n  - b\n  - c"),
        ("a: 'it's'", 'a: "it\'s"'),
        ("a:b\nc: d", "a: b\nc: d"),
        ("a: [b, c\nd: e", "a: [b, c]\nd: e"),
        ('a: "b\nc: d', 'a: "b"\nc: d'),
        ("a: - b", 'a: "- b"'),
        ("a:\n  -b\n  -c: d", "a:\n  - b\n  - c: d"),
    ],
)
def test_mends_what_was_probably_meant(text: str, mended: str) -> None:
    slips, lines = scan(text.split("\n"))
    assert slips
    assert "\n".join(lines) == mended


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n b: c", "This key belongs to nothing above it. Check the spaces at its start."),
        ("a: b\n- c", "A list needs a key above it that ends with a colon and nothing after it."),
        ("a: b\nc d\ne: f", "This text has no key. Add a colon after its key, or line it up with the text above."),
        ("a:\n  - b: c\n  d\n", "Put `- ` before this text."),
        ("a: b\n  he said: c", "Colon inside text. Put quotes around it."),
        ("a: b\n  he said no:", "Colon inside text. Put quotes around it."),
        ("a: [b, c}\nd: e", "Put quotes around this, or add the `]` that closes it."),
    ],
)
def test_says_what_is_wrong(text: str, message: str) -> None:
    assert [slip.message for slip in scan(text.split("\n"))[0]][:1] == [message]


def test_quoted_is_yaml() -> None:
    assert quoted('say "hé"\\') == '"say \\"hé\\"\\\\"'
