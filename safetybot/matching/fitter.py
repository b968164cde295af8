"""Gets a ready Interpreter for a corpus: from the cache, or by fitting in a process of its own.

Fitting needs several hundred megabytes and seconds of both cores for a moment. In its own process that memory goes
back when it is done, and the bot goes on answering meanwhile.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import numpy as np

from safetybot.guidance.reader import Library
from safetybot.matching.cache import FORMAT, MatcherCache
from safetybot.matching.corpus import SIGNS, Corpus
from safetybot.matching.correction import LabelledTexts, corrected
from safetybot.matching.encoder import WIDTH, EncoderMissingError, FloatArray, SentenceEncoder, encoder_hash
from safetybot.matching.features import Featuriser
from safetybot.matching.fit_messages import NEWS_BYTES, Failure, FitMessage, decoded, encoded
from safetybot.matching.fitted_model import Fitted, danger_of
from safetybot.matching.interpreter import Interpreter, known_words, make_preparer
from safetybot.matching.known_calibration import known_calibration
from safetybot.matching.known_vectors import known_vectors
from safetybot.process.garbage_collection import gc_paused
from safetybot.process.malloc_trim import malloc_trim

CORRECTED_SHARE = 0.01
"""Share of the examples that may differ from the last whole fit before there has to be another: so many are learnt by
correcting it (:mod:`safetybot.matching.correction`), which an editor waits a second for."""

Progress = Callable[[str, float], None]
"""Told the stage and how much of it is done, 0 to 1."""

_log = logging.getLogger(__name__)


def load_encoder() -> SentenceEncoder | None:
    """The encoder, or None where its files are not in the package."""
    try:
        return SentenceEncoder()
    except EncoderMissingError:
        return None


def warn_without_encoder(*, there: bool) -> None:
    """Log that answers are found by words alone, where the encoder is not ``there``."""
    if not there:
        _log.warning("the sentence encoder is missing: answers are found by words alone, and less well")


class Fitter:
    """Makes Interpreters, with one encoder for all languages."""

    def __init__(self, cache_folder: Path, encoder: SentenceEncoder | None) -> None:
        self._cache_folder = cache_folder
        self._encoder = encoder
        self._last: dict[str, tuple[str, Interpreter]] = {}
        """Language → the last interpreter and its key, for the many edits that change no example."""

    def interpreter(self, corpus: Corpus, progress: Progress = lambda stage, done: None) -> Interpreter:
        """A ready Interpreter. Blocks for up to a minute where the corpus is new; call it off the event loop."""
        key = cache_key(corpus)
        last_key, last = self._last.get(corpus.language, ("", None))
        if last is not None and key == last_key:
            return last
        cache = MatcherCache(self._cache_folder)
        with gc_paused():
            fitted = cache.load(key)
        if fitted is None:
            fitted = correct_base(corpus, key, cache, self._encoder) or self._fit_apart(corpus, key, progress)
        with gc_paused():
            preparer = make_preparer(corpus, fitted.word_counts, fitted.known_words)
            interpreter = Interpreter(corpus, fitted, preparer, self._encoder)
        self._last[corpus.language] = (key, interpreter)
        del fitted
        malloc_trim()
        return interpreter

    def _fit_apart(self, corpus: Corpus, key: str, progress: Progress) -> Fitted:
        context = multiprocessing.get_context("spawn")
        told, telling = context.Pipe()
        process = context.Process(target=_fit_and_save, args=(key, self._cache_folder, telling), daemon=True)
        with told:
            with telling:  # from its start on, the process alone holds this end, so that its death ends the pipe
                process.start()
            # Not as one of its arguments: Python writes those into a pipe that it keeps open itself, and would wait for
            # ever for a process that died before it read them.
            with suppress(OSError):
                told.send_bytes(msgspec.msgpack.encode(corpus))
            failure = _followed(told, progress)
        process.join()
        if failure is not None:
            raise failure
        if process.exitcode:
            raise ChildProcessError(errno.ECHILD, "the process that fits the matcher was ended; is memory short?")
        fitted = MatcherCache(self._cache_folder).load(key)
        if fitted is None:
            raise OSError(f"the matcher just written to {self._cache_folder} cannot be read back")
        return fitted


def fit_languages(
    library: Library, fitter: Fitter, progress: Progress = lambda stage, done: None
) -> dict[str, Interpreter]:
    """Language code → its interpreter, the first language first; one without examples of its own uses the first's.

    Blocks for seconds where examples changed.
    """
    found: dict[str, Interpreter] = {}
    for code in [library.first, *(code for code in library.languages if code != library.first)]:
        guidance = library.languages[code]
        own = bool(guidance.own_topics)
        found[code] = fitter.interpreter(Corpus.of(guidance), progress) if own else found[library.first]
    return found


def make_fitter(cache_folder: Path) -> Fitter:
    """A fitter with the encoder of the package; logs a warning where that is missing."""
    encoder = load_encoder()
    warn_without_encoder(there=encoder is not None)
    return Fitter(cache_folder, encoder)


def cache_key(corpus: Corpus) -> str:
    """What a fitted matcher depends on: the corpus, the encoder, and the layout of the cache."""
    return corpus.key(encoder_hash(), str(FORMAT))


def _followed(told: Connection, progress: Progress) -> Exception | None:
    """Passes on what the process that fits says of its progress, until it ends; its error, where it told one."""
    while True:
        try:
            news = decoded(told.recv_bytes(NEWS_BYTES))
        except (EOFError, OSError, ValueError):
            return None
        if news.failure is not None:
            return news.failure.error()
        progress(news.stage, news.done)


def _fit_and_save(key: str, folder: Path, telling: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at Ctrl-C it ends without a word
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        corpus = msgspec.msgpack.decode(telling.recv_bytes(), type=Corpus)
        with gc_paused():
            fitted = fit_corpus(
                corpus, folder, lambda stage, done: telling.send_bytes(encoded(FitMessage(stage, done)))
            )
        save_base(corpus, key, fitted, MatcherCache(folder))
    except Exception as error:
        telling.send_bytes(encoded(FitMessage(failure=Failure.of(error))))


def _end_with_parent() -> None:
    """A parent that is killed ends nobody; without this, each kill while fitting would leave a process for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def fit_corpus(corpus: Corpus, cache_folder: Path, progress: Progress) -> Fitted:
    """Fits in this process; sentence vectors known from before are taken from the cache, new ones added to it."""
    # Here, because only fitting needs scipy: the running bot does without its memory.
    from safetybot.matching.fitting import fit

    encoder = load_encoder()
    cache = MatcherCache(cache_folder)
    words = known_words(corpus.language)
    preparer = make_preparer(corpus, known=words)
    prepared = tuple(map(preparer.mend, corpus.plain))
    # What needs no vectors is done while they are made.
    with ThreadPoolExecutor(1) as beside:
        laid_out = beside.submit(Featuriser.fit_transform, prepared, encoder is not None)
        sentences = _sentence_vectors(encoder, corpus.language, prepared, cache, progress)
    known = known_calibration(cache_key(corpus))
    return fit(corpus, prepared, sentences, words, progress, known, laid_out.result())


def save_base(corpus: Corpus, key: str, fitted: Fitted, cache: MatcherCache) -> None:
    """Keeps a whole fit, for itself and as what later edits are corrections of."""
    cache.save_base(_base_name(corpus), key, _labelled(corpus, fitted.prepared))
    cache.save(key, fitted)


def correct_base(corpus: Corpus, key: str, cache: MatcherCache, encoder: SentenceEncoder | None) -> Fitted | None:
    """The last whole fit corrected for the few examples that differ, and saved; None where more than a few do."""
    found = cache.load_base(_base_name(corpus))
    if found is None:
        return None
    base, before = found
    preparer = make_preparer(corpus, known=base.known_words)
    prepared = tuple(map(preparer.mend, corpus.plain))
    now = _labelled(corpus, prepared)
    if len(set(before).symmetric_difference(now)) > CORRECTED_SHARE * len(now):
        return None
    encode = encoder.encode if encoder else lambda text: np.zeros(WIDTH, np.float32)
    fitted = corrected(
        base, _with_labels(corpus, before), _with_labels(corpus, now), prepared, corpus.word_counts, encode
    )
    with suppress(OSError):  # it answers all the same
        cache.save(key, fitted)
    return fitted


def _labelled(corpus: Corpus, prepared: tuple[str, ...]) -> tuple[str, ...]:
    """Each text with what it is an example or a sign of, so that one moved from list to list counts as changed."""
    labels = [class_ for class_ in corpus.classes for _ in corpus.examples[class_]]
    labels += [f"danger {sign}" for sign in SIGNS for _ in corpus.signs[sign]]
    return tuple(f"{label}: {text}" for label, text in zip(labels, prepared, strict=True))


def _with_labels(corpus: Corpus, names: tuple[str, ...]) -> LabelledTexts:
    """The numbers of the labels in what :func:`_labelled` made of this corpus, or of one of the same classes."""
    numbers = {class_: (number, danger_of(corpus, class_)) for number, class_ in enumerate(corpus.classes)}
    numbers |= {f"danger {sign}": (-1, number) for number, sign in enumerate(SIGNS)}
    pairs = np.array([numbers[name.partition(": ")[0]] for name in names])
    return LabelledTexts(names, pairs[:, 0], pairs[:, 1])


def _base_name(corpus: Corpus) -> str:
    """What has to be equal for one corpus's matcher to be corrected for another: all but the texts."""
    data = [corpus.language, corpus.classes, sorted(corpus.urgency.items()), encoder_hash(), FORMAT]
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:32]


def _sentence_vectors(
    encoder: SentenceEncoder | None, language: str, texts: tuple[str, ...], cache: MatcherCache, progress: Progress
) -> FloatArray:
    if encoder is None:
        return np.zeros((len(texts), WIDTH), np.float32)
    name = f"{language}-{encoder_hash()[:16]}"
    known = cache.load_vectors(name)
    known |= known_vectors((text for text in texts if text not in known), encoder_hash())
    new = [text for text in dict.fromkeys(texts) if text not in known]
    vectors = encoder.encode_all(new, lambda done: progress("reading examples", done / len(new)))
    known |= dict(zip(new, vectors, strict=True))
    if new or len(known) > 2 * len(texts):
        cache.save_vectors(name, {text: known[text] for text in dict.fromkeys(texts)})
    return np.stack([known[text] for text in texts])
