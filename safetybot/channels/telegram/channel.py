"""What happens to one update, from receiving it to its last message."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from telegram.error import BadRequest, TelegramError

from safetybot.channels.telegram.bot import PollingBot, RawUpdate
from safetybot.channels.telegram.chat_queues import ChatQueues
from safetybot.channels.telegram.load_shedding import LoadShedder
from safetybot.channels.telegram.log_redaction import place
from safetybot.channels.telegram.presence import TypingIndicator
from safetybot.channels.telegram.protocols import TelegramConversation, TelegramTurn
from safetybot.channels.telegram.rate_limiter import RateLimiter
from safetybot.channels.telegram.rendering import render
from safetybot.channels.telegram.sending import ChatGone, Deadline, MessageSender
from safetybot.channels.telegram.staff_chat import StaffNotes
from safetybot.channels.telegram.timeouts import Timing
from safetybot.channels.telegram.updates import Elsewhere, Private, press_id, read
from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.speaker import instead_of_an_answer

_LOG = logging.getLogger(__name__)


class TelegramChannel:
    """Puts each update in its chat's lane, asks the conversation, and shows what it answers."""

    def __init__(
        self,
        bot: PollingBot,
        conversation: TelegramConversation,
        timing: Timing,
        counts: Counter[str],
        *,
        handled: Callable[[int], None],
        staff: StaffNotes | None = None,
        pace: RateLimiter | None = None,
        floods: LoadShedder | None = None,
    ) -> None:
        """``handled`` is told the number of each update that may be confirmed.

        ``pace``: how fast messages go out; ``floods``: how much is taken. Without them, no matter how fast, and all.
        """
        self._bot = bot
        self._conversation = conversation
        self._timing = timing
        self._counts = counts
        self._handled = handled
        self._staff = staff
        self._load_shedder = floods
        self._sender = MessageSender(bot, timing, counts, pace)
        self._presence = TypingIndicator(bot, timing)
        self._lanes = ChatQueues()
        self._acknowledging: set[asyncio.Task[None]] = set()
        self._groups = _Recent()

    @property
    def waiting(self) -> int:
        """How many updates nobody has begun to answer."""
        return len(self._lanes)

    def receive(self, raw: RawUpdate) -> None:
        """Take in one update, seen for the first time. Returns at once; never raises."""
        update_id: int = raw["update_id"]
        try:
            query = press_id(raw)
            seen = read(raw, self._bot.username)
        except Exception as error:  # one update that cannot be read must not hide the others
            self._counts["unreadable"] += 1
            _LOG.error("Telegram: an update could not be read: %s", place(error))
            self._handled(update_id)
            return
        if query is not None:
            self._acknowledge(query)
        if isinstance(seen, Private):
            self._put(update_id, seen)
        elif isinstance(seen, Elsewhere) and not self._is_staffs(seen):
            self._lanes.put(str(seen.chat), partial(self._finish, update_id, partial(self._decline, seen)))
        else:
            self._handled(update_id)

    def _put(self, update_id: int, seen: Private) -> None:
        """In its chat's lane; where much waits there, in another: there may be a cry for help among it."""
        chat = seen.incoming.chat
        if self._load_shedder is None:
            self._lanes.put(chat, partial(self._finish, update_id, partial(self._answer, seen)))
        elif self._lanes.waiting(chat) < self._load_shedder.WAITING_MOST:
            self._lanes.put(chat, partial(self._finish, update_id, partial(self._limited, seen)))
        else:
            job = partial(self._limited, seen, too_many=True)
            self._lanes.put(f"{chat} more", partial(self._finish, update_id, job))

    async def _limited(self, seen: Private, *, too_many: bool = False) -> None:
        """Answer it, unless it is one too many: then say so, but not each time."""
        assert self._load_shedder is not None
        said = await self._load_shedder.rejection(seen.incoming, too_many=too_many)
        if said is None:
            await self._answer(seen)
        elif said:
            message = self._instead(seen.incoming.language, said)
            await self._send(int(seen.incoming.chat), message, self._sender.deadline(), [])

    async def drain(self, seconds: float) -> bool:
        """Finish what is in hand; after ``seconds`` give up the rest, unconfirmed. Whether all was done."""
        done = await self._lanes.drain(seconds)
        if self._acknowledging:
            await asyncio.wait(self._acknowledging, timeout=self._timing.confirm_limit / 3)
        for task in self._acknowledging:
            task.cancel()
        await asyncio.gather(*self._acknowledging, return_exceptions=True)
        return done

    async def _finish(self, update_id: int, job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except ChatGone:
            pass
        except Exception as error:  # confirmed all the same: an update that breaks us must not break us for ever
            self._counts["broken"] += 1
            _LOG.error("Telegram: an update could not be answered: %s", place(error))
        # Not reached when cancelled: then the update stays unconfirmed, and comes again.
        self._handled(update_id)

    async def _answer(self, seen: Private) -> None:
        incoming = seen.incoming
        async with self._conversation.turn(incoming.channel, incoming.chat) as turn:
            reply = await self._reply(turn, incoming)
            if reply is None:
                return
            if seen.album is not None and not await self._first_of(turn, seen.album):
                reply = Reply((), reply.delete, reply.undeleted)
            try:
                await self._show(turn, int(incoming.chat), reply)
            except ChatGone:
                raise
            except Exception as error:
                await self._show(turn, int(incoming.chat), self._failed(incoming, error))

    async def _first_of(self, turn: TelegramTurn, album: str) -> bool:
        try:
            return await turn.first_of(album)
        except Exception as error:  # to say it twice is better than never
            _LOG.error("Telegram: an album could not be looked up: %s", place(error))
            return True

    async def _reply(self, turn: TelegramTurn, incoming: Incoming) -> Reply | None:
        """What answers it; where the conversation fails, that it did."""
        try:
            async with asyncio.timeout(self._timing.handle_limit):
                with self._presence.typing(int(incoming.chat)):
                    return await turn.reply(incoming)
        except Exception as error:
            return self._failed(incoming, error)

    def _failed(self, incoming: Incoming, error: Exception) -> Reply:
        self._counts["broken"] += 1
        _LOG.error("Telegram: the conversation failed: %s", place(error))
        return Reply((self._instead(incoming.language, "broken"),))

    async def _show(self, turn: TelegramTurn, chat: int, reply: Reply) -> None:
        """Delete, then send, in order. What is sent is reported even where a later message fails."""
        deadline = self._sender.deadline()
        sent: list[int] = []
        whole = True
        try:
            deleted = not reply.delete or await self._sender.delete(chat, reply.delete, deadline)
            messages = reply.messages if deleted or reply.undeleted is None else (*reply.messages, reply.undeleted)
            for message in messages:
                await self._send(chat, message, deadline, sent)
        except asyncio.CancelledError:
            whole = False  # so it comes again after the next start
            raise
        finally:
            turn.delivered(sent, whole=whole)

    async def _send(self, chat: int, message: Outgoing, deadline: Deadline, sent: list[int]) -> None:
        parts = render(message)
        if not parts:
            self._counts["empty"] += 1
            _LOG.error("Telegram: a message without a visible word was left out")
        for part in parts:
            number = await self._sender.send(chat, part, deadline, urgent=message.urgent)
            if number is not None:
                sent.append(number)

    def _instead(self, language: str | None, name: str) -> Outgoing:
        return instead_of_an_answer(self._conversation.wording(language), name)

    def _acknowledge(self, query_id: str) -> None:
        """Stop the button's spinner now, while the answer waits for its turn."""
        task = asyncio.create_task(self._answer_query(query_id))
        self._acknowledging.add(task)
        task.add_done_callback(self._acknowledging.discard)

    async def _answer_query(self, query_id: str) -> None:
        patience = self._sender.deadline(self._timing.acknowledge_limit)
        try:
            await self._sender.persist(lambda: self._bot.answer_callback_query(query_id), patience)
        except BadRequest:
            pass  # too old, or answered before a restart
        except TelegramError as error:
            self._counts["unacknowledged"] += 1
            _LOG.warning("Telegram: a press could not be acknowledged (%s)", type(error).__name__)

    def _is_staffs(self, seen: Elsewhere) -> bool:
        """Whether it happened in the staff chat, where the bot stays, and listens to nobody."""
        if self._staff is None or not self._staff.lives_in(seen.chat):
            return False
        if seen.moved is not None:
            self._staff.moved(seen.moved)
        return True

    async def _decline(self, seen: Elsewhere) -> None:
        """Say once that this bot talks in private only, and leave."""
        if not seen.present:
            self._groups.forget(str(seen.chat))
            return
        if self._groups.again(str(seen.chat)):
            return
        deadline = self._sender.deadline()
        with suppress(ChatGone):  # it may not write there, or is out already; leaving is tried all the same
            refused = Outgoing(self._conversation.wording(seen.language).say["group-refused"])
            await self._send(seen.chat, refused, deadline, [])
        try:
            await self._sender.persist(lambda: self._bot.leave_chat(seen.chat), deadline)
            self._counts["groups-left"] += 1
        except TelegramError as error:
            self._groups.forget(str(seen.chat))  # the next message there is another chance to leave
            _LOG.warning("Telegram: a group could not be left (%s)", type(error).__name__)


class _Recent:
    """The last thousand names seen."""

    _MOST = 1000

    def __init__(self) -> None:
        self._names: OrderedDict[str, None] = OrderedDict()

    def again(self, name: str) -> bool:
        """Note a name; whether it was there already."""
        known = name in self._names
        self._names[name] = None
        self._names.move_to_end(name)
        while len(self._names) > self._MOST:
            self._names.popitem(last=False)
        return known

    def forget(self, name: str) -> None:
        """Treat a name as new when it next comes."""
        self._names.pop(name, None)
