"""Referring a case: what is handed over, on paper or as JSON, and the note of it; and the export of a whole case.

Both leave the desk unsealed, so both ask for the passphrase again, and both are written down.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.desk.case_acts import NOTE_MAX, SHORT_MAX, Doing, Refused, perform
from safetybot.desk.case_pages import REFUSALS, CasePages, PageState, refusal
from safetybot.desk.case_view import facts
from safetybot.desk.confirming import confirm_passphrase
from safetybot.desk.context import DeskContext
from safetybot.desk.logins import LoggedIn
from safetybot.desk.routing import member_route
from safetybot.formats.times import UK
from safetybot.guidance.desk import DeskFile, Recipient
from safetybot.reports import casework
from safetybot.reports.cases import NotAllowed
from safetybot.reports.referral import make_referral
from safetybot.reports.submitted_answers import SubmittedAnswer, submitted_answers
from safetybot.staff.members import list_members
from safetybot.vault.audit import transaction
from safetybot.vault.envelopes import EnvelopeKind
from safetybot.vault.sealing import Json

_TICK = "tick."
_NO_RECIPIENTS = DeskFile.model_construct(recipients=())


@dataclass(frozen=True, slots=True)
class ReferralView:
    """A recipient, with how to reach them."""

    recipient: Recipient
    reach: str


class ReferralPages:
    """The handlers."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts
        self._case = CasePages(parts)

    # --- Writing down that it was referred ---------------------------------------------------------------------

    async def refer(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """To whom, and how to reach them; and the form to write it down."""
        return await self._refer(request, login, PageState())

    async def referred(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Writes it down."""
        case_id: str = request.path_params["case"]
        names: Mapping[str, str] = {}
        try:
            async with transaction(self._parts.engine) as connection:
                names = {member.id: member.name for member in await list_members(connection)}
                doing = Doing(connection, login, case_id, form, self._parts.clock())
                done = await perform(doing, self._write_down)
        except REFUSALS as error:
            return await self._refer(request, login, refusal(error, "refer", names, form))
        login.say(done)
        return RedirectResponse(f"/cases/{case_id}", 303)

    async def _write_down(self, doing: Doing) -> str:
        recipient = self._desk.recipient(doing.choice("to", "to whom it was referred"))
        if recipient is None:
            raise Refused("to", "Choose one of those offered.")
        to, day = _name(recipient, doing.form), doing.day("when")
        reference, note = doing.form.get("reference", "").strip(), doing.form.get("note", "").strip()
        if len(reference) > SHORT_MAX:
            raise Refused("reference", f"{SHORT_MAX} letters at most.")
        if len(note) > NOTE_MAX:
            raise Refused("note", f"{len(note):,} letters; {NOTE_MAX:,} fit. Shorten it a little.")
        if day > doing.at.astimezone(UK).date():
            raise Refused("when", "Write it down once it is done: the day cannot be in the future.")
        body = {"to": to, "when": day.isoformat(), "reference": reference, **({"note": note} if note else {})}
        if not await doing.again(EnvelopeKind.REFERRAL, body):
            await casework.refer(
                doing.connection,
                doing.login.member,
                doing.case_id,
                doing.at,
                to=to,
                when=day,
                reference=reference,
                note=note,
            )
        return "The referral is written down."

    async def _refer(self, request: Request, login: LoggedIn, said: PageState) -> Response:
        case_id: str = request.path_params["case"]
        if case_id not in login.opened:
            return await self._case.show(request, login, case_id, said)
        async with transaction(self._parts.engine) as connection:
            case = await casework.look_again(connection, login.member, case_id)
            names = {member.id: member.name for member in await list_members(connection)}
        return self._parts.pages.page(
            request,
            "case_refer.html",
            login,
            said.status,
            facts=facts(case.row, names),
            seen=case.seen,
            said=said,
            recipients=[ReferralView(each, self._reach(each)) for each in self._desk.recipients],
            today=self._parts.clock().astimezone(UK).date().isoformat(),
            limits={"note": NOTE_MAX, "short": SHORT_MAX},
        )

    # --- What is handed over -----------------------------------------------------------------------------------

    async def prepare(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Which answers go into it."""
        return await self._prepare(request, login, request.query_params.get("to", ""), PageState(), None)

    async def hand_over(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Makes it, as a page to print or as JSON."""
        case_id: str = request.path_params["case"]
        to = form.get("to", "")
        recipient = self._desk.recipient(to)
        keys = frozenset(name.removeprefix(_TICK) for name in form if name.startswith(_TICK))
        if case_id not in login.opened or recipient is None:
            return RedirectResponse(f"/cases/{case_id}/refer", 303)
        try:
            named = _name(recipient, form)
            if not keys and form.get("contact") != "yes":
                raise Refused("keys", "Tick what goes into it first.")
            if wrong := await confirm_passphrase(self._parts, login, form):
                raise Refused("passphrase", wrong)
            async with transaction(self._parts.engine) as connection:
                made = await make_referral(
                    connection,
                    login.member,
                    case_id,
                    self._parts.clock(),
                    recipient=recipient.id,
                    keys=keys,
                    contact=form.get("contact") == "yes",
                )
        except (Refused, NotAllowed) as error:
            return await self._prepare(request, login, to, refusal(error, "keys", {}, form), keys)
        if form.get("do") == "json":
            sender = {"name": self._desk.sender.name, "reach": self._desk.sender.reach}
            return _file(made.to_json(named, sender), f"referral-{made.row.ref.short}.json")
        return self._parts.pages.page(
            request,
            "referral_print.html",
            login,
            referral=made,
            facts=facts(made.row, {}),
            named=named,
            sender=self._desk.sender,
        )

    async def _prepare(
        self, request: Request, login: LoggedIn, to: str, said: PageState, keys: frozenset[str] | None
    ) -> Response:
        case_id: str = request.path_params["case"]
        recipient = self._desk.recipient(to)
        if case_id not in login.opened or recipient is None:
            return RedirectResponse(f"/cases/{case_id}/refer", 303)
        async with transaction(self._parts.engine) as connection:
            case = await casework.look_again(connection, login.member, case_id)
        answers = submitted_answers(case.messages)
        form = self._parts.guidance().guidance.report
        story = form.story.id if form else ""
        needed = frozenset(one.key for one in answers if _is_needed(one, recipient, story))
        return self._parts.pages.page(
            request,
            "case_referral.html",
            login,
            said.status,
            facts=facts(case.row, {}),
            said=said,
            shown=ReferralView(recipient, self._reach(recipient)),
            answers=answers,
            ticked=needed if keys is None else keys,
            contact=case.contact,
            limits={"short": SHORT_MAX},
        )

    # --- All of it ---------------------------------------------------------------------------------------------

    async def export(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The whole case as JSON."""
        case_id: str = request.path_params["case"]
        if case_id not in login.opened:
            return RedirectResponse(f"/cases/{case_id}", 303)
        if wrong := await confirm_passphrase(self._parts, login, form):
            return await self._case.show(request, login, case_id, PageState({}, {"export": wrong}, status=422))
        async with transaction(self._parts.engine) as connection:
            exported = await casework.export_case(connection, login.member, case_id, self._parts.clock())
        return _file(exported, f"case-{exported['case']['short']}.json")

    # --- Small parts -------------------------------------------------------------------------------------------

    @property
    def _desk(self) -> DeskFile:
        return self._parts.guidance().guidance.desk or _NO_RECIPIENTS

    def _reach(self, recipient: Recipient) -> str:
        line = self._parts.guidance().guidance.helplines.get(recipient.helpline or "")
        if line is None:
            return ""
        return " · ".join(part for part in (line.name, line.call, line.web, line.hours) if part)


def _name(recipient: Recipient, form: Mapping[str, str]) -> str:
    """Who they are, with the name of the one that was asked for. Raises Refused."""
    named = " ".join(form.get("named", "").split())
    if len(named) > SHORT_MAX:
        raise Refused("named", f"{SHORT_MAX} letters at most.")
    return f"{recipient.name}: {named}" if named else recipient.name


def _is_needed(one: SubmittedAnswer, recipient: Recipient, story: str) -> bool:
    return (one.question or story) in recipient.needs


def _file(content: Json, name: str) -> Response:
    # Letters beyond ASCII as \\u…: so no mark in a child's words can turn the direction of what an editor shows.
    text = json.dumps(content, ensure_ascii=True, indent=2)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text + "\n", media_type="application/json", headers=headers)


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """The routes of referrals and exports; before those of cases."""
    pages = ReferralPages(parts)
    case = "/cases/{case:str}"
    return [
        member_route(parts, f"{case}/refer", ["GET"], pages.refer),
        member_route(parts, f"{case}/refer", ["POST"], pages.referred),
        member_route(parts, f"{case}/referral", ["GET"], pages.prepare),
        member_route(parts, f"{case}/referral", ["POST"], pages.hand_over),
        member_route(parts, f"{case}/export", ["POST"], pages.export),
    ]
