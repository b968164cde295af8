"""Words that are a code or a button's, and sound like something else to whoever judges danger."""

from __future__ import annotations

import itertools

from safetybot.guidance.model import Sign
from safetybot.vault.code_reading import Slip, parse
from safetybot.vault.code_words import code_words
from tests.talking import Bot, Chat, Phrasebook, presses

WRONG = "That code does not open anything."
ASK = "Please type the six words."


def alarming(phrasebook: Phrasebook) -> str:
    """A code that sounds like an emergency."""
    words = sorted(code_words())
    codes = (" ".join(words[start : start + 6]) for start in itertools.count(0, 6))
    return next(code for code in codes if phrasebook.means(code).danger.sign is Sign.EMERGENCY)


async def test_a_code_is_only_a_code(bot: Bot, chat: Chat, phrasebook: Phrasebook) -> None:
    code = alarming(phrasebook)
    await bot.hire()
    for said in (
        await chat.say(f"/mycode {code}"),
        await chat.say(code.replace(" ", "-").upper()),
        (await chat.say("/mycode"), await chat.say(code))[1],
    ):
        assert [message.text for message in said] == [WRONG]


async def test_a_slip_in_a_code_is_only_a_slip(bot: Bot, chat: Chat, phrasebook: Phrasebook) -> None:
    words = sorted(code_words())
    codes = (" ".join((*words[at : at + 5], f"{words[at + 5]}zx")) for at in itertools.count(0, 6))
    typed = next(
        code for code in codes if phrasebook.means(code).danger.sign is Sign.EMERGENCY and isinstance(parse(code), Slip)
    )
    await bot.hire()
    for said in (await chat.say(f"/mycode {typed}"), (await chat.say("/mycode"), await chat.say(typed))[1]):
        (asked,) = said
        assert not asked.urgent
        assert "case:mean:0" in presses(asked)


async def test_an_emergency_behind_the_command_still_gets_the_card(
    bot: Bot, chat: Chat, phrasebook: Phrasebook
) -> None:
    await bot.hire()
    assert (await chat.say(f"/mycode {phrasebook.emergencies[0]}"))[0].urgent


async def test_a_buttons_words_are_only_a_button(bot: Bot, chat: Chat, phrasebook: Phrasebook) -> None:
    assert phrasebook.means("Not now").danger.sign is not Sign.NONE  # or nothing is tested
    await bot.hire()
    (asked,) = await chat.say("/mycode")
    assert asked.text == ASK
    (left,) = await chat.say("Not now")
    assert left.text == "You can come back with your code."
    assert "case:start" in presses(left)


async def test_a_worry_in_place_of_a_code_is_answered(bot: Bot, chat: Chat, phrasebook: Phrasebook) -> None:
    await bot.hire()
    await chat.say("/mycode")
    card, *answer = await chat.say(phrasebook.emergencies[0])
    assert card.urgent
    assert answer[-1].text == ASK  # which stays open
