"""Texts that wait at the same time: each gets what it would get alone."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.apart import process
from safetybot.apart.waiting import LETTERS_TOGETHER, TOGETHER, Waiting, first_together
from safetybot.apart.wire import Asked, Failed, Frames, opened, packed
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.session import Fragment, Session
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.reader import Library
from safetybot.matching.interpreter import Interpretation, Interpreter
from safetybot.understanding import Understanding

MINUTE = 29_000_000
TEXTS = (
    "hello",
    "someone is blackmailing me with my pics",
    "i want to die",
    "/start",
    "",
    "😀",
    "x" * 5_000,
    "to everyone",
)


class Watched(Interpreter):
    """One that notes what it is asked."""

    def __init__(self, interpreter: Interpreter, unreadable: str | None = None) -> None:
        self.__dict__ = dict(interpreter.__dict__)
        self.asked: list[tuple[str, ...]] = []
        self._unreadable = unreadable

    def interpret_all(self, texts: Sequence[str]) -> list[Interpretation]:
        self.asked.append(tuple(texts))
        if self._unreadable in texts:
            raise ZeroDivisionError
        return super().interpret_all(texts)


def asked(text: str, memory: Memory | None = None, language: str = "en") -> Asked:
    incoming = Incoming("telegram", "7", text=text, language=language, update_id=1, message_id=2)
    return Asked(incoming, memory or Memory(), MINUTE, offered=True, asks=False)


def alone(understanding: Understanding, each: Asked) -> Turn:
    return understanding.conversation.respond(each.incoming, each.memory, MINUTE, offered=True, asks=False)


@pytest.fixture
def interpreters(understanding: Understanding) -> Mapping[str, Watched]:
    return {code: Watched(interpreter) for code, interpreter in understanding.interpreters.items()}


@pytest.fixture
def waiting(dialogue_library: Library, interpreters: Mapping[str, Interpreter]) -> Waiting:
    return Waiting(dialogue_library, interpreters)


def test_each_gets_what_it_would_get_alone(waiting: Waiting, understanding: Understanding) -> None:
    before = Memory(Session(), Fragment("they keep sending it"))
    questions = [asked(text, memory) for text in TEXTS for memory in (None, before)]
    questions += [asked("hello", language=language) for language in ("cy", "xx", "en-GB")]
    assert waiting.answer(questions) == [alone(understanding, each) for each in questions]
    assert waiting.answer(questions[:1]) == [alone(understanding, questions[0])]
    assert waiting.answer([]) == []


def test_they_are_understood_together_and_once(waiting: Waiting, interpreters: Mapping[str, Watched]) -> None:
    before = Memory(Session(), Fragment("they keep sending it"))
    waiting.answer([asked("hello"), asked("help me"), asked("hello"), asked("to everyone", before), asked("/start")])
    read = ("hello", "help me", "to everyone", "they keep sending it to everyone")
    assert interpreters["en"].asked == [read]


def test_nothing_is_kept_of_them(waiting: Waiting, interpreters: Mapping[str, Watched]) -> None:
    waiting.answer([asked("hello"), asked("help me")])
    waiting.answer([asked("hello")])
    assert interpreters["en"].asked == [("hello", "help me"), ("hello",)]


def test_one_that_cannot_be_understood_hides_no_other(dialogue_library: Library, understanding: Understanding) -> None:
    broken = {code: Watched(each, "breaks") for code, each in understanding.interpreters.items()}
    questions = [asked("hello"), asked("breaks"), asked("i want to die")]
    found = Waiting(dialogue_library, broken).answer(questions)
    assert found == [
        alone(understanding, questions[0]),
        Failed("ZeroDivisionError"),
        alone(understanding, questions[2]),
    ]


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=60))
def test_nobody_waits_for_long_texts(lengths: list[int]) -> None:
    left = [asked("x" * length) for length in lengths]
    while left:
        count = first_together(left)
        assert 1 <= count <= min(len(left), TOGETHER)
        letters = sum(len(each.incoming.text or "") for each in left[:count])
        assert count == 1 or letters <= LETTERS_TOGETHER
        if count < min(len(left), TOGETHER):
            assert letters + len(left[count].incoming.text or "") > LETTERS_TOGETHER
        left = left[count:]


def test_all_that_came_is_answered_in_its_order(waiting: Waiting, understanding: Understanding) -> None:
    questions = [asked(f"{text} {number}") for number in range(TOGETHER) for text in ("hello", "i want to die")]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(map(packed, questions)))
        ours.shutdown(socket.SHUT_WR)
        process._answer(theirs, waiting)
        theirs.close()
        frames, answers = Frames(), list[object]()
        while data := ours.recv(1 << 16):
            answers += map(opened, frames.feed(data))
    assert answers == [alone(understanding, each) for each in questions]


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(places):
        yield data[start:end]


@given(st.lists(st.binary(max_size=300)), st.lists(st.integers(0, 5_000), max_size=8))
def test_a_stream_is_taken_apart_wherever_it_was_cut(things: list[bytes], cuts: list[int]) -> None:
    frames, found = Frames(), list[bytes]()
    for piece in pieces(b"".join(map(packed, things)), cuts):
        found += map(opened, frames.feed(piece))
    assert found == things
