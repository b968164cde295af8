"""Gets a ready Interpreter for a corpus: from the cache, or by fitting in a process of its own.

Fitting needs several hundred megabytes and seconds of both cores for a moment. In its own process that memory goes
back when it is done, and the bot goes on answering meanwhile.
"""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from safetybot.matching.cache import FORMAT, MatcherCache
from safetybot.matching.corpus import SIGNS, Corpus
from safetybot.matching.encoder import WIDTH, EncoderMissingError, FloatArray, SentenceEncoder, encoder_hash
from safetybot.matching.fitted import Calibration, Fitted
from safetybot.matching.interpreter import Interpreter, make_preparer

CALIBRATION_DRIFT = 0.01
"""Share of the examples that may change before the calibration is made anew: it has some thirty numbers, learnt from
thousands of examples, and making it is most of the work."""

Progress = Callable[[str, float], None]
"""Told the stage and how much of it is done, 0 to 1."""


def load_encoder() -> SentenceEncoder | None:
    """The encoder, or None where its files are not in the package."""
    try:
        return SentenceEncoder()
    except EncoderMissingError:
        return None


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
        fitted = MatcherCache(self._cache_folder).load(key)
        if fitted is None:
            fitted = self._fit_apart(corpus, key, progress)
        interpreter = Interpreter(corpus, fitted, make_preparer(corpus), self._encoder)
        self._last[corpus.language] = (key, interpreter)
        return interpreter

    def _fit_apart(self, corpus: Corpus, key: str, progress: Progress) -> Fitted:
        context = multiprocessing.get_context("spawn")
        told, telling = context.Pipe(duplex=False)
        process = context.Process(target=_fit_and_save, args=(corpus, key, self._cache_folder, telling), daemon=True)
        with told:
            with telling:  # from its start on, the process alone holds this end, so that its death ends the pipe
                process.start()
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


def cache_key(corpus: Corpus) -> str:
    """What a fitted matcher depends on: the corpus, the encoder, and the layout of the cache."""
    return corpus.key(encoder_hash(), str(FORMAT))


def _followed(told: Connection, progress: Progress) -> Exception | None:
    """Passes on what the process that fits says of its progress, until it ends; its error, where it told one."""
    with suppress(EOFError):
        while True:
            news = told.recv()
            if isinstance(news, Exception):
                return news
            progress(*news)
    return None


def _fit_and_save(corpus: Corpus, key: str, folder: Path, telling: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at Ctrl-C it ends without a word
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        MatcherCache(folder).save(key, fit_corpus(corpus, folder, lambda stage, done: telling.send((stage, done))))
    except Exception as error:
        telling.send(error)


def _end_with_parent() -> None:
    """A parent that is killed ends nobody; without this, each kill while fitting would leave a process for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def fit_corpus(corpus: Corpus, cache_folder: Path, progress: Progress) -> Fitted:
    """Fits in this process; sentence vectors known from before are taken from the cache, new ones added to it."""
    # Here, because only fitting needs scipy: the running bot does without its memory.
    from safetybot.matching.fitting import fit

    cache = MatcherCache(cache_folder)
    preparer = make_preparer(corpus)
    prepared = tuple(preparer.prepare(text).mended for text in corpus.texts)
    sentences = _sentence_vectors(corpus.language, prepared, cache, progress)
    name = f"{cache_key_of_classes(corpus)[:16]}-{encoder_hash()[:16]}"
    labelled = _labelled(corpus, prepared)
    lent = _nearly_the_same(cache.load_calibration(name), labelled)
    fitted = fit(corpus, prepared, sentences, progress, lent)
    if lent is None:
        cache.save_calibration(name, fitted.calibration, labelled)
    return fitted


def _labelled(corpus: Corpus, prepared: tuple[str, ...]) -> tuple[str, ...]:
    """Each text with what it is an example or a sign of, so that one moved from list to list counts as changed."""
    labels = [class_ for class_ in corpus.classes for _ in corpus.examples[class_]]
    labels += [f"danger {sign}" for sign in SIGNS for _ in corpus.signs[sign]]
    return tuple(f"{label}: {text}" for label, text in zip(labels, prepared, strict=True))


def cache_key_of_classes(corpus: Corpus) -> str:
    """What has to be equal for one corpus's calibration to serve another: language, topics and their urgency."""
    data = [corpus.language, corpus.classes, sorted(corpus.urgency.items()), FORMAT]
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()


def _nearly_the_same(known: tuple[Calibration, frozenset[str]] | None, texts: tuple[str, ...]) -> Calibration | None:
    """A calibration that was made on all but a few of ``texts`` (labelled), so that an edit goes live in seconds."""
    if known is None:
        return None
    calibration, calibrated = known
    changed = len(calibrated.symmetric_difference(texts))
    return calibration if changed <= CALIBRATION_DRIFT * len(texts) else None


def _sentence_vectors(language: str, texts: tuple[str, ...], cache: MatcherCache, progress: Progress) -> FloatArray:
    encoder = load_encoder()
    if encoder is None:
        return np.zeros((len(texts), WIDTH), np.float32)
    name = f"{language}-{encoder_hash()[:16]}"
    known = cache.load_vectors(name)
    new = [text for text in dict.fromkeys(texts) if text not in known]
    vectors = encoder.encode_all(new, lambda done: progress("reading examples", done / len(new)))
    known |= dict(zip(new, vectors, strict=True))
    if new or len(known) > 2 * len(texts):
        cache.save_vectors(name, {text: known[text] for text in dict.fromkeys(texts)})
    return np.stack([known[text] for text in texts])
