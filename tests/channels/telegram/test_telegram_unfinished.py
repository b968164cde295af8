"""An answer that a stop breaks off: what was sent is told, and that it was answered is not."""

from __future__ import annotations

import dataclasses

from tests.channels.telegram.conftest import FAST, Running
from tests.emulator import Emulator
from tests.emulator.scripted import Scripted


async def test_what_was_sent_is_told_without_the_updates_number(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    telegram.faults.add("slow", chat=5, seconds=0.3)
    async with running(dataclasses.replace(FAST, finish_limit=0.1)):
        telegram.push_text(5, "many 5")
        (sent, *_) = await telegram.wait_for(5, 1)
    ((incoming, numbers),) = scripted.deliveries
    assert sent.message_id in numbers
    assert len(numbers) < 5
    assert (incoming.chat, incoming.update_id) == ("5", None)  # else it would pass for answered after the next start
    assert telegram.pending == 1


async def test_an_answer_that_was_finished_is_told_with_it(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    async with running():
        number = telegram.push_text(5, "many 5")
        await telegram.wait_for(5, 5)
    ((incoming, numbers),) = scripted.deliveries
    assert len(numbers) == 5
    assert incoming.update_id == number
    assert telegram.pending == 0
