"""One language's understanding of a message: how dangerous it is, what it is about, and why we think so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from safetybot.guidance.model import Sign
from safetybot.matching.corpus import Corpus
from safetybot.matching.danger import Danger, DangerClassifier, gravest
from safetybot.matching.encoder import WIDTH, FloatArray, SentenceEncoder
from safetybot.matching.features import Features
from safetybot.matching.fitted_model import Fitted
from safetybot.matching.matcher import ANSWER_PROBABILITY, Decision, Match, Matcher
from safetybot.matching.text import (
    WORD,
    PreparedText,
    SlangTable,
    SpellingCorrector,
    TextPreparer,
    WordList,
    english_words,
)

MATCHED_CHARACTERS = 4_000
"""Longer texts are cut before matching; danger is judged on the end of a long text too."""

WHOLE_WORDS = 26
"""Texts of more words than this are judged for danger in parts too …"""
PART_WORDS = 16
"""… of so many words, each beginning in the last word of the one before, or earlier …"""
PARTS_READ_MIN = 2
PARTS_READ_SHARE = 0.5
"""… but of many parts the encoder, which takes most of the time, reads only so many, those that sound worst.

(Of signs it never saw, hidden in stories of 40 to 140 words, 68.5 % are caught instead of 69.8 %.)
"""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a message means to us."""

    prepared: PreparedText
    danger: Danger
    match: Match
    foreign: bool
    """Most of its words are of no language this interpreter knows."""

    @property
    def off_topic(self) -> bool:
        """It is most likely about nothing we have advice on."""
        return self.match.none_probability > 0.5

    @property
    def because(self) -> str:
        """Why, in one plain line for editors."""
        return "; ".join(self.reasons())

    def reasons(self) -> list[str]:
        """Why, in plain words for editors: danger, nearest example, runner-up, mended spelling."""
        match, found = self.match, [f"danger: {self.danger.because}"]
        if match.choices:
            best = match.choices[0]
            found.append(f"closest to “{best.example}” ({best.topic}, {best.score:.0%})")
        if len(match.choices) > 1:
            second = match.choices[1]
            margin = match.choices[0].score - second.score
            found.append(f"then {second.topic} ({second.score:.0%}, {margin:.0%} behind)")
        if match.none_probability > 0.2:
            found.append(f"perhaps about nothing we advise on ({match.none_probability:.0%})")
        if match.decision is Decision.ANSWER:
            found.append(f"sure enough to answer ({match.first_probability:.0%})")
        elif match.decision is Decision.CHOOSE and match.first_probability >= ANSWER_PROBABILITY:
            found.append(
                f"sure enough to answer ({match.first_probability:.0%}), but one that is urgent may be meant "
                f"({match.urgent_probability:.0%}), so it asks which"
            )
        elif match.decision is Decision.CHOOSE:
            found.append(f"not sure enough to answer ({match.first_probability:.0%}), so it asks which")
        if self.prepared.plain != self.prepared.raw:
            found.append(f"slang spelt out: “{self.prepared.plain}”")
        if self.prepared.mended != self.prepared.plain:
            found.append(f"spelling mended: “{self.prepared.mended}”")
        return found


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as the encoder sees it."""

    text: str
    prepared: PreparedText
    spans: list[tuple[int, int]]
    """Of a long text, where its parts are."""
    sentence: FloatArray
    """Unit vector of it as mended: shape (384,) …"""
    sentence_typed: FloatArray
    """… and as typed."""
    part_vectors: FloatArray
    """What each part seems to say within the whole: shape (len(spans), 384)."""


class Interpreter:
    """Understands messages of one language. Holds no state of any chat."""

    def __init__(self, corpus: Corpus, fitted: Fitted, preparer: TextPreparer, encoder: SentenceEncoder | None) -> None:
        self.corpus = corpus
        self._featuriser = fitted.featuriser
        self._preparer = preparer
        self._encoder = encoder
        self._matcher = Matcher(corpus, fitted)
        self._danger = DangerClassifier(corpus, fitted)

    def interpret(self, text: str) -> Interpretation:
        """What ``text`` means. Takes a few milliseconds; pure."""
        return self.interpret_all((text,))[0]

    def interpret_all(self, texts: Sequence[str]) -> list[Interpretation]:
        """The same of texts that wait at the same time, step by step: each step of all of them, then the next.

        What a step reads (the encoder, the examples, the signs) is more than a processor keeps near itself; so it is
        fetched once for all. Of 24 texts each takes two thirds of what one takes alone. Vectors, and what is made of
        them, may differ in the last bit.
        """
        read = self._read(texts)
        forms = [self._forms(each) for each in read]
        matches = self._matcher.match_all([mended for mended, *_ in forms])
        learnt = self._danger.judge_learnt(forms, [match.class_probabilities for match in matches])
        return [
            self._interpretation(each, match, self._verdicts(each, verdicts))
            for each, match, verdicts in zip(read, matches, learnt, strict=True)
        ]

    def _read(self, texts: Sequence[str]) -> list[_Read]:
        prepared = [self._preparer.prepare(text[:MATCHED_CHARACTERS]) for text in texts]
        spans = [spans_of(each.mended) for each in prepared]
        # The editors' slang table does not change what a sentence means; a guess of the mender may. (Of a long text
        # both forms of each part are judged later, so its whole is not read twice.)
        twice = [each.plain != each.mended and not found for each, found in zip(prepared, spans, strict=True)]
        short = [each.mended for each, found in zip(prepared, spans, strict=True) if not found]
        short += [each.raw for each, again in zip(prepared, twice, strict=True) if again]
        vectors = dict(zip(short, self._sentences(short), strict=True))
        read = []
        for text, each, found, again in zip(texts, prepared, spans, twice, strict=True):
            if found:
                sentence, parts = self._sentence_of_parts(each.mended, found)
            else:
                sentence, parts = vectors[each.mended], np.zeros((0, WIDTH), np.float32)
            read.append(_Read(text, each, found, sentence, vectors[each.raw] if again else sentence, parts))
        return read

    def _forms(self, read: _Read) -> list[Features]:
        """φ of a text as mended; and as typed, where that is another."""
        mended = self._featuriser.features(read.prepared.mended, read.sentence)
        if read.prepared.raw == read.prepared.mended:
            return [mended]
        return [mended, self._featuriser.features(read.prepared.raw, read.sentence_typed)]

    def _verdicts(self, read: _Read, learnt: Sequence[Danger]) -> list[Danger]:
        """What the rules, the learnt signs, the parts of a long text and the end of a very long one say of it."""
        verdicts = [self._danger.judge_rules(read.prepared), *learnt]
        if read.spans and gravest(*verdicts).sign is not Sign.EMERGENCY:
            parts = self._worst_parts(read)
            found = [*map(self._featuriser.with_sentence, parts.values(), self._sentences_of_parts([*parts]))]
            verdicts += self._danger.judge_parts(found, lambda part: self._matcher.match(part).class_probabilities)
        if len(read.text) > MATCHED_CHARACTERS:
            verdicts.append(self.interpret(read.text[-MATCHED_CHARACTERS:]).danger)
        return verdicts

    def _interpretation(self, read: _Read, match: Match, verdicts: Sequence[Danger]) -> Interpretation:
        foreign = match.decision is not Decision.ANSWER and self._preparer.is_foreign(read.prepared)
        return Interpretation(read.prepared, gravest(*verdicts), match, foreign)

    def _worst_parts(self, read: _Read) -> dict[str, Features]:
        """The parts to read, worst first, each with its φ as far as it is known before it is read."""
        prepared, spans = read.prepared, read.spans
        found: dict[str, Features] = {}
        # Mending goes word by word, so parts without a mended word are equal, and are judged once.
        for parts in ([prepared.mended[start:end] for start, end in spans], parts_of(prepared.plain)):
            for part, vector in zip(parts, read.part_vectors, strict=False):
                if part not in found:
                    found[part] = self._featuriser.features(part, vector)
        count = max(PARTS_READ_MIN, math.ceil(PARTS_READ_SHARE * len(spans)))
        return dict(sorted(found.items(), key=lambda item: -self._danger.score(item[1]))[:count])

    def _sentence_of_parts(self, text: str, spans: list[tuple[int, int]]) -> tuple[FloatArray, FloatArray]:
        if self._encoder:
            return self._encoder.encode_parts(text, spans)
        return np.zeros(WIDTH, np.float32), np.zeros((len(spans), WIDTH), np.float32)

    def _sentences(self, texts: list[str]) -> FloatArray:
        if self._encoder is None:
            return np.zeros((len(texts), WIDTH), np.float32)
        return self._encoder.encode_each(texts) if len(texts) != 1 else self._encoder.encode(texts[0])[None, :]

    def _sentences_of_parts(self, texts: list[str]) -> FloatArray:
        return self._encoder.encode_together(texts) if self._encoder else np.zeros((len(texts), WIDTH), np.float32)


def spans_of(text: str) -> list[tuple[int, int]]:
    """Where the parts of a long text (normalised) begin and end; none of a text short enough to be judged as a whole.

    One sentence of danger in a long story hardly moves what the whole looks like, and what stands beyond the encoder's
    128 tokens does not move it at all.
    """
    found = list(WORD.finditer(text))
    if len(found) <= WHOLE_WORDS:
        return []
    last = len(found) - PART_WORDS
    steps = math.ceil(last / (PART_WORDS - 1))
    starts = [step * last // steps for step in range(steps + 1)]
    return [(found[start].start(), found[start + PART_WORDS - 1].end()) for start in starts]


def parts_of(text: str) -> list[str]:
    """A long text (normalised) as parts that overlap, as :func:`spans_of` finds them."""
    return [text[start:end] for start, end in spans_of(text)]


def known_words(language: str) -> WordList:
    """The words of a language that are never mended, beside those of the examples; none where we have no list."""
    return english_words() if language.startswith("en") else WordList()


def make_preparer(
    corpus: Corpus, counts: Mapping[str, int] | None = None, known: WordList | None = None
) -> TextPreparer:
    """The text preparer of a corpus: its slang, and a mender that knows its words and English.

    ``counts``: its ``word_counts``; ``known``: :func:`known_words` of its language; where they are known from before.
    """
    mender = SpellingCorrector(
        corpus.word_counts if counts is None else counts, known_words(corpus.language) if known is None else known
    )
    return TextPreparer(SlangTable(corpus.slang), mender)
