"""What goes with every answer of the web chat."""

from __future__ import annotations

from collections.abc import Callable

from safetybot.channels.web.options import WebOptions
from safetybot.channels.web.pages import FRAMED
from safetybot.http.guard import Headers, headers_of


def is_framed(path: str) -> bool:
    """Whether a path belongs to the chat in another site's frame."""
    return path == FRAMED.prefix or path.startswith(f"{FRAMED.prefix}/")


def web_headers(options: WebOptions) -> Callable[[str], Headers]:
    """The headers of the answer at a path."""
    own, framed = _headers(options, ()), _headers(options, options.embed)
    return lambda path: framed if is_framed(path) else own


def _headers(options: WebOptions, framed_by: tuple[str, ...]) -> Headers:
    policy = {
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        # "Leave now" is a form, and its answer leads there.
        "form-action": f"'self' {options.exit_origin}",
        "frame-ancestors": " ".join(framed_by) or "'none'",
    }
    return headers_of(options, policy, framed=bool(framed_by))
