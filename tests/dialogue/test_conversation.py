"""What answers what: every press, every command, every kind of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.language_pack import LanguagePack
from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.dialogue.session import SENT_MAX, AgeBand, Fragment, Session
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.model import Guidance, Sign
from safetybot.matching.interpreter import Interpretation
from safetybot.matching.matcher import Decision
from safetybot.understanding.understanding import Understanding
from tests.talking import Phrasebook, buttons, presses

HOUR = 500_000


@dataclass
class Talk:
    """One chat with the conversation alone: no service, no files."""

    conversation: Conversation
    session: Session = field(default_factory=Session)
    fragment: Fragment | None = None

    def _respond(self, incoming: Incoming) -> Turn:
        turn = self.conversation.respond(incoming, Memory(self.session, self.fragment), HOUR * 60, offered=False)
        self.session, self.fragment = turn.session, turn.fragment
        return turn

    def say(self, text: str, message_id: int | None = None, language: str | None = "en") -> Turn:
        return self._respond(Incoming("web", "1", text=text, message_id=message_id, language=language))

    def press(self, press: str) -> Turn:
        return self._respond(Incoming("web", "1", press=press, language="en"))

    def send_picture(self, message_id: int | None = None) -> Turn:
        return self._respond(Incoming("web", "1", refused=True, message_id=message_id, language="en"))


@pytest.fixture
def talk(understanding: Understanding) -> Talk:
    return Talk(understanding.conversation)


def only(turn: Turn) -> Outgoing:
    (message,) = turn.messages
    return message


def said(english: Guidance, name: str) -> str:
    return english.wording.say[name]


# Everything that a chat may have been through before somebody is in danger.
STATES: dict[str, Callable[[Talk, Phrasebook], object]] = {
    "new": lambda talk, texts: None,
    "greeted": lambda talk, texts: talk.say("/start"),
    "answered": lambda talk, texts: talk.press("topic:sextortion:1"),
    "unsure": lambda talk, texts: talk.say(texts.unsure),
    "asked to say it another way": lambda talk, texts: talk.press("none"),
    "offered people": lambda talk, texts: [talk.press("none"), talk.press("none")],
    "asked for the age": lambda talk, texts: talk.say("/age"),
    "asked whether safe": lambda talk, texts: talk.say(texts.checks[0]),
    "said safe": lambda talk, texts: talk.press("safe:yes"),
    "choosing a language": lambda talk, texts: talk.say("/language"),
    "under 11": lambda talk, texts: talk.press("age:under-11"),
    "adult": lambda talk, texts: talk.press("age:adult"),
    "sent a picture": lambda talk, texts: talk.send_picture(),
    "hid": lambda talk, texts: talk.say("/hide"),
    "insulted": lambda talk, texts: talk.say("you are a stupid bot"),
    "in a fragment": lambda talk, texts: setattr(talk, "fragment", Fragment("so basically")),
}


class TestDanger:
    @pytest.mark.parametrize("state", STATES)
    def test_an_emergency_gets_the_card_first_in_every_state(
        self, talk: Talk, phrasebook: Phrasebook, state: str
    ) -> None:
        STATES[state](talk, phrasebook)
        turn = talk.say(phrasebook.emergencies[0])
        first, *rest = turn.messages
        assert first.urgent
        assert "999" in first.text
        assert rest
        assert not any(message.urgent for message in rest)  # the card once is enough
        assert ("danger", "") in turn.counts

    @pytest.mark.parametrize(
        "form", ["{}", "/help {}", "/start {}", "/{}", "/unknown {}", "{}!!! 😭", "HELP {}", "  {}  "]
    )
    def test_in_whatever_form_it_is_written(self, talk: Talk, phrasebook: Phrasebook, form: str) -> None:
        for text in phrasebook.emergencies:
            assert talk.say(form.format(text)).messages[0].urgent, text

    def test_at_the_end_of_a_text_too_long_to_read(self, talk: Talk, phrasebook: Phrasebook) -> None:
        turn = talk.say("my day was ok. " * 600 + phrasebook.emergencies[0])
        assert [message.urgent for message in turn.messages] == [True, False]

    def test_a_check_in_follows_the_answer(self, talk: Talk, phrasebook: Phrasebook, english: Guidance) -> None:
        assert phrasebook.checks
        for text in phrasebook.checks:
            talk.session = Session()
            turn = talk.say(text)
            *answer, last = turn.messages
            assert answer
            assert last.text == said(english, "safety-check")
            assert presses(last) == ["safe:yes", "safe:no", "safe:unsure", "now"]
            assert not any(message.urgent for message in turn.messages)
            assert ("check", "") in turn.counts

    @pytest.mark.parametrize("answer", ["no", "unsure", "", "yes ", "maybe"])
    def test_whoever_does_not_say_yes_gets_the_card(self, talk: Talk, answer: str) -> None:
        assert only(talk.press(f"safe:{answer}")).urgent

    def test_whoever_is_safe_is_told_what_to_do_if_that_changes(self, talk: Talk, english: Guidance) -> None:
        message = only(talk.press("safe:yes"))
        assert message.text == said(english, "safety-yes")
        assert not message.urgent

    def test_an_emergency_topic_brings_the_card_however_it_is_reached(self, talk: Talk) -> None:
        for turn in (talk.press("topic:immediate-danger"), talk.say("/start immediate-danger")):
            assert [message.urgent for message in turn.messages] == [True, False]

    @pytest.mark.parametrize("ask", [lambda talk: talk.press("now"), lambda talk: talk.say("/urgent")])
    def test_help_now_is_the_card_alone(self, talk: Talk, ask: Callable[[Talk], Turn]) -> None:
        turn = ask(talk)
        assert only(turn).urgent
        assert turn.counts == (("card-asked", ""),)

    def test_an_emergency_is_remembered_by_a_fragment_after_it(self, talk: Talk, phrasebook: Phrasebook) -> None:
        talk.fragment = Fragment(phrasebook.emergencies[0])
        assert talk.say("please").messages[0].urgent


class TestFreeText:
    def test_an_answer(self, talk: Talk, phrasebook: Phrasebook, english: Guidance) -> None:
        for topic, text in phrasebook.asks.items():
            talk.session = Session(age_asked=True, misses=2)
            turn = talk.say(text)
            assert only(turn).text.startswith(english.topics[topic].answer.first[:20])
            assert turn.counts == (("answer", topic),)
            assert turn.fragment == (None if topic == "greeting" else Fragment(answered=topic)), "no words are kept"
            assert turn.session.misses == 0

    def test_the_age_is_asked_once_after_an_answer_that_depends_on_it(
        self, talk: Talk, phrasebook: Phrasebook, english: Guidance
    ) -> None:
        text = phrasebook.asks["cyberbullying"]
        answer, ask = talk.say(text).messages
        assert answer.text.startswith("That sounds really hard")
        assert ask.text == said(english, "age")
        assert "age:under-11:cyberbullying" in presses(ask)
        assert len(talk.say(text).messages) == 1

    def test_it_is_not_asked_where_it_changes_nothing(self, talk: Talk, phrasebook: Phrasebook) -> None:
        for topic in ("passwords", "greeting"):
            assert len(talk.say(phrasebook.asks[topic]).messages) == 1
        assert not talk.session.age_asked

    def test_choices(self, talk: Talk, phrasebook: Phrasebook, english: Guidance) -> None:
        turn = talk.say(phrasebook.choose)
        offered = presses(only(turn))
        assert len(offered) == 5
        assert all(press.removeprefix("topic:") in english.topics for press in offered[:3])
        assert offered[3:] == ["none", "now"]
        assert turn.fragment is not None
        assert turn.fragment.text == phrasebook.choose
        assert turn.counts == (("choose", ""),)

    def test_off_topic(self, talk: Talk, english: Guidance) -> None:
        turn = talk.say("what is the capital of France")
        assert only(turn).text == said(english, "off-topic")
        assert turn.counts == (("off-topic", ""),)

    def test_an_insult(self, talk: Talk, english: Guidance) -> None:
        assert only(talk.say("you are a stupid bot")).text == said(english, "insult")

    def test_an_insult_after_an_unsure_text(self, talk: Talk, phrasebook: Phrasebook, english: Guidance) -> None:
        talk.say(phrasebook.unsure)
        assert only(talk.say("you are a stupid bot")).text == said(english, "insult")

    @pytest.mark.parametrize("text", ["😭😭", "?!?!", "…", "🙃"])
    def test_only_symbols(self, talk: Talk, english: Guidance, text: str) -> None:
        # The little matcher of these tests may find even this worrying, and show the card or ask whether they are safe.
        assert said(english, "only-symbols") in [message.text for message in talk.say(text).messages]

    def test_too_long(self, talk: Talk, english: Guidance) -> None:
        turn = talk.say("my password is too easy. " * 200)
        assert only(turn).text == said(english, "too-long")
        assert turn.fragment is None

    @pytest.mark.parametrize("text", ["помогите мне пожалуйста", "助けて", "mae rhywun yn bygwth rhannu fy lluniau"])
    @pytest.mark.parametrize("fragment", [None, Fragment("I am stuck and nobody helps me with this stupid thing")])
    def test_a_script_or_language_it_does_not_know_gets_the_card(
        self, talk: Talk, english: Guidance, text: str, fragment: Fragment | None
    ) -> None:
        talk.fragment = fragment
        card, words = talk.say(text).messages
        assert card.urgent
        assert words.text == said(english, "other-language")

    def test_pretty_letters_are_read(self, talk: Talk, phrasebook: Phrasebook) -> None:
        text = phrasebook.asks["passwords"]
        pretty = "".join(chr(0x1D41A + ord(c) - ord("a")) if "a" <= c <= "z" else c for c in text)
        assert talk.say(pretty).counts == (("answer", "passwords"),)


class TestFragments:
    def test_they_are_read_together(self, talk: Talk, phrasebook: Phrasebook) -> None:
        first, second, topic = phrasebook.fragments
        assert ("answer", topic) not in talk.say(first).counts
        assert ("answer", topic) in talk.say(second).counts
        assert talk.fragment == Fragment(answered=topic)

    def test_without_the_first_the_second_is_nothing(self, talk: Talk, phrasebook: Phrasebook) -> None:
        _, second, topic = phrasebook.fragments
        assert ("answer", topic) not in talk.say(second).counts

    def test_a_text_that_is_clear_by_itself_is_read_by_itself(self, talk: Talk, phrasebook: Phrasebook) -> None:
        talk.fragment = Fragment(phrasebook.unsure)
        assert ("answer", "passwords") in talk.say(phrasebook.asks["passwords"]).counts

    def test_they_never_add_up_to_a_text_too_long_to_read(self, talk: Talk, phrasebook: Phrasebook) -> None:
        talk.fragment = Fragment(f"{phrasebook.unsure} " * 300)
        talk.fragment = Fragment(talk.fragment.text[:3_999])
        turn = talk.say(phrasebook.asks["passwords"])
        assert ("answer", "passwords") in turn.counts
        talk.fragment = Fragment("a " * 1_999)
        talk.session = Session()
        turn = talk.say(phrasebook.unsure)
        assert turn.fragment is not None
        assert turn.fragment.text == phrasebook.unsure
        assert "none" in presses(only(turn))

    def test_a_press_or_a_command_ends_them(self, talk: Talk, phrasebook: Phrasebook) -> None:
        for act in (lambda: talk.press("topics"), lambda: talk.say("/help"), lambda: talk.send_picture()):
            talk.fragment = Fragment(phrasebook.unsure)
            act()
            assert talk.fragment is None


class TestAfterAnAnswer:
    """What is not clear by itself may be about the topic that was just answered."""

    @pytest.mark.parametrize("before", ["said", "pressed", "read on"])
    def test_that_is_offered_first(self, talk: Talk, phrasebook: Phrasebook, english: Guidance, before: str) -> None:
        topic = next(id_ for id_ in phrasebook.asks if english.topics[id_].answer.steps)
        if before == "said":
            talk.say(phrasebook.asks[topic])
        else:
            talk.press(f"topic:{topic}" if before == "pressed" else f"topic:{topic}:1")
        turn = talk.say(phrasebook.unsure)
        offered = presses(only(turn))
        assert offered[0] == f"topic:{topic}"
        assert len(offered) == len(set(offered)) == 5
        assert turn.counts == (("choose", ""),)
        assert turn.fragment is not None
        assert turn.fragment.text == phrasebook.unsure

    def test_what_is_clear_is_answered(self, talk: Talk, phrasebook: Phrasebook) -> None:
        first, second = [topic for topic in phrasebook.asks if topic != "greeting"][:2]
        talk.say(phrasebook.asks[first])
        assert ("answer", second) in talk.say(phrasebook.asks[second]).counts

    def test_what_is_off_topic_still_is(self, talk: Talk, phrasebook: Phrasebook, english: Guidance) -> None:
        talk.say(phrasebook.asks["passwords"])
        assert only(talk.say("what is the capital of France")).text == said(english, "off-topic")

    def test_who_found_nothing_twice_is_shown_people(self, talk: Talk, phrasebook: Phrasebook) -> None:
        for _ in range(4):
            talk.press("none")
        talk.press("topic:sextortion:1")
        assert "85258" in only(talk.say(phrasebook.unsure)).text

    def test_a_topic_that_is_gone_is_not_offered(self, talk: Talk, phrasebook: Phrasebook) -> None:
        talk.fragment = Fragment(answered="no-longer-there")
        assert "topic:no-longer-there" not in presses(only(talk.say(phrasebook.unsure)))

    def test_how_a_chat_begins_does_not_begin_it_anew(self, talk: Talk, phrasebook: Phrasebook) -> None:
        """ "idk" and "how" are answered with a greeting, where nothing came before."""
        talk.say(phrasebook.asks["passwords"])
        offered = presses(only(talk.say(phrasebook.asks["greeting"])))
        assert offered[0] == "topic:passwords"
        assert "topic:greeting" not in offered

    def test_a_greeting_is_nothing_to_come_back_to(self, talk: Talk, phrasebook: Phrasebook) -> None:
        talk.say(phrasebook.asks["greeting"])
        assert talk.fragment is None


class TestNotSure:
    """Choices, then one invitation to say it another way, then people."""

    def unsure(self, talk: Talk, phrasebook: Phrasebook) -> str:
        talk.fragment = None  # not within two minutes
        message = only(talk.say(phrasebook.unsure))
        return self.rung(message)

    def none(self, talk: Talk) -> str:
        return self.rung(only(talk.press("none")))

    @staticmethod
    def rung(message: Outgoing) -> str:
        if "none" in presses(message):
            return "choices"
        return "people" if "85258" in message.text else "another way"

    def test_by_text_alone(self, talk: Talk, phrasebook: Phrasebook) -> None:
        rungs = [self.unsure(talk, phrasebook) for _ in range(4)]
        assert rungs == ["choices", "another way", "people", "people"]

    def test_by_none_of_these(self, talk: Talk, phrasebook: Phrasebook) -> None:
        rungs = [self.unsure(talk, phrasebook), self.none(talk), self.unsure(talk, phrasebook), self.none(talk)]
        assert rungs == ["choices", "another way", "people", "people"]

    def test_after_choices_that_were_fairly_sure(self, talk: Talk, phrasebook: Phrasebook) -> None:
        assert self.rung(only(talk.say(phrasebook.choose))) == "choices"
        assert self.none(talk) == "another way"
        assert self.unsure(talk, phrasebook) == "people"

    def test_choices_after_saying_it_another_way_lead_to_people(self, talk: Talk, phrasebook: Phrasebook) -> None:
        assert self.none(talk) == "another way"
        talk.fragment = None
        assert self.rung(only(talk.say(phrasebook.choose))) == "choices"
        assert self.none(talk) == "people"

    @pytest.mark.parametrize("found", ["asked", "chosen"])
    def test_an_answer_begins_anew(self, talk: Talk, phrasebook: Phrasebook, found: str) -> None:
        self.unsure(talk, phrasebook)
        self.unsure(talk, phrasebook)
        if found == "asked":
            talk.fragment = None
            talk.say(phrasebook.asks["passwords"])
        else:
            talk.press("topic:passwords")
        assert self.unsure(talk, phrasebook) == "choices"


class TestPresses:
    def test_each_topic_and_each_of_its_buttons(self, talk: Talk, english: Guidance) -> None:
        for topic in english.topics.values():
            seen, left = set(), [f"topic:{topic.id}"]
            while left:
                press = left.pop()
                if press in seen or (press.count(":") and press.split(":")[1] != topic.id):
                    continue
                seen.add(press)
                turn = talk.press(press)
                assert turn.messages[-1].text
                assert not turn.messages[-1].text.startswith(said(english, "gone")), press
                left += presses(turn.messages[-1])
            assert f"up:{topic.id}" in seen

    @pytest.mark.parametrize(
        ("press", "count"),
        [
            ("topic:sextortion", ("chosen", "sextortion")),
            ("topic:sextortion:2", ("step", "sextortion")),
            ("lines:sextortion", ("helplines", "sextortion")),
            ("up:sextortion", ("up", "sextortion")),
            ("down:sextortion", ("down", "sextortion")),
            ("report:sextortion", ("report-routes", "")),
            ("report", ("report-routes", "")),
            ("talk", ("talk", "")),
            ("none", ("none-of-these", "")),
            ("safe:no", ("card-after-check", "")),
            ("safe:yes", ("safe", "")),
        ],
    )
    def test_what_is_counted(self, talk: Talk, press: str, count: tuple[str, str]) -> None:
        assert talk.press(press).counts == (count,)

    def test_thumbs(self, talk: Talk, english: Guidance) -> None:
        assert only(talk.press("up:passwords")).text == said(english, "thumbs-up")
        down = only(talk.press("down:passwords"))
        assert down.text == said(english, "thumbs-down")
        assert presses(down) == ["topics", "talk", "now"]

    @pytest.mark.parametrize(
        "press",
        [
            "", ":", "topic", "topic:", "topic:gone", "topic:gone:1", "topic:sextortion:0", "topic:sextortion:9",
            "topic:sextortion:x", "topic:sextortion:²", "topic:sextortion:-1", "lines:gone", "up:", "down:x:y",
            "group:gone", "group:", "lang:xx", "lang", "now:1", "none:1", "safe", "safe:yes:1", "talk:x", "age",
            "TOPIC:sextortion", "topic:sextortion" * 9, "\ud800", "🙂", "delete everything",
        ],
    )  # fmt: skip
    def test_what_does_not_work_any_more_shows_all_topics(self, talk: Talk, english: Guidance, press: str) -> None:
        message = only(talk.press(press))
        assert message.text.startswith(said(english, "gone"))
        assert presses(message)[-1] == "now"
        assert "group:images" in presses(message)

    @pytest.mark.parametrize("press", ["group:gaming", "group:gaming:1", "group:gaming:99", "group:gaming:x"])
    def test_groups(self, talk: Talk, press: str) -> None:
        message = only(talk.press(press))
        assert message.text == "Games: choose one."
        assert presses(message)[-2:] == ["topics", "now"]

    def test_a_button_needs_no_session(self, talk: Talk, english: Guidance) -> None:
        first = only(talk.press("topic:sextortion:2"))
        talk.session = Session(misses=3, age_asked=True)
        assert only(talk.press("topic:sextortion:2")) == first


class TestAge:
    def test_the_answer_is_shown_again_where_the_age_changes_it(self, talk: Talk) -> None:
        saved, answer = talk.press("age:under-11:cyberbullying").messages
        assert saved.text == "Thanks."
        assert answer.text.startswith("It is not your fault. Show a grown-up")
        assert talk.session.age is AgeBand.UNDER_11

    @pytest.mark.parametrize(
        "press", ["age:14-17:cyberbullying", "age:under-11:passwords", "age:under-11", "age:adult:gone"]
    )
    def test_and_only_there(self, talk: Talk, english: Guidance, press: str) -> None:
        assert only(talk.press(press)).text == said(english, "age-saved")

    @pytest.mark.parametrize("press", ["age:skip", "age:skip:cyberbullying", "age:99"])
    def test_it_can_be_skipped(self, talk: Talk, english: Guidance, press: str) -> None:
        assert only(talk.press(press)).text == said(english, "age-skipped")
        assert talk.session.age is None
        assert talk.session.age_asked

    def test_it_can_be_changed(self, talk: Talk) -> None:
        talk.press("age:under-11")
        assert only(talk.press("topic:sextortion")).text.startswith("Someone is being unkind")
        talk.press("age:adult")
        assert only(talk.press("topic:sextortion")).text.startswith("This is blackmail")

    @pytest.mark.parametrize(
        ("band", "never"),
        [
            (None, ["Eighteen Line"]),
            ("under-11", ["Eighteen Line", "Sixteen Line", "Thirteen Line", "Parents Line", "School Line"]),
            ("11-13", ["Eighteen Line", "Sixteen Line", "Parents Line", "School Line"]),
            ("14-17", ["Eighteen Line", "Parents Line", "School Line"]),
        ],
    )
    def test_no_age_is_ever_shown_what_is_for_another(
        self, talk: Talk, english: Guidance, band: str | None, never: list[str]
    ) -> None:
        if band:
            talk.press(f"age:{band}")
        seen, left = set(), ["topics", "talk", "report", "none", *(f"topic:{id_}" for id_ in english.topics)]
        while left:
            press = left.pop()
            if press in seen or press.startswith("age:"):
                continue
            seen.add(press)
            for message in talk.press(press).messages:
                assert not [name for name in never if name in message.text], press
                left += presses(message)
        assert len(seen) > 60

    def test_adults_are_shown_what_is_for_them(self, talk: Talk) -> None:
        talk.press("age:adult")
        assert "Eighteen Line" in only(talk.press("lines:sextortion")).text


class TestCommands:
    @pytest.mark.parametrize(
        ("command", "name"),
        [("/start", "welcome"), ("/help", "help"), ("/topics", "topics"), ("/age", "age"), ("/language", "language")],
    )
    @pytest.mark.parametrize("form", ["{}", " {} ", "{}\n", "{} zebra kart"])
    def test_each(self, talk: Talk, english: Guidance, command: str, name: str, form: str) -> None:
        assert only(talk.say(form.format(command))).text == said(english, name)
        assert only(talk.say(form.format(command).upper())).text == said(english, name)

    def test_about_and_report(self, talk: Talk) -> None:
        assert only(talk.say("/about")).text.startswith("I'm a computer program")
        assert "CEOP" in only(talk.say("/report")).text

    @pytest.mark.parametrize("text", ["/", "//", "/zebra", "/ ", "/\U0001f642", "/\ud800", "/start@other"])
    def test_unknown(self, talk: Talk, english: Guidance, text: str) -> None:
        assert only(talk.say(text)).text == said(english, "unknown-command")

    @pytest.mark.parametrize(
        ("payload", "count"),
        [
            ("sextortion", ("chosen", "sextortion")),
            ("passwords", ("chosen", "passwords")),
            ("report", ("report-routes", "")),
            ("urgent", ("card-asked", "")),
            ("", ("start", "")),
            ("gone", ("start", "")),
            ("x" * 64, ("start", "")),
        ],
    )
    def test_links_to_the_bot(self, talk: Talk, payload: str, count: tuple[str, str]) -> None:
        assert count in talk.say(f"/start {payload}").counts

    def test_asking_for_the_age_counts_as_asked(self, talk: Talk, phrasebook: Phrasebook) -> None:
        talk.say("/age")
        assert len(talk.say(phrasebook.asks["cyberbullying"]).messages) == 1


class TestLanguage:
    def test_the_channels_language_is_spoken(self, talk: Talk) -> None:
        for code in ("cy", "CY", "cy-GB"):
            message = only(talk.say("/start", language=code))
            assert message.text == "Helo. Dweda beth sy'n dy boeni di ar-lein."
            assert buttons(message)[-1].text == "Help nawr"

    @pytest.mark.parametrize("code", [None, "", "de", "x", "\ud800", "zh-Hant-TW"])
    def test_else_the_first(self, talk: Talk, english: Guidance, code: str | None) -> None:
        assert only(talk.say("/start", language=code)).text == said(english, "welcome")

    def test_what_is_missing_is_said_in_the_first(self, talk: Talk, english: Guidance) -> None:
        assert only(talk.say("/help", language="cy")).text == said(english, "help")
        assert only(talk.press("topic:passwords")).text == english.topics["passwords"].answer.first

    def test_it_understands_by_itself(self, talk: Talk) -> None:
        turn = talk.say("mae rhywun yn fy mlacmelio i", language="cy")
        assert any(message.text.startswith("Blacmel yw hyn") for message in turn.messages)

    def test_it_can_be_chosen_and_then_comes_before_the_channels(self, talk: Talk, english: Guidance) -> None:
        ask = only(talk.say("/language"))
        assert [(button.text, button.press) for button in buttons(ask)][:2] == [
            ("English", "lang:en"),
            ("Cymraeg", "lang:cy"),
        ]
        changed = only(talk.press("lang:cy"))
        assert buttons(changed)[-1].text == "Help nawr"
        assert only(talk.say("/start", language="en")).text.startswith("Helo.")
        talk.press("lang:en")
        assert only(talk.say("/start", language="cy")).text == said(english, "welcome")

    def test_one_that_has_gone_is_no_trouble(self, talk: Talk, english: Guidance) -> None:
        talk.session = Session(language="gd")
        assert only(talk.say("/start", language="en")).text == said(english, "welcome")

    def test_an_emergency_in_english_is_heard_in_another_language(self, talk: Talk, phrasebook: Phrasebook) -> None:
        for text in phrasebook.emergencies:
            assert talk.say(text, language="cy").messages[0].urgent, text


class TestRefused:
    def test_kindly_with_report_remove_and_deleted(self, talk: Talk, english: Guidance) -> None:
        turn = talk.send_picture(message_id=7)
        message = only(turn)
        assert message.text.startswith(said(english, "refused"))
        assert "[website](https://www.childline.org.uk/remove)" in message.text
        assert turn.delete == (7,)
        assert turn.counts == (("refused", ""),)

    def test_where_the_channel_has_no_number_nothing_is_deleted(self, talk: Talk) -> None:
        assert talk.send_picture().delete == ()


class TestHide:
    def test_all_numbers_known_are_deleted(self, talk: Talk, english: Guidance) -> None:
        talk.say("hello", message_id=1)
        talk.session = talk.session.with_sent((2, 3), HOUR)
        turn = talk.say("/hide", message_id=4)
        assert turn.delete == (1, 2, 3, 4)
        assert only(turn).text == said(english, "hide-done")
        assert turn.undeleted is not None
        assert turn.undeleted.text == said(english, "hide-partly")

    def test_the_numbers_are_kept_until_they_are_deleted(self, talk: Talk) -> None:
        talk.say("hello", message_id=1)
        assert talk.say("/hide", message_id=2).delete == (1, 2)
        assert talk.say("/hide", message_id=3).delete == (1, 2, 3)

    def test_where_there_are_none_it_says_so(self, talk: Talk, english: Guidance) -> None:
        turn = talk.say("/hide")
        assert only(turn).text == said(english, "hide-nothing")
        assert turn.delete == ()

    def test_where_there_were_too_many_to_remember_it_says_so(self, talk: Talk, english: Guidance) -> None:
        talk.session = talk.session.with_sent(range(SENT_MAX + 1), HOUR)
        turn = talk.say("/hide")
        assert only(turn).text == said(english, "hide-partly")
        assert len(turn.delete) == SENT_MAX
        assert turn.undeleted is None


def test_everything_else_in_the_session_stays(talk: Talk, phrasebook: Phrasebook) -> None:
    talk.session = Session(language="en", age=AgeBand.FROM_14, age_asked=True, sent=((1, HOUR),))
    for turn in (
        lambda: talk.say(phrasebook.asks["passwords"]),
        lambda: talk.press("topics"),
        lambda: talk.say("/hide"),
        lambda: talk.say("you are a stupid bot"),
        lambda: talk.send_picture(),
    ):
        before = talk.session
        turn()
        assert replace(talk.session, misses=0) == replace(before, misses=0)


def test_the_phrasebook_is_what_it_says(phrasebook: Phrasebook) -> None:
    assert len(phrasebook.emergencies) >= 4
    assert len(phrasebook.checks) >= 2
    assert {"passwords", "cyberbullying", "greeting"} <= phrasebook.asks.keys()
    assert phrasebook.means(phrasebook.unsure).match.decision is Decision.UNSURE
    assert phrasebook.means(phrasebook.choose).match.decision is Decision.CHOOSE
    assert all(phrasebook.means(text).danger.sign is Sign.EMERGENCY for text in phrasebook.emergencies)


class TestWhatWillHaveToBeUnderstood:
    """Said beforehand, for who understands many at once."""

    @pytest.mark.parametrize("text", ["hello", " i want to die ", "to everyone"])
    @pytest.mark.parametrize("before", [None, Fragment("they keep sending it"), Fragment(answered="sextortion")])
    def test_is_what_is_then_understood(self, english: Guidance, text: str, before: Fragment | None) -> None:
        read: list[str] = []

        def interpret(said: str) -> Interpretation:
            read.append(said)
            raise LookupError

        conversation = Conversation({"en": LanguagePack(english, interpret)}, "en")
        incoming, memory = Incoming("web", "1", text=text, language="en-GB"), Memory(Session(), before)
        code, foreseen = conversation.to_understand(incoming, memory)
        with pytest.raises(LookupError):
            conversation.respond(incoming, memory, HOUR * 60, offered=False)
        assert code == "en"
        assert read == [*foreseen[:1]]
        assert len(foreseen) == (2 if before and before.text else 1)

    @pytest.mark.parametrize(
        "incoming",
        [
            Incoming("web", "1", text="/start"),
            Incoming("web", "1", text=" "),
            Incoming("web", "1", press="topics"),
            Incoming("web", "1", refused=True),
        ],
    )
    def test_nothing_where_nobody_wrote(self, understanding: Understanding, incoming: Incoming) -> None:
        assert understanding.conversation.to_understand(incoming, Memory()) == ("en", ())
