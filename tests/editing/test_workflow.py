"""The workflow in the docs: it is YAML, asks for nothing it needs not, and its commands exist and do what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from safetybot.cli.main import main
from safetybot.editing import formats
from safetybot.guidance.finding import Finding
from tests.guidance.conftest import SEXTORTION, Content

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "editors-pull-requests.md").read_text("utf-8")
GUIDE = (ROOT / "content" / "README.md").read_text("utf-8")


def workflow() -> dict[str, Any]:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = yaml.load(text, yaml.BaseLoader)
    return found


def commands() -> list[list[str]]:
    steps = workflow()["jobs"]["check"]["steps"]
    return [shlex.split(step["run"]) for step in steps if "run" in step]


def test_it_runs_on_pull_requests_of_content_and_may_only_read() -> None:
    assert workflow()["on"] == {"pull_request": {"paths": ["content/**"]}}
    assert workflow()["permissions"] == {"contents": "read"}


def test_each_step_names_an_action_or_a_command() -> None:
    for step in workflow()["jobs"]["check"]["steps"]:
        assert ("run" in step) != ("uses" in step)
        assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/checkout@v4"))


def test_its_commands_do_what_it_says(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As GitHub runs them, in a folder that holds the content; without what takes a minute there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAFETYBOT_DATA", str(tmp_path / "data"))
    make, *ours = commands()
    assert make[0] == "make"
    assert re.search(rf"^{re.escape(make[1])}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert main(["schema"]) == 0
    for program, *arguments in ours:
        assert program == ".venv/bin/safetybot"
        assert main([*arguments, *(["--no-tests"] if arguments[0] == "check" else [])]) == 0
    capsys.readouterr()
    content.change(SEXTORTION, "group: images", "group: pictures")
    assert main(ours[0][1:]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"::error file=content/{SEXTORTION},line=3,")


def test_it_names_every_key_of_the_json() -> None:
    text = formats.as_json([formats.Fault("a", 1, 1, "b")])
    assert set(re.findall(r'"(\w+)":', text)) <= set(re.findall(r"`(\w+)`", PAGE))


def test_the_guide_explains_every_finding() -> None:
    table = GUIDE.split("| name | what it found | so you |")[1].split("\n\n")[0]
    assert sorted(re.findall(r"^\| `([\w-]+)` ", table, re.MULTILINE)) == sorted(Finding)
