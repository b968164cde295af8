"""Routes one Incoming to the part that answers it: a report or a case that is open, or advice.

Pure: everything it needs comes in, everything it decides comes out as a Turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from safetybot.dialogue import case_flow
from safetybot.dialogue.advice_flow import AdviceFlow, readings
from safetybot.dialogue.consent import may_ask
from safetybot.dialogue.effects import Effect, Outcome
from safetybot.dialogue.language_pack import LanguagePack, LanguagePacks
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.report_flow import ReportFlow
from safetybot.dialogue.report_state import ReportStage
from safetybot.dialogue.turn import Memory, Turn

_STAYS_OPEN = ("now", "safe")
"""Presses after whose answer an open question is shown again."""


class Conversation:
    """What to say next, in every language there is. Knows no channel and no storage."""

    def __init__(self, tongues: Mapping[str, LanguagePack], first: str) -> None:
        """``first``: the language that is spoken where no other fits."""
        self._tongues = LanguagePacks(tongues, first)

    def language(self, *wanted: str | None) -> str:
        """The first of the wanted languages (BCP 47) that is spoken here, by its full code or its first part."""
        return self._tongues.code(*wanted)

    @property
    def names(self) -> Mapping[str, str]:
        """Language code → the language's own name."""
        return self._tongues.names

    def tongue(self, code: str) -> LanguagePack:
        """A language by its code."""
        return self._tongues.every[code]

    def respond(self, incoming: Incoming, memory: Memory, minute: int, *, offered: bool, asks: bool = False) -> Turn:
        """What answers ``incoming``: at least one message, or an effect.

        ``minute``: minutes since 1970; ``offered``: whether there is anybody who could read a report; ``asks``: whether
        there are editors who could read what was asked.
        """
        session = memory.session
        if incoming.message_id is not None:
            session = session.with_sent((incoming.message_id,), minute // 60)
        turn = self._route(incoming, replace(memory, session=session), minute, offered, asks)
        if _alarming(turn):
            turn = replace(turn, session=replace(turn.session, alarmed=minute))
        if turn.effect is not None:
            return turn  # not done yet: should it break off, it is done when the update comes again
        if turn.kept is None or turn.kept == memory.kept.at(minute):
            return replace(turn, kept=None)
        return replace(turn, kept=turn.kept.seen(incoming.update_id))

    def to_understand(self, incoming: Incoming, memory: Memory) -> tuple[str, tuple[str, ...]]:
        """The language and the texts that :meth:`respond` will have to understand, as far as can be seen beforehand.

        For who understands many at once: nothing goes wrong where it is others in the end.
        """
        code = self._tongues.code(memory.session.language, incoming.language)
        text = (incoming.text or "").strip()
        if not text or text.startswith("/") or case_flow.whole_code(text) or _asked_for_code(memory):
            return code, ()
        return code, readings(text, _before(memory))

    def after(self, incoming: Incoming, memory: Memory, effect: Effect, outcome: Outcome, minute: int) -> Turn:
        """What is shown when the effect of a turn has been tried. ``memory`` is the one of that turn."""
        turn = ReportFlow(self._tongues, incoming, memory, minute, offered=True).after(effect, outcome)
        return turn if turn.kept is None else replace(turn, kept=turn.kept.seen(incoming.update_id))

    def _route(self, incoming: Incoming, memory: Memory, minute: int, offered: bool, asks: bool) -> Turn:
        kept = memory.kept.at(minute)
        reporting = bool(kept.draft or kept.additions or kept.visit)
        asks = asks and not reporting and may_ask(memory.session, minute)
        talk = AdviceFlow(self._tongues, incoming, memory.session, memory.fragment, asks=asks)
        reports = ReportFlow(self._tongues, incoming, memory, minute, offered=offered)
        if incoming.update_id is not None and incoming.update_id in memory.kept.updates:
            return reports.again()
        if incoming.refused:
            return reports.still_open(talk.refuse())
        if incoming.press is not None:
            turn = reports.press(incoming.press)
            if turn is None and incoming.press.partition(":")[0] in _STAYS_OPEN:
                return reports.still_open(talk.press(incoming.press))
            return turn or talk.press(incoming.press)
        text = (incoming.text or "").strip()
        if text.startswith("/"):
            turn = reports.command(text)
            return turn or reports.hidden(text, talk.command(text))
        return reports.text(text) or reports.reminding(talk.free_text(text, after=_before(memory)))


def _asked_for_code(memory: Memory) -> bool:
    """Whether what comes may be a code, also one with a slip in it, which is looked at before it is understood."""
    return memory.kept.visit is not None and memory.kept.visit.stage is ReportStage.CODE


def _before(memory: Memory) -> str:
    """The text before, where it found no answer."""
    return memory.fragment.text if memory.fragment else ""


def _alarming(turn: Turn) -> bool:
    """Whether there was a sign of danger in it, or help was asked for at once."""
    return any(message.urgent for message in turn.messages) or any(name == "check" for name, _ in turn.counts)
