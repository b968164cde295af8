"""The six words that bring the writer of a report back, and the keys made of them.

A code has 62.2 bits of chance (six of 1,319 words) and is stored nowhere. Argon2id makes 64 bytes of it. Both halves
are then keyed with the pepper, which is kept outside the database: one is the tag that a case is found by, the other
opens the case's private key. So a thief of the database alone cannot try codes at all, and one who has the pepper too
pays half a second and 256 MiB for each.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from safetybot.vault.code_words import CODE_WORDS, code_words, known_words
from safetybot.vault.key_derivation import SALT_BYTES, Parameters, stretch
from safetybot.vault.sealing import KEY_BYTES

PEPPER_BYTES = 32
_SALT = b"safetybot code 1"
"""The same for all: a code is chance enough that no table of them can be made beforehand."""
assert len(_SALT) == SALT_BYTES


@dataclass(frozen=True, slots=True)
class Code:
    """Six code words, in order. Raises ValueError for anything else."""

    words: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.words) != CODE_WORDS or not known_words().issuperset(self.words):
            raise ValueError("a code is six code words")

    @property
    def text(self) -> str:
        """The code as it is shown and as it is stretched: words with one space between."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """What a code opens: 32 bytes each."""

    lookup_tag: bytes = field(repr=False)
    """What a case is found by; useless without the pepper."""
    wrapping_key: bytes = field(repr=False)
    """What the case's private key is locked with."""


def new_code() -> Code:
    """A code at random."""
    words = code_words()
    return Code(tuple(secrets.choice(words) for _ in range(CODE_WORDS)))


def pepper_from(secret: bytes) -> bytes:
    """The pepper (32 bytes) from the server's secret (32 bytes)."""
    return hashlib.blake2b(key=secret, digest_size=PEPPER_BYTES, person=b"code-pepper").digest()


def derive(code: Code, pepper: bytes, parameters: Parameters | None = None) -> CodeKeys:
    """The keys of a code. Takes half a second and 256 MiB: call it through a KeyStretcher.

    ``pepper``: 32 bytes. Raises ValueError for another length.
    """
    if len(pepper) != PEPPER_BYTES:
        raise ValueError("the pepper has the wrong length")
    stretched = stretch(code.text.encode(), _SALT, 2 * KEY_BYTES, parameters or Parameters())
    tag, key = (
        hashlib.blake2b(half, key=pepper, digest_size=KEY_BYTES, person=use).digest()
        for half, use in ((stretched[:KEY_BYTES], b"code-lookup"), (stretched[KEY_BYTES:], b"code-wrapping"))
    )
    return CodeKeys(tag, key)
