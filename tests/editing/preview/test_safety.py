"""Nobody but the editor at this machine: names, sites, tokens, headers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from safetybot.editing.preview.app import preview_app
from safetybot.editing.preview.options import PreviewNotLocal, PreviewOptions
from tests.editing.preview.room import Room
from tests.guidance.conftest import PASSWORDS

EDIT = "/topics/en/passwords/edit"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "preview.example", ""])
def test_it_listens_on_this_machine_alone(host: str) -> None:
    with pytest.raises(PreviewNotLocal, match="SAFETYBOT_PREVIEW_HOST"):
        PreviewOptions(host=host).must_be_local()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_any_name_of_this_machine_will_do(host: str) -> None:
    PreviewOptions(host=host).must_be_local()


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8082", 200), ("[::1]:8082", 200), ("evil.example", 421), ("127.0.0.1.evil.example:8082", 421)],
)
async def test_a_name_that_was_bent_to_this_machine_is_refused(room: Room, host: str, status: int) -> None:
    assert (await room.client.get("/", headers={"host": host})).status_code == status


async def test_forms_of_others_are_refused(room: Room) -> None:
    before = room.content.text(PASSWORDS)
    values = (await room.get(EDIT)).form(EDIT).values | {"title": "Theirs", "do": "save"}
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
    ):
        for path in (EDIT, "/try", "/try/add"):
            assert (await room.post(path, values, **headers)).status == 403
    assert room.content.text(PASSWORDS) == before
    assert (
        await room.post(EDIT, values, origin="http://127.0.0.1:8082", **{"sec-fetch-site": "same-origin"})
    ).status == 303


@pytest.mark.parametrize("token", ["", "guessed", "é"])
async def test_without_the_token_nothing_is_saved_and_nothing_typed_is_lost(room: Room, token: str) -> None:
    before = room.content.text(PASSWORDS)
    values = (await room.get(EDIT)).form(EDIT).values | {"title": "What I typed", "do": "save", "token": token}
    page = await room.post(EDIT, values)
    assert page.status == 409
    assert room.content.text(PASSWORDS) == before
    assert page.form(EDIT).values["title"] == "What I typed"
    assert (await room.post(EDIT, page.form(EDIT).values | {"do": "save"})).status == 303
    added = await room.post("/try/add", {"token": token, "text": "a text", "topic": "en/passwords", "kind": "example"})
    assert "press the button once more" in added.words
    assert added.form("/try").values["text"] == "a text"


@pytest.mark.parametrize("path", ["/", "/faults", "/try", EDIT, "/topics/en/passwords", "/nope", "/static/follow.js"])
async def test_headers(room: Room, path: str) -> None:
    headers = (await room.client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/topics/en/nope", 404),
        ("/topics/en/..%2f..%2fhelplines", 404),
        ("/topics/xx/passwords/edit", 404),
        ("/topics/en/helplines/edit", 404),
        ("/static/..%2fapp.py", 404),
    ],
)
async def test_only_topics_are_opened(room: Room, path: str, status: int) -> None:
    assert (await room.client.get(path)).status_code == status


async def test_broken_forms(room: Room) -> None:
    assert (await room.client.post(EDIT, content=b"x", headers={"content-type": "text/plain"})).status_code == 400
    assert (await room.client.post(EDIT, data={"asks": "x" * 7_000_000})).status_code == 413
    odd = "&".join(f"f{n}=1" for n in range(3000)).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await room.client.post(EDIT, content=odd, headers=form)).status_code == 400
    bytes_only = await room.client.post(EDIT, content=b"token=%ff%fe&title=%00%ed%a0%80&do=steps-add", headers=form)
    assert bytes_only.status_code == 409


async def test_a_failure_shows_nothing_of_itself(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    async def months() -> None:
        raise RuntimeError("secret words")

    object.__setattr__(room.parts, "months", months)
    transport = httpx.ASGITransport(preview_app(room.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8082") as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert "secret words" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


async def test_a_link_out_of_the_folder_is_neither_shown_nor_written_through(room: Room, tmp_path: Path) -> None:
    values = (await room.get(EDIT)).form(EDIT).values | {"title": "Mine", "do": "save"}
    file = room.content.folder / PASSWORDS
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_bytes(file.read_bytes().replace(b"I want a safe password", b"A line of another file"))
    before = elsewhere.read_bytes()
    file.unlink()
    file.symlink_to(elsewhere)
    page = await room.get(EDIT)
    assert page.status == 404
    assert (await room.post(EDIT, values)).status != 303
    add = {"text": "what a password", "topic": "en/passwords", "kind": "example"}
    assert "A line of another file" not in (await room.post("/try/add", {**values, **add})).html
    assert elsewhere.read_bytes() == before
    assert file.is_symlink()
