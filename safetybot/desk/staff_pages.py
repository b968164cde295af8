"""The team: who can read reports, and what one member does for another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.desk.audit_words import shown_second, shown_time
from safetybot.desk.confirming import confirm_passphrase
from safetybot.desk.context import DeskContext
from safetybot.desk.logins import Ended, LoggedIn
from safetybot.desk.routing import member_route
from safetybot.staff import colleagues, recovery, second_factor
from safetybot.staff.errors import (
    BadName,
    MemberDisabled,
    MemberLocked,
    NameTaken,
    NotActive,
    NotLocked,
    OwnAccount,
    SecondFactorMissing,
)
from safetybot.staff.lockout import locked_until
from safetybot.staff.members import NAME_MAX, Member, list_members
from safetybot.staff.recovery import RecoveryKeyMistyped
from safetybot.staff.vouchers import Standing, standings
from safetybot.vault.audit import Act, last_of, last_times
from safetybot.vault.errors import StaffError
from safetybot.vault.roster import vouching_of
from safetybot.vault.vouching import NotVouched

_ID = "{member:str}"
_KEY_MAX = 200


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One member as the page shows them."""

    member: Member
    second: bool
    """Whether they have a second factor."""
    last: str
    """When they last logged in; empty for never."""
    missing: int
    """Cases that hold something they cannot open."""
    self: bool
    standing: Standing | None = None
    """Who let them in; None where the list of members does not know."""
    locked: str = ""
    """Until when somewhere they are locked out; empty for not at all."""

    @property
    def since(self) -> str:
        """The day on which they were added."""
        return shown_time(self.member.created)


@dataclass(slots=True)
class Grant:
    """Earlier cases that are being given to somebody."""

    by: str
    done: int = 0
    total: int = 0
    says: str = ""
    """What came of it; empty while it goes on."""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return not self.says


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """Of the staff pages."""
    pages = StaffPages(parts)
    return [
        member_route(parts, "/staff", ["GET"], pages.look),
        member_route(parts, "/staff/add", ["POST"], pages.add),
        member_route(parts, "/staff/drill", ["GET", "POST"], pages.drill),
        member_route(parts, f"/staff/{_ID}", ["GET"], pages.one),
        member_route(parts, f"/staff/{_ID}/grant", ["POST"], pages.grant),
        member_route(parts, f"/staff/{_ID}/disable", ["POST"], pages.disable),
        member_route(parts, f"/staff/{_ID}/enable", ["POST"], pages.enable),
        member_route(parts, f"/staff/{_ID}/reset", ["POST"], pages.reset),
        member_route(parts, f"/staff/{_ID}/unlock", ["POST"], pages.unlock),
    ]


class StaffPages:
    """The pages of one desk."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts
        self._grants: dict[str, Grant] = {}
        """Member's id → the newest."""

    async def look(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Everybody, and the form for one more."""
        return await self._page(request, login)

    async def add(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """One more member; their one-time passphrase is shown on the page that answers, and never again."""
        parts, name = self._parts, form.get("name", "")
        if wrong := await confirm_passphrase(parts, login, form):
            return await self._page(request, login, name=name, wrong_passphrase=wrong)
        try:
            member, passphrase = await colleagues.add(
                parts.engine, login.member, name, parts.clock(), parts.stretcher, parts.parameters
            )
        except (BadName, NameTaken, NotVouched) as error:
            return await self._page(request, login, name=name, wrong_name=_said(error))
        return parts.pages.page(request, "staff_added.html", login, member=member, secret=passphrase)

    async def one(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """One member, and what can be done."""
        return await self._one(request, login)

    async def grant(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Gives a member what the one who asks can open; goes on while pages are looked at."""
        parts, to = self._parts, request.path_params["member"]
        if wrong := await confirm_passphrase(parts, login, form):
            return await self._one(request, login, wrong_grant=wrong)
        row = await self._row(login, to)
        if row is None or not row.member.active:
            return await self._one(request, login)
        going = self._grants.get(to)
        if going is None or not going.running:
            job = self._grants[to] = Grant(login.member.name)
            parts.jobs.start(self._give(login, to, job), "grant")
        return RedirectResponse(f"/staff/{to}", 303)

    async def _give(self, login: LoggedIn, to: str, job: Grant) -> None:
        def progress(done: int, total: int) -> None:
            job.done, job.total = done, total

        try:
            parts = self._parts
            given = await recovery.grant(parts.engine, login.member, to, parts.clock(), progress=progress)
            job.says = f"{given.opened} envelopes can be opened now that could not before."
            if given.damaged:
                job.says += f" {given.damaged} could not be granted: their keys are damaged."
        except NotVouched as error:
            job.says = _said(error)
        except (MemberLocked, MemberDisabled):
            job.says = f"It stopped after {job.done} of {job.total}, because {job.by} was logged out. Do it once more."
        finally:
            failed = f"It failed after {job.done} of {job.total}. What was granted stays: do it once more."
            job.says = job.says or failed

    async def disable(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Lets a member in no more, from this moment."""
        parts, member = self._parts, request.path_params["member"]
        if wrong := await confirm_passphrase(parts, login, form):
            return await self._one(request, login, wrong_disable=wrong)
        try:
            left = await colleagues.disable(parts.engine, login.member, member, parts.clock())
        except OwnAccount as error:
            return await self._one(request, login, wrong_disable=_said(error))
        parts.logins.end_of(member, Ended.DISABLED)
        login.say("The account is disabled. Nothing new is sealed to it, and it cannot log in.")
        if left == 1:
            login.say("You are the only active member now. If you forget your passphrase, only the recovery key helps.")
        return RedirectResponse(f"/staff/{member}", 303)

    async def enable(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Lets a member in again."""
        parts, member = self._parts, request.path_params["member"]
        if wrong := await confirm_passphrase(parts, login, form):
            return await self._one(request, login, wrong_enable=wrong)
        try:
            await colleagues.enable(parts.engine, login.member, member, parts.clock())
        except (NotActive, NotVouched) as error:
            return await self._one(request, login, wrong_enable=_said(error))
        login.say("The account is active again. What came in meanwhile can be granted below.")
        return RedirectResponse(f"/staff/{member}", 303)

    async def reset(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Has a member set up a new second factor."""
        parts, member = self._parts, request.path_params["member"]
        if wrong := await confirm_passphrase(parts, login, form):
            return await self._one(request, login, wrong_reset=wrong)
        try:
            await colleagues.reset_second_factor(parts.engine, login.member, member, parts.clock())
        except (OwnAccount, SecondFactorMissing) as error:
            return await self._one(request, login, wrong_reset=_said(error))
        parts.logins.end_of(member, Ended.RESET)
        login.say("The second factor is reset. They set up a new one when they next log in.")
        return RedirectResponse(f"/staff/{member}", 303)

    async def unlock(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Forgets the wrong tries that lock a member out."""
        parts, member = self._parts, request.path_params["member"]
        if wrong := await confirm_passphrase(parts, login, form):
            return await self._one(request, login, wrong_unlock=wrong)
        try:
            await colleagues.lift_lock(parts.engine, login.member, member, parts.clock())
        except NotLocked:
            login.say("The lock was over already.")
        else:
            login.say("The lock is lifted: they can log in now.")
        return RedirectResponse(f"/staff/{member}", 303)

    async def drill(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Tries the recovery key. Nothing of it is kept, and it is not shown again."""
        parts, wrong, result = self._parts, "", None
        if request.method == "POST":
            try:
                typed = form.get("key", "")
                if not typed.strip():
                    wrong = "Type the recovery key."
                elif len(typed) > _KEY_MAX:
                    wrong = "A recovery key is shorter: 14 groups of 4."
                else:
                    result = await recovery.drill(parts.engine, login.member, typed, parts.clock())
            except RecoveryKeyMistyped as error:
                wrong = _said(error)
        return parts.pages.page(
            request,
            "staff_drill.html",
            login,
            403 if wrong else 200,
            wrong=wrong,
            result=result,
            last=await self._last_drill(),
        )

    # --- Showing -----------------------------------------------------------------------------------------------

    async def _page(self, request: Request, login: LoggedIn, **said: str) -> Response:
        rows = await self._rows(login)
        return self._parts.pages.page(
            request,
            "staff.html",
            login,
            403 if said else 200,
            rows=rows,
            name_max=NAME_MAX,
            last_drill=await self._last_drill(),
            active=sum(row.member.active for row in rows),
            **{"name": "", "wrong_name": "", "wrong_passphrase": "", **said},
        )

    async def _one(self, request: Request, login: LoggedIn, **wrong: str) -> Response:
        member = request.path_params["member"]
        row = await self._row(login, member)
        if row is None:
            says = "The address may be mistyped."
            return self._parts.pages.page(
                request, "problem.html", login, 404, title="There is no such member", says=says, kept=[], action=""
            )
        none = {"wrong_grant": "", "wrong_disable": "", "wrong_enable": "", "wrong_reset": "", "wrong_unlock": ""}
        rows = await self._rows(login)
        return self._parts.pages.page(
            request,
            "staff_one.html",
            login,
            403 if wrong else 200,
            row=row,
            active=sum(each.member.active for each in rows),
            grant=self._grants.get(member),
            **{**none, **wrong},
        )

    async def _row(self, login: LoggedIn, member: str) -> StaffRow | None:
        if not re.fullmatch(r"[0-9a-f]{16}", member):
            return None
        return next((row for row in await self._rows(login) if row.member.id == member), None)

    async def _rows(self, login: LoggedIn) -> list[StaffRow]:
        async with self._parts.engine.connect() as connection:
            members = await list_members(connection)
            second = await second_factor.with_second_factor(connection)
            last = await last_times(connection, Act.STAFF_UNLOCKED)
            names = {member.id: member.name for member in members}
            standing = await standings(connection, vouching_of(connection), names)
            locked = await locked_until(connection, self._parts.clock())
            return [
                StaffRow(
                    member,
                    member.id in second,
                    shown_time(last[member.id]) if member.id in last else "",
                    await recovery.missing_cases(connection, member.id) if member.active else 0,
                    member.id == login.member.id,
                    standing.get(member.id),
                    shown_second(locked[member.id]) if member.id in locked else "",
                )
                for member in members
            ]

    async def _last_drill(self) -> str:
        async with self._parts.engine.connect() as connection:
            row = await last_of(connection, Act.DRILL)
        if row is None:
            return ""
        good = '"good"' in row.detail
        return f"{shown_time(row.at)} (UTC)" + (", and it was good" if good else ", and it did NOT work")


def _said(error: StaffError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
