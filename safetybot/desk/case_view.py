"""A case that was opened, as its page shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from safetybot.desk.case_timeline import TimelineEntry, labels_in, timeline
from safetybot.desk.queue_pages import STATUS_WORDS, URGENCY_WORDS
from safetybot.formats.times import uk_time
from safetybot.guidance.desk import PLACEHOLDER, DeskFile
from safetybot.guidance.model import Guidance, Helpline
from safetybot.reports.cases import ALLOWED, CaseOutcome, CaseRow, CaseUrgency, Status
from safetybot.reports.casework import OpenedCase
from safetybot.reports.links import Link, kept_links
from safetybot.reports.retention import WARN_DAYS
from safetybot.reports.submitted_answers import SubmittedAnswer, submitted_answers
from safetybot.staff.members import Member
from safetybot.vault.envelopes import EnvelopeKind

UNSAFE_HERE = ("safe-here", "no")
"""The answer that says it is not safe to write to them: question and choice of the report form."""

OUTCOME_WORDS: Mapping[CaseOutcome, str] = {
    CaseOutcome.REFERRED: "Referred to somebody who acts",
    CaseOutcome.ADVISED: "Advised; nothing more is needed",
    CaseOutcome.NO_ACTION: "No action is needed",
    CaseOutcome.TOO_LITTLE: "Too little is known to act",
    CaseOutcome.DUPLICATE: "The same as another case",
    CaseOutcome.MISUSE: "Misuse, or a test",
}
"""How a case may be closed; ``withdrawn`` comes from its writer alone."""

_KINDS: Mapping[EnvelopeKind, str] = {
    EnvelopeKind.REPORT: "The report",
    EnvelopeKind.CONTACT: "How to reach them",
    EnvelopeKind.ADDITION: "Something they added",
    EnvelopeKind.REPLY: "A reply",
    EnvelopeKind.NOTE: "A note",
    EnvelopeKind.REFERRAL: "A referral",
    EnvelopeKind.LABELS: "Its labels",
    EnvelopeKind.LINK: "A link to another case",
}
_WHY: Mapping[str, str] = {
    "no key": "it was sealed before you joined. A colleague who can open it can grant it to you, on the Staff page",
    "damaged": "it is damaged, or was changed. Tell whoever runs the desk",
}


@dataclass(frozen=True, slots=True)
class CaseView:
    """What the page of an opened case shows."""

    row: CaseRow
    told: tuple[SubmittedAnswer, ...] = field(repr=False)
    timeline: tuple[TimelineEntry, ...] = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    links: tuple[Link, ...] = field(repr=False)
    shut: tuple[tuple[str, str], ...]
    """What cannot be opened, and why."""
    contact: bool
    unread: int
    seen: int
    language: str
    """The language the report was made in, where it is known."""
    unsafe_here: bool
    """They said that it is not safe to write to them here."""

    @property
    def can_reply(self) -> bool:
        """Whether a reply can be sent as the case is."""
        return self.row.status in (Status.OPEN, Status.WAITING)

    @property
    def statuses(self) -> Sequence[tuple[str, str]]:
        """What it may be made by the form for its status."""
        after = ALLOWED[self.row.status] - {Status.CLOSED}
        return [(each.value, STATUS_WORDS[each]) for each in Status if each in after]


def view_of(case: OpenedCase, names: Mapping[str, str], gone: frozenset[str] = frozenset()) -> CaseView:
    """The page's content. ``names``: of staff, by id; ``gone``: ids of linked cases that exist no more."""
    reports = [message for message in case.messages if message.kind is EnvelopeKind.REPORT]
    answers = submitted_answers(reports)
    labels: Sequence[str] = ()
    for message in case.messages:
        if message.kind is EnvelopeKind.LABELS:
            labels = labels_in(message.body)
    links = [link for link in kept_links(case.messages).links if link.case.id not in gone]
    body = reports[0].body if reports else None
    return CaseView(
        row=case.row,
        told=answers,
        timeline=timeline(case, names),
        labels=tuple(labels),
        links=tuple(sorted(links, key=lambda link: -link.likeness)),
        shut=tuple((_KINDS[one.kind], _WHY.get(one.why, one.why)) for one in case.locked),
        contact=case.contact,
        unread=case.unread,
        seen=case.seen,
        language=str(body.get("language", "")) if isinstance(body, dict) else "",
        unsafe_here=any(one.question == UNSAFE_HERE[0] and UNSAFE_HERE[1] in one.choices for one in answers),
    )


def facts(row: CaseRow, names: Mapping[str, str]) -> Mapping[str, Any]:
    """What stands outside the envelopes, in words: all that is shown before a case is opened."""
    warned = dt.date.fromisoformat(row.warned) + dt.timedelta(WARN_DAYS) if row.warned else None
    return {
        "id": row.ref.id,
        "short": row.ref.short,
        "day": uk_time(row.day),
        "urgency": row.urgency.value,
        "urgency_words": URGENCY_WORDS[row.urgency],
        "status": row.status.value,
        "status_words": STATUS_WORDS[row.status],
        "assignee": row.assignee,
        "assignee_name": names.get(row.assignee, "somebody who was staff") if row.assignee else "nobody yet",
        "outcome": OUTCOME_WORDS.get(row.outcome, row.outcome.value) if row.outcome else "",
        "closed": uk_time(row.closed) if row.closed else "",
        "keep_until": uk_time(row.keep_until) if row.keep_until else "",
        "goes": uk_time(warned.isoformat()) if warned else "",
        "withdrawn": uk_time(row.withdrawn) if row.withdrawn else "",
    }


def choices(members: Sequence[Member], me: str) -> Mapping[str, Any]:
    """What the forms of a case offer."""
    return {
        "colleagues": [(one.id, one.name) for one in members if one.active and one.id != me],
        "urgencies": [(each.value, URGENCY_WORDS[each]) for each in reversed(CaseUrgency)],
        "outcomes": [(each.value, said) for each, said in OUTCOME_WORDS.items()],
    }


@dataclass(frozen=True, slots=True)
class ReadyPhrase:
    """A saved phrase, ready to be used."""

    id: str
    title: str
    say: str


def phrases(desk: DeskFile | None, helplines: Mapping[str, Helpline]) -> Sequence[ReadyPhrase]:
    """The editors' phrases, with numbers filled in."""
    if desk is None:
        return ()

    def number(name: str) -> str:
        line = helplines.get(name)
        if line is None:
            return ""
        return line.call or (line.text.number if line.text else "") or line.web or line.name

    return [
        ReadyPhrase(each.id, each.title, PLACEHOLDER.sub(lambda match: number(match[1]), each.say))
        for each in desk.phrases
    ]


def shown_to_writer(text: str, guidance: Guidance) -> tuple[str, Sequence[Sequence[str]]]:
    """What stands above a reply in the chat, and the reply as it is shown there: paragraphs of lines.

    Both sides of the chat show own words as plain text; space at the ends of lines, and more than one empty line,
    do not reach them.
    """
    form = guidance.report
    head = ""
    if form is not None:
        head = form.say["case-reply"].partition("{reply}")[0].format(day=form.say["day-today"])
    paragraphs: list[list[str]] = [[]]
    for line in (each.strip() for each in text.splitlines()):
        if line:
            paragraphs[-1].append(line.replace("\x00", "\N{REPLACEMENT CHARACTER}"))
        elif paragraphs[-1]:
            paragraphs.append([])
    return head.replace("*", "").strip(), [each for each in paragraphs if each]
