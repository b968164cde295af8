"""Reads the one kind of form there is: URL-encoded, no files."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from safetybot.http.request_headers import header


class NotAForm(Exception):  # noqa: N818 - reads as what went wrong
    """What came cannot be read."""


class TooLarge(Exception):  # noqa: N818
    """More came than anybody writes."""


async def read_form(request: Request, *, most_bytes: int, most_fields: int) -> dict[str, str]:
    """The fields of a form; of one that is given twice, the last. Raises NotAForm and TooLarge.

    For how long a body may come, :mod:`safetybot.http.connections` knows.
    """
    length = header(request, b"content-length") or ""
    if length.isdecimal() and (len(length) > 18 or int(length) > most_bytes):
        raise TooLarge
    body, more = bytearray(), True
    while more:
        part = await request.receive()
        if part["type"] == "http.disconnect":
            raise ClientDisconnect
        body += part.get("body", b"")
        if len(body) > most_bytes:
            raise TooLarge
        more = part.get("more_body", False)
    kind = (header(request, b"content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise NotAForm
    try:
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=most_fields)
    except ValueError:
        raise NotAForm from None
    return {name: value.replace("\r\n", "\n") for name, value in fields}
