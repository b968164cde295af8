from __future__ import annotations

import datetime as dt

import pytest

from safetybot.desk.presence import STAYS, CasePresence
from safetybot.staff.login import UnlockedMember
from safetybot.staff.members import Member
from safetybot.vault.sealing import KeyPair

CASE, OTHER = "a" * 32, "b" * 32


def member(name: str) -> UnlockedMember:
    pair = KeyPair.new()
    return UnlockedMember(Member(name.lower(), name, True, False, "2026-11-24", pair.public), pair)


ADA, GRACE, MARY = member("Ada"), member("Grace"), member("Mary")


class Hall:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC)
        self.changes = 0
        self.presence = CasePresence(lambda: self.now, self.count)

    def count(self) -> None:
        self.changes += 1


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_others_are_seen_and_not_oneself(hall: Hall) -> None:
    presence = hall.presence
    assert presence.others(CASE, "ada") == []
    for one in (MARY, ADA, GRACE):
        presence.enter(CASE, one)
    presence.enter(OTHER, MARY)
    assert presence.others(CASE, "ada") == ["Grace", "Mary"]
    assert presence.now() == {CASE: {"ada": "Ada", "grace": "Grace", "mary": "Mary"}, OTHER: {"mary": "Mary"}}
    presence.leave(CASE, "grace")
    presence.leave(CASE, "grace")
    assert presence.others(CASE, "ada") == ["Mary"]


def test_who_logs_out_is_nowhere(hall: Hall) -> None:
    hall.presence.enter(CASE, MARY)
    hall.presence.enter(OTHER, MARY)
    hall.presence.enter(OTHER, ADA)
    hall.presence.only({"ada", "grace"})
    assert hall.presence.now() == {OTHER: {"ada": "Ada"}}


def test_who_says_nothing_more_is_forgotten(hall: Hall) -> None:
    hall.presence.enter(CASE, ADA)
    hall.now += STAYS - dt.timedelta(seconds=1)
    hall.presence.enter(CASE, ADA)
    hall.presence.enter(CASE, GRACE)
    hall.now += dt.timedelta(seconds=1)
    assert hall.presence.others(CASE, "grace") == ["Ada"]
    hall.now += STAYS
    assert hall.presence.others(CASE, "grace") == []
    assert hall.presence.now() == {}


def test_pages_are_told_only_when_somebody_comes_or_goes(hall: Hall) -> None:
    hall.presence.enter(CASE, ADA)
    assert hall.changes == 1
    hall.presence.enter(CASE, ADA)
    hall.presence.leave(OTHER, "ada")
    hall.presence.tidy()
    assert hall.changes == 1
    hall.now += STAYS
    hall.presence.tidy()
    hall.presence.tidy()
    assert hall.changes == 2
