"""The box to try a message: what it would get, why, and the message as an example or a test of a topic.

What is tried is in no address and no log: it is posted, and shown again in the answer alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.session import Session
from safetybot.dialogue.turn import Memory
from safetybot.editing.preview.context import PreviewContext
from safetybot.editing.preview.phone import CHANNEL, Bubble
from safetybot.editing.preview.proposals import Proposal, RefusedError, StillLearning
from safetybot.editing.preview.routing import STALE, route
from safetybot.editing.preview.topic_pages import phone_of
from safetybot.editing.preview.topics import TopicRow, file_of, find, place_of, rows
from safetybot.editing.saving import ChangedOnDiskError
from safetybot.editing.yaml_edit import add_example, add_test, changed
from safetybot.editing.yaml_splice import EditRefusedError
from safetybot.editing.yaml_text import typed
from safetybot.guidance.faults import Fault
from safetybot.guidance.model import Sign
from safetybot.matching.interpreter import Interpretation
from safetybot.matching.matcher import CHOICES_SHOWN, Decision
from safetybot.storage.opening import DatabaseError

TRIES = 3
"""Times that a line is added anew, where somebody saves the file in that very moment."""
LETTERS_MAX = 20_000

DANGER = {
    Sign.EMERGENCY: "Emergency: the emergency card comes first.",
    Sign.CHECK: "It may be danger: the bot asks gently whether they are safe.",
    Sign.NONE: "No danger is seen in it.",
}


@dataclass(frozen=True)
class Candidate:
    """A topic that a message may be about."""

    place: str
    """``en/sextortion``: language and file."""
    title: str
    score: float
    example: str


@dataclass(frozen=True)
class Tried:
    """What a message would get, and why."""

    decision: str
    danger: str
    urgent: bool
    reasons: list[str]
    choices: list[Candidate]
    bubbles: list[Bubble]


@dataclass(frozen=True)
class TryOutcome:
    """How adding a line ended."""

    added: str = ""
    at: str = ""
    """The page of the topic."""
    refused: str = ""
    faults: Sequence[Fault] = ()


def routes(parts: PreviewContext) -> Sequence[BaseRoute]:
    """Their routes."""

    async def attempt(request: Request, form: Mapping[str, str]) -> Response:
        return await _page(parts, request, form, TryOutcome(refused=_OLD if STALE in form else ""))

    async def add(request: Request, form: Mapping[str, str]) -> Response:
        outcome = TryOutcome(refused=_OLD) if STALE in form else await _added(parts, form)
        if outcome.added and parts.asked.pair is not None and (id_ := form.get("asked")):
            with suppress(DatabaseError):  # it can be deleted on its own page
                await parts.asked.done(id_)
        return await _page(parts, request, form, outcome, 422 if outcome.refused else 200)

    return [route(parts, "/try", attempt, ("GET", "POST")), route(parts, "/try/add", add, ("POST",))]


_OLD = "The preview was started anew since this page was opened. Your text is kept: press the button once more."


async def _page(
    parts: PreviewContext, request: Request, form: Mapping[str, str], outcome: TryOutcome, status: int = 200
) -> Response:
    text, answering = form.get("text", "")[:LETTERS_MAX], parts.watcher.answering
    languages = dict(answering.understanding.conversation.names) if answering else {}
    code = form.get("language", "")
    if answering and code not in languages:
        code = answering.understanding.first
    tried = await asyncio.to_thread(_tried, parts, text, code) if text.strip() and answering else None
    found = rows(parts.watcher.seen.library, (), parts.watcher.today())
    chosen = form.get("topic", "") or (tried.choices[0].place if tried and tried.choices else "")
    context: dict[str, Any] = {
        "text": text,
        "language": code,
        "languages": languages,
        "tried": tried,
        "topics": _in_groups([row for row in found if row.code == code]),
        "chosen": chosen,
        "outcome": outcome,
        "asked": "" if outcome.added else form.get("asked", ""),
    }
    return parts.pages.page(request, "try.html", status, **context)


def _in_groups(found: list[TopicRow]) -> list[tuple[str, list[TopicRow]]]:
    groups: dict[str, list[TopicRow]] = {}
    for row in found:
        groups.setdefault(row.group.value if row.group else "no group", []).append(row)
    return sorted(groups.items())


def _tried(parts: PreviewContext, text: str, code: str) -> Tried:
    answering = parts.watcher.answering
    assert answering is not None
    conversation = answering.understanding.conversation
    tongue = conversation.tongue(code)
    meant = tongue.interpret(text)
    guidance, library = tongue.guidance, answering.library
    incoming = Incoming(CHANNEL, CHANNEL, text=text)
    memory = Memory(Session(language=code))
    turn = conversation.respond(incoming, memory, int(time.time() // 60), offered=False)
    phone = phone_of(parts, guidance, None)
    candidates = []
    for choice in meant.match.choices:
        place = place_of(library, code, choice.topic)
        title = guidance.topics[choice.topic].title if choice.topic in guidance.topics else choice.topic
        candidates.append(Candidate("/".join(place) if place else "", title, choice.score, choice.example))
    return Tried(
        decision=_decision(meant, [candidate.title for candidate in candidates]),
        danger=DANGER[meant.danger.sign],
        urgent=meant.danger.sign is Sign.EMERGENCY,
        reasons=meant.reasons(),
        choices=candidates,
        bubbles=[phone.own(text), *(phone.bot(message) for message in turn.messages)],
    )


def _decision(meant: Interpretation, titles: list[str]) -> str:
    match meant.match.decision:
        case Decision.ANSWER if titles:
            return f"It is answered with “{titles[0]}”."
        case Decision.CHOOSE:
            return "The bot asks whether it is one of: " + "; ".join(titles[:CHOICES_SHOWN]) + "."
    return "The bot is not sure what it is about."


async def _added(parts: PreviewContext, form: Mapping[str, str]) -> TryOutcome:
    """Adds the text to the chosen topic's file, where that does not make it wrong."""
    line = " ".join(typed(form.get("text", "")[:LETTERS_MAX]).split())
    code, _, stem = form.get("topic", "").partition("/")
    source = find(parts.watcher.seen.library, code, stem)
    file = file_of(parts.watcher.seen.library, code, stem)
    if source is None or file is None:
        return TryOutcome(refused="Choose a topic first.")
    if not line:
        return TryOutcome(refused="There is no text to add.")
    kind = form.get("kind")
    if kind not in ("example", "test"):
        raise HTTPException(400)
    id_, title = source.text("id") or stem, source.text("title") or stem
    change = add_example(line) if kind == "example" else add_test(line, id_)
    for left in reversed(range(TRIES)):
        try:
            before = await asyncio.to_thread(parts.watcher.read_file, file)
            after = changed(before, change, file.as_posix())
            await Proposal(code, file, before, after).save(parts.watcher)
        except EditRefusedError as error:
            return TryOutcome(refused=f"Nothing was saved. {error}", faults=error.faults)
        except RefusedError as error:
            says = f"Nothing was saved: with this {kind} the content would not be right."
            return TryOutcome(refused=says, faults=error.faults)
        except StillLearning:
            return TryOutcome(refused=STILL_LEARNING)
        except ChangedOnDiskError:
            if not left:
                return TryOutcome(
                    refused="Nothing was saved: the file is being changed by somebody else. Try once more."
                )
        except OSError as error:
            return TryOutcome(refused=f"Nothing was saved: {error.strerror or 'the file cannot be written'}.")
        else:
            name = "an example" if kind == "example" else "a test"
            says = f"Added as {name} of “{title}”."
            if kind == "example":
                says += " It is being learnt now; try the message again in a few seconds."
            return TryOutcome(added=says, at=f"/topics/{code}/{stem}")
    return TryOutcome()


STILL_LEARNING = (
    "Nothing was saved yet: the examples are still being learnt, and the tests cannot be run. What you typed is kept; "
    "save again when the bar at the top is gone."
)
