"""JSON Schemas (draft-07) of every file that editors write, made from the models, for completion and hover help.

They say what the reader says, as far as a schema can, for an editor's program that reads YAML 1.2:

- A text may look like a number or like ``true``: the reader takes it as text all the same.
- ``|`` puts a line end behind a text, which the reader takes away: long texts may be one character longer here.
- ``wording.yaml`` of a second language may leave out what the first one has, so only its own name is required.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetybot.guidance import report_form, wording_keys
from safetybot.guidance.base import ContentModel
from safetybot.guidance.model import Group, Topic, WordingFile
from safetybot.guidance.reader import FILES
from safetybot.guidance.symlinks import inside
from safetybot.guidance.wording_keys import WordingPurpose

DRAFT = "http://json-schema.org/draft-07/schema#"
FOLDER = "schema"
"""The folder of the schemas, in the content folder."""

TOPIC = "topic"

_PHRASES: Mapping[str, Mapping[str, Mapping[str, WordingPurpose]]] = {
    "wording": {"say": wording_keys.SAY, "buttons": wording_keys.BUTTONS},
    "report": {"say": report_form.SAY, "buttons": report_form.BUTTONS},
}
"""File → key → the names that stand under it."""

_BLOCK_FROM = 100
"""Texts that may be longer than this are written with ``|``."""

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """File name without ending → its schema."""
    models: dict[str, type[ContentModel]] = {TOPIC: Topic, **FILES}
    return {name: _schema(name, model) for name, model in models.items()}


def schema_for(path: Path) -> str:
    """The schema's name for a content file: ``topic``, or the file's own."""
    return TOPIC if path.parent.name == "topics" else path.stem


def schema_text(schema: Schema) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def out_of_date(content: Path) -> list[Path]:
    """The schema files of a content folder that are missing, changed by hand, or of no file. Raises LeadsOut."""
    inside(content / FOLDER, content)
    folder, wanted = content / FOLDER, {f"{name}.json": schema_text(schema) for name, schema in schemas().items()}
    old = [folder / name for name, text in wanted.items() if _read(folder / name) != text]
    return sorted([*old, *(path for path in folder.glob("*.json") if path.name not in wanted)])


def write_schemas(content: Path) -> list[Path]:
    """Writes each schema that is out of date, and deletes those of no file; which ones. Raises OSError."""
    changed, known = out_of_date(content), schemas()
    (content / FOLDER).mkdir(exist_ok=True)
    for path in changed:
        if path.stem in known:
            new = path.with_suffix(".tmp")
            new.write_text(schema_text(known[path.stem]), "utf-8")
            os.replace(new, path)  # noqa: PTH105
        else:
            path.unlink()
    return changed


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _schema(name: str, model: type[ContentModel]) -> Schema:
    made = model.model_json_schema()
    schema = _plain(made, made.get("$defs", {}))
    for key, names in _PHRASES.get(name, {}).items():
        schema["properties"][key] = _named(schema["properties"][key], names, required=model is not WordingFile)
    if model is WordingFile:
        schema["properties"]["groups"] = _groups(schema["properties"]["groups"])
        schema["required"] = ["language"]
    file = "topics/*.yaml" if name == TOPIC else f"{name}.yaml"
    return {"$schema": DRAFT, "title": file, **schema}


def _plain(part: Any, definitions: Mapping[str, Any]) -> Schema:
    """A part of pydantic's schema in draft-07's words, with what it refers to put in its place.

    (Draft-07 knows nothing beside a ``$ref``, so a field's own description would be lost.)
    """
    part = dict(part)
    if "anyOf" in part:
        (inner,) = (each for each in part.pop("anyOf") if each != {"type": "null"})
        part = {**inner, **part}
    if "$ref" in part:
        part = {**definitions[part.pop("$ref").rpartition("/")[2]], **part}
    result = {key: value for key, value in part.items() if key not in ("title", "$defs")}
    if result.get("default", ...) in (None, [], {}):
        del result["default"]
    if "description" in result:
        result["description"] = " ".join(result["description"].replace("``", "`").split())
    for key in ("properties", "patternProperties"):
        if key in result:
            result[key] = {name: _plain(value, definitions) for name, value in result[key].items()}
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(result.get(key), dict):
            result[key] = _plain(result[key], definitions)
    if "patternProperties" in result:
        result["additionalProperties"] = False
    return _text(result) if result.get("type") == "string" else result


def _text(schema: Schema) -> Schema:
    if schema.get("format") == "date":
        schema["pattern"] = r"^\d{4}-\d\d-\d\d$"
    if "enum" not in schema and "pattern" not in schema:
        schema |= {"type": ["string", "number", "boolean"], "pattern": r"\S"}
    if schema.get("maxLength", 0) > _BLOCK_FROM:
        schema["maxLength"] += 1
    return schema


def _named(schema: Schema, names: Mapping[str, WordingPurpose], *, required: bool) -> Schema:
    """A group of keys of which all names are known, each with what it is for."""
    (value,) = schema["patternProperties"].values()
    properties = {name: {**value, "description": _purpose(phrase)} for name, phrase in names.items()}
    named: Schema = {
        "type": "object",
        "description": schema["description"],
        "additionalProperties": False,
        "properties": properties,
    }
    return named | ({"required": [*names]} if required else {})


def _purpose(phrase: WordingPurpose) -> str:
    filled = [f"{{{name}}}" for name in sorted(phrase.placeholders)]
    text = f"{phrase.purpose[0].upper()}{phrase.purpose[1:]}."
    return f"{text} It may fill in {' and '.join(filled)}." if filled else text


def _groups(schema: Schema) -> Schema:
    value = schema["additionalProperties"]
    properties = {group.value: {**value, "description": f"The name of the group {group.value}."} for group in Group}
    return {
        "type": "object",
        "description": schema["description"],
        "additionalProperties": False,
        "properties": properties,
    }
