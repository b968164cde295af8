"""Nothing of a message is logged, whatever level somebody sets, and whatever goes wrong."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Iterator

import pytest

from safetybot.channels.telegram import StaffChat, run_telegram
from safetybot.channels.telegram.log_redaction import TALKATIVE
from safetybot.channels.telegram.staff_chat import Send
from safetybot.dialogue.messages import Button, Incoming, Outgoing, Reply
from tests.channels.telegram.conftest import FAST, Running
from tests.emulator import TOKEN, Emulator
from tests.emulator.scripted import Scripted
from tests.emulator.telegram_html import Entity

CHAT, STAFF = 7_123_456_789, -1009876543210
TYPED = "zebedee wombat xylophone"
CODE = "acorn badger kettle daisy puffin falcon"
PRESS = "code:saved"
NOTE = "New: 3FA-9C2 (high)"
SECRETS = (*TYPED.split(), *CODE.split(), PRESS, "3FA-9C2", str(CHAT), str(STAFF)[4:], TOKEN, TOKEN.partition(":")[2])


class Coded(Scripted):
    """Answers with the code of a report, in a message of its own, and takes its time."""

    async def _reply(self, incoming: Incoming) -> Reply:
        await asyncio.sleep(0.15)
        return Reply((Outgoing("Your code:"), Outgoing(f"**{CODE}**", ((Button("I've saved it", PRESS),),))))


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every record of every library, from DEBUG on, as if somebody had set their levels."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith(TALKATIVE)]
    loggers = [logging.getLogger(name) for name in {*names, *TALKATIVE, "asyncio", "telegram.Bot", "aiohttp.client"}]
    with caplog.at_level(logging.DEBUG):
        levels = [(logger, logger.level) for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        yield caplog
        for logger, level in levels:
            logger.setLevel(level)


async def test_a_code_is_shown_in_bold_and_logged_nowhere(
    telegram: Emulator, running: Running, everything: pytest.LogCaptureFixture
) -> None:
    async with running(conversation=Coded()):
        _louder()
        telegram.push_text(CHAT, TYPED)
        _, code = await telegram.wait_for(CHAT, 2)
        telegram.push_press(CHAT, PRESS)
        await telegram.wait_for(CHAT, 4)
        await telegram.wait_confirmed()
    assert code.text == CODE
    assert code.entities == [Entity("b", 0, len(CODE))]
    assert code.keyboard == [[("I've saved it", PRESS)]]
    _keeps_quiet(everything)


@pytest.mark.parametrize("kind", ["parse", "400", "500", "502", "garbage", "cut", "reset", "blocked", "429"])
async def test_nor_when_it_cannot_be_sent(
    telegram: Emulator, running: Running, everything: pytest.LogCaptureFixture, kind: str
) -> None:
    telegram.faults.add(kind, chat=CHAT, times=4, seconds=0)
    telegram.faults.add(kind, "sendChatAction", times=1, seconds=0)
    async with running(dataclasses.replace(FAST, typing_after=0.05), conversation=Coded()):
        _louder()
        telegram.push_text(CHAT, TYPED)
        await telegram.wait_confirmed()
    assert telegram.counts[f"fault {kind}"] > 1
    _keeps_quiet(everything)


@pytest.mark.parametrize("kind", [None, "400", "500", "garbage", "blocked"])
async def test_nor_a_note_to_staff(
    telegram: Emulator, scripted: Scripted, everything: pytest.LogCaptureFixture, kind: str | None
) -> None:
    telegram.chat(STAFF)
    if kind is not None:
        telegram.faults.add(kind, "*", chat=STAFF, times=3)
    told = asyncio.Event()
    stop = asyncio.Event()

    async def tell(send: Send, gap: float) -> float | None:
        if not told.is_set() and await send(NOTE):
            told.set()
        return None

    timing = dataclasses.replace(FAST, staff_poll=0.05, staff_gap=1.0)
    staff = StaffChat(STAFF, tell)
    assert str(STAFF) not in repr(staff)
    task = asyncio.create_task(run_telegram(TOKEN, telegram.url, scripted, staff=staff, stop=stop, timing=timing))
    await telegram.until(lambda: telegram.called("getUpdates"))
    _louder()
    telegram.push_text(STAFF, TYPED)
    await telegram.until(told.is_set)
    await telegram.wait_confirmed()
    stop.set()
    await task
    assert NOTE in telegram.texts(STAFF)
    _keeps_quiet(everything)


def _louder() -> None:
    """Undo what the start has set, but for the filters."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(TALKATIVE):
            logging.getLogger(name).setLevel(logging.DEBUG)


def _keeps_quiet(caplog: pytest.LogCaptureFixture) -> None:
    said = "\n".join(
        f"{record.getMessage()} {record.args} {record.exc_text} {record.exc_info}" for record in caplog.records
    )
    assert said
    assert [secret for secret in SECRETS if secret in said] == []
