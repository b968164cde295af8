from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.desk.case_view import phrases
from safetybot.desk.wording_check import look_over
from safetybot.guidance.desk import Checking, DeskFile
from safetybot.guidance.model import Guidance
from safetybot.guidance.reader import read_content

CONTENT = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def english() -> Guidance:
    return read_content(CONTENT).languages["en"]


@pytest.fixture(scope="module")
def desk(english: Guidance) -> DeskFile:
    assert english.desk is not None
    return english.desk


def found(text: str, checking: Checking) -> list[str]:
    return [one.found for one in look_over(text, checking)]


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("Why did you send it?", "Why did you"),
        ("why DIDNT  you\nsay so", "why DIDNT you"),
        ("You shouldn’t have answered him.", "You shouldn't have"),
        ("what were you thinking", "what were you thinking"),
        ("We will keep this secret.", "keep this secret"),
        ("We'll keep all of it secret, OK", "keep all of it secret"),
        ("You won't get in trouble.", "won't get in trouble"),
        ("we will get it taken down", "get it taken down"),
        ("I promise.", "I promise"),
        ("You are safe now", "You are safe now"),
        ("can you send us the picture", "send us the picture"),
        ("What's your name?", "What's your name"),
        ("Which school do you go to?", "Which school"),
        ("and your address please", "your address"),
        ("What exactly did he do", "What exactly did"),
        ("The perpetrator is known.", "perpetrator"),
    ],
)
def test_it_warns_of(text: str, warned: str, desk: DeskFile) -> None:
    assert warned in found(text, desk.checking)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for telling us.",
        "Please don't send pictures, or write your name, school or address.",
        "We can't keep this secret if you are not safe.",
        "I can't promise you that.",
        "You don't have to tell us your name.",
        "It is not your fault. He did wrong.",
        "promises, whyever, secretly",
    ],
)
def test_it_does_not_warn_of(text: str, desk: DeskFile) -> None:
    assert found(text, desk.checking) == []


def test_several_of_a_group_are_one_warning(desk: DeskFile) -> None:
    assert found("Why did you go? You should have told. Why did you stay?", desk.checking) == [
        "Why did you”, “You should have"
    ]


def test_what_makes_it_right_ends_with_the_sentence(desk: DeskFile) -> None:
    assert found("Don't wait. Send us the picture.", desk.checking) == ["Send us the picture"]


def test_long_sentences_and_long_replies(desk: DeskFile) -> None:
    long = "word " * 25
    (one,) = look_over(f"Short. {long}. Short.", desk.checking)
    assert "25 words" in one.why
    (one,) = look_over("A few words. " * 60, desk.checking)
    assert "180 words" in one.why


def test_our_own_phrases_need_no_warning(english: Guidance, desk: DeskFile) -> None:
    for phrase in phrases(desk, english.helplines):
        assert look_over(phrase.say, desk.checking) == (), phrase.id
        assert "{" not in phrase.say
    assert "0800 1111" in next(one.say for one in phrases(desk, english.helplines) if one.id == "childline")


def test_better_words_need_no_warning_of_their_own_kind(desk: DeskFile) -> None:
    for group in desk.checking.avoid:
        for quoted in group.better.split("“")[1:]:
            assert look_over(quoted.partition("”")[0], desk.checking) == (), group.id


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    look_over(text, Checking())


def test_a_wall_takes_no_time(desk: DeskFile) -> None:
    begun = time.process_time()
    for wall in ("keep ", "send a ", "why did ", "you ", "a", "don't send "):
        look_over((wall * 3_000)[:3_000], desk.checking)
    assert time.process_time() - begun < 2
