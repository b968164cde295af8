"""The invented reports go through the form that we ship, and say at the desk what ``cases.yaml`` says."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pyotp
import pytest

from safetybot.demo.account import hire
from safetybot.demo.cases import invented
from safetybot.demo.counters import invent
from safetybot.demo.seed_data import Past, WaitingReport, tell_all
from safetybot.demo.writer import Writer, WritingRefused
from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.language_pack import LanguagePack
from safetybot.dialogue.messages import Incoming, Reply
from safetybot.figures.yearly import COUNTERS
from safetybot.guidance.reader import read_content
from safetybot.reports.handles import find_handles
from safetybot.reports.links import words_of
from safetybot.reports.queue import list_cases
from safetybot.staff import login, second_factor
from safetybot.staff.errors import WrongSecondFactor
from safetybot.understanding.understanding import Understanding
from safetybot.vault.audit import transaction, verify
from safetybot.vault.envelopes import EnvelopeKind
from safetybot.vault.key_derivation import KeyStretcher
from tests.reports.office import CHEAP, open_wholly
from tests.talking import Bot

SHIPPED = Path(__file__).parents[2] / "content"
TODAY = dt.date(2026, 11, 27)


@pytest.fixture(scope="module")
def shipped(understanding: Understanding) -> Understanding:
    """What we ship, read by the matcher of a smaller content, which takes no minute to fit."""
    library = read_content(SHIPPED).require()
    interpreter = understanding.interpreters["en"]
    tongues = {code: LanguagePack(guidance, interpreter.interpret) for code, guidance in library.languages.items()}
    return Understanding(
        dict.fromkeys(tongues, interpreter),
        Conversation(tongues, library.first),
        {code: guidance.wording for code, guidance in library.languages.items()},
        library.first,
    )


@pytest.fixture
async def bot(shipped: Understanding, empty_database: Path, tmp_path: Path) -> AsyncIterator[Bot]:
    bot = Bot(shipped, empty_database, tmp_path / "data")
    await bot.start()
    yield bot
    await bot.stop()


async def told(bot: Bot) -> tuple[list[WaitingReport], login.UnlockedMember]:
    past = Past()
    bot.service._clock = bot.service._reports._clock = past  # as started_service sets it
    _, member = await hire(bot.engine, past.now(), bot.stretcher, CHEAP)
    return [*await tell_all(bot.service, bot.engine, member, past)], member


async def test_every_case_arrives_with_all_that_was_said(bot: Bot) -> None:
    waiting, member = await told(bot)
    assert [each.name for each in waiting] == [case.name for case in invented()]
    async with transaction(bot.engine) as connection:
        rows = [*await list_cases(connection)]
        opened = [await open_wholly(connection, member, row.ref.id, dt.datetime.now(dt.UTC)) for row in rows]
        assert await verify(connection) is None
    assert len(opened) == len(invented())
    for case in invented():
        (found,) = [each for each in opened if case.story[0] in "\n".join(words_of(each.messages))]
        report = next(message for message in found.messages if message.kind is EnvelopeKind.REPORT)
        contact = [message for message in found.messages if message.kind is EnvelopeKind.CONTACT]
        answers = {each["question"]: each for message in (report, *contact) for each in message.body["answers"]}
        assert answers["what-happened"]["words"] == "\n\n".join(case.story)
        for question, given in case.answers.items():
            assert (*answers[question]["choices"], answers[question]["words"])[: len(given.press)] == given.press
            assert answers[question]["words"] == (given.say or "")
        assert found.row.day == (dt.datetime.now(dt.UTC) - dt.timedelta(case.days)).date().isoformat()
        kinds = [
            message.kind for message in found.messages if message.kind in (EnvelopeKind.REPLY, EnvelopeKind.ADDITION)
        ]
        assert kinds == [EnvelopeKind.ADDITION if event.more else EnvelopeKind.REPLY for event in case.then]


async def test_two_of_them_name_the_same_account(bot: Bot) -> None:
    _, member = await told(bot)
    async with transaction(bot.engine) as connection:
        rows = await list_cases(connection)
        opened = [await open_wholly(connection, member, row.ref.id, dt.datetime.now(dt.UTC)) for row in rows]
    accounts = [{one.value for text in words_of(each.messages) for one in find_handles(text)} for each in opened]
    assert sorted(map(len, accounts)) == [0, 1, 1]
    assert set().union(*accounts) == {"miastreams07"}


async def test_nothing_is_left_of_their_chats(bot: Bot) -> None:
    await told(bot)
    await bot.service.committed()
    async with bot.engine.connect() as connection:
        for table in ("sessions", "drafts", "visits", "fragments"):
            assert (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


async def test_without_anybody_to_read_it_nothing_is_told(bot: Bot) -> None:
    async def handle(incoming: Incoming) -> Reply | None:
        async with bot.service.turn("web", "x") as turn:
            return await turn.reply(incoming)

    with pytest.raises(WritingRefused):
        await Writer(handle, "web", "x").reports(invented()[0])


async def test_a_form_with_other_questions_takes_them_too(
    understanding: Understanding, empty_database: Path, tmp_path: Path
) -> None:
    """What it does not ask is left out, and what the cases do not answer is skipped."""
    bot = Bot(understanding, empty_database, tmp_path / "data")
    await bot.start()
    try:
        waiting, _ = await told(bot)
        assert len(waiting) == len(invented())
    finally:
        await bot.stop()


async def test_the_account_logs_in_without_more_ado(bot: Bot) -> None:
    at = dt.datetime.now(dt.UTC)
    with closing(KeyStretcher()) as stretcher:
        account, first = await hire(bot.engine, at - dt.timedelta(30), stretcher, CHEAP)
        first.wipe()
        for code in (account.codes[0], pyotp.TOTP(account.totp).at(at), account.codes[1]):
            member = await login.unlock(bot.engine, account.name, account.passphrase, at, stretcher, CHEAP)
            assert not member.must_change
            await second_factor.show(bot.engine, member, code, at)
        with pytest.raises(WrongSecondFactor):
            await second_factor.show(bot.engine, member, account.codes[0], at)
    assert account.passphrase not in repr(account)


def test_the_counters_are_those_that_are_read_and_of_no_later_day() -> None:
    counts = invent(["sextortion", "passwords"], TODAY)
    assert counts == invent(["passwords", "sextortion"], TODAY)
    assert {count.name for count in counts} <= set(COUNTERS)
    assert {count.day[:7] for count in counts} == {f"2025-{n:02}" for n in range(1, 13)} | {
        f"2026-{n:02}" for n in range(1, 12)
    }
    assert min(counts.values()) > 0
