"""Each promise in docs/security.md, and each control, names a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.documentation.pages import ROOT, rows

PAGE = ROOT / "docs" / "security.md"
TESTS = {path: ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "tests").rglob("*.py"))}


def names(tree: ast.AST) -> set[str]:
    """Every class and function, as pytest names it: ``test_x``, ``TestY``, ``TestY::test_x``."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
            if isinstance(node, ast.ClassDef):
                found |= {f"{node.name}::{name}" for name in names(node)}
    return found


EVERYWHERE = {name.split("::")[-1] for tree in TESTS.values() for name in names(tree)}
PROMISES = rows(PAGE, "Every promise, and what breaks it")
CONTROLS = rows(PAGE, "Controls, and the test that holds each")


def exists(test: str) -> bool:
    """``test``: ``folder/``, ``file.py``, ``file.py::name``, or the name of a test or class alone."""
    if not test.startswith("tests/"):
        return test in EVERYWHERE
    path, _, name = test.partition("::")
    if not name:
        return (ROOT / path).is_dir() if path.endswith("/") else ROOT / path in TESTS
    return name in names(TESTS.get(ROOT / path, ast.Module([], [])))


def named_tests(cell: str) -> list[str]:
    return [word for word in re.findall(r"`([^`]+)`", cell) if word.startswith(("tests/", "test_", "Test"))]


def test_a_test_that_is_gone_is_noticed() -> None:
    here = Path(__file__).relative_to(ROOT)
    assert exists(f"{here}::test_a_test_that_is_gone_is_noticed")
    assert not exists(f"{here}::test_that_nobody_wrote")
    assert not exists("tests/test_that_nobody_wrote.py")
    assert not exists("TestThatNobodyWrote")


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: row[0])
def test_each_promise_has_what_it_rests_on_a_test_and_what_breaks_it(row: list[str]) -> None:
    promise, rests_on, held_by, broken_by = row
    assert all((promise, rests_on, broken_by))
    assert named_tests(held_by)
    assert [test for test in named_tests(held_by) if not exists(test)] == []


@pytest.mark.parametrize("row", CONTROLS, ids=lambda row: row[0])
def test_each_control_has_a_test(row: list[str]) -> None:
    _, where, held_by = row
    assert where
    assert held_by == "the same" or named_tests(held_by)
    assert [test for test in named_tests(held_by) if not exists(test)] == []


@pytest.mark.parametrize("row", CONTROLS, ids=lambda row: row[0])
def test_each_control_stands_where_it_is_said(row: list[str]) -> None:
    files = [word for word in re.findall(r"`([^`]+)`", row[1]) if word.endswith((".py", "/"))]
    assert [file for file in files if not (ROOT / "safetybot" / file).exists()] == []


def test_the_reviewed_findings_are_counted() -> None:
    source = ast.parse((ROOT / "tools" / "audit.py").read_text("utf-8"))
    (reviewed,) = (
        node.value
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "REVIEWED"
    )
    assert isinstance(reviewed, ast.Dict)
    assert f"{len(reviewed.keys)} places reviewed" in " ".join(PAGE.read_text("utf-8").split())
