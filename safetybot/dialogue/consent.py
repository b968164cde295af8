"""May the people who write the answers see these words? Asked once a session, after help was offered, never instead.

The words wait masked, in the chat's own sealed row, for ten minutes and until anything else is done. Nothing of them
goes anywhere without a Yes.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from safetybot.dialogue import advice
from safetybot.dialogue.effects import KeepWords
from safetybot.dialogue.language_pack import LanguagePack
from safetybot.dialogue.masking import mask
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.quoting import escape
from safetybot.dialogue.session import Asking, Fragment, Session
from safetybot.dialogue.speaker import Speaker
from safetybot.dialogue.turn import Turn
from safetybot.guidance.model import Urgency

PREFIX = "words"
LETTERS_MAX = 600
"""Of the masked words; longer ones are a story, which nobody should be asked for."""
QUIET_MINUTES = 30
"""Nobody is asked so soon after a sign of danger."""
_ID_BYTES = 16


def may_ask(session: Session, minute: int) -> bool:
    """Whether this is a moment to ask, as far as the session knows."""
    quiet = session.alarmed is None or not 0 <= minute - session.alarmed < QUIET_MINUTES
    return quiet and not session.words_asked


def ask(speaker: Speaker, tongue: LanguagePack, text: str, topic: str) -> tuple[Outgoing, Fragment] | None:
    """The question with what would be shown, and what waits for its answer; None where it is better not asked.

    ``topic``: id of the nearest, or empty.
    """
    if len(text) > 2 * LETTERS_MAX:
        return None
    near = tongue.guidance.topics.get(topic)
    masked = mask(text, tongue.ordinary_words.__contains__)
    if (near and near.urgency is Urgency.EMERGENCY) or not masked.tells or len(masked.text) > LETTERS_MAX:
        return None
    question = speaker.message(
        speaker.say("words-ask", words=escape(masked.text)),
        (speaker.button("words-yes", f"{PREFIX}:yes"), speaker.button("words-no", f"{PREFIX}:no")),
    )
    waiting = Asking(secrets.token_hex(_ID_BYTES), masked.text, topic, tongue.guidance.code)
    return question, Fragment(asking=waiting)


def answered(speaker: Speaker, session: Session, fragment: Fragment | None, answer: str) -> Turn:
    """Yes or No. Yes pressed twice keeps the words once, and says so twice."""
    asking = fragment.asking if fragment else None
    if answer != "yes":
        counts = (("words-no", ""),) if asking and asking.text else ()
        return Turn((advice.simple(speaker, "words-no"),), session, counts=counts)
    if asking is None:
        return Turn((advice.simple(speaker, "words-gone"),), session)
    message = advice.simple(speaker, "words-kept")
    kept = Fragment(asking=replace(asking, text=""))
    if not asking.text:
        return Turn((message,), session, fragment=kept)
    keep = KeepWords(asking.id, asking.text, asking.topic, asking.language)
    return Turn((message,), session, fragment=kept, counts=(("words-yes", ""),), keep=keep)
