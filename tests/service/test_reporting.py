"""A report told in the chat: saved as it comes, sent once, and deleted when its writer wants it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from safetybot.dialogue.draft import BREAK_MINUTES
from safetybot.dialogue.messages import Outgoing
from safetybot.reports import casework
from safetybot.reports.cases import CaseRef, CaseUrgency
from safetybot.reports.queue import list_cases
from safetybot.staff import members
from safetybot.staff.login import UnlockedMember
from safetybot.storage.tables import cases, counters, drafts, envelopes, visits
from safetybot.vault.audit import transaction
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code
from safetybot.vault.envelopes import EnvelopeKind
from tests.databases import BOTH, refuse, refuse_no_more
from tests.reports.office import open_wholly
from tests.talking import Bot, Chat, Phrasebook, presses

DATABASES = BOTH

STORY = "somebody keeps writing mean things"


@pytest.fixture
async def ada(bot: Bot) -> UnlockedMember:
    """A member of staff."""
    return await bot.hire()


def shown(messages: tuple[Outgoing, ...]) -> str:
    return "\n".join(message.text for message in messages)


def code_in(messages: tuple[Outgoing, ...]) -> Code:
    (code,) = [code for message in messages if isinstance(code := parse(message.text), Code)]
    return code


async def filled_in(chat: Chat, story: str = STORY, start: str = "/report") -> tuple[Outgoing, ...]:
    """As far as the review."""
    await chat.say(start)
    await chat.press("rep:set:danger:no")
    await chat.press("rep:done:reads")
    await chat.press("rep:set:about:me")
    await chat.say(story)
    await chat.press("rep:done:story")
    await chat.press("rep:done:where")
    await chat.press("rep:on:kind:threats")
    await chat.press("rep:done:kind")
    return await chat.press("rep:done:contact")


async def read(bot: Bot, member: UnlockedMember) -> casework.OpenedCase:
    """The one case, opened."""
    async with transaction(bot.engine) as connection:
        (row,) = await list_cases(connection)
        return await open_wholly(connection, member, row.ref.id, bot.now)


class TestBeginning:
    async def test_without_staff_the_official_routes_are_shown(self, bot: Bot, chat: Chat) -> None:
        for begun in (await chat.say("/report"), await chat.press("report"), await chat.say("/start report")):
            assert "CEOP" in shown(begun)
            assert not any(press.startswith("rep:") for message in begun for press in presses(message))
        assert await bot.rows(drafts) == 0

    @pytest.mark.parametrize("way", ["/report", "/start report", "press"])
    async def test_the_first_question_is_about_danger(
        self, bot: Bot, chat: Chat, ada: UnlockedMember, way: str
    ) -> None:
        begun = await (chat.press("report") if way == "press" else chat.say(way))
        assert "danger right now" in begun[-1].text
        assert await bot.rows(drafts) == 1

    async def test_a_topic_fills_in_what_it_is_about(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await chat.press("report:sextortion")
        for press in ("rep:set:danger:no", "rep:done:reads", "rep:set:about:me"):
            await chat.press(press)
        await chat.say(STORY)
        await chat.press("rep:done:story")
        kinds = await chat.press("rep:done:where")
        assert "rep:off:kind:threats" in presses(kinds[-1])

    async def test_words_behind_the_command_are_kept(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat, start="/report my brother did something")
        assert "my brother did something" in shown(await chat.press("rep:look"))

    async def test_no_second_one_beside_the_first(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        again = await chat.say("/report")
        assert "rep:discard" in presses(again[-1])
        assert STORY not in shown(again)


class TestFillingIn:
    async def test_an_emergency_gets_the_card_and_the_question_again(
        self, bot: Bot, chat: Chat, ada: UnlockedMember, phrasebook: Phrasebook
    ) -> None:
        await chat.say("/report")
        answer = await chat.say(phrasebook.emergencies[0])
        assert answer[0].urgent
        assert "rep:set:danger:yes" in presses(answer[1])

    async def test_help_now_leaves_the_question_open(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await chat.say("/report")
        for answer in (await chat.press("now"), await chat.press("safe:no")):
            assert answer[0].urgent
            assert "rep:go-on" in presses(answer[1])
        for answer in (await chat.press("safe:yes"), (await chat.send_picture()).messages):
            assert "danger right now" in answer[-1].text

    async def test_every_answer_outlives_a_crash(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        # Nothing is written behind: what is on the disk now is what a killed process leaves.
        kept = await bot.service._reports.load(chat.keys)
        assert kept.draft is not None
        assert kept.draft.answer("story").words == (STORY,)

    async def test_an_update_that_comes_again_changes_nothing(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        for press in ("report", "rep:set:danger:no", "rep:done:reads", "rep:set:about:me"):
            await chat.press(press)
        typed = chat.typed(STORY)
        for _ in range(3):
            reply = await bot.reply(typed)
            assert reply is not None
        kept = await bot.service._reports.load(chat.keys)
        assert kept.draft is not None
        assert kept.draft.answer("story").words == (STORY,)

    async def test_after_a_break_nothing_is_shown_unasked(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        bot.clock.forward(60 * BREAK_MINUTES)
        asked = await chat.press("rep:look")
        assert STORY not in shown(asked)
        assert "rep:discard" in presses(asked[-1])
        assert STORY in shown((await chat.press("rep:go-on"), await chat.press("rep:look"))[1])

    async def test_after_a_break_a_text_is_answered_and_asks_once(
        self, bot: Bot, chat: Chat, ada: UnlockedMember, phrasebook: Phrasebook
    ) -> None:
        await filled_in(chat)
        bot.clock.forward(60 * BREAK_MINUTES)
        text = next(iter(phrasebook.asks.values()))
        answer = await chat.say(text)
        assert len(answer) > 1
        assert "rep:discard" in presses(answer[-1])
        assert not any("rep:discard" in presses(message) for message in await chat.say(text))
        assert "rep:discard" in presses((await chat.say("/report"))[-1])

    async def test_after_a_day_it_is_gone(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        bot.clock.forward(hours=24)
        assert "rep:discard" not in presses((await chat.press("rep:look"))[-1])
        bot.clock.forward(hours=2)
        await bot.store.purge(int(bot.clock() // 3600), int(bot.clock()))
        assert await bot.rows(drafts) == 0

    async def test_stop_asks_once_and_deletes(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        asked = await chat.say("/stop")
        assert "rep:delete" in presses(asked[-1])
        assert await bot.rows(drafts) == 1
        await chat.press("rep:delete")
        assert await bot.rows(drafts) == 0
        assert "rep:look" not in presses((await chat.press("rep:look"))[-1])

    async def test_hide_closes_it(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        await chat.say("/hide")
        assert STORY not in shown(await chat.press("rep:look"))

    async def test_without_a_disk_nothing_is_said_to_be_kept(
        self, bot: Bot, chat: Chat, ada: UnlockedMember, phrasebook: Phrasebook
    ) -> None:
        await chat.say("/report")
        await refuse(bot.engine, "INSERT", "drafts")
        (said,) = await chat.press("rep:set:danger:no")
        assert said.text == bot.service.wording("en").say["broken"]
        card, said = await chat.say(phrasebook.emergencies[0])
        assert card.urgent
        assert said.text == bot.service.wording("en").say["broken"]


class TestSending:
    async def test_staff_read_what_was_told(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        sent = await chat.press("rep:send")
        code_in(sent)
        assert await bot.rows(drafts) == 0
        assert bot.filed == 1
        opened = await read(bot, ada)
        (report,) = opened.messages
        assert report.kind is EnvelopeKind.REPORT
        assert isinstance(report.body, dict)
        answers = report.body["answers"]
        assert isinstance(answers, list)
        assert [(told["question"], told["words"], told["choices"]) for told in answers if isinstance(told, dict)] == [
            ("danger", "", ["no"]),
            ("about", "", ["me"]),
            ("story", STORY, []),
            ("kind", "", ["threats"]),
        ]
        assert opened.row.urgency is CaseUrgency.HIGH

    async def test_contact_is_sealed_apart(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        await chat.press("rep:edit:contact")
        await chat.say("me@example.org")
        await chat.press("rep:send")
        report, contact = (await read(bot, ada)).messages
        assert (report.kind, contact.kind) == (EnvelopeKind.REPORT, EnvelopeKind.CONTACT)
        assert "me@example.org" in str(contact.body)
        assert "me@example.org" not in str(report.body)

    async def test_the_code_is_shown_when_the_update_comes_again(
        self, bot: Bot, chat: Chat, ada: UnlockedMember
    ) -> None:
        await filled_in(chat)
        send = chat.pressed("rep:send")
        first = await bot.reply(send)  # and never delivered
        await bot.restart()
        again = await bot.reply(send)
        assert first is not None
        assert again is not None
        assert code_in(first.messages) == code_in(again.messages)
        assert await bot.rows(cases) == 1

    async def test_pressed_twice_it_is_sent_once(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        first, second = await chat.press("rep:send"), await chat.press("rep:send")
        assert code_in(first) == code_in(second)
        assert await bot.rows(cases) == 1

    async def test_without_anybody_to_read_it_the_draft_stays(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        await members.disable(bot.engine, "Ada", bot.now)
        said = await chat.press("rep:send")
        assert "CEOP" in shown(said)
        assert await bot.rows(cases) == 0
        assert await bot.rows(drafts) == 1

    async def test_what_fails_is_all_undone(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        await refuse(bot.engine, "DELETE", "drafts")
        said = await chat.press("rep:send")
        assert "rep:send" in presses(said[-1])
        assert [await bot.rows(table) for table in (cases, envelopes, visits)] == [0, 0, 1]
        await refuse_no_more(bot.engine, "drafts")
        code_in(await chat.press("rep:send"))
        assert await bot.rows(cases) == 1

    async def test_it_is_counted_without_a_word(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        await chat.press("rep:send")
        await bot.service.committed()
        async with bot.engine.connect() as connection:
            names = set((await connection.execute(select(counters.c.name))).scalars())
        assert {"report-started", "report-sent"} <= names

    async def test_the_case_is_named_by_nothing_of_the_chat(self, bot: Bot, chat: Chat, ada: UnlockedMember) -> None:
        await filled_in(chat)
        await chat.press("rep:send")
        async with bot.engine.connect() as connection:
            case = CaseRef((await connection.execute(select(cases.c.id))).scalar_one())
        assert len(case.id) == 32
        assert chat.name not in case.id
