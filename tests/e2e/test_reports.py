"""A report from its first question to its answer: the real program, the Telegram HTTP API, and staff at work beside."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from safetybot.reports.cases import CaseRow, CaseUrgency, Status
from safetybot.reports.casework import OpenedCase
from safetybot.vault.envelopes import EnvelopeKind
from tests.e2e.desk import Desk, hire, told
from tests.e2e.phone import Phone, buttons, meant, words
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator, Sent
from tests.thief import Search, chat_forms, code_forms, forms

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

BLACKMAIL = "someone is blackmailing me with my nudes"
MONEY = "somebody wants money or they will share my pictures"
NASTY = "they post nasty things about me… 😢 <b>&amp; _x_"
EMERGENCY = "hes outside my house with a knife"
CODE = re.compile(r"[a-z]{3,7}( [a-z]{3,7}){5}")
REPLY = "Thank you for telling us.\nYou did the *right* thing <3 & we are on it. [Look](https://example.org) 1_000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def telegram() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(
    small_content: Content, small_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """The first member of staff, before the bot has ever run."""
    place = Place.make(tmp_path_factory.mktemp("reports") / "place", small_content.folder, small_cache)
    async with Desk(place, "Ada", hire(place, "Ada")) as desk:
        yield desk


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def program(telegram: Emulator, desk: Desk) -> AsyncIterator[Program]:
    """Runs through all tests of this module; at the end no update is left, nothing has failed, and nobody's words,
    chat or code are on the disk."""
    program = Program(desk.place, telegram)
    await program.start()
    await program.ready()
    yield program
    await telegram.wait_confirmed()
    sent = [text for chat in telegram._chats for text in telegram.texts(chat)]
    codes = {text for text in sent if CODE.fullmatch(text)}
    assert await program.stop() == 0, program.printed
    assert telegram.pending == 0
    assert telegram._open_presses == set()
    assert not re.search("Traceback|ERROR|WARNING", program.printed), program.printed
    assert await desk.log_is_whole()
    examined = desk.place.command("doctor")
    assert examined.code == 0, examined
    told_here = ("laughed at my drawing", "07700 900123", "lily_09", "changed my locker", REPLY[:20])
    wanted = {text: tuple(forms(text)) for text in told_here}
    wanted |= {code: tuple(code_forms(code)) for code in codes}
    wanted |= {str(chat): tuple(chat_forms(str(chat))) for chat in telegram._chats}
    written = b"".join(path.read_bytes() for path in desk.place.folder.rglob("*") if path.is_file())
    assert codes
    assert Search(wanted).found(written) == []


@pytest.fixture
def phone(telegram: Emulator, chats: Iterator[int]) -> Phone:
    return Phone(telegram, next(chats))


def code_in(messages: list[Sent]) -> str:
    """The six words, which stand alone in the last message."""
    code = messages[-1].text
    assert CODE.fullmatch(code)
    return code


async def fills_in(phone: Phone, story: str) -> None:
    """As far as the review, the short way."""
    await phone.says("/report")
    for press in ("No", "Go on", "Me"):
        await phone.presses(press)
    await phone.says(story)
    await phone.presses("That's all")
    for _ in ("where", "kind", "contact"):
        await phone.presses("Skip")


async def sends(phone: Phone, story: str) -> str:
    """A whole report, the short way; its code."""
    await fills_in(phone, story)
    return code_in(await phone.presses("Send it"))


async def case_of(desk: Desk, story: str) -> tuple[CaseRow, OpenedCase]:
    """The case in which this was told; every unread one is opened for it."""
    for case in await desk.cases():
        opened = await desk.opens(case)
        if any(story in str(message.body) for message in opened.messages):
            return opened.row, opened
    raise AssertionError("nobody told that")


async def test_from_the_button_to_the_reply_and_back(
    phone: Phone, desk: Desk, telegram: Emulator, small_content: Content
) -> None:
    say, press = small_content.form_says, small_content.form_press

    # The way in, and every kind of answer.
    await phone.says(BLACKMAIL)
    for step in small_content.topic("sextortion")["answer"]["steps"]:
        await phone.presses(step["button"])
    start, question = await phone.presses(small_content.press("report"))
    assert say("start") in start.text
    assert say("channel-telegram") in start.text
    assert start.keyboard == []
    assert question.text == small_content.asks("danger")
    assert buttons(question) == ["Yes", "No", "Not sure", press("skip"), press("stop"), "Help now"]
    (question,) = await phone.presses("No")
    assert question.text == small_content.asks("reads")
    (question,) = await phone.presses(press("go-on"))
    assert question.text == small_content.asks("about")
    (question,) = await phone.presses("Me")
    assert question.text == small_content.asks("story")
    assert press("skip") not in buttons(question)  # the one answer that is needed
    (more,) = await phone.says(MONEY)
    assert more.text == say("more")
    await phone.says(NASTY)
    (question,) = await phone.presses(press("all-said"))
    assert question.text == small_content.asks("where")
    (question,) = await phone.says("the game chat")
    assert question.text == small_content.asks("kind")
    assert "✓ Threats" in buttons(question)  # from the topic
    (question,) = await phone.presses("Being mean")
    assert {"✓ Threats", "✓ Being mean"} < set(buttons(question))
    (question,) = await phone.presses(press("all-chosen"))
    assert question.text == small_content.asks("contact")
    (review,) = await phone.says("07700 900123 after 4")

    # The review: one answer changed, one removed.
    assert review.text.startswith(say("review"))
    assert MONEY in review.text
    assert "07700 900123 after 4" in review.text
    await phone.presses(press("change"))
    (edit,) = await phone.presses("Where")
    assert "the game chat" in edit.text
    (review,) = await phone.says("the game chat, then a hate page")
    assert "the game chat, then a hate page" in review.text
    await phone.presses(press("change"))
    await phone.presses("In danger now")
    (review,) = await phone.presses(press("remove"))
    assert small_content.form_says("removed") in review.text
    assert "In danger now\n" not in review.text

    # Sent: the code alone in its message, and then what happens next.
    sent, code_message = await phone.presses(press("send"))
    assert sent.text == say("sent")
    assert sent.keyboard == []
    code = code_in([code_message])
    assert buttons(code_message) == [press("saved"), "Help now"]
    (following,) = await phone.presses(press("saved"))
    assert following.text.startswith(say("next-steps"))
    assert "CEOP" in following.text
    (_, again) = await phone.presses(press("code-again"))
    assert again.text == code
    assert press("code-again") not in buttons((await phone.presses(press("saved")))[0])

    # Staff read exactly what was told, and reply.
    (case,) = await desk.cases()
    assert (case.status, case.urgency, case.unread) == (Status.NEW, CaseUrgency.HIGH, 2)
    opened = await desk.opens(case)
    assert [message.kind for message in opened.messages] == [EnvelopeKind.REPORT, EnvelopeKind.CONTACT]
    assert told(opened) == {
        "about": "me",
        "story": f"{MONEY}\n\n{NASTY}",
        "where": "the game chat, then a hate page",
        "kind": "threats|mean",
    }
    assert told(opened, 1) == {"contact": "07700 900123 after 4"}
    await desk.replies(opened.row, REPLY)
    await desk.replies(opened.row, "And look again tomorrow.")

    # Back with the code: mixed case, commas, and one word mistyped.
    (asked,) = await phone.says("/mycode")
    assert asked.text == say("case-ask")
    first, *others = code.split()
    typed = ", ".join((f"{first.title()}z", *(word.upper() for word in others)))
    *_, question = await phone.says(f"Its {typed}!")
    (menu,) = await phone.presses(meant(question, first, press("mean-yes")))
    assert say("case-open") in menu.text
    assert "There are 2 replies." in menu.text
    replies = await phone.presses(press("case-replies"))
    assert [reply.text for reply in replies] == [f"today: {REPLY}", "today: And look again tomorrow."]
    assert [entity for reply in replies for entity in reply.entities] == []  # a reply is shown as it was typed

    # More is written; staff see it.
    await phone.presses(press("case-write"))
    (kept,) = await phone.says("she wrote once more")
    assert kept.text == say("case-write-more")
    await phone.says("her new name is lily_09")
    (case,) = await desk.cases()
    assert case.unread == 0  # nothing is sent before the button
    (added,) = await phone.presses(press("case-send"))
    assert added.text.startswith(say("case-added"))
    (case,) = await desk.cases()
    assert case.unread == 1
    opened = await desk.opens(case)
    assert opened.messages[-1].kind is EnvelopeKind.ADDITION
    assert opened.messages[-1].body["text"] == "she wrote once more\n\nher new name is lily_09"

    # Taken back after it was read: nothing is lost, and staff know.
    await phone.presses(press("case-withdraw"))
    (gone,) = await phone.presses(press("case-withdraw-yes"))
    assert gone.text.startswith(say("case-withdraw-told"))
    (case,) = await desk.cases()
    assert case.withdrawn is not None
    assert told(await desk.opens(case))["about"] == "me"
    (left,) = await phone.presses(press("case-leave"))
    assert left.text == say("case-left")
    (expired,) = await phone.presses(press("case-replies"))
    assert expired.text == say("case-expired")


async def test_taken_back_unread_it_is_gone(phone: Phone, desk: Desk, small_content: Content) -> None:
    say, press = small_content.form_says, small_content.form_press
    before = {case.ref.id for case in await desk.cases()}
    code = await sends(phone, "they laughed at my drawing")
    assert len({case.ref.id for case in await desk.cases()} - before) == 1
    await phone.says(f"/mycode {code}")
    await phone.presses(press("case-withdraw"))
    (gone,) = await phone.presses(press("case-withdraw-yes"))
    assert gone.text == say("case-withdraw-done")
    assert {case.ref.id for case in await desk.cases()} == before
    await phone.says("/mycode")
    (wrong,) = await phone.says(code)
    assert wrong.text == say("case-wrong")


async def test_another_phone_comes_back_with_the_code(
    phone: Phone, desk: Desk, telegram: Emulator, chats: Iterator[int], small_content: Content
) -> None:
    code = await sends(phone, "they left me out of the quiz")
    case, _ = await case_of(desk, "left me out of the quiz")
    await desk.replies(case, "We are sorry to hear it.")
    other = Phone(telegram, next(chats))
    (menu,) = await other.says(code.replace(" ", "-"))  # typed without being asked for
    assert small_content.form_says("case-open") in menu.text
    (reply,) = await other.presses(small_content.form_press("case-replies"))
    assert reply.text == "today: We are sorry to hear it."


async def test_five_wrong_codes_are_enough(
    phone: Phone, telegram: Emulator, chats: Iterator[int], small_content: Content
) -> None:
    say = small_content.form_says
    code = await sends(phone, "they hid my shoes")
    await phone.presses(small_content.form_press("saved"))
    first, second, *others = code.split()
    for wrong in range(5):  # each as near to the right one as can be
        swapped = [first, second, *others]
        swapped[wrong], swapped[wrong + 1] = swapped[wrong + 1], swapped[wrong]
        (answer,) = await phone.says(f"/mycode {' '.join(swapped)}")
        assert answer.text == say("case-wrong")
    for typed in (code, " ".join(reversed(code.split()))):
        (answer,) = await phone.says(f"/mycode {typed}")
        assert answer.text == say("case-too-many")
    (menu,) = await Phone(telegram, next(chats)).says(f"/mycode {code}")  # another chat is not held up by it
    assert say("case-new") in menu.text


async def test_pictures_are_refused_and_the_question_stays(
    phone: Phone, telegram: Emulator, small_content: Content
) -> None:
    await phone.says("/report")
    for press in ("No", "Go on", "Me"):
        await phone.presses(press)
    for kind in ("photo", "voice", "document", "location"):
        refused, question = await phone.sends(kind)
        assert refused.text.startswith(small_content.say("refused"))
        assert question.text == small_content.asks("story")
    assert len([number for chat, number in telegram.deleted if chat == phone.chat]) == 4
    assert telegram.counts["getFile"] == 0
    (more,) = await phone.says("they took my picture")
    assert more.text == small_content.form_says("more")


async def test_the_card_comes_first_and_the_question_stays(
    phone: Phone, desk: Desk, telegram: Emulator, small_content: Content
) -> None:
    await phone.says("/start report")
    card, question = await phone.presses("Yes")
    assert card.text.startswith(small_content.say("urgent"))
    assert question.text == small_content.form_says("after-card")
    (question,) = await phone.presses("Go on")
    assert question.text == small_content.asks("reads")
    await phone.presses("Go on")
    await phone.presses("Me")
    card, more = await phone.says(EMERGENCY)
    assert card.text.startswith(small_content.say("urgent"))
    assert small_content.form_says("more") in more.text
    card, question = await phone.presses("Help now")
    assert card.text.startswith(small_content.say("urgent"))
    assert question.text == small_content.form_says("after-card")
    (question,) = await phone.presses("Go on")
    assert question.text == small_content.asks("story")
    await phone.presses("That's all")
    for _ in ("where", "kind", "contact"):
        await phone.presses("Skip")
    code_in(await phone.presses("Send it"))
    case, _ = await case_of(desk, EMERGENCY)
    assert case.urgency is CaseUrgency.EMERGENCY


async def test_stop_asks_once_and_deletes(phone: Phone, desk: Desk, small_content: Content) -> None:
    say, press = small_content.form_says, small_content.form_press
    number = len(await desk.cases())
    await fills_in(phone, "they changed my locker")
    (asked,) = await phone.says("/stop")
    assert asked.text == say("stop")
    (ready,) = await phone.presses(press("stop-no"))
    assert press("send") in buttons(ready)
    await phone.says("/STOP")
    (deleted,) = await phone.presses(press("stop-yes"))
    assert deleted.text == say("deleted")
    for button in (press("send"), press("look")):
        (nothing,) = await phone.presses(button)
        assert nothing.text == say("nothing-open")
    assert len(await desk.cases()) == number


async def test_two_at_once_do_not_meet(phone: Phone, desk: Desk, telegram: Emulator, chats: Iterator[int]) -> None:
    """Two people send at the same moment: two cases, two codes, and each has told their own."""
    other = Phone(telegram, next(chats))
    stories = {phone: "they broke my pencil case", other: "they made a group chat to laugh at me"}
    for each, story in stories.items():
        await fills_in(each, story)
    updates = [telegram.push_press(each.chat, "rep:send", "en") or 0 for each in stories]
    await telegram.until(lambda: telegram.confirmed_offset > max(updates), 60)
    codes = {code_in(telegram.sent(each.chat)) for each in stories}
    assert len(codes) == 2
    ids = {(await case_of(desk, story))[0].ref.id for story in stories.values()}
    assert len(ids) == 2


async def test_a_press_sent_twice_files_once(phone: Phone, desk: Desk, telegram: Emulator) -> None:
    """Telegram gives the same update again, and an impatient thumb presses again."""
    await fills_in(phone, "they post nasty things about my hair")
    number = len(await desk.cases())
    telegram.faults.add("again", "getUpdates", times=2)
    first = telegram.push_press(phone.chat, "rep:send", "en")
    second = telegram.push_press(phone.chat, "rep:send", "en")
    assert first is not None
    assert second is not None
    await telegram.until(lambda: telegram.confirmed_offset > second, 60)
    telegram.faults.clear()
    codes = [text for text in words(telegram.sent(phone.chat)) if CODE.fullmatch(text)]
    assert len(codes) == 2
    assert len(set(codes)) == 1
    assert len(await desk.cases()) == number + 1
