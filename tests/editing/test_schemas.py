"""The JSON Schemas: those on disk are those of the models, fit all we ship, and refuse what the reader refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from jsonschema import Draft7Validator

from safetybot.cli.main import main
from safetybot.editing.schemas import out_of_date, schema_for, schemas, write_schemas
from safetybot.guidance.model import Topic
from safetybot.guidance.reader import FILES

ROOT = Path(__file__).parents[2]
CONTENT = ROOT / "content"
FILES_ON_DISK = sorted([*CONTENT.glob("*/*.yaml"), *CONTENT.glob("*/topics/*.yaml")])
FIXTURE_FILES = sorted((ROOT / "tests/fixtures/content").rglob("*.yaml"))


class CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.2's core schema, as editors' programs read it: ``yes`` and days are text there."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+$"), list("-+0123456789"))
CoreLoader.yaml_constructors = {
    **CoreLoader.yaml_constructors,
    "tag:yaml.org,2002:int": lambda loader, node: int(node.value),
}


def loaded(text: str) -> Any:
    return json.loads(json.dumps(yaml.load(text, CoreLoader)))  # keys become text, as in an editor's program


@cache
def validator(name: str) -> Draft7Validator:
    return Draft7Validator(schemas()[name])


def problems(name: str, text: str) -> list[str]:
    return [
        f"{'.'.join(map(str, each.absolute_path))}: {each.message[:200]}"
        for each in validator(name).iter_errors(loaded(text))
    ]


def test_those_on_disk_are_those_of_the_models() -> None:
    assert out_of_date(CONTENT) == [], "run: safetybot schema"


def test_every_kind_of_file_has_one() -> None:
    assert schemas().keys() == {"topic", *FILES}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_each_is_draft_7_and_explains_each_field(name: str) -> None:
    schema = schemas()[name]
    Draft7Validator.check_schema(schema)
    for place, part in parts(schema):
        assert part.get("$ref") is None, place
        if part.get("type") == "object":
            closed = part.get("additionalProperties")
            assert closed is False or isinstance(closed, dict), place
        for field, value in part.get("properties", {}).items():
            assert value.get("description"), f"{place}.{field} says nothing of itself"


def parts(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "type" in schema and not isinstance(schema["type"], dict):
            yield place, schema
        for key, value in schema.items():
            yield from parts(value, f"{place}.{key}")


def test_they_know_the_limits_of_the_models() -> None:
    topic = schemas()["topic"]
    assert topic["required"] == [name for name, field in Topic.model_fields.items() if field.is_required()]
    assert list(topic["properties"]) == list(Topic.model_fields)
    assert topic["properties"]["urgency"]["enum"] == ["normal", "high", "emergency"]
    assert topic["properties"]["answer"]["properties"]["steps"]["items"]["properties"]["button"]["maxLength"] == 30
    assert "{childline}" in schemas()["wording"]["properties"]["say"]["properties"]["urgent"]["description"]


@pytest.mark.parametrize("path", [*FILES_ON_DISK, *FIXTURE_FILES], ids=lambda path: path.stem)
def test_what_we_ship_fits(path: Path) -> None:
    assert problems(schema_for(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", FILES_ON_DISK, ids=lambda path: path.stem)
def test_each_file_names_its_schema(path: Path) -> None:
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text("utf-8"))
    assert found, "the first line names no schema"
    named = (path.parent / found[1]).resolve()
    assert named == (CONTENT / "schema" / f"{schema_for(path)}.json").resolve()
    assert named.is_file()


SPOILT = {
    "a field with a slip": ("group: images", "gruop: images"),
    "a value that is none of them": ("urgency: high", "urgency: now"),
    "a text that is too long": ("answer:\n  first: |\n", f"answer:\n  first: |\n    {'long ' * 70}\n"),
    "a button that is too long": ("button: What do I do now?", "button: What on earth should I do about this now?"),
    "no day": ("due: 2027-05-24", "due: 24/5/2027"),
    "a missing field": ("title: Someone is threatening to share my pictures\n", ""),
    "a list that is a text": ("helplines: [childline, report-remove]", "helplines: childline"),
    "an id with capitals": ("helplines: [childline", "helplines: [Childline"),
    "a key inside an example": ("  - blackmail\n", "  - he said: pay\n"),
    "no yes or no": ("report: true", "report: maybe"),
    "an empty text": ("title: Someone is threatening to share my pictures", 'title: " "'),
}


@pytest.mark.parametrize("mistake", SPOILT)
def test_what_is_wrong_is_refused(mistake: str) -> None:
    old, new = SPOILT[mistake]
    text = (ROOT / "tests/fixtures/content/en/topics/sextortion.yaml").read_text("utf-8")
    assert text.count(old) == 1
    assert problems("topic", text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("danger", "emergency: [a]\ncheck: [b]\nnone: [c]\ntests: [{say: a, expect: perhaps}]"),
        ("helplines", "helplines: []"),
        ("helplines", "helplines: [{id: a, name: A, about: b, web: http://a.org, checked: 2026-01-01}]"),
        ("none", "off_topic: [a]"),
        ("slang", "slang: [u]"),
        ("wording", "language: English\nsay: {welcom: Hi}"),
        ("report", "questions: []\nsay: {}\nbuttons: {}"),
        ("desk", "recipients: []"),
    ],
)
def test_other_files_too(name: str, text: str) -> None:
    assert problems(name, text)


def test_the_command_writes_and_looks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--check", str(tmp_path)]) == 1
    assert "topic.json: out of date" in capsys.readouterr().out
    assert main(["schema", str(tmp_path)]) == 0
    (tmp_path / "schema" / "old.json").write_text("{}")
    (tmp_path / "schema" / "topic.json").write_text("{}")
    assert [path.name for path in write_schemas(tmp_path)] == ["old.json", "topic.json"]
    assert not (tmp_path / "schema" / "old.json").exists()
    assert main(["schema", "--check", str(tmp_path)]) == 0
    assert main(["schema", str(tmp_path / "nothing")]) == 2
