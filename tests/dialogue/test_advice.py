"""Answers, steps, helplines, lists of topics: what each message says and offers."""

from __future__ import annotations

import pytest

from safetybot.dialogue import advice
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.session import AgeBand
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.model import Group, Guidance
from tests.talking import buttons, presses


@pytest.fixture
def speaker(english: Guidance) -> Speaker:
    return Speaker(english)


def step(speaker: Speaker, topic: str, number: int) -> Outgoing:
    message = advice.step(speaker, speaker.guidance.topics[topic], number)
    assert message is not None
    return message


class TestAnswer:
    def test_it_offers_each_step_and_who_can_help(self, speaker: Speaker, english: Guidance) -> None:
        message = advice.answer(speaker, english.topics["sextortion"])
        assert message.text.startswith("This is blackmail, and it is not your fault.")
        assert presses(message) == [
            "topic:sextortion:1", "topic:sextortion:2", "lines:sextortion", "report:sextortion", "now",
        ]  # fmt: skip

    def test_an_urgent_one_shows_its_two_best_helplines(self, speaker: Speaker, english: Guidance) -> None:
        text = advice.answer(speaker, english.topics["sextortion"]).text
        assert "**Childline**: call **0800 1111**" in text
        assert "**Sixteen Line** (for 16 and over)" in text
        assert "Thirteen Line" not in text

    def test_a_normal_one_shows_only_the_helplines_it_names(self, speaker: Speaker, english: Guidance) -> None:
        assert "0800 1111" in advice.answer(speaker, english.topics["cyberbullying"]).text
        assert "call" not in advice.answer(speaker, english.topics["passwords"]).text

    def test_one_without_steps_ends_at_once(self, speaker: Speaker, english: Guidance) -> None:
        message = advice.answer(speaker, english.topics["talk-to-a-person"])
        assert presses(message) == ["lines:talk-to-a-person", "up:talk-to-a-person", "down:talk-to-a-person", "now"]

    def test_one_without_helplines_offers_a_person(self, speaker: Speaker, english: Guidance) -> None:
        assert "talk" in presses(advice.answer(speaker, english.topics["passwords"]))

    def test_a_younger_one_has_its_own_words_and_steps(self, english: Guidance) -> None:
        message = advice.answer(Speaker(english, AgeBand.UNDER_11), english.topics["sextortion"])
        assert message.text.startswith("Someone is being unkind to you.")
        assert not any(press.startswith("topic:sextortion:") for press in presses(message))
        assert "Sixteen Line" not in message.text


class TestStep:
    def test_it_offers_the_next_one(self, speaker: Speaker) -> None:
        message = step(speaker, "sextortion", 1)
        assert message.text.startswith("1. Stop replying.")
        assert presses(message) == [
            "topic:sextortion:2",
            "lines:sextortion",
            "up:sextortion",
            "down:sextortion",
            "now",
        ]
        assert buttons(message)[0].text == "Can I stop it being shared?"

    def test_the_last_one_offers_related_topics_helplines_and_a_report(self, speaker: Speaker) -> None:
        message = step(speaker, "sextortion", 2)
        assert "[website](https://www.childline.org.uk/remove)" in message.text  # it names Report Remove
        assert presses(message) == [
            "topic:cyberbullying",
            "lines:sextortion",
            "report:sextortion",
            "up:sextortion",
            "down:sextortion",
            "now",
        ]

    @pytest.mark.parametrize("number", [-1, 0, 3, 99])
    def test_there_are_no_others(self, speaker: Speaker, english: Guidance, number: int) -> None:
        assert advice.step(speaker, english.topics["sextortion"], number) is None


class TestHelplines:
    def test_at_most_six_each_described(self, english: Guidance) -> None:
        message = advice.helplines(Speaker(english, AgeBand.ADULT), english.topics["sextortion"])
        names = [line.split("**")[1] for line in message.text.splitlines() if line.startswith("**")]
        assert names == [
            "Childline",
            "Eighteen Line",
            "Sixteen Line",
            "Thirteen Line",
            "Report Remove",
            "Parents Line",
        ]
        assert "lines:sextortion" not in presses(message)

    def test_where_none_may_be_shown_there_are_people_all_the_same(self, english: Guidance) -> None:
        topic = english.topics["cyberbullying"].model_copy(update={"helplines": ("eighteen-line", "school-line")})
        text = advice.helplines(Speaker(english, AgeBand.FROM_11), topic).text
        assert "Childline" in text
        assert "Eighteen Line" not in text
        assert "School Line" not in text

    def test_reports_begin_with_the_topics_own_routes(self, speaker: Speaker, english: Guidance) -> None:
        own = advice.report_routes(speaker, english.topics["sextortion"]).text
        assert own.index("Report Remove") < own.index("CEOP") < own.index("Police")
        assert own.count("**CEOP**") == 1
        every = advice.report_routes(speaker, None).text
        assert every.index("CEOP") < every.index("Police") < every.index("Report Remove")


class TestLists:
    def test_choices_have_their_titles_and_a_way_out(self, speaker: Speaker, english: Guidance) -> None:
        topics = [english.topics["passwords"], english.topics["sextortion"]]
        message = advice.choices(speaker, topics)
        assert presses(message) == ["topic:passwords", "topic:sextortion", "none", "now"]
        assert buttons(message)[0].text == "I want a safe password"

    def test_groups_with_topics_and_without_chat(self, speaker: Speaker) -> None:
        assert presses(advice.groups(speaker)) == [
            "group:images",
            "group:bullying",
            "group:accounts",
            "group:gaming",
            "group:help",
            "now",
        ]

    def test_a_long_group_has_pages(self, speaker: Speaker) -> None:
        first = advice.group(speaker, Group.GAMING)
        assert presses(first) == [*(f"topic:game-{n}" for n in range(1, 9)), "group:gaming:1", "topics", "now"]
        assert first.text == "Games: choose one."
        assert presses(advice.group(speaker, Group.GAMING, 1)) == ["topic:game-9", "topics", "now"]

    @pytest.mark.parametrize("page", [-1, 2, 10_000])
    def test_a_page_that_is_no_more_is_the_first(self, speaker: Speaker, page: int) -> None:
        assert advice.group(speaker, Group.GAMING, page) == advice.group(speaker, Group.GAMING)


class TestAge:
    def test_every_band_and_skip(self, speaker: Speaker, english: Guidance) -> None:
        bands = ["age:under-11", "age:11-13", "age:14-17", "age:adult", "age:skip", "now"]
        assert presses(advice.ask_age(speaker)) == bands
        about = presses(advice.ask_age(speaker, english.topics["cyberbullying"]))
        assert about == [*(f"{press}:cyberbullying" for press in bands[:-1]), "now"]


def test_people_are_named_with_their_numbers(speaker: Speaker) -> None:
    text = advice.people(speaker).text
    for words in ("Childline", "0800 1111", "85258", "116 123"):
        assert words in text


def test_talking_to_a_person_is_a_topic_where_editors_wrote_one(speaker: Speaker, english: Guidance) -> None:
    assert advice.talk(speaker).text.startswith("People at Childline listen every day.")
    others = {id_: topic for id_, topic in english.topics.items() if id_ != advice.TALK_TOPIC}
    without = Speaker(english.model_copy(update={"topics": others}))
    assert advice.talk(without) == advice.people(without)


def test_the_safety_check_has_three_answers(speaker: Speaker) -> None:
    assert presses(advice.safety_check(speaker)) == ["safe:yes", "safe:no", "safe:unsure", "now"]
