"""A conversation as a phone shows it: the bot's own words and buttons, made by the code that answers young people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from markupsafe import Markup

from safetybot.dialogue.advice_flow import AdviceFlow
from safetybot.dialogue.language_pack import LanguagePack, LanguagePacks
from safetybot.dialogue.messages import Button, Incoming, Outgoing
from safetybot.dialogue.session import AgeBand, Session
from safetybot.dialogue.speaker import HELP_NOW
from safetybot.guidance.model import FIRST_MAX, STEP_MAX, Guidance, Topic
from safetybot.guidance.readability import measure, naming
from safetybot.guidance.review import AGE, MEASURED_WORDS, YOUNGER_AGE
from safetybot.http.message_markup import MessageMarkup
from safetybot.http.phone_links import EMERGENCY
from safetybot.matching.interpreter import Interpretation

CHANNEL = "preview"
REPORTED = "Where staff read reports, the report form begins here instead."


@dataclass(frozen=True)
class Measures:
    """How a text reads, against what it should be."""

    letters: int
    letters_max: int
    words: int
    sentences: int
    age: float
    age_max: float

    @property
    def too_long(self) -> bool:
        """More letters than the reader takes."""
        return self.letters > self.letters_max

    @property
    def too_hard(self) -> bool:
        """Above the reading age that is meant."""
        return self.words >= MEASURED_WORDS and round(self.age, 1) > self.age_max


@dataclass(frozen=True)
class Bubble:
    """One message on the phone."""

    own: bool
    html: Markup
    urgent: bool = False
    rows: tuple[tuple[tuple[str, str, bool], ...], ...] = ()
    """Buttons: words, address, and whether it is "Help now"."""
    anchor: str = ""
    measures: Measures | None = None
    says: str = ""
    """What this part is called, to those who edit it."""


@dataclass(frozen=True)
class Phone:
    """Shows messages of one language to somebody of one age."""

    guidance: Guidance
    age: AgeBand | None
    place: Callable[[str], tuple[str, str] | None]
    """Where a topic's page is (language and file name), by its id."""
    here: str = ""
    """The id of the topic whose whole conversation is on the page."""
    said: MessageMarkup = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", MessageMarkup(self.guidance.wording, tuple(self.guidance.helplines.values())))

    @property
    def urgent_title(self) -> str:
        """Over the emergency card."""
        return self.guidance.wording.say["web-urgent"]

    def own(self, words: str, anchor: str = "") -> Bubble:
        """What the young person says or presses."""
        return Bubble(True, Markup('<p class="words">{}</p>').format(words), anchor=anchor)

    def bot(self, message: Outgoing, measures: Measures | None = None, says: str = "") -> Bubble:
        """What the bot says."""
        html = Markup(self.said.html(message.text, commands=True))  # noqa: S704 - escaped there
        if message.urgent:
            call = self.guidance.wording.say["web-call"].format(number=EMERGENCY)
            html = (
                Markup('<p class="title">{}</p><p><a class="call" href="tel:{}">{}</a></p>').format(
                    self.urgent_title, EMERGENCY, call
                )
                + html
            )
        rows = tuple(tuple(self._button(button) for button in row) for row in message.buttons if row)
        return Bubble(False, html, message.urgent, rows, measures=measures, says=says)

    def pressed(self, press: str) -> list[Bubble]:
        """What a button gets."""
        return [self.bot(message) for message in self._press(press)]

    def topic(self, topic: Topic) -> list[Bubble]:
        """A topic from its first message to its last step, with helplines and the way to report."""
        younger = self.age is AgeBand.UNDER_11 and topic.answer.younger is not None
        said = topic.answer.younger if self.age is AgeBand.UNDER_11 and topic.answer.younger else topic.answer
        names = naming({line.name.split(" (")[0] for line in self.guidance.helplines.values()})

        def measured(text: str, most: int) -> Measures:
            found = measure(text, names)
            wanted = YOUNGER_AGE if younger else AGE
            return Measures(len(text), most, found.words, found.sentences, found.age, wanted)

        bubbles = [self.own(topic.title, "first")]
        for message in self._press(f"topic:{topic.id}"):
            first = None if message.urgent else measured(said.first, FIRST_MAX)
            bubbles.append(self.bot(message, first, "First message" if first else ""))
        for number, step in enumerate(said.steps, start=1):
            bubbles.append(self.own(step.button, f"step-{number}"))
            measures = measured(step.say, STEP_MAX)
            bubbles += [
                self.bot(each, measures, f"Step {number}") for each in self._press(f"topic:{topic.id}:{number}")
            ]
        wording = self.guidance.wording.buttons
        if topic.helplines:
            bubbles += [self.own(wording["helplines"], "lines"), *self.pressed(f"lines:{topic.id}")]
        if topic.report:
            routes = self._press(f"report:{topic.id}")
            bubbles += [self.own(wording["report"], "report"), *(self.bot(each, says=REPORTED) for each in routes)]
        return bubbles

    def _press(self, press: str) -> tuple[Outgoing, ...]:
        tongues = LanguagePacks({self.guidance.code: LanguagePack(self.guidance, _not_asked)}, self.guidance.code)
        incoming = Incoming(CHANNEL, CHANNEL, press=press)
        return AdviceFlow(tongues, incoming, Session(age=self.age, language=self.guidance.code)).press(press).messages

    def _button(self, button: Button) -> tuple[str, str, bool]:
        return button.text, self._way(button.press), button.press == HELP_NOW

    def _way(self, press: str) -> str:
        """The address of what a button leads to: on this page, another topic's, or the answer alone."""
        name, _, rest = press.partition(":")
        id_, _, step = rest.partition(":")
        if self.here and id_ == self.here:
            anchors = {"topic": f"step-{step}" if step else "first", "lines": "lines", "report": "report"}
            if name in anchors:
                return f"#{anchors[name]}"
        query = {"age": self.age.value} if self.age else {}
        if name == "topic" and (place := self.place(id_)):
            code, stem = place
            anchor = f"#step-{step}" if step else ""
            return f"/topics/{code}/{stem}" + (f"?{urlencode(query)}" if query else "") + anchor
        return "/press?" + urlencode({"language": self.guidance.code, "press": press, **query})


def _not_asked(text: str) -> Interpretation:
    raise AssertionError("a button is no text")
