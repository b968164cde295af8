"""Texts understood in a process of their own: the same answers, and none lost when that process is."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop

from safetybot.apart import child as child_module
from safetybot.apart.child import ProcessEnded
from safetybot.apart.understanding import Apart, NotUnderstood, UnderstandingApart
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.reader import Library, read_content
from safetybot.understanding import Understanding
from tests.talking import DIALOGUE_CONTENT

MINUTE = 29_000_000
TEXTS = (
    "hello",
    "someone is blackmailing me with my pics",
    "i want to die",
    "what is the capital of france",
    "/start",
    "/hide",
    "/nonsense im scared he will hurt me",
    "",
    "😀",
    "half a character \ud83d",
    "x" * 5_000,
)


def typed(text: str) -> Incoming:
    return Incoming("telegram", "7", text=text, language="en", update_id=1, message_id=2)


async def say(understanding: Understanding | UnderstandingApart, text: str, memory: Memory | None = None) -> Turn:
    return await understanding.respond(typed(text), memory or Memory(), MINUTE, offered=True, asks=False)


def process_of(apart: UnderstandingApart) -> int:
    """The number of the process that understands."""
    (number,) = children_of(os.getpid(), "safetybot.apart.process")
    return number


def children_of(parent: int, command: str) -> list[int]:
    found = subprocess.run(
        ["ps", "-ww", "-o", "pid=,stat=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    rows = (line.split(maxsplit=2) for line in found.stdout.splitlines())
    return [int(number) for number, state, args in rows if command in args and not state.startswith("Z")]


async def gone(number: int) -> None:
    async with asyncio.timeout(20):
        while _runs(number):
            await asyncio.sleep(0.05)


def _runs(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
async def apart(
    dialogue_library: Library, dialogue_cache: Path, understanding: Understanding
) -> AsyncIterator[UnderstandingApart]:
    """Started from the cache that ``understanding`` has filled."""
    made = UnderstandingApart(dialogue_library, dialogue_cache)
    assert not await asyncio.to_thread(made.start)
    yield made
    made.close()
    await asyncio.sleep(0)  # its end of the socket closes with the next turn of the loop


async def test_it_answers_as_one_in_this_process_does(apart: UnderstandingApart, understanding: Understanding) -> None:
    for text in TEXTS:
        assert await say(apart, text) == await say(understanding, text)
    assert list(apart.wordings) == list(understanding.wordings)
    assert apart.first == understanding.first


async def test_what_is_remembered_goes_there_and_back(apart: UnderstandingApart, understanding: Understanding) -> None:
    for which in (apart, understanding):
        first = await say(which, "they keep sending it")
        second = await say(which, "to everyone at school", Memory(first.session, first.fragment))
        assert second.session.sent == first.session.sent
        if which is apart:
            expected = second
    assert second == expected


async def test_many_at_once_each_get_their_own_answer(apart: UnderstandingApart, understanding: Understanding) -> None:
    texts = [f"{text} {number}" for number in range(20) for text in TEXTS[:4]]
    turns = await asyncio.gather(*(say(apart, text) for text in texts))
    assert turns == [await say(understanding, text) for text in texts]


def test_it_works_on_the_loop_that_the_bot_runs_on(
    dialogue_library: Library, dialogue_cache: Path, understanding: Understanding
) -> None:
    async def main() -> Turn:
        made = UnderstandingApart(dialogue_library, dialogue_cache)
        assert not await asyncio.to_thread(made.start)
        try:
            return await say(made, TEXTS[1])
        finally:
            made.close()

    assert uvloop.run(main()) == asyncio.run(say(understanding, TEXTS[1]))


class TestAProcessThatEnds:
    async def test_killed_another_answers(
        self, apart: UnderstandingApart, understanding: Understanding, caplog: pytest.LogCaptureFixture
    ) -> None:
        first = process_of(apart)
        os.kill(first, signal.SIGKILL)
        assert await say(apart, TEXTS[1]) == await say(understanding, TEXTS[1])
        assert process_of(apart) != first
        assert caplog.messages == ["the process that understands texts ended, and is started anew"]

    async def test_killed_with_texts_in_hand_all_are_answered(
        self, apart: UnderstandingApart, understanding: Understanding
    ) -> None:
        await say(apart, "hello")
        waiting = [asyncio.create_task(say(apart, f"{TEXTS[1]} {number}")) for number in range(50)]
        await asyncio.wait(waiting[:1])
        os.kill(process_of(apart), signal.SIGKILL)
        turns = await asyncio.gather(*waiting)
        assert turns == [await say(understanding, f"{TEXTS[1]} {number}") for number in range(50)]

    async def test_one_that_hangs_is_replaced(
        self, apart: UnderstandingApart, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child_module, "SILENT_SECONDS", 0.5)
        await say(apart, "hello")
        first = process_of(apart)
        os.kill(first, signal.SIGSTOP)
        # The next one has more time: it is asked when it is ready.
        assert await say(apart, TEXTS[1]) == await say(understanding, TEXTS[1])
        await gone(first)

    @pytest.mark.slow
    async def test_one_that_has_much_to_do_does_not_hang(
        self, apart: UnderstandingApart, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who waits longest waits for all the others; as long as answers come, it goes on."""
        monkeypatch.setattr(child_module, "SILENT_SECONDS", 0.8)
        number, began = process_of(apart), time.monotonic()
        await asyncio.gather(*(say(apart, f"{TEXTS[1]} {number}") for number in range(3_000)))
        assert time.monotonic() - began > 1.6
        assert process_of(apart) == number

    async def test_where_the_next_one_ends_too_it_is_told_and_later_ones_are_tried(
        self, apart: UnderstandingApart, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        os.kill(process_of(apart), signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(ChildProcessError, match="is memory short"):
                await say(apart, TEXTS[1])
        monkeypatch.undo()
        assert await say(apart, TEXTS[1]) == await say(understanding, TEXTS[1])

    async def test_a_signal_to_all_processes_does_not_end_it(self, apart: UnderstandingApart) -> None:
        number = process_of(apart)
        for each in (signal.SIGTERM, signal.SIGINT):
            os.kill(number, each)
        assert await say(apart, "hello")
        assert process_of(apart) == number

    async def test_closed_it_is_gone(self, apart: UnderstandingApart) -> None:
        number = process_of(apart)
        await say(apart, "hello")
        apart.close()
        await gone(number)
        with pytest.raises(ProcessEnded):
            await say(apart, "hello")

    async def test_an_error_is_told_without_the_words(
        self, apart: UnderstandingApart, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.raises(NotUnderstood):
            await apart.respond(typed("hello"), "no memory of Rosalind", MINUTE, offered=True, asks=False)  # type: ignore[arg-type]
        assert caplog.messages == ["a text could not be answered: AttributeError"]
        assert await say(apart, "hello")  # and it goes on

    async def test_who_does_not_wait_any_more_takes_nobody_elses_answer(
        self, apart: UnderstandingApart, understanding: Understanding
    ) -> None:
        await say(apart, "hello")
        given_up = asyncio.create_task(say(apart, TEXTS[2]))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(say(apart, TEXTS[1]))
        await asyncio.sleep(0)
        given_up.cancel()
        assert await waiting == await say(understanding, TEXTS[1])


async def test_it_holds_none_of_our_settings(
    dialogue_library: Library, dialogue_cache: Path, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFETYBOT_TELEGRAM_TOKEN", "123:planted")
    made = UnderstandingApart(dialogue_library, dialogue_cache)
    assert not await asyncio.to_thread(made.start)
    environment = Path(f"/proc/{process_of(made)}/environ").read_bytes()
    made.close()
    assert b"PATH=" in environment
    assert b"SAFETYBOT" not in environment
    assert b"planted" not in environment


class TestChangedContent:
    @pytest.fixture
    async def every(self, dialogue_cache: Path) -> AsyncIterator[Apart]:
        made = Apart(dialogue_cache, lambda stage, done: None)
        yield made
        made.close()
        await asyncio.sleep(0)

    async def test_the_one_before_gives_the_answers_it_owes_and_ends(
        self, every: Apart, dialogue_library: Library, understanding: Understanding
    ) -> None:
        before = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(before, UnderstandingApart)
        number = process_of(before)
        every.newest(before)
        waiting = [asyncio.create_task(say(before, TEXTS[1])) for _ in range(20)]
        await asyncio.sleep(0)
        after = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(after, UnderstandingApart)
        late = [asyncio.create_task(say(before, TEXTS[1])) for _ in range(20)]
        await asyncio.sleep(0)
        every.newest(after)
        answer = await say(understanding, TEXTS[1])
        assert await asyncio.gather(*waiting, *late) == [answer] * 40
        await gone(number)
        assert await say(after, TEXTS[1]) == answer

    async def test_one_that_nobody_waits_for_ends_at_once(self, every: Apart, dialogue_library: Library) -> None:
        before = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(before, UnderstandingApart)
        number = process_of(before)
        after = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(after, UnderstandingApart)
        every.newest(after)
        await gone(number)

    async def test_a_test_of_the_content_that_fails_is_told_and_its_process_is_gone(
        self, every: Apart, tmp_path: Path, understanding: Understanding
    ) -> None:
        content = tmp_path / "content"
        shutil.copytree(DIALOGUE_CONTENT, content)
        topic = content / "en" / "topics" / "sextortion.yaml"
        with topic.open("a") as file:
            file.write("tests:\n  - {say: how do i make a strong password, expect: sextortion}\n")
        faults = await asyncio.to_thread(every.understand, read_content(content).require())
        assert isinstance(faults, list)
        assert "got passwords" in faults[0].message
        assert not children_of(os.getpid(), "safetybot.apart.process")

    async def test_closed_while_it_starts_it_is_gone(self, dialogue_library: Library, tmp_path: Path) -> None:
        """A cold cache: it would learn for seconds, in yet another process."""
        every = Apart(tmp_path, lambda stage, done: None)
        starting = asyncio.create_task(asyncio.to_thread(every.understand, dialogue_library))
        async with asyncio.timeout(20):
            while not (numbers := children_of(os.getpid(), "safetybot.apart.process")):
                await asyncio.sleep(0.05)
        every.close()
        with pytest.raises(ChildProcessError):
            await starting
        await gone(numbers[0])
        with pytest.raises(ChildProcessError):  # content that was being read meanwhile
            await asyncio.to_thread(every.understand, dialogue_library)
        assert not children_of(os.getpid(), "safetybot.apart.process")


PROGRAM = """
import sys, time
from pathlib import Path
from safetybot.apart.child import Child
from safetybot.guidance.reader import read_content

if __name__ == "__main__":
    child = Child()
    print("started", flush=True)
    child.prepare(read_content(Path(sys.argv[1])).require(), Path(sys.argv[2]), lambda stage, done: None)
    print("prepared", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("prepared", [True, False])
async def test_it_ends_with_the_bot(
    prepared: bool, dialogue_cache: Path, understanding: Understanding, tmp_path: Path
) -> None:
    """Killed, nobody is left to tell it: neither while it waits for texts, nor while it learns."""
    cache = dialogue_cache if prepared else tmp_path / "cold"
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, str(program), str(DIALOGUE_CONTENT), str(cache)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as lines:
        assert lines.readline() == "started\n"
        (number,) = children_of(process.pid, "safetybot.apart.process")
        if prepared:
            assert lines.readline() == "prepared\n"
        else:
            deadline = time.monotonic() + 20
            while not children_of(number, "spawn_main"):  # the process that fits
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
        fits = children_of(number, "spawn_main")
        assert bool(fits) != prepared
        process.kill()
        process.wait()
        for each in (number, *fits):
            await gone(each)
