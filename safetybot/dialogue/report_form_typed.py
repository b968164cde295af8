"""Words typed where buttons are shown: which button do they mean?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from safetybot.dialogue.messages import Button
from safetybot.guidance.checks import normalised
from safetybot.guidance.model import Urgency
from safetybot.guidance.report_form import FormChoice, Question

CHOOSING = ("rep:set:", "rep:on:", "rep:off:")
"""How the press of a choice begins."""

_WITHIN_MIN = 3
"""Letters of typed words that may be a part of a button: "friend" for "A friend"."""


def pressed_by(typed: str, buttons: Iterable[Button], slang: Mapping[str, str]) -> str | None:
    """The press of the one button that was meant; None where it is none or may be several.

    All its words, those before its comma ("Yes" of "Yes, delete it"), or, for a choice, some of its words.
    """
    wanted = plain(typed, slang)
    shown = [(button.press, normalised(button.text), normalised(button.text.split(",")[0])) for button in buttons]
    within = len(wanted) >= _WITHIN_MIN
    for found in (
        {press for press, words, _ in shown if words == wanted},
        {press for press, _, start in shown if start == wanted},
        {press for press, words, _ in shown if within and press.startswith(CHOOSING) and _has(words, wanted)},
    ):
        if len(found) == 1:
            return found.pop().replace("rep:off:", "rep:on:")  # who types a choice wants it
    return None


def card_meant(typed: str, question: Question, slang: Mapping[str, str]) -> FormChoice | None:
    """The choice that shows the card and that the words begin with: "yes he is outside".

    Only such a choice: a needless card costs little, and "no idea" is no "No".
    """
    wanted = plain(typed, slang)
    cards = (choice for choice in question.choices if shows_card(choice))
    return next((choice for choice in cards if f"{wanted} ".startswith(f"{normalised(choice.button)} ")), None)


def shows_card(choice: FormChoice) -> bool:
    """Whether the emergency card is shown at once."""
    return choice.card or choice.urgency is Urgency.EMERGENCY


def plain(typed: str, slang: Mapping[str, str]) -> str:
    """The words without case, punctuation and slang."""
    return " ".join(slang.get(word, word) for word in normalised(typed).split())


def _has(words: str, wanted: str) -> bool:
    return f" {wanted} " in f" {words} "
