"""How Telegram posts updates: each until it is answered with 2xx, those of one chat one after the other."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

RETRY_FIRST, RETRY_MOST = 0.05, 1.0
"""Seconds; Telegram's own are longer."""


@dataclass
class Post:
    """One attempt to have an update taken."""

    update_id: int
    at: float
    status: int = 0
    """0 where there was no answer."""


@dataclass
class Registration:
    """What setWebhook was told."""

    url: str
    secret_token: str | None = None
    max_connections: int = 40
    allowed: list[str] = field(default_factory=list)


class Poster:
    """Posts what is queued while a webhook is set."""

    def __init__(self, taken: Callable[[int], None], *, timeout: float = 60.0) -> None:
        """``taken``: an update was answered with 2xx; ``timeout``: for one answer."""
        self.posts: list[Post] = []
        self.last_error: tuple[float, str] | None = None
        self.target: str | None = None
        """Where the public address leads: ``http://127.0.0.1:8080``, as a proxy would."""
        self.targets: list[str] = []
        """In place of one: several, each in its turn, as a load balancer would."""
        self._taken = taken
        self._timeout = timeout
        self._lanes: dict[int, deque[tuple[int, bytes]]] = {}
        self._known: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._registration: Registration | None = None
        self._room = asyncio.Semaphore(0)
        self._session: aiohttp.ClientSession | None = None
        self.most_at_once = 0
        self._at_once = 0
        self.counts: dict[int, int] = defaultdict(int)
        """Status → how often."""

    @property
    def registration(self) -> Registration | None:
        return self._registration

    def begin(self, registration: Registration) -> None:
        """Post from now on."""
        self._registration = registration
        self._room = asyncio.Semaphore(registration.max_connections)

    def put(self, update_id: int, body: bytes) -> None:
        """One update, behind those of its chat."""
        if update_id in self._known:
            return
        self._known.add(update_id)
        lane = _lane(body)
        if lane in self._lanes:
            self._lanes[lane].append((update_id, body))
            return
        self._lanes[lane] = deque([(update_id, body)])
        task = asyncio.create_task(self._work(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Post no more."""
        self._registration = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lanes.clear()
        self._known.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _work(self, lane: int) -> None:
        try:
            while self._lanes[lane]:
                update_id, body = self._lanes[lane][0]
                attempt = 0
                while not await self._post(update_id, body):
                    await asyncio.sleep(min(RETRY_MOST, RETRY_FIRST * 2**attempt))
                    attempt += 1
                self._lanes[lane].popleft()
                self._known.discard(update_id)
                self._taken(update_id)
        finally:
            self._lanes.pop(lane, None)

    async def _post(self, update_id: int, body: bytes) -> bool:
        registration = self._registration
        assert registration is not None
        origin, _, path = registration.url.partition("://")[2].partition("/")
        target = self.targets[len(self.posts) % len(self.targets)] if self.targets else self.target
        url = f"{target}/{path}" if target else registration.url
        headers = {"Content-Type": "application/json", "Host": origin}
        if registration.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = registration.secret_token
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        async with self._room:
            post = Post(update_id, time.monotonic())
            self.posts.append(post)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                timeout = aiohttp.ClientTimeout(total=self._timeout)
                async with self._session.post(url, data=body, headers=headers, timeout=timeout) as answer:
                    post.status = answer.status
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.last_error = (time.time(), f"Connection failed: {type(error).__name__}")
            finally:
                self._at_once -= 1
        self.counts[post.status] += 1
        if post.status and not 200 <= post.status < 300:
            self.last_error = (time.time(), f"Wrong response from the webhook: {post.status} at {url}")
        return 200 <= post.status < 300


def _lane(body: bytes) -> int:
    update = json.loads(body)
    for content in update.values():
        if isinstance(content, dict):
            chat = content.get("chat") or content.get("message", {}).get("chat") or {}
            return int(chat.get("id", 0))
    return 0
