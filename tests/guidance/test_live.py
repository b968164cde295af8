"""Editors save, break, mend and delete while the bot runs."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from safetybot.guidance.faults import ContentError, Fault
from safetybot.guidance.live import LiveContent, content_hash, stamp
from safetybot.guidance.reader import Library, read_content

from .conftest import BULLYING, FIXTURE, PASSWORDS, TODAY, Content

OLD = "title: I want a safe password"


def read(folder: Path) -> Library:
    return read_content(folder, today=TODAY)


def title(library: Library) -> str:
    """What stands for the fitted matchers here."""
    return library.languages["en"].topics["passwords"].title


def watch(
    content: Content, prepare: Callable[[Library], str | list[Fault]] = title, interval: float = 0.05
) -> LiveContent[str]:
    return LiveContent(content.folder, prepare, interval, read=read)


async def until(true: Callable[[], bool], within: float = 2) -> None:
    """Wait until something holds, and fail if it does not within two seconds."""
    ends = time.monotonic() + within
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        await asyncio.sleep(0.01)


async def test_a_valid_save_is_live_within_two_seconds_at_the_usual_pace(content: Content) -> None:
    async with watch(content, interval=0.5) as live:
        assert live.current == "I want a safe password"
        assert live.faults == ()
        content.change(PASSWORDS, OLD, "title: My password")
        await until(lambda: live.current == "My password")
        assert live.live.library.languages["en"].topics["passwords"].title == "My password"


async def test_a_broken_save_leaves_the_old_and_is_told(content: Content, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Sequence[Fault]] = []
    live = LiveContent(content.folder, title, 0.05, read=read, told=told.append)
    async with live:
        content.change(PASSWORDS, OLD, "title: Help: me")
        await until(lambda: live.faults != ())
        assert live.current == "I want a safe password"
        assert [fault.message for fault in live.faults] == ["Colon inside text. Put quotes around it."]
        assert told == [(), live.faults]
        assert f"{content.folder.as_posix()}/{PASSWORDS}:2:12: Colon inside" in caplog.text
        content.change(PASSWORDS, "title: Help: me", 'title: "Help: me"')
        await until(lambda: live.current == "Help: me")
        assert live.faults == ()


async def test_an_undone_mistake_clears_the_faults_without_preparing_again(content: Content) -> None:
    prepared: list[str] = []

    def prepare(library: Library) -> str:
        prepared.append(title(library))
        return prepared[-1]

    async with watch(content, prepare) as live:
        before = live.live
        content.change(PASSWORDS, "urgency: normal", "urgency: Now")
        await until(lambda: live.faults != ())
        content.change(PASSWORDS, "urgency: Now", "urgency: normal")
        await until(lambda: live.faults == ())
        assert live.live is before
        assert len(prepared) == 1


async def test_faults_found_by_prepare_keep_the_old(content: Content) -> None:
    def prepare(library: Library) -> str | list[Fault]:
        if title(library) == "My password":
            return [library.topic_fault("en", "passwords", ("tests", 0, "say"), "'how…' got greeting (88).")]
        return title(library)

    async with watch(content, prepare) as live:
        content.change(PASSWORDS, OLD, "title: My password")
        await until(lambda: live.faults != ())
        assert (live.current, live.faults[0].line) == ("I want a safe password", 12)


@pytest.mark.parametrize("error", [RuntimeError("boom"), ContentError([Fault("f", 1, 1, "Boom.")]), RecursionError()])
async def test_an_exception_in_prepare_does_not_end_the_watching(content: Content, error: Exception) -> None:
    def prepare(library: Library) -> str:
        if title(library) == "My password":
            raise error
        return title(library)

    async with watch(content, prepare) as live:
        content.change(PASSWORDS, OLD, "title: My password")
        await until(lambda: live.faults != ())
        assert live.current == "I want a safe password"
        content.change(PASSWORDS, "title: My password", "title: My own password")
        await until(lambda: live.current == "My own password")
        assert live.faults == ()


async def test_an_exception_in_told_does_not_end_the_watching(content: Content) -> None:
    calls = 0

    def told(faults: Sequence[Fault]) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("boom")

    live = LiveContent(content.folder, title, 0.05, read=read, told=told)
    async with live:
        content.change(PASSWORDS, OLD, "title: My password")
        await until(lambda: calls == 2)
        content.change(PASSWORDS, "title: My password", "title: My own password")
        await until(lambda: live.current == "My own password")


async def test_the_folder_vanishes_and_returns(content: Content) -> None:
    async with watch(content) as live:
        shutil.rmtree(content.folder)
        await until(lambda: live.faults != ())
        assert live.current == "I want a safe password"
        shutil.copytree(FIXTURE, content.folder)
        content.change(PASSWORDS, OLD, "title: My password")
        await until(lambda: live.current == "My password")
        assert live.faults == ()


async def test_a_file_is_deleted_and_restored(content: Content) -> None:
    text = content.text("en/danger.yaml")
    async with watch(content) as live:
        (content.folder / "en/danger.yaml").unlink()
        await until(lambda: live.faults != ())
        content.write("en/danger.yaml", text)
        await until(lambda: live.faults == ())


async def test_a_new_topic_and_a_new_language_go_live(content: Content) -> None:
    async with watch(content) as live:
        (content.folder / "fr/topics").mkdir(parents=True)
        content.write("fr/topics/greeting.yaml", content.text("cy/topics/greeting.yaml"))
        await until(lambda: "fr" in live.live.library.languages)


async def test_a_file_written_bit_by_bit_is_live_in_the_end(content: Content) -> None:
    text = content.text(PASSWORDS).replace(OLD, "title: My password")
    async with watch(content) as live:
        with (content.folder / PASSWORDS).open("w") as file:
            for at in range(0, len(text), 40):
                file.write(text[at : at + 40])
                file.flush()
                await asyncio.sleep(0.02)
                assert live.current in ("I want a safe password", "My password")
        await until(lambda: live.current == "My password")
        assert live.faults == ()


async def test_a_save_by_renaming_is_seen_though_size_and_time_stay(content: Content) -> None:
    file = content.folder / PASSWORDS
    before = file.stat()
    other = content.folder / "en/topics/.new"
    other.write_text(content.text(PASSWORDS).replace("I want a safe", "I need a safe"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    async with watch(content) as live:
        other.rename(file)
        await until(lambda: live.current == "I need a safe password")


async def test_a_save_without_a_change_reads_nothing(content: Content) -> None:
    reads = 0

    def counted(folder: Path) -> Library:
        nonlocal reads
        reads += 1
        return read(folder)

    async with LiveContent(content.folder, title, 0.05, read=counted):
        (content.folder / PASSWORDS).touch()
        await asyncio.sleep(0.4)
        assert reads == 1


async def test_a_warning_goes_live_and_is_told(content: Content) -> None:
    async with watch(content) as live:
        content.change(PASSWORDS, "due: 2027-03-01", "due: 2026-07-01")
        await until(lambda: live.faults != ())
        assert live.faults[0].severity == "warning"
        assert live.live.library.languages["en"].topics["passwords"].review.due.year == 2026


async def test_start_with_broken_content_raises(content: Content) -> None:
    content.change(BULLYING, "urgency: normal", "urgency: Now")
    live = watch(content)
    with pytest.raises(ContentError, match=r"Use normal, high or emergency\."):
        await live.start()
    with pytest.raises(RuntimeError):
        _ = live.current


async def test_it_answers_while_content_is_prepared(content: Content) -> None:
    def prepare(library: Library) -> str:
        time.sleep(0.6)
        return title(library)

    async with watch(content, prepare) as live:
        content.change(PASSWORDS, OLD, "title: My password")
        longest, last = 0.0, time.monotonic()
        while live.current != "My password":
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        assert longest < 0.5


async def test_stopping_ends_the_watching(content: Content) -> None:
    live = watch(content)
    await live.start()
    await live.stop()
    await live.stop()
    content.change(PASSWORDS, OLD, "title: My password")
    await asyncio.sleep(0.3)
    assert live.current == "I want a safe password"


def test_stamp_and_hash_of_a_folder_that_is_gone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert stamp(tmp_path / "gone") == ()
    assert content_hash(tmp_path / "gone") == content_hash(tmp_path)
