"""Following the folder: faults at once, answers when learnt, and the last good ones while something is wrong."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

from safetybot.matching.encoder import SentenceEncoder
from tests.editing.preview.room import Room
from tests.guidance.conftest import PASSWORDS, SEXTORTION, Content


async def test_a_save_is_seen_within_two_seconds_and_the_last_good_content_answers(room: Room) -> None:
    assert "All is right" in (await room.get("/")).words
    before = room.watcher.answering
    begun = time.monotonic()
    room.content.change(SEXTORTION, "urgency: high", "urgency: Now")
    await room.faulty()
    assert time.monotonic() - begun < 2
    page = await room.get("/faults")
    assert "Use normal, high or emergency." in page.words
    line = room.content.line(SEXTORTION, "urgency")
    assert f"line {line}, column 10" in page.words
    assert "urgency: <mark>Now</mark>" in page.html
    assert "1 fault" in (await room.get("/")).words
    assert room.watcher.answering is before
    tried = await room.attempt("someone is blackmailing me with my nudes")
    assert "This answers with the last content that was right" in tried.words
    assert "This is blackmail" in tried.words
    room.content.change(SEXTORTION, "urgency: Now", "urgency: high")
    room.content.change(SEXTORTION, "This is blackmail, and", "This is a crime, and")
    await room.faulty(bad=False)
    await room.learnt()
    assert "This is a crime" in (await room.attempt("someone is blackmailing me with my nudes")).words


async def test_who_asks_for_changes_is_answered_when_there_are_some(room: Room) -> None:
    asked = asyncio.create_task(room.client.get("/changes", params={"key": room.watcher.key}))
    await asyncio.sleep(0)
    assert not asked.done()
    room.content.change(PASSWORDS, "title: I want a safe password", "title: I want a safer password")
    told = (await asked).json()
    assert told["number"] <= room.watcher.number
    assert told["key"] != ""
    await room.until(lambda: "safer" in room.watcher.seen.library.languages["en"].topics["passwords"].title)
    assert "I want a safer password" in (await room.get("/")).words


async def test_an_open_form_is_told_that_its_file_changed(room: Room) -> None:
    form = (await room.get("/topics/en/passwords/edit")).form("/topics/en/passwords/edit")
    ask = {"key": "", "file": "en/passwords", "base": form.values["base"]}
    assert (await room.client.get("/changes", params=ask)).json()["changed"] is False
    room.content.change(PASSWORDS, "group: accounts", "group: gaming")
    assert (await room.client.get("/changes", params=ask)).json()["changed"] is True


async def test_a_failing_test_is_told_and_the_page_learns_in_the_background(room: Room) -> None:
    before = room.watcher.answering
    room.content.change(PASSWORDS, "say: how do I make my password stronger", "say: he wants money for my nude")
    await room.until(lambda: any("wanted passwords" in fault.message for fault in room.watcher.seen.faults))
    page = await room.get("/topics/en/passwords")
    assert "Add examples like it to passwords" in page.words
    assert "1 fault" in page.words
    await room.learnt()
    assert room.watcher.answering is before


async def test_it_starts_with_content_that_is_wrong(tmp_path: Path, content: Content, encoder: SentenceEncoder) -> None:
    content.change(PASSWORDS, "id: passwords", "id:passwords")
    async with Room(content, tmp_path, encoder) as room:
        assert "Add a space after the colon." in (await room.get("/faults")).words
        assert "1 fault" in (await room.get("/")).words
        assert "This is blackmail" in (await room.get("/topics/en/sextortion")).words
        assert "There is nothing to answer with" in (await room.get("/try")).words
        for path in ("/topics/en/passwords", "/topics/en/passwords/edit"):
            assert "Add a space after the colon." in (await room.get(path)).words
        shutil.rmtree(content.folder / "en")
        await room.until(lambda: "missing" in str(room.watcher.seen.faults))
        assert "This folder is missing" in (await room.get("/faults")).words


async def test_tests_are_not_run_and_nothing_is_lost_while_it_learns(
    tmp_path: Path, content: Content, encoder: SentenceEncoder
) -> None:
    def never() -> None:
        raise OSError(28, "No space left on device")

    async with Room(content, tmp_path, encoder, fitter=never) as room:  # type: ignore[arg-type]
        await room.until(lambda: any("could not be learnt" in fault.message for fault in room.watcher.seen.faults))
        before = content.text(PASSWORDS)
        asks = (await room.get("/topics/en/passwords/edit")).form("/topics/en/passwords/edit").values["asks"]
        refused = await room.edit("passwords", asks=f"{asks}\nwhat is a passphrase")
        assert refused.status == 409
        assert "still being learnt" in refused.words
        assert "what is a passphrase" in refused.form("/topics/en/passwords/edit").values["asks"]
        assert content.text(PASSWORDS) == before
        assert (await room.edit("passwords", title="Safe passwords")).status == 303  # words alone need no test
