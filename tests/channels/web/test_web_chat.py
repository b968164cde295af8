"""Whole conversations on pages, without JavaScript."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import select

from safetybot.channels.web import WebChat
from safetybot.guidance.model import Guidance
from safetybot.service import service
from safetybot.storage.tables import drafts, sessions, transcripts, visits
from tests.channels.web.browsing import Browser, Element, web_chat
from tests.talking import Bot, Phrasebook

PLANTED = "zebedee of the marmalade hill"


@pytest.fixture
def blackmail(phrasebook: Phrasebook) -> str:
    """A text that is answered at once, and sounds of no danger."""
    return phrasebook.asks["sextortion"]


def words(entry: Element) -> str:
    """What stands in an entry, without who said it."""
    return entry.text.removeprefix("The bot said").removeprefix("You said").strip()


class TestConversation:
    async def test_a_greeting_costs_nothing(self, bot: Bot, browser: Browser, english: Guidance) -> None:
        (greeting,) = browser.entries
        assert words(greeting).startswith(english.wording.say["welcome"].split("\n")[0][:20])
        await bot.restart()
        assert await bot.rows(sessions) == 0
        assert await bot.rows(transcripts) == 0

    async def test_a_text_is_answered_below_it(self, browser: Browser, english: Guidance, blackmail: str) -> None:
        own, *answers = await browser.say(blackmail)
        assert "own" in own.classes
        assert words(own) == blackmail
        assert words(answers[0]).startswith(english.topics["sextortion"].answer.first.split("\n")[0][:30])
        assert browser.response.status_code == 200

    async def test_a_reload_shows_the_same(self, browser: Browser, blackmail: str) -> None:
        await browser.say(blackmail)
        before = [words(entry) for entry in browser.entries]
        await browser.open()
        assert [words(entry) for entry in browser.entries] == before

    async def test_a_button_is_shown_as_pressed_and_answered(
        self, browser: Browser, english: Guidance, blackmail: str
    ) -> None:
        await browser.say(blackmail)
        step = english.topics["sextortion"].answer.steps[0]
        own, answer = await browser.press(step.button)
        assert words(own) == step.button
        assert words(answer).startswith("Stop replying.")

    async def test_an_old_button_still_works(self, browser: Browser, english: Guidance, blackmail: str) -> None:
        await browser.say(blackmail)
        step = english.topics["sextortion"].answer.steps[0]
        await browser.press(english.wording.buttons["help-now"])
        own, _ = await browser.press(step.button)
        assert words(own) == step.button

    async def test_an_emergency_comes_first_and_looks_it(
        self, browser: Browser, english: Guidance, phrasebook: Phrasebook
    ) -> None:
        own, card, *_ = await browser.say(phrasebook.emergencies[0])
        assert "own" in own.classes
        assert "urgent" in card.classes
        assert [each.text for each in card.find("h2")] == [english.wording.say["web-urgent"]]
        assert card.find("a", href="tel:999")[0].classes == {"call"}
        assert card.find("a", href="tel:08001111")
        assert card.find("a", href="sms:85258?&body=SHOUT")

    async def test_nothing_typed_changes_nothing(self, bot: Bot, browser: Browser) -> None:
        assert await browser.say("  \n ") == []
        assert await bot.rows(transcripts) == 0

    async def test_html_is_only_words(self, browser: Browser) -> None:
        typed = "<b onclick=alert(1)>&amp;</b><script>x</script> \"'"
        own, *_ = await browser.say(typed)
        assert words(own) == typed
        assert browser.page.find("b") == []

    async def test_a_language_that_was_chosen_stays(self, browser: Browser) -> None:
        await browser.say("/language")
        await browser.press("Cymraeg")
        await browser.open()
        assert browser.page.find("html", lang="cy")

    async def test_a_restart_in_the_middle_is_not_noticed(
        self, bot: Bot, browser: Browser, english: Guidance, blackmail: str
    ) -> None:
        await browser.say(blackmail)
        before = len(browser.entries)
        await bot.crash()
        again = Browser(web_chat(bot))
        again.client.cookies = browser.client.cookies
        again.page = browser.page
        _, answer = await again.press(english.topics["sextortion"].answer.steps[0].button)
        assert words(answer)
        assert len(again.entries) == before + 2
        await again.client.aclose()

    async def test_two_people_see_their_own(self, web: WebChat, browser: Browser) -> None:
        other = Browser(web)
        await other.open()
        await browser.say(PLANTED)
        await other.say("hello")
        assert PLANTED not in other.text
        assert other.cookie != browser.cookie
        await other.client.aclose()

    async def test_a_failure_is_a_kind_message_and_the_same_form_can_be_sent_again(
        self, bot: Bot, browser: Browser, english: Guidance, monkeypatch: pytest.MonkeyPatch, blackmail: str
    ) -> None:
        await browser.say(blackmail)
        action, fields = browser.form("say")
        monkeypatch.setattr(bot.understanding.conversation, "respond", None)
        await browser.submit("say", {"text": blackmail})
        assert "Something went wrong" in words(browser.entries[-1])
        monkeypatch.undo()
        await browser.post(action, {**fields, "text": blackmail})
        await browser.open()
        first = english.topics["sextortion"].answer.first.split("\n")[0][:30]
        assert any(words(entry).startswith(first) for entry in browser.entries)


class TestTwice:
    async def test_the_same_form_changes_nothing_twice(self, browser: Browser, blackmail: str) -> None:
        action, fields = browser.form("say")
        await browser.submit("say", {"text": blackmail})
        count = len(browser.entries)
        response = await browser.post(action, {**fields, "text": blackmail})
        assert response.status_code == 303
        await browser.open()
        assert len(browser.entries) == count

    async def test_something_else_in_the_same_form_is_new(self, browser: Browser) -> None:
        """As after the browser's back button."""
        action, fields = browser.form("press")
        await browser.post(action, {**fields, "press": "topics"})
        await browser.post(action, {**fields, "press": "talk"})
        await browser.open()
        assert len([entry for entry in browser.entries if "own" in entry.classes]) == 2

    async def test_two_tabs_write_in_one_chat(self, web: WebChat, browser: Browser, blackmail: str) -> None:
        tab = Browser(web)
        tab.client.cookies = browser.client.cookies
        await tab.open()
        await browser.say("hello there")
        tab.client.cookies = browser.client.cookies  # a browser has one jar for all its tabs
        new = await tab.say(blackmail)
        assert [words(entry) for entry in new if "own" in entry.classes] == ["hello there", blackmail]
        await tab.client.aclose()

    async def test_a_link_on_another_site_does_not_begin_a_new_chat(self, browser: Browser, blackmail: str) -> None:
        """There the browser keeps a strict cookie back."""
        await browser.say(blackmail)
        held, jar = browser.cookie, browser.client.cookies
        browser.client.cookies = type(jar)()
        page = await browser.open("/", **{"sec-fetch-site": "cross-site"})
        assert "set-cookie" not in browser.response.headers
        (refresh,) = [each for each in page.find("meta") if each.get("http-equiv") == "refresh"]
        assert refresh.get("content") == "0;url=/"
        browser.client.cookies = jar
        await browser.open("/", **{"sec-fetch-site": "same-origin"})
        assert browser.cookie == held
        assert blackmail in browser.text


class TestClosed:
    async def test_after_fifteen_idle_minutes_nothing_is_shown(self, bot: Bot, browser: Browser) -> None:
        await browser.say(PLANTED)
        bot.clock.forward(15 * 60 - 1)
        assert PLANTED in (await browser.open()).text
        bot.clock.forward(1)
        page = await browser.open()
        assert PLANTED not in page.text
        assert browser.response.status_code == 200
        assert "I've cleared this page" in page.text
        assert page.find("a", href="tel:999")
        assert page.find("a", href="tel:08001111")

    async def test_one_who_never_wrote_is_not_told_so(self, bot: Bot, browser: Browser) -> None:
        bot.clock.forward(hours=2)
        assert "cleared" not in (await browser.open()).text.partition("What can't be hidden?")[0]

    async def test_words_are_answered_all_the_same(self, bot: Bot, browser: Browser, phrasebook: Phrasebook) -> None:
        await browser.say(PLANTED)
        bot.clock.forward(hours=1)
        new = await browser.say(phrasebook.emergencies[0])
        assert any("urgent" in entry.classes for entry in new)
        assert PLANTED not in browser.text

    async def test_an_old_button_leads_to_the_kind_page(self, bot: Bot, browser: Browser) -> None:
        await browser.say(PLANTED)
        bot.clock.forward(hours=1)
        await browser.press("Help now")
        assert "I've cleared this page" in browser.text
        assert browser.response.status_code == 200

    async def test_a_new_chat_deletes_the_old(self, bot: Bot, browser: Browser) -> None:
        await bot.hire()
        await browser.say("/report")
        held = browser.cookie
        bot.clock.forward(hours=1)
        await browser.open()
        await browser.submit("/again", {"how": "new"})
        assert browser.cookie not in (held, None)
        assert len(browser.entries) == 1
        await bot.restart()
        assert [await bot.rows(table) for table in (sessions, drafts, visits, transcripts)] == [0] * 4

    async def test_writing_on_keeps_it_open(self, bot: Bot, browser: Browser) -> None:
        await browser.say(PLANTED)
        _, fields = browser.form("press")
        for _ in range(3):
            bot.clock.forward(14 * 60)
            assert (await browser.post("/here", fields)).status_code == 204
        assert PLANTED in (await browser.open()).text


class TestReports:
    async def test_from_the_first_question_to_the_code_and_back(self, bot: Bot, browser: Browser) -> None:
        await bot.hire()
        await browser.say("/report")
        assert "page" in browser.text  # who can see it is said of a page, not of Telegram
        code = await _whole_report(browser)
        assert len(code.split()) == 6
        (entry,) = [each for each in browser.entries if "code" in each.classes]
        assert [each.get("data-do") for each in entry.find("button") if each.get("data-do")] == ["copy", "print"]
        await browser.press(entry.find("button")[-2].text)
        await browser.say("/mycode")
        await browser.say(code)
        assert bot.filed == 1
        assert any("code" not in each.classes for each in browser.entries)
        assert await bot.rows(drafts) == 0

    async def test_sending_twice_files_one(self, bot: Bot, browser: Browser) -> None:
        await bot.hire()
        await browser.say("/report")
        await _up_to_sending(browser)
        action, fields = browser.form("press")
        for _ in range(2):
            await browser.post(action, {**fields, "press": "rep:send"})
        await browser.open()
        assert bot.filed == 1
        assert len([each for each in browser.entries if "code" in each.classes]) == 1

    async def test_a_draft_outlives_the_page_and_nothing_of_it_is_shown_unasked(
        self, bot: Bot, browser: Browser
    ) -> None:
        await bot.hire()
        await browser.say("/report")
        await _to_the_story(browser)
        await browser.say(PLANTED)
        bot.clock.forward(20 * 60)
        await browser.open()
        assert PLANTED not in browser.text
        await browser.submit("/again", {"how": "go-on"})
        assert PLANTED not in browser.text
        assert "rep:go-on" in {each.get("value") for each in browser.page.find("button")}
        assert await bot.rows(drafts) == 1

    async def test_after_a_break_words_are_not_put_into_it_unasked(self, bot: Bot, browser: Browser) -> None:
        """Somebody else may be there now."""
        await bot.hire()
        await browser.say("/report")
        await _to_the_story(browser)
        bot.clock.forward(20 * 60)
        new = await browser.say(PLANTED)
        assert not [each for entry in new for each in entry.find("button") if each.get("value").startswith("rep:")]
        await browser.say("/report")
        await browser.submit("press", {"press": "rep:go-on"})
        await browser.submit("press", {"press": "rep:look"})
        assert PLANTED not in browser.entries[-1].text


async def _to_the_story(browser: Browser) -> None:
    for _ in range(12):
        presses = [each.get("value") for each in browser.entries[-1].find("button")]
        wanted = next((p for p in presses if re.fullmatch(r"rep:(set:danger:no|next|set:about:me|skip).*", p)), None)
        if wanted is None:
            return
        await browser.submit("press", {"press": wanted})
    raise AssertionError("the form asks for no words")


async def _up_to_sending(browser: Browser) -> None:
    said = False
    for _ in range(60):
        presses = [each.get("value") for each in browser.entries[-1].find("button")]
        if "rep:send" in presses:
            return
        order = [r"rep:review.*", r"rep:done.*", r"rep:next.*", r"rep:set:[a-z-]+:no", r"rep:skip.*", r"rep:set:.*"]
        if not said and not any(press.startswith(("rep:set", "rep:next", "rep:skip")) for press in presses):
            await browser.say(PLANTED)
            said = True
            continue
        press = next(press for pattern in order for press in presses if re.fullmatch(pattern, press))
        await browser.submit("press", {"press": press})
    raise AssertionError("the form does not end")


async def _whole_report(browser: Browser) -> str:
    await _up_to_sending(browser)
    await browser.submit("press", {"press": "rep:send"})
    (entry,) = [each for each in browser.entries if "code" in each.classes]
    return entry.find("strong")[0].text


class TestLeaving:
    async def test_it_ends_the_chat_and_leads_away(self, bot: Bot, web: WebChat, browser: Browser) -> None:
        await bot.hire()
        await browser.say(PLANTED)
        await browser.say("/report")
        await bot.service.committed()
        assert await bot.rows(sessions) == 1
        await browser.submit("leave")
        assert browser.response.status_code == 303
        assert browser.response.headers["location"] == "https://www.bbc.co.uk/weather"
        assert browser.cookie is None
        await web.drain()
        await bot.restart()
        assert [await bot.rows(table) for table in (sessions, drafts, visits, transcripts)] == [0] * 4

    async def test_soon_no_trace_of_it_is_in_the_files(
        self, bot: Bot, web: WebChat, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not even of what was sealed."""
        await browser.say(PLANTED)
        async with bot.engine.connect() as connection:
            sealed = (await connection.execute(select(transcripts.c.sealed))).scalar_one()

        def on_disk() -> bytes:
            path = bot.settings.database
            return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))

        assert sealed[100:200] in on_disk()
        await browser.submit("leave")
        await web.drain()
        monkeypatch.setattr(service, "PURGE_SECONDS", 0.01)
        purging = asyncio.create_task(bot.service._purge())
        for _ in range(300):
            if sealed[100:200] not in on_disk():
                break
            await asyncio.sleep(0.01)
        assert sealed[100:200] not in on_disk()
        bot.service._stopping.set()
        await purging

    async def test_what_the_page_held_shows_nothing_any_more(self, web: WebChat, browser: Browser) -> None:
        """The back button, or a browser that kept the cookie."""
        await browser.say(PLANTED)
        held = browser.client.cookies
        kept = dict(held.items())
        await browser.submit("leave")
        await web.drain()
        await browser.open()
        assert PLANTED not in browser.text
        browser.client.cookies.clear()
        for name, value in kept.items():
            browser.client.cookies.set(name, value)
        assert PLANTED not in (await browser.open()).text

    async def test_another_site_cannot_end_a_chat(self, web: WebChat, browser: Browser) -> None:
        await browser.say(PLANTED)
        response = await browser.post("/leave", {}, **{"sec-fetch-site": "cross-site"})
        assert response.status_code == 303
        assert "set-cookie" not in response.headers
        await web.drain()
        assert PLANTED in (await browser.open()).text

    async def test_an_address_alone_ends_nothing(self, browser: Browser) -> None:
        await browser.say(PLANTED)
        response = await browser.client.get("/leave")
        assert response.status_code == 303
        assert PLANTED in (await browser.open()).text

    async def test_it_stands_on_every_page(self, bot: Bot, browser: Browser) -> None:
        pages = [browser.page, await browser.open("/nothing")]
        await browser.open()
        await browser.say(PLANTED)
        bot.clock.forward(hours=1)
        pages.append(await browser.open())
        for page in pages:
            (form,) = page.find("form", id="leave")
            assert form.get("action") == "/leave"
            assert "Leave now" in form.text
            assert "What can't be hidden?" in page.text


class TestHiding:
    @pytest.mark.parametrize("how", ["button", "/hide", "/HIDE"])
    async def test_it_clears_the_page(self, browser: Browser, how: str) -> None:
        await browser.say(PLANTED)
        if how == "button":
            await browser.submit("hide")
        else:
            await browser.say(how)
        assert PLANTED not in browser.text
        assert "I've cleared our messages from this page." in browser.text
        assert len(browser.entries) == 1

    async def test_a_cry_for_help_behind_it_is_answered(self, browser: Browser, phrasebook: Phrasebook) -> None:
        await browser.say(PLANTED)
        new = await browser.say(f"/hide {phrasebook.emergencies[0]}")
        assert any("urgent" in entry.classes for entry in new)

    async def test_it_can_go_on_afterwards(self, browser: Browser, blackmail: str) -> None:
        await browser.say(PLANTED)
        await browser.submit("hide")
        _, *answers = await browser.say(blackmail)
        assert answers


async def test_a_thief_of_the_files_finds_nothing(bot: Bot, web: WebChat, browser: Browser) -> None:
    await bot.hire()
    await browser.say(PLANTED)
    await browser.say("/report")
    await _to_the_story(browser)
    await browser.say(PLANTED)
    assert browser.cookie
    chat = browser.cookie[23:66]
    folder = bot.settings.database.parent
    found = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and "cache" not in path.parts)
    assert await bot.rows(transcripts) == 1
    for planted in (PLANTED, "zebedee", "marmalade", chat, chat[:20]):
        assert planted.encode() not in found


async def test_no_words_of_a_report_stay_in_memory(bot: Bot, web: WebChat, browser: Browser) -> None:
    """Only advice, which is the same for everybody, is made into HTML once for all."""
    await bot.hire()
    await browser.say("/report")
    await _up_to_sending(browser)
    await browser.submit("press", {"press": "rep:look"})
    assert PLANTED in browser.text
    code = await _whole_report(browser)
    kept = "".join(f"{voice._advice}" for voice in web._pages._voices.values())
    assert "tell" in kept.lower()
    assert PLANTED not in kept
    assert code not in kept


async def test_nothing_personal_is_logged(
    bot: Bot, browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG", "safetybot")
    await browser.say(PLANTED)
    monkeypatch.setattr(bot.understanding.conversation, "respond", None)
    await browser.say(PLANTED)
    logged = "\n".join(f"{record.getMessage()}" for record in caplog.records if record.name.startswith("safetybot"))
    assert "could not be answered" in logged
    assert browser.cookie
    for planted in ("zebedee", browser.cookie[23:66], browser.cookie[1:], "127.0.0.1"):
        assert planted not in logged
