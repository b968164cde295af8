"""Changes of a content file that leave every other byte as it is: comments, order, quotes, empty lines.

ruamel.yaml can keep comments when it writes a file anew, but not the file: it folds long lines, sets its own spaces in
``{name: …}`` and its own indentation. So only its marks are used. A change is told as the data that the file shall
hold; old and new data are walked together, and where they differ the smallest stretch of text is replaced. What comes
of it must read back, with our own reader, to exactly that data, or the change is refused and nothing is written.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, cast

from safetybot.editing import yaml_text
from safetybot.editing.yaml_splice import EditRefusedError, Splicer, key_of, stripped
from safetybot.guidance.faults import errors
from safetybot.guidance.yaml_source import Data, Loc, parse


def changed(content: bytes, change: Callable[[dict[str, Data]], None], path: str = "content") -> bytes:
    """The file's bytes after ``change`` was made to its data.

    ``change`` gets the data as our reader sees it (every value is text) and alters it in place. Raises
    EditRefusedError where the file cannot be read, or the result would not read back as meant.
    """
    source = parse(content, path)
    if not isinstance(source.data, dict) or errors(source.faults):
        raise EditRefusedError("This file has mistakes of writing. Mend them in the file first.", source.faults)
    wanted = copy.deepcopy(source.data)
    change(wanted)
    wanted = cast(dict[str, Data], _as_meant(source.data, wanted))
    if wanted == source.data:
        return content
    bom = content[:3] if content.startswith(b"\xef\xbb\xbf") else b""
    text = content[len(bom) :].decode()
    try:
        result = bom + Splicer(text).spliced(source.data, wanted).encode()
    except UnicodeEncodeError:
        raise EditRefusedError("There is half a character in this text. Type it again.") from None
    read = parse(result, path)
    if errors(read.faults) or stripped(read.data) != stripped(wanted):
        raise EditRefusedError("This change cannot be made here. Make it in the file itself.", read.faults)
    return result


def _as_meant(old: Data | None, new: Data) -> Data:
    """The new data, each changed text made fit to be written; what only differs in space around it is the old."""
    if isinstance(new, str):
        meant = yaml_text.typed(new)
        return old if isinstance(old, str) and (old == new or yaml_text.typed(old) == meant) else meant
    if isinstance(new, list):
        known = {key_of(each): each for each in old} if isinstance(old, list) else {}
        before = old if isinstance(old, list) and len(old) == len(new) else [None] * len(new)
        return [
            known[key_of(each)] if key_of(each) in known else _as_meant(was, each)
            for was, each in zip(before, new, strict=True)
        ]
    under: Mapping[str, Data] = old if isinstance(old, dict) else {}
    return {key: _as_meant(under.get(key), each) for key, each in new.items()}


# -- changes that are often made


def add_to(loc: Loc, value: Data) -> Callable[[dict[str, Data]], None]:
    """A change: one more part at the end of the list at ``loc``, which is made where it is missing."""

    def change(data: dict[str, Data]) -> None:
        group = _at(data, loc[:-1])
        found = group.setdefault(str(loc[-1]), []) if isinstance(group, dict) else None
        if not isinstance(found, list):
            raise EditRefusedError(f"There is no list at `{loc[-1]}`.")
        found.append(value)

    return change


def put(loc: Loc, value: Data) -> Callable[[dict[str, Data]], None]:
    """A change: the value at ``loc``, which may be a new key."""

    def change(data: dict[str, Data]) -> None:
        cast(Any, _at(data, loc[:-1]))[loc[-1]] = value

    return change


def remove(loc: Loc) -> Callable[[dict[str, Data]], None]:
    """A change: without the key, or the part of a list, at ``loc``."""

    def change(data: dict[str, Data]) -> None:
        _at(data, loc)
        del cast(Any, _at(data, loc[:-1]))[loc[-1]]

    return change


def add_example(text: str) -> Callable[[dict[str, Data]], None]:
    """A change: one more example of a topic."""
    return add_to(("asks",), text)


def add_test(say: str, expect: str) -> Callable[[dict[str, Data]], None]:
    """A change: one more test, of a topic or of ``danger.yaml``."""
    return add_to(("tests",), {"say": say, "expect": expect})


def _at(data: Data, loc: Loc) -> Data:
    found: Any = data
    for step in loc:
        try:
            found = found[step] if not isinstance(found, str) else None
        except (LookupError, TypeError):
            found = None
        if found is None:
            raise EditRefusedError(f"There is nothing at `{'.'.join(map(str, loc))}`.")
    return cast(Data, found)
