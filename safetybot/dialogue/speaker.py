"""The editors' words made into messages: wording filled in, buttons named, helplines spelt out.

Every message with buttons ends with "Help now", one tap to the emergency card.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from safetybot.dialogue.messages import Button, Outgoing
from safetybot.dialogue.session import AgeBand
from safetybot.guidance.model import (
    Answer,
    Guidance,
    Helpline,
    Show,
    Topic,
    UniversalQuestion,
    WordingFile,
    YoungerAnswer,
)

HELP_NOW = "now"
"""The press that shows the emergency card."""

CHILDLINE, SHOUT = "childline", "shout"
"""Helplines the emergency card names."""

_UNDER_18 = (AgeBand.UNDER_11, AgeBand.FROM_11, AgeBand.FROM_14)


def instead_of_an_answer(wording: WordingFile, name: str) -> Outgoing:
    """The phrase ``name``, where there can be no answer: even then "Help now" stands under it."""
    return Outgoing(wording.say[name], ((Button(wording.buttons["help-now"], HELP_NOW),),))


@dataclass(frozen=True)
class Speaker:
    """Speaks one language's guidance to somebody of an age."""

    guidance: Guidance
    age: AgeBand | None = None

    def say(self, name: str, **filled: str) -> str:
        """The wording ``name`` with its placeholders filled in."""
        text = self.guidance.wording.say[name]
        return text.format(**filled) if filled else text

    def button(self, name: str, press: str) -> Button:
        """The button ``name``."""
        return Button(self.guidance.wording.buttons[name], press)

    def message(self, text: str, *rows: tuple[Button, ...]) -> Outgoing:
        """A message; where it has buttons, "Help now" stands under them."""
        shown = tuple(row for row in rows if row)
        return Outgoing(text, (*shown, (self.button("help-now", HELP_NOW),)) if shown else ())

    def card(self) -> Outgoing:
        """The emergency card."""
        lines = self.guidance.helplines
        filled = {
            "childline": self.contacts(lines[CHILDLINE]) if CHILDLINE in lines else "",
            "shout": self.contacts(lines[SHOUT]) if SHOUT in lines else "",
        }
        rows = ((self.button("talk", "talk"), self.button("topics", "topics")),)
        return Outgoing(self.say("urgent", **filled), rows, urgent=True)

    def answer(self, topic: Topic) -> Answer | YoungerAnswer:
        """The answer that fits the age."""
        if self.age is AgeBand.UNDER_11 and topic.answer.younger:
            return topic.answer.younger
        return topic.answer

    def answer_to(self, question: UniversalQuestion, topic: Topic | None) -> str:
        """The answer to a universal question that fits the topic in hand, if there is one, and the age."""
        if topic is not None and topic.id in question.topics:
            return question.topics[topic.id]
        return question.younger if self.age is AgeBand.UNDER_11 and question.younger else question.say

    def helplines(self, ids: Iterable[str]) -> list[Helpline]:
        """Those of ``ids`` that may be offered to somebody of this age, in their order."""
        known = (self.guidance.helplines.get(id_) for id_ in ids)
        return [line for line in known if line and self._may_see(line.show)]

    def contacts(self, line: Helpline) -> str:
        """The ways to reach a helpline, on one line."""
        ways: list[str] = []
        if line.call:
            ways.append(self.say("line-call", number=line.call))
        if line.text:
            name = "line-text-word" if line.text.word else "line-text"
            ways.append(self.say(name, number=line.text.number, word=line.text.word or ""))
        if line.web:
            ways.append(self.say("line-web", web=line.web))
        return ", ".join(ways)

    def brief(self, lines: Iterable[Helpline]) -> str:
        """A list of helplines with how to reach each."""
        return "\n".join(f"- **{line.name}**{self._who(line)}: {self.contacts(line)}" for line in lines)

    def described(self, lines: Iterable[Helpline]) -> str:
        """A list of helplines with what each does, when, and how to reach it."""
        entries = []
        for line in lines:
            facts = ", ".join(fact for fact in (self.contacts(line), line.hours, line.cost) if fact)
            entries.append(f"**{line.name}**{self._who(line)}\n{line.about}\n{facts}")
        return "\n\n".join(entries)

    def named_in(self, text: str, ids: Iterable[str]) -> list[Helpline]:
        """Those helplines of ``ids`` that ``text`` names, so that their numbers can stand beside the words."""
        return [line for line in self.helplines(ids) if _called(line.name).search(text)]

    def _may_see(self, show: Show) -> bool:
        match show:
            case Show.ANY:
                return True
            case Show.AGE_13:
                return self.age is not AgeBand.UNDER_11
            case Show.AGE_16:
                return self.age not in (AgeBand.UNDER_11, AgeBand.FROM_11)
            case Show.AGE_18:
                return self.age is AgeBand.ADULT
            case Show.ADULT | Show.PROFESSIONAL:
                return self.age not in _UNDER_18

    def _who(self, line: Helpline) -> str:
        if line.show is Show.AGE_13 and self.age not in (AgeBand.FROM_14, AgeBand.ADULT):
            return f" ({self.say('line-show-13')})"
        if line.show is Show.AGE_16 and self.age is not AgeBand.ADULT:
            return f" ({self.say('line-show-16')})"
        return ""


@lru_cache(maxsize=1_000)
def _called(name: str) -> re.Pattern[str]:
    """How answers name a helpline: the whole of its name, but for what stands in brackets after it."""
    return re.compile(rf"(?<!\w){re.escape(name.split(' (')[0])}(?!\w)")
