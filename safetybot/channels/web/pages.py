"""Every page, made from templates and the editors' words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from safetybot.channels.web.protocols import WebConversation
from safetybot.channels.web.rendering import NEW, PRESS_FORM, MessageRenderer
from safetybot.channels.web.tokens import ChatNames, Forms, Visitor
from safetybot.dialogue.transcript import Transcript

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page stands: by itself, with a cookie; or in a frame of another site, where the page holds the name."""

    prefix: str = ""
    framed: bool = False

    @property
    def home(self) -> str:
        """The path of the chat."""
        return self.prefix or "/"


OWN = Place()
FRAMED = Place("/embed", framed=True)


class ChatPages:
    """Renders pages in every language there is."""

    def __init__(self, conversation: WebConversation, forms: Forms, names: ChatNames, exit_url: str) -> None:
        self._conversation = conversation
        self._forms = forms
        self._names = names
        self._exit = exit_url
        self._voices: dict[str, MessageRenderer] = {}
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def voice(self, *wanted: str | None) -> MessageRenderer:
        """The first of the wanted languages, with the newest words."""
        code = self._conversation.language(*wanted)
        wording = self._conversation.wording(code)
        known = self._voices.get(code)
        if known is None or known.wording is not wording:
            known = self._voices[code] = MessageRenderer(code, wording, self._conversation.helplines(code))
        return known

    def chat(
        self,
        place: Place,
        visitor: Visitor,
        transcript: Transcript,
        language: str | None,
        *,
        new_from: int | None = None,
        draft: str = "",
    ) -> str:
        """The chat itself. ``new_from``: the last entry that was there before; ``draft``: words still to be sent."""
        voice = self.voice(transcript.language, language)
        return self._render(
            "chat.html",
            place,
            voice,
            visitor=visitor,
            entries=voice.entries(transcript.entries, new=None if new_from is None else new_from + 1),
            older=transcript.shortened,
            languages=self._others(voice.code),
            draft=draft,
            # In a frame the answer comes without a redirect, which would name where to begin to read.
            say_action=f"{place.prefix}/say" + (f"#{NEW}" if place.framed else ""),
        )

    def news(self, visitor: Visitor, transcript: Transcript, after: int, language: str | None) -> dict[str, Any]:
        """What a script adds to the page it already shows."""
        voice = self.voice(transcript.language, language)
        return {
            "html": str(voice.entries(transcript.after(after))),
            "count": transcript.count,
            # What stands before it is gone: hidden in another tab, or too long ago.
            "first": transcript.first,
            "token": self._forms.token(visitor.mark),
            "language": voice.code,
        }

    def closed(self, place: Place, visitor: Visitor, language: str | None) -> str:
        """Nobody did anything for 15 minutes."""
        return self._render("closed.html", place, self.voice(language), visitor=visitor)

    def doorway(self, place: Place, language: str | None) -> str:
        """A page that leads on to the chat by itself."""
        return self._render("doorway.html", place, self.voice(language), visitor=None)

    def problem(self, place: Place, name: str, language: str | None) -> str:
        """What did not work, in words of ``name``, and where help is."""
        return self._render("problem.html", place, self.voice(language), problem=name, visitor=None)

    def problem_part(self, name: str, language: str | None) -> Markup:
        """The same, for a script to show on the page."""
        voice = self.voice(language)
        return voice.block(name) + voice.block("web-help")

    def _others(self, code: str) -> list[tuple[str, str]]:
        """Every other language there is: its code, and its own name."""
        return [(other, wording.language) for other, wording in self._conversation.languages.items() if other != code]

    def _render(
        self, template: str, place: Place, voice: MessageRenderer, *, visitor: Visitor | None, **more: Any
    ) -> str:
        return self._templates.get_template(template).render(
            place=place,
            voice=voice,
            say=voice.say,
            button=voice.button,
            block=voice.block,
            press_form=PRESS_FORM,
            exit=self._exit,
            held=self._names.held(visitor) if visitor and place.framed else "",
            fields=self._fields(place, visitor) if visitor else "",
            **more,
        )

    def _fields(self, place: Place, visitor: Visitor) -> Markup:
        """What every form carries."""
        token = Markup('<input type="hidden" name="token" value="{}">').format(self._forms.token(visitor.mark))
        if not place.framed:
            return token
        return token + Markup('<input type="hidden" name="chat" value="{}">').format(self._names.held(visitor))
