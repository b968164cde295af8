"""The editors' words made into messages, for somebody of an age."""

from __future__ import annotations

import pytest

from safetybot.dialogue.messages import Button
from safetybot.dialogue.session import AgeBand
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.model import Guidance, Helpline

AGES = [None, *AgeBand]


def ids(lines: list[Helpline]) -> list[str]:
    return [line.id for line in lines]


def test_help_now_stands_under_all_buttons(english: Guidance) -> None:
    speaker = Speaker(english)
    message = speaker.message("Hi", (Button("A", "a"), Button("B", "b")), (), (Button("C", "c"),))
    assert message.buttons == (
        (Button("A", "a"), Button("B", "b")),
        (Button("C", "c"),),
        (Button("Help now", "now"),),
    )


def test_a_message_without_buttons_has_none(english: Guidance) -> None:
    assert Speaker(english).message("Hi", ()).buttons == ()


class TestCard:
    @pytest.mark.parametrize("age", AGES)
    def test_it_is_urgent_and_names_999_childline_and_shout_with_their_numbers(
        self, english: Guidance, age: AgeBand | None
    ) -> None:
        card = Speaker(english, age).card()
        assert card.urgent
        for words in ("999", "0800 1111", "**SHOUT** to **85258**"):
            assert words in card.text
        assert "{" not in card.text
        assert card.buttons

    def test_it_stands_even_without_those_helplines(self, english: Guidance) -> None:
        card = Speaker(english.model_copy(update={"helplines": {}})).card()
        assert card.urgent
        assert "999" in card.text


class TestHelplinesByAge:
    @pytest.mark.parametrize(
        ("age", "seen"),
        [
            (None, {"childline", "thirteen-line", "sixteen-line", "parents-line", "school-line"}),
            (AgeBand.UNDER_11, {"childline"}),
            (AgeBand.FROM_11, {"childline", "thirteen-line"}),
            (AgeBand.FROM_14, {"childline", "thirteen-line", "sixteen-line"}),
            (
                AgeBand.ADULT,
                {"childline", "thirteen-line", "sixteen-line", "eighteen-line", "parents-line", "school-line"},
            ),
        ],
    )
    def test_who_may_see_what(self, english: Guidance, age: AgeBand | None, seen: set[str]) -> None:
        asked = ["childline", "thirteen-line", "sixteen-line", "eighteen-line", "parents-line", "school-line"]
        assert set(ids(Speaker(english, age).helplines(asked))) == seen

    def test_the_order_is_kept_and_the_unknown_left_out(self, english: Guidance) -> None:
        lines = Speaker(english).helplines(["shout", "nobody", "childline"])
        assert ids(lines) == ["shout", "childline"]

    @pytest.mark.parametrize(
        ("age", "id_", "said"),
        [
            (None, "thirteen-line", True),
            (AgeBand.FROM_11, "thirteen-line", True),  # 11 and 12 are among them
            (AgeBand.FROM_14, "thirteen-line", False),
            (AgeBand.FROM_14, "sixteen-line", True),  # 14 and 15 are among them
            (AgeBand.ADULT, "sixteen-line", False),
            (None, "childline", False),
        ],
    )
    def test_whom_it_is_for_is_said_where_the_age_does_not_tell(
        self, english: Guidance, age: AgeBand | None, id_: str, said: bool
    ) -> None:
        speaker = Speaker(english, age)
        line = english.helplines[id_]
        for text in (speaker.brief([line]), speaker.described([line])):
            assert ("and over)" in text) is said


class TestHelplinesInWords:
    def test_every_way_to_reach_one(self, english: Guidance) -> None:
        speaker = Speaker(english)
        assert speaker.contacts(english.helplines["childline"]) == (
            "call **0800 1111**, [website](https://www.childline.org.uk/)"
        )
        assert speaker.contacts(english.helplines["shout"]) == "text **SHOUT** to **85258**"
        assert speaker.contacts(english.helplines["school-line"]) == "text **00022**"

    def test_a_description_says_what_it_does_when_and_what_it_costs(self, english: Guidance) -> None:
        described = Speaker(english).described([english.helplines["childline"], english.helplines["shout"]])
        first, second = described.split("\n\n")
        assert first.startswith("**Childline**\nTalk about anything.")
        assert first.endswith(", free")
        assert second.endswith("**85258**, all day, every day")

    def test_a_helpline_named_in_an_answer_is_found_by_its_whole_name(self, english: Guidance) -> None:
        speaker = Speaker(english)
        topic = english.topics["sextortion"]
        assert ids(speaker.named_in("You can ring Childline, or CEOP.", topic.helplines)) == ["childline", "ceop"]
        assert speaker.named_in("Childlines and ceop and Report", topic.helplines) == []
        assert speaker.named_in("Shout can help.", topic.helplines) == []  # not one of this topic's

    def test_one_named_for_another_age_is_not(self, english: Guidance) -> None:
        topic = english.topics["sextortion"]
        assert Speaker(english).named_in("Eighteen Line", topic.helplines) == []
        assert ids(Speaker(english, AgeBand.ADULT).named_in("Eighteen Line", topic.helplines)) == ["eighteen-line"]


class TestAnswerByAge:
    @pytest.mark.parametrize("age", AGES)
    def test_the_younger_answer_is_for_under_elevens_alone(self, english: Guidance, age: AgeBand | None) -> None:
        answer = english.topics["sextortion"].answer
        expected = answer.younger if age is AgeBand.UNDER_11 else answer
        assert Speaker(english, age).answer(english.topics["sextortion"]) == expected

    def test_without_a_younger_answer_there_is_the_one(self, english: Guidance) -> None:
        topic = english.topics["passwords"]
        assert Speaker(english, AgeBand.UNDER_11).answer(topic) == topic.answer
