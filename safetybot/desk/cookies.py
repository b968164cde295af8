"""The one cookie there is: 256 random bits, gone when the browser is closed."""

from __future__ import annotations

from starlette.responses import Response

from safetybot.desk.options import DeskOptions


def cookie_name(options: DeskOptions) -> str:
    """Over TLS no other site of the same domain can set it."""
    return "__Host-desk" if options.secure else "desk"


def hold(response: Response, options: DeskOptions, held: str) -> Response:
    """Has the browser hold it until it is closed."""
    response.set_cookie(cookie_name(options), held, path="/", secure=options.secure, httponly=True, samesite="strict")
    return response
