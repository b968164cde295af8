"""What somebody says to a bot in trouble, and what must come of it."""

from __future__ import annotations

import re

from safetybot.storage.location import DatabaseLocation
from tests.e2e.desk import Desk, told
from tests.e2e.phone import Phone, words
from tests.e2e.program import Program
from tests.e2e.speech import Content
from tests.emulator import Sent

ADVICE = "someone is blackmailing me with my nudes"
EMERGENCY = "hes outside my house with a knife"
OTHER_CHAT = 6_000_000_001
CODE = re.compile(r"[a-z]{3,7}( [a-z]{3,7}){5}")


def is_card(message: Sent, content: Content) -> bool:
    """Whether it is the emergency card."""
    return message.text.startswith(content.say("urgent"))


async def reaches_story(phone: Phone) -> None:
    """A report, as far as the question what happened."""
    await phone.says("/report")
    for press in ("No", "Go on", "Me"):
        await phone.presses(press)


async def finishes(phone: Phone) -> str:
    """The rest of it, sent; its code."""
    await phone.presses("That's all")
    for _ in ("where", "kind", "contact"):
        await phone.presses("Skip")
    code = (await phone.presses("Send it"))[-1].text
    assert CODE.fullmatch(code), code
    return code


async def is_answered_meanwhile(program: Program, phone: Phone, other: Phone, content: Content) -> None:
    """What is said while nothing can be written; ``phone`` is at a question of the form that takes words."""
    assert any(text.startswith(content.first("sextortion")) for text in words(await other.says(ADVICE)))
    answer = words(await phone.says("this is lost"))
    assert answer[-1].startswith(content.say("broken")), answer
    assert not any("kept" in each for each in answer)
    card, *_, broken = await phone.says(EMERGENCY)
    assert is_card(card, content), card.text
    assert broken.text.startswith(content.say("broken"))
    card, *_ = await other.says(EMERGENCY)
    assert is_card(card, content), card.text
    assert program.running


async def is_whole_again(
    program: Program, phone: Phone, passphrase: str, content: Content, where: DatabaseLocation | None = None
) -> None:
    """The report goes on, with what was said to be kept and nothing else; and staff can read it."""
    assert words(await phone.says("this is kept"))[0].startswith(content.form_says("more"))
    code = await finishes(phone)
    assert await program.stop() == 0, program.printed
    async with Desk(program.place, "Ada", passphrase, where) as desk:
        (case,) = await desk.cases()
        assert told(await desk.opens(case))["story"] == "this is kept"
    await program.start()
    await program.ready()
    menu = (await phone.says(code))[-1]
    assert content.form_says("case-open") in menu.text
