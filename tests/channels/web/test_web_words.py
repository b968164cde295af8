"""May editors see these words: asked and answered on a page."""

from __future__ import annotations

import pytest

from safetybot.guidance.model import Guidance
from safetybot.storage.tables import unanswered
from tests.channels.web.browsing import Browser
from tests.editors import let_editors_in
from tests.talking import Bot, Phrasebook


@pytest.mark.parametrize(("button", "said", "rows"), [("words-yes", "words-kept", 1), ("words-no", "words-no", 0)])
async def test_the_question_has_its_buttons_and_its_answer(
    bot: Bot, browser: Browser, english: Guidance, phrasebook: Phrasebook, button: str, said: str, rows: int
) -> None:
    await let_editors_in(bot)
    await browser.say(phrasebook.choose)
    await browser.press(english.wording.buttons["none-of-these"])
    _, people, question = await browser.say(phrasebook.unsure_words)
    assert english.wording.say["people"] in people.text
    assert f"They would see: {phrasebook.unsure_words}" in question.text
    assert await bot.rows(unanswered) == 0
    _, answer = await browser.press(english.wording.buttons[button])
    assert english.wording.say[said] in answer.text
    assert await bot.rows(unanswered) == rows
