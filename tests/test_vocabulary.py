"""One thing has one name: the words that docs/architecture.md puts away are no names in the code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "safetybot"
PAGE = ROOT / "docs" / "architecture.md"


def unused_words() -> set[str]:
    """The left column of the page's table."""
    _, _, table = PAGE.read_text("utf-8").partition("## Words that are not used")
    return {row[1] for row in re.finditer(r"^\| (\w+) \| [^|]+ \|$", table, re.M)} - {"not"}


def names_in(path: Path, text: str) -> Iterator[str]:
    """The module's own name, its folders', and those of its classes and functions."""
    yield from path.with_suffix("").parts
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_class_or_function_has_such_a_name(path: Path) -> None:
    used = unused_words() & {*names_in(path.relative_to(PACKAGE), path.read_text("utf-8"))}
    assert used == set(), f"docs/architecture.md says which words are used instead of {used}"


def test_no_two_public_classes_have_one_name() -> None:
    classes = Counter(
        node.name
        for path in modules()
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name: count for name, count in classes.items() if count > 1} == {}


def test_every_room_is_on_the_map() -> None:
    above, _, _ = PAGE.read_text("utf-8").partition("## The way of a message")
    the_map = "\n".join(re.findall(r"^\| .*$", above, re.M))
    named = {*re.findall(r"`(\w+)/`", the_map), *re.findall(r"`(\w+)\.py`", the_map)}
    there = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    there |= {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    assert named == there


def test_these_tests_find_what_they_look_for() -> None:
    assert {"Child", "errands", "lean"} <= unused_words()
    source = "class Child: ...\ndef lean() -> None: ..."
    assert unused_words() & {*names_in(Path("storage/errands.py"), source)} == {"Child", "errands", "lean"}
