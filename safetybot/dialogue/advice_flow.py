"""Answers one Incoming with advice: danger first, then a button, a command, and last a free text.

Pure: everything it needs comes in, everything it decides comes out as a Turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from safetybot.dialogue import advice, consent
from safetybot.dialogue.language_pack import LanguagePacks
from safetybot.dialogue.messages import Button, Incoming, Outgoing
from safetybot.dialogue.session import AgeBand, Fragment, Session
from safetybot.dialogue.speaker import HELP_NOW, Speaker
from safetybot.dialogue.text_checks import is_only_symbols, is_other_script, is_too_long
from safetybot.dialogue.turn import Turn
from safetybot.guidance.model import Group, Sign, Topic, Urgency
from safetybot.matching.danger import GRAVITY
from safetybot.matching.interpreter import Interpretation
from safetybot.matching.matcher import Decision

ABOUT_TOPIC = "about-this-bot"
GREETING = "greeting"
REPORT_REMOVE = "report-remove"
ASK_ANOTHER_WAY, OFFER_PEOPLE = 1, 2
"""Misses so far after which the next one is met with that; before, with the nearest topics."""


class AdviceFlow:
    """One turn of one chat, as far as it is about advice."""

    def __init__(
        self,
        tongues: LanguagePacks,
        incoming: Incoming,
        session: Session,
        fragment: Fragment | None = None,
        *,
        asks: bool = False,
    ) -> None:
        """``fragment``: of the last minutes; ``asks``: they may be asked whether editors may see their words."""
        self._tongues = tongues
        self._incoming = incoming
        self._session = session
        self._fragment = fragment
        self._asks = asks
        self._tongue = tongues.every[tongues.code(session.language, incoming.language)]
        self._guidance = self._tongue.guidance
        self._speaker = Speaker(self._guidance, session.age)

    # --- What channels never open ------------------------------------------------------------------------------

    def refuse(self) -> Turn:
        """A picture or file came: say kindly that it is not looked at, and have it deleted."""
        lines = self._speaker.helplines((REPORT_REMOVE,))
        text = "\n\n".join(part for part in (self._speaker.say("refused"), self._speaker.brief(lines)) if part)
        message = self._speaker.message(text, (self._button("topics"), self._button("talk")))
        delete = (self._incoming.message_id,) if self._incoming.message_id is not None else ()
        return Turn((message,), self._session, counts=(("refused", ""),), delete=delete)

    # --- Buttons -----------------------------------------------------------------------------------------------

    def press(self, press: str) -> Turn:
        """A button. It carries all it needs, so one of last year works as long as what it names is there."""
        name, *rest = press.split(":")
        match name, rest:
            case ("now", []):
                return self._turn(self._speaker.card(), count="card-asked")
            case ("topics", []):
                return self._turn(advice.groups(self._speaker))
            case ("talk", []):
                return self._turn(advice.talk(self._speaker), count="talk")
            case ("none", []):
                return self._none_of_these()
            case ("group", [wanted, *page]) if wanted in list(Group):
                return self._turn(advice.group(self._speaker, Group(wanted), _number(page)))
            case (consent.PREFIX, [answer]):
                return consent.answered(self._speaker, self._session, self._fragment, answer)
            case ("safe", [answer]):
                return self._safe(answer)
            case ("age", [band, *topic]):
                return self._age(band, self._topic(topic))
            case ("lang", [code]) if code in self._tongues.names:
                return self._change_language(code)
            case ("report", topic):
                return self._turn(advice.report_routes(self._speaker, self._topic(topic)), count="report-routes")
            case (("topic" | "lines" | "up" | "down"), [id_, *step]) if id_ in self._guidance.topics:
                return self._about(name, self._guidance.topics[id_], step)
        return self._gone()

    def _about(self, name: str, topic: Topic, step: list[str]) -> Turn:
        match name:
            case "lines":
                return self._turn(advice.helplines(self._speaker, topic), count="helplines", topic=topic)
            case "up":
                return self._turn(advice.simple(self._speaker, "thumbs-up"), count="up", topic=topic)
            case "down":
                return self._turn(advice.thumbs_down(self._speaker), count="down", topic=topic)
        if step:
            message = advice.step(self._speaker, topic, _number(step))
            if message is None:
                return self._gone()
            return replace(self._turn(message, count="step", topic=topic), fragment=_context(topic))
        return self._answer(topic, chosen=True)

    def _none_of_these(self) -> Turn:
        if self._session.misses >= OFFER_PEOPLE:
            fragment = self._fragment or Fragment()
            turn = self._turn(advice.people(self._speaker), session=self._missed(), count="people")
            turn = replace(turn, counts=(*turn.counts, ("unanswered", fragment.topic)))
            return self._asking(turn, fragment.text, fragment.topic) if fragment.text else turn
        session = self._missed(ASK_ANOTHER_WAY)
        return self._turn(advice.say_another_way(self._speaker), session=session, count="none-of-these")

    def _safe(self, answer: str) -> Turn:
        if answer == "yes":
            return self._turn(advice.simple(self._speaker, "safety-yes"), count="safe")
        return self._turn(self._speaker.card(), count="card-after-check")

    def _age(self, band: str, topic: Topic | None) -> Turn:
        if band not in list(AgeBand):
            skipped = replace(self._session, age_asked=True)
            return self._turn(advice.simple(self._speaker, "age-skipped"), session=skipped)
        before = self._speaker
        session = replace(self._session, age=AgeBand(band), age_asked=True)
        self._speaker = Speaker(self._guidance, session.age)
        messages = [advice.simple(self._speaker, "age-saved")]
        if topic and self._speaker.answer(topic) != before.answer(topic):
            messages = [Outgoing(self._speaker.say("age-saved")), advice.answer(self._speaker, topic)]
        return Turn(tuple(messages), session)

    def _change_language(self, code: str) -> Turn:
        session = replace(self._session, language=code)
        self._speaker = Speaker(self._tongues.every[code].guidance, session.age)
        return Turn((advice.simple(self._speaker, "language-saved"),), session)

    def _gone(self) -> Turn:
        message = advice.groups(self._speaker)
        return self._turn(replace(message, text=f"{self._speaker.say('gone')}\n\n{message.text}"))

    # --- Commands ----------------------------------------------------------------------------------------------

    def command(self, text: str) -> Turn:
        """A command. Words behind one, or behind a slash alone, may still be a cry for help, so they are judged."""
        name, *rest = text[1:].split(maxsplit=1) or [""]
        words = "".join(rest)
        if name.lower() == "start" and (linked := self._linked(words)):
            return linked
        turn = self._known(name.lower())
        said = words if turn else text
        if said and self._tongue.interpret(said).danger.sign is not Sign.NONE:
            return self.free_text(said)
        return turn or self._turn(advice.simple(self._speaker, "unknown-command"))

    def _known(self, name: str) -> Turn | None:
        match name:
            case "start":
                return self._turn(advice.simple(self._speaker, "welcome"), count="start")
            case "help":
                return self._turn(advice.simple(self._speaker, "help"))
            case "topics":
                return self._turn(advice.groups(self._speaker))
            case "urgent":
                return self._turn(self._speaker.card(), count="card-asked")
            case "about" if ABOUT_TOPIC in self._guidance.topics:
                return self._answer(self._guidance.topics[ABOUT_TOPIC], chosen=True)
            case "report":
                return self._turn(advice.report_routes(self._speaker, None), count="report-routes")
            case "age":
                return self._turn(advice.ask_age(self._speaker), session=replace(self._session, age_asked=True))
            case "language":
                return self._ask_language()
            case "hide":
                return self._hide()
        return None

    def _linked(self, payload: str) -> Turn | None:
        """What a link to the bot asks for (``/start sextortion``), where that is something we have."""
        if payload in ("report", "urgent"):
            return self._known(payload)
        topic = self._guidance.topics.get(payload)
        return self._answer(topic, chosen=True) if topic else None

    def _ask_language(self) -> Turn:
        rows = [(Button(name, f"lang:{code}"),) for code, name in self._tongues.names.items()]
        return self._turn(self._speaker.message(self._speaker.say("language"), *rows))

    def _hide(self) -> Turn:
        numbers = tuple(number for number, _ in self._session.sent)
        # What was just written by "/hide" itself is among the numbers; with nothing else there is nothing to say.
        if not numbers:
            return self._turn(advice.simple(self._speaker, "hide-nothing"))
        partly = advice.simple(self._speaker, "hide-partly")
        complete = self._session.overflowed is None
        # The numbers stay in the session until the channel has deleted the messages, lest a crash now loses them.
        return Turn(
            (advice.simple(self._speaker, "hide-done") if complete else partly,),
            self._session,
            counts=(("hide", ""),),
            delete=numbers,
            undeleted=partly if complete else None,
        )

    # --- Free text ---------------------------------------------------------------------------------------------

    def free_text(self, text: str, *, after: str = "") -> Turn:
        """Own words: danger first, then the answer that fits, or the nearest topics, or people.

        ``after``: a text just before it that found no answer by itself. Where that before it was answered, what is not
        clear by itself is taken to be about the same, or else about what it is nearest to: they are asked which. (Of
        160 messages that go on after another, 91 % then get the right topic, or are offered it, instead of 81 %; of 74
        about something new, as many as before.)
        """
        meant = self._tongue.interpret(text)
        *before, whole = readings(text, after)
        if before:
            meant = _joined(meant, self._tongue.interpret(whole))
        strange = is_other_script(text) or meant.foreign
        sign = meant.danger.sign
        body, kept = self._reply_to(whole, meant, strange=strange)
        messages = list(body.messages)
        if strange:
            sign = Sign.EMERGENCY
        if sign is Sign.EMERGENCY and not messages[0].urgent:
            messages.insert(0, self._speaker.card())
        elif sign is Sign.CHECK and not messages[0].urgent:
            messages.append(advice.safety_check(self._speaker))
        elif body.asks_age:
            messages.append(advice.ask_age(self._speaker, body.topic))
        counts = (*body.counts, *((("danger", ""),) if sign is Sign.EMERGENCY else ()))
        if sign is Sign.CHECK:
            counts = (*counts, ("check", ""))
        session = replace(body.session, age_asked=True) if messages and body.asks_age else body.session
        fragment = Fragment(whole, body.nearest) if kept else _context(body.topic)
        turn = Turn(tuple(messages), session, fragment=fragment, counts=counts, passage=body.passage)
        return self._asking(turn, whole, body.nearest) if body.unanswered and sign is Sign.NONE else turn

    def _asking(self, turn: Turn, text: str, topic: str) -> Turn:
        """A turn that offers people, and then the question whether editors may see the words."""
        asked = consent.ask(self._speaker, self._tongue, text, topic) if self._asks else None
        if asked is None:
            return turn
        question, waiting = asked
        session = replace(turn.session, words_asked=True)
        return replace(turn.followed_by((question,)), session=session, fragment=waiting)

    def _reply_to(self, text: str, meant: Interpretation, *, strange: bool) -> tuple[_Body, bool]:
        """What a text gets beside card and check-in, and whether its rest may still be coming.

        ``strange``: it is in a language or script that we do not know.
        """
        danger = meant.danger.sign is not Sign.NONE
        if is_too_long(text):
            return self._body("too-long"), False
        if is_only_symbols(text) and meant.match.decision is not Decision.ANSWER:
            return self._body("only-symbols"), False
        if strange:
            return self._body("other-language"), False
        if meant.match.insult and not danger:
            return self._body("insult"), False
        topics = self._guidance.topics
        found = [topics[choice.topic] for choice in meant.match.choices[:3] if choice.topic in topics]
        lost = self._session.misses >= OFFER_PEOPLE
        before = topics.get(self._fragment.answered) if self._fragment and not lost else None
        if (passage := self._passage(text, before, meant)) is not None:
            return passage, False
        if meant.match.decision is Decision.ANSWER and found and (before is None or found[0].id != GREETING):
            return self._answered(found[0], asks_age=not danger), False
        if before is not None and not meant.off_topic:
            others = (topic for topic in found if topic is not before and topic.group is not Group.CHAT)
            return self._offered([before, *others][:3]), True
        if meant.match.decision is Decision.CHOOSE and found:
            return self._offered(found), True
        return self._not_sure(found, meant, danger), True

    def _passage(self, text: str, topic: Topic | None, meant: Interpretation) -> _Body | None:
        """A passage that has just this wording: of the topic in hand, or else a universal question."""
        session, passages = replace(self._session, misses=0), self._tongue.passages
        if topic is not None:
            younger = self._speaker.answer(topic) is not topic.answer
            number = passages.step(topic, text, younger=younger)
            said = advice.step(self._speaker, topic, number) if number else None
            if number and said is not None:
                name = self._speaker.answer(topic).steps[number - 1].id or str(number)
                return _Body((said,), session, (("passage", topic.id),), topic, passage=f"{topic.id}/{name}")
        asked = passages.question(text)
        # Without a topic in hand, one that is named comes first: "is it my fault" has a topic of its own.
        if asked is None or (topic is None and meant.match.decision is Decision.ANSWER):
            return None
        answer = advice.question(self._speaker, asked, topic)
        return _Body((answer,), session, (("passage", asked.id),), topic, passage=f"?{asked.id}")

    def _not_sure(self, found: list[Topic], meant: Interpretation, danger: bool) -> _Body:
        misses, nearest = self._session.misses, found[0].id if found else ""
        if misses >= OFFER_PEOPLE:
            counts = (("people", ""), ("unanswered", nearest))
            return _Body((advice.people(self._speaker),), self._missed(), counts, nearest=nearest, unanswered=True)
        if meant.off_topic and not danger:
            off_topic = advice.simple(self._speaker, "off-topic")
            return _Body((off_topic,), self._missed(), (("off-topic", ""),), nearest=nearest)
        if misses >= ASK_ANOTHER_WAY or not found:
            session = self._missed(ASK_ANOTHER_WAY)
            return _Body((advice.say_another_way(self._speaker),), session, (("unsure", ""),), nearest=nearest)
        return _Body((advice.choices(self._speaker, found),), self._missed(), (("unsure", ""),), nearest=nearest)

    def _offered(self, found: list[Topic]) -> _Body:
        offered = replace(self._session, misses=max(self._session.misses, ASK_ANOTHER_WAY))
        return _Body((advice.choices(self._speaker, found),), offered, (("choose", ""),), nearest=found[0].id)

    def _missed(self, before: int = 0) -> Session:
        """The session with one more miss, on top of ``before`` at least."""
        return replace(self._session, misses=max(self._session.misses, before) + 1)

    def _answered(self, topic: Topic, *, asks_age: bool) -> _Body:
        messages = [advice.answer(self._speaker, topic)]
        if topic.urgency is Urgency.EMERGENCY:
            messages.insert(0, self._speaker.card())
        ask = (
            asks_age
            and topic.urgency is Urgency.NORMAL
            and topic.answer.younger is not None
            and topic.group is not Group.CHAT
            and not self._session.age_asked
        )
        session = replace(self._session, misses=0)
        return _Body(tuple(messages), session, (("answer", topic.id),), topic, ask)

    def _answer(self, topic: Topic, *, chosen: bool) -> Turn:
        body = self._answered(topic, asks_age=False)
        counts = (("chosen" if chosen else "answer", topic.id),)
        return Turn(body.messages, body.session, fragment=_context(topic), counts=counts)

    # --- Small parts -------------------------------------------------------------------------------------------

    def _body(self, name: str) -> _Body:
        return _Body((advice.simple(self._speaker, name),), self._session, counts=((name, ""),))

    def _turn(
        self, message: Outgoing, *, session: Session | None = None, count: str | None = None, topic: Topic | None = None
    ) -> Turn:
        counts = ((count, topic.id if topic else ""),) if count else ()
        return Turn((message,), session or self._session, counts=counts)

    def _button(self, name: str) -> Button:
        return self._speaker.button(name, HELP_NOW if name == "help-now" else name)

    def _topic(self, rest: list[str]) -> Topic | None:
        return self._guidance.topics.get(rest[0]) if rest else None


@dataclass(frozen=True)
class _Body:
    """What a free text gets, beside card and check-in."""

    messages: tuple[Outgoing, ...]
    session: Session
    counts: tuple[tuple[str, str], ...] = ()
    topic: Topic | None = None
    asks_age: bool = False
    nearest: str = ""
    """Id of the nearest topic, where it was not answered with one."""
    unanswered: bool = False
    """Nothing fitted, and people are offered."""
    passage: str | None = None
    """Id of the passage it is, where it is one."""


def readings(text: str, after: str) -> tuple[str, ...]:
    """How own words are read: alone, and behind the text before them, where there was one and both are not too much."""
    whole = f"{after} {text}"
    return (text, whole) if after and not is_too_long(whole) else (text,)


def _joined(alone: Interpretation, together: Interpretation) -> Interpretation:
    """Which reading to go by: of the last text alone, or with the fragment before it; danger of either counts."""
    if alone.match.insult or (
        alone.match.decision is Decision.ANSWER and together.match.decision is not Decision.ANSWER
    ):
        better = alone
    else:
        better = max((together, alone), key=lambda meant: meant.match.first_probability)
    danger = max((alone.danger, together.danger), key=lambda danger: GRAVITY[danger.sign])
    # Words we know, before words that we do not, do not make those known.
    foreign = alone.foreign and better.match.decision is not Decision.ANSWER
    return replace(better, danger=danger, foreign=foreign)


def _context(topic: Topic | None) -> Fragment | None:
    """What the next text may be about, once a topic was answered: "what do i do" says little alone."""
    return Fragment(answered=topic.id) if topic is not None and topic.group is not Group.CHAT else None


def _number(rest: list[str]) -> int:
    return int(rest[0]) if rest and rest[0].isascii() and rest[0].isdecimal() and len(rest[0]) < 5 else 0
