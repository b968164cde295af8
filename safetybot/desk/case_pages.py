"""The pages of one case: its cover before it is opened, the case itself, and what is done with it there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.desk import linking, search, typed_text
from safetybot.desk.case_acts import ACTS, LABELS_MAX, NOTE_MAX, REASON_MAX, REPLY_MAX, Act, Doing, Refused, perform
from safetybot.desk.case_acts import reply as send_reply
from safetybot.desk.case_acts import shred as delete
from safetybot.desk.case_timeline import TimelineEntry, changes
from safetybot.desk.case_view import choices, facts, phrases, shown_to_writer, view_of
from safetybot.desk.context import DeskContext
from safetybot.desk.forms import kept
from safetybot.desk.logins import LoggedIn
from safetybot.desk.routing import Handler, member_route
from safetybot.desk.wording_check import look_over
from safetybot.formats.times import uk_time
from safetybot.guidance.desk import Checking
from safetybot.reports import casework
from safetybot.reports.cases import NotAllowed, case_row
from safetybot.reports.edit_conflicts import QUIET, ChangedMeanwhile
from safetybot.reports.links import gone, kept_links
from safetybot.reports.submitted_answers import SubmittedAnswer, submitted_answers
from safetybot.staff.errors import MemberDisabled
from safetybot.staff.members import list_members
from safetybot.storage.scrubbing import scrub
from safetybot.vault.audit import history, transaction
from safetybot.vault.sealing import NotJson, TooLong

_log = logging.getLogger(__name__)

REFUSALS = (Refused, NotAllowed, TooLong, NotJson, ChangedMeanwhile)
"""What is shown on the case's page again, with what was typed."""


@dataclass(frozen=True, slots=True)
class PageState:
    """What the page says beside the case: what went wrong, and what was typed."""

    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    wrong: Mapping[str, str] = field(default_factory=dict)
    """Name of a field, or of the act it belongs to, → what is wrong there."""
    changed: Sequence[TimelineEntry] = ()
    """What others did meanwhile."""
    contact: tuple[SubmittedAnswer, ...] | None = field(default=None, repr=False)
    """How to reach the writer, where it was asked for just now."""
    status: int = 200


def refusal(error: Exception, act: str, names: Mapping[str, str], form: Mapping[str, str]) -> PageState:
    """What to say of an act that was refused; nothing that was typed is lost."""
    match error:
        case ChangedMeanwhile():
            return PageState(form, {}, changes(error.rows, names), status=409)
        case Refused():
            return PageState(form, {error.field: str(error)}, status=422)
        case TooLong():
            return PageState(form, {act: "This is too long to be sealed. Shorten it."}, status=422)
        case NotJson():
            return PageState(
                form, {act: "There is a sign in it that cannot be kept. Type that part again."}, status=422
            )
        case _:
            text = str(error)
            return PageState(form, {act: f"{text[:1].upper()}{text[1:]}."}, status=409)


class CasePages:
    """The handlers."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts

    # --- Looking -----------------------------------------------------------------------------------------------

    async def look(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The cover; the case itself once it was opened in this login."""
        return await self.show(request, login, request.path_params["case"], PageState())

    async def open(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Opens it, which is written down, and looks for links."""
        case_id: str = request.path_params["case"]
        async with transaction(self._parts.engine) as connection:
            case = await casework.open_case(connection, login.member, case_id, self._parts.clock())
        search.remember(login, case)
        try:
            new = await linking.find_links(self._parts, login, case)
            if new:
                login.say("Another case names the same." if len(new) == 1 else f"{len(new)} cases name the same.")
        except Exception as error:
            # The case is open; that must not fail for the sake of a hint. The type alone is written down.
            _log.error("links of a case could not be looked for: %s", type(error).__name__)
            login.say("Links to other cases could not be looked for this time.")
        return RedirectResponse(f"/cases/{case_id}", 303)

    async def contact(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Shows how to reach the writer, this once."""
        case_id: str = request.path_params["case"]
        if case_id not in login.opened:
            return RedirectResponse(f"/cases/{case_id}", 303)
        async with transaction(self._parts.engine) as connection:
            opened = await casework.see_contact(connection, login.member, case_id, self._parts.clock())
        return await self.show(request, login, case_id, PageState(contact=submitted_answers(opened.messages)))

    async def show(self, request: Request, login: LoggedIn, case_id: str, said: PageState) -> Response:
        """The page of a case as it is now."""
        if case_id not in login.opened:
            return await self._cover(request, login, case_id, said)
        async with transaction(self._parts.engine) as connection:
            case = await casework.look_again(connection, login.member, case_id)
            members = await list_members(connection)
            lost = await gone(connection, [link.case.id for link in kept_links(case.messages).links])
        search.remember(login, case)
        self._parts.presence.enter(case_id, login.member)
        names = {member.id: member.name for member in members}
        guidance = self._parts.guidance().guidance
        return self._parts.pages.page(
            request,
            "case.html",
            login,
            said.status,
            case=view_of(case, names, lost),
            facts=facts(case.row, names),
            said=said,
            others=self._parts.presence.others(case_id, login.member.id),
            phrases=phrases(guidance.desk, guidance.helplines),
            suggested=guidance.desk.labels if guidance.desk else (),
            limits={"reply": REPLY_MAX, "note": NOTE_MAX, "reason": REASON_MAX, "labels": LABELS_MAX},
            has_recipients=guidance.desk is not None,
            **choices(members, login.member.id),
        )

    async def _cover(self, request: Request, login: LoggedIn, case_id: str, said: PageState) -> Response:
        async with self._parts.engine.connect() as connection:
            row = await case_row(connection, case_id)
            names = await self._names(connection)
        return self._parts.pages.page(
            request,
            "case_cover.html",
            login,
            said.status,
            facts=facts(row, names),
            said=said,
            kept=kept(said.typed),
            action=request.url.path,
            others=self._parts.presence.others(case_id, login.member.id),
        )

    async def back(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """To the case."""
        return RedirectResponse(f"/cases/{request.path_params['case']}", 303)

    # --- Doing -------------------------------------------------------------------------------------------------

    def act(self, name: str) -> Handler:
        """The handler of one of the small acts."""

        async def do(request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
            return await self._do(request, login, form, name, ACTS[name])

        return do

    async def reply(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """First shows what the writer will see, then sends it; or puts a saved phrase into what is being written."""
        case_id: str = request.path_params["case"]
        wanted = form.get("do", "preview")
        guidance = self._parts.guidance().guidance
        if wanted == "phrase":
            chosen = [one.say for one in phrases(guidance.desk, guidance.helplines) if one.id == form.get("phrase")]
            written = "\n\n".join(part for part in (form.get("reply", "").rstrip(), *chosen) if part)
            return await self.show(request, login, case_id, PageState({**form, "reply": written}))
        if wanted == "edit":
            return await self.show(request, login, case_id, PageState(form))
        if wanted == "send" and form.get("previewed"):
            return await self._do(request, login, form, "reply", send_reply)
        async with self._parts.engine.connect() as connection:
            row = await case_row(connection, case_id)
        try:
            text = Doing(connection, login, case_id, form, self._parts.clock()).text("reply", REPLY_MAX, "the reply")
        except Refused as error:
            return await self.show(request, login, case_id, refusal(error, "reply", {}, form))
        head, paragraphs = shown_to_writer(text, guidance)
        return self._parts.pages.page(
            request,
            "case_reply.html",
            login,
            facts=facts(row, {}),
            text=text,
            seen=form.get("seen", ""),
            head=head,
            paragraphs=paragraphs,
            warned=look_over(text, guidance.desk.checking if guidance.desk else Checking()),
        )

    async def shred(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Deletes what its writer took back, and what the database's log still has of it."""
        case_id: str = request.path_params["case"]
        response = await self._do(request, login, form, "shred", delete, "/")
        if response.status_code == 303:
            linking.forget(self._parts, case_id)
            if not await scrub(self._parts.engine):
                _log.warning("the database's log was in use, so what was deleted stays in it for a while")
        return response

    async def _do(
        self, request: Request, login: LoggedIn, form: Mapping[str, str], name: str, act: Act, then: str = ""
    ) -> Response:
        case_id: str = request.path_params["case"]
        try:
            async with transaction(self._parts.engine) as connection:
                done = await perform(Doing(connection, login, case_id, form, self._parts.clock()), act)
        except MemberDisabled as error:
            if name != "assign" or login.why is not None:
                raise
            return await self.show(request, login, case_id, refusal(NotAllowed(str(error)), name, {}, form))
        except REFUSALS as error:
            async with self._parts.engine.connect() as connection:
                names = await self._names(connection)
            return await self.show(request, login, case_id, refusal(error, name, names, form))
        login.say(done)
        return RedirectResponse(then or f"/cases/{case_id}", 303)

    # --- Being there -------------------------------------------------------------------------------------------

    async def here(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """A page with the case says that it is still open; it is told who else is there, and what is new."""
        case_id: str = request.path_params["case"]
        if case_id in login.opened:
            self._parts.presence.enter(case_id, login.member)
        seen = form.get("seen", "")
        after = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 16 else 0
        async with self._parts.engine.connect() as connection:
            rows = await history(connection, case_id, after=after)
            names = await self._names(connection)
        new = changes([row for row in rows if row.actor != login.member.id and row.act not in QUIET], names)
        others = self._parts.presence.others(case_id, login.member.id)
        return JSONResponse({"others": list(others), "changes": [f"{one.who} {one.what}" for one in new]})

    async def away(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The page was left."""
        self._parts.presence.leave(request.path_params["case"], login.member.id)
        return Response(status_code=204)

    async def _names(self, connection: AsyncConnection) -> Mapping[str, str]:
        return {member.id: member.name for member in await list_members(connection)}


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """The routes of a case."""
    filters: dict[str, Any] = parts.pages.templates.filters
    filters |= {"words": typed_text.words, "cut": typed_text.parts, "uk": uk_time}
    pages = CasePages(parts)
    case = "/cases/{case:str}"
    return [
        member_route(parts, case, ["GET"], pages.look),
        member_route(parts, f"{case}/open", ["POST"], pages.open),
        member_route(parts, f"{case}/contact", ["POST"], pages.contact),
        member_route(parts, f"{case}/reply", ["POST"], pages.reply),
        member_route(parts, f"{case}/shred", ["POST"], pages.shred),
        member_route(parts, f"{case}/here", ["POST"], pages.here, counts=False),
        member_route(parts, f"{case}/away", ["POST"], pages.away, counts=False),
        *(member_route(parts, f"{case}/{name}", ["POST"], pages.act(name)) for name in ACTS),
        # A form's address that is looked up again, after logging in for example.
        member_route(parts, f"{case}/{{act:str}}", ["GET"], pages.back),
    ]
