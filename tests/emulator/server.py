"""A Bot API server in this process, on a real socket, for bots in this or another process.

``lo-bot-api-emulator`` was meant to play this part. It knows no edited messages, no memberships and no deleteMessages,
does not parse HTML, refuses link_preview_options, and keeps a thousand updates at most; so it serves as a second
opinion instead: where ``second_opinion`` is set, every call it can judge must pass its checks too.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.emulator import updates
from tests.emulator.account import TOKEN, Account, Call, Fields, Refused, Sent, decoded, second_judge
from tests.emulator.breakage import Broken, after, before
from tests.emulator.faults import Fault, Faults
from tests.emulator.queue import DEFAULT_KINDS, Terminated, UpdateQueue
from tests.emulator.webhook import Poster, Registration


class Emulator(Account):
    """Telegram, as far as this bot uses it.

    ``async with Emulator() as telegram:`` or :meth:`start` and :meth:`stop`. Chats with negative numbers are groups.
    """

    def __init__(
        self, *, token: str = TOKEN, first_update: int = 100_000, second_opinion: bool = True, keep_calls: int = 100_000
    ) -> None:
        super().__init__()
        self.token = token
        self.url = ""
        """Where it listens, without a slash at the end: what ``SAFETYBOT_TELEGRAM_API`` takes."""
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=keep_calls)
        self.counts: dict[str, int] = defaultdict(int)
        self.local = False
        """A Bot API server of one's own, which also posts to http."""
        self._queue = UpdateQueue(first_update)
        self.poster = Poster(self._queue.taken)
        """What posts the updates, where a webhook is set."""
        self._runner: web.ServerRunner | None = None
        self._judge = second_judge() if second_opinion else None

    async def __aenter__(self) -> Emulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1."""
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=512)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection. What was queued and sent stays readable, and :meth:`start` goes on from there."""
        self._queue.terminate()
        await self.poster.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # --- what people do

    def push_text(self, chat: int, text: str, language: str | None = None, **content: Any) -> int | None:
        """A person writes; the update's number."""
        return self.push("message", self._message(chat, language, text=text, **content))

    def push_press(self, chat: int, data: str, language: str | None = None, **content: Any) -> int | None:
        """A person presses a button; it need not be one that was ever sent."""
        self._presses += 1
        query = {
            "id": str(self._presses),
            "from": updates.person(chat, language),
            "chat_instance": "1",
            "data": data,
            "message": {"message_id": 1, "date": 0, "chat": updates.place(chat)},
            **content,
        }
        self.chat(chat)
        self._open_presses.add(query["id"])
        return self.push("callback_query", query)

    def push_media(self, chat: int, kind: str, language: str | None = None, **content: Any) -> int | None:
        """A person sends something else than text; see :data:`tests.emulator.updates.MEDIA`."""
        return self.push("message", self._message(chat, language, **updates.MEDIA[kind], **content))

    def push_edited(self, chat: int, text: str, language: str | None = None, **content: Any) -> int | None:
        """A person changes a message."""
        edited = self._message(chat, language, text=text, edit_date=1_700_000_001, **content)
        return self.push("edited_message", edited)

    def push_membership(self, chat: int, new: str = "member", old: str = "left") -> int | None:
        """The bot is added to a group, or thrown out."""
        self.chat(chat)
        if new == "member" and chat in self.left:
            self.left.remove(chat)
        return self.push("my_chat_member", updates.membership(chat, self.me, old, new, "en"))

    def push(self, kind: str, content: dict[str, Any]) -> int | None:
        """Any update; its number, or None where the bot did not ask for this kind."""
        return self._queue.push(kind, content)

    def push_raw(self, update_id: int, content: dict[str, Any]) -> None:
        """Any update under any number."""
        self._queue.push_raw(update_id, content)

    def terminate_polls(self) -> None:
        """Another program calls getUpdates."""
        self._queue.terminate()

    def _message(self, chat: int, language: str | None, **content: Any) -> dict[str, Any]:
        known = self.chat(chat)
        number = known.next_message
        known.next_message += 1
        known.theirs.add(number)
        return updates.message(chat, number, language, **content)

    # --- what the bot did

    def sent(self, chat: int) -> list[Sent]:
        """What the bot sent to a chat, in order."""
        return list(self.chat(chat).sent)

    def texts(self, chat: int) -> list[str]:
        """The words of what the bot sent to a chat."""
        return [message.text for message in self.chat(chat).sent]

    async def wait_for(self, chat: int, n: int, timeout: float = 10.0) -> list[Sent]:
        """Wait until the bot sent ``n`` messages to a chat, counted from the first; all of them."""
        known = self.chat(chat)
        if len(known.sent) < n:
            future = asyncio.get_running_loop().create_future()
            known.waiting.append((n, future))
            try:
                async with asyncio.timeout(timeout):
                    await future
            except TimeoutError:
                raise AssertionError(f"{len(known.sent)} of {n} messages after {timeout} s") from None
        return list(known.sent)

    async def until(self, condition: Callable[[], object], timeout: float = 10.0) -> None:
        """Wait until ``condition()`` holds."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"it did not come true in {timeout} s") from None

    async def wait_confirmed(self, timeout: float = 10.0) -> None:
        """Wait until every update is confirmed."""
        await self.until(lambda: not self.pending, timeout)

    @property
    def confirmed_offset(self) -> int:
        """Every update before this number is confirmed."""
        return self._queue.confirmed

    @property
    def pending(self) -> int:
        """How many updates are not confirmed."""
        return len(self._queue)

    @property
    def unconfirmed(self) -> frozenset[int]:
        """Their numbers."""
        return self._queue.unconfirmed

    def called(self, method: str) -> list[Call]:
        """The calls of a method, oldest first."""
        return [call for call in self.calls if call.method == method]

    # --- HTTP

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        run, bot, method = ["", *request.path.split("/")[1:], "", ""][:3]
        if bot.isdigit():
            run, bot, method = [*request.path.split("/")[1:], "", ""][:3]
        if not bot.startswith("bot") or not method:
            return web.Response(status=404)
        fields = await _fields(request)
        call = Call(method, fields, time.monotonic(), run=run)
        self.calls.append(call)
        self.counts[method] += 1
        chat = int(fields["chat_id"]) if str(fields.get("chat_id", "")).lstrip("-").isdigit() else None
        fault = self.faults.strike(method, chat)
        if fault is not None:
            call.fault = fault.kind
            self.counts[f"fault {fault.kind}"] += 1
        try:
            if fault is not None:
                await before(fault, request)
            if bot != f"bot{self.token}":
                raise Refused(401, "Unauthorized")
            body = b'{"ok":true,"result":' + await self._carry_out(method, fields, fault) + b"}"
            status = 200
        except Broken as broken:
            return broken.response
        except Refused as refused:
            error = {"ok": False, "error_code": refused.status, "description": refused.description}
            if refused.parameters:
                error["parameters"] = refused.parameters
            body, status = json.dumps(error).encode(), refused.status
        call.status = status
        if fault is not None and status == 200:
            return await after(fault, request, body)
        return web.Response(body=body, status=status, content_type="application/json")

    def _do_setWebhook(self, fields: Fields) -> object:  # noqa: N802
        url, token = str(fields.get("url") or ""), fields.get("secret_token")
        if url and not url.startswith("https://") and not self.local:
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if token is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", token):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = url
        if not url:
            return self._do_deleteWebhook(fields)
        allowed = decoded(fields.get("allowed_updates")) or []
        self._queue.kinds = set(allowed) or set(DEFAULT_KINDS)
        self.poster.begin(Registration(url, token, int(fields.get("max_connections") or 40), allowed))
        self._queue.post_with(self.poster.put)
        return True

    def _do_deleteWebhook(self, _: Fields) -> object:  # noqa: N802
        self.webhook = ""
        self._queue.post_with(None)
        return True

    def _do_getWebhookInfo(self, _: Fields) -> object:  # noqa: N802
        info: dict[str, Any] = {
            "url": self.webhook,
            "has_custom_certificate": False,
            "pending_update_count": self.pending,
        }
        registration = self.poster.registration
        if self.webhook and registration is not None:
            info |= {"max_connections": registration.max_connections, "allowed_updates": registration.allowed}
        if self.poster.last_error is not None:
            at, message = self.poster.last_error
            info |= {"last_error_date": int(at), "last_error_message": message}
        return info | self.webhook_failure

    async def _carry_out(self, method: str, fields: Fields, fault: Fault | None) -> bytes:
        if method == "getUpdates":
            return await self._get_updates(fields, fault)
        if self._judge is not None:
            self._judge(method, fields)
        act = getattr(self, f"_do_{method}", None)
        if act is None:
            raise Refused(404, "Not Found: method not found")
        return json.dumps(act(fields)).encode()

    async def _get_updates(self, fields: Fields, fault: Fault | None) -> bytes:
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        if fields.get("allowed_updates") is not None:
            self._queue.kinds = set(decoded(fields["allowed_updates"])) or set(DEFAULT_KINDS)
        limit = min(100, max(1, int(fields.get("limit") or 100)))
        timeout = min(50, int(fields.get("timeout") or 0))
        try:
            bodies = await self._queue.get(int(fields.get("offset") or 0), limit, timeout)
        except Terminated:
            raise Refused(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            ) from None
        if fault is not None and fault.kind == "again":
            bodies = [*self._queue.again(), *bodies][:limit]
        return b"[" + b",".join(bodies) + b"]"


async def _fields(request: web.BaseRequest) -> Fields:
    if request.content_type == "application/json":
        body = await request.read()
        return dict(json.loads(body)) if body else {}
    return dict(await request.post())
