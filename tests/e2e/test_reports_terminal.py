"""A report in the terminal: the same way, with numbers for buttons."""

from __future__ import annotations

import re

import pytest

from safetybot.vault.envelopes import EnvelopeKind
from tests.e2e.desk import Desk, hire, told
from tests.e2e.program import Place, Typist
from tests.e2e.speech import Content

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

STORY = "everyone laughs at me in the chat"
NASTY = "they post nasty things about me"


def code_in(typist: Typist) -> str:
    """The six words, alone in the last frame."""
    (*_, frame) = re.findall(r"╭─+╮\n(.*?)╰─+╯", typist.last, re.DOTALL)
    code = re.fullmatch(r"│ ((?:[a-z]{3,7} ?){6}) *│\n", frame)
    assert code is not None, frame
    return code[1].strip()


async def test_from_the_first_question_to_the_reply_and_back(place: Place, small_content: Content) -> None:
    say, press = small_content.form_says, small_content.form_press
    async with Desk(place, "Ada", hire(place)) as desk:
        with Typist(place) as typist:
            typist.types("someone is blackmailing me with my nudes")
            for step in small_content.topic("sextortion")["answer"]["steps"]:
                typist.presses(step["button"])
            start = typist.presses(small_content.press("report"))
            assert start.startswith(say("start"))
            assert "Telegram" not in start
            assert small_content.asks("danger") in start
            assert small_content.asks("reads") in typist.types("no")  # the button's words do as well as its number
            typist.presses(press("go-on"))
            typist.presses("A friend")
            assert say("more") in typist.types(STORY)
            typist.presses(press("all-said"))
            typist.presses(press("skip"))
            assert "✓ Threats" in typist.numbers  # from the topic
            typist.presses("✓ Threats")
            typist.presses("Being mean")
            typist.presses(press("all-chosen"))
            review = typist.types("me@example.org")
            assert say("review") in review
            assert STORY in review
            assert "me@example.org" in review
            typist.presses(press("change"))
            typist.presses("How to reach you")
            assert say("removed") in typist.presses(press("remove"))
            assert say("sent") in typist.presses(press("send"))
            code = code_in(typist)
            assert "CEOP" in typist.presses(press("saved"))
            assert typist.ends() == ""

        (case,) = await desk.cases()
        opened = await desk.opens(case)
        assert [message.kind for message in opened.messages] == [EnvelopeKind.REPORT]
        assert told(opened) == {"danger": "no", "about": "friend", "story": STORY, "kind": "mean"}
        await desk.replies(case, "Thank you for *telling* us.")

        with Typist(place) as typist:
            assert say("case-ask") in typist.types("/mycode")
            words = code.split()
            asked = typist.types(
                f"{words[0].title()}, {words[1]}-{words[2]}  {words[3]} {words[4]} {words[5].upper()}Z"
            )
            assert words[5] in asked
            menu = typist.presses(words[5] if words[5] in typist.numbers else press("mean-yes"))
            assert say("case-one-reply") in menu
            assert "today: Thank you for *telling* us." in typist.presses(press("case-replies"))
            typist.presses(press("case-write"))
            assert say("case-write-more") in typist.types(NASTY)
            assert say("case-added") in typist.presses(press("case-send"))
            opened = await desk.opens(case)
            assert opened.messages[-1].body["text"] == NASTY
            typist.presses(press("case-withdraw"))
            assert say("case-withdraw-told") in typist.presses(press("case-withdraw-yes"))
            assert say("case-left") in typist.presses(press("case-leave"))
            assert typist.ends() == ""
        (case,) = await desk.cases()
        assert case.withdrawn is not None


async def test_a_draft_is_there_after_a_start_and_goes_with_stop(place: Place, small_content: Content) -> None:
    hire(place)
    with Typist(place) as typist:
        typist.types("/report")
        for press in ("No", "Go on", "Me"):
            typist.presses(press)
        typist.types(STORY)
    with Typist(place) as typist:  # which begins with /start, as every terminal does
        assert STORY not in typist.shown
        assert small_content.asks("where") in typist.types("That's all")
        assert small_content.form_says("resume") in typist.types("/report")
        assert small_content.asks("where") in typist.presses(small_content.form_press("resume"))
        assert small_content.form_says("stop") in typist.types("/stop")
        assert small_content.form_says("deleted") in typist.presses(small_content.form_press("stop-yes"))
        assert typist.ends() == ""
