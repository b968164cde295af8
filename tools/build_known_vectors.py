"""Makes ``known.npz``: the sentence vectors of the shipped examples, so that a first start need not read them all.

    python tools/build_known_vectors.py [--check]

Run it before a release in which many examples changed, or with a new encoder; each version (6 MB) stays in the
history, so not at every edit: what is missing from it is only read again at the first start. ``--check`` prints which
share of the examples it has.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetybot.guidance.reader import read_content
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder, encoder_hash
from safetybot.matching.interpreter import make_preparer
from safetybot.matching.known_vectors import known_vectors, save_known_vectors

CONTENT = Path(__file__).parent.parent / "content"


def main() -> None:
    """Writes the file, or prints how much of the content it has."""
    parser = argparse.ArgumentParser(description="Sentence vectors of the shipped examples.")
    parser.add_argument("--check", action="store_true", help="only print the share of examples that are known")
    check = parser.parse_args().check
    corpus = Corpus.of(read_content(CONTENT).require().languages["en"])
    preparer = make_preparer(corpus)
    texts = list(dict.fromkeys(preparer.prepare(text).mended for text in corpus.texts))
    if check:
        print(f"{len(known_vectors(texts, encoder_hash())) / len(texts):.1%} of {len(texts)} texts are known")
        return
    every = max(1, len(texts) // 20)
    vectors = SentenceEncoder().encode_all(
        texts, lambda done: print(f"{done} of {len(texts)}") if done % every == 0 else None
    )
    save_known_vectors(texts, vectors, encoder_hash())


if __name__ == "__main__":
    main()
