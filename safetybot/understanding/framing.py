"""The messages between the bot and the process that understands texts: MessagePack, each after its length.

Nothing that comes in can run code or become an object of any other kind than the dataclasses named here: msgspec
builds these alone, and checks every field's type. What it cannot check is checked in :meth:`Meaning.checked`.
"""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from safetybot.matching.corpus import Corpus
from safetybot.matching.danger import Danger
from safetybot.matching.fit_messages import FitMessage
from safetybot.matching.interpreter import Interpretation
from safetybot.matching.matcher import CHOICES_KEPT, NOT_KEPT, Choice, Decision, Match
from safetybot.matching.text import PreparedText

HEAD = struct.Struct(">I")
"""The length of what follows, in bytes."""
QUESTION_BYTES = 1 << 20
ANSWER_BYTES = 1 << 18
"""The longest message about texts, each way: an answer to one text has about a kilobyte."""
CONTENT_BYTES = 1 << 28
"""The longest message with content. It comes from the bot alone."""
_NO_TEXT: Final = PreparedText("", "", "")

T = TypeVar("T")


class WireError(Exception):
    """What came is no message of the kind that was due, or longer than any of that kind."""


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """The first message to the process: the examples to learn from, and where what was learnt is kept."""

    corpora: dict[str, Corpus] = field(repr=False)
    """Language code → its examples, for the languages that have some."""
    cache: str
    """The folder of fitted matchers."""


@dataclass(frozen=True, slots=True)
class WorkerRequest:
    """Texts that wait for their meanings."""

    language: str
    """Code of one of the languages in :class:`Beginning`."""
    texts: tuple[bytes, ...] = field(repr=False)
    """UTF-8, in which half a character may stand alone."""

    @classmethod
    def of(cls, language: str, texts: Collection[str]) -> WorkerRequest:
        """A question about texts."""
        return cls(language, tuple(text.encode("utf-8", "surrogatepass") for text in texts))

    def read(self) -> list[str]:
        """The texts."""
        return [text.decode("utf-8", "surrogatepass") for text in self.texts]


@dataclass(frozen=True, slots=True)
class Meaning:
    """An :class:`Interpretation`, without the text it is of and without what the dialogue does not need."""

    danger: Danger
    decision: Decision
    choices: tuple[Choice, ...]
    first_probability: float
    three_probability: float
    none_probability: float
    urgent_probability: float
    insult: bool
    foreign: bool

    @classmethod
    def of(cls, meant: Interpretation) -> Meaning:
        """That of an interpretation."""
        match = meant.match
        return cls(
            meant.danger,
            match.decision,
            match.choices,
            match.first_probability,
            match.three_probability,
            match.none_probability,
            match.urgent_probability,
            match.insult,
            meant.foreign,
        )

    def checked(self, topics: Collection[str]) -> Meaning:
        """This, where it can be so: probabilities are numbers, topics are ones there are. Raises WireError."""
        if not all(map(math.isfinite, self._numbers())):
            raise WireError("a probability is no number")
        if len(self.choices) > CHOICES_KEPT or not all(choice.topic in topics for choice in self.choices):
            raise WireError("a topic is none of ours")
        if self.decision is not Decision.UNSURE and not self.choices:
            raise WireError("an answer without a topic")
        return self

    def interpretation(self) -> Interpretation:
        """What the dialogue goes by."""
        match = Match(
            self.decision,
            self.choices,
            self.first_probability,
            self.three_probability,
            self.none_probability,
            self.urgent_probability,
            self.insult,
            NOT_KEPT,
        )
        return Interpretation(_NO_TEXT, self.danger, match, self.foreign)

    def _numbers(self) -> Iterator[float]:
        yield from (self.first_probability, self.three_probability, self.none_probability, self.urgent_probability)
        yield from (self.danger.emergency_probability, self.danger.check_probability)
        for choice in self.choices:
            yield from (choice.score, choice.similarity)


@dataclass(frozen=True, slots=True)
class Answered:
    """The meanings of the texts of a question, in their order …"""

    meanings: tuple[Meaning, ...] = ()
    failed: str | None = None
    """… or the kind of the error that came instead: what an error says may quote what was written."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODERS: Mapping[type, msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(kind) for kind in (WorkerStart, FitMessage, WorkerRequest, Answered)
}


def encode(thing: WorkerStart | FitMessage | WorkerRequest | Answered) -> bytes:
    """A message with its length before it."""
    data = _ENCODER.encode(thing)
    return HEAD.pack(len(data)) + data


def decode(kind: type[T], data: bytes) -> T:
    """The message of a kind that :func:`encode` was given, from what stands behind the length. Raises WireError."""
    try:
        message: T = _DECODERS[kind].decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Without its cause: the text of such an error may quote what came.
        raise WireError(f"no message of kind {kind.__name__}") from None
    return message


class Frames:
    """Takes a stream apart again into what was :func:`encode`."""

    def __init__(self, longest: int) -> None:
        """``longest``: bytes of a message at most."""
        self._came = bytearray()
        self._longest = longest

    def feed(self, data: bytes) -> list[bytes]:
        """All messages that are whole now, each without its length. Raises WireError where one is too long."""
        self._came += data
        whole, start = [], 0
        while len(self._came) - start >= HEAD.size:
            begin = start + HEAD.size
            (length,) = HEAD.unpack_from(self._came, start)
            if length > self._longest:
                raise WireError("a message is too long")
            end = begin + length
            if len(self._came) < end:
                break
            whole.append(bytes(self._came[begin:end]))
            start = end
        del self._came[:start]
        return whole


def send(connection: socket.socket, thing: WorkerStart | FitMessage | WorkerRequest) -> None:
    """Writes a message. Raises OSError where nobody reads any more."""
    connection.sendall(encode(thing))


def receive(connection: socket.socket, kind: type[T], longest: int) -> T:
    """Waits for the next message. Raises EOFError where none will come, WireError, and OSError."""
    (length,) = HEAD.unpack(_read(connection, HEAD.size))
    if length > longest:
        raise WireError("a message is too long")
    return decode(kind, _read(connection, length))


def _read(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
