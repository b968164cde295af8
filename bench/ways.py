"""Ways of finding the topic of a message: this project's matcher, and plain methods to compare it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from safetybot.matching.corpus import Corpus
from safetybot.matching.features import Featuriser
from safetybot.matching.fitted_model import Fitted

OURS = "safetybot"
TOPICS = "safetybot, topics alone"
WRATIO = "rapidfuzz WRatio"
TOKEN_SET = "rapidfuzz token_set_ratio"
BM25 = "BM25"
CENTROID = "TF-IDF centroid"
ENCODER = "our encoder, nearest example"
MINILM = "all-MiniLM-L6-v2, nearest example"
OURS_WITH_MINILM = "safetybot with all-MiniLM-L6-v2"
RIVALS = (WRATIO, TOKEN_SET, BM25, CENTROID, ENCODER, MINILM)

KEPT = 5
"""Topics in a ranking."""

FloatArray = npt.NDArray[np.float32]
Scores = Callable[[str], npt.NDArray[np.floating]]
"""A message → its likeness to each of some texts."""
Examples = Mapping[str, Sequence[str]]
"""Topic → how people say it."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a way makes of a message."""

    topics: Sequence[str]
    """Best first, no more than KEPT."""
    confidence: float
    """Comparable with that of other messages of the same way."""
    kept_out: bool | None = None
    """Whether the way itself says that no topic fits; None for ways that have only their confidence."""


Ranker = Callable[[str], Ranking]


def ours(corpus: Corpus, cache: Path, progress: Callable[[str, float], None] = lambda stage, done: None) -> Ranker:
    """This project's matcher, fitted or from the cache; a message is kept out where it is neither answered nor offered
    topics."""
    from safetybot.matching.fitter import Fitter, load_encoder
    from safetybot.matching.matcher import Decision

    interpreter = Fitter(cache, load_encoder()).interpreter(corpus, progress)

    def rank(text: str) -> Ranking:
        match = interpreter.interpret(text).match
        topics = [choice.topic for choice in match.choices]
        return Ranking(topics, match.first_probability, match.decision is Decision.UNSURE)

    return rank


def topics_alone(corpus: Corpus, cache: Path) -> Ranker:
    """The same from the cache without the danger sense, which the plain methods do not have either."""
    from safetybot.matching.cache import MatcherCache
    from safetybot.matching.fitter import cache_key, load_encoder

    fitted, encoder = MatcherCache(cache).load(cache_key(corpus)), load_encoder()
    assert fitted, "the matcher is to be fitted first"
    assert encoder, "the encoder is part of what is measured"
    return _topics(corpus, fitted, encoder.encode)


def with_minilm(corpus: Corpus, folder: Path, progress: Callable[[str, float], None]) -> Ranker:
    """This project's matcher (topics alone), fitted with the published encoder in ``folder``."""
    from safetybot.matching.fitting import fit
    from safetybot.matching.interpreter import known_words, make_preparer

    words, encode = known_words(corpus.language), _encoder(folder)
    preparer = make_preparer(corpus, known=words)
    prepared = tuple(map(preparer.mend, corpus.plain))
    vectors = np.stack([encode(text) for text in prepared])
    return _topics(corpus, fit(corpus, prepared, vectors, words, progress), encode)


def _topics(corpus: Corpus, fitted: Fitted, encode: Callable[[str], FloatArray]) -> Ranker:
    from safetybot.matching.interpreter import MATCHED_CHARACTERS, make_preparer
    from safetybot.matching.matcher import Decision, Matcher

    preparer = make_preparer(corpus, fitted.word_counts, fitted.known_words)
    matcher = Matcher(corpus, fitted)

    def rank(text: str) -> Ranking:
        mended = preparer.prepare(text[:MATCHED_CHARACTERS]).mended
        match = matcher.match(fitted.featuriser.features(mended, encode(mended)))
        topics = [choice.topic for choice in match.choices]
        return Ranking(topics, match.first_probability, match.decision is Decision.UNSURE)

    return rank


def rival(way: str, examples: Examples, minilm: Path | None = None) -> Ranker:
    """One of RIVALS; all but the centroid take the topic of the nearest example. ``minilm``: the published encoder."""
    texts = [text for of_topic in examples.values() for text in of_topic]
    if way == CENTROID:
        return _ranker(_centroids(examples), list(examples), range(len(examples)))
    if way in (ENCODER, MINILM):
        score = _encoded(texts, minilm if way == MINILM else None)
    else:
        score = _bm25(texts) if way == BM25 else _fuzzy(way, texts)
    starts = np.cumsum([0, *map(len, examples.values())])[:-1]
    return _ranker(score, list(examples), starts.tolist())


def _ranker(score: Scores, topics: Sequence[str], starts: Sequence[int]) -> Ranker:
    def rank(text: str) -> Ranking:
        best = np.maximum.reduceat(score(text), starts)
        order = np.argsort(-best, kind="stable")[:KEPT]
        return Ranking([topics[place] for place in order], float(best[order[0]]))

    return rank


def _fuzzy(way: str, texts: Sequence[str]) -> Scores:
    from rapidfuzz import fuzz, process, utils

    scorer = fuzz.WRatio if way == WRATIO else fuzz.token_set_ratio
    prepared = [utils.default_process(text) for text in texts]
    return lambda text: process.cdist([utils.default_process(text)], prepared, scorer=scorer, workers=1)[0]


def _bm25(texts: Sequence[str]) -> Scores:
    from rank_bm25 import BM25Okapi  # type: ignore[import-untyped]
    from rapidfuzz import utils

    index = BM25Okapi([utils.default_process(text).split() for text in texts])

    def score(text: str) -> npt.NDArray[np.floating]:
        scores: npt.NDArray[np.floating] = index.get_scores(utils.default_process(text).split())
        return scores

    return score


def _centroids(examples: Examples) -> Scores:
    """Cosine to the mean of each topic's TF-IDF vectors, of words, pairs of words and runs of 2 to 4 characters."""
    from safetybot.matching.text import normalise

    normal = {topic: [normalise(text) for text in texts] for topic, texts in examples.items()}
    featuriser = Featuriser.fit([text for texts in normal.values() for text in texts], with_sentences=False)
    nothing = np.zeros(0, np.float32)
    means = np.zeros((featuriser.lexical_width, len(normal)), np.float32)
    for column, texts in enumerate(normal.values()):
        for text in texts:
            features = featuriser.features(text, nothing)
            means[features.numbers, column] += features.weights
    means /= np.maximum(np.linalg.norm(means, axis=0), 1e-9)

    def score(text: str) -> FloatArray:
        features = featuriser.features(normalise(text), nothing)
        found: FloatArray = features.weights @ means[features.numbers]
        return found

    return score


def _encoded(texts: Sequence[str], model: Path | None) -> Scores:
    """Cosine of sentence vectors, of our encoder or of another in a folder with ``encoder.onnx`` and ``vocab.txt``."""
    encode = _own_encoder() if model is None else _encoder(model)
    vectors = np.stack([encode(text) for text in texts])

    def score(text: str) -> FloatArray:
        found: FloatArray = vectors @ encode(text)
        return found

    return score


def _own_encoder() -> Callable[[str], FloatArray]:
    from safetybot.matching.encoder import SentenceEncoder

    return SentenceEncoder().encode


def _encoder(folder: Path) -> Callable[[str], FloatArray]:
    import onnxruntime

    from safetybot.matching.wordpiece import WordPiece

    tokeniser = WordPiece((folder / "vocab.txt").read_text("utf-8").splitlines())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = onnxruntime.InferenceSession(
        str(folder / "encoder.onnx"),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=["SkipLayerNormFusion"],  # as in safetybot.matching.encoder, for equal speed
    )

    def encode(text: str) -> FloatArray:
        numbers = np.array([tokeniser.encode(text)], np.int64)
        vector: FloatArray
        (vectors,) = model.run(["embedding"], {"input_ids": numbers, "attention_mask": np.ones_like(numbers)})
        vector = vectors[0]
        return vector

    return encode
