"""Updates that are posted: who may post, what is answered when, and what comes again."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from telegram import Bot

from safetybot.channels.telegram import Webhook, WebhookAddress, WebhookOptions, run_telegram
from safetybot.channels.telegram.in_flight import InFlightUpdates
from safetybot.channels.telegram.updates import ALLOWED
from safetybot.channels.telegram.webhook import MOST_BYTES
from safetybot.channels.telegram.webhook_monitor import kind_of
from safetybot.http.path_dispatcher import PathDispatcher
from safetybot.http.server import listen, serve
from safetybot.metrics.counters import Metrics
from tests.channels.telegram.conftest import FAST
from tests.emulator import TOKEN, Emulator, updates
from tests.emulator.scripted import Scripted

ORIGIN = "https://bot.example.org"
ADDRESS = WebhookAddress.of(ORIGIN, b"k" * 32)


UNREADABLE = (
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"message": {}}',
    b'{"update_id": true}',
    b'{"update_id": "1"}',
    b'{"update_id": -1}',
    b'{"update_id": 9223372036854775808}',
    b'{"update_id": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"update_id": 1, "message": {"text": "secret words"}}',
    b'{"update_id": 2, "callback_query": {"id": "1", "message": 7}}',
)


class Disk:
    """Says when all is written down."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.free = asyncio.Event()
        self.free.set()
        self.asked = 0

    async def committed(self) -> None:
        self.asked += 1
        await self.free.wait()
        if self.error:
            raise self.error


@dataclass
class House:
    """A served webhook with its channel."""

    url: str
    webhook: Webhook
    disk: Disk
    stop: asyncio.Event
    tasks: list[asyncio.Task[None]]

    async def post(
        self, update: Any, *, path: str = ADDRESS.path, token: str | None = ADDRESS.token, **more: Any
    ) -> int:
        status, _ = await self.posted(update, path=path, token=token, **more)
        return status

    async def posted(
        self,
        update: Any,
        *,
        path: str = ADDRESS.path,
        token: str | None = ADDRESS.token,
        method: str = "POST",
        kind: str = "application/json",
    ) -> tuple[int, Any]:
        headers = {"Content-Type": kind}
        if token is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = token
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url + path, data=body, headers=headers) as answer,
        ):
            return answer.status, answer.headers

    async def ended(self) -> None:
        self.stop.set()
        await asyncio.gather(*self.tasks)


@asynccontextmanager
async def house(telegram: Emulator, scripted: Scripted, timing: Any = FAST) -> AsyncIterator[House]:
    disk, stop, options = Disk(), asyncio.Event(), WebhookOptions(port=0)
    observed = Metrics()
    webhook = Webhook(ADDRESS, disk.committed, observed.telegram)
    with listen(options) as listening:
        telegram.poster.target = listening.address
        served = asyncio.create_task(serve(PathDispatcher(ADDRESS.path, webhook), options, listening, stop))
        channel = asyncio.create_task(
            run_telegram(TOKEN, telegram.url, scripted, stop=stop, timing=timing, webhook=webhook, observed=observed)
        )
        made = House(listening.address, webhook, disk, stop, [served, channel])
        try:
            await telegram.until(lambda: telegram.webhook and webhook.in_hand._receive)
            yield made
        finally:
            await made.ended()


@pytest.fixture
async def posts(telegram: Emulator, scripted: Scripted) -> AsyncIterator[House]:
    async with house(telegram, scripted) as made:
        yield made


def text(update_id: int, words: str = "hello", chat: int = 5) -> dict[str, Any]:
    return {"update_id": update_id, "message": updates.message(chat, update_id, text=words)}


class TestTelegramPosts:
    async def test_what_it_was_told(self, telegram: Emulator, posts: House) -> None:
        (call,) = telegram.called("setWebhook")
        assert call.fields == {
            "url": ADDRESS.url,
            "secret_token": ADDRESS.token,
            "allowed_updates": list(ALLOWED),
            "max_connections": InFlightUpdates.MOST,
            "drop_pending_updates": False,
        }
        assert not telegram.called("getUpdates")

    async def test_everybody_is_answered_in_order(self, telegram: Emulator, posts: House) -> None:
        for number in range(5):
            for chat in range(1, 41):
                telegram.push_text(chat, str(number))
        telegram.push_press(1, "topic:a:1")
        await telegram.wait_confirmed()
        for chat in range(2, 41):
            assert telegram.texts(chat) == [str(number) for number in range(5)]
        assert telegram.poster.most_at_once > 10
        assert set(telegram.poster.counts) == {200}

    async def test_what_waited_before_the_start_and_what_comes_after_the_end(
        self, telegram: Emulator, scripted: Scripted
    ) -> None:
        telegram.push_text(5, "before")
        async with house(telegram, scripted):
            await telegram.wait_confirmed()
        assert telegram.webhook == ADDRESS.url
        telegram.push_text(5, "between")
        await telegram.until(lambda: telegram.poster.posts[-1].status == 0 and len(telegram.poster.posts) > 2)
        async with house(telegram, scripted):
            await telegram.wait_confirmed()
        assert telegram.texts(5) == ["before", "between"]

    async def test_back_to_asking(self, telegram: Emulator, scripted: Scripted) -> None:
        async with house(telegram, scripted):
            pass
        telegram.push_text(5, "hello")
        stop = asyncio.Event()
        asking = asyncio.create_task(run_telegram(TOKEN, telegram.url, scripted, stop=stop, timing=FAST))
        await telegram.wait_confirmed()
        stop.set()
        await asking
        assert telegram.webhook == ""
        assert telegram.texts(5) == ["hello"]


class TestWhoMayPost:
    async def test_nobody_without_the_token(self, posts: House, scripted: Scripted) -> None:
        for token in (None, "", "wrong", ADDRESS.token[:-1], ADDRESS.token + "x", "\xe9"):
            assert await posts.post(text(1), token=token) == 403
        assert not scripted.begun

    async def test_elsewhere_is_nothing(self, posts: House, scripted: Scripted) -> None:
        for path in ("/", "/telegram/", f"{ADDRESS.path}/", f"{ADDRESS.path}x", f"/{TOKEN}"):
            assert await posts.post(text(1), path=path) == 404
        assert not scripted.begun

    async def test_only_posts_of_json(self, posts: House, scripted: Scripted) -> None:
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            status, headers = await posts.posted(text(1), method=method)
            assert (status, headers["Allow"]) == (405, "POST")
        assert await posts.post(text(1), kind="text/plain") == 415
        assert not scripted.begun

    async def test_a_body_too_large_is_not_read_to_its_end(self, posts: House, scripted: Scripted) -> None:
        head = (
            f"POST {ADDRESS.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {ADDRESS.token}\r\n"
        )
        for rest in (
            f"Content-Length: {MOST_BYTES + 1}\r\n\r\n".encode(),  # and nothing of it is sent
            b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 17,  # and it goes on
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(posts.url.rpartition(":")[2]))
            writer.write(head.encode() + rest)
            async with asyncio.timeout(5):
                assert (await reader.readline()).split()[1] == b"413"
            writer.close()
        assert not scripted.begun

    async def test_neither_path_nor_token_tells_anything(self) -> None:
        other = WebhookAddress.of(ORIGIN, b"l" * 32)
        assert len({ADDRESS.path, ADDRESS.token, other.path, other.token}) == 4
        assert ADDRESS.token not in ADDRESS.url
        assert ADDRESS.token not in repr(ADDRESS)
        assert ADDRESS.path not in repr(ADDRESS)


class TestWhenItIsTaken:
    async def test_200_only_after_it_is_answered_and_written_down(
        self, telegram: Emulator, posts: House, scripted: Scripted
    ) -> None:
        telegram.chat(5)
        posts.disk.free.clear()
        posting = asyncio.create_task(posts.post(text(1, "wait")))
        await telegram.until(lambda: scripted.begun)
        assert not posts.disk.asked
        scripted.gate.set()
        await telegram.wait_for(5, 1)
        await telegram.until(lambda: posts.disk.asked)
        assert not posting.done()
        posts.disk.free.set()
        assert await posting == 200

    async def test_one_that_comes_again_waits_for_the_first_and_is_answered_once(
        self, telegram: Emulator, posts: House, scripted: Scripted
    ) -> None:
        telegram.chat(5)
        first, second = (asyncio.create_task(posts.post(text(1, "wait"))) for _ in range(2))
        await telegram.until(lambda: scripted.begun and posts.webhook.in_hand._waiting == 2)
        assert not first.done()
        assert not second.done()
        first.cancel()  # Telegram hangs up; the other waits on
        scripted.gate.set()
        assert await second == 200
        assert await posts.post(text(1, "wait")) == 200
        assert len(scripted.begun) == 1
        assert telegram.texts(5) == ["wait"]

    async def test_what_cannot_be_written_down_comes_again_and_is_not_answered_again(
        self, telegram: Emulator, posts: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        telegram.chat(5)
        posts.disk.error = OSError("secret words on a full disk")
        assert await posts.post(text(1)) == 503
        posts.disk.error = None
        assert await posts.post(text(1)) == 200
        assert telegram.texts(5) == ["hello"]
        assert "OSError" in caplog.text
        assert "secret words" not in caplog.text

    async def test_a_disk_that_stays_full_does_not_keep_the_next_cry_for_help_at_telegram(
        self, telegram: Emulator, posts: House
    ) -> None:
        posts.disk.error = OSError("full")
        for number in range(3):
            telegram.push_text(5, str(number))
        await telegram.wait_confirmed()
        assert telegram.texts(5) == ["0", "1", "2"]
        assert telegram.poster.counts == {503: 3, 200: 3}

    async def test_what_nobody_can_read_is_left_out_and_counted(
        self, posts: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number, body in enumerate(UNREADABLE, 1):
            assert await posts.post(body) == 200
            assert posts.webhook.counts["unreadable"] == number
        assert "could not be read" in caplog.text
        assert "secret words" not in caplog.text

    @pytest.mark.slow
    async def test_no_more_in_hand_than_can_be(self, telegram: Emulator, posts: House, scripted: Scripted) -> None:
        waiting = [
            asyncio.create_task(posts.post(text(number, "wait", chat=number)))
            for number in range(1, InFlightUpdates.MOST + 1)
        ]
        for number in range(1, InFlightUpdates.MOST + 1):
            telegram.chat(number)
        await telegram.until(lambda: len(scripted.begun) == InFlightUpdates.MOST)
        status, headers = await posts.posted(text(1000))
        assert (status, headers["Retry-After"]) == (503, "2")
        assert len(scripted.begun) == InFlightUpdates.MOST
        scripted.gate.set()
        assert set(await asyncio.gather(*waiting)) == {200}
        telegram.chat(5)
        assert await posts.post(text(1000)) == 200


@pytest.mark.slow
class TestStopping:
    async def test_what_is_in_hand_is_finished_and_what_comes_is_kept_at_telegram(
        self, telegram: Emulator, scripted: Scripted
    ) -> None:
        async with house(telegram, scripted) as posts:
            telegram.push_text(5, "slow 0.5")
            telegram.push_text(5, "behind it")
            await telegram.until(lambda: scripted.begun)
            posts.stop.set()
            await asyncio.gather(*posts.tasks)
        assert telegram.texts(5)[0] == "slow 0.5"
        first, *later = telegram.poster.posts
        assert first.status == 200
        assert all(post.status != 200 for post in later)
        assert telegram.pending == 1

    async def test_what_cannot_be_finished_in_time_comes_again(self, telegram: Emulator, scripted: Scripted) -> None:
        began = time.monotonic()
        async with house(telegram, scripted, replace(FAST, webhook_finish=0.2)):
            telegram.push_text(5, "wait")
            await telegram.until(lambda: scripted.begun)
        assert time.monotonic() - began < 10
        assert telegram.poster.posts[0].status == 503
        successor = Scripted()
        successor.gate.set()
        async with house(telegram, successor):
            await telegram.wait_confirmed()
        assert telegram.texts(5) == ["wait"]


class TestSeeingThatItGoesOn:
    @pytest.mark.slow
    async def test_a_webhook_that_was_taken_away_is_set_again(
        self, telegram: Emulator, scripted: Scripted, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with house(telegram, scripted, replace(FAST, webhook_check=0.05)):
            async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as other:
                await other.delete_webhook()
            telegram.push_text(5, "hello")
            await telegram.wait_for(5, 1)
            await telegram.wait_confirmed()
        assert "another program has changed" in caplog.text

    @pytest.mark.slow
    async def test_failures_are_told_by_their_kind_once(
        self, telegram: Emulator, scripted: Scripted, caplog: pytest.LogCaptureFixture
    ) -> None:
        telegram.poster.last_error = (time.time(), f"Wrong response from the webhook: 502 Bad Gateway at {ADDRESS.url}")
        async with house(telegram, scripted, replace(FAST, webhook_check=0.02)):
            await telegram.until(lambda: len(telegram.called("getWebhookInfo")) > 3)
        assert caplog.text.count("could not be posted to us lately (HTTP 502); 0 wait there") == 1
        assert ADDRESS.path not in caplog.text

    @pytest.mark.parametrize(
        ("message", "kind"),
        [
            ("Wrong response from the webhook: 503 Service Unavailable", "HTTP 503"),
            ("SSL error {error:0A000086:SSL routines::certificate verify failed}", "certificate"),
            ("Connection timed out", "time out"),
            ("Read timeout expired", "time out"),
            ("Bad Request: bad webhook: Failed to resolve host: Name or service not known", "name not found"),
            ("Connection refused", "no connection"),
            ("secret words", "another reason"),
        ],
    )
    def test_kinds(self, message: str, kind: str) -> None:
        assert kind_of(message) == kind

    async def test_an_address_that_telegram_refuses_is_an_error_to_read_and_tried_again(
        self, telegram: Emulator, scripted: Scripted, caplog: pytest.LogCaptureFixture
    ) -> None:
        telegram.faults.add("400", "setWebhook", times=2)
        async with house(telegram, scripted):
            telegram.push_text(5, "hello")
            await telegram.wait_for(5, 1)
        errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert len(errors) == 2
        assert "SAFETYBOT_WEBHOOK_URL" in errors[0]
        assert ADDRESS.path not in caplog.text
        assert ADDRESS.token not in caplog.text
