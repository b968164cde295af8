"""The forms of the desk: how much they may hold, and what of them is shown again where something went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from safetybot.http import forms

TEXT_MAX = 16 * 1024
"""Bytes of UTF-8 that one text may have."""
BODY_MAX = 256 * 1024
"""Bytes of a form: every byte of a text may take three."""
_FIELDS = 100
_SECRET = ("passphrase", "passkey", "code", "key", "csrf")
"""What the names of fields begin with that are never shown again."""


@dataclass(frozen=True, slots=True)
class TypedField:
    """A field that somebody filled in, to be shown again and sent again."""

    name: str
    value: str

    @property
    def long(self) -> bool:
        """Whether it is a text that somebody wrote, rather than a choice."""
        return "\n" in self.value or len(self.value) > 60


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; of one that is given twice, the last. Raises NotAForm and TooLarge."""
    return await forms.read_form(request, most_bytes=BODY_MAX, most_fields=_FIELDS)


def kept(form: Mapping[str, str]) -> list[TypedField]:
    """What somebody typed and must not lose; never a secret."""
    return [TypedField(name, value) for name, value in form.items() if not name.startswith(_SECRET)]
