"""Mistakes that only show when files are read together: names that lead nowhere, sentences given twice, and the like.

The checks read the plain data, not the validated topics, so that one mistake in a topic does not hide another.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from safetybot.guidance import report_form
from safetybot.guidance.desk_checks import check_desk
from safetybot.guidance.explain import unknown
from safetybot.guidance.faults import Fault
from safetybot.guidance.model import Group, Urgency
from safetybot.guidance.report_checks import check_report
from safetybot.guidance.wording_keys import BUTTONS, SAY, WordingPurpose
from safetybot.guidance.yaml_source import Loc, YamlSource

_ID = re.compile(r"[a-z0-9-]+")
_WORD = re.compile(r"[^\W_]+")
_PLACEHOLDER = re.compile(r"\{([^{}\s]*)\}")

Phrases = Mapping[str, WordingPurpose]


@dataclass(frozen=True)
class LanguageFiles:
    """The files of one language. A missing file is a source without data."""

    topics: tuple[YamlSource, ...]
    files: Mapping[str, YamlSource] = field(default_factory=dict)
    """``helplines``, ``wording``, ``danger``, ``slang``, ``none``, ``questions``, ``report``, ``desk``: which exist."""

    def topic_ids(self) -> frozenset[str]:
        """Ids of the topics. A topic whose id may be broken goes by its file's name too, for it is told already."""
        ids = {source.text("id") for source in self.topics}
        broken = {source.stem for source in self.topics if source.faults or not _ID.fullmatch(source.text("id") or "")}
        return frozenset(name for name in ids | broken if name)

    def helpline_ids(self) -> frozenset[str] | None:
        """Ids of the helplines; None if some may be broken, and so must not be held against other files."""
        source = self.files.get("helplines")
        if source is None:
            return frozenset()
        ids = [source.text(*loc, "id") for loc, _ in source.items("helplines")]
        return frozenset(filter(None, ids)) if ids and all(ids) else None


def check(pages: LanguageFiles, fallback: LanguageFiles | None, today: dt.date) -> Iterator[Fault]:
    """Every fault between the files of a language; ``fallback`` is the language that lends what is missing."""
    lent = [fallback] if fallback else []
    topics = pages.topic_ids().union(*(other.topic_ids() for other in lent))
    helplines = [each.helpline_ids() for each in (pages, *lent)]
    known_helplines = frozenset[str]().union(*(ids for ids in helplines if ids))
    yield from _ids(pages)
    yield from _twice(_examples(pages))
    for source in pages.topics:
        yield from _steps(source)
        yield from _topic(source, today)
        yield from _names(source, ("related",), "topic", topics)
        if None not in helplines:
            yield from _names(source, ("helplines",), "helpline", known_helplines)
        yield from _tests(source, pages.topic_ids())
    if danger := pages.files.get("danger"):
        signs = (danger.texts(sign) for sign in ("emergency", "check", "none"))
        yield from _twice((danger, loc, text) for texts in signs for loc, text in texts)
    if slang := pages.files.get("slang"):
        yield from _slang(slang)
    if wording := pages.files.get("wording"):
        yield from _wording(wording, whole=fallback is None)
    if universal := pages.files.get("questions"):
        yield from _universal(universal, topics)
    if report := pages.files.get("report"):
        yield from check_report(report, topics)
        yield from _phrases(report, report_form.SAY, report_form.BUTTONS, whole=True)
    if desk := pages.files.get("desk"):
        asked = report or (fallback.files.get("report") if fallback else None)
        ids = [asked.text(*loc, "id") for loc, _ in asked.items("questions")] if asked else []
        questions = frozenset(filter(None, ids)) if ids and all(ids) else None
        yield from check_desk(desk, None if None in helplines else known_helplines, questions)


def _ids(pages: LanguageFiles) -> Iterator[Fault]:
    """The same id for two topics, or for two helplines."""
    yield from _same_id((source, ("id",)) for source in pages.topics)
    if helplines := pages.files.get("helplines"):
        yield from _same_id((helplines, (*loc, "id")) for loc, _ in helplines.items("helplines"))


def _same_id(places: Iterable[tuple[YamlSource, Loc]]) -> Iterator[Fault]:
    seen: dict[str, tuple[YamlSource, Loc]] = {}
    for source, loc in places:
        name = source.text(*loc)
        if name and name in seen:
            other, where = seen[name]
            yield source.fault(loc, f"The id `{name}` is used twice. Also in {_written(other, where)}.")
        elif name:
            seen[name] = source, loc


def _steps(source: YamlSource) -> Iterator[Fault]:
    """The same id, or the same wording, for two steps of one answer."""
    for at in (("answer",), ("answer", "younger")):
        steps = [loc for loc, _ in source.items(*at, "steps")]
        yield from _same_id((source, (*loc, "id")) for loc in steps)
        yield from _twice((source, place, text) for loc in steps for place, text in source.texts(*loc, "asks"))


def _universal(source: YamlSource, topics: frozenset[str]) -> Iterator[Fault]:
    """The same id or wording for two universal questions, and topics that there are not."""
    places = [loc for loc, _ in source.items("questions")]
    yield from _same_id((source, (*loc, "id")) for loc in places)
    yield from _twice((source, at, text) for loc in places for at, text in source.texts(*loc, "asks"))
    for loc in places:
        for at, _ in source.texts(*loc, "topics"):
            if str(at[-1]) not in topics:
                yield source.fault(at, unknown("topic", str(at[-1]), topics), key=True)


def _written(source: YamlSource, loc: Loc) -> str:
    return f"{source.name}:{source.place(loc)[0]}"


def normalised(text: str) -> str:
    """The text without case, punctuation and extra space; what is left may still be only emoji."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(folded)) or folded.strip()


def _examples(pages: LanguageFiles) -> Iterator[tuple[YamlSource, Loc, str]]:
    """Every sentence the matcher learns from."""
    sources = [(source, "asks") for source in pages.topics]
    if none := pages.files.get("none"):
        sources += [(none, "off_topic"), (none, "insults")]
    for source, key in sources:
        for loc, text in source.texts(key):
            yield source, loc, text


def _twice(sentences: Iterable[tuple[YamlSource, Loc, str]]) -> Iterator[Fault]:
    """Sentences that stand in two places, where each may teach the bot one thing only."""
    seen: dict[str, tuple[YamlSource, Loc]] = {}
    for source, loc, text in sentences:
        key = normalised(text)
        if key and key in seen:
            yield source.fault(loc, f"The same sentence twice. Also in {_written(*seen[key])}. Keep one.")
        elif key:
            seen[key] = source, loc


def _topic(source: YamlSource, today: dt.date) -> Iterator[Fault]:
    """What one topic must have beyond its shape."""
    name = source.text("id")
    if name and name != source.stem and _ID.fullmatch(name):
        yield source.fault(("id",), f"The file should have the id's name: {name}.yaml.", "warning")
    urgent = source.text("urgency") in (Urgency.HIGH, Urgency.EMERGENCY)
    if urgent and not source.at(("helplines",)):
        yield source.fault(("urgency",), "Urgent topics need a helpline. Add a line `helplines: [childline]`.")
    due = _date(source.text("review", "due"))
    if due and due < today:
        owner = source.text("review", "owner") or "nobody"
        message = f"Review was due {due.day} {due:%B %Y}. Owner: {owner}."
        yield source.fault(("review", "due"), message, "warning")
    for loc, other in source.texts("related"):
        if other == name:
            yield source.fault(loc, "A topic is not related to itself. Delete it here.")


def _date(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def _names(source: YamlSource, loc: Loc, what: str, known: frozenset[str]) -> Iterator[Fault]:
    """Names in a list that lead nowhere, or stand there twice."""
    seen = set()
    for place, name in source.texts(*loc):
        if name not in known:
            yield source.fault(place, unknown(f"{what} ", name, known))
        elif name in seen:
            yield source.fault(place, f"`{name}` is listed twice. Keep one.")
        seen.add(name)


def _tests(source: YamlSource, own: frozenset[str]) -> Iterator[Fault]:
    """Tests that expect a topic this language's matcher does not know."""
    for loc, _ in source.items("tests"):
        expected = source.text(*loc, "expect")
        if expected and expected not in own:
            yield source.fault((*loc, "expect"), unknown("topic ", expected, own))


def _slang(source: YamlSource) -> Iterator[Fault]:
    """Slang that would never be found, for messages are put in small letters first."""
    for loc, _ in source.items("slang"):
        word = str(loc[-1])
        if word != word.lower():
            yield source.fault(loc, f"Use small letters: `{word.lower()}`.", key=True)


def _wording(source: YamlSource, *, whole: bool) -> Iterator[Fault]:
    """What the bot says beside the topics."""
    yield from _phrases(source, SAY, BUTTONS, whole=whole)
    if whole and isinstance(source.at(("groups",)), dict):
        yield from _missing(source, "groups", {group.value: "the name of this group of topics" for group in Group})


def _phrases(source: YamlSource, say: Phrases, buttons: Phrases, *, whole: bool) -> Iterator[Fault]:
    """Sentences and buttons that are unknown, missing, or fill in what nothing fills."""
    for section, phrases in (("say", say), ("buttons", buttons)):
        written = source.at((section,))
        if not isinstance(written, dict):
            continue  # its shape is wrong or it is missing, which is told already
        for loc, text in source.items(section):
            name = str(loc[-1])
            if name not in phrases:
                yield source.fault(loc, unknown("", name, phrases), key=True)
            elif isinstance(text, str):
                yield from _placeholders(source, loc, text, phrases[name])
        if whole:
            yield from _missing(source, section, {name: phrase.purpose for name, phrase in phrases.items()})


def _missing(source: YamlSource, section: str, purposes: Mapping[str, str]) -> Iterator[Fault]:
    written = source.at((section,))
    for name, purpose in purposes.items():
        if isinstance(written, dict) and name not in written:
            message = f"`{name}` is missing: {purpose}. Add a line `{name}: …` under `{section}`."
            yield source.fault((section,), message, key=True)


def _placeholders(source: YamlSource, loc: Loc, text: str, phrase: WordingPurpose) -> Iterator[Fault]:
    """Names in braces that nothing fills in, and braces that are not a pair."""
    allowed = sorted(phrase.placeholders)
    use = f" Use {' or '.join(f'{{{name}}}' for name in allowed)}." if allowed else " Delete it."
    for name in _PLACEHOLDER.findall(text):
        if name not in phrase.placeholders:
            yield source.fault(loc, f"Nothing fills in {{{name}}} here.{use}")
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        yield source.fault(loc, "A { or } without its other half. Names to fill in look like {name}.")
