"""How much a form of the web chat may hold."""

from __future__ import annotations

from starlette.requests import Request

from safetybot.http import forms

BODY_MAX = 64 * 1024
"""Bytes: the longest message that is read whole has 4,000 letters, of at most 12 bytes each."""
_FIELDS = 12


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; of one that is given twice, the last. Raises NotAForm and TooLarge."""
    return await forms.read_form(request, most_bytes=BODY_MAX, most_fields=_FIELDS)
