"""Content as it answers: each language's guidance together with its interpreter, tested before it goes live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.language_pack import Interpret, LanguagePack
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.faults import Fault
from safetybot.guidance.model import WordingFile
from safetybot.guidance.reader import Library
from safetybot.matching.fitter import Fitter, Progress, fit_languages
from safetybot.matching.interpreter import Interpreter


@dataclass(frozen=True)
class Understanding:
    """What answers now."""

    interpreters: Mapping[str, Interpreter]
    """Language code → interpreter; a language without examples of its own uses the first one's."""
    conversation: Conversation
    wordings: Mapping[str, WordingFile]
    first: str

    async def respond(self, incoming: Incoming, memory: Memory, minute: int, *, offered: bool, asks: bool) -> Turn:
        """As :meth:`Conversation.respond`, in a thread."""
        respond = self.conversation.respond
        return await asyncio.to_thread(respond, incoming, memory, minute, offered=offered, asks=asks)


def understand(
    library: Library, fitter: Fitter, progress: Progress = lambda stage, done: None
) -> Understanding | list[Fault]:
    """Fits a matcher for each language and runs the editors' tests.

    Returns the faults of the tests that fail, if any do. Blocks for seconds where examples changed.
    """
    interpreters = fit_languages(library, fitter, progress)
    faults = [fault for code, one in interpreters.items() for fault in failed_tests(library, code, one.interpret)]
    if faults:
        return faults
    return joined(library, interpreters)


def joined(library: Library, interpreters: Mapping[str, Interpreter]) -> Understanding:
    """A library with interpreters of its examples, whose tests are known to hold."""
    order = [library.first, *(code for code in library.languages if code != library.first)]
    tongues = {code: LanguagePack(library.languages[code], interpreters[code].interpret) for code in order}
    return Understanding(
        interpreters,
        Conversation(tongues, library.first),
        {code: library.languages[code].wording for code in order},
        library.first,
    )


def failed_tests(library: Library, code: str, interpret: Interpret) -> list[Fault]:
    """A fault for each ``tests:`` entry of a language that does not hold, with what it got instead."""
    guidance = library.languages[code]
    faults = []
    for id_ in sorted(guidance.own_topics):
        for number, test in enumerate(guidance.topics[id_].tests):
            choices = interpret(test.say).match.choices
            if not choices or choices[0].topic != test.expect:
                scores = {choice.topic: choice.score for choice in choices}
                got = f"{choices[0].topic} ({choices[0].score:.0%})" if choices else "nothing"
                message = (
                    f"“{test.say}” got {got}, wanted {test.expect} ({scores.get(test.expect, 0):.0%}). "
                    f"Add examples like it to {test.expect}, or change the test."
                )
                faults.append(library.topic_fault(code, id_, ("tests", number, "say"), message))
    # A language without a danger file borrows the first one's; the tests in it are about the first one's examples.
    borrowed = code != library.first and guidance.danger is library.languages[library.first].danger
    for number, danger_test in enumerate(() if borrowed else guidance.danger.tests):
        danger = interpret(danger_test.say).danger
        if danger.sign is not danger_test.expect:
            message = (
                f"“{danger_test.say}” got {danger.sign.value}, wanted {danger_test.expect.value} ({danger.because}). "
                f"Add signs like it under {danger_test.expect.value}, or change the test."
            )
            faults.append(library.file_fault(code, "danger", ("tests", number, "say"), message))
    return faults
