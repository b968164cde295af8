"""Asks an ASGI application for a page with any bytes at all, and looks at what holds for every answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

from tests.fuzz.drawing import Draws

MARK = "<zz"
"""Stands in what is sent, and may never stand so in what comes back as HTML."""
HEADERS: Sequence[bytes] = (
    b"accept",
    b"accept-language",
    b"content-length",
    b"content-type",
    b"cookie",
    b"host",
    b"origin",
    b"referer",
    b"sec-fetch-site",
    b"x-forwarded-for",
    b"x-forwarded-host",
)
FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def cookies(self) -> dict[str, str]:
        """Those that are set."""
        jar = SimpleCookie()
        try:
            jar.load(self.headers.get("set-cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}


async def ask(
    app: ASGIApp,
    method: str,
    target: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: Sequence[bytes] = (),
) -> Answer:
    """One request, as uvicorn would hand it on; whoever sent it is gone once it is all there."""
    path, _, query = target.partition("?")
    parts = [*body] or [b""]
    waiting: list[Message] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)} for number, part in enumerate(parts, 1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(path), "raw_path": path.encode("ascii", "replace"), "root_path": "",
        "query_string": query.encode("latin-1", "replace"), "headers": [*headers], "client": ("192.0.2.7", 50_000),
        "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    if not sent:
        return Answer(0, {}, b"")
    lines = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], lines, b"".join(message.get("body", b"") for message in sent[1:]))


def checked(answer: Answer) -> Answer:
    """An answer that holds what every answer must."""
    if answer.status == 0:  # whoever asked was gone
        return answer
    assert answer.status < 500 or answer.status == 503, answer.body[:500]
    for name, value in answer.headers.items():
        assert not {"\r", "\n", "\0"} & set(name + value), (name, value)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "'unsafe" not in answer.headers["content-security-policy"]
    cached = answer.headers["cache-control"] != "no-store"
    assert not cached or answer.headers.get("content-type", "").startswith("text/javascript")
    location = answer.headers.get("location", "/")
    assert (location.startswith("/") and not location.startswith(("//", "/\\"))) or location == EXIT, location
    if "html" in answer.headers.get("content-type", ""):
        assert MARK.encode() not in answer.body
    return answer


EXIT = "https://www.bbc.co.uk/weather"


def some_headers(draws: Draws, usual: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The usual ones, and now and then others in their place, of any bytes that HTTP takes."""
    headers = dict(usual)
    for _ in range(draws.number(3)):
        value = draws.bytes(draws.number(60))
        headers[draws.one(HEADERS)] = bytes(byte for byte in value if byte >= 32 and byte != 127)
    return [*headers.items()]


def in_parts(draws: Draws, body: bytes) -> list[bytes]:
    """A body as it may come."""
    cut = draws.number(4)
    return (
        [body]
        if not cut
        else [body[at : at + 1 + len(body) // cut] for at in range(0, len(body), 1 + len(body) // cut)]
    )
