"""The same conversation in a terminal: buttons are numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from safetybot.dialogue.messages import Button, Incoming, Outgoing, Reply
from safetybot.service import Service

CHANNEL = "terminal"
_WIDTH = 72
_HOW_TO = "Type a message and press Enter. A number chooses a button. Ctrl-D ends."


async def run_terminal(service: Service, console: Console, language: str | None = None) -> None:
    """Talks until the input ends."""
    await Terminal(service, console, language).run()


class Terminal:
    """One conversation, of the person at the keyboard."""

    def __init__(self, service: Service, console: Console, language: str | None) -> None:
        self._service = service
        self._console = console
        self._language = language
        self._choices: list[Button] = []
        self._shown = 0

    async def run(self) -> None:
        """Greets, then answers line by line until the input ends."""
        self._console.print(Text(_HOW_TO, style="dim"))
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
        try:
            return await asyncio.to_thread(input, "> ")
        except EOFError:
            self._console.print()
            return None

    async def _answer(self, incoming: Incoming) -> None:
        reply = await self._service.handle(incoming)
        if reply is None:
            return
        numbers = self._show(reply)
        self._service.delivered(incoming, numbers)

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
