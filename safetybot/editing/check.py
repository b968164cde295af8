"""Everything there is to say about a folder of content: faults, failed tests, and findings of the review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from safetybot.editing.check_cache import check_key, recall, remember
from safetybot.editing.findings import SHOWN_BY_PROGRAM, found_by_matcher
from safetybot.editing.similarity import Similarities, similarities
from safetybot.guidance.faults import Fault, in_order
from safetybot.guidance.reader import Library
from safetybot.guidance.review import PendingFinding, review
from safetybot.matching.cache import MatcherCache
from safetybot.matching.corpus import Corpus
from safetybot.matching.fitter import Fitter, Progress, cache_key
from safetybot.understanding.understanding import understand


def check(
    library: Library,
    fitter: Callable[[], Fitter] | None,
    cache: Path,
    progress: Progress = lambda stage, done: None,
    today: dt.date | None = None,
) -> tuple[Fault, ...]:
    """Every fault and finding, in order.

    ``fitter`` is called only where the matcher is needed and nothing is remembered in ``cache``; None leaves out the
    tests and what the matcher finds. Blocks for up to a minute where many examples are new. Raises OSError where the
    cache cannot be written.
    """
    if library.errors:
        return in_order((*library.faults, *review(library, today=today, shown=SHOWN_BY_PROGRAM)))
    failed: list[Fault] = []
    found: list[PendingFinding] = []
    if fitter is not None:
        corpora = {code: Corpus.of(each) for code, each in library.languages.items() if each.own_topics}
        key = check_key(library, corpora)
        known = recall(cache, key)
        if known is None:
            known, failed = _worked_out(library, corpora, fitter(), cache, progress)
            if not failed:
                remember(cache, key, known)
        for code, similar in known.items():
            found += found_by_matcher(corpora[code], library.pages[code], similar)
    matched = fitter is not None
    reviewed = review(library, today=today, shown=SHOWN_BY_PROGRAM, more=found, matched=matched)
    return in_order((*library.faults, *failed, *reviewed))


def _worked_out(
    library: Library, corpora: dict[str, Corpus], fitter: Fitter, cache: Path, progress: Progress
) -> tuple[dict[str, Similarities], list[Fault]]:
    """What stands out in each language, and the tests that fail."""
    understood = understand(library, fitter, progress)
    found = {}
    for code, corpus in corpora.items():
        fitted = MatcherCache(cache).load(cache_key(corpus))
        if fitted is not None:  # else somebody has just emptied the cache
            found[code] = similarities(corpus, fitted, lambda done: progress("comparing examples", done))
    return found, understood if isinstance(understood, list) else []
