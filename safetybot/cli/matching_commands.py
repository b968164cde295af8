"""The commands that match messages: what one would get, and how well many are understood."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping

from safetybot.cli.command import Run
from safetybot.cli.progress import ProgressBars
from safetybot.evaluation import scores
from safetybot.evaluation.talks import TalkTurn, hold
from safetybot.guidance.reader import Library, read_content
from safetybot.matching.evaluation import LabelledFileError, as_json, as_text, evaluate, read_labelled
from safetybot.matching.fitter import fit_languages, make_fitter
from safetybot.matching.interpreter import Interpretation, Interpreter
from safetybot.matching.matcher import CHOICES_SHOWN, Decision
from safetybot.settings import SettingError, Settings


def _try(settings: Settings, parsed: argparse.Namespace) -> int:
    if parsed.talk:
        return _try_talks(settings, parsed)
    interpreter = _interpreter(settings, parsed.language)
    lines: Iterable[str] = [parsed.text] if parsed.text is not None else (line.rstrip("\n") for line in sys.stdin)
    for text in lines:
        meant = interpreter.interpret(text)
        print(json.dumps(_tried(text, meant), ensure_ascii=False) if parsed.json else _explained(meant), flush=True)
    return 0


def _try_talks(settings: Settings, parsed: argparse.Namespace) -> int:
    library, interpreter = _first_language(settings)
    lines: Iterable[str] = [parsed.text] if parsed.text is not None else sys.stdin
    for number, line in enumerate(lines, 1):
        try:
            texts = json.loads(line)
        except ValueError:
            texts = None
        if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
            raise LabelledFileError(f'line {number}: not a JSON list of texts, such as ["hi", "and if he does"]')
        held = [*hold(library, interpreter, texts)]
        if parsed.json:
            print(json.dumps([said.as_json() for said in held], ensure_ascii=False), flush=True)
        else:
            print("\n\n".join(map(_shown, held)), flush=True)
    return 0


def _shown(said: TalkTurn) -> str:
    """One text and its answers, for people."""
    why = ", ".join(part for part in (said.passage or said.topic, said.decision, said.danger.value) if part)
    return "\n".join([f"> {said.text}", *said.messages, f"  ({why})"])


def _first_language(settings: Settings) -> tuple[Library, Interpreter]:
    library = read_content(settings.content).require()
    with ProgressBars() as stages:
        interpreters = fit_languages(library, make_fitter(settings.cache), stages.update)
    return library, interpreters[library.first]


def _evaluate_talks(settings: Settings, parsed: argparse.Namespace) -> int:
    talks = scores.read_talks(parsed.file)
    library, interpreter = _first_language(settings)
    with ProgressBars() as stages:
        tallies = scores.evaluate_talks(
            talks, lambda texts: hold(library, interpreter, texts), lambda done: stages.update("talks", done)
        )
    print(json.dumps(scores.as_json(tallies)) if parsed.json else scores.as_text(tallies))
    return 0


def _evaluate(settings: Settings, parsed: argparse.Namespace) -> int:
    if scores.is_talks(parsed.file):
        return _evaluate_talks(settings, parsed)
    rows = read_labelled(parsed.file)
    interpreter = _interpreter(settings, None)
    with ProgressBars() as stages:
        result = evaluate(
            rows,
            interpreter.interpret,
            dict(interpreter.corpus.urgency),
            lambda done: stages.update("messages", done / len(rows)),
        )
    print(json.dumps(as_json(result)) if parsed.json else as_text(result))
    return 0


def _interpreter(settings: Settings, language: str | None) -> Interpreter:
    """The interpreter of a language. The content must be valid; whether its tests hold does not matter here."""
    library = read_content(settings.content).require()
    with ProgressBars() as stages:
        interpreters = fit_languages(library, make_fitter(settings.cache), stages.update)
    code = language or library.first
    if code not in interpreters:
        raise SettingError(f"there is no language {code}; there are {', '.join(interpreters)}")
    return interpreters[code]


def _tried(text: str, meant: Interpretation) -> dict[str, object]:
    choices = [{"topic": choice.topic, "score": round(choice.score, 4)} for choice in meant.match.choices]
    answered = meant.match.decision == "answer"
    return {
        "text": text,
        "decision": meant.match.decision.value,
        "topic": choices[0]["topic"] if answered and choices else None,
        "choices": choices,
        "danger": meant.danger.sign.value,
        "because": meant.because,
    }


def _explained(meant: Interpretation) -> str:
    match = meant.match
    topics = [choice.topic for choice in match.choices[:CHOICES_SHOWN]]
    match match.decision:
        case Decision.ANSWER:
            shown = f"answers with {topics[0]}"
        case Decision.CHOOSE:
            shown = f"asks: is it {', '.join(topics)}?"
        case Decision.UNSURE:
            shown = "is not sure"
    danger = {"emergency": "shows the EMERGENCY CARD, and ", "check": "asks whether they are safe, and ", "none": ""}
    lines = [f"{danger[meant.danger.sign.value]}{shown}"]
    return "\n".join([*lines, *(f"  {reason}" for reason in meant.reasons())])


COMMANDS: Mapping[str, Run] = {"try": _try, "evaluate": _evaluate}
