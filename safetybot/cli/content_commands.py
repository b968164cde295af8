"""The commands about content: its faults and its schemas."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from safetybot.cli.command import EXIT_FAULTS, Run
from safetybot.cli.progress import ProgressBars
from safetybot.editing.check import check
from safetybot.editing.formats import as_github, summary
from safetybot.editing.formats import as_json as faults_as_json
from safetybot.editing.formats import as_text as faults_as_text
from safetybot.editing.schemas import out_of_date, write_schemas
from safetybot.guidance.faults import errors
from safetybot.guidance.reader import read_content
from safetybot.matching.fitter import make_fitter
from safetybot.settings import SettingError, Settings

_FORMATS = {"text": faults_as_text, "github": as_github, "json": faults_as_json}


def _check(settings: Settings, parsed: argparse.Namespace) -> int:
    folder = parsed.path or settings.content
    if not folder.is_dir():
        raise SettingError(f"there is no folder {folder}")
    library = read_content(folder)
    with ProgressBars() as stages:
        make = None if parsed.no_tests else lambda: make_fitter(settings.cache)
        faults = check(library, make, settings.cache, stages.update)
    if text := _FORMATS[parsed.format](faults):
        print(text)
    print(summary(faults), file=sys.stderr)
    return EXIT_FAULTS if errors(faults) else 0


def _schema(settings: Settings, parsed: argparse.Namespace) -> int:
    folder = parsed.path or settings.content
    if not folder.is_dir():
        raise SettingError(f"there is no folder {folder}")
    if parsed.check:
        old = out_of_date(folder)
        for path in old:
            print(f"{path}: out of date. Write it with: safetybot schema")
        return EXIT_FAULTS if old else 0
    for path in write_schemas(folder):
        print(path)
    return 0


COMMANDS: Mapping[str, Run] = {"check": _check, "schema": _schema}
