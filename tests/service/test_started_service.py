"""All parts put together: started from settings alone, killed, started again."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from safetybot.app import Started, started_service
from safetybot.dialogue.messages import Incoming, Reply
from safetybot.guidance import live
from safetybot.guidance.faults import ContentError
from safetybot.matching import encoder
from safetybot.matching.fitter import make_fitter
from safetybot.settings import Settings
from safetybot.understanding.understanding import Understanding
from safetybot.vault.server_secret import SecretFileError, WrongSecret
from tests.talking import DIALOGUE_CONTENT


@pytest.fixture
def settings(tmp_path: Path, understanding: Understanding, dialogue_cache: Path) -> Settings:
    """Content of its own, already fitted."""
    settings = Settings(data=tmp_path / "data", content=tmp_path / "content")
    shutil.copytree(DIALOGUE_CONTENT, settings.content)
    shutil.copytree(dialogue_cache, settings.cache)
    return settings


def said(reply: Reply | None) -> str:
    assert reply is not None
    return reply.messages[0].text


async def told(started: Started, incoming: Incoming, shown: Sequence[int] | None = None) -> Reply | None:
    """What answers. ``shown``: the numbers of what is shown; None where nothing is."""
    async with started.service.turn(incoming.channel, incoming.chat) as turn:
        reply = await turn.reply(incoming)
        if shown is not None:
            turn.delivered(shown)
        return reply


HELLO = Incoming("web", "1", text="hello")


async def test_it_makes_what_it_needs_and_answers(settings: Settings) -> None:
    shutil.rmtree(settings.cache)
    stages: set[str] = set()
    async with started_service(settings, lambda stage, done: stages.add(stage)) as started:
        assert said(await told(started, HELLO)).startswith("Hi. I'm a bot.")
        assert list(started.service.languages) == ["en", "cy"]
    assert stages
    assert settings.database.stat().st_mode & 0o777 == 0o600
    assert (settings.data / "secrets" / "server.key").stat().st_mode & 0o777 == 0o600
    made = {path.name for path in settings.data.iterdir()}
    assert made == {"safetybot.sqlite3", "database.id", "secrets", "cache"}  # no log of SQLite's stays


async def test_the_second_start_fits_nothing(settings: Settings) -> None:
    stages: set[str] = set()
    for _ in range(2):
        async with started_service(settings, lambda stage, done: stages.add(stage)) as started:
            assert await told(started, HELLO)
    assert not stages


async def test_saved_content_answers_without_a_restart(settings: Settings) -> None:
    greeting = settings.content / "en" / "topics" / "greeting.yaml"
    async with started_service(settings) as started:
        greeting.write_text(greeting.read_text().replace("Hi. I'm a bot.", "Hello, I am a bot."))
        async with asyncio.timeout(20):
            while not said(await told(started, HELLO)).startswith("Hello, I am a bot."):
                await asyncio.sleep(0.1)


async def test_content_that_changes_while_it_is_read_leaves_no_process_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def understand() -> int:
        alive = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
        return sum("safetybot.understanding.worker" in each.cmdline() for each in alive)

    numbers = itertools.count()
    monkeypatch.setattr(live, "content_hash", lambda folder: str(next(numbers)).encode())
    greeting = settings.content / "en" / "topics" / "greeting.yaml"
    text, words = greeting.read_text(), "Hi. I'm a bot."
    async with started_service(settings) as started:
        for number in range(3):
            greeting.write_text(text.replace(words, f"Hello {number}."))
            async with asyncio.timeout(20):
                while not said(await told(started, HELLO)).startswith(f"Hello {number}."):
                    await asyncio.sleep(0.1)
            assert understand() == 1
    assert understand() == 0


async def test_content_that_is_not_valid_is_told_at_the_start(settings: Settings) -> None:
    (settings.content / "en" / "wording.yaml").unlink()
    with pytest.raises(ContentError):
        async with started_service(settings):
            pytest.fail("it started")


async def test_a_secret_that_is_missing_is_not_replaced(settings: Settings) -> None:
    """Where the database was used with one, no other is left in its place."""
    async with started_service(settings):
        pass
    right = settings.secret.read_bytes()
    settings.secret.unlink()
    with pytest.raises(WrongSecret, match="put the secret back"):
        async with started_service(settings):
            pass
    assert not settings.secret.exists()
    settings.secret.write_bytes(right)
    settings.secret.chmod(0o600)
    async with started_service(settings):
        pass


async def test_a_secret_that_others_can_read_is_told_at_the_start(settings: Settings) -> None:
    secret = settings.data / "secrets" / "server.key"
    secret.parent.mkdir(parents=True)
    secret.write_bytes(bytes(32))
    secret.chmod(0o644)
    with pytest.raises(SecretFileError):
        async with started_service(settings):
            pytest.fail("it started")


def test_without_the_encoder_it_says_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_fitter(settings.cache)
    assert not caplog.records
    monkeypatch.setattr(encoder, "_FOLDER", tmp_path)
    make_fitter(settings.cache)
    assert "the sentence encoder is missing" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


PROGRAM = """
import asyncio, sys
from pathlib import Path
from safetybot.dialogue.messages import Incoming
from safetybot.app import started_service
from safetybot.settings import Settings

def typed(number):
    return Incoming("telegram", "1", text="hello", update_id=number, message_id=10 * number)

async def tell(started, incoming, shown=None):
    async with started.service.turn(incoming.channel, incoming.chat) as turn:
        await turn.reply(incoming)
        if shown:
            turn.delivered(shown)

async def main():
    settings = Settings(data=Path(sys.argv[1]), content=Path(sys.argv[2]))
    async with started_service(settings) as started:
        await tell(started, Incoming("telegram", "1", press="age:under-11", update_id=1), [11])
        await tell(started, typed(2), [21])
        await tell(started, typed(3))
        await tell(started, Incoming("telegram", "1", text="/hide", update_id=4, message_id=40))
        await started.service.committed()
        await tell(started, typed(5), [51])
        print("said", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_killed_it_goes_on_from_its_last_commit(settings: Settings) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(settings.data), str(settings.content),
        stdout=asyncio.subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"said\n"
    process.send_signal(signal.SIGKILL)
    await process.communicate()

    def typed(number: int, text: str = "hello") -> Incoming:
        return Incoming("telegram", "1", text=text, update_id=number, message_id=10 * number)

    async with started_service(settings) as started:
        for number in (1, 2):  # answered and delivered
            assert await told(started, typed(number)) is None
        assert said(await told(started, typed(3))).startswith("Hi. I'm a bot.")  # answered, not delivered
        hide = await told(started, typed(4, "/hide"))
        assert hide is not None
        assert {11, 20, 21, 30, 40} <= set(hide.delete)
        answer = await told(started, Incoming("telegram", "1", press="topic:sextortion"))
        assert said(answer).startswith("Someone is being unkind")  # under 11, as was said before


async def test_several_may_run_on_the_same_files(settings: Settings) -> None:
    """So do the terminal and the Telegram bot of one installation."""
    async with started_service(settings) as one, started_service(settings) as other:
        for number in range(20):
            started = (one, other)[number % 2]
            incoming = Incoming("telegram", str(number), text="hello", update_id=number)
            assert await told(started, incoming, [number])
        await one.service.committed()
        await other.service.committed()
        repeated = [Incoming("telegram", "x", text="hello", update_id=number) for number in range(20)]
        again = [await told(one, incoming) for incoming in repeated]
        assert again == [None] * 20
