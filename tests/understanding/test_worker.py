"""Texts understood in a process of their own: the same answers, and none lost when that process is."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from safetybot.dialogue.effects import OpenCase
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.report_state import ReportStage, ReportState, Visit
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.reader import Library, read_content
from safetybot.understanding import worker_client as child_module
from safetybot.understanding.framing import Answered, WorkerRequest
from safetybot.understanding.remote import NotUnderstood, RemoteUnderstanding, WorkerManager
from safetybot.understanding.understanding import Understanding
from safetybot.understanding.worker_client import ProcessEnded, WorkerQueue
from safetybot.vault.codes import new_code
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


async def say(understanding: Understanding | RemoteUnderstanding, text: str, memory: Memory | None = None) -> Turn:
    return await understanding.respond(typed(text), memory or Memory(), MINUTE, offered=True, asks=False)


def process_of(remote: RemoteUnderstanding) -> int:
    """The number of the process that learnt what to answer with."""
    (number,) = children_of(os.getpid(), "safetybot.understanding.worker")
    return number


def answering(remote: RemoteUnderstanding) -> int:
    """The number of the process that answers."""
    (number,) = children_of(process_of(remote), "safetybot.understanding.worker")
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
async def remote(
    dialogue_library: Library, dialogue_cache: Path, understanding: Understanding
) -> AsyncIterator[RemoteUnderstanding]:
    """Started from the cache that ``understanding`` has filled."""
    made = RemoteUnderstanding(dialogue_library, dialogue_cache)
    assert not await asyncio.to_thread(made.start)
    yield made
    made.close()
    await asyncio.sleep(0)  # its end of the socket closes with the next turn of the loop


async def test_it_answers_as_one_in_this_process_does(
    remote: RemoteUnderstanding, understanding: Understanding
) -> None:
    for text in TEXTS:
        assert await say(remote, text) == await say(understanding, text)
    assert list(remote.wordings) == list(understanding.wordings)
    assert remote.first == understanding.first


async def test_what_is_remembered_goes_there_and_back(
    remote: RemoteUnderstanding, understanding: Understanding
) -> None:
    for which in (remote, understanding):
        first = await say(which, "they keep sending it")
        second = await say(which, "to everyone at school", Memory(first.session, first.fragment))
        assert second.session.sent == first.session.sent
        if which is remote:
            expected = second
    assert second == expected


async def test_many_at_once_each_get_their_own_answer(
    remote: RemoteUnderstanding, understanding: Understanding
) -> None:
    texts = [f"{text} {number}" for number in range(20) for text in TEXTS[:4]]
    turns = await asyncio.gather(*(say(remote, text) for text in texts))
    assert turns == [await say(understanding, text) for text in texts]


def test_it_works_on_the_loop_that_the_bot_runs_on(
    dialogue_library: Library, dialogue_cache: Path, understanding: Understanding
) -> None:
    async def main() -> Turn:
        made = RemoteUnderstanding(dialogue_library, dialogue_cache)
        assert not await asyncio.to_thread(made.start)
        try:
            return await say(made, TEXTS[1])
        finally:
            made.close()

    assert uvloop.run(main()) == asyncio.run(say(understanding, TEXTS[1]))


class TestAProcessThatEnds:
    @pytest.mark.parametrize("which", [process_of, answering])
    async def test_killed_another_answers(
        self,
        remote: RemoteUnderstanding,
        understanding: Understanding,
        caplog: pytest.LogCaptureFixture,
        which: Callable[[RemoteUnderstanding], int],
    ) -> None:
        await say(remote, "hello")
        first, answers = which(remote), answering(remote)
        os.kill(first, signal.SIGKILL)
        await gone(answers)  # with the one that learnt
        assert await say(remote, TEXTS[1]) == await say(understanding, TEXTS[1])
        assert which(remote) != first
        assert {*caplog.messages} == {"the process that understands texts ended, and is started anew"}

    async def test_killed_with_texts_in_hand_all_are_answered(
        self, remote: RemoteUnderstanding, understanding: Understanding
    ) -> None:
        await say(remote, "hello")
        waiting = [asyncio.create_task(say(remote, f"{TEXTS[1]} {number}")) for number in range(50)]
        await asyncio.wait(waiting[:1])
        os.kill(answering(remote), signal.SIGKILL)
        turns = await asyncio.gather(*waiting)
        assert turns == [await say(understanding, f"{TEXTS[1]} {number}") for number in range(50)]

    async def test_one_that_hangs_is_replaced(
        self, remote: RemoteUnderstanding, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child_module, "SILENT_SECONDS", 0.5)
        await say(remote, "hello")
        first = answering(remote)
        os.kill(first, signal.SIGSTOP)
        # The next one has more time: it is asked when it is ready.
        assert await say(remote, TEXTS[1]) == await say(understanding, TEXTS[1])
        await gone(first)

    @pytest.mark.slow
    async def test_one_that_has_much_to_do_does_not_hang(
        self, remote: RemoteUnderstanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who waits longest waits for all the others; as long as answers come, it goes on."""
        monkeypatch.setattr(child_module, "SILENT_SECONDS", 0.8)
        await say(remote, "hello")
        number, began = answering(remote), time.monotonic()
        await asyncio.gather(*(say(remote, f"{TEXTS[1]} {number}") for number in range(3_000)))
        assert time.monotonic() - began > 1.6
        assert answering(remote) == number

    async def test_where_the_next_one_ends_too_it_is_told_and_later_ones_are_tried(
        self, remote: RemoteUnderstanding, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        os.kill(process_of(remote), signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(ChildProcessError, match="is memory short"):
                await say(remote, TEXTS[1])
        monkeypatch.undo()
        assert await say(remote, TEXTS[1]) == await say(understanding, TEXTS[1])

    async def test_a_signal_to_all_processes_does_not_end_it(self, remote: RemoteUnderstanding) -> None:
        await say(remote, "hello")
        numbers = process_of(remote), answering(remote)
        for number in numbers:
            for each in (signal.SIGTERM, signal.SIGINT):
                os.kill(number, each)
        assert await say(remote, "hello")
        assert (process_of(remote), answering(remote)) == numbers

    async def test_closed_it_is_gone(self, remote: RemoteUnderstanding) -> None:
        await say(remote, "hello")
        numbers = process_of(remote), answering(remote)
        remote.close()
        for number in numbers:
            await gone(number)
        with pytest.raises(ProcessEnded):
            await say(remote, "hello")

    async def test_an_error_is_told_without_the_words(
        self, remote: RemoteUnderstanding, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.raises(NotUnderstood):
            await say(remote, "hello", Memory("no memory of Rosalind"))  # type: ignore[arg-type]
        assert caplog.messages == ["a text could not be answered: AttributeError"]
        assert await say(remote, "hello")  # and it goes on

    async def test_who_does_not_wait_any_more_takes_nobody_elses_answer(
        self, remote: RemoteUnderstanding, understanding: Understanding
    ) -> None:
        await say(remote, "hello")
        given_up = asyncio.create_task(say(remote, TEXTS[2]))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(say(remote, TEXTS[1]))
        await asyncio.sleep(0)
        given_up.cancel()
        assert await waiting == await say(understanding, TEXTS[1])


async def test_it_holds_none_of_our_settings(
    dialogue_library: Library, dialogue_cache: Path, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFETYBOT_TELEGRAM_TOKEN", "123:planted")
    made = RemoteUnderstanding(dialogue_library, dialogue_cache)
    assert not await asyncio.to_thread(made.start)
    environment = Path(f"/proc/{process_of(made)}/environ").read_bytes()
    made.close()
    assert b"PATH=" in environment
    assert b"SAFETYBOT" not in environment
    assert b"planted" not in environment


class TestChangedContent:
    @pytest.fixture
    async def every(self, dialogue_cache: Path) -> AsyncIterator[WorkerManager]:
        made = WorkerManager(dialogue_cache, lambda stage, done: None)
        yield made
        made.close()
        await asyncio.sleep(0)

    async def test_the_one_before_gives_the_answers_it_owes_and_ends(
        self, every: WorkerManager, dialogue_library: Library, understanding: Understanding
    ) -> None:
        before = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(before, RemoteUnderstanding)
        number = process_of(before)
        every.newest(before)
        waiting = [asyncio.create_task(say(before, TEXTS[1])) for _ in range(20)]
        await asyncio.sleep(0)
        after = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(after, RemoteUnderstanding)
        late = [asyncio.create_task(say(before, TEXTS[1])) for _ in range(20)]
        await asyncio.sleep(0)
        every.newest(after)
        answer = await say(understanding, TEXTS[1])
        assert await asyncio.gather(*waiting, *late) == [answer] * 40
        await gone(number)
        assert await say(after, TEXTS[1]) == answer

    async def test_one_that_nobody_waits_for_ends_at_once(
        self, every: WorkerManager, dialogue_library: Library
    ) -> None:
        before = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(before, RemoteUnderstanding)
        number = process_of(before)
        after = await asyncio.to_thread(every.understand, dialogue_library)
        assert isinstance(after, RemoteUnderstanding)
        every.newest(after)
        await gone(number)

    async def test_a_test_of_the_content_that_fails_is_told_and_its_process_is_gone(
        self, every: WorkerManager, tmp_path: Path, understanding: Understanding
    ) -> None:
        content = tmp_path / "content"
        shutil.copytree(DIALOGUE_CONTENT, content)
        topic = content / "en" / "topics" / "sextortion.yaml"
        with topic.open("a") as file:
            file.write("tests:\n  - {say: how do i make a strong password, expect: sextortion}\n")
        faults = await asyncio.to_thread(every.understand, read_content(content).require())
        assert isinstance(faults, list)
        assert "got passwords" in faults[0].message
        assert not children_of(os.getpid(), "safetybot.understanding.worker")

    async def test_closed_while_it_starts_it_is_gone(self, dialogue_library: Library, tmp_path: Path) -> None:
        """A cold cache: it would learn for seconds, in yet another process."""
        every = WorkerManager(tmp_path, lambda stage, done: None)
        starting = asyncio.create_task(asyncio.to_thread(every.understand, dialogue_library))
        async with asyncio.timeout(20):
            while not (numbers := children_of(os.getpid(), "safetybot.understanding.worker")):
                await asyncio.sleep(0.05)
        every.close()
        with pytest.raises(ChildProcessError):
            await starting
        await gone(numbers[0])
        with pytest.raises(ChildProcessError):  # content that was being read meanwhile
            await asyncio.to_thread(every.understand, dialogue_library)
        assert not children_of(os.getpid(), "safetybot.understanding.worker")


class TestFreshProcesses:
    """What people wrote goes with the process that understood it."""

    async def test_one_that_has_answered_is_replaced_and_nobody_waits(
        self, remote: RemoteUnderstanding, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child_module, "FRESH_SECONDS", 0.3)
        answer, seen = await say(understanding, TEXTS[1]), set[int]()
        learnt, until = process_of(remote), time.monotonic() + 2
        while time.monotonic() < until:
            began = time.monotonic()
            assert await say(remote, TEXTS[1]) == answer
            assert time.monotonic() - began < 1
            seen.update(children_of(learnt, "safetybot.understanding.worker"))
        assert len(seen) >= 4
        assert process_of(remote) == learnt

    async def test_one_that_nobody_asked_stays(
        self, remote: RemoteUnderstanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child_module, "FRESH_SECONDS", 0.3)
        await say(remote, "hello")
        first = answering(remote)
        await gone(first)
        second = answering(remote)
        await asyncio.sleep(1)
        assert answering(remote) == second

    async def test_the_one_before_gives_the_answers_it_owes(
        self, remote: RemoteUnderstanding, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child_module, "FRESH_SECONDS", 0.01)
        turns = await asyncio.gather(*(say(remote, TEXTS[1]) for _ in range(200)))
        assert turns == [await say(understanding, TEXTS[1])] * 200


HOSTILE = """#!{python}
import os, pickle, socket, struct, sys, time

import msgspec

class Boom:
    def __reduce__(self):
        return open, ({trace!r}, "w")

def framed(data):
    return struct.pack(">I", len(data)) + data

mark, control = sys.argv[0], socket.socket(fileno=int(sys.argv[-1]))
meaning = dict(danger=dict(sign="none", because="", emergency_probability=0.0, check_probability=0.0),
    decision="answer", choices=[dict(topic="sextortion", score=1.0, example="", similarity=1.0)],
    first_probability=1.0, three_probability=1.0, none_probability=0.0, urgent_probability=0.0, insult=False,
    foreign=False)
pack = msgspec.msgpack.encode
ANSWERS = dict(
    garbage=os.urandom(500),
    endless=struct.pack(">I", 0xFFFFFFFF) + b"x" * 1000,
    pickle=framed(pickle.dumps(Boom())),
    kinds=framed(pack(dict(meanings=[dict(meaning, insult="yes")]))),
    sign=framed(pack(dict(meanings=[dict(meaning, danger=dict(meaning["danger"], sign="calm"))]))),
    number=framed(pack(dict(meanings=[dict(meaning, first_probability=float("nan"))]))),
    topic=framed(pack(dict(meanings=[dict(meaning, choices=[dict(meaning["choices"][0], topic="none of ours")])]))),
    nothing=framed(pack(dict(meanings=[]))),
    many=framed(pack(dict(meanings=[meaning] * 2))),
    words=framed(pack(dict(failed="he said\\nERROR forged line"))),
)
if {kind!r} == "start":
    control.sendall(framed(pickle.dumps(Boom())))
    time.sleep(60)
length = struct.unpack(">I", control.recv(4, socket.MSG_WAITALL))[0]
control.recv(length, socket.MSG_WAITALL)
control.sendall(framed(pack(dict(ready=True))))
kept = []
while True:
    _, fds, _, _ = socket.recv_fds(control, 1, 1)
    if not fds:
        break
    kept.append(socket.socket(fileno=fds[0]))
    kept[-1].recv(1)
    kept[-1].sendall(ANSWERS[{kind!r}])
"""


class TestAHostileProcess:
    """Taken over by what it has read, it can at worst be replaced."""

    KINDS = ("garbage", "endless", "pickle", "kinds", "sign", "number", "topic", "nothing", "many", "words")

    @pytest.fixture
    def hostile(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
        def start(kind: str) -> None:
            program = tmp_path / "hostile"
            program.write_text(HOSTILE.format(python=sys.executable, trace=str(tmp_path / "ran"), kind=kind))
            program.chmod(0o700)
            monkeypatch.setattr(sys, "executable", str(program))

        return start

    @pytest.mark.parametrize("kind", KINDS)
    async def test_what_it_answers_runs_nothing_and_it_is_replaced(
        self,
        remote: RemoteUnderstanding,
        understanding: Understanding,
        hostile: Callable[[str], None],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        kind: str,
    ) -> None:
        await say(remote, "hello")
        real = answering(remote)
        hostile(kind)
        os.kill(process_of(remote), signal.SIGKILL)
        await gone(real)  # with the one that learnt
        with pytest.raises(ProcessEnded):
            await say(remote, TEXTS[1])
        assert not (tmp_path / "ran").exists()
        assert "forged" not in caplog.text
        monkeypatch.undo()
        assert await say(remote, TEXTS[1]) == await say(understanding, TEXTS[1])

    async def test_what_it_says_while_it_starts_runs_nothing(
        self, dialogue_library: Library, dialogue_cache: Path, hostile: Callable[[str], None], tmp_path: Path
    ) -> None:
        hostile("start")
        with pytest.raises(ChildProcessError):
            await asyncio.to_thread(RemoteUnderstanding(dialogue_library, dialogue_cache).start)
        assert not (tmp_path / "ran").exists()


class TestCodes:
    """Recognised here, they are for nobody else: the process that understands never has one in its memory."""

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        texts: list[str] = []
        ask = child_module.WorkerProcess.ask

        async def noting(
            child: child_module.WorkerProcess, asked: WorkerRequest, lane: WorkerQueue = WorkerQueue.SHORT
        ) -> Answered:
            texts.extend(asked.read())
            return await ask(child, asked, lane)

        monkeypatch.setattr(child_module.WorkerProcess, "ask", noting)
        return texts

    @pytest.mark.parametrize("form", ["{}", "/mycode {}", " {}. ", "/code {}"])
    @pytest.mark.parametrize("stage", [ReportStage.NONE, ReportStage.CODE, ReportStage.WRITING])
    async def test_one_that_is_typed_stays_here(
        self, remote: RemoteUnderstanding, asked: list[str], form: str, stage: ReportStage
    ) -> None:
        code = " ".join(new_code().words)
        memory = Memory(
            kept=ReportState(visit=Visit(MINUTE, stage, case="c" if stage is ReportStage.WRITING else None))
        )
        for text in (code, code.upper(), code.replace(" ", "-"), code.replace(" ", "")):
            turn = await say(remote, form.format(text), memory)
            assert asked == []
            assert stage is ReportStage.WRITING or isinstance(turn.effect, OpenCase)

    async def test_in_a_report_too(self, remote: RemoteUnderstanding, asked: list[str]) -> None:
        begun = await say(remote, "/report")
        assert begun.kept is not None
        asked.clear()
        await say(remote, " ".join(new_code().words), Memory(kept=begun.kept))
        assert asked == []

    async def test_with_a_slip_it_stays_here_where_one_was_asked_for(
        self, remote: RemoteUnderstanding, asked: list[str]
    ) -> None:
        first, *rest = new_code().words
        await say(
            remote, " ".join([first[:-1] + "x", *rest]), Memory(kept=ReportState(visit=Visit(MINUTE, ReportStage.CODE)))
        )
        assert asked == []

    async def test_words_around_one_are_judged(self, remote: RemoteUnderstanding, asked: list[str]) -> None:
        text = " ".join(new_code().words) + " and i want to die"
        await say(remote, text)
        assert asked == [text]


PROGRAM = """
import sys, time
from pathlib import Path
from safetybot.understanding.worker_client import WorkerProcess
from safetybot.understanding.framing import WorkerRequest
from safetybot.matching.corpus import Corpus
from safetybot.guidance.reader import read_content

if __name__ == "__main__":
    child = WorkerProcess()
    print("started", flush=True)
    guidance = read_content(Path(sys.argv[1])).require().languages["en"]
    child.prepare({"en": Corpus.of(guidance)}, Path(sys.argv[2]), lambda stage, done: None)
    child.read(WorkerRequest.of("en", ["hello"]))
    answers = child.another()
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
    forks: list[int] = []
    with process.stdout as lines:
        assert lines.readline() == "started\n"
        (number,) = children_of(process.pid, "safetybot.understanding.worker")
        if prepared:
            assert lines.readline() == "prepared\n"
            while not (forks := children_of(number, "safetybot.understanding.worker")):
                await asyncio.sleep(0.02)
        else:
            deadline = time.monotonic() + 20
            while not children_of(number, "spawn_main"):  # the process that fits
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
        fits = children_of(number, "spawn_main")
        assert bool(fits) != prepared
        process.kill()
        process.wait()
        for each in (number, *fits, *forks):
            await gone(each)
