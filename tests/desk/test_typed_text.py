from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from safetybot.desk.case_view import shown_to_writer
from safetybot.desk.typed_text import CUT, parts, words
from safetybot.dialogue.quoting import escape
from safetybot.formats.markdown import parse, plain
from safetybot.guidance.reader import Library
from tests.desk import hostile

MARK = re.compile(r'<span class="mark">(\[[^\]<]*\]|[\u2400-\u2421])</span>')


def bare(markup: str) -> str:
    """What is left without the marks that we put in."""
    return MARK.sub("", markup)


@given(hostile.TEXTS)
def test_there_is_no_element_and_no_attribute_in_anybodys_words(text: str) -> None:
    shown = words(text)
    assert isinstance(shown, Markup)
    left = bare(shown)
    assert not re.search(r"[<>\"']", left)
    assert not re.search(r"&(?!(amp|lt|gt|#34|#39);)", left)


@given(hostile.TEXTS)
def test_all_that_can_be_seen_is_there_in_its_order(text: str) -> None:
    read = html.unescape(bare(words(text)))
    unseen = re.compile(
        r"[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u200b\ufeff\u2060\u00ad\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\U000e0000-\U000e007f]"
    )
    assert read == unseen.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


@given(hostile.TEXTS)
def test_nothing_that_is_not_seen_is_left_to_do_anything(text: str) -> None:
    assert not re.search(r"[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]", words(text))


def test_marks_are_shown_by_name() -> None:
    assert words("a\u202eb\x00c") == 'a<span class="mark">[RLO]</span>b<span class="mark">␀</span>c'
    assert words("\ud800") == '<span class="mark">[U+D800]</span>'
    assert words("👩\u200d👧") == "👩\u200d👧", "joiners are part of letters"


@given(st.text(max_size=6_000), st.integers(10, 200))
def test_a_wall_is_cut_and_nothing_lost(text: str, limit: int) -> None:
    head, rest = parts(text, limit)
    assert head + rest == text
    assert rest == "" or len(head) >= limit - 100


def test_what_is_long_is_folded() -> None:
    assert parts("x" * CUT) == ("x" * CUT, "")
    head, rest = parts(hostile.WALL)
    assert CUT - 100 <= len(head) <= CUT
    assert head.endswith(" ")
    assert len(rest) > 10_000


def test_it_takes_no_time() -> None:
    begun = time.process_time()
    for text in (hostile.WORD, "\u202e" * 16_000, "<" * 16_000, hostile.ACCENTS * 12):
        words(text)
        parts(text)
    assert time.process_time() - begun < 2


@given(st.one_of(hostile.TEXTS, st.text(alphabet="ab *_#-1.>\n\t&<[]()", max_size=60)))
def test_the_preview_is_what_the_chat_shows(text: str) -> None:
    """Held against the chat's own reading of a reply."""
    _, paragraphs = shown_to_writer(text, _Nothing())  # type: ignore[arg-type]
    shown = "\n\n".join("\n".join(lines) for lines in paragraphs)
    said = plain(parse(escape(text)))
    assert " ".join(shown.split()) == " ".join(said.split())
    assert [len(each.split("\n")) for each in said.split("\n\n") if each] == [len(each) for each in paragraphs]


class _Nothing:
    report = None


def test_the_head_of_the_preview(dialogue_library: Library) -> None:
    english = dialogue_library.languages["en"]
    head, _ = shown_to_writer("x", english)
    assert english.report is not None
    assert english.report.say["day-today"] in head


@pytest.mark.parametrize("text", hostile.EVERY)
def test_the_chat_shows_what_the_preview_does(text: str) -> None:
    _, paragraphs = shown_to_writer(text, _Nothing())  # type: ignore[arg-type]
    assert " ".join(" ".join(lines) for lines in paragraphs).split() == plain(parse(escape(text))).split()
