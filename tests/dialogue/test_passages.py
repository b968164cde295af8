"""Passages by their exact wording: steps of the topic in hand, universal questions, and danger before both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.language_pack import LanguagePack
from safetybot.dialogue.passages import PassageIndex
from safetybot.dialogue.session import AgeBand, Session
from safetybot.dialogue.turn import Turn
from safetybot.guidance.model import Answer, Asker, Guidance, Step, Topic, UniversalQuestion, YoungerAnswer
from safetybot.guidance.reader import read_content
from safetybot.understanding.understanding import Understanding
from tests.dialogue.test_conversation import Talk, only
from tests.talking import Phrasebook, presses

SHIPPED = read_content(Path(__file__).parents[2] / "content").require().languages["en"]
WORDINGS = tuple(f"wording {letter}" for letter in "abcdef")
FAULT = UniversalQuestion(
    id="my-fault",
    who=Asker.YOUNG,
    button="Is it my fault?",
    say="No. You can talk to Childline.",
    younger="No. Tell a grown-up.",
    topics={"cyberbullying": "No. Being mean is a choice they made."},
    asks=("did i cause it", "so is it on me then", *WORDINGS),
)


def with_wordings(topic: Topic, *asks: str) -> Topic:
    """The topic with ``asks`` for its second step."""
    first, second, *rest = topic.answer.steps
    steps = (first, second.model_copy(update={"id": "stop-it", "asks": asks}), *rest)
    return topic.model_copy(update={"answer": topic.answer.model_copy(update={"steps": steps})})


@pytest.fixture
def worded(understanding: Understanding, english: Guidance, phrasebook: Phrasebook) -> Talk:
    """A chat in which steps and one universal question have wordings, one of which is a cry for help."""
    topics = dict(english.topics)
    topics["sextortion"] = with_wordings(
        topics["sextortion"], "can they still post it", "and if he does??", phrasebook.emergencies[0]
    )
    guidance = english.model_copy(update={"topics": topics, "questions": (FAULT,)})
    pack = LanguagePack(guidance, understanding.conversation.tongue("en").interpret)
    return Talk(Conversation({"en": pack}, "en"))


def shows(turn: Turn, text: str) -> bool:
    return any(text in message.text for message in turn.messages)


class TestSteps:
    @pytest.mark.parametrize(
        "text",
        ["Can I stop it being shared?", "can i stop it being shared", "can they STILL post it!", "and if he does"],
    )
    def test_of_the_topic_in_hand(self, worded: Talk, text: str) -> None:
        worded.press("topic:sextortion")
        wanted = only(worded.press("topic:sextortion:2"))
        worded.press("topic:sextortion")
        turn = worded.say(text)
        assert wanted in turn.messages  # beside card or check-in: a few examples teach what is harmless badly
        assert turn.counts[0] == ("passage", "sextortion")

    def test_one_after_the_other(self, worded: Talk) -> None:
        worded.press("topic:sextortion")
        assert shows(worded.say("can they still post it"), "Report Remove")
        assert shows(worded.say("what do i do now"), "Stop replying")

    def test_not_of_another_topic(self, worded: Talk) -> None:
        worded.press("topic:cyberbullying")
        assert not shows(worded.say("can they still post it"), "Report Remove")

    def test_danger_is_shown_before_it(self, worded: Talk, phrasebook: Phrasebook) -> None:
        worded.press("topic:sextortion")
        card, step = worded.say(phrasebook.emergencies[0]).messages
        assert card.urgent
        assert "Report Remove" in step.text

    def test_what_found_nothing_before_is_forgotten(self, worded: Talk) -> None:
        worded.press("topic:sextortion")
        worded.session = replace(worded.session, misses=1)
        worded.say("can they still post it")
        assert worded.session.misses == 0


class TestQuestions:
    def test_with_a_topic_in_hand_its_steps_stand_under_the_answer(self, worded: Talk) -> None:
        worded.press("topic:sextortion")
        answer = worded.say("so is it on me then").messages[0]
        assert answer.text.startswith(FAULT.say)
        assert "0800 1111" in answer.text  # Childline is named, so its number stands beside the words
        assert presses(answer)[:2] == ["topic:sextortion:1", "topic:sextortion:2"]
        assert "Report Remove" in worded.say("can they still post it").messages[0].text  # the topic is still in hand

    def test_where_the_general_answer_would_be_wrong(self, worded: Talk) -> None:
        worded.press("topic:cyberbullying")
        assert worded.say("did i cause it").messages[0].text == FAULT.topics["cyberbullying"]

    def test_for_the_youngest(self, worded: Talk) -> None:
        worded.session = Session(age=AgeBand.UNDER_11)
        worded.press("topic:sextortion")
        assert worded.say("did i cause it").messages[0].text == FAULT.younger

    def test_without_a_topic(self, worded: Talk) -> None:
        assert worded.say("so is it on me then").messages[0].text.startswith(FAULT.say)

    def test_a_topic_that_is_named_comes_before_it(self, worded: Talk, english: Guidance) -> None:
        ask = english.topics["passwords"].asks[0]
        shared = FAULT.model_copy(update={"asks": (ask, *FAULT.asks)})
        pack = worded.conversation.tongue("en")
        guidance = pack.guidance.model_copy(update={"questions": (shared,)})
        talk = Talk(Conversation({"en": LanguagePack(guidance, pack.interpret)}, "en"))
        assert talk.say(ask).counts == (("answer", "passwords"),)


class TestWhatWeShip:
    """Every button and wording of a step, typed once its topic was opened, brings up that step."""

    @pytest.mark.parametrize("topic", SHIPPED.topics.values(), ids=lambda topic: topic.id)
    @pytest.mark.parametrize("younger", [False, True])
    def test_steps(self, topic: Topic, younger: bool) -> None:
        index = PassageIndex.of(SHIPPED)
        answer = topic.answer.younger if younger else topic.answer
        for number, step in enumerate(answer.steps if answer else (), 1):
            assert step.id
            for wording in (step.button, *step.asks):
                assert index.step(topic, wording, younger=younger) == number, wording

    def test_questions(self) -> None:
        index = PassageIndex.of(SHIPPED)
        assert len(SHIPPED.questions) >= 65
        wrong = [ask for question in SHIPPED.questions for ask in question.asks if index.question(ask) is not question]
        assert wrong == []


@given(st.lists(st.text(max_size=8), max_size=6), st.lists(st.text(max_size=8), max_size=6), st.text(max_size=8))
def test_a_passage_that_is_found_is_there(asks: list[str], younger: list[str], text: str) -> None:
    topic = SHIPPED.topics["sextortion"]
    step = Step(button="One", say="One.")
    answers = Answer(
        first="First.",
        steps=(step, step.model_copy(update={"button": "Two", "asks": tuple(asks)})),
        younger=YoungerAnswer(first="First.", steps=(step.model_copy(update={"asks": tuple(younger)}),)),
    )
    changed = topic.model_copy(update={"answer": answers})
    index = PassageIndex.of(SHIPPED.model_copy(update={"topics": {changed.id: changed}}))
    for typed in (text, *asks, *younger):
        assert index.step(changed, typed, younger=False) in (None, 1, 2)
        assert index.step(changed, typed, younger=True) in (None, 1)
    assert all(index.step(changed, ask, younger=False) for ask in asks)
