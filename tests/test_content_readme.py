"""The editors' guide is held to what the program does: its examples are read, its messages are those of the reader."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from safetybot.cli.main import main
from safetybot.guidance.model import ASKS_MIN, BUTTON_MAX, FIRST_MAX, STEP_MAX, Group, Show
from safetybot.guidance.reader import read_content

ROOT = Path(__file__).parent.parent
FIXTURE = ROOT / "tests" / "fixtures" / "content"
GUIDE = (ROOT / "content" / "README.md").read_text("utf-8")
SEXTORTION = "en/topics/sextortion.yaml"


@dataclass(frozen=True)
class Example:
    """One fenced example: the file it is for, and whether it is only the lines that change."""

    name: str
    is_part: bool
    text: str

    @property
    def path(self) -> str:
        return self.name if re.match(r"[a-z]{2}/", self.name) else f"en/{self.name}"

    def put_into(self, folder: Path) -> None:
        """Do what the guide tells the editor to do with it."""
        path = folder / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(self.text, "utf-8")
            return
        assert self.is_part or "topics/" not in self.name, f"there is a {self.name} already"
        both = _merged(yaml.load(path.read_text("utf-8"), yaml.BaseLoader), yaml.load(self.text, yaml.BaseLoader))
        path.write_text(yaml.safe_dump(both, allow_unicode=True, sort_keys=False, default_style='"'), "utf-8")


def _merged(under: Any, upper: Any) -> Any:
    """The file with the example's lines: what is new is added, what has the same key or id is changed."""
    if isinstance(under, dict) and isinstance(upper, dict):
        return {**under, **{key: _merged(under[key], value) if key in under else value for key, value in upper.items()}}
    if isinstance(under, list) and isinstance(upper, list):
        known = {each["id"]: each for each in under if isinstance(each, dict) and "id" in each}
        added = []
        for each in upper:
            if isinstance(each, dict) and each.get("id") in known:
                known[each["id"]].update(each)
            else:
                added.append(each)
        return under + added
    return upper


def _examples() -> Iterator[Example]:
    for text in re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL):
        found = re.match(r"# (\S+\.yaml)(?: \(the lines that (?:change|are added)\))?\n", text)
        assert found, f"an example does not say which file it is for: {text.splitlines()[0]}"
        yield Example(found[1], is_part="(the lines" in found[0], text=text)


EXAMPLES = tuple(_examples())


def test_every_kind_of_file_has_an_example() -> None:
    names = {example.name.split("/")[0] for example in EXAMPLES}
    assert {"topics", "helplines.yaml", "danger.yaml", "slang.yaml", "none.yaml", "wording.yaml", "cy"} <= names


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{at}-{each.name}" for at, each in enumerate(EXAMPLES)])
def test_each_example_is_valid_on_its_own(example: Example, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(FIXTURE / "en", folder / "en")
    example.put_into(folder)
    assert [str(fault) for fault in read_content(folder).errors] == []


def test_all_examples_fit_the_content_we_ship(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(ROOT / "content" / "en", folder / "en")
    before = len(read_content(folder).faults)
    for example in EXAMPLES:
        example.put_into(folder)
    library = read_content(folder)
    assert [str(fault) for fault in library.errors] == []
    assert len(library.faults) == before
    english = library.languages["en"]
    assert "lost-phone" in english.topics
    assert english.helplines["riverside-youth-line"].call == "01632 960 123"
    assert "hes got in through the back and im in the loft" in english.danger.emergency
    assert library.languages["cy"].wording.language == "Cymraeg"


SPOILT = {
    "Tab used. Use two spaces.": ("  steps:", "\tsteps:"),
    "Add a space after the colon.": ("group: images", "group:images"),
    "Add a space after the `-`.": ("  - blackmail\n", "  -blackmail\n"),
    "Colon inside text. Put quotes around it.": ("title: Someone is", "title: Help: someone is"),
    "The colon made a key of this text. Add quotes.": ("  - blackmail\n", "  - he said: pay\n"),
    "Text after # is lost. Put quotes around it.": ("  - blackmail\n", "  - im #1 on his list\n"),
    "Quote opened on line 41 never closes.": ("  - blackmail\n", '  - "blackmail\n'),
    "Line up this `-` with line 41.": ("  - blackmail\n", "  - blackmail\n   - leak\n"),
    "Unknown helpline `childlin`. Did you mean `childline`?": ("[childline, report", "[childlin, report"),
    "Unknown `titel`. Did you mean `title`?": ("title: Someone is", "titel: Someone is"),
    "402 characters; limit 300. Move some to a step.": (
        "This is blackmail, and it is not your fault.",
        "This is blackmail, and it is not your fault. " * 8,
    ),
    "47 characters; limit 30.": ("What do I do now?", "What on earth should I be doing about this now?"),
    "The same sentence twice. Also in sextortion.yaml:40. Keep one.": (
        "  - blackmail\n",
        "  - send more or the pics go to my school\n",
    ),
    "Write the date as 2027-05-24.": ("due: 2027-05-24", "due: 24/5/2027"),
    "Urgent topics need a helpline. Add a line `helplines: [childline]`.": (
        "helplines: [childline, report-remove]\n",
        "",
    ),
    "warning: Review was due 24 May 2026. Owner: safeguarding lead.": ("due: 2027-05-24", "due: 2026-05-24"),
}
"""What the guide says the checker says → a mistake in a file that makes it say so."""


def _said_by_the_guide() -> list[str]:
    table = GUIDE.split("| it says | so you |")[1].split("\n\n")[0]
    cells = (line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line.startswith("| `"))
    return [cell.removeprefix("``").removesuffix("``") if cell[:2] == "``" else cell.strip("`") for cell in cells]


def test_every_message_of_the_guide_has_a_mistake_that_makes_it() -> None:
    assert sorted(_said_by_the_guide()) == sorted(SPOILT)


@pytest.mark.parametrize("message", SPOILT)
def test_the_checker_says_what_the_guide_says(message: str, tmp_path: Path) -> None:
    old, new = SPOILT[message]
    folder = tmp_path / "content"
    shutil.copytree(FIXTURE / "en", folder / "en")
    path = folder / SEXTORTION
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    said = [str(fault) for fault in read_content(folder).faults]
    assert any(line.endswith(f": {message}") for line in said), said


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^\.venv/bin/safetybot (\w+)", GUIDE, re.MULTILINE))))
def test_every_command_of_the_guide_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    if command == "check":
        assert "--no-tests" in capsys.readouterr().out


def test_the_guide_tells_the_limits_of_the_program() -> None:
    for limit in (f"{FIRST_MAX} characters at most", f"at most {BUTTON_MAX} characters", f"most {STEP_MAX}"):
        assert limit in GUIDE.replace("\n", " ")
    assert f"A topic needs {ASKS_MIN} at least" in GUIDE
    assert all(f"`{group}`" in GUIDE for group in Group)
    assert all(f"`{show}`" in GUIDE for show in Show)
