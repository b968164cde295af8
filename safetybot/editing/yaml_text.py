"""How a value is written in YAML: plain, in quotes, or as a block; and what editors type, made fit to be written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from safetybot.guidance.yaml_source import Data

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HIDDEN = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

# Plain text is only what no reader could take for anything else; the rest is quoted, which is never wrong.
_PLAIN = re.compile(r"[^\W_](?:[^:#\n]|:(?=\S)|(?<=\S)#)*")
_FLOW_SIGNS = re.compile(r"[,\[\]{}:\"'#?]")
_TYPED = re.compile(
    r"(?i:true|false|yes|no|on|off|y|n|null|nan|inf)|[-+]?[\d.][\d_.,:eExXoO+-]*|0[xo][\da-f]+|\d{4}-\d\d?-\d\d?.*"
)
_SWITCH = re.compile(r"true|false|[1-9]\d{0,5}|\d{4}-\d\d-\d\d")
"""What our files write without quotes though YAML has a type for it: switches, limits and days."""

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

INDENT = 2
"""Spaces that each level of our files stands further in."""


def typed(text: str) -> str:
    """What an editor typed or pasted, as it can be written: plain line ends, two spaces for a tab, nothing hidden.

    Spaces at the ends of the lines, and empty lines around the text, go too: nobody means them.
    """
    text = _HIDDEN.sub("", _LINE_ENDS.sub("\n", text).replace("\t", "  "))
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip()


def clean(value: Data) -> Data:
    """The same, for every text in a value; keys are ours and stay."""
    if isinstance(value, str):
        return typed(value)
    if isinstance(value, list):
        return [clean(each) for each in value]
    return {key: clean(each) for key, each in value.items()}


def quoted(text: str) -> str:
    """In double quotes."""
    return json.dumps(text, ensure_ascii=False)


def single_quoted(text: str) -> str:
    """In single quotes; the text must stand on one line."""
    return "'" + text.replace("'", "''") + "'"


def scalar(text: str, *, flow: bool = False, style: str | None = None) -> str:
    """A text on one line: as ``style`` has it (``'`` or ``"``), else plain where that is surely read back."""
    if "\n" in text or style == '"':
        return quoted(text)
    if style == "'":
        return single_quoted(text)
    if _SWITCH.fullmatch(text):
        return text
    if not _PLAIN.fullmatch(text) or text.endswith(":") or _TYPED.fullmatch(text):
        return quoted(text)
    return quoted(text) if flow and _FLOW_SIGNS.search(text) else text


def block(text: str, indent: int) -> list[str]:
    """The lines of a block text (``|``), the sign itself left out."""
    return [f"{' ' * indent}{line}" if line else "" for line in text.split("\n")]


def flow(value: Data) -> str:
    """A value on one line: ``[a, b]`` and ``{key: text}``."""
    if isinstance(value, str):
        return scalar(value, flow=True)
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return f"{{{', '.join(f'{scalar(key, flow=True)}: {flow(each)}' for key, each in value.items())}}}"


def under_key(value: Data, indent: int) -> list[str]:
    """What stands behind ``key:`` and below it; ``indent`` is the key's own column."""
    if isinstance(value, str):
        return ["|", *block(value, indent + INDENT)] if "\n" in value else [scalar(value)]
    if not value or (isinstance(value, list) and all(isinstance(each, str) and _ID.fullmatch(each) for each in value)):
        return [flow(value)]
    if isinstance(value, list):
        return ["", *(line for each in value for line in item(each, indent + INDENT))]
    return ["", *mapping(value, indent + INDENT)]


def mapping(value: Mapping[str, Data], indent: int) -> list[str]:
    """The lines of a group of keys."""
    lines = []
    for key, each in value.items():
        first, *rest = under_key(each, indent)
        lines += [f"{' ' * indent}{scalar(key)}:{' ' if first else ''}{first}", *rest]
    return lines


def item(value: Data, indent: int, *, on_one_line: bool = False) -> list[str]:
    """The lines of one part of a list; ``indent`` is the column of its dash."""
    dash = f"{' ' * indent}- "
    if isinstance(value, str) and "\n" in value and not on_one_line:
        return [f"{dash}|", *block(value, indent + INDENT)]
    if isinstance(value, dict) and value and not on_one_line:
        first, *rest = mapping(value, indent + INDENT)
        return [dash + first.lstrip(" "), *rest]
    return [dash + flow(value) if not isinstance(value, str) else dash + scalar(value)]


def joined(lines: Sequence[str], newline: str) -> str:
    """The lines as text, each with its line end."""
    return "".join(line + newline for line in lines)
