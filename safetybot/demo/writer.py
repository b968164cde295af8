"""Somebody invented, who fills in the real report form.

So a report of the demo has the very shape that the form seals, whatever becomes of the form.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from safetybot.demo.cases import Case, Given
from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.report_form_screens import START
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code

STEPS_MAX = 200
"""Presses and messages of one report."""
_QUESTION = re.compile(r"rep:(set|on|off|done):([^:]+)(?::(.+))?")

Handle = Callable[[Incoming], Awaitable[Reply | None]]


class WritingRefused(Exception):
    """The content has no report form, or one that such a report does not fit."""


class Writer:
    """One chat with the bot."""

    def __init__(self, handle: Handle, channel: str, chat: str) -> None:
        self._handle = handle
        self._channel = channel
        self._chat = chat
        self._shown: Sequence[Outgoing] = ()
        self._presses: tuple[str, ...] = ()

    async def reports(self, case: Case) -> Code:
        """Fills in the form, sends it, and keeps the code. Raises NotTaken."""
        await self._press(f"{START}:{case.topic}" if case.topic else START)
        answered: set[str] = set()
        for _ in range(STEPS_MAX):
            if "rep:send" in self._presses:
                await self._press("rep:send")
                code = self._code()
                await self._press("code:saved")
                return code
            if "rep:go-on" in self._presses:
                await self._press("rep:go-on")  # below the emergency card
                continue
            await self._answer(case, answered)
        raise WritingRefused("the report form does not come to an end")

    async def adds(self, code: Code, words: str) -> None:
        """Comes back with the code, and writes more. Raises NotTaken."""
        await self._says(f"/mycode {code.text}")
        await self._press("case:write")
        await self._says(words)
        await self._press("case:send")
        await self._press("case:leave")

    async def _answer(self, case: Case, answered: set[str]) -> None:
        """One step of the question that is open."""
        question, choices = self._open()
        if question is None or (question not in case.answers and f"rep:done:{question}" not in self._presses):
            await self._story(case, answered)  # the one question that cannot be skipped
        elif question in answered or question not in case.answers:
            await self._press(f"rep:done:{question}")
        else:
            answered.add(question)
            await self._give(question, choices, case.answers[question])

    async def _story(self, case: Case, answered: set[str]) -> None:
        if "" in answered:
            raise WritingRefused("the report form asks for something that the invented report does not have")
        answered.add("")
        for words in case.story:
            await self._says(words)
        done = [press for press in self._presses if press.startswith("rep:done:")]
        if done:
            await self._press(done[0])

    async def _give(self, question: str, choices: dict[str, str], given: Given) -> None:
        for choice in given.press:
            verb = choices.get(choice)
            if verb == "set":
                await self._press(f"rep:set:{question}:{choice}")
                return  # it leads on by itself
            if verb == "on":
                await self._press(f"rep:on:{question}:{choice}")
        if given.say is not None:
            await self._says(given.say)

    def _open(self) -> tuple[str | None, dict[str, str]]:
        """The question whose buttons are shown, and choice → what its button does; None for one without buttons."""
        found = [match for press in self._presses if (match := _QUESTION.fullmatch(press))]
        question = found[0][2] if found else None
        return question, {match[3]: match[1] for match in found if match[3] is not None}

    def _code(self) -> Code:
        codes = [code for message in self._shown if isinstance(code := parse(message.text), Code)]
        if len(codes) != 1:
            raise WritingRefused("the report was not taken")
        return codes[0]

    async def _press(self, press: str) -> None:
        await self._acts(Incoming(self._channel, self._chat, press=press))

    async def _says(self, words: str) -> None:
        await self._acts(Incoming(self._channel, self._chat, text=words))

    async def _acts(self, incoming: Incoming) -> None:
        reply = await self._handle(incoming)
        self._shown = reply.messages if reply else ()
        of_last = [tuple(button.press for row in each.buttons for button in row) for each in self._shown]
        self._presses = next((presses for presses in reversed(of_last) if presses), ())
