"""Changes of content files: what was meant is what is read back, and every other byte stays."""

from __future__ import annotations

import difflib
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.editing import yaml_text
from safetybot.editing.yaml_edit import add_example, add_test, add_to, changed, put, remove
from safetybot.editing.yaml_splice import EditRefusedError
from safetybot.guidance.reader import file_faults
from safetybot.guidance.yaml_source import Data, parse

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "content" / "en"
SHIPPED = sorted((ROOT / "content").rglob("*.yaml"))
SHIPPED_TOPICS = [path for path in SHIPPED if path.parent.name == "topics"]

TOPIC = """\
# yaml-language-server: $schema=../../schema/topic.json
id: passwords   # never changes
title: 'My password'
answer:
  first: |   # short!
    Good that you ask.

    Your friends don't need it.

  # What they ask next
  steps:
    - button: "I told: everyone"
      say: |
        Change it now.
    # the second
    - button: Nobody
      say: Well done.  # really
helplines: [childline, shout]  # best first
related:
  - who-to-tell   # a person
  # then
  - scams
sources:
  - {name: Our own, url: "https://example.org", checked: 2027-01-15}
review: {owner: editor, due: 2027-12-01}
tests:
  - say: is it ok
    expect: passwords

# How young people say it
asks:
  - one
  - "two: too"

  # late
  - three

# the end
"""


def data(text: str) -> dict[str, Data]:
    found = parse(text.encode(), "x.yaml").data
    assert isinstance(found, dict)
    return found


def edit(text: str, *changes: object) -> str:
    result = text.encode()
    for change in changes:
        result = changed(result, change)  # type: ignore[arg-type]
    return result.decode()


def lines(before: str, after: str) -> list[str]:
    """The lines that went (−) and came (+)."""
    found = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[0] + line[2:] for line in found if line[0] in "+-"]


class TestWhatIsWritten:
    def test_an_example(self) -> None:
        assert lines(TOPIC, edit(TOPIC, add_example("four"))) == ["+  - four"]
        assert edit(TOPIC, add_example("four")).endswith("  - three\n  - four\n\n# the end\n")

    def test_an_example_with_signs_is_quoted(self) -> None:
        assert lines(TOPIC, edit(TOPIC, add_example("he said: pay #1"))) == ['+  - "he said: pay #1"']
        for text in ("yes", "12:30", "@me", "- no", "null", "{x}", "2027-01-01", "0800 1111", "what:", "a #b", "a : b"):
            (line,) = lines(TOPIC, edit(TOPIC, add_example(text)))
            assert line == f'+  - "{text}"' or line == f"+  - {text}"
            assert data(edit(TOPIC, add_example(text)))["asks"][-1] == text  # type: ignore[index]

    def test_a_test(self) -> None:
        assert lines(TOPIC, edit(TOPIC, add_test("hello", "passwords"))) == [
            "+  - say: hello",
            "+    expect: passwords",
        ]

    def test_a_source_is_written_like_the_others(self) -> None:
        after = edit(TOPIC, add_to(("sources",), {"name": "A, B", "checked": "2027-02-01"}))
        assert lines(TOPIC, after) == ['+  - {name: "A, B", checked: 2027-02-01}']

    def test_a_switch_and_a_number_stay_what_they_are(self) -> None:
        before = "report: true\nlimit: 300\n"
        assert edit(before, put(("report",), "false"), put(("limit",), "25")) == "report: false\nlimit: 25\n"

    def test_a_text_keeps_its_quotes_and_its_comment(self) -> None:
        assert lines(TOPIC, edit(TOPIC, put(("title",), "It's mine"))) == [
            "-title: 'My password'",
            "+title: 'It''s mine'",
        ]
        after = edit(TOPIC, put(("answer", "steps", 1, "say"), "Very: good"))
        assert '      say: "Very: good"  # really\n' in after
        assert edit(TOPIC, put(("id",), "codes")).startswith(TOPIC[:56] + "id: codes   # never")

    def test_a_block_keeps_its_empty_lines_and_comments(self) -> None:
        after = edit(TOPIC, put(("answer", "first"), "New.\n\n  - # more\n: x"))
        assert "  first: |   # short!\n    New.\n\n      - # more\n    : x\n\n  # What they ask next\n" in after

    def test_one_line_becomes_a_block(self) -> None:
        after = edit(TOPIC, put(("answer", "steps", 1, "say"), "Well.\nDone."))
        assert "    - button: Nobody\n      say: |  # really\n        Well.\n        Done.\nhelplines" in after

    def test_lists(self) -> None:
        assert "helplines: [childline, shout, ceop]  # best" in edit(TOPIC, add_to(("helplines",), "ceop"))
        assert "helplines: [ceop, shout]  # best" in edit(TOPIC, put(("helplines",), ["ceop", "shout"]))
        assert "helplines: [shout, childline]  # best" in edit(TOPIC, put(("helplines",), ["shout", "childline"]))
        assert "helplines: [shout]  # best" in edit(TOPIC, remove(("helplines", 0)))
        assert "helplines: []  # best" in edit(TOPIC, put(("helplines",), []))
        assert "helplines: [ceop]" in edit(TOPIC, put(("helplines",), []), add_to(("helplines",), "ceop"))
        assert "related:\n  - who-to-tell   # a person\n  - new\n  # then\n" in edit(
            TOPIC, put(("related",), ["who-to-tell", "new", "scams"])
        )
        assert lines(TOPIC, edit(TOPIC, remove(("related", 0)))) == ["-  - who-to-tell   # a person"]

    def test_a_new_key_goes_where_it_belongs(self) -> None:
        without = edit(TOPIC, remove(("tests",)))
        assert "tests" not in without
        assert "due: 2027-12-01}\ntests:\n  - say: a\n    expect: b\n" in edit(without, add_test("a", "b"))
        after = edit(TOPIC, put(("answer", "younger"), {"first": "Hi.\n\nYou."}))
        assert "      say: Well done.  # really\n  younger:\n    first: |\n      Hi.\n\n      You.\nhelplines" in after

    def test_steps(self) -> None:
        after = edit(TOPIC, add_to(("answer", "steps"), {"button": "Why?", "say": "So.\nSo."}))
        assert "# really\n    - button: Why?\n      say: |\n        So.\n        So.\nhelplines" in after
        assert lines(TOPIC, edit(TOPIC, remove(("answer", "steps", 0)))) == [
            '-    - button: "I told: everyone"',
            "-      say: |",
            "-        Change it now.",
        ]

    def test_a_block_that_was_emptied_is_filled_again(self) -> None:
        for loc in (("answer", "first"), ("answer", "steps", 0, "say")):
            empty = edit(TOPIC, put(loc, ""))
            assert data(edit(empty, put(loc, "Now.\n\nThen."))) == data(edit(TOPIC, put(loc, "Now.\n\nThen.")))

    def test_groups_of_other_keys_change_places(self) -> None:
        before = "lines:\n" + "".join(
            f"\n  # {name}\n  - id: {name}\n{keys}    checked: 2027-01-0{day}\n"
            for day, (name, keys) in enumerate(
                [
                    ("a", "    call: 1 2\n    web: w\n    hours: h\n"),
                    ("b", "    about: |\n      x\n\n      y\n    text: t\n"),
                    ("c", "    cost: c\n    show: s\n"),
                ],
                1,
            )
        )
        old = data(before)["lines"]
        for order in itertools.permutations(range(3)):
            after = edit(before, put(("lines",), [old[at] for at in order]))  # type: ignore[index]
            found = [{k: v.strip() for k, v in each.items()} for each in data(after)["lines"]]  # type: ignore[union-attr]
            assert found == [{k: v.strip() for k, v in old[at].items()} for at in order]  # type: ignore[index, union-attr]
            assert [line for line in after.splitlines() if "#" in line] == ["  # a", "  # b", "  # c"]
        for one, other in itertools.permutations(range(3), 2):  # key by key
            assert data(edit(before, put(("lines", one), old[other])))["lines"][one] == old[other]  # type: ignore

    def test_a_file_without_a_last_line_end(self) -> None:
        assert edit("asks:\n  - one", add_example("two")) == "asks:\n  - one\n  - two"

    def test_other_line_ends_and_a_byte_order_mark_stay(self) -> None:
        windows = TOPIC.replace("\n", "\r\n")
        before = b"\xef\xbb\xbf" + windows.encode()
        after = changed(changed(before, add_example("four")), put(("answer", "first"), "A.\n\nB."))
        assert after.startswith(b"\xef\xbb\xbf# yaml")
        assert b"\n" not in after.replace(b"\r\n", b"")
        assert b"  - four\r\n" in after
        assert b"|   # short!\r\n    A.\r\n\r\n    B.\r\n\r\n  # What" in after

    def test_what_is_pasted_is_made_readable(self) -> None:
        assert yaml_text.typed(" a\tb\r\nc\u2028d \x00\ufeff\ud800\n\n") == "a  b\nc\nd"


class TestOneFile:
    def test_its_writing_and_shape_are_looked_at_by_themselves(self) -> None:
        path = FIXTURE / "topics" / "passwords.yaml"
        content = path.read_bytes()
        assert file_faults(content, path) == ()
        long = changed(content, put(("answer", "first"), "long " * 70))
        assert [fault.message for fault in file_faults(long, path)] == [
            "349 characters; limit 300. Move some to a step."
        ]
        helplines = FIXTURE / "helplines.yaml"
        assert file_faults(helplines.read_bytes(), helplines) == ()


class TestWhatIsRefused:
    @pytest.mark.parametrize("text", ["id: x\n\ttitle: y\n", "id: [x\n", "- a\n", "", "id: a\nid: b\n"])
    def test_a_file_with_mistakes(self, text: str) -> None:
        with pytest.raises(EditRefusedError, match="mistakes"):
            changed(text.encode(), put(("id",), "z"))

    @pytest.mark.parametrize("loc", [("nothing", "here"), ("asks", 99), ("title", 0), ("asks", "x")])
    def test_a_place_that_is_not_there(self, loc: tuple[str | int, ...]) -> None:
        with pytest.raises(EditRefusedError, match="nothing at"):
            changed(TOPIC.encode(), remove(loc))


def places(value: Data, loc: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where the texts of the data stand."""
    if isinstance(value, str):
        return [loc]
    parts = enumerate(value) if isinstance(value, list) else value.items()
    return [place for key, part in parts for place in places(part, (*loc, key))]


SIGNS = list(":#'\"@-|>[]{},&*!%`?\\\n\t \r😰é—…’")
EDITORS_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(SIGNS), max_size=60)


class TestAnyText:
    @settings(max_examples=60, deadline=None)
    @given(st.data(), EDITORS_TEXT)
    def test_is_read_back_wherever_it_is_put(self, draw: st.DataObject, text: str) -> None:
        loc = draw.draw(st.sampled_from(places(data(TOPIC))))
        before = TOPIC if draw.draw(st.booleans()) else TOPIC.replace("\n", "\r\n")
        after = changed(before.encode(), put(loc, text)).decode(errors="surrogatepass")
        found: object = data(after)
        for step in loc:
            found = found[step]  # type: ignore[index]
        assert str(found).strip() == yaml_text.typed(text).strip()
        assert comments(after) == comments(before)

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(EDITORS_TEXT.filter(yaml_text.typed), min_size=1, max_size=4), st.sampled_from(["asks", "helplines"])
    )
    def test_is_read_back_wherever_it_is_added(self, texts: list[str], key: str) -> None:
        after = changed(TOPIC.encode(), lambda new: new[key].extend(texts))  # type: ignore[union-attr, arg-type]
        found = [str(each).strip() for each in data(after.decode())[key]]
        assert found == [*data(TOPIC)[key], *map(yaml_text.typed, texts)]  # type: ignore[misc]
        assert comments(after.decode()) == comments(TOPIC)

    @settings(max_examples=40, deadline=None)
    @given(
        st.permutations(["childline", "shout", "new-one", "b", "c: d"]),
        st.integers(0, 5),
        st.sampled_from(["helplines", "related", "asks"]),
    )
    def test_any_list_by_any_other(self, names: list[str], count: int, key: str) -> None:
        after = changed(TOPIC.encode(), put((key,), [*names[:count]]))
        assert data(after.decode()) == {**data(TOPIC), key: names[:count]}

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "button": st.sampled_from(["Nobody", "a", "b"]),
                    "say": st.sampled_from(["Well done.", "x\n\ny", "Change it now."]),
                }
            ),
            max_size=4,
        )
    )
    def test_any_steps_by_any_others(self, steps: list[dict[str, str]]) -> None:
        after = data(changed(TOPIC.encode(), put(("answer", "steps"), steps)).decode())  # type: ignore[arg-type]
        found = [{key: value.strip() for key, value in step.items()} for step in after["answer"]["steps"]]  # type: ignore
        assert found == steps


def comments(text: str) -> list[str]:
    """The comments of our example, which no edit of a text may lose."""
    kept = (
        "never changes",
        "short!",
        "What they",
        "the second",
        "really",
        "best first",
        "a person",
        "then",
        "How",
        "late",
        "the end",
    )
    return [each for each in kept if f"# {each}" in text]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_stays_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    assert changed(before, lambda same: None) == before
    # What a browser sends back: line ends of its own, and no space around.
    assert changed(before, lambda same: same.update({key: browser(value) for key, value in same.items()})) == before


def browser(value: Data) -> Data:
    if isinstance(value, str):
        return value.strip().replace("\n", "\r\n")
    return [browser(each) for each in value] if isinstance(value, list) else {k: browser(v) for k, v in value.items()}


def test_an_edit_of_a_shipped_topic_changes_its_own_line_alone() -> None:
    before = (ROOT / "content/en/topics/sextortion.yaml").read_text("utf-8")
    assert lines(before, edit(before, add_example("new: one"))) == ['+  - "new: one"']
    for loc in places(data(before)):
        old: object = data(before)
        for step in loc:
            old = old[step]  # type: ignore[index]
        if loc[0] in ("asks", "tests", "helplines", "related") and loc[1] != 1:  # type: ignore[misc]
            continue
        after = edit(before, put(loc, f"{str(old).strip()} x"))
        assert [line[0] for line in lines(before, after)] == ["-", "+"], loc
        if loc[-1] in ("first", "say"):
            assert edit(after, put(loc, str(old))) == before, loc
