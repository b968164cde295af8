"""``safetybot run`` with its limits: a flood in one chat, beside people who write as people do."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.e2e.test_webhook import ORIGIN, free_port
from tests.emulator import Emulator

pytestmark = pytest.mark.slow


async def test_a_flood_in_one_chat(place: Place, telegram: Emulator, small_content: Content) -> None:
    program = Program(place, telegram, TELEGRAM_RATE="30")
    try:
        await program.start()
        await program.ready()
        for number in range(60):
            telegram.push_text(5, "he has a knife and is at my door" if number == 50 else "how do I win this game")
        began = time.monotonic()
        for chat in range(11, 31):
            telegram.push_text(chat, "hiya")
        for chat in range(11, 31):
            await telegram.wait_for(chat, 1, 20)
        others = time.monotonic() - began
        await telegram.wait_confirmed(60)
        said = telegram.texts(5)
        card = next(number for number, text in enumerate(said) if "999" in text and text != said[0])
        slow = [text for text in said if text.startswith("Too many messages")]
        assert len(slow) == 1
        assert card < 8, "it overtook what was waiting"
        assert others < 15
        # No more than a message a second in that chat, cards apart; and no more than thirty a second in all.
        times = [sent.at for sent in telegram.sent(5)]
        assert times[-1] - times[0] > len(times) - 12
        every = sorted(call.at for call in telegram.called("sendMessage"))
        assert max(sum(at <= other < at + 1 for other in every) for at in every) <= 42
        assert await program.stop() == 0
    finally:
        await program.kill()
    assert "Traceback" not in program.printed


async def test_two_processes_share_the_limits(place: Place, telegram: Emulator, postgres_server: Any) -> None:
    """Telegram posts to each in turn: one pace for both, and a chat's flood is one flood."""
    url = (await asyncio.to_thread(postgres_server.new)).render_as_string(hide_password=False)
    ports = [free_port(), free_port()]
    telegram.poster.targets = [f"http://127.0.0.1:{port}" for port in ports]
    programs = [
        Program(place, telegram, WEBHOOK_URL=ORIGIN, WEB_PORT=str(port), TELEGRAM_RATE="20", DATABASE_URL=url)
        for port in ports
    ]
    try:
        for program in programs:
            await program.start()
        await telegram.until(lambda: programs[0].printed.count("Telegram: answering") == 2, 90)
        telegram.poster.posts.clear()
        for chat in range(11, 91):
            telegram.push_text(chat, "hiya")
            telegram.push_text(chat, "how do I win this game")
        await telegram.wait_confirmed(60)
        every = sorted(call.at for call in telegram.called("sendMessage"))
        took = every[-1] - every[0]
        assert len(every) >= 160
        assert (len(every) - 10) / took <= 21
        for number in range(40):
            telegram.push_text(5, f"how do I win this game {number}")
        await telegram.wait_confirmed(90)
        # A message a second after the first few, and twenty messages and one every two seconds are taken.
        said = telegram.texts(5)
        slow = [number for number, text in enumerate(said) if text.startswith("Too many messages")]
        assert len(slow) == 1, "each would have said so by itself"
        assert {post.status for post in telegram.poster.posts} <= {200, 503}
        for program in programs:
            assert await program.stop() == 0
    finally:
        for program in programs:
            await program.kill()
    assert "Traceback" not in programs[0].printed
