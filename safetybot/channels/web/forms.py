"""Reads the one kind of form there is: short, URL-encoded, no files."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import Request

BODY_MAX = 64 * 1024
"""Bytes: the longest message that is read whole has 4,000 letters, of at most 12 bytes each."""
SECONDS = 20.0
"""For a body to come."""
_FIELDS = 12


class NotAForm(Exception):  # noqa: N818 - reads as what went wrong
    """What came cannot be read."""


class TooLarge(Exception):  # noqa: N818
    """More came than anybody writes."""


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; of one that is given twice, the last. Raises NotAForm and TooLarge."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > BODY_MAX:
        raise TooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_MAX:
                    raise TooLarge
    except TimeoutError:
        raise NotAForm from None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise NotAForm
    try:
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise NotAForm from None
    return {name: value.replace("\r\n", "\n") for name, value in fields}
