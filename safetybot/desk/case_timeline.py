"""What has happened to a case, in order: what was written, with its exact times, and what was done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from safetybot.formats.times import uk_time
from safetybot.reports.casework import OpenedCase
from safetybot.reports.submitted_answers import text_of
from safetybot.vault.audit import BOT, OPERATOR, Act, AuditRow
from safetybot.vault.envelopes import EnvelopeKind, Message

WRITER = "The writer of the report"
PROGRAM = "The program"

_ACTS: Mapping[EnvelopeKind, Act] = {
    EnvelopeKind.REPORT: Act.FILED,
    EnvelopeKind.ADDITION: Act.ADDED,
    EnvelopeKind.REPLY: Act.REPLIED,
    EnvelopeKind.NOTE: Act.NOTED,
    EnvelopeKind.REFERRAL: Act.REFERRED,
    EnvelopeKind.LABELS: Act.LABELLED,
}
"""Acts that are told by what was written then."""
_BY_WRITER = frozenset({Act.ADDED, Act.WITHDREW, Act.REOPENED, Act.URGENCY, Act.FILED})


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened."""

    kind: str
    """For the looks of it: the kind of a message, or ``act``."""
    at: str
    """For people."""
    who: str
    what: str
    words: str = field(default="", repr=False)
    facts: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names and values, for a referral."""
    inward: bool = False
    """Among staff: the writer of the report never sees it."""


def timeline(case: OpenedCase, names: Mapping[str, str]) -> tuple[TimelineEntry, ...]:
    """Everything, oldest first. ``names``: of members of staff, by id."""
    rows = _rows(case)
    found = [
        (message.at, rows[message.number].number if message.number in rows else 0, entry)
        for message in case.messages
        if (entry := _written(message, names))
    ]
    exact = {rows[message.number].number: message.at for message in case.messages if message.number in rows}
    before, opened = "", set[tuple[str, str]]()
    for row in case.history:
        # The writer's acts have a day alone; one that follows another cannot be earlier.
        at = exact.get(row.number, row.at)
        before = max(before, at if "T" in at else f"{at}T00:00:00Z")
        if row.act in _ACTS.values():
            continue
        if row.act == Act.OPENED:
            if (row.actor, row.at[:10]) in opened:
                continue  # once a day is enough to see who has read it
            opened.add((row.actor, row.at[:10]))
        found.append((before, row.number, TimelineEntry("act", uk_time(row.at), who(row, names), what(row, names))))
    found.sort(key=lambda each: each[:2])
    return tuple(entry for *_, entry in found)


def _rows(case: OpenedCase) -> Mapping[int, AuditRow]:
    """Number of a message → the row of its act, for each kind of which all messages could be opened."""
    found: dict[int, AuditRow] = {}
    reasons = [message.number for message in case.messages if _is_reason(message)]
    for kind, act in (*_ACTS.items(), (None, Act.KEPT)):
        of_kind = [message.number for message in case.messages if message.kind is kind]
        messages = [number for number in of_kind if number not in reasons] if kind else reasons
        rows = [row for row in case.history if row.act == act]
        if len(messages) == len(rows):
            found |= dict(zip(messages, rows, strict=True))
    return found


def _is_reason(message: Message) -> bool:
    """Whether it is a note that says why a case is kept: that has no row of its own."""
    return message.kind is EnvelopeKind.NOTE and isinstance(message.body, dict) and message.body.get("about") == "kept"


def changes(rows: Iterable[AuditRow], names: Mapping[str, str]) -> tuple[TimelineEntry, ...]:
    """What others have done, in words, to tell somebody who acted meanwhile."""
    return tuple(TimelineEntry("act", uk_time(row.at), who(row, names), what(row, names)) for row in rows)


def who(row: AuditRow, names: Mapping[str, str]) -> str:
    """Who did it."""
    if row.actor == BOT:
        return WRITER if row.act in _BY_WRITER else PROGRAM
    return "The operator" if row.actor == OPERATOR else names.get(row.actor, "Somebody who was staff")


def what(row: AuditRow, names: Mapping[str, str]) -> str:
    """What they did, after their name: ``closed the case: advised``."""
    detail = _detail(row)
    before, now = detail.get("before", ""), detail.get("now", "")
    match row.act:
        case Act.STATUS:
            return "opened the case again" if before == "closed" else f"made it {now} (was {before})"
        case Act.URGENCY:
            return f"made its urgency {now} (was {before})"
        case Act.ASSIGNED:
            to = detail.get("to")
            return f"gave it to {names.get(str(to), 'somebody')}" if to else "gave it to nobody"
        case Act.CLOSED:
            return f"closed the case: {detail.get('outcome', '')}"
        case Act.KEPT:
            return f"keeps it until {uk_time(str(detail.get('until', '')))}"
        case Act.EXPORTED:
            return "exported a referral" if detail.get("what") == "referral" else "exported the whole case"
        case Act.LINKED:
            return "dismissed a link to another case" if detail.get("link") == "dismissed" else "found a link"
        case _:
            return _SAID.get(row.act, row.act)


_SAID: Mapping[str, str] = {
    Act.FILED: "sent the report",
    Act.ADDED: "added to it",
    Act.WITHDREW: "asked for it to be deleted",
    Act.OPENED: "opened the case",
    Act.CONTACT_SEEN: "looked at how to reach the writer",
    Act.REPLIED: "replied",
    Act.NOTED: "wrote a note",
    Act.REFERRED: "wrote down a referral",
    Act.LABELLED: "changed its labels",
    Act.REOPENED: "opened the case again, by adding to it",
    Act.WARNED: "announced that it will be deleted in three days",
    Act.SHREDDED: "deleted it",
}


def _detail(row: AuditRow) -> Mapping[str, object]:
    try:
        detail = json.loads(row.detail)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


def _written(message: Message, names: Mapping[str, str]) -> TimelineEntry | None:
    """A message as an entry; None for those that stand elsewhere on the page."""
    at, body = uk_time(message.at), message.body
    author = WRITER if message.by is None else names.get(message.by, "Somebody who was staff")
    match message.kind:
        case EnvelopeKind.REPORT:
            return TimelineEntry("report", at, author, "sent the report")
        case EnvelopeKind.ADDITION:
            return TimelineEntry("addition", at, author, "added", text_of(body))
        case EnvelopeKind.REPLY:
            return TimelineEntry("reply", at, author, "replied", text_of(body))
        case EnvelopeKind.NOTE:
            said = "said why it is kept" if _is_reason(message) else "wrote a note"
            return TimelineEntry("note", at, author, said, text_of(body), (), True)
        case EnvelopeKind.REFERRAL:
            return TimelineEntry("referral", at, author, "referred it", facts=tuple(_facts(body)), inward=True)
        case EnvelopeKind.LABELS:
            labels = labels_in(body)
            return TimelineEntry(
                "act", at, author, f"gave it the labels: {', '.join(labels)}" if labels else "took its labels away"
            )
        case _:
            return None


def _facts(body: object) -> Iterable[tuple[str, str]]:
    if not isinstance(body, dict):
        yield "To", text_of(body)
        return
    for key, name in (("to", "To"), ("when", "When"), ("reference", "Reference"), ("note", "Note")):
        if value := str(body.get(key) or ""):
            yield name, uk_time(value) if key == "when" else value


def labels_in(body: object) -> Sequence[str]:
    """The labels of a message of that kind."""
    labels = body.get("labels") if isinstance(body, dict) else None
    return [str(label) for label in labels] if isinstance(labels, list) else []
