"""How fast messages go out: in all, in one chat, and emergency cards first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from safetybot.channels.telegram.rate_limiter import CHAT_AT_ONCE, URGENT_AT_ONCE, RateLimiter


class _Loop(asyncio.SelectorEventLoop):  # type: ignore[misc]
    """A loop whose clock jumps to the next timer: an hour of waiting takes a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


@pytest.fixture
def runs() -> Iterator[Callable[..., None]]:
    """Runs a coroutine where time costs nothing."""
    loop = _Loop()
    yield loop.run_until_complete
    loop.close()


async def sent(pace: RateLimiter, chats: list[int], urgent: bool = False) -> list[float]:
    """Who was sent to when, in seconds from now."""
    loop = asyncio.get_running_loop()
    began, times = loop.time(), []

    async def one(chat: int) -> None:
        await pace.acquire(chat, urgent=urgent)
        times.append(loop.time() - began)

    await asyncio.gather(*(one(chat) for chat in chats))
    return sorted(times)


def test_thirty_a_second_in_all(runs: Callable[..., None]) -> None:
    async def run() -> None:
        pace = RateLimiter(30.0)
        times = await sent(pace, list(range(300)))
        assert times[-1] == pytest.approx(10, abs=0.6)
        for at in times:
            assert sum(at <= other < at + 1 for other in times) <= 41  # a third of a second's more after a pause
        assert len(pace) == 0
        assert (await sent(pace, [1]))[0] < 0.1

    runs(run())


def test_one_a_second_in_a_chat_after_a_burst(runs: Callable[..., None]) -> None:
    async def run() -> None:
        pace = RateLimiter(1000.0)
        times = await sent(pace, [5] * (CHAT_AT_ONCE + 10))
        assert times[CHAT_AT_ONCE - 1] < 0.1
        assert times[CHAT_AT_ONCE:] == pytest.approx(range(1, 11), abs=0.1)
        assert (await sent(pace, [6]))[0] < 0.1

    runs(run())


def test_cards_go_first_and_do_not_wait_for_their_chat(runs: Callable[..., None]) -> None:
    async def run() -> None:
        pace = RateLimiter(30.0)
        many = asyncio.create_task(sent(pace, [*range(300), *[7] * 20]))
        await asyncio.sleep(1)
        times = await sent(pace, [7] * URGENT_AT_ONCE, urgent=True)
        assert times[-1] < 0.3
        assert not many.done()
        await many

    runs(run())


def test_off_is_no_limit(runs: Callable[..., None]) -> None:
    async def run() -> None:
        assert max(await sent(RateLimiter(None), [5] * 1000)) == 0

    runs(run())


class TestRefusals:
    def test_of_one_chat_are_its_own_affair(self, runs: Callable[..., None]) -> None:
        async def run() -> None:
            pace = RateLimiter(30.0)
            for _ in range(50):
                pace.refused(5, 60)
            for chat in range(50):
                pace.refused(chat, 60)
                pace.sent()
            assert (await sent(pace, [6]))[0] < 0.1

        runs(run())

    @pytest.mark.parametrize("rate", [30.0, None])
    def test_of_chat_after_chat_stop_all_for_as_long_as_telegram_asks(
        self, runs: Callable[..., None], rate: float | None
    ) -> None:
        async def run() -> None:
            pace = RateLimiter(rate)
            for chat in range(5):
                pace.refused(chat, 7)
            assert 7 <= (await sent(pace, [6]))[0] < 7.2
            pace.sent()
            assert (await sent(pace, [8]))[0] < 0.1

        runs(run())


class TestShared:
    def test_as_the_others_allow(self, runs: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
        async def run() -> None:
            asked = []

            async def reserve(number: int, rate: float, burst: float) -> float:
                asked.append(number)
                if len(asked) == 3:
                    raise OSError("secret address")
                return 2.0  # others have taken the next two seconds

            times = await sent(RateLimiter(30.0, reserve), list(range(13)))
            assert asked[:2] == [5, 5]
            assert 2 <= times[0] < 2.2
            assert 4 <= times[5] < 4.4
            assert times[12] - times[9] < 0.5  # where the database is away, alone

        runs(run())
        assert "cannot be shared" in caplog.text
        assert "secret" not in caplog.text

    def test_nobody_waits_for_ever_for_a_database_that_hangs(self, runs: Callable[..., None]) -> None:
        async def run() -> None:
            async def reserve(*_: float) -> float:
                await asyncio.Event().wait()
                return 0.0

            assert (await sent(RateLimiter(30.0, reserve), [1]))[0] < 3

        runs(run())


def test_whoever_gives_up_waiting_takes_no_ones_place(runs: Callable[..., None]) -> None:
    async def run() -> None:
        pace = RateLimiter(1.0)
        await pace.acquire(1)
        waiting = [asyncio.create_task(pace.acquire(chat)) for chat in range(2, 12)]
        await asyncio.sleep(0)
        for task in waiting[:9]:
            task.cancel()
        began = asyncio.get_running_loop().time()
        await waiting[9]
        assert asyncio.get_running_loop().time() - began <= 1.1

    runs(run())
