"""Sentences about everything else, so that the encoder does not forget the world over our topics.

    apt-get install wordnet-base fortunes gnome-user-docs gnucash-docs
    python tools/general_texts.py FILE

Writes about 78,000 sentences, one a line, in lower case, from what these Debian packages hold: the explanations and
examples of a dictionary (WordNet), sayings and jokes, and two programs' handbooks. ``tune_encoder.py`` reads them. None
of it comes into the repository, or into what the bot says.
"""

from __future__ import annotations

import argparse
import html
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

DICTIONARY = Path("/usr/share/wordnet")
SAYINGS = Path("/usr/share/games/fortunes")
HANDBOOKS = Path("/usr/share/help/C")
TAKEN = {"examples": 30_000, "meanings": 12_000, "sayings": 25_000, "handbooks": 14_000}
LENGTHS = range(18, 180)
"""Characters."""


def dictionary() -> tuple[list[str], list[str]]:
    """Examples and meanings."""
    examples, meanings = [], []
    for kind in ("adj", "adv", "noun", "verb"):
        for line in (DICTIONARY / f"data.{kind}").read_text("utf-8").splitlines():
            if not line.startswith("  "):  # the licence
                gloss = line.partition("|")[2]
                examples += re.findall(r'"([^"]+)"', gloss)
                meanings.append(re.sub(r'"[^"]*"', "", gloss).strip(" ;"))
    return examples, meanings


def sayings() -> Iterator[str]:
    """Sentences of every file of sayings."""
    for path in sorted(SAYINGS.iterdir()):
        if path.is_file() and not path.suffix and path.name not in ("art", "ascii-art", "debian", "linux"):
            for saying in path.read_text("utf-8", "replace").split("\n%\n"):
                yield from sentences(saying)


def handbooks() -> Iterator[str]:
    """Sentences of the paragraphs of every handbook."""
    paragraph = re.compile(r"<(p|para|title|desc)\b[^>]*>(.*?)</\1>", re.DOTALL)
    for path in sorted(HANDBOOKS.rglob("*")):
        if path.suffix in (".page", ".docbook", ".xml"):
            for match in paragraph.finditer(path.read_text("utf-8", "replace")):
                yield from sentences(html.unescape(re.sub(r"<[^>]+>", "", match[2])))


def sentences(text: str) -> list[str]:
    """A text cut where a sentence seems to end."""
    return re.split(r"(?<=[.!?:])\s+(?=[A-Z\"])", " ".join(text.split()))


def tidy(texts: Iterable[str]) -> list[str]:
    """Of a usual length, lower case, without signs the bot's messages seldom have; each once."""
    plain = (re.sub(r"[^a-z0-9' ?!.,]", " ", text.lower()).strip() for text in texts if len(text) in LENGTHS)
    return list(dict.fromkeys(plain))


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description="Sentences about everything, for tune_encoder.py.")
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    chance = random.Random(0)
    examples, meanings = dictionary()
    found = {"examples": examples, "meanings": meanings, "sayings": sayings(), "handbooks": handbooks()}
    taken = []
    for name, texts in found.items():
        tidied = tidy(texts)
        taken += chance.sample(tidied, min(TAKEN[name], len(tidied)))
        print(f"{name}: {min(TAKEN[name], len(tidied))} of {len(tidied)}")
    arguments.file.write_text("\n".join(dict.fromkeys(taken)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
