"""What passes between the two processes: pickled objects, each after its length. Neither reads from anybody else."""

from __future__ import annotations

import pickle
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.turn import Memory
from safetybot.guidance.reader import Library

HEAD = struct.Struct(">I")
"""The length of what follows, in bytes."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first that is sent: what to answer with."""

    library: Library = field(repr=False)
    cache: Path
    """The folder of fitted matchers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that waits for its answer; as :meth:`safetybot.dialogue.conversation.Conversation.respond` takes it."""

    incoming: Incoming = field(repr=False)
    memory: Memory = field(repr=False)
    minute: int
    offered: bool
    asks: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer could be made. Its kind alone: what an error says may quote what was written."""

    kind: str


def packed(thing: object) -> bytes:
    """A thing with its length before it."""
    data = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(len(data)) + data


def opened(data: bytes) -> Any:
    """What :func:`packed` was given, from what stands behind the length."""
    return pickle.loads(data)  # noqa: S301 - made by our own other process


class Frames:
    """Takes a stream apart again into what was :func:`packed`."""

    def __init__(self) -> None:
        self._came = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """All that is whole now, each without its length."""
        self._came += data
        whole, start = [], 0
        while len(self._came) - start >= HEAD.size:
            begin = start + HEAD.size
            end = begin + HEAD.unpack_from(self._came, start)[0]
            if len(self._came) < end:
                break
            whole.append(bytes(self._came[begin:end]))
            start = end
        del self._came[:start]
        return whole


def send(connection: socket.socket, thing: object) -> None:
    """Writes a thing. Raises OSError where nobody reads any more."""
    connection.sendall(packed(thing))


def receive(connection: socket.socket) -> Any:
    """Waits for the next thing. Raises EOFError where none will come, and OSError."""
    (length,) = HEAD.unpack(_read(connection, HEAD.size))
    return opened(_read(connection, length))


def _read(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
