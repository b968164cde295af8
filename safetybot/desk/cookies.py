"""The cookies: 256 random bits of a login, gone when the browser is closed; and what a known device is told by."""

from __future__ import annotations

from starlette.responses import Response

from safetybot.desk.options import DeskOptions
from safetybot.staff.known_devices import DAYS


def cookie_name(options: DeskOptions) -> str:
    """Over TLS no other site of the same domain can set it."""
    return "__Host-desk" if options.secure else "desk"


def device_cookie_name(options: DeskOptions) -> str:
    """Of the token that a browser keeps after a login (:mod:`safetybot.staff.known_devices`)."""
    return "__Host-desk-device" if options.secure else "desk-device"


def hold_known(response: Response, options: DeskOptions, held: str) -> Response:
    """Has the browser keep the token for as long as it counts. It lets nobody in."""
    response.set_cookie(
        device_cookie_name(options),
        held,
        max_age=DAYS * 86_400,
        path="/",
        secure=options.secure,
        httponly=True,
        samesite="strict",
    )
    return response


def hold(response: Response, options: DeskOptions, held: str) -> Response:
    """Has the browser hold it until it is closed."""
    response.set_cookie(cookie_name(options), held, path="/", secure=options.secure, httponly=True, samesite="strict")
    return response
