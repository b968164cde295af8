"""What is handed to somebody a case is referred to: the account in exact words, and nothing that was not chosen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.formats.times import moment_of
from safetybot.reports.cases import CaseRow, NotAllowed, Status, case_row
from safetybot.reports.submitted_answers import SubmittedAnswer, submitted_answers
from safetybot.staff.login import UnlockedMember, acting
from safetybot.storage.tables import envelopes
from safetybot.vault.audit import Act, append
from safetybot.vault.envelopes import EnvelopeKind, load, open_all
from safetybot.vault.sealing import Json

REFERRAL_FORMAT = 1
UNVERIFIED = "Unverified: in the writer's own words."


@dataclass(frozen=True, slots=True)
class Referral:
    """What goes to a recipient. Notes, replies and the history are never in it."""

    row: CaseRow
    made: str
    """The moment, UTC."""
    by: str
    """The name of the member who made it."""
    answers: tuple[SubmittedAnswer, ...] = field(repr=False)
    contact: tuple[SubmittedAnswer, ...] = field(repr=False)
    """How the writer can be reached; empty unless it was asked for."""

    def to_json(self, recipient: str, sender: Json) -> Json:
        """As plain data for a recipient's name, with who sends it."""
        return {
            "format": REFERRAL_FORMAT,
            "recipient": recipient,
            "from": sender,
            "made": {"at": self.made, "by": self.by},
            "case": {"short": self.row.ref.short, "reported": self.row.day, "urgency": self.row.urgency.value},
            "about": UNVERIFIED,
            "answers": [_plain(one) for one in self.answers],
            **({"contact": [_plain(one) for one in self.contact]} if self.contact else {}),
        }


def _plain(one: SubmittedAnswer) -> Json:
    return {"told": one.at, "label": one.label, "buttons": list(one.buttons), "words": one.words}


async def make_referral(
    connection: AsyncConnection,
    member: UnlockedMember,
    case_id: str,
    at: dt.datetime,
    *,
    recipient: str,
    keys: Collection[str],
    contact: bool = False,
) -> Referral:
    """Opens what was chosen, and writes down that it was exported, to whom (an id, no content), and how much.

    ``keys`` are those of :class:`Told`. What nobody has opened yet is never in it. Raises what acts raise
    (:mod:`safetybot.reports.casework`); NotAllowed while the case is new, and where nothing was chosen.
    """
    await acting(connection, member)
    row = await case_row(connection, case_id)
    if row.status is Status.NEW:
        raise NotAllowed("open the case before you refer it")
    unread = and_(envelopes.c.case_id == case_id, envelopes.c.unread)
    shut = set((await connection.execute(select(envelopes.c.number).where(unread))).scalars())
    kinds = [EnvelopeKind.REPORT, EnvelopeKind.ADDITION, *([EnvelopeKind.CONTACT] if contact else [])]
    stored = [one for one in await load(connection, case_id, member.id, kinds) if one.number not in shut]
    messages = open_all(case_id, stored, member.pair()).messages
    answers = tuple(
        one for one in submitted_answers(m for m in messages if m.kind is not EnvelopeKind.CONTACT) if one.key in keys
    )
    reached = submitted_answers(m for m in messages if m.kind is EnvelopeKind.CONTACT)
    if not answers and not reached:
        raise NotAllowed("choose what goes into the referral")
    sent: dict[str, str | int] = {"what": "referral", "to": recipient, "answers": len(answers)}
    await append(
        connection, member.id, Act.EXPORTED, moment_of(at), case_id, **sent, contact="yes" if reached else "no"
    )
    return Referral(row, moment_of(at), member.name, answers, reached)
