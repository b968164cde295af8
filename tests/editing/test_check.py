"""The whole check: faults, failed tests and findings, in three forms, remembered from one time to the next."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from safetybot.cli.main import main
from safetybot.editing.formats import as_github, as_json, as_text, summary
from safetybot.guidance.faults import Fault
from tests.editing.conftest import Checker
from tests.guidance.conftest import BULLYING, PASSWORDS, SEXTORTION, Content

SIGNS = ("emergency", "check", "none")
ALIKE = """\
they took my {} and put it online
someone shares my {} in the chat
my {} is all over the school now
the picture of my {} was sent around
""".splitlines()


def kinds(faults: list[Fault]) -> dict[str, list[Fault]]:
    found: dict[str, list[Fault]] = {}
    for fault in faults:
        found.setdefault(fault.finding or fault.severity, []).append(fault)
    return found


def add(content: Content, name: str, *asks: str) -> None:
    content.write(name, content.text(name).rstrip("\n") + "\n" + "".join(f"  - {ask}\n" for ask in asks))


PAID = (
    "i already paid and they want more {}",
    "they keep asking for more {} though i paid",
    "paid, and now more {} again",
)


def test_what_the_matcher_finds(content: Content, checked: Checker) -> None:
    add(content, PASSWORDS, "i already paid them and they ask for more and more", "he wants money or he posts my nude")
    add(content, SEXTORTION, *(line.format(what) for what in ("money", "cards", "of it", "now") for line in PAID))
    things = ("coat", "bag", "face", "arm", "dog", "home")
    add(content, SEXTORTION, *(line.format(thing) for thing in things[:3] for line in ALIKE))
    add(content, BULLYING, *(line.format(thing) for thing in things[3:] for line in ALIKE))
    found = kinds(checked(content))

    (nearer,) = [fault for fault in found["nearer"] if "i already paid them" in (fault.source_line or "")]
    assert nearer.path.endswith(PASSWORDS)
    assert nearer.line == content.line(PASSWORDS, "i already paid them")
    said = re.match(r"Nearer to sextortion than to passwords: (\d+) for “.+” there, (\d+) here\.", nearer.message)
    assert said
    assert int(said[1]) >= int(said[2]) + 20

    (same,) = [fault for fault in found["duplicate"] if "posts my nude" in f"{fault.source_line} {fault.message}"]
    assert re.search(r"As good as the same as “.+” \(\d+ of 100\) in \w+\.yaml:\d+\. Keep one\.", same.message)

    (pair,) = found["confused"]
    assert re.search(r"Easily confused with (sextortion|cyberbullying): \d+% .* \d+% of those there", pair.message)
    assert (pair.source_line or "").startswith("asks:")


def test_nothing_is_worked_out_twice(content: Content, checked: Checker) -> None:
    first = checked(content)
    assert checked.fitted == 1
    assert checked(content) == first
    content.change(BULLYING, "That sounds really hard", "This sounds really hard")
    checked(content)
    assert checked.fitted == 1, "words of an answer need no matcher"
    content.change(BULLYING, "say: everyone in my class", "say: all of my class")
    checked(content)
    assert checked.fitted == 2, "a test that is new must be run"
    for path in checked.cache.glob("check-*.json"):
        path.write_text('{"en": {"nearer": 3}}')
    checked(content)
    assert checked.fitted == 3, "what cannot be read is worked out again"


def test_a_failed_test_is_told_each_time(content: Content, checked: Checker) -> None:
    content.change(BULLYING, "say: everyone in my class is horrible to me in the chat", "say: i want a safe password")
    for _ in range(2):
        (error,) = kinds(checked(content))["error"]
        assert error.message.startswith("“i want a safe password” got passwords")
    assert checked.fitted == 2


def test_without_the_matcher(content: Content, checked: Checker) -> None:
    found = kinds(checked(content, tests=False))
    assert checked.fitted == 0
    assert "few-examples" in found


def test_content_that_cannot_be_read_is_still_reviewed(content: Content, checked: Checker) -> None:
    content.change(SEXTORTION, "group: images", "group: pictures")
    content.change(BULLYING, "That sounds really hard", "You should have told us")
    found = kinds(checked(content))
    assert len(found["error"]) == 1
    assert len(found["blame"]) == 1
    assert checked.fitted == 0


FAULTS = [
    Fault("content/en/a, b.yaml", 7, 5, "50% wrong: see\nthis", "warning", "  - some text  ", "nearer", 9),
    Fault("content/en/c.yaml", 3, 1, "Tab used.", "error", "\tid: c"),
]


class TestFormats:
    def test_text(self) -> None:
        assert as_text(FAULTS).splitlines()[-1] == "content/en/c.yaml:3:1: Tab used."
        assert "content/en/a, b.yaml:7:5: warning: 50% wrong" in as_text(FAULTS)
        assert summary(FAULTS) == "errors: 1, warnings: 1"

    def test_github_errors_first_and_escaped(self) -> None:
        assert as_github(FAULTS).split("\n") == [
            "::error file=content/en/c.yaml,line=3,endLine=3,col=1,endColumn=7,"
            "title=content%3A must be mended::Tab used.",
            "::warning file=content/en/a%2C b.yaml,line=7,endLine=7,col=5,endColumn=9,"
            "title=nearer%3A look at this again::50%25 wrong: see%0Athis",
        ]

    def test_json(self) -> None:
        read = json.loads(as_json(FAULTS))
        assert (read["errors"], read["warnings"]) == (1, 1)
        assert read["faults"][1] == {
            "file": "content/en/c.yaml",
            "line": 3,
            "column": 1,
            "end_column": 7,
            "severity": "error",
            "finding": None,
            "message": "Tab used.",
            "source": "\tid: c",
        }


class TestCommand:
    @pytest.fixture(autouse=True)
    def data(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SAFETYBOT_DATA", str(tmp_path / "data"))

    def test_warnings_are_no_failure(self, content: Content, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", "--no-tests", str(content.folder)]) == 0
        said = capsys.readouterr()
        assert "[few-examples]" in said.out
        assert re.fullmatch(r"errors: 0, warnings: [1-9]\d*\n", said.err)

    @pytest.mark.parametrize("form", ["text", "github", "json"])
    def test_errors_are(self, form: str, content: Content, capsys: pytest.CaptureFixture[str]) -> None:
        content.change(SEXTORTION, "group: images", "group: pictures")
        assert main(["check", "--format", form, str(content.folder)]) == 1
        said = capsys.readouterr()
        assert said.err.startswith("errors: 1, ")
        if form == "json":
            assert json.loads(said.out)["errors"] == 1
        if form == "github":
            assert said.out.startswith("::error file=")

    @pytest.mark.parametrize("arguments", [["--format", "xml"], ["nowhere"], ["--what"]])
    def test_misuse(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        try:
            status = main(["check", *arguments])
        except SystemExit as stopped:
            status = stopped.code  # type: ignore[assignment]
        assert status == 2
        assert capsys.readouterr().err
