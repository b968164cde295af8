"""Trying a message, and adding it as an example or a test."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from safetybot.editing.preview.unanswered import UnansweredSource
from safetybot.service.unanswered import Words, seal_words
from safetybot.storage import unanswered
from safetybot.storage.database import sqlite_engine
from safetybot.storage.unanswered import SealedWords
from safetybot.vault.sealing import KeyPair
from tests.editing.preview.room import Room
from tests.guidance.conftest import BULLYING, PASSWORDS, SEXTORTION

MESSAGE = "some1 sed they wil post my nude unles i pay"


async def test_a_message_shows_what_it_gets_and_why(room: Room) -> None:
    page = await room.attempt(MESSAGE)
    meant = room.watcher.answering.understanding.interpreters["en"].interpret(MESSAGE)  # type: ignore[union-attr]
    for reason in meant.reasons():
        assert " ".join(reason.split()) in page.words
    for choice in meant.match.choices:
        assert f"{choice.score * 100:.0f} %" in page.words
        assert choice.example in page.words
    assert page.form("/try/add").values["topic"] == f"en/{meant.match.choices[0].topic}"
    emergency = await room.attempt(room.watcher.seen.library.languages["en"].danger.emergency[0])
    assert "the emergency card comes first" in emergency.words
    assert 'href="tel:999"' in emergency.html


async def test_an_example_goes_into_the_file_and_is_learnt(room: Room) -> None:
    before = room.content.text(SEXTORTION)
    page = await room.add('he said: "pay" or #school sees it\n\n👀  ')
    assert page.status == 200, page.words
    assert "Added as an example of “Someone is threatening to share my pictures”" in page.words
    line = '  - "he said: \\"pay\\" or #school sees it 👀"\n'
    assert room.content.text(SEXTORTION) == before + line
    await room.until(
        lambda: "👀" in str(room.watcher.answering and room.watcher.answering.library.languages["en"].topics)
    )
    assert "100 %" in (await room.attempt('he said: "pay" or #school sees it 👀')).words


async def test_a_test_goes_into_the_file_of_its_topic(room: Room) -> None:
    page = await room.add("should I pay the person who has my nude", "test", topic="en/sextortion")
    assert page.status == 200, page.words
    wanted = "  - say: should I pay the person who has my nude\n    expect: sextortion\nasks:"
    assert wanted in room.content.text(SEXTORTION)


async def test_what_would_be_wrong_is_refused_with_the_fault_and_kept(room: Room) -> None:
    names = (SEXTORTION, BULLYING, PASSWORDS)
    before = [room.content.text(name) for name in names]
    twice = await room.add("I forgot my password", topic="en/sextortion")
    assert twice.status == 422
    assert "Also in passwords.yaml" in twice.words
    assert twice.form("/try/add").values["text"] == "I forgot my password"
    assert twice.form("/try/add").values["topic"] == "en/sextortion"
    fails = await room.add("I forgot my password", "test", topic="en/sextortion")
    assert fails.status == 422
    assert "wanted sextortion" in fails.words
    nowhere = await room.add(MESSAGE, topic="en/../../helplines")
    assert nowhere.status == 422
    assert "Choose a topic first." in nowhere.words
    empty = await room.post("/try/add", (await room.attempt(MESSAGE)).form("/try/add").values | {"text": " \n "})
    assert empty.status == 422
    assert [room.content.text(name) for name in names] == before


async def test_a_message_is_in_no_log_address_or_file(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "zebra77 says my name is Tobias"
    page = await room.attempt(secret)
    assert secret in page.words
    await room.add(secret, topic="en/none")
    assert "zebra77" not in caplog.text
    assert "zebra77" not in str(page.response.headers) + str(page.response.url)
    assert not any("zebra77" in path.read_text("utf-8") for path in room.content.folder.rglob("*.yaml"))


async def test_what_is_tried_stays_words(room: Room) -> None:
    text = '"><script>alert(1)</script>/report <b onclick=x>'
    page = await room.attempt(text)
    assert text in page.words
    assert page.form("/try").values["text"] == text
    assert page.form("/try/add").values["text"] == text


class TestWhatHadNoAnswer:
    WORDS = "zebra how do i lock <b>my</b> diary app"

    @pytest.fixture
    async def keyed(self, room: Room, empty_database: Path) -> Room:
        """The page, started with the editors' key; one message waits, and one that is sealed to another key."""
        shutil.copy(empty_database, room.database)
        pair = KeyPair.new()
        engine = sqlite_engine(room.database)
        async with engine.begin() as connection:
            for number, key in enumerate((pair, KeyPair.new())):
                sealed = seal_words(Words(self.WORDS, "passwords", "en"), key.public)
                await unanswered.add(connection, SealedWords(f"{number:032}", "2026-11-20", sealed))
        await engine.dispose()
        object.__setattr__(room.parts, "asked", UnansweredSource(room.database, pair))
        return room

    async def test_it_becomes_an_example_and_is_gone(self, keyed: Room, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        assert "2 messages had no answer" in (await keyed.get("/")).words
        page = await keyed.get("/unanswered")
        assert "Nearest: I want a safe password (1)" in page.words
        assert self.WORDS in page.words
        assert "1 more is sealed to another key" in page.words
        tried = await keyed.post("/try", page.form("/try").values)
        assert tried.form("/try/add").values["topic"] == "en/passwords"
        added = await keyed.post("/try/add", tried.form("/try/add").values | {"kind": "example"})
        assert "Added as an example" in added.words
        assert self.WORDS in keyed.content.text(PASSWORDS)
        assert self.WORDS not in (await keyed.get("/unanswered")).words
        assert await keyed.parts.asked.waiting() == 1
        assert "zebra" not in caplog.text

    async def test_it_is_deleted_by_a_form_of_ours_alone(self, keyed: Room) -> None:
        values = (await keyed.get("/unanswered")).form("/unanswered/delete").values
        assert (await keyed.post("/unanswered/delete", values | {"token": "guessed"})).status == 409
        assert (await keyed.post("/unanswered/delete", values, origin="https://evil.example")).status == 403
        assert await keyed.parts.asked.waiting() == 2
        assert (await keyed.post("/unanswered/delete", values)).status == 303
        assert await keyed.parts.asked.waiting() == 1

    async def test_without_the_key_nothing_is_shown_or_deleted(self, keyed: Room) -> None:
        object.__setattr__(keyed.parts, "asked", UnansweredSource(keyed.database))
        page = await keyed.get("/unanswered")
        assert "2 messages wait" in page.words
        assert "zebra" not in page.html
        assert (await keyed.post("/unanswered/delete", {"token": keyed.parts.token, "id": "0" * 32})).status == 404
        keyed.database.unlink()
        assert "No messages wait" in (await keyed.get("/unanswered")).words
