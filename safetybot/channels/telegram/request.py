"""PTB's requests over aiohttp: PTB's own client on httpx manages a fifth of the messages a second.

Errors raised here never hold a URL: the URL holds the token.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import BadRequest, NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from safetybot.channels.telegram.errors import Throttled
from safetybot.formats import fast_json

_KNOWN = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
    }
)
"""Refusals for which PTB has an error of its own."""
_WAIT_MOST = 3600.0
"""Seconds: whatever Telegram says, the bot is not silent for longer without asking again."""


class AiohttpRequest(BaseRequest):
    """One pool of connections for everything a bot asks of Telegram, the long poll included."""

    def __init__(
        self,
        *,
        connections: int = 256,
        read_timeout: float = 20.0,
        write_timeout: float = 10.0,
        connect_timeout: float = 10.0,
        pool_timeout: float = 30.0,
    ) -> None:
        """``connections``: 100 answers in flight, as many button presses, the long poll, and some to spare."""
        self._connections = connections
        self._read = read_timeout
        self._write = write_timeout
        self._connect = connect_timeout
        self._pool = pool_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for Telegram's answer, unless a call says otherwise."""
        return self._read

    async def initialize(self) -> None:
        """Open the pool. Called once for each of PTB's two uses of it; the second finds it open."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, limit_per_host=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                trust_env=False,  # a proxy in the environment would see every message
            )

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one request; see :meth:`telegram.request.BaseRequest.do_request`."""
        if self._session is None:
            raise RuntimeError("This AiohttpRequest is not initialized")
        if request_data is not None and request_data.contains_files:
            raise TelegramError("This bot sends no files")
        timeout = _timeout(
            read=_chosen(read_timeout, self._read),
            write=_chosen(write_timeout, self._write),
            connect=_chosen(connect_timeout, self._connect),
            pool=_chosen(pool_timeout, self._pool),
        )
        body = None if request_data is None else fast_json.dumps(request_data.parameters)
        headers = None if body is None else {"Content-Type": "application/json"}
        try:
            # Following a redirect would hand the token to whoever it names.
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                status, payload = response.status, await response.read()
        except TimeoutError:
            failure: TelegramError = TimedOut()
        except (aiohttp.ClientError, OSError) as error:
            failure = NetworkError(f"No answer: {type(error).__name__}")
        else:
            _raise_unless_known(status, payload)
            return status, payload
        # Outside the handlers, so that aiohttp's error, whose text may hold the URL, does not travel along as context.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read Telegram's answer. PTB's own version logs what it cannot read, messages and all."""
        try:
            answer = fast_json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or (answer.get("ok") is True and "result" not in answer):
            raise NetworkError("Telegram's answer cannot be read")
        return answer


def _chosen(value: ODVInput[float], default: float) -> float | None:
    return default if isinstance(value, DefaultValue) else value


def _timeout(
    *, read: float | None, write: float | None, connect: float | None, pool: float | None
) -> aiohttp.ClientTimeout:
    """PTB's four waits as aiohttp's. The total stops a server that sends a byte now and then for ever."""
    reach = None if connect is None or pool is None else connect + pool
    total = None if reach is None or read is None or write is None else reach + read + write
    return aiohttp.ClientTimeout(total=total, connect=reach, sock_connect=connect, sock_read=read)


def _raise_unless_known(status: int, payload: bytes) -> None:
    """Raise for what PTB would name wrongly, so that "try again" and "never again" stay apart."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled(_retry_after(payload))
    if status in _KNOWN or 200 <= status < 300:
        return
    if 400 <= status < 500:  # such as 413: asking again would be refused again
        raise BadRequest(f"Refused with HTTP {status}")
    raise NetworkError(f"Failed with HTTP {status}")


def _retry_after(payload: bytes) -> float:
    try:
        asked = float(fast_json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, TypeError, KeyError, OverflowError):
        return 1.0
    return min(max(0.0, asked), _WAIT_MOST)
