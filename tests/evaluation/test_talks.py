"""Conversations as ``try --talk`` holds them, and their scores."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safetybot.cli.main import main
from safetybot.evaluation.scores import (
    FOLLOW_UPS,
    OPENING,
    Outcome,
    evaluate_talks,
    is_talks,
    judge,
    read_talks,
)
from safetybot.evaluation.talks import TalkTurn, hold
from safetybot.guidance.model import Sign
from safetybot.guidance.reader import Library
from safetybot.matching.evaluation import LabelledFileError
from safetybot.matching.interpreter import Interpreter
from safetybot.understanding.understanding import Understanding
from tests.talking import DIALOGUE_CONTENT, Phrasebook

KEYS = ["text", "messages", "buttons", "decision", "topic", "passage", "act", "role", "rule", "danger", "because"]


@pytest.fixture(scope="session")
def interpreter(understanding: Understanding) -> Interpreter:
    return understanding.interpreters["en"]


def turn(kind: str, say: str, accept: str, reject: str = "", danger: str = "none") -> dict[str, object]:
    return {"say": say, "kind": kind, "accept": [accept], "reject": [reject] if reject else [], "danger": danger}


def write(path: Path, *turns: dict[str, object], role: str = "young") -> Path:
    path.write_text(json.dumps({"who": "girl, 13", "role": role, "turns": turns}) + "\n", "utf-8")
    return path


def shown(text: str, decision: str | None = "answer", danger: Sign = Sign.NONE) -> TalkTurn:
    return TalkTurn("typed", (text,), ((),), decision, None, None, danger, "")


class TestHolding:
    def test_a_topic_its_step_and_danger(
        self, dialogue_library: Library, interpreter: Interpreter, phrasebook: Phrasebook
    ) -> None:
        texts = ["how do I make a strong password", "What else helps?", phrasebook.emergencies[0]]
        topic, step, danger = hold(dialogue_library, interpreter, texts)
        assert (topic.decision, topic.topic, topic.passage) == ("answer", "passwords", None)
        assert (step.decision, step.topic, step.passage) == ("answer", "passwords", "passwords/1")
        assert "**" not in step.messages[0]
        assert danger.danger is Sign.EMERGENCY
        assert danger.body == danger.messages[1]
        assert topic.because.startswith("danger: ")

    def test_each_chat_is_fresh(self, dialogue_library: Library, interpreter: Interpreter) -> None:
        (alone,) = hold(dialogue_library, interpreter, ["What else helps?"])
        assert alone.passage is None

    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(texts=st.lists(st.text(max_size=40), max_size=4))
    def test_any_text_gets_a_reply(self, dialogue_library: Library, interpreter: Interpreter, texts: list[str]) -> None:
        held = [*hold(dialogue_library, interpreter, texts)]
        assert [said.text for said in held] == texts
        assert all(said.messages and [*said.as_json()] == KEYS for said in held)


class TestScores:
    def test_outcomes(self, tmp_path: Path) -> None:
        path = write(tmp_path / "talks.jsonl", turn("follow-up", "x", "report remove", reject="should have"))
        (talk,) = read_talks(path)
        (wanted,) = talk.turns
        assert judge(wanted, shown("Use REPORT REMOVE."), []) is Outcome.GOOD
        assert judge(wanted, shown("Report Remove. You should have known."), []) is Outcome.WRONG
        assert judge(wanted, shown("Is it one of these?", "choose"), [shown("Is it one of these?")]) is Outcome.MENU
        assert judge(wanted, shown("Say more."), [shown("Say more.")]) is Outcome.SAME
        assert judge(wanted, shown("Report Remove"), [shown("Report Remove")]) is Outcome.GOOD

    def test_tallies(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "talks.jsonl",
            turn("opening", "a", "yes"),
            turn("follow-up", "b", "yes"),
            turn("update", "c", "yes", danger="check"),
            role="parent",
        )
        replies = [shown("yes"), shown("no", danger=Sign.EMERGENCY), shown("no", "choose", Sign.EMERGENCY)]
        tallies = evaluate_talks(read_talks(path), lambda texts: replies)
        assert [*tallies] == [OPENING, FOLLOW_UPS, "kind: follow-up", "kind: update", "role: parent"]
        figures = {name: (share.count, share.of) for name, share in tallies[FOLLOW_UPS].figures().items()}
        assert figures == {
            "good": (0, 2),
            "menu": (1, 2),
            "same again": (0, 2),
            "wrong": (1, 2),
            "needless card": (1, 1),
            "needless check": (0, 1),
            "danger seen": (1, 1),
        }

    @pytest.mark.parametrize("line", ['{"turns": 3}', "[]", '{"role": "young", "turns": [{"say": "x"}]}', "{"])
    def test_what_is_no_conversation_is_told_by_its_line(self, tmp_path: Path, line: str) -> None:
        path = write(tmp_path / "talks.jsonl", turn("opening", "a", "yes"))
        path.write_text(path.read_text() + line + "\n")
        with pytest.raises(LabelledFileError, match=r"talks\.jsonl:2: "):
            read_talks(path)

    def test_which_files_hold_conversations(self, tmp_path: Path) -> None:
        assert is_talks(write(tmp_path / "talks.jsonl", turn("opening", "a", "yes")))
        (tmp_path / "messages.jsonl").write_text('{"text": "hi", "topics": ["greeting"], "urgency": "normal"}\n')
        assert not is_talks(tmp_path / "messages.jsonl")


class TestCommands:
    @pytest.fixture(autouse=True)
    def here(
        self, tmp_path: Path, dialogue_cache: Path, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "cache").symlink_to(dialogue_cache)
        monkeypatch.setenv("SAFETYBOT_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("SAFETYBOT_CONTENT", str(DIALOGUE_CONTENT))

    def test_try_talk(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        lines = '["how do I make a strong password", "What else helps?"]\n["hello"]\n'
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        assert main(["try", "--talk", "--json"]) == 0
        first, second = map(json.loads, capsys.readouterr().out.splitlines())
        assert [each["passage"] for each in first] == [None, "passwords/1"]
        assert [[*each] for each in (*first, *second)] == [KEYS] * 3
        assert main(["try", "--talk", '["how do I make a strong password", "What else helps?"]']) == 0
        assert "(passwords/1, answer, " in capsys.readouterr().out

    @pytest.mark.parametrize("line", ["hello", '{"a": 1}', "[1]", '"hello"'])
    def test_what_is_no_list_of_texts_is_told(self, capsys: pytest.CaptureFixture[str], line: str) -> None:
        assert main(["try", "--talk", line]) == 2
        assert "line 1: not a JSON list of texts" in capsys.readouterr().err

    def test_evaluate(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        path = write(
            tmp_path / "talks.jsonl",
            turn("opening", "how do I make a strong password", "random words"),
            turn("follow-up", "What else helps?", "two-step"),
        )
        assert main(["evaluate", str(path), "--json"]) == 0
        figures = json.loads(capsys.readouterr().out)
        assert figures[FOLLOW_UPS]["good"] == {"count": 1, "of": 1, "share": 1.0}
        assert main(["evaluate", str(path)]) == 0
        assert "after the opening" in capsys.readouterr().out
