"""The language a browser asks for."""

from __future__ import annotations

import re

from starlette.requests import Request

from safetybot.http.request_headers import header

_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def first_language(request: Request) -> str | None:
    """The first language (BCP 47) that a browser names, where it names one."""
    first = (header(request, b"accept-language") or "").partition(",")[0].partition(";")[0].strip()
    return first if _CODE.fullmatch(first) and len(first) <= 35 else None
