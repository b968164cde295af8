"""What pydantic finds wrong with a file, in an editor's words and at the right line."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Container, Iterable, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process, utils

from safetybot.guidance.faults import Fault
from safetybot.guidance.model import ASKS_MIN, ID_MAX, ContentModel
from safetybot.guidance.yaml_source import Loc, YamlSource

NEAR = 70
"""Likeness, out of 100, from which another name is worth suggesting."""

_KEYS_SHOWN = 14
"""Keys a message lists at most; a longer list is not read."""

_WRITE_DATE = "Write the date as 2027-05-24."


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    found = process.extractOne(name, list(names), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=NEAR)
    return found[0] if found else None


def unknown(what: str, name: str, names: Iterable[str]) -> str:
    """``Unknown helpline `childlin`. Did you mean `childline`?``"""
    near = nearest(name, names)
    shown = name if len(name) <= ID_MAX else name[:ID_MAX] + "…"
    return f"Unknown {what}`{shown}`." + (f" Did you mean `{near}`?" if near else "")


def explain(
    problem: ValidationError, source: YamlSource, model: type[ContentModel], *, needed: Container[Loc] | None = None
) -> list[Fault]:
    """A fault for each error, except those that only follow from another on the same line or name.

    Where another language fills in what is missing, ``needed`` says what must be there nevertheless.
    """
    mistakes = [
        mistake
        for mistake in problem.errors(include_url=False)
        if mistake["type"] != "missing" or needed is None or mistake["loc"] in needed
    ]
    told = {fault.line for fault in source.faults if fault.severity == "error"}
    misspelt = {
        (*loc[:-1], _meant(str(loc[-1]), fields(model, loc[:-1])))
        for loc in (mistake["loc"] for mistake in mistakes if mistake["type"] == "extra_forbidden")
    }
    faults = []
    for mistake in mistakes:
        loc, key = mistake["loc"], mistake["type"] == "extra_forbidden"
        if loc and loc[-1] == "[key]":
            loc, key = loc[:-1], True
        message = None if mistake["type"] == "missing" and loc in misspelt else _say(mistake, loc, source, model)
        fault = source.fault(loc, message or "", key=key)
        if message and fault.line not in told:
            faults.append(fault)
    return faults


def fields(model: type[BaseModel], loc: Loc) -> tuple[str, ...]:
    """The keys that may stand at a place of a file."""
    kind: Any = model
    for step in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(step)].annotation if str(step) in kind.model_fields else None
        else:
            kind = get_args(kind)[0 if isinstance(step, int) else -1] if get_args(kind) else None
        if get_origin(kind) in (Union, UnionType):
            kind = next(part for part in get_args(kind) if part is not type(None))
    return tuple(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else ()


def _say(mistake: ErrorDetails, loc: Loc, source: YamlSource, model: type[ContentModel]) -> str | None:
    """The words for one error; None where another error says it better."""
    kind, value = mistake["type"], mistake["input"]
    name = next((str(step) for step in reversed(loc) if isinstance(step, str)), "")
    if value == "" and kind not in ("missing", "extra_forbidden"):
        text = "Write it, or delete the line." if loc in source.keys else "Write something here."
        return f"`{name}` is empty. {text}"
    if kind == "missing":
        return f"`{loc[-1]}` is missing. Add a line `{loc[-1]}: …`."
    if kind == "extra_forbidden":
        return _unknown_key(str(loc[-1]), fields(model, loc[:-1]))
    if kind == "enum":
        return _choose(str(value), mistake.get("ctx", {}).get("expected", ""))
    if kind.startswith("date") or (kind == "value_error" and isinstance(value, str)):
        return _date(str(value))
    if kind == "string_too_long":
        return _too_long(name, loc, str(value).strip(), mistake["ctx"]["max_length"])
    if kind == "string_pattern_mismatch":
        return _pattern(str(value), mistake["ctx"]["pattern"])
    if kind == "too_short":
        return _too_few(name, len(value), mistake["ctx"]["min_length"])
    say = _WRONG_SHAPE.get(kind)
    return say(name, value, source, loc) if say else f"`{name}` is not right: {mistake['msg'].lower()}."


def _meant(key: str, allowed: tuple[str, ...]) -> str | None:
    """The key that an unknown one was probably meant to be: ``owner`` for ``owner:me`` or ``ownr``."""
    start = key.partition(":")[0]
    return start if start in allowed else nearest(key, allowed)


def _unknown_key(key: str, allowed: tuple[str, ...]) -> str:
    if ":" in key and _meant(key, allowed) == key.partition(":")[0]:
        return "Add a space after the colon."
    message = unknown("", key, allowed)
    if "Did you mean" in message or not allowed:
        return message
    return f"{message} It may be {_either(allowed)}."


def _either(names: Iterable[str]) -> str:
    shown = [f"`{name}`" for name in names][:_KEYS_SHOWN]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _choose(value: str, expected: str) -> str:
    near = nearest(value, re.findall(r"'([^']*)'", expected))
    return (f"Did you mean `{near}`? " if near else "") + f"Use {expected.replace(chr(39), '')}."


def _date(value: str) -> str:
    parts = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value)
    if not parts:
        return _WRITE_DATE
    year, month, day = (int(part) for part in parts.groups())
    if not year >= dt.MINYEAR:
        return f"There is no year {year}."
    if not 1 <= month <= 12:
        return f"There is no month {month}. {_WRITE_DATE}"
    in_year = f" in {year}" if (month, day) == (2, 29) else ""
    return f"{calendar.month_name[month]} has no day {day}{in_year}."


def _too_long(name: str, loc: Loc, value: str, limit: int) -> str:
    if name == "first":
        mend = " Move some to a step."
    elif name == "say" and "steps" in loc:
        mend = " Make two steps of it."
    else:
        mend = ""
    return f"{len(value)} characters; limit {limit}.{mend}"


def _pattern(value: str, pattern: str) -> str:
    if "https" not in pattern:
        better = re.sub(r"[^a-z0-9_]+" if "_" in pattern else r"[^a-z0-9]+", "-", value.lower()).strip("-")
        return "Use small letters, digits and single hyphens only" + (f": `{better}`." if better else ".")
    if value.startswith("http://"):
        return "Use https://, not http://."
    if re.search(r"\s", value):
        return "A web address has no spaces."
    return "Write the whole address, beginning with https://."


def _too_few(name: str, count: int, least: int) -> str | None:
    if count >= least:
        return None  # enough of them, but some are wrong, which is said there
    if least == ASKS_MIN:
        return f"{count} example{'' if count == 1 else 's'}; add {least - count}."
    return f"`{name}` is empty. Add at least {least}."


# -- something of another shape than wanted: a list for a text, a text for a list, …


def _text_wanted(name: str, value: object, source: YamlSource, loc: Loc) -> str:
    line, column = source.place(loc)
    sign = source.lines[line - 1][column - 1 : column]
    if sign in ("[", "{", "?"):
        return "Put quotes around this."
    if isinstance(value, Mapping):
        return "The colon made a key of this text. Add quotes."
    return f"`{name}` takes one text, not a list. Delete the `-`, or use `|` for more than one line."


def _list_wanted(name: str, value: object, source: YamlSource, loc: Loc) -> str:
    if isinstance(value, str) and value.startswith("-"):
        return "Add a space after the `-`."
    return f"`{name}` takes a list: put each part on its own line, after `- `."


def _keys_wanted(name: str, value: object, source: YamlSource, loc: Loc) -> str:
    if isinstance(value, str) and re.match(r"[\w-]+:\S", value):
        return "Add a space after the colon."
    return f"`{name}` takes lines such as `key: text`, two spaces further in."


def _yes_wanted(name: str, value: object, source: YamlSource, loc: Loc) -> str:
    return "Use true or false."


def _number_wanted(name: str, value: object, source: YamlSource, loc: Loc) -> str:
    return "Write a whole number, such as 500."


_WRONG_SHAPE: dict[str, Callable[[str, object, YamlSource, Loc], str]] = {
    "string_type": _text_wanted,
    "date_type": _text_wanted,
    "tuple_type": _list_wanted,
    "model_type": _keys_wanted,
    "dict_type": _keys_wanted,
    "mapping_type": _keys_wanted,
    "bool_type": _yes_wanted,
    "bool_parsing": _yes_wanted,
    "int_type": _number_wanted,
    "int_parsing": _number_wanted,
    "int_parsing_size": _number_wanted,
}
