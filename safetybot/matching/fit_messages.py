"""The messages of a process that makes a matcher ready: how far it is, and how it ended.

MessagePack, decoded into these dataclasses alone: whatever a process sends, it cannot make the other run anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

NEWS_BYTES = 1 << 16
"""The longest of these messages."""


class PreparingFailed(Exception):  # noqa: N818 - reads as what happened
    """A matcher could not be made ready."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of another process. It was there before the text of anybody."""

    kind: str
    message: str
    errno: int | None = None
    filename: str | None = None

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """That of an error."""
        kind = type(error).__name__
        if isinstance(error, OSError) and error.errno is not None:
            name = None if error.filename is None else str(error.filename)
            return cls(kind, error.strerror or kind, error.errno, name)
        if isinstance(error, PreparingFailed):
            return cls("", str(error)[:_MESSAGE_MAX])
        return cls(kind, str(error)[:_MESSAGE_MAX])

    def error(self) -> Exception:
        """The error to raise here: OSError, or PreparingFailed for any other."""
        if self.errno is not None:
            return OSError(self.errno, self.message, self.filename)
        return PreparingFailed(f"{self.kind}: {self.message}" if self.kind else self.message)


@dataclass(frozen=True, slots=True)
class FitMessage:
    """So much of a stage is done, …"""

    stage: str = ""
    done: float = 0.0
    ready: bool = False
    """… all is done, …"""
    failure: Failure | None = None
    """… or nothing will come of it."""


_MESSAGE_MAX = 1_000
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(FitMessage)


def encoded(news: FitMessage) -> bytes:
    """A message as it is sent."""
    return _ENCODER.encode(news)


def decoded(data: bytes) -> FitMessage:
    """What :func:`encoded` was given. Raises ValueError."""
    return _DECODER.decode(data)
