"""``desk.yaml``: how it is read, and the mistakes in it that a shape cannot see."""

from __future__ import annotations

import pytest

from tests.guidance.conftest import Content, Spoil

DESK = "en/desk.yaml"


def test_it_is_read(content: Content) -> None:
    library = content.read()
    assert library.faults == ()
    desk = library.languages["en"].desk
    assert desk is not None
    assert library.languages["cy"].desk is desk
    assert [phrase.id for phrase in desk.phrases] == ["thanks", "no-blame"]
    police = desk.recipient("police")
    assert police is not None
    assert police.needs == ("story", "where")
    assert desk.recipient("nobody") is None
    assert desk.checking.hard == {"perpetrator": "the person who did it"}


def test_without_it_there_is_a_warning(content: Content) -> None:
    (content.folder / DESK).unlink()
    assert content.faults() == [
        f"{DESK}:1:1: warning: This file is missing, so the desk has no saved phrases, and nobody to refer a case to."
    ]
    assert content.read().languages["en"].desk is None


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        (
            "helpline: childline",
            "helpline: childlin",
            "childlin",
            "Unknown helpline `childlin`. Did you mean `childline`?",
        ),
        ("needs: [where]", "needs: [were]", "[were]", "Unknown question `were`. Did you mean `where`?"),
        ("id: no-blame", "id: thanks", "    title: Not your fault", "The id `thanks` is used twice. Also on line 3."),
        ("id: iwf", "id: ceop", "    name: IWF", "The id `ceop` is used twice. Also on line 33."),
        ("id: secrecy", "id: blame", "Nobody can promise", "The id `blame` is used twice. Also on line 16."),
        (
            "labels: [blackmail, meeting planned]",
            "labels: [blackmail, Blackmail]",
            "labels:",
            "The label `Blackmail` is there twice. Also on line 25.",
        ),
        (
            "Thank you for telling us.",
            "Ring {childlin}.",
            "{childlin}",
            "Unknown helpline `childlin`. Did you mean `childline`?",
        ),
        ("Thank you for telling us.", "Ring {childline.", "{childline.", "A { or } without its other half."),
        ("sentence: 12", "sentence: many", "many", "Write a whole number, such as 500."),
        ("title: Thank you", "titel: Thank you", "titel", "Unknown `titel`. Did you mean `title`?"),
        ("sender: {name: The team, ", "sender: {", "sender:", "`name` is missing. Add a line `name: …`."),
    ],
)
def test_mistakes(spoil: Spoil, content: Content, old: str, new: str, at: str, says: str) -> None:
    faults = spoil(DESK, old, new)
    assert len(faults) == 1, faults
    assert says in faults[0]
    line = content.line(DESK, at)
    assert int(faults[0].split(":")[1]) in (line, line - 1), faults


def test_a_number_of_a_helpline_may_stand_in_a_phrase(spoil: Spoil) -> None:
    assert spoil(DESK, "Thank you for telling us.", "Ring {childline} now.") == []
