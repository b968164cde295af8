"""Review findings that need the matcher, each at the example's own line."""

from __future__ import annotations

from collections.abc import Iterator

from safetybot.dialogue.advice import PEOPLE_LINES, REPORT_LINES
from safetybot.dialogue.speaker import CHILDLINE, SHOUT
from safetybot.editing.similarity import Similarities
from safetybot.guidance.checks import LanguageFiles
from safetybot.guidance.finding import Finding
from safetybot.guidance.positions import finding
from safetybot.guidance.review import PendingFinding
from safetybot.guidance.yaml_source import Loc, YamlSource
from safetybot.matching.corpus import INSULT, OFF_TOPIC, Corpus

SHOWN_BY_PROGRAM = frozenset({CHILDLINE, SHOUT, *PEOPLE_LINES, *REPORT_LINES})
"""Helplines that the bot offers by itself, whatever the topics name."""

_SHOWN = 60
"""Characters of an example that a message shows."""


def found_by_matcher(corpus: Corpus, pages: LanguageFiles, similar: Similarities) -> Iterator[PendingFinding]:
    """Findings of one language, from what stands out among its examples."""
    places = _Places(corpus, pages)
    for each in similar.nearer:
        topic, source, loc = places.of(each.example)
        there, here = f"{each.similarity * 100:.0f}", f"{each.own * 100:.0f}"
        message = (
            f"Nearer to {_named(each.other_class)} than to {topic}: {there} for {_quoted(corpus.texts[each.other])} "
            f"there, {here} here. Move it there, or add others like it here."
        )
        yield PendingFinding(topic, corpus.texts[each.example], finding(source, Finding.NEARER, loc, message))
    for each in similar.duplicates:
        topic, source, loc = places.of(each.example)
        _, other, other_loc = places.of(each.other)
        message = (
            f"As good as the same as {_quoted(corpus.texts[each.other])} "
            f"({each.similarity * 100:.0f} of 100) in {other.name}:{other.place(other_loc)[0]}. Keep one."
        )
        yield PendingFinding(topic, corpus.texts[each.example], finding(source, Finding.DUPLICATE, loc, message))
    for pair in similar.confused:
        source = places.topic(pair.class_)
        message = (
            f"Easily confused with {pair.other}: {pair.share:.0%} of the examples here are nearest to one there, "
            f"{pair.back:.0%} of those there to one here. Add examples that tell the two apart."
        )
        yield PendingFinding(pair.class_, pair.other, finding(source, Finding.CONFUSED, ("asks",), message, key=True))
    for topic, share in similar.hardly_found:
        message = f"Only {share:.0%} of the examples are nearest to another one here. Write them more about one thing."
        fault = finding(places.topic(topic), Finding.HARDLY_FOUND, ("asks",), message, key=True)
        yield PendingFinding(topic, "", fault)


class _Places:
    """Where each example of a corpus stands."""

    def __init__(self, corpus: Corpus, pages: LanguageFiles) -> None:
        self._corpus = corpus
        self._topics = {source.text("id"): source for source in pages.topics}
        self._none = pages.files.get("none", YamlSource("none.yaml"))

    def topic(self, id_: str) -> YamlSource:
        return self._topics[id_]

    def of(self, number: int) -> tuple[str, YamlSource, Loc]:
        """Class, file and place of the example with this number."""
        starts = self._corpus.class_starts
        class_ = max(c for c in range(len(starts) - 1) if starts[c] <= number)
        name, at = self._corpus.classes[class_], number - starts[class_]
        key = {OFF_TOPIC: "off_topic", INSULT: "insults"}.get(name)
        return (name, self._none, (key, at)) if key else (name, self._topics[name], ("asks", at))


def _named(class_: str) -> str:
    return {OFF_TOPIC: "none.yaml (off_topic)", INSULT: "none.yaml (insults)"}.get(class_, class_)


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= _SHOWN else text[:_SHOWN].rstrip() + '…'}”"
