"""A person's own words inside a message, shown exactly as they were typed."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>&~=:\"'])")


def escape(text: str) -> str:
    """Protect a person's own words, so that no channel takes a sign in them for light Markdown."""
    return "\n".join(_SPECIAL.sub(r"\\\1", line.strip()) for line in text.splitlines())
