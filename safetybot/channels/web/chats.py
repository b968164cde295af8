"""One visitor's turn: what they did is answered, and the page that shows it is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import partial

from safetybot.channels.web.protocols import TranscriptKeeper, WebConversation, WebTurn
from safetybot.channels.web.tokens import ChatNames, Visitor
from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.speaker import HELP_NOW, instead_of_an_answer
from safetybot.dialogue.transcript import Transcript

CHANNEL = "web"
LOOK_SECONDS = 5.0
"""To wait for the database before a page is shown without what was said: somebody may need its box."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Did:
    """What a visitor did on the page."""

    update: int
    """Its number: the same where the same comes again."""
    text: str | None = field(default=None, repr=False)
    press: str | None = field(default=None, repr=False)
    language: str | None = None
    """What their browser asks for."""
    source: bytes | None = field(default=None, repr=False)
    """Where it comes from, as a hash."""


@dataclass(frozen=True, slots=True)
class ShownPage:
    """What the page shows after a turn."""

    transcript: Transcript
    before: int = 0
    """The number of the last entry before this turn."""
    saved: bool = True
    """It is kept, so that another request finds it."""
    cleared: bool = False
    """What stood there before is gone from the page."""
    renew: bool = False
    """The chat is to get another name."""
    visitor: Visitor | None = field(default=None, repr=False)
    """Whom the browser is to hold from now on; set once the turn is over."""


class _Renewed(Exception):  # noqa: N818 - reads as what happened
    """The same form has come before, and gave the chat another name, of which the browser was not told."""


class ChatClosed(Exception):  # noqa: N818 - reads as what happened
    """Nobody did anything here for 15 minutes, so that an old button means nothing any more."""


class Chats:
    """Every chat on the web."""

    def __init__(self, conversation: WebConversation, transcripts: TranscriptKeeper, names: ChatNames) -> None:
        self._conversation = conversation
        self._names = names
        self._transcripts = transcripts
        self._ending: set[asyncio.Task[None]] = set()

    async def look(self, visitor: Visitor, language: str | None) -> Transcript:
        """What the page shows now. Raises ChatClosed."""
        transcript = await self._transcripts.load(visitor.chat)
        if transcript is not None:
            return transcript
        if visitor.talked:
            raise ChatClosed
        return Transcript().answered(await self._conversation.greeting(CHANNEL, language))

    async def turn(self, visitor: Visitor, did: Did) -> ShownPage:
        """What answers a text or a button. Raises ChatClosed where an old button was pressed."""
        return await self._act(visitor, did, self._take)

    async def page(self, visitor: Visitor, language: str | None) -> Transcript:
        """What the page shows now; a greeting, where that cannot be read. Raises ChatClosed.

        Whoever comes while the database is away needs a box to type a cry for help in.
        """
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self.look(visitor, language)
        except ChatClosed:
            raise
        except Exception as error:
            _log.error("a page could not be read, and begins anew: %s", type(error).__name__)
            greeting = await self._conversation.greeting(CHANNEL, language)
            if visitor.talked:  # who said something before is told why it is not there
                broken = instead_of_an_answer(self._conversation.wording(language), "broken")
                return Transcript().answered((*greeting, broken))
            return Transcript().answered(greeting)

    async def _act(
        self, visitor: Visitor, did: Did, do: Callable[[Visitor, Did, WebTurn], Awaitable[ShownPage]]
    ) -> ShownPage:
        """Run one turn, and renew the chat's name with the first words, when a report is begun, and after a code."""
        first = not visitor.talked
        if first:
            visitor = self._names.renewed(visitor, did.update)
        try:
            shown = await self._shown(visitor, partial(do, visitor, did))
        except _Renewed:
            visitor = self._names.renewed(visitor, did.update)
            shown = await self._shown(visitor, partial(do, visitor, did))
        if shown.renew and shown.saved and not first:
            visitor = await self._renew(visitor, did)
        return replace(shown, visitor=replace(visitor, talked=True))

    async def _renew(self, visitor: Visitor, did: Did) -> Visitor:
        """Move the chat to its next name; where that cannot be done it keeps the one it has."""
        renewed = self._names.renewed(visitor, did.update)
        try:
            await self._conversation.renew(CHANNEL, visitor.chat, renewed.chat)
        except Exception as error:
            _log.error("a chat keeps its name, for it could not be renewed: %s", type(error).__name__)
            return visitor
        return renewed

    async def _must_not_be_renewed(self, visitor: Visitor, did: Did) -> None:
        """Raises _Renewed where the same form has renewed the chat's name before."""
        if await self._transcripts.load(self._names.renewed(visitor, did.update).chat) is not None:
            raise _Renewed

    async def _take(self, visitor: Visitor, did: Did, turn: WebTurn) -> ShownPage:
        try:
            transcript = await self.look(visitor, did.language)
        except ChatClosed:
            await self._must_not_be_renewed(visitor, did)
            if did.press is not None:
                raise
            # Words are answered whatever has become of the page, for they may be a cry for help.
            await self._tidy(turn, visitor)
            transcript = Transcript().answered((self._says(did.language, "web-closed-note"),))
            return replace(await self._answered(turn, visitor, did, transcript), before=0, cleared=True)
        except Exception as error:
            _log.error("a page could not be read, and begins anew: %s", type(error).__name__)
            return replace(await self._answered(turn, visitor, did, Transcript(), keep=False), cleared=True)
        return await self._answered(turn, visitor, did, transcript)

    async def in_danger(self, visitor: Visitor, did: Did) -> bool:
        """Whether what they did may be a cry for help. Never raises: where that is not known, it may be."""
        incoming = Incoming(
            CHANNEL, visitor.chat, text=did.text, press=did.press, language=did.language, source=did.source
        )
        try:
            return await self._conversation.in_danger(incoming)
        except Exception as error:
            _log.error("a message could not be judged: %s", type(error).__name__)
            return True

    async def hide(self, visitor: Visitor, did: Did) -> ShownPage:
        """Clears the page."""
        return await self.turn(visitor, replace(did, text="/hide", press=None))

    async def go_on(self, visitor: Visitor, did: Did) -> ShownPage:
        """After the chat was closed: with the report that is not sent yet, or with a new one."""
        return await self._act(visitor, replace(did, text="/report"), self._go_on)

    async def _go_on(self, visitor: Visitor, did: Did, turn: WebTurn) -> ShownPage:
        try:
            transcript = await self._transcripts.load(visitor.chat)
        except Exception as error:
            _log.error("a page could not be read, and begins anew: %s", type(error).__name__)
            return await self._answered(turn, visitor, did, Transcript(), aloud=False, keep=False)
        if transcript is None:
            await self._tidy(turn, visitor)
        return await self._answered(turn, visitor, did, transcript or Transcript(), aloud=False)

    async def touch(self, visitor: Visitor) -> None:
        """They are still writing. Never raises: where it cannot be noted, the next message is answered all the same."""
        try:
            async with self._turn(visitor):
                transcript = await self._transcripts.load(visitor.chat)
                if transcript is not None:
                    await self._transcripts.save(visitor.chat, transcript)
        except Exception as error:
            _log.error("that somebody is writing could not be noted: %s", type(error).__name__)

    def end(self, visitor: Visitor) -> None:
        """Deletes all of a chat but what was sent; soon, for nobody who leaves should wait for it."""
        task = asyncio.create_task(self.forget(visitor), name="forget")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def forget(self, visitor: Visitor) -> None:
        """As :meth:`end`, now. Never raises."""
        try:
            async with self._turn(visitor) as turn:
                for delete in (partial(self._transcripts.delete, visitor.chat), turn.forget):
                    try:
                        await delete()
                    except Exception as error:
                        _log.error("a chat could not be deleted, and ends by itself: %s", type(error).__name__)
        except Exception as error:
            _log.error("a chat could not be forgotten, and ends by itself: %s", type(error).__name__)

    async def drain(self) -> None:
        """Waits for what :meth:`end` has begun."""
        await asyncio.gather(*self._ending)

    # --- Small parts -------------------------------------------------------------------------------------------

    def _turn(self, visitor: Visitor) -> AbstractAsyncContextManager[WebTurn]:
        return self._conversation.turn(CHANNEL, visitor.chat)

    async def _shown(self, visitor: Visitor, do: Callable[[WebTurn], Awaitable[ShownPage]]) -> ShownPage:
        """What one turn shows; shown even where what it changed could not be written."""
        shown: ShownPage | None = None
        try:
            async with self._turn(visitor) as turn:
                shown = await do(turn)
        except Exception as error:
            if shown is None:
                raise
            _log.error("what a chat has changed could not be kept: %s", type(error).__name__)
            return replace(shown, saved=False)
        return shown

    async def _answered(
        self,
        turn: WebTurn,
        visitor: Visitor,
        did: Did,
        transcript: Transcript,
        *,
        aloud: bool = True,
        keep: bool = True,
    ) -> ShownPage:
        """``aloud``: what they did is shown too; ``keep``: so that another request finds it."""
        before, text = transcript.count, (did.text or "").strip()
        hiding = text[:5].lower() == "/hide"
        incoming = Incoming(
            CHANNEL,
            visitor.chat,
            text=None if did.press is not None else text,
            press=did.press,
            language=transcript.language or did.language,
            update_id=did.update,
            # The page is cleared as a whole, so only that something is to be deleted matters.
            message_id=1 if hiding else None,
            source=did.source,
        )
        try:
            reply = await turn.reply(incoming)
        except Exception as error:
            _log.error("a message could not be answered: %s", type(error).__name__)
            wording = self._conversation.wording(transcript.language or did.language)
            sorry = (instead_of_an_answer(wording, "broken"),)
            failed = transcript.said(text, sorry) if text and aloud else transcript.answered(sorry)
            return await self._kept(visitor, ShownPage(failed, before, saved=keep))
        if reply is None:
            return ShownPage(transcript, before, saved=keep)
        page = self._with(transcript, did, text if aloud else "", reply)
        shown = await self._kept(
            visitor, ShownPage(page, before, saved=keep, cleared=bool(reply.delete), renew=reply.renew)
        )
        if shown.saved:
            turn.delivered(())
        return shown

    def _with(self, transcript: Transcript, did: Did, text: str, reply: Reply) -> Transcript:
        if did.press is not None:
            kind, _, code = did.press.partition(":")
            if kind == "lang" and self._conversation.language(code) == code:
                transcript = replace(transcript, language=code)
        language = transcript.language or did.language
        if reply.delete:
            urgent = tuple(message for message in reply.messages if message.urgent)
            return transcript.cleared().answered((*urgent, self._says(language, "web-hidden")))
        said = self._label(transcript, did.press, language) if did.press is not None else text
        return transcript.said(said, reply.messages) if said else transcript.answered(reply.messages)

    def _label(self, transcript: Transcript, press: str, language: str | None) -> str:
        """What stands on the button that was pressed; nothing where nobody knows."""
        if button := transcript.button(press):
            return button.text
        kind, _, code = press.partition(":")
        if kind == "lang" and code in self._conversation.languages:
            return self._conversation.languages[code].language
        return self._conversation.wording(language).buttons["help-now"] if press == HELP_NOW else ""

    async def _kept(self, visitor: Visitor, shown: ShownPage) -> ShownPage:
        if not shown.saved:
            return shown
        try:
            await self._transcripts.save(visitor.chat, shown.transcript)
        except Exception as error:
            _log.error("a page could not be kept: %s", type(error).__name__)
            return replace(shown, saved=False)
        return shown

    async def _tidy(self, turn: WebTurn, visitor: Visitor) -> None:
        """After a break nothing of a report is shown unasked, as after ``/hide``."""
        await turn.reply(Incoming(CHANNEL, visitor.chat, text="/hide"))
        turn.delivered(())

    def _says(self, language: str | None, name: str) -> Outgoing:
        return Outgoing(self._conversation.wording(language).say[name])
