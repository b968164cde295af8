"""Mistakes in ``report.yaml`` beyond its shape: branches that lead nowhere, and what must never be missing.

Like all checks it reads the plain data, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Iterator

from safetybot.guidance.base import BUTTON_MAX
from safetybot.guidance.explain import unknown
from safetybot.guidance.faults import Fault
from safetybot.guidance.report_form import CHOICE_MAX, LIMITS_MAX, TEXT_LIMIT, WORDS_LIMIT, QuestionKind
from safetybot.guidance.yaml_source import Loc, YamlSource

_WITH_CHOICES = (QuestionKind.CHOICE, QuestionKind.CHOICES)


def check_report(source: YamlSource, topics: frozenset[str]) -> Iterator[Fault]:
    """Every fault between the parts of the report form; ``topics`` are the ids that choices may name."""
    questions = [loc for loc, _ in source.items("questions")]
    if not questions:
        return  # its shape is wrong or it is missing, which is told already
    yield from _same_name(source, questions, "id", "id")
    earlier: dict[str, frozenset[str]] = {}
    """Id of each question above → ids of its choices."""
    for loc in questions:
        yield from _fitting(source, loc)
        yield from _choices(source, loc, topics)
        yield from _conditions(source, loc, earlier, _all_ids(source, questions))
        id_ = source.text(*loc, "id")
        if id_:
            earlier[id_] = frozenset(filter(None, (source.text(*at, "id") for at, _ in source.items(*loc, "choices"))))
    yield from _required(source, questions)
    yield from _danger_first(source, questions[0])
    yield from _limits(source, questions)
    tick = source.text("buttons", "tick")
    if tick and len(tick) > BUTTON_MAX - CHOICE_MAX - 1:
        yield source.fault(("buttons", "tick"), "One sign only: it stands before the words of a button.")


def _all_ids(source: YamlSource, questions: list[Loc]) -> list[str]:
    return [id_ for loc in questions if (id_ := source.text(*loc, "id"))]


def _same_name(source: YamlSource, places: list[Loc], key: str, what: str) -> Iterator[Fault]:
    seen: dict[str, Loc] = {}
    for loc in places:
        name = source.text(*loc, key)
        if name and name.casefold() in seen:
            line = source.place(seen[name.casefold()])[0]
            yield source.fault((*loc, key), f"The {what} `{name}` is used twice. Also on line {line}.")
        elif name:
            seen[name.casefold()] = (*loc, key)


def _fitting(source: YamlSource, loc: Loc) -> Iterator[Fault]:
    """Keys that belong to another kind of question, and those that this kind needs."""
    kind = source.text(*loc, "kind")
    if kind not in list(QuestionKind):
        return  # told already
    has = source.at(loc)
    keys = has if isinstance(has, dict) else {}
    if kind in _WITH_CHOICES and "choices" not in keys:
        yield source.fault((*loc, "kind"), f"A question of kind `{kind}` needs `choices`.")
    if kind not in _WITH_CHOICES and "choices" in keys:
        yield source.fault((*loc, "choices"), f"A question of kind `{kind}` has no choices. Use `choice`.", key=True)
    if kind != QuestionKind.INFO and "label" not in keys:
        yield source.fault(loc, "`label` is missing. Add a line `label: …`: the question in a word or two.")
    only_text = ("several", "required", "envelope")
    for key in (name for name in only_text if name in keys and kind != QuestionKind.TEXT):
        yield source.fault((*loc, key), f"Only a question of kind `text` takes `{key}`.", key=True)
    if kind == QuestionKind.INFO and "limit" in keys:
        yield source.fault((*loc, "limit"), "A question of kind `info` has no answer. Delete this line.", key=True)


def _choices(source: YamlSource, loc: Loc, topics: frozenset[str]) -> Iterator[Fault]:
    places = [at for at, _ in source.items(*loc, "choices")]
    if len(places) == 1:
        yield source.fault((*loc, "choices"), "One choice is none. Add another.")
    yield from _same_name(source, places, "id", "id")
    yield from _same_name(source, places, "button", "button")
    for at in places:
        button = source.text(*at, "button")
        if button and CHOICE_MAX < len(button) <= BUTTON_MAX:
            message = f"{len(button)} characters; limit {CHOICE_MAX}, for a tick stands before a chosen one."
            yield source.fault((*at, "button"), message)
        if source.text(*at, "say") and source.text(*loc, "kind") == QuestionKind.CHOICES:
            yield source.fault((*at, "say"), "Only a choice of a question of kind `choice` takes `say`.", key=True)
        for place, topic in source.texts(*at, "topics"):
            if topic not in topics:
                yield source.fault(place, unknown("topic ", topic, topics))


def _conditions(source: YamlSource, loc: Loc, earlier: dict[str, frozenset[str]], every: list[str]) -> Iterator[Fault]:
    """What ``when`` asks for: questions above, and choices that they have."""
    wheres = [(*loc, "when"), *((*at, "when") for at, _ in source.items(*loc, "instead"))]
    for where in wheres:
        for place, _ in source.items(*where):
            question = str(place[-1])
            if question not in every:
                yield source.fault(place, unknown("question ", question, every), key=True)
            elif question not in earlier:
                yield source.fault(place, f"`{question}` is not asked before this. Use an earlier question.", key=True)
            elif not earlier[question]:
                yield source.fault(place, f"`{question}` has no choices to go by.", key=True)
            else:
                for at, choice in source.texts(*place):
                    if choice not in earlier[question]:
                        yield source.fault(at, unknown("choice ", choice, earlier[question]))


def _required(source: YamlSource, questions: list[Loc]) -> Iterator[Fault]:
    """One question is required, and it is asked of everybody."""
    required = [loc for loc in questions if (source.text(*loc, "required") or "").lower() == "true"]
    if not required:
        message = "No question is required. Add `required: true` to the one about what happened."
        yield source.fault(("questions",), message, key=True)
    for loc in required[1:]:
        line = source.place(required[0])[0]
        yield source.fault((*loc, "required"), f"Only one question is required: the one on line {line}.", key=True)
    for loc in required:
        if source.at((*loc, "when")):
            yield source.fault((*loc, "when"), "The required question is asked of everybody. Delete `when`.", key=True)
        if source.text(*loc, "envelope") == "contact":
            yield source.fault((*loc, "envelope"), "What happened goes into the report. Delete this line.", key=True)


def _danger_first(source: YamlSource, first: Loc) -> Iterator[Fault]:
    """Nobody in danger is asked anything else first."""
    cards = [source.text(*at, "card") or source.text(*at, "urgency") for at, _ in source.items(*first, "choices")]
    if not {"true", "emergency"} & {(card or "").lower() for card in cards}:
        yield source.fault(first, "The first question asks about danger. Give a choice of it `card: true`.")
    if source.at((*first, "when")):
        yield source.fault((*first, "when"), "The first question is asked of everybody. Delete `when`.", key=True)


def _limits(source: YamlSource, questions: list[Loc]) -> Iterator[Fault]:
    total = 0
    for loc in questions:
        kind, limit = source.text(*loc, "kind"), source.text(*loc, "limit")
        if limit and limit.isascii() and limit.isdecimal():
            if int(limit[:9]) < 1:
                yield source.fault((*loc, "limit"), "A limit is 1 or more.")
            total += int(limit[:9])
        elif kind in (*_WITH_CHOICES, QuestionKind.TEXT):
            total += TEXT_LIMIT if kind == QuestionKind.TEXT else WORDS_LIMIT
    if total > LIMITS_MAX:
        message = f"The limits of all questions make {total} characters; a report holds {LIMITS_MAX}. Lower some."
        yield source.fault(("questions",), message, key=True)
