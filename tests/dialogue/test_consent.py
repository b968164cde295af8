"""May the people who write the answers see these words: when it is asked, and what comes of each answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from safetybot.dialogue.consent import LETTERS_MAX, QUIET_MINUTES, ask
from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.draft import Draft
from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.dialogue.quoting import escape
from safetybot.dialogue.report_state import ReportState, Visit
from safetybot.dialogue.session import Fragment, Session
from safetybot.dialogue.speaker import Speaker
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.model import Guidance, Urgency
from safetybot.understanding.understanding import Understanding
from tests.talking import Phrasebook, presses

START = 500_000 * 60
DRAFT = Draft("en", dt.date(2026, 11, 24), START, "danger")


@dataclass
class Chat:
    """One chat with the conversation alone, where there are editors who could read."""

    conversation: Conversation
    session: Session = field(default_factory=Session)
    fragment: Fragment | None = None
    kept: ReportState = field(default_factory=ReportState)
    minute: int = START
    asks: bool = True

    def _respond(self, incoming: Incoming) -> Turn:
        memory = Memory(self.session, self.fragment, self.kept)
        turn = self.conversation.respond(incoming, memory, self.minute, offered=False, asks=self.asks)
        self.session, self.fragment = turn.session, turn.fragment
        return turn

    def say(self, text: str) -> Turn:
        return self._respond(Incoming("web", "1", text=text, language="en"))

    def press(self, press: str) -> Turn:
        return self._respond(Incoming("web", "1", press=press, language="en"))

    def missed_twice(self) -> Chat:
        """What comes next, where it finds nothing, is met with people."""
        self.session = replace(self.session, misses=2)
        return self


@pytest.fixture
def chat(understanding: Understanding) -> Chat:
    return Chat(understanding.conversation)


@pytest.fixture
def unsure(phrasebook: Phrasebook) -> str:
    """A text that fits nothing, of words enough."""
    return phrasebook.unsure_words


def questions(turn: Turn) -> list[Outgoing]:
    return [message for message in turn.messages if "words:yes" in presses(message)]


class TestAsked:
    def test_after_people_were_offered_and_never_instead(self, chat: Chat, unsure: str, english: Guidance) -> None:
        turn = chat.missed_twice().say(unsure)
        assert len(turn.messages) == 2
        assert turn.messages[0].text.startswith(english.wording.say["people"])
        assert questions(turn) == [turn.messages[1]]
        assert presses(turn.messages[1]) == ["words:yes", "words:no", "now"]

    def test_only_as_the_third_step(self, chat: Chat, unsure: str) -> None:
        first, second, third = chat.say(unsure), chat.say("/help"), chat.say(unsure)
        assert not any(map(questions, (first, second, third)))
        assert questions(chat.say(unsure))

    def test_none_of_these_asks_about_the_text_that_was_typed(self, chat: Chat, phrasebook: Phrasebook) -> None:
        chat.missed_twice()
        topics = chat.conversation.tongue("en").guidance.topics
        # Where the nearest is an emergency it is not asked (below).
        offered = next(
            text
            for text in _choosing(phrasebook)
            if topics[phrasebook.means(text).match.choices[0].topic].urgency is not Urgency.EMERGENCY
        )
        assert not questions(chat.say(offered))
        turn = chat.press("none")
        (question,) = questions(turn)
        assert chat.fragment
        assert chat.fragment.asking
        assert question == turn.messages[-1]

    def test_exactly_what_would_be_kept_is_shown(self, chat: Chat, english: Guidance) -> None:
        text = "what do I do if *he* says jakey_09 told Zebedee about it"
        asked = ask(Speaker(english), chat.conversation.tongue("en"), text, "passwords")
        assert asked
        question, fragment = asked
        assert fragment.text == ""
        assert fragment.asking
        words = fragment.asking.text
        assert "jakey" not in words
        assert "ebedee" not in words
        assert escape(words) in question.text
        assert (fragment.asking.topic, fragment.asking.language) == ("passwords", "en")

    def test_not_where_the_nearest_topic_is_an_emergency(self, chat: Chat, unsure: str, english: Guidance) -> None:
        tongue = chat.conversation.tongue("en")
        assert ask(Speaker(english), tongue, unsure, "")
        assert ask(Speaker(english), tongue, unsure, "immediate-danger") is None

    def test_once_in_a_session(self, chat: Chat, unsure: str) -> None:
        assert questions(chat.missed_twice().say(unsure))
        assert not questions(chat.say(unsure))
        assert not questions(chat.press("none"))

    def test_not_without_anybody_to_read_it(self, chat: Chat, unsure: str) -> None:
        chat.asks = False
        turn = chat.missed_twice().say(unsure)
        assert len(turn.messages) == 1
        assert chat.fragment
        assert chat.fragment.asking is None

    def test_the_count_needs_no_consent(self, chat: Chat, unsure: str, phrasebook: Phrasebook) -> None:
        chat.asks = False
        turn = chat.missed_twice().say(unsure)
        assert ("unanswered", phrasebook.means(unsure).match.choices[0].topic) in turn.counts


def _choosing(phrasebook: Phrasebook) -> list[str]:
    topics = phrasebook.understanding.conversation.tongue("en").guidance.topics.values()
    halves = (" ".join(ask.split()[:length]) for topic in topics for ask in topic.asks for length in (3, 4, 5))
    texts = [text for text in halves if phrasebook.means(text).match.decision.value == "choose"]
    return [text for text in texts if phrasebook.means(text).danger.sign.value == "none"]


NEVER: dict[str, Callable[[Chat, Phrasebook], object]] = {
    "an emergency": lambda chat, texts: chat.say(texts.emergencies[0]),
    "a check-in": lambda chat, texts: chat.say(texts.checks[0]),
    "the card was asked for": lambda chat, texts: chat.press("now"),
    "urgent": lambda chat, texts: chat.say("/urgent"),
    "not safe": lambda chat, texts: chat.press("safe:no"),
    "a topic that is an emergency": lambda chat, texts: chat.press("topic:immediate-danger"),
}


@pytest.mark.parametrize("before", NEVER)
def test_not_soon_after_danger(chat: Chat, phrasebook: Phrasebook, unsure: str, before: str) -> None:
    NEVER[before](chat, phrasebook)
    chat.fragment = None
    chat.minute += QUIET_MINUTES - 1
    assert not questions(chat.missed_twice().say(unsure))
    chat.minute += 1
    assert questions(chat.say(unsure))


@pytest.mark.parametrize(
    "text",
    [
        "помогите мне пожалуйста сейчас",
        "mae rhywun yn fy mlacmelio i heno eto",
        "😭😭😭",
        "you are a stupid bot",
        "so " * 3_000,
        "hm",
    ],
)
def test_not_about_what_is_no_question(chat: Chat, text: str) -> None:
    assert not questions(chat.missed_twice().say(text))


def test_not_about_a_story(chat: Chat, unsure: str) -> None:
    assert not questions(chat.missed_twice().say(f"{unsure} " * (LETTERS_MAX // len(unsure) + 1)))


def test_not_with_danger_in_it(chat: Chat, phrasebook: Phrasebook) -> None:
    for text in (*phrasebook.emergencies, *phrasebook.checks):
        assert not questions(chat.missed_twice().say(text))


@pytest.mark.parametrize("open_", ["draft", "visit"])
def test_not_while_a_report_or_a_case_is_open(chat: Chat, unsure: str, open_: str) -> None:
    draft = DRAFT if open_ == "draft" else None
    chat.kept = ReportState(draft=draft, visit=Visit(START, said="x") if open_ == "visit" else None)
    assert not questions(chat.missed_twice().say(unsure))


class TestAnswered:
    @pytest.fixture
    def asked(self, chat: Chat, unsure: str) -> Chat:
        chat.missed_twice().say(unsure)
        assert chat.fragment
        assert chat.fragment.asking
        return chat

    def test_yes_keeps_what_was_shown(self, asked: Chat, english: Guidance) -> None:
        assert asked.fragment
        waiting = asked.fragment.asking
        turn = asked.press("words:yes")
        assert turn.messages[0].text == english.wording.say["words-kept"]
        assert waiting
        assert turn.keep
        assert (turn.keep.id, turn.keep.text, turn.keep.topic) == (waiting.id, waiting.text, waiting.topic)
        assert turn.fragment
        assert turn.fragment.asking
        assert turn.fragment.asking.text == ""

    def test_yes_twice_keeps_once(self, asked: Chat) -> None:
        first, second = asked.press("words:yes"), asked.press("words:yes")
        assert first.messages == second.messages
        assert first.keep is not None
        assert second.keep is None

    def test_no_forgets(self, asked: Chat, english: Guidance) -> None:
        turn = asked.press("words:no")
        assert turn.messages[0].text == english.wording.say["words-no"]
        assert (turn.keep, turn.fragment) == (None, None)

    @pytest.mark.parametrize("doing", ["hello", "/hide", "/stop", "press:topics", "press:now", "press:words:maybe"])
    def test_anything_else_forgets(self, asked: Chat, doing: str, english: Guidance) -> None:
        turn = asked.press(doing[6:]) if doing.startswith("press:") else asked.say(doing)
        assert turn.keep is None
        assert asked.fragment is None or asked.fragment.asking is None
        turn = asked.press("words:yes")
        assert turn.messages[0].text == english.wording.say["words-gone"]
        assert turn.keep is None

    def test_a_yes_out_of_nowhere_keeps_nothing(self, chat: Chat) -> None:
        assert chat.press("words:yes").keep is None
        assert chat.press("words:no").keep is None
        assert chat.press("words").messages
