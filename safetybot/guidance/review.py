"""What an editor should look at again: findings that no schema sees, and that keep nothing from going live.

Each is a warning at its place, with how to mend it and its name in brackets. A topic or helpline may accept a finding
by that name, with a reason, so that the list stays one that somebody acts on. What needs the matcher is found in
:mod:`safetybot.editing.findings`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from safetybot.guidance import banned_phrases
from safetybot.guidance.checks import LanguageFiles
from safetybot.guidance.faults import Fault, in_order
from safetybot.guidance.finding import BY_MATCHER, NOT_FOUND, Finding
from safetybot.guidance.model import WORDINGS_MIN, Asker, Group
from safetybot.guidance.positions import finding
from safetybot.guidance.readability import hardest, measure, naming, sentences
from safetybot.guidance.reader import Library
from safetybot.guidance.yaml_source import Loc, YamlSource

SENTENCE_WORDS = 20
"""Words a sentence may have (GOV.UK: longer ones are not understood at first reading)."""

AGE = 9.0
YOUNGER_AGE = 7.0
ADULT_AGE = 12.0
"""Reading ages that an answer, one for under-11s, and one for parents and professionals is meant for."""

MEASURED_WORDS = 20
"""A shorter text has no reading age: one long word would decide it."""

ENOUGH_EXAMPLES = 60
"""Fewer, and the matcher guesses (``research/matching.md``: 52 a topic find seven in ten)."""

VOICES_FROM = 30
"""Fewer examples than this are too few anyway, and say nothing about how varied they are."""

ALIKE_SHARE = 0.4
"""Share of the examples that may begin with the same two words."""

LENGTH_SHARE = 0.75
"""Share of the examples that may have about the same length."""

UNUSED_SHOWN = 5
"""Unused helplines that are told one by one; of more, one line tells."""

HARDLY = 0.02
"""Share of the examples below which there is as good as none of a kind."""

SOURCE_MONTHS = 12
HELPLINE_MONTHS = 6
"""Months after which a source, or a helpline's number, must be looked at again."""

_QUESTION = re.compile(
    r"\?|^(?:who|what|when|where|why|how|can|could|should|is|are|am|do|does|did|will|would|wot|wat|y)\b"
)
_SHORT_FORM = re.compile(
    r"\b(?:im|ive|dont|cant|wont|didnt|isnt|doesnt|hes|shes|thats|whats|theyre|u|ur|r|pls|plz|bc|cos|idk|omg|gonna)\b"
)


@dataclass(frozen=True)
class PendingFinding:
    """A finding before it is known whether it is accepted."""

    owner: str
    """The topic or helpline that can accept it; empty if none can."""
    about: str
    """The words it is about: ``accepted: about`` must stand in them."""
    fault: Fault


def review(
    library: Library,
    *,
    today: dt.date | None = None,
    shown: Collection[str] = (),
    more: Iterable[PendingFinding] = (),
    matched: bool = False,
) -> tuple[Fault, ...]:
    """Every finding of every language that is not accepted, in order.

    ``shown``: helplines that the program offers by itself; ``more``: what the matcher found, where it was asked
    (``matched``). Accepted findings that nothing finds any more are told too.
    """
    today = today or dt.datetime.now(dt.UTC).date()
    found = list(more)
    for code, pages in library.pages.items():
        lent = library.pages[library.first] if code != library.first else None
        found += _language(pages, lent, today, shown)
    left, used = list[Fault](), set[tuple[str, Loc]]()
    accepted = list(_accepted(library))
    for each in found:
        fitting = [entry for entry in accepted if entry.fits(each)]
        used |= {(entry.source.path, entry.loc) for entry in fitting}
        if not fitting:
            left.append(each.fault)
    for entry in accepted:
        if (entry.source.path, entry.loc) not in used and (matched or entry.finding not in BY_MATCHER):
            message = "This is accepted, and nothing finds it any more. Delete it here."
            left.append(finding(entry.source, NOT_FOUND, (*entry.loc, "finding"), message))
    return in_order(_few(left))


def _few(faults: list[Fault]) -> Iterator[Fault]:
    """The findings; of unused helplines, where there are many, one that names them all."""
    unused = [fault for fault in faults if fault.finding == Finding.UNUSED_HELPLINE]
    many = len(unused) > UNUSED_SHOWN
    yield from (fault for fault in faults if not many or fault.finding != Finding.UNUSED_HELPLINE)
    if many:
        names = ", ".join(name for fault in unused for name in re.findall("`([^`]+)`", fault.message)[:1])
        message = f"No topic names these {len(unused)} helplines, so nobody is ever told of them: {names}."
        yield replace(unused[0], message=f"{message} Add them to a topic's `helplines:` line, or accept them.")


@dataclass(frozen=True)
class _Entry:
    """One line of ``accepted:``."""

    owner: str
    finding: str
    about: str
    source: YamlSource
    loc: Loc

    def fits(self, found: PendingFinding) -> bool:
        same = found.owner == self.owner and found.fault.finding == self.finding
        return same and _flat(self.about) in _flat(found.about)


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())


def _accepted(library: Library) -> Iterator[_Entry]:
    for pages in library.pages.values():
        owners: list[tuple[YamlSource, Loc]] = [(source, ()) for source in pages.topics]
        if helplines := pages.files.get("helplines"):
            owners += [(helplines, loc) for loc, _ in helplines.items("helplines")]
        for source, at in owners:
            for loc, _ in source.items(*at, "accepted"):
                owner, name = source.text(*at, "id"), source.text(*loc, "finding")
                if owner and name:
                    yield _Entry(owner, name, source.text(*loc, "about") or "", source, loc)


def _language(
    pages: LanguageFiles, lent: LanguageFiles | None, today: dt.date, shown: Collection[str]
) -> Iterator[PendingFinding]:
    lines = [page.files["helplines"] for page in (pages, lent) if page and "helplines" in page.files]
    names = naming({_called(source, loc) for source in lines for loc, _ in source.items("helplines")})
    calls = [call for source in lines for loc, _ in source.items("helplines") for call in _numbers_of(source, loc)]
    known = banned_phrases.helpline_numbers(calls)
    for source in pages.topics:
        yield from _texts(source, names, known)
        yield from _examples(source)
        yield from _wordings(source)
        yield from _sources(source, today)
    if questions := pages.files.get("questions"):
        yield from _questions(questions, names, known)
    yield from _graph(pages, lent)
    if helplines := pages.files.get("helplines"):
        yield from _helplines(helplines, pages, today, shown)
    for name in ("wording", "report"):
        if other := pages.files.get(name):
            yield from _wording(other)


def _called(source: YamlSource, loc: Loc) -> str:
    return (source.text(*loc, "name") or "").split(" (")[0]


def _numbers_of(source: YamlSource, loc: Loc) -> list[str]:
    found = (source.text(*loc, "call"), source.text(*loc, "text", "number"))
    return [number for number in found if number]


# -- what a text says, and how


def _messages(source: YamlSource) -> Iterator[tuple[Loc, bool]]:
    """Every message of a topic's answer, and whether it is for under-11s."""
    for at, younger in ((("answer",), False), (("answer", "younger"), True)):
        yield (*at, "first"), younger
        for loc, _ in source.items(*at, "steps"):
            yield (*loc, "say"), younger


def _texts(source: YamlSource, names: re.Pattern[str] | None, known: Collection[str]) -> Iterator[PendingFinding]:
    owner = source.text("id") or ""
    for loc, younger in _messages(source):
        yield from _message(source, owner, loc, YOUNGER_AGE if younger else AGE, names, known)


def _questions(source: YamlSource, names: re.Pattern[str] | None, known: Collection[str]) -> Iterator[PendingFinding]:
    """Every answer to a universal question; nothing of it can be accepted."""
    for loc, _ in source.items("questions"):
        wanted = ADULT_AGE if source.text(*loc, "who") == Asker.ADULT else AGE
        for key in ("say", "professional"):
            yield from _message(source, "", (*loc, key), wanted, names, known)
        yield from _message(source, "", (*loc, "younger"), YOUNGER_AGE, names, known)
        for place, _ in source.texts(*loc, "topics"):
            yield from _message(source, "", place, wanted, names, known)


def _message(
    source: YamlSource,
    owner: str,
    loc: Loc,
    target: float,
    names: re.Pattern[str] | None,
    known: Collection[str],
) -> Iterator[PendingFinding]:
    """What is odd about one message, which is meant for the reading age ``target``."""
    if text := source.text(*loc):
        yield from _said(source, owner, loc, text)
        for phrase in banned_phrases.numbers(text, known):
            about = text[phrase.start : phrase.end]
            fault = finding(source, phrase.finding, loc, phrase.message, phrase.start, phrase.end)
            yield PendingFinding(owner, about, fault)
        read = measure(text, names)
        if read.words >= MEASURED_WORDS and round(read.age, 1) > target:
            hard = ", ".join(f"“{word}”" for word in hardest(text, names)[:3])
            longest = max(each.words for each in sentences(text))
            message = (
                f"Reads at age {read.age:.1f}; the target is {target:.0f}. "
                f"Hard words: {hard or 'none'}; longest sentence: {longest} words. Use shorter ones."
            )
            yield PendingFinding(owner, text, finding(source, Finding.READING_AGE, loc, message))


def _said(source: YamlSource, owner: str, loc: Loc, text: str) -> Iterator[PendingFinding]:
    """Long sentences, blame and promises."""
    for each in sentences(text):
        if each.words > SENTENCE_WORDS:
            message = f"{each.words} words in one sentence; {SENTENCE_WORDS} at most. Make two of it."
            fault = finding(source, Finding.LONG_SENTENCE, loc, message, each.start, each.start + len(each.text))
            yield PendingFinding(owner, each.text, fault)
    for phrase in banned_phrases.phrases(text):
        fault = finding(source, phrase.finding, loc, phrase.message, phrase.start, phrase.end)
        yield PendingFinding(owner, text[phrase.start : phrase.end], fault)


def _wording(source: YamlSource) -> Iterator[PendingFinding]:
    """What the bot says beside the topics; nothing of it can be accepted, so only what is plain to see."""
    places = [loc for loc, _ in source.texts("say")]
    places += [(*loc, "ask") for loc, _ in source.items("questions")]
    for loc in places:
        for phrase in banned_phrases.phrases(source.text(*loc) or ""):
            yield PendingFinding("", "", finding(source, phrase.finding, loc, phrase.message, phrase.start, phrase.end))


# -- examples


def _examples(source: YamlSource) -> Iterator[PendingFinding]:
    owner, asks = source.text("id") or "", [text for _, text in source.texts("asks")]
    if source.text("group") == Group.CHAT:
        return  # there are only so many ways to say hello
    if 0 < len(asks) < ENOUGH_EXAMPLES:
        message = (
            f"{len(asks)} examples; {ENOUGH_EXAMPLES} or more find it reliably. Add {ENOUGH_EXAMPLES - len(asks)}."
        )
        yield PendingFinding(owner, "", finding(source, Finding.FEW_EXAMPLES, ("asks",), message, key=True))
    if len(asks) >= VOICES_FROM:
        for about, message in _voices(asks):
            yield PendingFinding(owner, about, finding(source, Finding.ONE_VOICE, ("asks",), message, key=True))


def _wordings(source: YamlSource) -> Iterator[PendingFinding]:
    """Steps that can be reached by their button alone, or that nothing names for good."""
    owner = source.text("id") or ""
    for at in (("answer",), ("answer", "younger")):
        for loc, _ in source.items(*at, "steps"):
            button = source.text(*loc, "button") or ""
            wordings = len([*source.texts(*loc, "asks")])
            if source.text(*loc, "id") and wordings >= WORDINGS_MIN:
                continue
            missing = [] if source.text(*loc, "id") else ["Give it an `id:`."]
            if wordings < WORDINGS_MIN:
                missing.append(f"It has {wordings} of {WORDINGS_MIN} `asks:`: what they type when they need it.")
            message = f"The step “{button}” is hardly found by words. {' '.join(missing)}"
            yield PendingFinding(owner, button, finding(source, Finding.UNWORDED_STEP, (*loc, "button"), message))


def _voices(asks: list[str]) -> Iterator[tuple[str, str]]:
    """In which ways the examples sound like one person."""
    count, small = len(asks), [ask.casefold().replace("’", "").replace("'", "") for ask in asks]
    begin, often = Counter(" ".join(ask.split(None, 2)[:2]) for ask in small).most_common(1)[0]
    if often > ALIKE_SHARE * count:
        yield "begin", f"{often} of {count} examples begin with “{begin}”. Begin some in another way."
    lengths = sorted(ask.count(" ") + 1 for ask in asks)
    middle = lengths[count // 2]
    near = sum(abs(length - middle) <= max(1, middle // 5) for length in lengths)
    if near > LENGTH_SHARE * count:
        yield "length", f"{near} of {count} examples have about {middle} words. Add some short and some long ones."
    questions = sum(bool(_QUESTION.search(ask)) for ask in small)
    if questions <= HARDLY * count:
        yield "questions", "Hardly any example is a question. Add some."
    if questions >= (1 - HARDLY) * count:
        yield "statements", "Nearly all examples are questions. Add some that only tell what happened."
    if sum(bool(_SHORT_FORM.search(ask)) for ask in small) <= HARDLY * count:
        yield "short forms", "Hardly any example is typed in haste (“im”, “dont”, “u”). Add some."


# -- days


def _months_before(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, 28))


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def _sources(source: YamlSource, today: dt.date) -> Iterator[PendingFinding]:
    for loc, _ in source.items("sources"):
        checked, name = _day(source.text(*loc, "checked")), source.text(*loc, "name") or ""
        if checked and checked < _months_before(today, SOURCE_MONTHS):
            message = f"“{name}” was last checked on {checked.day} {checked:%B %Y}. Read it again, then set a new day."
            yield PendingFinding(
                source.text("id") or "", name, finding(source, Finding.OLD_SOURCE, (*loc, "checked"), message)
            )


def _helplines(
    source: YamlSource, pages: LanguageFiles, today: dt.date, shown: Collection[str]
) -> Iterator[PendingFinding]:
    used = {name for topic in pages.topics for _, name in topic.texts("helplines")} | {*shown}
    for loc, _ in source.items("helplines"):
        id_, checked = source.text(*loc, "id") or "", _day(source.text(*loc, "checked"))
        if checked and checked < _months_before(today, HELPLINE_MONTHS):
            message = f"Last checked on {checked.day} {checked:%B %Y}. Ring or open it, then set a new day."
            yield PendingFinding(id_, id_, finding(source, Finding.OLD_HELPLINE, (*loc, "checked"), message))
        if pages.topics and id_ and id_ not in used:
            message = f"No topic names `{id_}`, so nobody is ever told of it. Add it to a topic's `helplines:` line."
            yield PendingFinding(id_, id_, finding(source, Finding.UNUSED_HELPLINE, (*loc, "id"), message))


# -- ways from topic to topic


def _graph(pages: LanguageFiles, lent: LanguageFiles | None) -> Iterator[PendingFinding]:
    """Topics that no other leads to, and those from which no way leads to a person."""
    every = (*pages.topics, *(lent.topics if lent else ()))
    ways = {
        id_: [name for _, name in source.texts("related")] for source in reversed(every) if (id_ := source.text("id"))
    }
    group = {source.text("id"): source.text("group") for source in every}
    led_to = {name for id_, names in ways.items() for name in names if name != id_}
    people = {id_ for id_ in ways if group.get(id_) == Group.HELP}
    for source in pages.topics:
        id_ = source.text("id")
        if not id_ or group[id_] == Group.CHAT:
            continue
        if id_ not in led_to and len(ways) > 1:
            message = f"No other topic leads here. Add `{id_}` to the `related:` line of one that is near."
            yield PendingFinding(id_, "", finding(source, Finding.UNREACHABLE, ("id",), message))
        if people and id_ not in people and not people & _reached(id_, ways):
            what = "The topics under `related:` lead to no person" if ways[id_] else "This topic leads nowhere"
            message = f"{what}. Add one of the group `help`, such as `{min(people)}`."
            yield PendingFinding(id_, "", finding(source, Finding.DEAD_END, ("related",), message, key=True))


def _reached(start: str, ways: dict[str, list[str]]) -> set[str]:
    seen, ahead = set[str](), [start]
    while ahead:
        for name in ways.get(ahead.pop(), ()):
            if name not in seen:
                seen.add(name)
                ahead.append(name)
    return seen
