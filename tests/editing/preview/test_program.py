"""``safetybot preview`` as editors start it."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import httpx
import pytest

from safetybot.cli import main
from tests.e2e.program import MODULE, environment
from tests.guidance.conftest import Content


def test_it_refuses_any_other_address_than_this_machine_s(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAFETYBOT_CONTENT", str(content.folder))
    monkeypatch.setenv("SAFETYBOT_PREVIEW_HOST", "0.0.0.0")
    assert main.main(["preview"]) == 2
    assert "leave SAFETYBOT_PREVIEW_HOST at 127.0.0.1" in capsys.readouterr().err
    monkeypatch.setenv("SAFETYBOT_CONTENT", str(tmp_path / "nowhere"))
    assert main.main(["preview"]) == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.slow
async def test_it_runs_with_content_that_is_wrong_and_ends_cleanly(content: Content, tmp_path: Path) -> None:
    content.change("en/topics/passwords.yaml", "urgency: normal", "urgency: Now")
    process = await asyncio.create_subprocess_exec(
        *MODULE,
        "preview",
        cwd=tmp_path,
        env=environment({"CONTENT": content.folder, "DATA": tmp_path / "data", "PREVIEW_PORT": "0"}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    async with asyncio.timeout(60):
        line = (await process.stdout.readline()).decode()
        found = re.fullmatch(r"The editors' page is at (http://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)\n", line)
        assert found, line
        async with httpx.AsyncClient(base_url=found[1]) as client:
            page = await client.get("/")
            assert "1 fault." in page.text
            (key,) = re.findall('data-key="([^"]+)"', page.text)
            waiting = asyncio.create_task(client.get("/changes", params={"key": key}))
            content.change("en/topics/passwords.yaml", "urgency: Now", "urgency: normal")
            told = (await waiting).json()
            assert told["key"] != key
            held = asyncio.create_task(client.get("/changes", params={"key": told["key"]}))
            process.send_signal(signal.SIGINT)
            rest = (await process.stdout.read()).decode()
            assert await process.wait() == 0, rest
            await asyncio.gather(held, return_exceptions=True)
    assert "Traceback" not in rest
    assert not (tmp_path / "data" / "safetybot.sqlite3").exists()
