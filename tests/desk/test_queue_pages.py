"""The queue in one process; tests/desk/test_events.py has the stream, tests/browser/desk the browser."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from safetybot.desk import queue_pages, search
from safetybot.desk.logins import IDLE
from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef, CaseUrgency, Status
from safetybot.reports.filing import withdraw
from safetybot.reports.queue import list_cases
from safetybot.storage.tables import cases
from tests.databases import BOTH
from tests.desk.queue_house import House
from tests.desk.station import Station

DATABASES = BOTH

STORY = "somebody called Jonny_Smith asks for pictures"
HOSTILE = "<script>alert(1)</script>\u202e\"'&"


@pytest.fixture
def house(station: Station) -> House:
    return House(station)


def shown(page: str) -> list[str]:
    """Short references of the cases that a page lists, in order."""
    return re.findall(r'class="ref"><span class="unseen">Case </span>([0-9A-F]{3}-[0-9A-F]{3})<', page)


def text(page: str) -> str:
    """What can be read on a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


async def test_a_queue_without_cases_is_kind(house: House) -> None:
    ada = house.enter(await house.office.hire("Ada"))
    page = await ada.get()
    assert "Nothing waits for you." in page
    assert "<title>Queue" in page
    assert "No case fits these filters" in await ada.get("/?urgency=high")


async def test_nothing_of_a_case_is_shown_but_what_stands_outside_its_envelopes(house: House) -> None:
    office = house.office
    ada = house.enter(await office.hire("Ada"))
    ref, _ = await office.file({"what": STORY}, contact="07700 900123", urgency=CaseUrgency.EMERGENCY)
    page = await ada.get()
    assert "Jonny" not in page
    assert "07700" not in page
    (line,) = re.findall(r'<a id="case-.*?</a>', page, re.DOTALL)
    assert text(line) == (
        f"Case {ref.short}, ▲ Emergency, ● 2 unread, New, reported today 24 Nov, Nobody’s yet, a few lines"
    )
    assert f'href="/cases/{ref.id}"' in line
    assert "1 emergency is unread." in text(page)
    assert "<title>(1) Queue" in page


async def test_order_counts_and_filters(house: House) -> None:
    office = house.office
    anna = await office.hire("Anna")
    refs: dict[str, CaseRef] = {}
    for name in ("old", "read", "mine", "closed", "urgent"):
        refs[name], _ = await office.file(name, urgency=CaseUrgency.HIGH if name == "urgent" else CaseUrgency.NORMAL)
        office.later(days=5)
    for name in ("read", "mine", "closed"):
        await office.open(anna, refs[name])
    async with office.writing() as connection:
        await casework.assign(connection, anna, refs["mine"].id, anna.id, office.now)
        await casework.close(connection, anna, refs["closed"].id, CaseOutcome.ADVISED, office.now)
    seat = house.enter(anna)

    async def listed(query: str) -> list[str]:
        names = {ref.short: name for name, ref in refs.items()}
        return [names[short] for short in shown(await seat.get("/" + query))]

    assert await listed("") == ["urgent", "old", "mine", "read"]
    assert await listed("?status=all") == ["urgent", "old", "mine", "read", "closed"]
    assert await listed("?status=closed") == ["closed"]
    assert await listed("?status=new") == ["urgent", "old"]
    assert await listed("?status=open") == ["mine", "read"]
    assert await listed("?urgency=high") == ["urgent"]
    assert await listed("?assignee=me") == ["mine"]
    assert await listed(f"?assignee={anna.id}") == ["mine"]
    assert await listed("?assignee=nobody") == ["urgent", "old", "read"]
    assert await listed("?age=over-2-weeks") == ["old", "mine", "read"]
    assert await listed("?age=week") == ["urgent"]
    assert await listed("?age=today") == []
    assert await listed("?unread=1&urgency=normal") == ["old"]
    page = await seat.get("/?status=open&assignee=me")
    assert '<option value="open" selected>' in page
    assert '<option value="me" selected>' in page
    top = re.search(r'<nav class="counts".*?</ul>', page, re.DOTALL)
    assert top
    assert text(top[0]) == "● 2 Unread 2 New 2 Open 0 Waiting 1 Closed"
    assert 'aria-current="page"' in (await seat.get("/?status=open")).partition('class="counts"')[2]


async def test_what_was_withdrawn_announced_and_deleted(house: House) -> None:
    office = house.office
    anna = await office.hire("Anna")
    seat = house.enter(anna)
    unread, keys = await office.file("gone at once")
    read, keys_of_read = await office.file("read")
    await office.open(anna, read)
    for each in (keys, keys_of_read):
        found = await office.find(each)
        assert found is not None
        async with office.writing() as connection:
            await withdraw(connection, found, office.now)
    async with office.engine.begin() as connection:
        await connection.execute(update(cases).where(cases.c.id == read.id).values(warned="2026-11-23"))
    page = await seat.get()
    assert shown(page) == [read.short]
    assert "Withdrawn" in text(page)
    assert "Will be deleted 26 Nov" in text(page)
    assert shown(await seat.get("/?status=all&withdrawn=1")) == [read.short]
    assert shown(await seat.get("/?status=all&warned=1")) == [read.short]
    deleted = await seat.get("/?status=deleted")
    assert shown(deleted) == [unread.short]
    assert f"/cases/{unread.id}" not in deleted, "there is nothing to open"
    assert "Deleted 24 Nov" in deleted


async def test_what_is_not_understood_in_an_address_is_left_out_and_said(house: House) -> None:
    seat = house.enter(await house.office.hire("Ada"))
    ref, _ = await house.office.file("x")
    page = await seat.get("/?status=%3Cscript%3E&page=x&urgency=normal&other=1")
    assert "was left out: status, page." in text(page)
    assert shown(page) == [ref.short]
    assert "<script>" not in page
    assert "was left out" not in await seat.get("/?urgency=normal&status=")


async def test_pages_keep_their_filters_and_miss_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    office = house.office
    await office.hire("Ada")
    grace = house.enter(await office.hire("Grace"))
    many = [
        {
            "id": secrets.token_hex(16),
            "day": f"2026-11-{1 + number % 20:02}",
            "urgency": ("normal", "normal", "high")[number % 3],
            "status": list(Status)[number % 4].value,
            "envelopes": 0,
        }
        for number in range(120)
    ]
    async with office.engine.begin() as connection:
        await connection.execute(insert(cases), many)
    monkeypatch.setattr(queue_pages, "PAGE", 25)
    async with office.engine.connect() as connection:
        every = await list_cases(
            connection, status=tuple(Status), limit=200, urgency=[CaseUrgency.NORMAL, CaseUrgency.HIGH]
        )
        expected = [row.ref.short for row in every if row.urgency is CaseUrgency.NORMAL]
    seen: list[str] = []
    path = "/?status=all&urgency=normal"
    while path:
        page = await grace.get(path)
        seen += shown(page)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        path = unescape(following[1]) if following else ""
        assert not path or "status=all" in path
    assert seen == expected
    assert len(seen) > 50
    beyond = await grace.get("/?status=all&urgency=normal&page=999")
    assert shown(beyond) == expected[-(len(expected) % 25 or 25) :], "a page that is no more is the last there is"


async def test_who_has_it_open_is_shown_until_they_leave(house: House) -> None:
    office = house.office
    ada, grace = await office.hire("Ada"), await office.hire(HOSTILE.replace("\u202e", ""))
    seat, other = house.enter(ada), house.enter(grace)
    ref, _ = await office.file("x")
    async with office.writing() as connection:
        await casework.assign(connection, ada, ref.id, grace.id, office.now)
    house.parts.presence.enter(ref.id, ada)
    house.parts.presence.enter(ref.id, grace)
    page = await seat.get()
    assert "<script>alert" not in page
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;" in page, "a name is text"
    assert "Open now: <script>alert(1)</script>\"'&, you" in text(page)
    await other.client.post("/lock", data={"csrf": other.login.csrf})
    assert "Open now: you" in text(await seat.get())
    office.later(minutes=3)
    assert "Open now" not in await seat.get()


class TestThePartThatChanges:
    async def test_it_is_the_list_alone_and_says_what_is_new(self, house: House) -> None:
        office = house.office
        seat = house.enter(await office.hire("Ada"))
        number = re.findall(r'data-number="(\d+)"', await seat.get())[0]
        ref, _ = await office.file("x")
        await office.file("y")
        part = await seat.get(f"/queue/list?seen={number}")
        assert part.lstrip().startswith('<div id="queue-list"')
        assert 'data-news="2 new reports"' in part
        assert ref.short in shown(part)
        newer = re.findall(r'data-number="(\d+)"', part)[0]
        assert 'data-news=""' in await seat.get(f"/queue/list?seen={newer}")
        assert 'data-news=""' in await seat.get(f"/queue/list?status=closed&seen={newer}")
        assert (await seat.get("/queue/list?seen=x")).count("case-") == 2

    async def test_to_ask_for_it_is_no_sign_of_life_and_takes_no_message_away(self, house: House) -> None:
        office = house.office
        seat = house.enter(await office.hire("Ada"))
        seat.login.say("It was done.")
        office.later(minutes=14)
        await seat.get("/queue/list?seen=1")
        assert "It was done." in await seat.get()
        office.now += IDLE - dt.timedelta(minutes=1)
        await seat.get("/queue/list?seen=1")
        office.later(minutes=1)
        answer = await seat.client.get("/queue/list?seen=1", headers={"accept": "application/json"})
        assert answer.status_code == 401
        assert seat.login.why is not None

    async def test_strangers_get_nothing(self, house: House) -> None:
        seat = house.enter(await house.office.hire("Ada"))
        await house.office.file("x")
        seat.client.cookies.clear()
        for path in ("/", "/queue/list", "/events", "/search"):
            answer = await seat.client.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/login")


class TestSearch:
    async def test_only_what_this_login_has_opened(self, house: House) -> None:
        office = house.office
        ada, grace = await office.hire("Ada"), await office.hire("Grace")
        seat, other = house.enter(ada), house.enter(grace)
        ref, _ = await office.file({"what": STORY + HOSTILE})
        assert "Nothing was found" in await seat.search("jonny_smith")
        search.remember(seat.login, await office.open(ada, ref))
        page = await seat.search("jonny smith")
        assert f'<a href="/cases/{ref.id}">Case {ref.short}</a>' in page
        assert "<mark>Jonny</mark>_Smith" in page
        assert "<script>alert" not in page
        assert "<mark>&lt;script&gt;" in await seat.search("<script>")
        assert "Nothing was found" in await other.search("jonny_smith")

    async def test_any_case_by_its_number(self, house: House) -> None:
        seat = house.enter(await house.office.hire("Ada"))
        ref, _ = await house.office.file({"what": STORY})
        for words in (ref.short, ref.short.lower(), ref.id[:6], ref.id[:3], f" #{ref.short}"):
            page = await seat.search(words)
            assert f'<a href="/cases/{ref.id}">Case {ref.short}</a>' in page
            assert "Jonny" not in page

    async def test_what_was_looked_for_is_in_no_address(self, house: House) -> None:
        seat = house.enter(await house.office.hire("Ada"))
        page = await seat.search("<b>jonny</b>")
        assert '<form class="search" role="search" method="post" action="/search"' in page
        assert "&lt;b&gt;jonny&lt;/b&gt;" in page
        assert (await seat.client.get("/search")).headers["location"] == "/"
        refused = await seat.client.post("/search", data={"words": "jonny"})
        assert refused.status_code == 403


def test_no_page_has_a_script_or_a_style_in_it() -> None:
    folder = Path(queue_pages.__file__).parent / "templates"
    for name in ("queue.html", "queue_part.html", "search.html", "search_form.html"):
        source = (folder / name).read_text("utf-8")
        assert not re.search(r"<script>|<style|style=|\son\w+=|safe", source), name
