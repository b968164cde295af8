"""Who is logged in, in memory alone. A login that ends takes the member's private key with it."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from safetybot.staff.lockout import SessionTries
from safetybot.staff.login import UnlockedMember
from safetybot.staff.passkeys import PasskeyChallenge

IDLE = dt.timedelta(minutes=15)
"""Without doing anything, until a login ends."""
LONGEST = dt.timedelta(hours=12)
"""A login lasts, whatever is done."""
ENTERING = dt.timedelta(minutes=10)
"""From the passphrase to the second factor."""
_TOLD_MAX = 1_000
"""Ended logins of which it is remembered why."""


class LoginStage(Enum):
    """How far somebody is in. Only IN sees anything of a case."""

    PASSPHRASE = "must choose a passphrase"  # noqa: S105 - no secret
    ENROL = "must set up a second factor"
    SECOND = "must show the second factor"
    CODES = "must keep the recovery codes"
    IN = "in"


class Ended(Enum):
    """Why a login is over, as it is told to whoever had it."""

    LOCKED = "You locked the desk. Log in to go on."
    IDLE = "Nothing was done for 15 minutes, so the desk locked itself. Log in to go on."
    LONGEST = "A login lasts for 12 hours, and yours is over. Log in to go on."
    ENTERING = "Logging in took more than 10 minutes. Begin again with your name and passphrase."
    ELSEWHERE = "You logged in somewhere else, so this login was ended. If that was not you, tell your colleagues now."
    DISABLED = "This account was disabled or given new keys, so its login was ended. Ask a colleague."
    RESET = "Your second factor was reset by somebody else, so this login was ended. Log in to set up a new one."
    STOPPED = "The desk was stopped. Log in to go on."


@dataclass(slots=True, eq=False)
class LoggedIn:
    """One member's login; wiped when it ends."""

    member: UnlockedMember
    stage: LoginStage
    begun: dt.datetime
    seen: dt.datetime
    """When something was last done. Watching for news does not count."""
    opened: dict[str, Any] = field(default_factory=dict, repr=False)
    """Case id → what was taken from it when this login opened it: for search, and links among cases. Never stored."""
    links: Any = field(default=None, repr=False)
    """What the cases this member has opened name, to be compared (:mod:`safetybot.desk.linking`). Never stored."""
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Every form of this login carries it."""
    flash: list[str] = field(default_factory=list, repr=False)
    """To be said once, on the next page. Nothing of a case's content."""
    next: str = "/"
    """Where to go once they are in."""
    secret: str | None = field(default=None, repr=False)
    """Of a second factor that is not confirmed yet."""
    codes: tuple[str, ...] = field(default=(), repr=False)
    """Recovery codes that are not known to be kept yet."""
    tries: SessionTries = field(default_factory=SessionTries)
    """To show again who they are."""
    asked: PasskeyChallenge | None = field(default=None, repr=False)
    """The newest challenge for a passkey: it is taken once, with :meth:`take_asked`."""
    adding: str | None = None
    """The name of a passkey that is to be made, once they have shown again who they are."""
    has_passkeys: bool = False
    """Whether there is a passkey that could be shown here."""
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when it is over: who streams to this login stops then."""
    why: Ended | None = None

    @property
    def inside(self) -> bool:
        """Whether they have shown both factors, and it is not over."""
        return self.stage is LoginStage.IN and self.why is None

    def left(self, now: dt.datetime) -> dt.timedelta:
        """Until it ends if nothing is done."""
        if self.stage is not LoginStage.IN:
            return self.begun + ENTERING - now
        return min(self.seen + IDLE, self.begun + LONGEST) - now

    def take_asked(self) -> PasskeyChallenge | None:
        """The challenge that was not answered yet, which is used up by this."""
        asked, self.asked = self.asked, None
        return asked

    def say(self, text: str) -> None:
        """Has the next page say something."""
        self.flash.append(text)

    def _end(self, why: Ended) -> None:
        self.why = why
        self.member.wipe()
        self.opened.clear()
        self.links = None
        self.flash.clear()
        self.codes, self.secret, self.asked, self.adding = (), None, None, None
        self.ended.set()


class Logins:
    """Every login there is."""

    def __init__(self) -> None:
        self._logins: dict[bytes, LoggedIn] = {}
        self._told: dict[bytes, Ended] = {}

    def __iter__(self) -> Iterator[LoggedIn]:
        return iter([*self._logins.values()])

    def begin(
        self, member: UnlockedMember, stage: LoginStage, now: dt.datetime, *, after: str = "/"
    ) -> tuple[str, LoggedIn]:
        """A login that has passed the passphrase; and what the browser is to hold of it."""
        login = LoggedIn(member, stage, now, now, next=after)
        return self._hold(login), login

    def enter(self, login: LoggedIn, now: dt.datetime, stage: LoginStage = LoginStage.IN) -> tuple[str, bool]:
        """Lets a login in that has passed both factors: under a new name, and in place of the member's other ones.

        What the browser is to hold from now on, and whether there was another.
        """
        if login.why is not None:
            raise ValueError("this login is over")
        others = [other for other in self if other is not login and other.member.id == login.member.id]
        for other in others:
            self.end(other, Ended.ELSEWHERE)
        self._forget(login)
        login.stage, login.begun, login.seen = stage, now, now
        login.asked = None
        login.csrf = secrets.token_urlsafe(24)
        return self._hold(login), any(other.stage is LoginStage.IN for other in others)

    def find(self, held: str | None, now: dt.datetime) -> LoggedIn | None:
        """The login of what a browser holds. One whose time is over is ended here."""
        login = self._logins.get(_key(held)) if held else None
        if login is not None and self._over(login, now):
            return None
        return login

    def why(self, held: str | None) -> Ended | None:
        """Why the login of what a browser holds is over, if that is remembered."""
        return self._told.get(_key(held)) if held else None

    def touch(self, login: LoggedIn, now: dt.datetime) -> None:
        """Something was done."""
        login.seen = max(login.seen, now)

    def end(self, login: LoggedIn, why: Ended) -> None:
        """Ends a login, and wipes its key."""
        for key in self._forget(login):
            self._told[key] = why
        while len(self._told) > _TOLD_MAX:
            del self._told[next(iter(self._told))]
        login._end(why)

    def end_of(self, member: str, why: Ended, *, but: LoggedIn | None = None) -> None:
        """Ends every login of a member but one."""
        for login in self:
            if login.member.id == member and login is not but:
                self.end(login, why)

    def end_all(self, why: Ended) -> None:
        """Ends every login."""
        for login in self:
            self.end(login, why)

    def sweep(self, now: dt.datetime) -> None:
        """Ends those whose time is over."""
        for login in self:
            self._over(login, now)

    def _over(self, login: LoggedIn, now: dt.datetime) -> bool:
        if login.left(now) > dt.timedelta():
            return False
        if login.stage is not LoginStage.IN:
            why = Ended.ENTERING
        elif login.seen + IDLE <= now:
            why = Ended.IDLE
        else:
            why = Ended.LONGEST
        self.end(login, why)
        return True

    def _hold(self, login: LoggedIn) -> str:
        held = secrets.token_urlsafe(32)
        self._logins[_key(held)] = login
        return held

    def _forget(self, login: LoggedIn) -> list[bytes]:
        keys = [key for key, each in self._logins.items() if each is login]
        for key in keys:
            del self._logins[key]
        return keys


def _key(held: str) -> bytes:
    """What a login is known by: a core dump's reader cannot make the cookie of it."""
    return hashlib.blake2b(held.encode("utf-8", "replace"), digest_size=32, person=b"desk-cookie").digest()
