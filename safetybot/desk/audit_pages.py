"""The audit log, newest first, and whether its chain holds. Nothing here changes it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.desk.audit_check import Checker
from safetybot.desk.audit_words import ACTORS, ACTS, act_words, actor_words, detail_words, short, shown_time
from safetybot.desk.context import DeskContext
from safetybot.desk.logins import LoggedIn
from safetybot.desk.routing import member_route
from safetybot.formats.times import moment_of
from safetybot.staff.members import list_members
from safetybot.vault.audit import AuditRow, Head, HeadMistyped, Search, head, newest, read_head, spell_head

ROWS = 100
"""On a page."""


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What somebody asked for, as they typed it."""

    member: str = ""
    act: str = ""
    case: str = ""
    day: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> AuditFilters:
        """From an address; never more than a short word each."""
        # Without NUL, which PostgreSQL cannot be asked for.
        return cls(*(asked.get(name, "").replace("\0", "").strip()[:40] for name in ("member", "act", "case", "day")))

    @property
    def faults(self) -> Sequence[str]:
        """What of it cannot be looked for."""
        faults = []
        if self.case and not self._case:
            faults.append("A case number has digits and the letters A to F, such as 3FA-9C2.")
        if self.day and not self._day:
            faults.append("A day is written as 2026-11-24.")
        return faults

    @property
    def search(self) -> Search:
        """What is looked for."""
        return Search(
            member=self.member or None,
            acts=[self.act] if self.act else None,
            case=self._case,
            first_day=self._day,
            last_day=self._day,
        )

    def address(self, **more: object) -> str:
        """Of the page with these filters."""
        fields = {"member": self.member, "act": self.act, "case": self.case, "day": self.day, **more}
        query = urlencode({name: value for name, value in fields.items() if value})
        return "/audit" + (f"?{query}" if query else "")

    @property
    def _case(self) -> str | None:
        plain = re.sub(r"[\s-]", "", self.case).lower()
        return plain if re.fullmatch(r"[0-9a-f]{1,32}", plain) else None

    @property
    def _day(self) -> str | None:
        try:
            return dt.date.fromisoformat(self.day).isoformat()
        except ValueError:
            return None


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """Of the audit page."""
    pages = AuditPages(parts)
    return [
        member_route(parts, "/audit", ["GET"], pages.look),
        member_route(parts, "/audit/check", ["POST"], pages.check),
    ]


class AuditPages:
    """The pages of one desk."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts
        self._checker = Checker(parts.engine, parts.jobs, parts.clock)

    async def look(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """One page of rows, and the newest check of the chain."""
        filters = AuditFilters.of(request.query_params)
        before = request.query_params.get("before", "")
        below = int(before) if re.fullmatch(r"[0-9]{1,18}", before, re.ASCII) else None
        return await self._page(request, login, filters, below)

    async def check(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Looks through the whole chain once more; where a head was noted, also whether it is in it."""
        noted, anchor = form.get("noted", "").strip()[:200], None
        if noted:
            try:
                anchor = read_head(noted)
            except HeadMistyped as error:
                text = str(error)
                wrong = f"{text[:1].upper()}{text[1:]}."
                return await self._page(request, login, AuditFilters(), None, wrong=wrong, noted=noted)
        await self._checker.look(anchor=anchor, again=True)
        return RedirectResponse("/audit#chain", 303)

    async def _page(
        self,
        request: Request,
        login: LoggedIn,
        filters: AuditFilters,
        before: int | None,
        wrong: str = "",
        noted: str = "",
    ) -> Response:
        async with self._parts.engine.connect() as connection:
            end = await head(connection)
            members = await list_members(connection)
            rows: Sequence[AuditRow] = []
            if not filters.faults:
                rows = await newest(connection, filters.search, before=before, limit=ROWS + 1)
        check = await self._checker.look(newest=end.number)
        names = {member.id: member.name for member in members}
        more = filters.address(before=rows[ROWS - 1].number) if len(rows) > ROWS else ""
        return self._parts.pages.page(
            request,
            "audit.html",
            login,
            403 if wrong else 200,
            filters=filters,
            who=[*((member.id, member.name) for member in members), *ACTORS.items()],
            acts=sorted(((str(act), words) for act, words in ACTS.items()), key=lambda each: each[1]),
            rows=[_shown(row, names) for row in rows[:ROWS]],
            older=more,
            newest=filters.address() if before is not None else "",
            check=check,
            unchecked=0 if check.head is None else end.number - check.head.number,
            checked_at=shown_time(moment_of(check.begun)),
            head=_spelt(check.head),
            anchor=check.anchor,
            wrong=wrong,
            noted=noted,
        )


def _spelt(head: Head | None) -> str:
    return spell_head(head) if head else ""


def _shown(row: AuditRow, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": shown_time(row.at),
        "actor": actor_words(row.actor, names),
        "act": act_words(row.act),
        "case": row.case_id,
        "short": short(row.case_id) if row.case_id else "",
        "detail": detail_words(row, names),
    }
