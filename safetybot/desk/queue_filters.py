"""Which cases of the queue somebody wants to see, as it stands in the address of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from safetybot.reports.cases import CaseUrgency, Status
from safetybot.reports.queue import ACTIVE, NOBODY, QueueFilters

PAGE_MAX = 1_000_000
ME = "me"
NO_ONE = "nobody"


class FilterChoice(NamedTuple):
    """One of what a filter can be set to."""

    value: str
    """In the address; empty for what is shown if nothing is asked."""
    label: str


STATUS = (
    FilterChoice("", "Not closed"),
    FilterChoice("new", "New"),
    FilterChoice("open", "Open"),
    FilterChoice("waiting", "Waiting"),
    FilterChoice("closed", "Closed"),
    FilterChoice("all", "All"),
    FilterChoice("deleted", "Deleted (only that they were)"),
)
URGENCY = (
    FilterChoice("", "Any"),
    FilterChoice("emergency", "Emergency"),
    FilterChoice("high", "High"),
    FilterChoice("normal", "Normal"),
)
AGE = (
    FilterChoice("", "Any"),
    FilterChoice("today", "Today"),
    FilterChoice("week", "The last 7 days"),
    FilterChoice("over-3-days", "Older than 3 days"),
    FilterChoice("over-2-weeks", "Older than 2 weeks"),
)
FLAGS: Mapping[str, str] = MappingProxyType(
    {"unread": "Unread only", "withdrawn": "Withdrawn by the writer", "warned": "Deletion announced"}
)
"""What is asked for with a tick."""

_STATUS: Mapping[str, Collection[Status]] = MappingProxyType(
    {"": ACTIVE, "all": tuple(Status), "deleted": tuple(Status), **{one.value: (one,) for one in Status}}
)


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """What the address asks for. Each field as it stands there; empty where nothing is asked."""

    status: str = ""
    urgency: str = ""
    assignee: str = ""
    """``me``, ``nobody`` or the id of a member."""
    age: str = ""
    unread: bool = False
    withdrawn: bool = False
    warned: bool = False
    page: int = 1
    left_out: tuple[str, ...] = ()
    """Names of filters that could not be understood."""

    @classmethod
    def read(cls, query: Mapping[str, str], members: Collection[str]) -> QueueQuery:
        """From the query of an address. What is not understood is left out, and said so. ``members``: their ids."""
        wrong: list[str] = []

        def one_of(name: str, allowed: Collection[str]) -> str:
            value = query.get(name, "")
            if value in allowed:
                return value
            wrong.append(name)
            return ""

        def ticked(name: str) -> bool:
            return one_of(name, ("", "1")) == "1"

        status = one_of("status", [choice.value for choice in STATUS])
        urgency = one_of("urgency", [choice.value for choice in URGENCY])
        assignee = one_of("assignee", ("", ME, NO_ONE, *members))
        age = one_of("age", [choice.value for choice in AGE])
        unread, withdrawn, warned = ticked("unread"), ticked("withdrawn"), ticked("warned")
        page = query.get("page", "1")
        if not (page.isascii() and page.isdecimal() and len(page) <= 7 and 1 <= int(page) <= PAGE_MAX):
            wrong.append("page")
            page = "1"
        return cls(status, urgency, assignee, age, unread, withdrawn, warned, int(page), tuple(wrong))

    def filters(self, me: str, today: dt.date) -> QueueFilters:
        """For the database."""
        wanted = QueueFilters(status=_STATUS[self.status], shredded=self.status == "deleted")
        if self.urgency:
            wanted["urgency"] = (CaseUrgency(self.urgency),)
        if self.assignee:
            wanted["assignee"] = {ME: me, NO_ONE: NOBODY}.get(self.assignee, self.assignee)
        if self.age == "today":
            wanted["first"] = today.isoformat()
        elif self.age == "week":
            wanted["first"] = (today - dt.timedelta(6)).isoformat()
        elif self.age == "over-3-days":
            wanted["last"] = (today - dt.timedelta(4)).isoformat()
        elif self.age == "over-2-weeks":
            wanted["last"] = (today - dt.timedelta(15)).isoformat()
        if self.unread:
            wanted["unread"] = True
        if self.withdrawn:
            wanted["withdrawn"] = True
        if self.warned:
            wanted["warned"] = True
        return wanted

    @property
    def any(self) -> bool:
        """Whether anything is asked for but a page."""
        return replace(self, page=1, left_out=()) != QueueQuery()

    def pairs(self) -> Sequence[tuple[str, str]]:
        """What stands in the address, without what is not asked for."""
        texts = [(name, getattr(self, name)) for name in ("status", "urgency", "assignee", "age")]
        ticks = [(name, "1" if getattr(self, name) else "") for name in FLAGS]
        page = [("page", str(self.page) if self.page > 1 else "")]
        return [(name, value) for name, value in (*texts, *ticks, *page) if value]

    def address(self, **changed: Any) -> str:
        """Of the page that asks for this; with something changed."""
        pairs = replace(self, **changed).pairs()
        return f"/?{urlencode(pairs)}" if pairs else "/"

    @property
    def part(self) -> str:
        """The address of the list alone, to which more can be added."""
        return "/queue/list?" + "".join(f"{pair}&" for pair in [urlencode(self.pairs())] if pair)
