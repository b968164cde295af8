"""Two people at one case: who acts on what they saw is told what has changed since, and nothing is overwritten."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports.cases import CaseError
from safetybot.staff.login import UnlockedMember
from safetybot.vault.audit import Act, AuditRow, history
from safetybot.vault.envelopes import EnvelopeKind, load, open_all
from safetybot.vault.sealing import Json

QUIET = frozenset({Act.OPENED, Act.CONTACT_SEEN, Act.EXPORTED, Act.LINKED})
"""Acts that change nothing anybody could overwrite."""

_ACTS = {EnvelopeKind.REPLY: Act.REPLIED, EnvelopeKind.NOTE: Act.NOTED, EnvelopeKind.REFERRAL: Act.REFERRED}


class ChangedMeanwhile(CaseError):
    """Somebody else has acted on the case since; ``rows`` says what they did."""

    def __init__(self, rows: Sequence[AuditRow]) -> None:
        self.rows = tuple(rows)
        super().__init__("the case has changed since")


async def unchanged(connection: AsyncConnection, member: UnlockedMember, case_id: str, seen: int) -> None:
    """Call it first in the transaction of an act. ``seen``: the newest row of the case that the member was shown.

    Raises ChangedMeanwhile where a colleague or the writer has acted since. What the member did elsewhere is no
    conflict.
    """
    rows = [row for row in await history(connection, case_id, after=seen) if row.actor != member.id]
    if changes := [row for row in rows if row.act not in QUIET]:
        raise ChangedMeanwhile(changes)


async def sent_already(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, seen: int, kind: EnvelopeKind, body: Json
) -> bool:
    """Whether the member has written this since ``seen``: the same form, sent twice."""
    rows = await history(connection, case_id, after=seen)
    if not any(row.actor == member.id and row.act == _ACTS[kind] for row in rows):
        return False
    opened = open_all(case_id, await load(connection, case_id, member.id, [kind]), member.pair())
    own = [message for message in opened.messages if message.by == member.id]
    return bool(own) and own[-1].body == body
