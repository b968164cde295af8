"""What the security review found (docs/security.md), each mended: none of it may come back."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safetybot.channels.telegram.rendering import TEXT_MAX, render, units
from safetybot.channels.telegram.webhook import Webhook, WebhookAddress
from safetybot.dialogue.effects import NotDone, OpenCase, Outcome, WrongCode
from safetybot.dialogue.masking import mask
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.report_state import ReportState
from safetybot.dialogue.session import ChatKeys, SealedDataError, Session
from safetybot.dialogue.transcript import Transcript, TranscriptError
from safetybot.dialogue.turn import Turn
from safetybot.editing.yaml_edit import changed, put
from safetybot.editing.yaml_splice import EditRefusedError
from safetybot.http.forms import TooLarge, read_form
from safetybot.matching.cache import MatcherCache
from safetybot.reports.handles import find_handles
from safetybot.service.code_attempts import PLACES
from safetybot.service.report_service import ReportService
from safetybot.settings import SettingError, read_settings
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.vault.chunks import join
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import new_code
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.sealing import CannotOpen
from safetybot.vault.server_secret import read_or_make_secret
from tests.fuzz.asking import FORM, ask
from tests.fuzz.sealed import KEYS, _chats
from tests.reports.office import CHEAP

DEEP = b"[" * 200_000
"""JSON deeper than Python reads."""


def effort(work: Callable[[], object]) -> float:
    """How long it takes, in the time of an empty loop of 200,000 turns: about 4 ms, more on a machine that is busy.

    The least of three times, for what else the machine does only adds to it.
    """
    return min(_once(work) for _ in range(3))


def _once(work: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(200_000):
        pass
    turned = time.process_time()
    work()
    return (time.process_time() - turned) / (turned - begun)


class TestPatternsThatAreSlow:
    """A message of 1,200 letters must not keep everybody else waiting: some took a second and a half, each time."""

    @pytest.mark.parametrize(
        "piece", ["@", "a@", "a.", "-a", "1.", "one-", "a_", "http://", "www.", "(1", "@.a", " a", "\ufdfa"]
    )
    def test_masking(self, piece: str) -> None:
        text = (piece * 1200)[:1200]
        assert effort(lambda: mask(text, {"a", "one"}.__contains__)) < 100

    @pytest.mark.parametrize("text", ["a b " * 250, "apricot " * 125, "zq " * 330, ("apple " * 5 + "zq ") * 28])
    def test_reading_a_code(self, text: str) -> None:
        assert effort(lambda: parse(text)) < 25

    def test_a_long_list_of_lines_for_telegram(self) -> None:
        lines = Outgoing("a\n" * 4_000)
        assert effort(lambda: render(lines)) < 60
        parts = render(lines)
        assert len(parts) == 2
        assert all(units(part.text) <= TEXT_MAX for part in parts)

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("mail sam@mail.com now", "mail [link] now"),
            ("a@b@c.d", "[link]"),
            ("see x..a.com/y ok", "see [word].. [link] ok"),
            ("go to -a.com", "go to [link]"),
            ("it is my_name_x ok", "it is [handle] ok"),
            ("open https://a.b and www.x.y", "open [link] and [link]"),
            ("no@ @no", "no [handle]"),
        ],
    )
    def test_masks_as_before(self, text: str, kept: str) -> None:
        known = {"mail", "now", "see", "ok", "go", "to", "it", "is", "my", "open", "and", "no"}
        assert mask(text, known.__contains__).text == kept


class TestSealedThings:
    @pytest.mark.parametrize(
        ("kind", "open_it"),
        [
            (b"session", KEYS.open_session),
            (b"fragment", KEYS.open_fragment),
            (b"transcript", KEYS.open_transcript),
            (b"drafts", lambda envelope: KEYS.open_kept(envelope, None)),
            (b"visits", lambda envelope: KEYS.open_kept(None, envelope)),
        ],
    )
    def test_too_deep(self, kind: bytes, open_it: Callable[[bytes], object]) -> None:
        envelope = _chats(kind, DEEP)
        with pytest.raises(SealedDataError):
            open_it(envelope)

    def test_a_page_or_a_message_in_parts_too_deep(self) -> None:
        with pytest.raises(TranscriptError):
            Transcript.from_bytes(DEEP)
        with pytest.raises(CannotOpen):
            join([{"part": 1, "of": 1, "text": DEEP.decode()}])

    def test_keys_are_not_shown(self) -> None:
        assert "Chat" in repr(KEYS)
        assert KEYS.sealing.hex() not in repr(ChatKeys(KEYS.lookup, KEYS.sealing))


class TestSettings:
    @pytest.mark.parametrize("name", ["WEB_PORT", "DESK_PORT", "PREVIEW_PORT"])
    def test_a_port_of_thousands_of_digits(self, name: str) -> None:
        with pytest.raises(SettingError, match=name):
            read_settings({f"SAFETYBOT_{name}": "9" * 5_000}, None)

    @pytest.mark.parametrize("path", ["\0", "/dev/zero"])
    def test_a_file_that_holds_no_secret(self, path: str) -> None:
        with pytest.raises(SettingError, match="TELEGRAM_TOKEN_FILE"):
            read_settings({"SAFETYBOT_TELEGRAM_TOKEN_FILE": path}, None)


class TestLengthsThatAreNone:
    """uvicorn refuses such a header before us; an ASGI server that does not must not bring the page down."""

    async def test_a_webhook(self) -> None:
        async def written() -> None:
            await asyncio.sleep(0)

        address = WebhookAddress.of("https://bot.example.org", bytes(32))
        headers = [
            (b"x-telegram-bot-api-secret-token", address.token.encode()),
            (b"content-type", b"application/json"),
            (b"content-length", b"9" * 5_000),
        ]
        assert (await ask(Webhook(address, written), "POST", address.path, headers, [b"{}"])).status == 413

    async def test_a_form(self) -> None:
        async def page(request: Request) -> Response:
            with pytest.raises(TooLarge):
                await read_form(request, most_bytes=100, most_fields=3)
            return Response(status_code=204)

        app = Starlette(routes=[Route("/", page, methods=["POST"])])
        headers = [(b"content-type", FORM), (b"content-length", b"9" * 5_000)]
        assert (await ask(app, "POST", "/", headers, [b"a=b"])).status == 204


async def test_guessing_codes_does_not_keep_reports_waiting(empty_database: Path, tmp_path: Path) -> None:
    """Codes that wait for Argon2id are few, however many are typed in however many chats."""
    path = Path(shutil.copyfile(empty_database, tmp_path / "safetybot.sqlite3"))
    engine, stretcher, held = sqlite_engine(path), KeyStretcher(), threading.Event()
    outcomes: list[Outcome] = []

    def then(outcome: Outcome, kept: ReportState) -> Turn:
        outcomes.append(outcome)
        return Turn((), Session(), kept=kept)

    try:
        reports = ReportService(engine, bytes(32), lambda: 1_800_000_000.0, stretcher=stretcher, parameters=CHEAP)
        first = asyncio.create_task(stretcher.run(held.wait, 20))
        chats = [ChatKeys.derive(bytes(32), "web", str(number)) for number in range(3 * PLACES)]
        guesses = [
            asyncio.create_task(reports.perform(chat, OpenCase(new_code()), ReportState(), then)) for chat in chats
        ]
        async with asyncio.timeout(10):
            while len(outcomes) < 2 * PLACES:
                await asyncio.sleep(0.01)
        assert [type(outcome) for outcome in outcomes] == [NotDone] * 2 * PLACES
        held.set()
        await asyncio.gather(first, *guesses)
        assert [type(outcome) for outcome in outcomes[2 * PLACES :]] == [WrongCode] * PLACES
    finally:
        held.set()
        stretcher.close()
        await engine.dispose()


def test_half_a_character_in_the_address_of_a_page() -> None:
    (page,) = find_handles("see https://www.instagram.com/p?x=\ud800")
    assert page.value.startswith("instagram.com/p")


def test_half_a_character_in_a_content_file() -> None:
    with pytest.raises(EditRefusedError, match="half a character"):
        changed(b"id: a\n", put(("x\ud800",), "y"))


class TestModesOfFiles:
    """Whatever the umask: nobody else may read or change what is written into the data folder."""

    @pytest.fixture(autouse=True)
    def anything_goes(self) -> Iterator[None]:
        before = os.umask(0)
        yield
        os.umask(before)

    async def test_database_secret_and_cache(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        MatcherCache(data / "cache").save_vectors("en", {"a": np.zeros(3, np.float32)})
        engine = sqlite_engine(data / "safetybot.sqlite3")
        try:
            await migrate(engine)
            read_or_make_secret(data / "secrets" / "server.key")
            files = [data, *data.rglob("*")]
            assert {"safetybot.sqlite3-wal", "server.key", "vectors-en.npz"} <= {path.name for path in files}
            for path in files:
                assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
        finally:
            await engine.dispose()

    def test_a_secret_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "data" / "secrets" / "server.key"
        read_or_make_secret(path)
        path.chmod(0o640)
        with pytest.raises(Exception, match="chmod 600"):
            read_or_make_secret(path)


def test_a_damaged_cache_is_never_run(tmp_path: Path) -> None:
    """A pickle in a file of the cache would be a program of whoever wrote it."""
    target = tmp_path / "ran"

    class Bad:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (target,)

    cache = MatcherCache(tmp_path)
    with (tmp_path / "vectors-en.npz").open("wb") as file:
        np.savez(file, texts=np.frombuffer(json.dumps(["a"]).encode(), np.uint8), vectors=np.array([Bad()], object))
    assert cache.load_vectors("en") == {}
    assert not target.exists()
