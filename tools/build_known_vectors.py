"""Makes what is known of the shipped examples beforehand, so that a first start takes a third of the time.

    python tools/build_known_vectors.py [--check | --calibration]

``known.npz``: their sentence vectors. Run it before a release in which many examples changed, or with a new encoder;
each version (6 MB) stays in the history, so not at every edit: what is missing from it is only read again at the first
start. ``calibration.npz`` (4 kB): what cross-validation finds; ``--calibration`` makes that alone, which is worth it
at each release, for it serves exactly the examples it was made of. ``--check`` prints how much is known.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from safetybot.guidance.reader import read_content
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder, encoder_hash
from safetybot.matching.fitter import cache_key, fit_corpus
from safetybot.matching.interpreter import make_preparer
from safetybot.matching.known_calibration import KNOWN as KNOWN_CALIBRATION
from safetybot.matching.known_calibration import known_calibration, save_known_calibration
from safetybot.matching.known_vectors import known_vectors, save_known_vectors

CONTENT = Path(__file__).parent.parent / "content"


def main() -> None:
    """Writes the file, or prints how much of the content it has."""
    parser = argparse.ArgumentParser(description="Sentence vectors of the shipped examples.")
    parser.add_argument("--check", action="store_true", help="only print the share of examples that are known")
    parser.add_argument("--calibration", action="store_true", help="only cross-validate")
    arguments = parser.parse_args()
    corpus = Corpus.of(read_content(CONTENT).require().languages["en"])
    preparer = make_preparer(corpus)
    texts = list(dict.fromkeys(preparer.prepare(text).mended for text in corpus.texts))
    key = cache_key(corpus)
    if arguments.check:
        print(f"{len(known_vectors(texts, encoder_hash())) / len(texts):.1%} of {len(texts)} texts are known")
        print("their calibration is known" if known_calibration(key) else "their calibration is not known")
        return
    if not arguments.calibration:
        vectors = SentenceEncoder().encode_all(texts, lambda done: print(f"{done} of {len(texts)}"))
        save_known_vectors(texts, vectors, encoder_hash())
    KNOWN_CALIBRATION.unlink(missing_ok=True)  # lest it is taken for what is to be found out
    with tempfile.TemporaryDirectory() as folder:
        fitted = fit_corpus(corpus, Path(folder), lambda stage, done: print(f"{stage} {done:.0%}"))
    save_known_calibration(key, fitted.calibration)


if __name__ == "__main__":
    main()
