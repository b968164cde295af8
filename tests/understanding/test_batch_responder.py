"""Texts that wait at the same time: each gets what it would get alone."""

from __future__ import annotations

import dataclasses
import itertools
import socket
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.matching.interpreter import Interpretation, Interpreter
from safetybot.understanding import worker
from safetybot.understanding.batch_responder import LETTERS_TOGETHER, TOGETHER, BatchResponder, first_together
from safetybot.understanding.framing import Answered, Frames, Meaning, WorkerRequest, decode, encode
from safetybot.understanding.understanding import Understanding

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


def asked(*texts: str, language: str = "en") -> WorkerRequest:
    return WorkerRequest.of(language, texts)


def alone(understanding: Understanding, each: WorkerRequest) -> Answered:
    interpreter = understanding.interpreters[each.language]
    return Answered(tuple(Meaning.of(interpreter.interpret(text)) for text in each.read()))


def same(found: Sequence[Answered], expected: Sequence[Answered]) -> bool:
    """Vectors, and what is made of them, may differ in the last bit."""
    rounded = [[_rounded(meaning) for meaning in one.meanings] for answers in (found, expected) for one in answers]
    return rounded[: len(found)] == rounded[len(found) :] and [a.failed for a in found] == [a.failed for a in expected]


def _rounded(thing: object) -> object:
    if isinstance(thing, float):
        return round(thing, 4)
    if isinstance(thing, tuple):
        return tuple(map(_rounded, thing))
    if dataclasses.is_dataclass(thing):
        return tuple(_rounded(getattr(thing, field.name)) for field in dataclasses.fields(thing))
    return thing


@pytest.fixture
def interpreters(understanding: Understanding) -> Mapping[str, Watched]:
    return {code: Watched(interpreter) for code, interpreter in understanding.interpreters.items()}


@pytest.fixture
def waiting(interpreters: Mapping[str, Interpreter]) -> BatchResponder:
    return BatchResponder(interpreters)


def test_each_gets_what_it_would_get_alone(waiting: BatchResponder, understanding: Understanding) -> None:
    questions = [asked(text, *more) for text in TEXTS for more in ((), ("they keep sending it", text))]
    questions += [asked("hello", language="cy"), asked()]
    assert same(waiting.answer(questions), [alone(understanding, each) for each in questions])
    assert waiting.answer(questions[:1]) == [alone(understanding, questions[0])]
    assert waiting.answer([]) == []


def test_they_are_understood_together_and_once(waiting: BatchResponder, interpreters: Mapping[str, Watched]) -> None:
    waiting.answer([asked("hello"), asked("help me"), asked("hello"), asked("to everyone", "it to everyone")])
    assert interpreters["en"].asked == [("hello", "help me", "to everyone", "it to everyone")]


def test_nothing_is_kept_of_them(waiting: BatchResponder, interpreters: Mapping[str, Watched]) -> None:
    waiting.answer([asked("hello"), asked("help me")])
    waiting.answer([asked("hello")])
    assert interpreters["en"].asked == [("hello", "help me"), ("hello",)]


def test_one_that_cannot_be_understood_hides_no_other(understanding: Understanding) -> None:
    broken = {code: Watched(each, "breaks") for code, each in understanding.interpreters.items()}
    questions = [asked("hello"), asked("breaks"), asked("i want to die")]
    found = BatchResponder(broken).answer(questions)
    assert found == [
        alone(understanding, questions[0]),
        Answered(failed="ZeroDivisionError"),
        alone(understanding, questions[2]),
    ]


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=60))
def test_nobody_waits_for_long_texts(lengths: list[int]) -> None:
    left = [asked("x" * length) for length in lengths]
    while left:
        count = first_together(left)
        assert 1 <= count <= min(len(left), TOGETHER)
        letters = sum(len(each.texts[0]) for each in left[:count])
        assert count == 1 or letters <= LETTERS_TOGETHER
        if count < min(len(left), TOGETHER):
            assert letters + len(left[count].texts[0]) > LETTERS_TOGETHER
        left = left[count:]


def test_all_that_came_is_answered_in_its_order(waiting: BatchResponder, understanding: Understanding) -> None:
    questions = [asked(f"{text} {number}") for number in range(TOGETHER) for text in ("hello", "i want to die")]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(map(encode, questions)))
        ours.shutdown(socket.SHUT_WR)
        worker.answer(theirs, waiting)
        theirs.close()
        frames, answers = Frames(1 << 20), list[Answered]()
        while data := ours.recv(1 << 16):
            answers += [decode(Answered, whole) for whole in frames.feed(data)]
    assert same(answers, [alone(understanding, each) for each in questions])


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(places):
        yield data[start:end]


@given(st.lists(st.text(max_size=300)), st.lists(st.integers(0, 5_000), max_size=8))
def test_a_stream_is_taken_apart_wherever_it_was_cut(texts: list[str], cuts: list[int]) -> None:
    frames, found = Frames(1 << 20), list[WorkerRequest]()
    things = [asked(text) for text in texts]
    for piece in pieces(b"".join(map(encode, things)), cuts):
        found += [decode(WorkerRequest, whole) for whole in frames.feed(piece)]
    assert found == things
