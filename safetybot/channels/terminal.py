"""The same conversation in a terminal: buttons are numbers."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from safetybot.dialogue.messages import Button, Incoming, Outgoing, Reply
from safetybot.service.service import Service

CHANNEL = "terminal"
_log = logging.getLogger(__name__)
_WIDTH = 72


async def run_terminal(service: Service, console: Console, language: str | None = None) -> None:
    """Talks until the input ends."""
    await Terminal(service, console, language).run()


class Terminal:
    """One conversation, of the person at the keyboard."""

    def __init__(self, service: Service, console: Console, language: str | None) -> None:
        self._service = service
        self._console = console
        self._language = language
        self._keyboard = _Keyboard()
        self._choices: list[Button] = []
        self._shown = 0

    async def run(self) -> None:
        """Greets, then answers line by line until the input ends."""
        self._console.print(Text(self._service.wording(self._language).say["terminal"], style="dim"))
        await self._answer(Incoming(CHANNEL, "0", text="/start", language=self._language))
        while (line := await self._read()) is not None:
            if line.strip():
                await self._answer(self._incoming(line.strip()))

    def _incoming(self, line: str) -> Incoming:
        self._shown += 1
        chosen = self._chosen(line)
        press, text = (chosen.press, None) if chosen else (None, line)
        return Incoming(CHANNEL, "0", text=text, press=press, language=self._language, message_id=self._shown)

    def _chosen(self, line: str) -> Button | None:
        if line.isascii() and line.isdecimal() and len(line) < 4 and 1 <= int(line) <= len(self._choices):
            return self._choices[int(line) - 1]
        return None

    async def _read(self) -> str | None:
        self._console.print("> ", end="")
        line = await self._keyboard.line()
        if line is None:
            self._console.print()
        return line

    async def _answer(self, incoming: Incoming) -> None:
        async with self._service.turn(CHANNEL, incoming.chat) as turn:
            try:
                reply = await turn.reply(incoming)
            except Exception:
                _log.exception("the conversation failed")
                reply = Reply((Outgoing(self._service.wording(self._language).say["broken"]),))
            if reply is not None:
                turn.delivered(self._show(reply))

    def _show(self, reply: Reply) -> Sequence[int]:
        if reply.delete:
            self._console.clear()
        self._choices = []
        numbers = []
        for message in reply.messages:
            self._shown += 1
            numbers.append(self._shown)
            self._print(message)
        return numbers

    def _print(self, message: Outgoing) -> None:
        # Two blanks before a line break keep it a line break, as it is in every other channel.
        body = Markdown(message.text.replace("\n", "  \n"), hyperlinks=False)
        style = "bold red" if message.urgent else "cyan"
        self._console.print(Panel(body, border_style=style, width=min(_WIDTH, self._console.width)))
        for row in message.buttons:
            line = Text()
            for button in row:
                self._choices.append(button)
                line.append(f"  [{len(self._choices)}] ", style="bold")
                line.append(button.text)
            self._console.print(line)


class _Keyboard:
    """Standard input, line by line, read in threads that do not keep the program from ending.

    ``input()`` in one of asyncio's threads would: after Ctrl-C the program would wait for one more Enter. And a file of
    our own, for Python cannot end while such a thread holds ``sys.stdin``.
    """

    def __init__(self) -> None:
        self._file = open(0, encoding="utf-8", errors="replace", closefd=False) if sys.stdin else None  # noqa: SIM115

    async def line(self) -> str | None:
        """The next line, or None where the input has ended."""
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str] = loop.create_future()

        def hand_over(text: str) -> None:
            if not line.done():
                line.set_result(text)

        def wait() -> None:
            text = self._next()
            with suppress(RuntimeError):  # the program has ended meanwhile
                loop.call_soon_threadsafe(hand_over, text)

        threading.Thread(target=wait, name="keyboard", daemon=True).start()
        return await line or None

    def _next(self) -> str:
        try:
            return self._file.readline() if self._file else ""
        except OSError:  # the terminal was closed
            return ""
