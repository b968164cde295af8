"""Blame, promises, numbers and addresses: what must be found, and what good answers say that must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetybot.guidance.banned_phrases import helpline_numbers, numbers, phrases
from safetybot.guidance.finding import Finding
from safetybot.guidance.reader import read_content

ROOT = Path(__file__).parents[2]

FOUND = {
    Finding.BLAME: [
        "You should have told someone.",
        "You shouldn't have sent it.",
        "Why did you send it?",
        "Next time, think first.",
        "You let them do it.",
        "If you hadn't replied, it would be fine.",
        "You were careless.",
        "This is your own fault.",
    ],
    Finding.PROMISE: [
        "We will keep it secret.",
        "I'll keep this a secret.",
        "You won't get in trouble.",
        "You will not be in any trouble.",
        "Nobody will find out.",
        "They will delete it.",
        "It'll be okay.",
        "I promise.",
        "I won’t tell.",
        "Someone will come and help you.",
    ],
}

FINE = [
    "It is not your fault.",
    "None of this is your fault.",
    'You may ask: "Is it my fault?" No. It isn’t your fault.',
    "They should have stopped.",
    "I can't promise that nobody will find out.",
    "Nobody can promise that you won't get in trouble.",
    "I can't keep it secret.",
    "Report Remove can help to block it.",
    "They may not delete it.",
    "You could have a chat with an adult.",
    "Use a private window next time.",
]


@pytest.mark.parametrize(("finding", "text"), [(finding, text) for finding, texts in FOUND.items() for text in texts])
def test_is_found(finding: Finding, text: str) -> None:
    found = list(phrases(f"Stop now. {text}"))
    assert [each.finding for each in found] == [finding], found
    assert f"“{f'Stop now. {text}'[found[0].start : found[0].end]}”" in found[0].message


@pytest.mark.parametrize("text", FINE)
def test_is_fine(text: str) -> None:
    assert list(phrases(text)) == []


@pytest.mark.parametrize(
    "text",
    ["Call 0800 1111.", "Ring 020 7946 0958 now.", "Call 116 123.", "Text 85258.", "+44 20 7946 0958", "call 08001111"],
)
def test_a_number_is_found(text: str) -> None:
    known = helpline_numbers(["0800 1111", "85258", "101", "116 123"])
    assert [each.finding for each in numbers(text, known)] == [Finding.NUMBER]


@pytest.mark.parametrize(
    "text", ["Go to www.childline.org.uk.", "See ceop.police.uk", "me@example.org", "https://example.org/x"]
)
def test_an_address_is_found(text: str) -> None:
    assert [each.finding for each in numbers(text)] == [Finding.NUMBER]


@pytest.mark.parametrize("text", ["See http://example.org", "[page](example.org)", "[page](ftp://example.org)"])
def test_a_link_must_be_https(text: str) -> None:
    assert Finding.LINK in [each.finding for each in numbers(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Call 999, then press 55.",
        "Call 101 or 111.",
        "In 2026, 13 years old.",
        "It cost £08001111.",
        "Three random words.com?",
    ],
)
def test_what_is_no_helpline_number(text: str) -> None:
    found = list(numbers(text, helpline_numbers(["0800 1111", "999", "101"])))
    assert found == [] or "words.com" in text


def test_nothing_we_ship_blames_promises_or_hides_a_number() -> None:
    english = read_content(ROOT / "content").languages["en"]
    for topic in english.topics.values():
        for answer in filter(None, (topic.answer, topic.answer.younger)):
            for text in (answer.first, *(step.say for step in answer.steps)):
                assert [*phrases(text), *numbers(text)] == [], topic.id
