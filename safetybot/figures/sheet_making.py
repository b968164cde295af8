"""Makes the yearly sheet of what was counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.figures.disclosure_control import Mark, publish
from safetybot.figures.sheet import (
    Chart,
    Entry,
    Headline,
    Percent,
    Section,
    Sheet,
    SheetRow,
    Table,
    change_percent,
    entry_text,
    share,
)
from safetybot.figures.sheet_names import SheetNames
from safetybot.figures.sheet_parts import Both, Monthly, Period, SheetLine, largest_first, several, shares
from safetybot.figures.yearly import ANSWERS, CARDS, STARTED, THUMBS, YearCounts, read_years
from safetybot.reports import counting
from safetybot.reports.cases import CaseOutcome, CaseUrgency, Status
from safetybot.reports.platforms import NOT_SAID, PLATFORMS

_WHY_CARD = (
    "What they wrote sounded like an emergency",
    "Asked if they are safe, they said no, or not sure",
    "They asked for help now",
)
"""Of CARDS, in their order."""

_URGENCY: Mapping[str, str] = {
    CaseUrgency.EMERGENCY: "Emergency",
    CaseUrgency.HIGH: "High",
    CaseUrgency.NORMAL: "Normal",
}
_STANDING: Mapping[str, str] = {
    Status.NEW: "Not opened yet",
    Status.OPEN: "Being worked on",
    Status.WAITING: "Waiting for an answer",
    CaseOutcome.REFERRED: "Closed: referred",
    CaseOutcome.ADVISED: "Closed: advised",
    CaseOutcome.NO_ACTION: "Closed: no action needed",
    CaseOutcome.TOO_LITTLE: "Closed: too little to act on",
    CaseOutcome.DUPLICATE: "Closed: duplicate",
    CaseOutcome.MISUSE: "Closed: misuse",
    CaseOutcome.WITHDRAWN: "Taken back by its writer",
}
_CLOSED = range(3, len(_STANDING))
_REFERRED = list(_STANDING).index(CaseOutcome.REFERRED)
_BANDS: Mapping[str, str] = {
    "1 h": "Under 1 hour",
    "4 h": "1 to 4 hours",
    "24 h": "4 to 24 hours",
    "2 days": "1 to 2 days",
    "7 days": "2 to 7 days",
}
_IN_A_DAY, _IN_TWO_DAYS = range(3), range(4)

_STARTED_NOTE = "Counted when Start is pressed, as Telegram asks of everybody once. The web chat has no such beginning."
_NOTES = (
    "A number from 1 to 4 is shown as “fewer than 5”, so that nobody can be recognised in it. Where it could be worked "
    "out from a total, another number is “held back” as well, or the whole table is.",
    "The bot does not know who is who, so answers and reports are counted, not children: one who asks three things has "
    "three answers. Answers to greetings and thanks are not counted.",
    "Days and months are those of UTC. Reports that were deleted since are still counted, without what they told.",
)


def make_sheet(now: YearCounts, before: YearCounts, names: SheetNames, today: dt.date) -> Sheet:
    """The sheet of a year, beside the year before, as it is on a day."""
    return _Maker(now, before, names, Period.of(now.year, today)).sheet()


async def read_sheet(connection: AsyncConnection, year: int, names: SheetNames, today: dt.date) -> Sheet:
    """The sheet of a year, from the database."""
    counted = await read_years(connection, (year, year - 1))
    return make_sheet(counted[year], counted[year - 1], names, today)


class _Maker:
    def __init__(self, now: YearCounts, before: YearCounts, names: SheetNames, period: Period) -> None:
        self._now, self._before, self._names, self._period = now, before, names, period
        self._started = self._monthly(STARTED)
        self._answers = self._monthly(*ANSWERS)
        self._cards = self._monthly(*CARDS)
        self._reports = Monthly.of(period, now.reports, before.reports)
        self._standing = self._lines(_STANDING, now.standing, before.standing)
        self._opened = self._timed(counting.OPENED, "Longer, or not opened yet", with_longer=False)
        self._replied = self._timed(counting.REPLIED, "No reply", with_longer=True)

    def sheet(self) -> Sheet:
        period = self._period
        so_far = f", up to {period.until.day} {period.until:%B}" if period.until else ""
        return Sheet(
            period.year,
            period.until,
            f"Figures for {period.year}{so_far}",
            tuple(self._sentences()),
            tuple(self._headlines()),
            (self._advice_section(), self._reports_section()),
            _NOTES,
        )

    # --- What is told first ------------------------------------------------------------------------------------

    def _headlines(self) -> Sequence[Headline]:
        standing = Both.of(self._standing).now
        return [
            self._headline(self._answers, "answers given"),
            self._headline(self._cards, "emergency cards shown"),
            self._headline(self._reports, "reports received"),
            Headline(self._soon(self._opened, _IN_A_DAY), "of reports opened within 24 hours", ""),
            Headline(standing.cells[_REFERRED], "reports referred to those who can act", ""),
            self._headline(self._started, "chats begun on Telegram"),
        ]

    def _soon(self, lines: Sequence[SheetLine], bands: range) -> Entry:
        """The share of all reports that were so soon."""
        part = publish([line.now for line in lines]).part(bands)
        return Mark.HELD if isinstance(part, Mark) else share(part, self._reports.now.total)

    def _headline(self, monthly: Monthly, what: str) -> Headline:
        return Headline(monthly.now.total, what, self._than_before(monthly))

    def _than_before(self, monthly: Monthly) -> str:
        """``14% more than in 2025``; of a year that is not over, only the months that are."""
        period = self._period
        match change_percent(*monthly.compared):
            case Percent(0):
                than = "about as many as in"
            case Percent(of):
                than = f"{abs(of)}% {'more' if of > 0 else 'fewer'} than in"
            case None:
                return ""
        if period.until is None:
            return f"{than} {period.before}"
        return f"{period.months}: {than} the same months of {period.before}"

    def _sentences(self) -> Sequence[str]:
        period, reports = self._period, self._reports.now.total
        when = f"In {period.year}" + (f", up to {period.until.day} {period.until:%B}" if period.until else "")
        answers = _many(self._answers.now.total, "answer")
        told = [f"{when}, young people were given {answers} to their worries.", self._than(self._answers)]
        cards = self._cards.now.total
        told.append(f"The emergency card, with 999 first, was shown {_times(cards)}." if cards else "")
        told += [f"{_upper(_many(reports, 'report'))} came in.", self._than(self._reports)]
        opened, replied = self._soon(self._opened, _IN_A_DAY), self._soon(self._replied, _IN_TWO_DAYS)
        if isinstance(opened, Percent):
            told.append(f"{entry_text(opened)} of all reports were opened within 24 hours of being sent.")
        if isinstance(replied, Percent):
            told.append(f"{entry_text(replied)} had a reply within two days.")
        closed = Both.of(self._standing).now
        ended, referred = closed.part(_CLOSED), closed.cells[_REFERRED]
        if ended and ended is not Mark.HELD:
            passed = f", {_few(referred)} of them referred to those who can act" if referred is not Mark.HELD else ""
            told.append(f"{_upper(_many(ended, 'report'))} ended{passed}.")
        return [sentence for sentence in told if sentence]

    def _than(self, monthly: Monthly) -> str:
        """The same as a sentence."""
        than, period = self._than_before(monthly), self._period
        if not than or period.until is None:
            return f"That is {than}." if than else ""
        months = f"From {period.months}" if period.finished > 1 else f"In {period.months}"
        return f"{months} there were {than.partition(': ')[2]}."

    # --- Advice ------------------------------------------------------------------------------------------------

    def _advice_section(self) -> Section:
        cards = [
            SheetLine(label, self._now.by_month(name).total(), self._before.by_month(name).total())
            for name, label in zip(CARDS, _WHY_CARD, strict=True)
        ]
        return Section(
            "advice",
            "Advice",
            "What young people were told. Nothing of what they wrote is kept, and none of it is counted.",
            (
                self._answers.table("answers", "Answers given"),
                self._topics(),
                self._cards.table("cards", "Emergency cards shown"),
                shares(self._period, "card-reasons", "Why the emergency card was shown", "Reason", cards),
                self._started.table("started", "Chats begun on Telegram", _STARTED_NOTE),
            ),
        )

    def _topics(self) -> Table:
        talk = self._names.talk
        given, given_before = (year.by_topic(*ANSWERS, without=talk) for year in (self._now, self._before))
        up, down = (self._now.by_topic(thumb, without=talk) for thumb in THUMBS)
        ids = sorted({*given, *given_before, *up, *down, *self._names.topics})
        columns = [publish([counts[id_] for id_ in ids]) for counts in (given, given_before, up, down)]
        rows = []
        for place, id_ in enumerate(ids):
            cells = [column.cells[place] for column in columns]
            if any(cells):
                rows.append(_topic_row(self._names.topics.get(id_, id_), cells))
        rows.sort(key=lambda row: (largest_first(_as_shown(row.entries[0])), row.label))
        head = (f"Answers, {self._period.now}", f"Answers, {self._period.before}", "Thumbs up", "Thumbs down", "Up")
        note = "Each answer may be marked with a thumb; most are not. “Up” is the share of thumbs up among all thumbs."
        all_of_them = _topic_row("All", [column.total for column in columns])
        return Table(
            "topics",
            "Answers by topic",
            note,
            "Topic",
            head,
            tuple(rows) or (_topic_row("None", [0, 0, 0, 0]),),
            (all_of_them,),
            Chart.BARS,
            (self._period.now, self._period.before),
        )

    # --- Reports -----------------------------------------------------------------------------------------------

    def _reports_section(self) -> Section:
        period, total = self._period, self._reports
        urgency = self._lines(_URGENCY, self._now.urgency, self._before.urgency)
        kinds = self._told(counting.KIND, self._names.kinds)
        platforms = self._told(counting.PLATFORM, PLATFORMS)
        ages = self._told(counting.AGE, self._names.ages, rest="Not said, or not opened yet")
        some = (
            "A report may have several, so they do not add up. Counted when a report is first opened at the desk: one "
            "that was never opened is not in here. Shares are of all reports."
        )
        return Section(
            "reports",
            "Reports",
            "What was reported without a name, and what became of it.",
            (
                total.table("received", "Reports received"),
                shares(period, "urgency", "How urgent they were", "Urgency", urgency),
                shares(period, "standing", "Open, closed, and how they ended", "Where they stand", self._standing),
                several(period, "kinds", "What they were about", "Kind", kinds, total, some),
                shares(period, "ages", "How old the child is", "Age", ages, "As it was told; a guess is allowed."),
                several(period, "platforms", "Where it happened", "App, game or site", platforms, total, some),
                shares(period, "opened", "How soon they were opened", "Time from sending", self._opened),
                shares(period, "replied", "How soon the team first replied", "Time from sending", self._replied),
            ),
        )

    # --- Lines of counts ---------------------------------------------------------------------------------------

    def _monthly(self, *counters: str) -> Monthly:
        now, before = (year.by_month(*counters, without=self._names.talk) for year in (self._now, self._before))
        return Monthly.of(self._period, now, before)

    def _lines(
        self, labels: Mapping[str, str], now: Mapping[str, int], before: Mapping[str, int]
    ) -> Sequence[SheetLine]:
        return [SheetLine(label, now.get(key, 0), before.get(key, 0)) for key, label in labels.items()]

    def _told(self, dimension: str, labels: Mapping[str, str], rest: str | None = None) -> Sequence[SheetLine]:
        """What reports told, in the order of ``labels``; ``rest``: the name of all that did not tell."""
        now, before = self._now.of(dimension), self._before.of(dimension)
        named = {**labels, **{key: key for key in sorted({*now, *before} - {*labels})}}
        named.pop(counting.OWN_WORDS, None)
        named.pop(NOT_SAID, None)
        named[counting.OWN_WORDS] = "Told in own words"
        if rest is None:
            return self._lines({**named, NOT_SAID: "Not said"}, now, before)
        return [*self._lines(named, now, before), self._rest(rest, now, before, named)]

    def _timed(self, dimension: str, rest: str, *, with_longer: bool) -> Sequence[SheetLine]:
        labels = {**_BANDS, **({counting.LONGER: "Longer"} if with_longer else {})}
        now, before = self._now.of(dimension), self._before.of(dimension)
        return [*self._lines(labels, now, before), self._rest(rest, now, before, labels)]

    def _rest(
        self, label: str, now: Mapping[str, int], before: Mapping[str, int], told: Mapping[str, str]
    ) -> SheetLine:
        """All other reports of the year. One number for "not said" and "not opened" tells neither of them."""
        counts = [
            max(0, year.reports.total() - sum(counted.get(key, 0) for key in told))
            for year, counted in ((self._now, now), (self._before, before))
        ]
        return SheetLine(label, *counts)


def _topic_row(label: str, cells: Sequence[int | Mark]) -> SheetRow:
    given, given_before, up, down = cells
    liked: Entry = share(up, up + down) if isinstance(up, int) and isinstance(down, int) else None
    return SheetRow(label, (given, given_before, up, down, liked), before=1)


def _as_shown(entry: Entry) -> int | Mark:
    return entry if isinstance(entry, int | Mark) else 0


def _few(count: Entry) -> str:
    return "none" if count == 0 else entry_text(count)


def _times(count: Entry) -> str:
    return "once" if count == 1 else f"{entry_text(count)} times" if count else "not once"


def _many(count: Entry, what: str) -> str:
    return f"{'no' if count == 0 else entry_text(count)} {what}s"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
