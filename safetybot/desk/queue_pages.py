"""The queue: which cases there are, and nothing of what they tell; search; the stream of news for open pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from safetybot.desk import humanise, search
from safetybot.desk.context import DeskContext
from safetybot.desk.logins import LoggedIn
from safetybot.desk.queue_filters import AGE, FLAGS, ME, NO_ONE, STATUS, URGENCY, FilterChoice, QueueQuery
from safetybot.desk.routing import member_route
from safetybot.reports import queue
from safetybot.reports.cases import CaseRow, CaseUrgency, Status
from safetybot.reports.retention import WARN_DAYS
from safetybot.staff.members import Member, list_members
from safetybot.vault import audit

PAGE = 100
"""Cases on a page."""
URGENCY_WORDS = {CaseUrgency.EMERGENCY: "Emergency", CaseUrgency.HIGH: "High", CaseUrgency.NORMAL: "Normal"}
STATUS_WORDS = {Status.NEW: "New", Status.OPEN: "Open", Status.WAITING: "Waiting", Status.CLOSED: "Closed"}


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A case as the queue shows it."""

    id: str
    short: str
    day: str
    age: str
    date: str
    urgency: str
    """``emergency``, ``high`` or ``normal``; :attr:`urgency_words` is for people."""
    urgency_words: str
    status: str
    assignee: str | None
    mine: bool
    size: str
    unread: int
    withdrawn: bool
    deletion: str | None
    """The day on which it will be deleted unless somebody keeps it."""
    deleted: str | None
    """The day on which it was."""
    here: tuple[str, ...]
    """Names of those who have it open now."""


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A number at the top, and where it leads."""

    key: str
    label: str
    number: int
    address: str
    here: bool
    """Whether the page shows just that."""


class QueuePages:
    """The pages, each as a handler of :func:`safetybot.desk.routing.member_route`."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts

    async def queue(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The whole page."""
        async with self._parts.engine.connect() as connection:
            members = await list_members(connection)
            context = await self._context(connection, request, login, members)
        choices = _choices(login, members)
        return self._parts.pages.page(request, "queue.html", login, **context, choices=choices, flags=FLAGS)

    async def part(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """What changes of it, for a script; with what is to be said aloud of what is new since row ``seen``."""
        async with self._parts.engine.connect() as connection:
            members = await list_members(connection)
            context = await self._context(connection, request, login, members)
            news = await queue.news(connection, _number(request.query_params.get("seen")))
        said = "; ".join(_news(news, context["urgent"]))
        # Without the login, so that what is to be said once is left for a page that somebody sees.
        return self._parts.pages.page(request, "queue_part.html", None, **context, news=said)

    async def search(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """What was looked for comes in a form and never stands in an address."""
        words = search.one_line(form.get("words", ""))[: search.LONGEST]
        digits = search.short_ref(words)
        async with self._parts.engine.connect() as connection:
            rows = await queue.find_by_short(connection, digits) if digits else ()
            names = {member.id: member.name for member in await list_members(connection)}
        return self._parts.pages.page(
            request,
            "search.html",
            login,
            words=words,
            by_ref=[self._line(row, login, names, {}) for row in rows],
            found=search.find(login, words),
            opened=len(login.opened),
        )

    async def no_search(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The address of what was found, without what was looked for."""
        return RedirectResponse("/", 303)

    async def events(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The stream of news."""
        seen = request.headers.get("last-event-id") or request.query_params.get("seen")
        return StreamingResponse(
            self._parts.changed.stream(login, _number(seen)),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    def tidy(self) -> None:
        """Forgets who has a case open and has logged out, or is there no more."""
        self._parts.presence.only({login.member.id for login in self._parts.logins if login.inside})
        self._parts.presence.tidy()

    async def _context(
        self, connection: AsyncConnection, request: Request, login: LoggedIn, members: Sequence[Member]
    ) -> dict[str, Any]:
        today = self._parts.clock().date()
        asked = QueueQuery.read(request.query_params, [member.id for member in members])
        filters = asked.filters(login.member.id, today)
        # First, so that what happens meanwhile is news to the page, rather than never shown.
        number = (await audit.head(connection)).number
        total = await queue.count_cases(connection, **filters)
        pages = max(1, -(-total // PAGE))
        if asked.page > pages:
            asked = replace(asked, page=pages)
        rows = await queue.list_cases(connection, limit=PAGE, skip=PAGE * (asked.page - 1), **filters)
        counts = await queue.counts(connection)
        self.tidy()
        here = self._parts.presence.now()
        names = {member.id: member.name for member in members}
        return {
            "asked": asked,
            "lines": [self._line(row, login, names, here) for row in rows],
            "total": total,
            "first": PAGE * (asked.page - 1) + 1,
            "pages": pages,
            "links": _links(counts, asked),
            "unread": counts.unread,
            "urgent": counts.urgent,
            "number": number,
        }

    def _line(
        self, row: CaseRow, login: LoggedIn, names: Mapping[str, str], here: Mapping[str, Mapping[str, str]]
    ) -> QueueLine:
        today = self._parts.clock().date()
        goes = (dt.date.fromisoformat(row.warned) + dt.timedelta(WARN_DAYS)).isoformat() if row.warned else None
        return QueueLine(
            id=row.ref.id,
            short=row.ref.short,
            day=row.day,
            age=humanise.age(row.day, today),
            date=humanise.date(row.day, today),
            urgency=row.urgency.value,
            urgency_words=URGENCY_WORDS[row.urgency],
            status=STATUS_WORDS[row.status],
            assignee=names.get(row.assignee, "somebody who is gone") if row.assignee else None,
            mine=row.assignee == login.member.id,
            size=humanise.size(row.size),
            unread=row.unread,
            withdrawn=row.withdrawn is not None,
            deletion=humanise.date(goes, today) if goes else None,
            deleted=humanise.date(row.shredded, today) if row.shredded else None,
            here=tuple(
                sorted("you" if id_ == login.member.id else name for id_, name in here.get(row.ref.id, {}).items())
            ),
        )


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """The queue's routes."""
    pages = QueuePages(parts)
    parts.changed.also.append(pages.tidy)
    return [
        member_route(parts, "/", ["GET"], pages.queue),
        member_route(parts, "/queue/list", ["GET"], pages.part, counts=False),
        member_route(parts, "/search", ["POST"], pages.search),
        member_route(parts, "/search", ["GET"], pages.no_search),
        member_route(parts, "/events", ["GET"], pages.events, counts=False),
    ]


def _choices(login: LoggedIn, members: Sequence[Member]) -> Mapping[str, tuple[str, Sequence[FilterChoice]]]:
    """Filter → its label, and what it can be set to."""
    others = [FilterChoice(one.id, one.name) for one in members if one.active and one.id != login.member.id]
    who = (FilterChoice("", "Anybody"), FilterChoice(ME, "Me"), FilterChoice(NO_ONE, "Nobody yet"), *others)
    return {
        "status": ("Status", STATUS),
        "urgency": ("Urgency", URGENCY),
        "assignee": ("Assigned to", who),
        "age": ("Reported", AGE),
    }


def _links(counts: queue.QueueCounts, asked: QueueQuery) -> Sequence[CaseLink]:
    """The numbers at the top; those that are 0 and seldom are left out."""
    just = asked.address(page=1)
    links = [("unread", "Unread", counts.unread, QueueQuery(unread=True, status="all").address())]
    links += [
        (one.value, STATUS_WORDS[one], counts.status[one], QueueQuery(status=one.value).address()) for one in Status
    ]
    if counts.withdrawn:
        links.append(("withdrawn", "Withdrawn", counts.withdrawn, QueueQuery(status="all", withdrawn=True).address()))
    if counts.warned:
        links.append(("warned", "Deletion announced", counts.warned, QueueQuery(status="all", warned=True).address()))
    return [CaseLink(key, label, number, address, address == just) for key, label, number, address in links]


def _news(news: queue.QueueNews, urgent: int) -> Sequence[str]:
    """What is to be said aloud; ``urgent``: unread emergencies."""
    said = []
    if news.filed:
        said.append("1 new report" if news.filed == 1 else f"{news.filed} new reports")
    if news.added:
        said.append("something was added to " + ("1 case" if news.added == 1 else f"{news.added} cases"))
    if news.withdrawn:
        said.append("1 report was withdrawn" if news.withdrawn == 1 else f"{news.withdrawn} reports were withdrawn")
    if said and urgent:
        said.append("1 emergency is unread" if urgent == 1 else f"{urgent} emergencies are unread")
    return said


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else 0
