"""The proxy that compose.yaml starts: a real nginx with the shipped configuration, in front of a real bot."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.channels.web.browsing import read_page
from tests.deploy.proxy import Nginx, Recorder, free_port
from tests.e2e.program import MODULE, Place

pytestmark = pytest.mark.slow

SECRET = "a-word-that-nobody-else-writes"
BLACKMAIL = "he wants money or hell post my nude"
ONCE = (
    "cache-control",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
)


def client(port: int, scheme: str = "https", **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{scheme}://localhost:{port}", verify=False, headers=headers, timeout=30)


class TestBeforeAnybody:
    async def test_nginx_takes_the_configuration(self, tmp_path: Path) -> None:
        tested = Nginx(tmp_path, bots=free_port(), desk=free_port()).tested()
        assert tested.returncode == 0, tested.stderr
        assert "warn" not in tested.stderr

    async def test_who_comes_is_told_once_and_not_as_the_browser_says(self, tmp_path: Path) -> None:
        lies = {
            "X-Forwarded-For": "203.0.113.7, 198.51.100.1",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": "evil.example",
            "X-Real-IP": "203.0.113.7",
            "Forwarded": "for=203.0.113.7",
        }
        async with Recorder() as bots, Recorder() as desk, Nginx(tmp_path, bots=bots.port, desk=desk.port) as proxy:
            for port in (proxy.chat, proxy.desk):
                async with client(port, **lies) as browser:
                    assert (await browser.get("/where", params={"q": SECRET})).text == "ok"
            for (asked,), port in ((bots.asked, proxy.chat), (desk.asked, proxy.desk)):
                assert asked.line == f"GET /where?q={SECRET} HTTP/1.1"
                assert asked.values("x-forwarded-for") == ["127.0.0.1"]
                assert asked.values("x-forwarded-proto") == ["https"]
                assert asked.values("host") == [f"localhost:{port}"]
                assert "203.0.113.7" not in str(asked)
                assert "evil.example" not in str(asked)
            assert proxy.written == ""

    async def test_a_name_leads_nowhere_else(self, tmp_path: Path) -> None:
        """By the port alone: nobody who calls the chat's port by the desk's name gets to the desk."""
        async with Recorder() as bots, Recorder() as desk, Nginx(tmp_path, bots=bots.port, desk=desk.port) as proxy:
            async with client(proxy.chat, Host="desk.example.org") as browser:
                await browser.get("/")
                await browser.get("/", extensions={"sni_hostname": "desk.example.org"})
            assert len(bots.asked) == 2
            assert desk.asked == []
            async with client(proxy.plain, "http", Host="chat.example.org") as browser:
                answer = await browser.get("/a?b=c")
            assert (answer.status_code, answer.headers["location"]) == (301, "https://chat.example.org/a?b=c")

    async def test_a_body_has_its_limit_and_never_touches_a_disk(self, tmp_path: Path) -> None:
        async with Recorder() as bots, Nginx(tmp_path, bots=bots.port, desk=free_port()) as proxy:
            held: list[list[str]] = []
            bots.meanwhile = lambda: held.append(proxy.on_disk())
            async with client(proxy.chat) as browser:
                whole = await browser.post("/say", content=SECRET.encode() * 30_000)  # 900 kB
                assert whole.status_code == 200
                over = await browser.post("/say", content=b"x" * (1 << 20) + b"x")
                assert over.status_code == 413
            assert [len(asked.body) for asked in bots.asked] == [len(SECRET) * 30_000]
            assert held == [[]]
            assert proxy.written == ""

    async def test_where_no_bot_answers_a_page_says_whom_to_call(self, tmp_path: Path) -> None:
        """And what was sent once is not sent again: it may have been handled."""
        async with Recorder(hangs_up=True) as bots, Nginx(tmp_path, bots=bots.port, desk=free_port()) as proxy:
            async with client(proxy.chat) as browser:
                broken = await browser.post("/say", content=SECRET.encode())
            assert len(bots.asked) == 1
            async with client(proxy.desk) as browser:
                away = await browser.get("/cases/1", params={"q": SECRET})
            for answer in (broken, away):
                assert answer.status_code == 502
                page = read_page(answer.text)
                assert "0800 1111" in page.text
                assert page.find("a", href="tel:999")
                assert answer.headers["cache-control"] == "no-store"
            # Its own style is the only one that may be shown.
            assert "style-src 'sha256-" in broken.headers["content-security-policy"]
            assert "127.0.0.1" not in proxy.written
            assert SECRET not in proxy.written


@pytest.fixture
async def behind(place: Place, tmp_path: Path) -> AsyncIterator[tuple[Nginx, asyncio.subprocess.Process]]:
    """``safetybot run`` with its web chat, and nginx before it."""
    (tmp_path / "proxy").mkdir()
    port = free_port()
    proxy = Nginx(tmp_path / "proxy", bots=port, desk=free_port())
    settings = {
        "WEB_PORT": str(port),
        "WEB_URL": f"https://localhost:{proxy.chat}",
        "WEB_PROXY": "127.0.0.1",
        "METRICS_PORT": "0",
    }
    program = await asyncio.create_subprocess_exec(
        *MODULE,
        "run",
        cwd=place.folder,
        env=place.environment(**settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert program.stdout
    printed = ""
    try:
        async with asyncio.timeout(60):
            while "The chat is at" not in printed:
                line = (await program.stdout.readline()).decode()
                assert line, printed
                printed += line
        async with proxy:
            yield proxy, program
    finally:
        if program.returncode is None:
            program.kill()
            await program.communicate()


class TestBeforeABot:
    async def test_the_chat_goes_through_it(self, behind: tuple[Nginx, asyncio.subprocess.Process]) -> None:
        proxy, program = behind
        async with client(proxy.chat) as browser:
            page = await browser.get("/")
            assert page.status_code == 200
            counted = Counter(name for name, _ in page.headers.multi_items())
            assert {name: counted[name] for name in ONCE} == dict.fromkeys(ONCE, 1)
            cookie = page.headers["set-cookie"]
            assert cookie.startswith("__Host-chat=")
            assert "secure" in cookie.lower()
            assert re.fullmatch(r"nginx", page.headers["server"])  # without its version

            (token, *_) = read_page(page.text).find("input", name="token")
            said = await browser.post("/say", data={"token": token.get("value"), "text": BLACKMAIL})
            assert said.status_code == 303, said.text
            assert "blackmail" in read_page((await browser.get("/")).text).text.lower()

            # A form that is too large gets the bot's own page, and what is for operators is nowhere here.
            large = await browser.post("/say", data={"token": token.get("value"), "text": "x" * 100_000})
            assert large.status_code == 413
            assert "0800 1111" in large.text
            for path in ("/metrics", "/healthz", "/readyz", "/login", "/cases", "/staff"):
                assert (await browser.get(path)).status_code == 404, path
            assert (await browser.get("/", headers={"Host": "desk.example.org"})).status_code == 421

        program.terminate()
        assert await asyncio.wait_for(program.wait(), 40) == 0
        async with client(proxy.chat) as browser:
            gone = await browser.get("/")
        assert gone.status_code == 502
        assert "0800 1111" in gone.text
        assert "127.0.0.1" not in proxy.written
