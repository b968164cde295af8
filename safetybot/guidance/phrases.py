"""The name of every sentence and button that stands in ``wording.yaml``, what it is for, and what it may fill in.

The bot asks for wording by these names; the reader checks that the first language has each of them, and that no
sentence names a ``{placeholder}`` which nothing fills in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Phrase:
    """What a sentence is for, and the names it may put in braces."""

    purpose: str
    placeholders: frozenset[str] = frozenset()


def _phrase(purpose: str, *placeholders: str) -> Phrase:
    return Phrase(purpose, frozenset(placeholders))


SAY: Mapping[str, Phrase] = MappingProxyType(
    {
        "welcome": _phrase("the first message, on /start"),
        "help": _phrase("how to use the bot, on /help"),
        "urgent": _phrase(
            "the emergency card; filled with the ways to reach Childline and Shout", "childline", "shout"
        ),
        "safety-check": _phrase("asks gently whether they are safe right now"),
        "safety-yes": _phrase("the answer to: yes, I am safe"),
        "choose": _phrase("offers the nearest topics: is it one of these?"),
        "say-another-way": _phrase("invites them to say it another way"),
        "people": _phrase("people to talk to, when the bot could not find an answer"),
        "off-topic": _phrase("the message is about nothing the bot has advice on"),
        "topics": _phrase("above the list of groups"),
        "group": _phrase("above the topics of one group", "group"),
        "age": _phrase("asks for the age band"),
        "age-saved": _phrase("the age band is noted"),
        "age-skipped": _phrase("they do not want to say their age"),
        "thumbs-up": _phrase("thanks for a thumbs up"),
        "thumbs-down": _phrase("sorry for a thumbs down, and what else there is"),
        "hide-done": _phrase("everything could be deleted"),
        "hide-partly": _phrase("some messages could not be deleted"),
        "hide-nothing": _phrase("there was nothing to delete"),
        "refused": _phrase("a picture, voice message, file or location is not taken"),
        "group-refused": _phrase("write to me alone, said once in a group chat"),
        "too-long": _phrase("the message is too long to read"),
        "only-symbols": _phrase("the message is only emoji or punctuation"),
        "other-language": _phrase("the message is in a language or script it does not know; the card stands above"),
        "insult": _phrase("an insult"),
        "unknown-command": _phrase("a command it does not have"),
        "language": _phrase("asks for the language"),
        "language-saved": _phrase("the language is changed"),
        "gone": _phrase("the button belongs to something that no longer exists"),
        "broken": _phrase("something failed; where help is, in full, as nothing is filled in"),
        "helplines": _phrase("above a list of helplines"),
        "report-routes": _phrase("above the services that abuse can be reported to"),
        "line-call": _phrase("how to call a helpline", "number"),
        "line-text": _phrase("how to text a helpline", "number"),
        "line-text-word": _phrase("how to text a word to a helpline", "number", "word"),
        "line-web": _phrase("how to find a helpline's page", "web"),
        "line-show-13": _phrase("beside a helpline for those of 13 and over"),
        "line-show-16": _phrase("beside a helpline for those of 16 and over"),
        "terminal": _phrase("how to write and choose in a terminal, said once at its start"),
    }
)

BUTTONS: Mapping[str, Phrase] = MappingProxyType(
    {
        "help-now": _phrase("shows the emergency card"),
        "topics": _phrase("shows all topics"),
        "talk": _phrase("talk to a person"),
        "helplines": _phrase("shows the helplines of an answer"),
        "up": _phrase("this helped"),
        "down": _phrase("this did not help"),
        "none-of-these": _phrase("none of the choices fits"),
        "yes": _phrase("yes, I am safe"),
        "no": _phrase("no, I am not safe"),
        "not-sure": _phrase("not sure whether I am safe"),
        "age-under-11": _phrase("under 11 years"),
        "age-11-13": _phrase("11 to 13 years"),
        "age-14-17": _phrase("14 to 17 years"),
        "age-adult": _phrase("18 years or more"),
        "age-skip": _phrase("will not say the age"),
        "report": _phrase("shows where to report"),
        "more": _phrase("more of a list"),
    }
)
