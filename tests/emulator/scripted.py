"""A conversation that does what it is told, standing for the service in tests of a channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from safetybot.dialogue.messages import Button, Incoming, Outgoing, Reply
from safetybot.dialogue.quoting import escape
from safetybot.guidance.model import BotProfile, MenuCommand, WordingFile

BROKEN = "Something broke here. Call 999 or Childline 0800 1111."
GROUP = "Write to me alone."
SLOW_DOWN = "Too many messages."
BUSY = "Too many people."
HELP_NOW_BUTTON = "Help now!"
NO_PICTURES = "I cannot take pictures."
UNDELETED = "Some could not be deleted."


def wording(language: str) -> WordingFile:
    """Just enough wording for a channel."""
    return WordingFile.model_construct(
        language=language,
        profile=BotProfile(name="Bot", short_description=f"Short {language}", description=f"Long {language}"),
        commands=(MenuCommand(command="help", description=f"Help {language}"),),
        say={
            "broken": f"{BROKEN} ({language})",
            "group-refused": f"{GROUP} ({language})",
            "slow-down": f"{SLOW_DOWN} ({language})",
            "busy": f"{BUSY} ({language})",
        },
        groups={},
        buttons={"help-now": HELP_NOW_BUTTON},
    )


class Scripted:
    """Echoes; and obeys ``slow SECONDS``, ``hang``, ``raise``, ``wide``, ``many N``, ``long N``, ``delete ID…``.

    ``wide`` makes a button that does not fit. Updates seen before get None, as the service gives.
    """

    def __init__(self) -> None:
        self.languages: Mapping[str, WordingFile] = {"en": wording("en"), "cy": wording("cy")}
        self.begun: list[Incoming] = []
        self.finished: list[Incoming] = []
        self.deliveries: list[tuple[Incoming, list[int]]] = []
        self.active = 0
        self.most_active = 0
        self.gate = asyncio.Event()
        """``wait`` waits for it."""
        self.disk = asyncio.Event()
        """What turns have changed is on the disk once it is set."""
        self.disk.set()
        self.unwritable = False
        """What turns have changed cannot be written."""
        self.albums: set[str] = set()
        self._seen: set[int | None] = set()

    def wording(self, language: str | None) -> WordingFile:
        """The wording for a language, else English."""
        return self.languages.get(language or "", self.languages["en"])

    @asynccontextmanager
    async def turn(self, channel: str, chat: str) -> AsyncIterator[ScriptedTurn]:
        """A turn; that there is one at a time is the channel's doing here."""
        yield ScriptedTurn(self)
        if self.unwritable:
            raise OSError("no space left")

    async def committed(self) -> None:
        """Waits for the disk."""
        await self.disk.wait()
        if self.unwritable:
            raise OSError("no space left")

    async def in_danger(self, incoming: Incoming) -> bool:
        """Where it says so; ``judge-breaks`` raises."""
        if incoming.text == "judge-breaks":
            raise RuntimeError("secret words")
        return "danger" in (incoming.text or "")

    async def reply(self, incoming: Incoming) -> Reply | None:
        """Do as told."""
        self.begun.append(incoming)
        if incoming.update_id in self._seen:
            return None
        self._seen.add(incoming.update_id)
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        try:
            return await self._reply(incoming)
        finally:
            self.active -= 1
            self.finished.append(incoming)

    async def _reply(self, incoming: Incoming) -> Reply:
        if incoming.refused:
            return Reply((Outgoing(NO_PICTURES),), delete=(incoming.message_id or 0,))
        if incoming.press is not None:
            return Reply((Outgoing(f"pressed {escape(incoming.press)}"),))
        order, _, rest = (incoming.text or "").partition(" ")
        match order:
            case "slow":
                await asyncio.sleep(float(rest))
            case "wait":
                await self.gate.wait()
            case "hang":
                await asyncio.Event().wait()
            case "raise":
                raise RuntimeError(f"secret words of a child: {rest}")
            case "wide":
                return Reply((Outgoing("a", ((Button("b", "x" * 65),),)),))
            case "many":
                return Reply(tuple(Outgoing(f"message {n}") for n in range(int(rest))))
            case "long":
                return Reply((Outgoing("word " * int(rest), ((Button("Next", "next"),),)),))
            case "delete":
                ids = tuple(int(number) for number in rest.split())
                return Reply((Outgoing("deleted"),), delete=ids, undeleted=Outgoing(UNDELETED))
        buttons = ((Button("Help now", "help-now"), Button("More", "topic:a:1")),)
        return Reply((Outgoing(escape(incoming.text or ""), buttons),))


class ScriptedTurn:
    """One turn with it."""

    def __init__(self, script: Scripted) -> None:
        self._script = script
        self._incoming: Incoming | None = None

    async def reply(self, incoming: Incoming) -> Reply | None:
        """Do as told."""
        self._incoming = incoming
        return await self._script.reply(incoming)

    async def first_of(self, album: str) -> bool:
        """Whether it was not asked before."""
        first = album not in self._script.albums
        self._script.albums.add(album)
        return first

    def delivered(self, message_ids: Sequence[int], *, whole: bool = True) -> None:
        """Note it."""
        assert self._incoming is not None
        incoming = self._incoming if whole else replace(self._incoming, update_id=None)
        self._script.deliveries.append((incoming, list(message_ids)))
