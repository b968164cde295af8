"""What a check worked out, kept on disk by the hash of all it depends on: content, tests, and the program itself.

Seconds of comparing twelve thousand examples and running hundreds of tests are spent once for each state of the
examples; a change of an answer's words costs none of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetybot
from safetybot.editing.similarity import Confusion, Neighbour, Similarities
from safetybot.guidance.reader import Library
from safetybot.matching.corpus import Corpus
from safetybot.matching.fitter import cache_key

KEPT = 4
"""Checks kept; older ones are deleted."""

_PROGRAM = ("matching", "editing/similarity.py", "understanding")
"""What decides how a message is understood, and what stands out."""


def check_key(library: Library, corpora: Mapping[str, Corpus]) -> str:
    """A hash of what tests and similarities of a library depend on."""
    data: list[Any] = [_program_hash()]
    for code, guidance in sorted(library.languages.items()):
        tests = [(id_, [(t.say, t.expect) for t in topic.tests]) for id_, topic in sorted(guidance.topics.items())]
        danger = [(test.say, test.expect.value) for test in guidance.danger.tests]
        data.append([code, cache_key(corpora[code]) if code in corpora else None, tests, danger])
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:40]


def recall(folder: Path, key: str) -> dict[str, Similarities] | None:
    """Language → what stood out, of a check whose tests all held; None where there was none, or it cannot be read."""
    path = _path(folder, key)
    try:
        found = {code: _unpacked(value) for code, value in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return found


def remember(folder: Path, key: str, found: Mapping[str, Similarities]) -> None:
    """Keeps a check whose tests all held. A folder that cannot be written only costs the next check its time."""
    with contextlib.suppress(OSError):
        for needed in (folder.parent, folder):
            needed.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "w") as file:
            json.dump({code: asdict(each) for code, each in found.items()}, file)
        Path(temporary).replace(_path(folder, key))
        for old in sorted(folder.glob("check-*.json"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)


def _path(folder: Path, key: str) -> Path:
    return folder / f"check-{key}.json"


def _unpacked(value: Mapping[str, Any]) -> Similarities:
    return Similarities(
        nearer=tuple(Neighbour(**each) for each in value["nearer"]),
        duplicates=tuple(Neighbour(**each) for each in value["duplicates"]),
        confused=tuple(Confusion(**each) for each in value["confused"]),
        hardly_found=tuple((str(name), float(share)) for name, share in value["hardly_found"]),
    )


def _program_hash() -> str:
    total = hashlib.sha256()
    package = Path(safetybot.__file__).parent
    for name in _PROGRAM:
        place = package / name
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            total.update(file.read_bytes())
    return total.hexdigest()
