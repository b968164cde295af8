from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA

from safetybot.vault.code_words import (
    BITS_MIN,
    WORDS_FILE,
    WORDS_MIN,
    WORDS_SHA256,
    CodeWordsUnfit,
    check_words,
    code_bits,
    code_words,
    load_words,
)


def test_the_list_is_fit() -> None:
    words = code_words()
    assert len(words) >= WORDS_MIN
    assert code_bits() >= BITS_MIN
    check_words(words)


def test_the_fast_check_agrees_with_comparing_every_pair() -> None:
    words = code_words()
    assert all(OSA.distance(a, b, score_cutoff=1) > 1 for a, b in itertools.combinations(words, 2))


@pytest.mark.parametrize(
    "slip", ["mapl", "maples", "maplq", "mpale", "xmaple"], ids=["less", "more", "other", "swapped", "before"]
)
def test_two_words_one_slip_apart_are_found(slip: str) -> None:
    assert "maple" in code_words()
    with pytest.raises(CodeWordsUnfit, match="one slip apart"):
        check_words(sorted([*code_words(), slip]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda words: words[:1000], "too few"),
        (lambda words: words[::-1], "out of order"),
        (lambda words: [*words, words[-1]], "twice"),
        (lambda words: ["Aardvark", *words], "3 to 7 letters"),
        (lambda words: ["ab", *words], "3 to 7 letters"),
        (lambda words: ["abcdéf", *words], "3 to 7 letters"),
        (lambda words: sorted([*words, "dogtoy"]), "'dog' and 'toy'"),
    ],
)
def test_an_unfit_list_is_refused(change, message: str) -> None:  # type: ignore[no-untyped-def]
    assert {"dog", "toy"} <= set(code_words())
    with pytest.raises(CodeWordsUnfit, match=message):
        check_words(change(list(code_words())))


def test_a_changed_or_missing_file_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "words.txt"
    changed.write_bytes(WORDS_FILE.read_bytes().replace(b"maple", b"poplar"))
    for path in (changed, tmp_path / "missing.txt"):
        with pytest.raises(CodeWordsUnfit, match="install the program again"):
            load_words(path, WORDS_SHA256)


def test_no_plurals_and_no_homophones_that_children_mix_up() -> None:
    words = set(code_words())
    assert not {word for word in words if {word + "s", word + "es", word[:-1] + "ies"} & words}
    mixed_up = "sea see flower flour pear pair sun son hair hare bear bare tail tale wait weight road rode knot not"
    assert not words & set(mixed_up.split())
