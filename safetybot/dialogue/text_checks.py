"""What kind of text this is, before anybody asks what it means."""

from __future__ import annotations

import unicodedata

LONGEST = 4_000
"""Characters of the longest message that is read whole."""

_FOREIGN_SHARE = 0.5


def is_too_long(text: str) -> bool:
    """Longer than anybody can be answered on in one go."""
    return len(text) > LONGEST


def is_only_symbols(text: str) -> bool:
    """No letter and no digit in any script: emoji, punctuation, blanks."""
    return not any(char.isalnum() for char in text)


def is_other_script(text: str) -> bool:
    """Most letters are of a script other than the Latin one. Letters made pretty ("𝓱𝓮𝓵𝓹") are Latin all the same."""
    if text.isascii():
        return False
    letters = [char for char in unicodedata.normalize("NFKC", text) if char.isalpha()]
    other = sum(not unicodedata.name(char, "").startswith(("LATIN", "MODIFIER")) for char in letters)
    return bool(letters) and other > _FOREIGN_SHARE * len(letters)
