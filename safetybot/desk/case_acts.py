"""What the forms on a case's page do. Each act happens in one transaction with its row in the audit log.

Before it, in the same transaction, it is checked that nobody else has changed the case since the page was shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.desk.logins import LoggedIn
from safetybot.formats.times import UK
from safetybot.reports import casework, links
from safetybot.reports.cases import CaseOutcome, CaseUrgency, Status
from safetybot.reports.edit_conflicts import sent_already, unchanged
from safetybot.vault.envelopes import EnvelopeKind
from safetybot.vault.sealing import Json

REPLY_MAX = 3_000
"""Letters of a reply: a few screens of a phone, and one message in Telegram."""
NOTE_MAX = 5_000
REASON_MAX = 1_000
LABELS_MAX = 12
LABEL_MAX = 40
KEEP_DAYS_MAX = 3 * 366
"""For which a case may be kept at once; it can be kept again."""
SHORT_MAX = 200
"""Letters of a reference, or of the name of a police force."""


class Refused(Exception):  # noqa: N818 - reads as what happened
    """Something was filled in wrongly; the message says what and how, for the person who did."""

    def __init__(self, field: str, says: str) -> None:
        self.field = field
        super().__init__(says)


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does what to which case."""

    connection: AsyncConnection
    login: LoggedIn
    case_id: str
    form: Mapping[str, str]
    at: dt.datetime

    @property
    def seen(self) -> int:
        """The newest row of the case that their page showed; 0 where it does not say."""
        said = self.form.get("seen", "")
        return int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else 0

    def text(self, name: str, most: int, what: str) -> str:
        """A text that must be there. Raises Refused."""
        text = self.form.get(name, "").strip()
        if not text:
            raise Refused(name, f"Write {what} first.")
        if len(text) > most:
            raise Refused(name, f"{len(text):,} letters; {most:,} fit. Shorten it a little.")
        return text

    def day(self, name: str) -> dt.date:
        """A day that must be there. Raises Refused."""
        try:
            return dt.date.fromisoformat(self.form.get(name, "").strip())
        except ValueError:
            raise Refused(name, "Write the day as 2026-11-24: year, month, day.") from None

    def choice(self, name: str, what: str) -> str:
        """A choice that must be made. Raises Refused."""
        if not (chosen := self.form.get(name, "")):
            raise Refused(name, f"Choose {what} first.")
        return chosen

    async def again(self, kind: EnvelopeKind, body: Json) -> bool:
        """Whether the same form was sent twice."""
        return await sent_already(self.connection, self.login.member, self.case_id, self.seen, kind, body)


Act = Callable[[Doing], Awaitable[str]]
"""Returns what is to be said once it is done."""


async def perform(doing: Doing, act: Act) -> str:
    """Does it, unless somebody else has changed the case. Raises Refused, ChangedMeanwhile, and what acts raise."""
    await unchanged(doing.connection, doing.login.member, doing.case_id, doing.seen)
    return await act(doing)


async def reply(doing: Doing) -> str:
    """To the writer of the report."""
    body = {"text": doing.text("reply", REPLY_MAX, "the reply")}
    if not await doing.again(EnvelopeKind.REPLY, body):
        await casework.reply(doing.connection, doing.login.member, doing.case_id, body, doing.at)
    return "The reply is sent. They see it when they come back with their code."


async def note(doing: Doing) -> str:
    """Among staff."""
    body = {"text": doing.text("note", NOTE_MAX, "the note")}
    if not await doing.again(EnvelopeKind.NOTE, body):
        await casework.note(doing.connection, doing.login.member, doing.case_id, body, doing.at)
    return "The note is kept. Only staff can read it."


async def assign(doing: Doing) -> str:
    """To me, a colleague, or nobody."""
    to = doing.form.get("assignee", "")
    await casework.assign(doing.connection, doing.login.member, doing.case_id, to or None, doing.at)
    return "It is assigned." if to else "It is assigned to nobody now."


async def urgency(doing: Doing) -> str:
    """How soon somebody must look at it."""
    try:
        wanted = CaseUrgency(doing.choice("urgency", "an urgency"))
    except ValueError:
        raise Refused("urgency", "Choose one of the three.") from None
    await casework.set_urgency(doing.connection, doing.login.member, doing.case_id, wanted, doing.at)
    return "Its urgency is changed."


async def status(doing: Doing) -> str:
    """Open or waiting; this opens a closed case again, too."""
    try:
        wanted = Status(doing.choice("status", "a status"))
    except ValueError:
        raise Refused("status", "Choose one of those offered.") from None
    await casework.set_status(doing.connection, doing.login.member, doing.case_id, wanted, doing.at)
    return f"The case is {wanted.value} now."


async def labels(doing: Doing) -> str:
    """All labels at once: separated by commas, or by lines."""
    said = doing.form.get("labels", "").replace("\n", ",").split(",")
    wanted = list(dict.fromkeys(label for each in said if (label := " ".join(each.split()))))
    if len(wanted) > LABELS_MAX:
        raise Refused("labels", f"{len(wanted)} labels; a case has {LABELS_MAX} at most.")
    if long := next((label for label in wanted if len(label) > LABEL_MAX), None):
        raise Refused("labels", f"A label has {LABEL_MAX} letters at most; one has {len(long)}.")
    await casework.set_labels(doing.connection, doing.login.member, doing.case_id, wanted, doing.at)
    return "Its labels are kept."


async def keep(doing: Doing) -> str:
    """Longer than usual, with a reason."""
    today = doing.at.astimezone(UK).date()
    day, reason = doing.day("until"), doing.text("reason", REASON_MAX, "why it must be kept")
    if not today < day <= today + dt.timedelta(KEEP_DAYS_MAX):
        raise Refused("until", "Choose a day to come, within three years.")
    await casework.keep_until(doing.connection, doing.login.member, doing.case_id, day, doing.at, reason)
    return "It is kept until then. Your reason is among the notes."


async def close(doing: Doing) -> str:
    """With an outcome."""
    try:
        outcome = CaseOutcome(doing.choice("outcome", "an outcome"))
    except ValueError:
        raise Refused("outcome", "Choose one of those offered.") from None
    if outcome is CaseOutcome.WITHDRAWN:
        raise Refused("outcome", "Choose one of those offered.")
    await casework.close(doing.connection, doing.login.member, doing.case_id, outcome, doing.at)
    return "The case is closed. It is kept for 90 days, and opens again if its writer adds to it."


async def dismiss(doing: Doing) -> str:
    """Another case has nothing to do with this one."""
    other = doing.choice("other", "a case")
    await links.dismiss_link(doing.connection, doing.login.member, doing.case_id, other, doing.at)
    return "The link is dismissed, in both cases."


async def shred(doing: Doing) -> str:
    """What its writer took back."""
    if doing.form.get("sure") != "yes":
        raise Refused("sure", "Tick the box if you are sure: nobody can bring it back.")
    await casework.shred_withdrawn(doing.connection, doing.login.member, doing.case_id, doing.at)
    return "The case is deleted. Only its figures are left."


ACTS: Mapping[str, Act] = {
    "note": note,
    "assign": assign,
    "urgency": urgency,
    "status": status,
    "labels": labels,
    "keep": keep,
    "close": close,
    "dismiss": dismiss,
}
"""By the end of the address. A reply, a referral and deleting have pages of their own."""
