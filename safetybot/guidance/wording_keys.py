"""The name of every sentence and button that stands in ``wording.yaml``, what it is for, and what it may fill in.

The bot asks for wording by these names; the reader checks that the first language has each of them, and that no
sentence names a ``{placeholder}`` which nothing fills in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class WordingPurpose:
    """What a sentence is for, and the names it may put in braces."""

    purpose: str
    placeholders: frozenset[str] = frozenset()


def _phrase(purpose: str, *placeholders: str) -> WordingPurpose:
    return WordingPurpose(purpose, frozenset(placeholders))


SAY: Mapping[str, WordingPurpose] = MappingProxyType(
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
        "words-ask": _phrase(
            "asks whether the people who write the answers may see the words, and shows what they would see", "words"
        ),
        "words-kept": _phrase("yes, they may see the words"),
        "words-no": _phrase("no, they may not"),
        "words-gone": _phrase("the words are not there any more, so nothing was kept"),
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
        "slow-down": _phrase("too many messages in too short a time; where help is, in full, as nothing is filled in"),
        "busy": _phrase("far too many people write at once; where help is, in full, as nothing is filled in"),
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
        "web-title": _phrase("the web chat's title; tells nothing to somebody who looks over a shoulder"),
        "web-skip": _phrase("the first link on the web page, for those who use a keyboard"),
        "web-help": _phrase("stands on every web page and every error page, so it must name 999 and Childline"),
        "web-messages": _phrase("names the list of messages to a screen reader"),
        "web-you": _phrase("said by a screen reader before each message of theirs"),
        "web-bot": _phrase("said by a screen reader before each message of the bot's"),
        "web-urgent": _phrase("the heading of the emergency card on the web page"),
        "web-call": _phrase("the big link at the top of the emergency card", "number"),
        "web-code": _phrase("the heading of the message with the code on the web page"),
        "web-box": _phrase("names the box to write in"),
        "web-writing": _phrase("while the answer is being found"),
        "web-older": _phrase("above the messages, where older ones are gone"),
        "web-new-tab": _phrase("said by a screen reader after a link"),
        "web-copied": _phrase("the code was copied"),
        "web-not-copied": _phrase("the code could not be copied"),
        "web-leave-hint": _phrase("beside the leave button, where a keyboard is used"),
        "web-shift-two": _phrase("Shift was pressed once"),
        "web-shift-one": _phrase("Shift was pressed twice"),
        "web-shift-over": _phrase("Shift was not pressed again in time"),
        "web-leaving": _phrase("the page is being left"),
        "web-cannot-hide-title": _phrase("the heading of what the page cannot hide"),
        "web-cannot-hide": _phrase("what leaving and hiding do, and what they cannot do"),
        "web-hidden": _phrase("the messages on the page are cleared"),
        "web-closed": _phrase("nothing was done for 15 minutes, or the chat was closed"),
        "web-closed-note": _phrase("above the answer to what was written on a page that was closed meanwhile"),
        "web-started-again": _phrase("a new chat has begun, and all of the old one is deleted"),
        "web-offline": _phrase("the message could not be sent"),
        "web-refused": _phrase("the page is too old, or did not come from this chat"),
        "web-not-found": _phrase("there is no such page"),
        "web-not-understood": _phrase("the browser asked in a way that the page does not know"),
        "web-too-large": _phrase("far too much was sent"),
        "web-too-many": _phrase("too many messages in too short a time"),
        "web-failed": _phrase("something failed"),
        "web-frame": _phrase("names the chat to a screen reader, on another site's page"),
    }
)

BUTTONS: Mapping[str, WordingPurpose] = MappingProxyType(
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
        "words-yes": _phrase("yes, the people who write the answers may see the words"),
        "words-no": _phrase("no, they may not"),
        "age-under-11": _phrase("under 11 years"),
        "age-11-13": _phrase("11 to 13 years"),
        "age-14-17": _phrase("14 to 17 years"),
        "age-adult": _phrase("18 years or more"),
        "age-skip": _phrase("will not say the age"),
        "report": _phrase("shows where to report"),
        "more": _phrase("more of a list"),
        "web-send": _phrase("sends what was written"),
        "web-leave": _phrase("leaves the page at once"),
        "web-hide": _phrase("clears the messages from the page"),
        "web-copy": _phrase("copies the code"),
        "web-print": _phrase("prints the code"),
        "web-again": _phrase("tries again to send"),
        "web-back": _phrase("goes back to the chat"),
        "web-go-on": _phrase("goes on with a report after the chat was closed"),
        "web-new": _phrase("deletes what is left of a closed chat, and begins a new one"),
        "web-open": _phrase("opens the chat, on another site's page"),
        "web-close": _phrase("closes the chat, on another site's page"),
        "web-own-page": _phrase("opens the chat on its own page"),
    }
)
