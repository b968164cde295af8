"""Answers, "is it one of these?", steps, related topics, helplines, lists of topics, thumbs."""

from __future__ import annotations

from collections.abc import Iterable

from safetybot.dialogue.messages import Button, Outgoing
from safetybot.dialogue.session import AgeBand
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.model import Group, Helpline, Topic, UniversalQuestion, Urgency

TALK_TOPIC = "talk-to-a-person"
REPORT_LINES = ("ceop", "police-101", "report-remove", "iwf-report", "fearless")
"""The official routes, best first; shown where a report is offered."""
PEOPLE_LINES = ("childline", "shout", "samaritans")

LINES_BESIDE_URGENT = 2
LINES_LISTED = 6
TOPICS_PAGE = 8
"""Topics on one page of a group: more buttons are too many to choose from."""


def answer(speaker: Speaker, topic: Topic) -> Outgoing:
    """The first message of a topic's answer."""
    said = speaker.answer(topic)
    rows: list[tuple[Button, ...]] = []
    rows += [(Button(step.button, f"topic:{topic.id}:{number}"),) for number, step in enumerate(said.steps, 1)]
    text = said.first
    beside = speaker.named_in(text, topic.helplines)
    if topic.urgency is not Urgency.NORMAL:
        best = speaker.helplines(topic.helplines)[:LINES_BESIDE_URGENT]
        beside = [*best, *(line for line in beside if line not in best)]
    if not said.steps:
        rows += _ending(speaker, topic)
    else:
        rows.append(_helpline_button(speaker, topic))
        if topic.report and topic.urgency is not Urgency.NORMAL:
            rows.append(_report_button(speaker, topic))
    return speaker.message(_with_lines(speaker, text, beside), *rows)


def step(speaker: Speaker, topic: Topic, number: int) -> Outgoing | None:
    """Step ``number`` (from 1) of a topic's answer, or None where there is none."""
    steps = speaker.answer(topic).steps
    if not 1 <= number <= len(steps):
        return None
    said = steps[number - 1].say
    text = _with_lines(speaker, said, speaker.named_in(said, topic.helplines))
    if number < len(steps):
        following = (Button(steps[number].button, f"topic:{topic.id}:{number + 1}"),)
        return speaker.message(text, following, _helpline_button(speaker, topic), _thumbs(speaker, topic))
    return speaker.message(text, *_ending(speaker, topic))


def question(speaker: Speaker, asked: UniversalQuestion, topic: Topic | None) -> Outgoing:
    """The answer to a universal question; under it the steps of the topic in hand, if there is one."""
    said = speaker.answer_to(asked, topic)
    text = _with_lines(speaker, said, speaker.named_in(said, speaker.guidance.helplines))
    if topic is None:
        return _with_ways_on(speaker, text)
    steps = enumerate(speaker.answer(topic).steps, 1)
    rows = [(Button(step.button, f"topic:{topic.id}:{number}"),) for number, step in steps]
    return speaker.message(text, *rows, _helpline_button(speaker, topic))


def helplines(speaker: Speaker, topic: Topic) -> Outgoing:
    """The helplines of a topic, with what each does."""
    lines = speaker.helplines(topic.helplines)[:LINES_LISTED] or speaker.helplines(PEOPLE_LINES)
    text = f"{speaker.say('helplines')}\n\n{speaker.described(lines)}"
    return speaker.message(text, *_ending(speaker, topic, lines=False))


def report_routes(speaker: Speaker, topic: Topic | None) -> Outgoing:
    """Where to report, officially: the topic's own routes first."""
    own = [id_ for id_ in topic.helplines if id_ in REPORT_LINES] if topic else []
    lines = speaker.helplines(dict.fromkeys((*own, *REPORT_LINES)))
    text = f"{speaker.say('report-routes')}\n\n{speaker.described(lines)}"
    return speaker.message(text, (speaker.button("talk", "talk"), speaker.button("topics", "topics")))


def choices(speaker: Speaker, topics: Iterable[Topic]) -> Outgoing:
    """Is it one of these?"""
    rows = [(_topic_button(topic),) for topic in topics]
    return speaker.message(speaker.say("choose"), *rows, (speaker.button("none-of-these", "none"),))


def say_another_way(speaker: Speaker) -> Outgoing:
    """The one invitation to say it another way."""
    return _with_ways_on(speaker, speaker.say("say-another-way"))


def people(speaker: Speaker) -> Outgoing:
    """People to talk to, when the bot could not find an answer."""
    lines = speaker.helplines(PEOPLE_LINES)
    text = f"{speaker.say('people')}\n\n{speaker.brief(lines)}"
    return speaker.message(text, (speaker.button("topics", "topics"),), (speaker.button("report", "report"),))


def talk(speaker: Speaker) -> Outgoing:
    """How to talk to a person."""
    topic = speaker.guidance.topics.get(TALK_TOPIC)
    return answer(speaker, topic) if topic else people(speaker)


def groups(speaker: Speaker) -> Outgoing:
    """All topics, by group."""
    present = [group for group in Group if group is not Group.CHAT and any(_in_group(speaker, group))]
    names = speaker.guidance.wording.groups
    return speaker.message(speaker.say("topics"), *((Button(names[group], f"group:{group}"),) for group in present))


def group(speaker: Speaker, wanted: Group, page: int = 0) -> Outgoing:
    """The topics of a group, a page at a time."""
    topics = list(_in_group(speaker, wanted))
    start = page * TOPICS_PAGE if 0 <= page * TOPICS_PAGE < len(topics) else 0
    rows = [(_topic_button(topic),) for topic in topics[start : start + TOPICS_PAGE]]
    onward = [speaker.button("topics", "topics")]
    if start + TOPICS_PAGE < len(topics):
        onward.insert(0, speaker.button("more", f"group:{wanted}:{start // TOPICS_PAGE + 1}"))
    text = speaker.say("group", group=speaker.guidance.wording.groups[wanted])
    return speaker.message(text, *rows, tuple(onward))


def ask_age(speaker: Speaker, topic: Topic | None = None) -> Outgoing:
    """Asks for the age band; with a topic, its answer is shown again where the age changes it."""
    end = f":{topic.id}" if topic else ""
    bands = [speaker.button(f"age-{band}", f"age:{band}{end}") for band in AgeBand]
    return speaker.message(
        speaker.say("age"), tuple(bands[:2]), tuple(bands[2:]), (speaker.button("age-skip", f"age:skip{end}"),)
    )


def thumbs_down(speaker: Speaker) -> Outgoing:
    """Sorry that did not help; what else there is."""
    return _with_ways_on(speaker, speaker.say("thumbs-down"))


def safety_check(speaker: Speaker) -> Outgoing:
    """Are you safe right now?"""
    return speaker.message(
        speaker.say("safety-check"),
        (speaker.button("yes", "safe:yes"), speaker.button("no", "safe:no")),
        (speaker.button("not-sure", "safe:unsure"),),
    )


def simple(speaker: Speaker, name: str) -> Outgoing:
    """The wording ``name`` with the ways on from anywhere."""
    return _with_ways_on(speaker, speaker.say(name))


def _with_ways_on(speaker: Speaker, text: str) -> Outgoing:
    return speaker.message(text, (speaker.button("topics", "topics"), speaker.button("talk", "talk")))


def _with_lines(speaker: Speaker, text: str, lines: list[Helpline]) -> str:
    return f"{text}\n\n{speaker.brief(lines)}" if lines else text


def _ending(speaker: Speaker, topic: Topic, *, lines: bool = True) -> list[tuple[Button, ...]]:
    """The buttons under the last message of an answer."""
    known = (speaker.guidance.topics.get(id_) for id_ in topic.related)
    rows: list[tuple[Button, ...]] = [(_topic_button(related),) for related in known if related]
    if lines and topic.helplines:
        rows.append(_helpline_button(speaker, topic))
    if topic.report:
        rows.append(_report_button(speaker, topic))
    return [*rows, _thumbs(speaker, topic)]


def _report_button(speaker: Speaker, topic: Topic) -> tuple[Button, ...]:
    return (speaker.button("report", f"report:{topic.id}"),)


def _helpline_button(speaker: Speaker, topic: Topic) -> tuple[Button, ...]:
    name, press = ("helplines", f"lines:{topic.id}") if topic.helplines else ("talk", "talk")
    return (speaker.button(name, press),)


def _thumbs(speaker: Speaker, topic: Topic) -> tuple[Button, ...]:
    return (speaker.button("up", f"up:{topic.id}"), speaker.button("down", f"down:{topic.id}"))


def _topic_button(topic: Topic) -> Button:
    return Button(topic.title, f"topic:{topic.id}")


def _in_group(speaker: Speaker, wanted: Group) -> Iterable[Topic]:
    return (topic for topic in speaker.guidance.topics.values() if topic.group is wanted)
