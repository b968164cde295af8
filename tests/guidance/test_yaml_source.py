"""Mistakes of writing, each in a real file."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from safetybot.guidance import yaml_source
from safetybot.guidance.yaml_source import parse, read_source

from .conftest import BULLYING, FIXTURE, PASSWORDS, SEXTORTION, Content, Spoil


def told(text: str) -> list[str]:
    """The faults of a text, without the file's name."""
    return [str(fault).removeprefix("f:") for fault in parse(text.encode(), "f").faults]


# -- the editors' mistakes


def test_tab(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  steps:\n    - button: What", "\tsteps:\n    - button: What") == [
        f"{SEXTORTION}:10:1: Tab used. Use two spaces."
    ]


def test_tab_in_text(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", "  - black\tmail\n") == [
        f"{SEXTORTION}:41:10: Tab used. Use two spaces.",
    ]


def test_dash_too_far_left(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", " - blackmail\n") == [
        f"{SEXTORTION}:41:2: Line up this `-` with line 40."
    ]


def test_dash_too_far_right_is_not_swallowed(spoil: Spoil) -> None:
    faults = spoil(SEXTORTION, "  - blackmail\n", "    - blackmail\n")
    assert f"{SEXTORTION}:41:5: Line up this `-` with line 40." in faults


def test_key_too_far_right(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "\ngroup: images", "\n  group: images") == [
        f"{SEXTORTION}:3:3: Line up this `group` with `title` on line 2."
    ]


def test_key_between_dash_and_its_neighbour(spoil: Spoil) -> None:
    assert spoil(PASSWORDS, "      say: Turn", "     say: Turn") == [
        f"{PASSWORDS}:9:6: Line up this `say` with `button` on line 8."
    ]


def test_text_that_falls_out_of_its_block(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "        2. Keep proof.", "       2. Keep proof.") == [
        f"{SEXTORTION}:14:8: Line up this text with line 13."
    ]


def test_unquoted_colon(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "title: Someone is threatening", "title: Help: someone is threatening") == [
        f"{SEXTORTION}:2:12: Colon inside text. Put quotes around it."
    ]


def test_unclosed_quote_is_told_where_it_opened(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, '  - "they said: pay or everyone sees it"', '  - "they said: pay or everyone sees it') == [
        f"{SEXTORTION}:39:5: Quote opened on line 39 never closes."
    ]


def test_quote_inside_single_quotes(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, '"he wants money or he\'ll post my nude"', "'he wants money or he'll post my nude'") == [
        f"{SEXTORTION}:33:27: The quote ends too early. Put double quotes around the whole text."
    ]


def test_quote_inside_double_quotes(spoil: Spoil) -> None:
    faults = spoil(SEXTORTION, "  - blackmail\n", '  - "he said "pay" to me"\n')
    assert faults == [f'{SEXTORTION}:41:15: The quote ends too early. Write \\" for a quote inside.']


def test_backslash_inside_double_quotes(spoil: Spoil) -> None:
    faults = spoil(SEXTORTION, "  - blackmail\n", '  - "it was in c:\\pictures"\n')
    assert faults == [f"{SEXTORTION}:41:18: Write \\\\ for a backslash inside quotes."]


def test_curly_quotes_do_not_quote(spoil: Spoil) -> None:
    faults = spoil(
        SEXTORTION, "title: Someone is threatening to share my pictures", "title: “Help: he has my pictures”"
    )
    assert faults == [f'{SEXTORTION}:2:8: Curly quotes do not count. Use straight ones: "…".']


@pytest.mark.parametrize("start", ["@him keeps", "% of people", "*sobs* he has it", "{help} me", "{help me", "`hm`"])
def test_sign_that_may_not_start_a_text(spoil: Spoil, start: str) -> None:
    faults = spoil(SEXTORTION, "  - blackmail\n", f"  - {start}\n")
    assert len(faults) == 1
    assert faults[0].startswith(f"{SEXTORTION}:41:5: Put quotes around this.")


@pytest.mark.parametrize("start", ["[help] me", "[help", "> 18 only", "| me", "&me too", "!important", "? what"])
def test_other_signs_that_may_not_start_a_text(spoil: Spoil, start: str) -> None:
    faults = spoil(SEXTORTION, "  - blackmail\n", f"  - {start}\n")
    assert len(faults) == 1
    assert faults[0].startswith(f"{SEXTORTION}:41:5: Put quotes around this.")


@pytest.mark.parametrize("bracket", ["{help}", "[help]"])
def test_text_that_is_wholly_in_brackets(spoil: Spoil, bracket: str) -> None:
    faults = spoil(SEXTORTION, "  - blackmail\n", f"  - {bracket}\n")
    assert faults == [f"{SEXTORTION}:41:5: Put quotes around this."]


def test_bracket_that_never_closes(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "[childline, report-remove]", "[childline, report-remove") == [
        f"{SEXTORTION}:22:12: Put quotes around this, or add the `]` that closes it."
    ]


def test_missing_space_after_colon(spoil: Spoil) -> None:
    assert spoil(BULLYING, "id: cyberbullying", "id:cyberbullying") == [f"{BULLYING}:1:3: Add a space after the colon."]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("    - button: What else helps?", "    - button:What else helps?", "8:13"),
        ("      say: Turn on", "      say:Turn on", "9:10"),
        ("  first: Three random", "  first:Three random", "6:8"),
        ("    expect: passwords", "    expect:passwords", "13:11"),
        ("{owner: online safety team, due: 2027-03-01}", "{owner:online safety team, due: 2027-03-01}", "10:10"),
    ],
)
def test_missing_space_after_colon_anywhere(spoil: Spoil, old: str, new: str, place: str) -> None:
    assert spoil(PASSWORDS, old, new) == [f"{PASSWORDS}:{place}: Add a space after the colon."]


def test_missing_space_after_dash(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", "  -blackmail\n") == [
        f"{SEXTORTION}:41:3: Add a space after the `-`.",
    ]


def test_text_lost_after_hash(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", "  - hacked #help\n") == [
        f"{SEXTORTION}:41:12: Text after # is lost. Put quotes around it."
    ]


@pytest.mark.parametrize("text", ["hacked # help", "hacked   #help", "hacked #1"])
def test_hash_without_the_room_of_a_comment(text: str) -> None:
    assert told(f"title: {text}") == [f"1:{8 + text.index('#')}: Text after # is lost. Put quotes around it."]


@pytest.mark.parametrize(
    "text",
    ["id: x   # never changes", "# a line of its own\nid: x", "id:   # later\n  x", '"#id": x', 'id: "a #b"  # c',
     "id: |\n  hacked #help", "id: C#", "id: [a, b] # both", "id: 'a' #b"],
)  # fmt: skip
def test_hash_that_loses_nothing(text: str) -> None:
    assert told(text) == []


def test_list_item_turned_into_a_map(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", "  - he said: send it\n") == [
        f"{SEXTORTION}:41:5: The colon made a key of this text. Add quotes."
    ]


def test_key_given_twice(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "urgency: high\n", "urgency: high\ntitle: Another\n") == [
        f"{SEXTORTION}:5:1: `title` is also on line 2."
    ]


def test_not_utf8(content: Content) -> None:
    text = content.text(BULLYING).replace("in the game chat", "in the café")
    (content.folder / BULLYING).write_bytes(text.encode("cp1252"))
    assert content.faults() == [f"{BULLYING}:25:42: Save as UTF-8. Problem near 'caf'."]


def test_utf16(content: Content) -> None:
    (content.folder / BULLYING).write_bytes(content.text(BULLYING).encode("utf-16"))
    assert content.faults() == [f"{BULLYING}:1:1: Save as UTF-8. This file is UTF-16."]


def test_byte_order_mark_and_windows_line_ends_are_fine(content: Content) -> None:
    text = content.text(BULLYING).replace("\n", "\r\n")
    (content.folder / BULLYING).write_bytes(text.encode("utf-8-sig"))
    assert content.faults() == []


def test_hidden_character(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", "  - black\u2028mail\n") == [
        f"{SEXTORTION}:41:10: Hidden character (U+2028) here. Delete it."
    ]


def test_no_break_space_at_the_start(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "    - button: What do", "\xa0   - button: What do") == [
        f"{SEXTORTION}:11:1: Special space at the start. Type ordinary spaces."
    ]


def test_emoji_are_text(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", "  - 😰 help 👩‍👧\n") == []


def test_empty_file(content: Content) -> None:
    content.write("en/slang.yaml", "\n# nothing yet\n")
    assert content.faults() == ["en/slang.yaml:1:1: This file is empty."]


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", '"quoted"'])
def test_file_that_is_no_group_of_keys(text: str) -> None:
    assert told(text) == ["1:1: This file must be made of lines such as `id: my-topic`."]


def test_second_document() -> None:
    assert told("---\na: b\n---\nc: d\n") == ["3:1: Delete this line: one file holds one text, without `---`."]


def test_aliases_are_refused() -> None:
    assert told("a: &x b\nc: *x\n") == [
        "1:4: Put quotes around this. A `&` or `!` at the start is not read as text.",
        "2:4: Put quotes around this. Aliases (`*`) are not used here.",
    ]


def test_tags_are_refused_and_run_nothing() -> None:
    source = parse(b"a: !!python/object/apply:os.system ['echo hi']\n", "f")
    assert [fault.message[:23] for fault in source.faults] == ["Put quotes around this."]


def test_billion_laughs() -> None:
    bombs = "".join(f"{name}: &{name} [{', '.join(9 * ['*' + before])}]\n" for before, name in pairwise("abcdefghi"))
    started = time.monotonic()
    assert len(told("a: &a [lol]\n" + bombs)) > 8
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        100_000 * "[",
        100_000 * "{a: ",
        100_000 * "- ",
        "a: " + 100_000 * "[",
        "\n".join(at * " " + "a:" for at in range(999)),
    ],
)
def test_deep_files_are_refused(text: str) -> None:
    started = time.monotonic()
    assert told(text)[0].endswith("Too deep: too many lists or keys inside one another.")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "text", ["a" * 2_000_001, "- - " * 499_000 + "'", "a: b\n" + " " * 1_900_000 + "x: y: z", "\n" * 1_999_999]
)
def test_huge_files_are_refused_soon(text: str) -> None:
    started = time.monotonic()
    assert told(text)
    assert time.monotonic() - started < 3


def test_every_mistake_of_a_file_at_once(content: Content) -> None:
    content.change(SEXTORTION, "title: Someone", "title: Help: someone")
    content.change(SEXTORTION, "  - blackmail\n", "  - @him\n")
    content.change(SEXTORTION, "urgency: high", "urgency: Now")
    content.change(SEXTORTION, "related: [cyberbullying]", "related: [cyberbullyin]")
    assert content.faults() == [
        f"{SEXTORTION}:2:12: Colon inside text. Put quotes around it.",
        f"{SEXTORTION}:4:10: Use normal, high or emergency.",
        f"{SEXTORTION}:24:11: Unknown topic `cyberbullyin`. Did you mean `cyberbullying`?",
        f"{SEXTORTION}:41:5: Put quotes around this.",
    ]


# -- the data and its places


def test_everything_stays_as_typed() -> None:
    source = parse(b"a: yes\nb: on\nc: 12:30\nd: 08001111\ne: null\nf: 1e3\ng: 2027-05-24\nyes: no\n~:\n", "f")
    assert source.data == {
        "a": "yes", "b": "on", "c": "12:30", "d": "08001111", "e": "null", "f": "1e3", "g": "2027-05-24",
        "yes": "no", "~": "",
    }  # fmt: skip


def test_places_of_keys_and_values() -> None:
    source = parse(b"a: b\nc:\n  - d\n  - e: f\n", "f")
    assert source.place(("c", 1, "e")) == (4, 8)
    assert source.place(("c", 1, "e"), key=True) == (4, 5)
    assert source.place(("c", 7, "gone")) == (3, 3)
    assert source.fault(("c", 0), "Hm.").source_line == "  - d"


def test_reading_parts() -> None:
    source = parse(b"a: ' b '\nc: [d, [e], f]\n", "x/f.yaml")
    assert (source.name, source.stem) == ("f.yaml", "f")
    assert source.text("a") == "b"
    assert source.text("c") is None
    assert source.text("c", 9) is None
    assert source.text("a", "b") is None
    assert list(source.texts("c")) == [(("c", 0), "d"), (("c", 2), "f")]
    assert list(source.items("a")) == []


def test_missing_file(tmp_path: Path) -> None:
    assert [fault.message for fault in read_source(tmp_path / "no.yaml").faults] == ["This file is missing."]


def test_folder_instead_of_file(tmp_path: Path) -> None:
    assert "cannot be opened" in read_source(tmp_path).faults[0].message


def test_both_parsers_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(FIXTURE.rglob("*.yaml"))
    with_default = [read_source(file) for file in files]
    monkeypatch.setattr(yaml_source, "_LOADER", yaml.BaseLoader)
    assert [read_source(file) for file in files] == with_default


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "topic.yaml")
    (fault,) = read_source(tmp_path / "topic.yaml").faults
    assert fault.message == "This file cannot be opened: It is no file."
