"""What the English answers must keep to, beyond what the reader checks of any content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from safetybot.dialogue import advice
from safetybot.dialogue.session import AgeBand
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.model import Guidance, Topic, Urgency
from safetybot.guidance.reader import read_content

CONTENT = Path(__file__).parent.parent / "content"

NAMED_AS_NOT_THIS = {("about-this-bot", "ceop")}
"""Answers that name a service only to say what it is not for, or that the bot is not it."""

BLAME = re.compile(r"should have|why did you|next time you|you won't be in trouble|you will not be in trouble", re.I)
NUMBER = re.compile(r"\b0\d{2,}[\d ]{4,}|\b116 ?\d|\b85258|\b18000\b|www\.|https://")


@pytest.fixture(scope="module")
def english() -> Guidance:
    return read_content(CONTENT).require().languages["en"]


def _texts(topic: Topic) -> Iterator[str]:
    answer = topic.answer
    yield answer.first
    yield from (f"{step.button}\n{step.say}" for step in answer.steps)
    if answer.younger:
        yield answer.younger.first
        yield from (f"{step.button}\n{step.say}" for step in answer.younger.steps)


def test_an_answer_names_only_services_on_its_own_list(english: Guidance) -> None:
    """Or no number would stand beside the name."""
    ids = {line.name.split(" (")[0]: id_ for id_, line in english.helplines.items()}
    # The longest name first, so that a helpline whose name begins like another's is not taken for it.
    names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(ids, key=len, reverse=True)))
    named = [
        (topic, ids[name])
        for topic in english.topics.values()
        for text in _texts(topic)
        for name in names.findall(text)
    ]
    wrong = {(topic.id, id_) for topic, id_ in named if id_ not in topic.helplines}
    assert wrong == NAMED_AS_NOT_THIS


def test_the_ways_to_reach_a_named_service_stand_under_the_message(english: Guidance) -> None:
    speaker = Speaker(english)
    assert "116 123" in _step(speaker, "self-harm-or-suicide", "Who can I talk to?")
    assert "7726" in _step(speaker, "scams", "Where do I report it?")
    first = advice.answer(speaker, english.topics["self-harm-or-suicide"]).text
    assert "0800 1111" in first
    assert "85258" in first
    # FRANK is named in the first message: so is Childline, which stands second.
    first = advice.answer(speaker, english.topics["buying-risky-things"]).text
    assert "0300 123 6600" in first
    assert "0800 1111" in first


def _step(speaker: Speaker, topic: str, button: str) -> str:
    found = speaker.guidance.topics[topic]
    number = next(at for at, step in enumerate(found.answer.steps, 1) if step.button == button)
    message = advice.step(speaker, found, number)
    assert message is not None
    return message.text


def test_an_answer_types_no_number_but_the_short_ones_and_no_blame(english: Guidance) -> None:
    for topic in english.topics.values():
        for text in _texts(topic):
            assert not NUMBER.search(text), (topic.id, text)
            assert not BLAME.search(text), (topic.id, text)


def test_where_life_may_be_at_risk_the_answer_names_999(english: Guidance) -> None:
    urgent = [topic for topic in english.topics.values() if topic.urgency is not Urgency.NORMAL]
    assert len(urgent) > 20
    for topic in urgent:
        assert "999" in topic.answer.first, topic.id
        younger = topic.answer.younger
        if younger:
            assert "999" in younger.first + "".join(step.say for step in younger.steps), topic.id


def test_the_younger_answer_always_leads_to_a_grown_up(english: Guidance) -> None:
    for topic in english.topics.values():
        younger = topic.answer.younger
        if younger:
            said = "\n".join([younger.first, *(step.say for step in younger.steps)]).lower()
            assert "grown-up" in said, topic.id
    assert english.topics["parents-and-carers"].answer.younger is None


def test_no_title_is_cut_on_a_small_phone_and_none_is_like_another(english: Guidance) -> None:
    titles = [topic.title for topic in english.topics.values()]
    assert len({title.casefold() for title in titles}) == len(titles)
    assert [title for title in titles if len(title) > 45] == []


def test_every_topic_can_be_reached_from_another_or_from_the_list(english: Guidance) -> None:
    listed = {topic.id for topic in english.topics.values() if topic.group != "chat"}
    related = {id_ for topic in english.topics.values() for id_ in topic.related}
    assert {"greeting", "thanks-bye"} == set(english.topics) - listed - related
    assert [topic.id for topic in english.topics.values() if not topic.related] == []


def test_no_adult_only_service_stands_in_a_young_persons_answer(english: Guidance) -> None:
    for topic in english.topics.values():
        for age in (AgeBand.UNDER_11, AgeBand.FROM_11):
            shown = {line.show for line in Speaker(english, age).helplines(topic.helplines)}
            assert shown <= {"any", "13+"}, topic.id
        if topic.id != "parents-and-carers":
            assert all(english.helplines[id_].show in ("any", "13+") for id_ in topic.helplines), topic.id
