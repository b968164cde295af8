"""Content as it answers, and the editors' tests that it must pass before it goes live."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from safetybot.dialogue.conversation import Conversation
from safetybot.guidance.reader import read_content
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitter import Fitter
from safetybot.understanding.understanding import Understanding, understand

FIXTURE = Path(__file__).parents[1] / "fixtures" / "content"
SEXTORTION = "en/topics/sextortion.yaml"
DANGER = "en/danger.yaml"


@pytest.fixture(scope="module")
def fitter(tmp_path_factory: pytest.TempPathFactory) -> Fitter:
    """One cache for all: the tests of this file mostly change what is not learnt from."""
    return Fitter(tmp_path_factory.mktemp("understanding"), SentenceEncoder())


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    shutil.copytree(FIXTURE, folder)
    return folder


Faults = Callable[[], list[str]]


@pytest.fixture
def faults(content: Path, fitter: Fitter) -> Faults:
    """The faults of the content as it is now, as an editor sees them, with paths from the content folder on."""

    def find() -> list[str]:
        result = understand(read_content(content).require(), fitter)
        assert isinstance(result, list), "it went live"
        return [str(fault).replace(content.as_posix() + "/", "") for fault in result]

    return find


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def _place(path: Path, part: str) -> str:
    """``line:column`` of where ``part`` begins."""
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if part in line:
            return f"{number}:{line.index(part) + 1}"
    raise AssertionError(f"{part!r} is not in {path}")


def test_valid_content_goes_live(content: Path, fitter: Fitter) -> None:
    understood = understand(read_content(content).require(), fitter)
    assert isinstance(understood, Understanding)
    assert list(understood.interpreters) == ["en", "cy"]
    assert understood.first == "en"
    assert isinstance(understood.conversation, Conversation)
    assert understood.wordings["cy"].language == "Cymraeg"
    english, welsh = understood.interpreters["en"], understood.interpreters["cy"]
    assert english.interpret("how do i make a strong password").match.choices[0].topic == "passwords"
    assert "passwords" not in welsh.corpus.classes, "each language matches its own topics"
    assert welsh.interpret("helo").match.choices[0].topic == "greeting"


def test_a_language_without_topics_of_its_own_understands_the_first(content: Path, fitter: Fitter) -> None:
    (content / "fr").mkdir()
    (content / "fr" / "wording.yaml").write_text("language: Français\n", "utf-8")
    understood = understand(read_content(content).require(), fitter)
    assert isinstance(understood, Understanding)
    assert understood.interpreters["fr"] is understood.interpreters["en"]
    assert understood.wordings["fr"].language == "Français"


def test_a_language_may_begin_with_one_topic_alone(content: Path, fitter: Fitter) -> None:
    (content / "fr" / "topics").mkdir(parents=True)
    shutil.copy(content / "cy" / "topics" / "greeting.yaml", content / "fr" / "topics")
    understood = understand(read_content(content).require(), fitter)
    assert isinstance(understood, Understanding)
    assert [choice.topic for choice in understood.interpreters["fr"].interpret("helo").match.choices] == ["greeting"]


def test_a_topic_test_that_fails(content: Path, faults: Faults) -> None:
    _change(content / SEXTORTION, "say: pay or he posts my nudes", "say: how do i make a strong password")
    (fault,) = faults()
    place = _place(content / SEXTORTION, "how do i make a strong password")
    assert re.fullmatch(
        rf"{SEXTORTION}:{place}: “how do i make a strong password” got passwords \(\d+%\), "
        r"wanted sextortion \(\d+%\)\. Add examples like it to sextortion, or change the test\.",
        fault,
    )


def test_a_danger_test_that_fails(content: Path, faults: Faults) -> None:
    _change(content / DANGER, "say: I took all the pills", "say: hello there")
    place = _place(content / DANGER, "hello there")
    assert faults() == [
        f"{DANGER}:{place}: “hello there” got none, wanted emergency (no sign of danger). "
        "Add signs like it under emergency, or change the test."
    ]


def test_a_danger_test_that_expects_too_little_fails_too(content: Path, faults: Faults) -> None:
    text = (content / DANGER).read_text("utf-8")
    (content / DANGER).write_text(text + "  - {say: he has a knife, expect: none}\n", "utf-8")
    (fault,) = faults()
    assert "“he has a knife” got emergency, wanted none (rule: someone has a weapon)" in fault


def test_every_failing_test_is_told_at_once_and_where(content: Path, faults: Faults) -> None:
    _change(content / SEXTORTION, "say: pay or he posts my nudes", "say: hello")
    passwords = content / "en/topics/passwords.yaml"
    text = passwords.read_text("utf-8")
    two = "tests:\n  - {say: hello, expect: passwords}\n  - {say: hi, expect: passwords}\n"
    passwords.write_text(text.replace("tests:\n", two), "utf-8")
    _change(content / DANGER, "say: I took all the pills", "say: hello")
    found = faults()
    assert [fault.split(": ")[0] for fault in found] == [
        f"en/topics/passwords.yaml:{_place(passwords, 'hello')}",
        f"en/topics/passwords.yaml:{_place(passwords, 'hi,')}",
        f"{SEXTORTION}:{_place(content / SEXTORTION, 'hello')}",
        f"{DANGER}:{_place(content / DANGER, 'hello')}",
    ]
    assert "got greeting" in found[0]


def test_another_language_is_tested_with_its_own_matcher(content: Path, faults: Faults) -> None:
    welsh = content / "cy/topics/greeting.yaml"
    example = read_content(content).languages["cy"].topics["sextortion"].asks[0]
    with welsh.open("a", encoding="utf-8") as file:
        file.write(f"tests:\n  - say: {example}\n    expect: greeting\n")
    (fault,) = faults()
    assert fault.startswith(f"cy/topics/greeting.yaml:{_place(welsh, example)}: “{example}” got sextortion (")


def test_borrowed_danger_tests_are_not_held_against_another_language(content: Path, fitter: Fitter) -> None:
    """English sentences, of which the Welsh matcher may well think otherwise: only Welsh tests speak for Welsh."""
    assert not (content / "cy" / "danger.yaml").exists()
    text = (content / DANGER).read_text("utf-8")
    (content / DANGER).write_text(text + "  - {say: he locked me in, expect: emergency}\n", "utf-8")
    assert isinstance(understand(read_content(content).require(), fitter), Understanding)


def test_danger_tests_of_its_own_are(content: Path, faults: Faults) -> None:
    own = (content / DANGER).read_text("utf-8").replace("say: I took all the pills", "say: helo bawb")
    (content / "cy" / "danger.yaml").write_text(own, "utf-8")
    (fault,) = faults()
    assert fault.startswith(f"cy/danger.yaml:{_place(content / 'cy/danger.yaml', 'helo bawb')}: “helo bawb” got ")


def test_progress_is_told_while_it_fits(content: Path, tmp_path: Path, fitter: Fitter) -> None:
    _change(content / SEXTORTION, "  - blackmail\n", "  - he blackmails me\n")
    told: list[tuple[str, float]] = []
    understand(read_content(content).require(), fitter, lambda stage, done: told.append((stage, done)))
    assert told[-1] == ("calibrating", 1)
    assert all(0 <= done <= 1 for _, done in told)
