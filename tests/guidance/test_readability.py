"""How hard a text is to read, against words counted by hand and texts whose age is known."""

from __future__ import annotations

import pytest

from safetybot.guidance.readability import hardest, measure, naming, sentences, syllables

BY_HAND = {
    1: "cat the make phone safe called asked helped friends don't it's whole one you're night hurts eyes bridge school",
    2: "picture police online children message away angry threaten doctor trusted reply wanted sharing able website "
    "someone sometimes people parent being quiet lonely secret account places uses creates",
    3: "family anyone everyone video camera privacy messages another anything hospital remember deleted exactly idea "
    "area together important embarrassed",
    4: "anonymous information community usually security independent",
    5: "verification opportunity",
}


@pytest.mark.parametrize(
    ("count", "word"), [(count, word) for count, words in BY_HAND.items() for word in words.split()]
)
def test_syllables(count: int, word: str) -> None:
    assert abs(syllables(word) - count) <= (word in ("threaten", "important", "embarrassed"))


def test_sentences_end_at_lines_bullets_and_colons() -> None:
    text = 'Do this:\n\n1. Stop. "Really?" **Now!**\n2. Tell [the page](https://example.org/a.b) 2.5 times'
    assert [(each.text.split()[0], each.words) for each in sentences(text)] == [
        ("Do", 2),
        ("Stop.", 1),
        ('"Really?', 1),
        ("Now!", 1),
        ("Tell", 5),
    ]
    for each in sentences(text):
        assert text[each.start :].startswith(each.text.split()[0])


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The cat sat on the mat. It is not your fault. Tell a grown-up you trust. They can help you.", 0, 6.5),
        ("This is a crime. Stop replying now, even if they get angry. Keep proof and tell an adult you trust.", 5, 9),
        (
            "Organisations that process personal information must demonstrate accountability for safeguarding it, "
            "and individuals may request its immediate deletion.",
            18,
            40,
        ),
    ],
)
def test_the_age_of_texts_that_are_known(text: str, low: float, high: float) -> None:
    assert low <= measure(text).age <= high


def test_the_names_of_services_are_not_hard_words() -> None:
    text = "You can tell the Anti-Bullying Alliance about it today."
    names = naming({"Anti-Bullying Alliance", "Childline"})
    assert measure(text, names).age < measure(text).age
    assert hardest(text, names) == []
    assert hardest(text) == ["anti-bullying", "alliance"]


def test_nothing_has_no_age() -> None:
    assert measure("👍 …").age == 0
