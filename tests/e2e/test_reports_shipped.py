"""The English form as it ships, with keys stretched as slowly as they are in earnest."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from safetybot.reports.cases import CaseUrgency, Status
from safetybot.vault.envelopes import EnvelopeKind
from tests.e2e.desk import Desk, hire, told
from tests.e2e.phone import Phone, buttons, meant
from tests.e2e.program import Place, Program
from tests.e2e.speech import SHIPPED, Content
from tests.emulator import Emulator

# Where nothing is cached, the first test waits for the matcher to be fitted.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400), pytest.mark.slow]

BLACKMAIL = "a girl i met on snap says shell send my nudes to all my mates unless i send her 200 quid"
STORY = ("she found me on snap and asked for a pic", "now she says pay 200 or all my mates see it 😢 <b>&amp; _x_")
CHANNEL_LIMIT = 4096


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def telegram() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(shipped_data: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    cache = shipped_data / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    place = Place.make(tmp_path_factory.mktemp("shipped-reports") / "place", SHIPPED, cache)
    async with Desk(place, "Ada", hire(place)) as desk:
        yield desk


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def program(telegram: Emulator, desk: Desk) -> AsyncIterator[Program]:
    program = Program(desk.place, telegram)
    await program.start()
    await telegram.until(lambda: telegram.counts["getUpdates"] or not program.running, 300)
    yield program
    await telegram.wait_confirmed()
    assert await program.stop() == 0, program.printed
    assert telegram.pending == 0
    assert not re.search("Traceback|ERROR|WARNING", program.printed), program.printed


@pytest.fixture
def phone(telegram: Emulator, chats: Iterator[int]) -> Phone:
    return Phone(telegram, next(chats))


async def test_from_the_button_to_the_reply_and_back(phone: Phone, desk: Desk, shipped_content: Content) -> None:
    say, press, asks = shipped_content.form_says, shipped_content.form_press, shipped_content.asks

    async def answers(question: str, answer: str, *, typed: bool = False) -> None:
        """The question is on the screen, and is answered."""
        shown = phone.telegram.sent(phone.chat)[-1]
        assert shown.text == asks(question), question
        assert {press("stop"), shipped_content.press("help-now")} <= set(buttons(shown))
        await (phone.says(answer) if typed else phone.presses(answer))

    answer = (await phone.says(BLACKMAIL))[0]
    assert answer.text.startswith(shipped_content.first("sextortion"))
    for step in shipped_content.topic("sextortion")["answer"]["steps"]:
        await phone.presses(step["button"])
    start, _ = await phone.presses(shipped_content.press("report"))
    assert say("start") in start.text
    assert say("channel-telegram") in start.text
    await answers("danger", "No")
    await answers("who-reads", press("go-on"))
    await answers("about", "Me")
    await answers("what-happened", STORY[0], typed=True)
    *_, more = await phone.says(STORY[1])
    assert more.text == say("more")
    await phone.presses(press("all-said"))
    await answers("where", "snap", typed=True)
    await answers("who", press("skip"))
    await answers("when", "In the last week")
    await answers("going-on", "Yes")
    await answers("meet", "No")
    assert "✅ Threats or blackmail" in buttons(phone.telegram.sent(phone.chat)[-1])
    await answers("kind", "Nudes or sexual pictures")
    await phone.presses(press("all-chosen"))
    await answers("age", "11 to 13")
    await answers("told", "No")
    await answers("safe-here", "Yes")
    await answers("contact", "07700 900123, after 4", typed=True)
    review = phone.telegram.sent(phone.chat)[-1]
    assert review.text.startswith(say("review"))
    for text in ("Where it happened\nsnap", "07700 900123, after 4", *STORY):
        assert text in review.text
    await phone.presses(press("change"))
    await phone.presses("About the person")
    review = (await phone.says("calls herself lily.x09"))[-1]
    assert "About the person\ncalls herself lily.x09" in review.text
    sent, code = await phone.presses(press("send"))
    assert sent.text == say("sent")
    assert re.fullmatch(r"[a-z]{3,7}( [a-z]{3,7}){5}", code.text)
    following = await phone.presses(press("saved"))
    assert following[0].text.startswith(say("next-steps"))
    assert "CEOP" in following[0].text
    assert len(following) == 1  # however much it has to say

    (case,) = await desk.cases()
    assert (case.status, case.urgency, case.unread) == (Status.NEW, CaseUrgency.HIGH, 2)
    opened = await desk.opens(case)
    assert [message.kind for message in opened.messages] == [EnvelopeKind.REPORT, EnvelopeKind.CONTACT]
    assert told(opened) == {
        "danger": "no",
        "about": "me",
        "what-happened": "\n\n".join(STORY),
        "where": "snap",
        "who": "calls herself lily.x09",
        "when": "week",
        "going-on": "yes",
        "meet": "no",
        "kind": "pictures|threats",
        "age": "from-11",
        "told": "no",
        "safe-here": "yes",
    }
    assert told(opened, 1) == {"contact": "07700 900123, after 4"}
    await desk.replies(case, "You did the right thing. Don't pay. We are telling the app.")

    (asked,) = await phone.says("/mycode")
    assert asked.text == say("case-ask")
    *_, question = await phone.says(f"{code.text.title()}z")
    (menu,) = await phone.presses(meant(question, code.text.split()[-1], press("mean-yes")))
    assert say("case-open") in menu.text
    assert "one reply" in menu.text
    (reply,) = await phone.presses(press("case-replies"))
    assert reply.text == "From the team, today:\n\nYou did the right thing. Don't pay. We are telling the app."
    await phone.presses(press("case-write"))
    await phone.says("she has stopped")
    (added,) = await phone.presses(press("case-send"))
    assert added.text.startswith(say("case-added"))
    assert (await desk.opens(case)).messages[-1].body["text"] == "she has stopped"
    await phone.presses(press("case-withdraw"))
    (gone,) = await phone.presses(press("case-withdraw-yes"))
    assert gone.text.startswith(say("case-withdraw-told"))
    (case,) = await desk.cases()
    assert case.withdrawn is not None


@pytest.mark.parametrize(
    ("button", "about"),
    [("A friend", "friend"), ("I'm a parent or carer", "parent"), ("I work with children", "professional")],
)
async def test_everyone_is_asked_in_their_own_words(
    phone: Phone, shipped_content: Content, button: str, about: str
) -> None:
    """Every question is skipped that can be; what cannot is answered in a word."""
    press = shipped_content.form_press
    form = shipped_content.form()["questions"]
    (_, question) = await phone.says("/report")
    asked = []
    while question.text in (texts := {shipped_content.asks(each["id"], about): each["id"] for each in form}):
        asked.append(texts[question.text])
        match asked[-1]:
            case "about":
                question = (await phone.presses(button))[-1]
            case "what-happened":
                await phone.says("something online")
                question = (await phone.presses(press("all-said")))[-1]
            case "who-reads":
                question = (await phone.presses(press("go-on")))[-1]
            case _:
                question = (await phone.presses(press("skip")))[-1]
    assert question.text.startswith(shipped_content.form_says("review"))
    adult = about in ("parent", "professional")
    assert asked == [each["id"] for each in form if adult or each["id"] != "child-safe"]
    assert all(len(text) < CHANNEL_LIMIT for text in phone.telegram.texts(phone.chat))
    await phone.says("/stop")
    (deleted,) = await phone.presses(press("stop-yes"))
    assert deleted.text == shipped_content.form_says("deleted")
