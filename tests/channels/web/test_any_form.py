"""Whatever comes, it ends in a page: never in a failure of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.channels.web import WebOptions
from safetybot.understanding.understanding import Understanding
from tests.channels.web.browsing import HERE, SCHOOL, Browser, read_page, web_chat
from tests.talking import Bot

PATHS = ("/say", "/hide", "/again", "/here", "/leave", "/embed/say", "/embed/hide", "/embed/again", "/embed/leave")
any_text = st.text(max_size=60) | st.sampled_from(
    ["/hide", "/report", "/start report", "/mycode", "/stop", "\0", "\ud800"]
)
presses = st.sampled_from(
    [
        "now",
        "topics",
        "talk",
        "none",
        "age:adult",
        "age:x",
        "lang:cy",
        "lang:",
        "group:images:9999",
        "rep:",
        "rep:send",
        "rep:set:danger:yes",
        "rep:next",
        "case:",
        "case:again",
        "code:saved",
        "report",
        "report:x",
        "topic:sextortion:2",
    ]
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "text": any_text,
        "press": presses | any_text,
        "how": st.sampled_from(["new", "go-on", ""]),
        "seen": st.sampled_from(["0", "99", "-1", "x", "9" * 30]),
        "token": st.sampled_from(["", "0" * 48]),
        "chat": st.sampled_from(["", "a", "a" + "x" * 43, "b" + "x" * 43]),
        "other": any_text,
    },
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "accept": st.sampled_from(["application/json", "*/*", ""]),
        "accept-language": st.sampled_from(["cy", "en;q=0.1,cy", "*", "x" * 50, ""]),
        "sec-fetch-site": st.sampled_from(["same-origin", "none", "cross-site", "x"]),
    },
)
step = st.tuples(st.sampled_from(PATHS), fields, headers, st.booleans(), st.sampled_from([0, 60, 1000, 100_000]))


@asynccontextmanager
async def _browser(
    understanding: Understanding, empty_database: Path, folder: Path
) -> AsyncIterator[tuple[Bot, Browser]]:
    bot = Bot(understanding, empty_database, folder)
    await bot.start()
    web = web_chat(bot, WebOptions(url=HERE, embed=(SCHOOL,)))
    browser = Browser(web)
    try:
        yield bot, browser
    finally:
        await web.drain()
        await browser.client.aclose()
        await bot.stop()


@settings(max_examples=40, deadline=None)
@given(st.lists(step, max_size=8))
def test_any_form(
    understanding: Understanding,
    empty_database: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, dict[str, str], dict[str, str], bool, int]],
) -> None:
    async def run() -> None:
        async with _browser(understanding, empty_database, tmp_path_factory.mktemp("any")) as (bot, browser):
            await bot.hire()
            await browser.open()
            framed = await browser.client.get("/embed")
            inside = {each.get("name"): each.get("value") for each in read_page(framed.text).find("input")}
            for path, said, asked, proper, wait in steps:
                bot.clock.forward(wait)
                await browser.open()
                # Most forms are ours, and what is in them is not.
                ours = inside if path.startswith("/embed") else {}
                if proper and not ours and (forms := browser.page.find("input", name="token")):
                    ours = {"token": forms[0].get("value")}
                response = await browser.post(path, {**said, **(ours if proper else {})}, **asked)
                assert response.status_code in (200, 204, 303, 400, 403, 429), response.text
                if response.headers.get("content-type", "").startswith("text/html"):
                    assert "tel:999" in response.text

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(PATHS))
def test_any_bytes(
    understanding: Understanding,
    empty_database: Path,
    tmp_path_factory: pytest.TempPathFactory,
    body: bytes,
    path: str,
) -> None:
    async def run() -> None:
        async with _browser(understanding, empty_database, tmp_path_factory.mktemp("any")) as (_, browser):
            await browser.open()
            kind = {"content-type": "application/x-www-form-urlencoded"}
            response = await browser.client.post(path, content=body, headers=kind)
            assert response.status_code in (303, 400, 403)

    asyncio.run(run())
