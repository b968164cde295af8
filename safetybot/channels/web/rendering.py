"""Messages as HTML. Everything that anybody wrote is escaped here, and nowhere else is HTML made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape

from markupsafe import Markup

from safetybot.dialogue.messages import Button, Outgoing, is_advice
from safetybot.dialogue.speaker import HELP_NOW
from safetybot.dialogue.transcript import TranscriptEntry
from safetybot.guidance.model import Helpline, WordingFile
from safetybot.http.message_markup import PRESS_FORM as PRESS_FORM
from safetybot.http.message_markup import MessageMarkup
from safetybot.http.phone_links import EMERGENCY

NEW = "new"
"""The id of the first entry that is new, where the address cannot name it."""
CODE_SAVED = "code:saved"
"""The press under the message that holds a report's code."""

_ADVICE_MAX = 1_000


@dataclass(frozen=True)
class MessageRenderer:
    """One language's words, and how its messages look."""

    code: str
    wording: WordingFile
    helplines: Sequence[Helpline]
    _advice: dict[Outgoing, str] = field(default_factory=dict, init=False, repr=False)
    _blocks: dict[str, Markup] = field(default_factory=dict, init=False, repr=False)

    def say(self, name: str, **filled: str) -> str:
        """A phrase as plain text."""
        text = self.wording.say[name]
        return text.format(**filled) if filled else text

    def button(self, name: str) -> str:
        """The words on a button."""
        return self.wording.buttons[name]

    def block(self, name: str) -> Markup:
        """A phrase as HTML, made once, for it is the same on every page."""
        html = self._blocks.get(name)
        if html is None:
            html = Markup(self._words.html(self.wording.say[name], commands=False))  # noqa: S704 - escaped, like all here
            self._blocks[name] = html
        return html

    def entries(self, entries: Iterable[TranscriptEntry], new: int | None = None) -> Markup:
        """Entries of a transcript, as items of a list. ``new``: the number of the one that has the id :data:`NEW`."""
        return Markup("\n".join(self._entry(entry, new) for entry in entries))  # noqa: S704

    # --- Entries: from here on a str is HTML where it is returned, and words where it is taken ------------------

    def _entry(self, entry: TranscriptEntry, new: int | None) -> str:
        id_ = NEW if entry.number == new else f"m{entry.number}"
        numbered = f'id="{id_}" data-number="{entry.number}"'
        if entry.own:
            said = f'<p class="words">{escape(entry.message.text)}</p>'
            return f'<li class="own" {numbered}><p class="unseen">{self._who("web-you")}</p>{said}</li>'
        message, code = entry.message, _holds_code(entry.message)
        kinds = "bot" + (" urgent" if message.urgent else "") + (" code" if code else "")
        said = self._message(message)
        return f'<li class="{kinds}" {numbered}><p class="unseen">{self._who("web-bot")}</p>{said}</li>'

    def _who(self, name: str) -> str:
        return escape(self.wording.say[name])

    def _message(self, message: Outgoing) -> str:
        """What is under the name. That of advice is made into HTML once, for it is the same for everybody."""
        html = self._advice.get(message)
        if html is None:
            html = self._made(message)
            if is_advice(message):
                if len(self._advice) >= _ADVICE_MAX:
                    self._advice.clear()
                self._advice[message] = html
        return html

    def _made(self, message: Outgoing) -> str:
        before = after = ""
        if message.urgent:
            before = f"<h2>{escape(self.say('web-urgent'))}</h2>"
            before += (
                f'<p><a class="call" href="tel:{EMERGENCY}">{escape(self.say("web-call", number=EMERGENCY))}</a></p>'
            )
        if _holds_code(message):
            before = f"<h2>{escape(self.say('web-code'))}</h2>"
            # Only a script can copy or print, so only a script shows these.
            after = (
                '<p class="row scripted" hidden>'
                f'<button type="button" data-do="copy">{escape(self.button("web-copy"))}</button>'
                f'<button type="button" data-do="print">{escape(self.button("web-print"))}</button></p>'
            )
        return before + self._words.html(message.text, commands=True) + after + _buttons(message.buttons)

    @cached_property
    def _words(self) -> MessageMarkup:
        return MessageMarkup(self.wording, self.helplines)


def _holds_code(message: Outgoing) -> bool:
    return any(button.press == CODE_SAVED for row in message.buttons for button in row)


def _buttons(rows: Sequence[Sequence[Button]]) -> str:
    shown = [f'<p class="row">{"".join(map(_button, row))}</p>' for row in rows if row]
    return f'<div class="buttons">{"".join(shown)}</div>' if shown else ""


def _button(button: Button) -> str:
    kind = ' class="now"' if button.press == HELP_NOW else ""
    return (
        f'<button form="{PRESS_FORM}" name="press" value="{escape(button.press)}"{kind}>{escape(button.text)}</button>'
    )
