"""PTB's requests over aiohttp."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut
from telegram.request import RequestData

from safetybot.channels.telegram.errors import Throttled
from safetybot.channels.telegram.log_redaction import place, withhold_library_logs
from safetybot.channels.telegram.request import AiohttpRequest
from tests.emulator import TOKEN, Emulator


@pytest.fixture
async def bot(telegram: Emulator) -> AsyncIterator[Bot]:
    request = AiohttpRequest(read_timeout=0.3, connect_timeout=0.2, write_timeout=0.2, pool_timeout=0.2)
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot", request=request, get_updates_request=request) as bot:
        telegram.chat(5)
        yield bot


async def test_a_call(bot: Bot, telegram: Emulator) -> None:
    message = await bot.send_message(5, "ünï <b>code</b> 😀", parse_mode="HTML")
    assert message.message_id == telegram.sent(5)[0].message_id
    assert telegram.texts(5) == ["ünï code 😀"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("400", BadRequest),
        ("401", InvalidToken),
        ("404", InvalidToken),
        ("blocked", Forbidden),
        ("409", Conflict),
        ("429", Throttled),
        ("500", NetworkError),
        ("502", NetworkError),
        ("reset", NetworkError),
        ("lost", NetworkError),
        ("cut", NetworkError),
        ("garbage", NetworkError),
        ("silent", TimedOut),
    ],
)
async def test_each_failure_has_its_error_and_none_holds_the_token(
    bot: Bot, telegram: Emulator, kind: str, error: type[TelegramError]
) -> None:
    telegram.faults.add(kind, seconds=3)
    with pytest.raises(TelegramError) as caught:
        await bot.send_message(5, "a")
    assert type(caught.value) is error
    seen: BaseException | None = caught.value
    while seen is not None:
        assert TOKEN not in repr(seen) + str(seen)
        seen = seen.__cause__ or seen.__context__


async def test_the_wait_telegram_asks_for(bot: Bot, telegram: Emulator) -> None:
    telegram.faults.add("429", seconds=17)
    with pytest.raises(Throttled) as caught:
        await bot.send_message(5, "a")
    assert caught.value.seconds == 17


async def test_no_wait_is_longer_than_an_hour(bot: Bot, telegram: Emulator) -> None:
    telegram.faults.add("429", seconds=10**12)
    with pytest.raises(Throttled) as caught:
        await bot.send_message(5, "a")
    assert caught.value.seconds == 3600


async def test_nobody_listening() -> None:
    request = AiohttpRequest()
    await request.initialize()
    with pytest.raises(NetworkError, match="No answer"):
        await request.post("http://127.0.0.1:1/bot1:x/getMe")
    await request.shutdown()


async def test_opening_and_closing_twice_is_fine() -> None:
    request = AiohttpRequest()
    await request.initialize()
    await request.initialize()
    await request.shutdown()
    await request.shutdown()
    with pytest.raises(RuntimeError, match="not initialized"):
        await request.do_request("http://127.0.0.1:1/", "POST", RequestData())


async def test_no_proxy_from_the_environment(bot: Bot, telegram: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await bot.send_message(5, "a")
    assert telegram.texts(5) == ["a"]


async def test_libraries_log_neither_token_nor_words(
    bot: Bot, telegram: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    withhold_library_logs()
    withhold_library_logs()
    logging.getLogger("telegram.Bot").setLevel(logging.DEBUG)  # what somebody hunting a fault might do
    telegram.faults.add("garbage", times=1)
    with pytest.raises(NetworkError):
        await bot.send_message(5, "secret words")
    await bot.send_message(5, "secret words")
    logging.getLogger("telegram.Bot").error("%s", TOKEN)
    assert TOKEN not in caplog.text
    assert "secret words" not in caplog.text
    assert "withheld" in caplog.text


def test_place_names_type_and_line_and_not_the_text() -> None:
    with pytest.raises(ValueError, match="secret") as caught:
        raise ValueError("secret")
    assert "ValueError in test_place" in place(caught.value)
    assert "secret" not in place(caught.value)
    assert place(ValueError("secret")) == "ValueError"
