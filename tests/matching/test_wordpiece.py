"""Parity with the `tokenizers` package, which we do without at run time."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import BertWordPieceTokenizer

from safetybot.matching import encoder
from safetybot.matching.wordpiece import WordPiece

VOCABULARY = Path(encoder.__file__).parent / "encoder_files" / "vocab.txt"
UNCUT = 100_000


@pytest.fixture(scope="module")
def theirs() -> BertWordPieceTokenizer:
    return BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)


@pytest.fixture(scope="module")
def ours() -> WordPiece:
    return WordPiece(VOCABULARY.read_text("utf-8").splitlines())


def _same_in_every_unicode(char: str) -> bool:
    """Whether the character's kind does not depend on a library's edition of Unicode.

    Left out beside: capital sigma, which Python lowers by its place in the word, as the reference code of BERT does.
    """
    then = unicodedata.ucd_3_2_0.category(char)
    return then == unicodedata.category(char) and then not in ("Cn", "Cs") and char != "Σ"


_ANY = st.characters(exclude_categories=("Cs", "Cn")).filter(_same_in_every_unicode)
_WORDS = st.sampled_from(
    [
        "he's",
        "blackmailing",
        "NUDES",
        "insta",
        "pics",
        "£50",
        "café",
        "naïve",
        "😭",
        "🏳️‍🌈",
        "##ing",
        "...",
        "日本",
        "ﬁ",
        "Ǆ",
        "İ",
    ]
)
_TYPED = st.lists(st.one_of(_WORDS, st.text(_ANY, max_size=8), st.text(st.characters(max_codepoint=0x7F), max_size=8)))


@settings(max_examples=300)
@given(_TYPED.map(" ".join))
def test_the_same_numbers_for_any_text(theirs: BertWordPieceTokenizer, ours: WordPiece, text: str) -> None:
    assert ours.encode(text, UNCUT) == theirs.encode(text).ids


@settings(max_examples=100)
@given(st.text(_ANY, max_size=60), st.integers(2, 20))
def test_the_same_where_it_is_cut(theirs: BertWordPieceTokenizer, ours: WordPiece, text: str, length: int) -> None:
    theirs.enable_truncation(length)
    try:
        assert ours.encode(text, length) == theirs.encode(text).ids
    finally:
        theirs.no_truncation()


def test_the_same_for_every_character(theirs: BertWordPieceTokenizer, ours: WordPiece) -> None:
    big = {"Lo": 97, "Co": 997}  # thousands of Chinese, Korean and private characters: a few of each will do
    different = []
    for code in range(0x110000):
        char = chr(code)
        if code % big.get(unicodedata.category(char), 1) or not _same_in_every_unicode(char):
            continue
        text = f"a{char}b {char}"
        if ours.encode(text, UNCUT) != theirs.encode(text).ids:
            different.append(f"U+{code:04X}")
    assert different == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "he said he'll post my pics unless i pay £50!!!",
        "hes gonna LEAK my nudes :(",
        "ÀÉÎÕÜ çñ ø ß ł",
        "e\u0301 combining, o\u0308",
        "日本語のテキスト 한국어 中文",
        "jest w moim domu, boję się, pomocy",
        "я боюсь, он здесь",
        "هو في بيتي",
        "😭😭 help 🔪🏠 👩‍👧",
        "don't can't won't o'clock",
        "a\u2028b\u2029c\u00a0d\u3000e",
        "tab\tline\nreturn\r\x0b\x0c\x00\x85\ufffd.",
        "\u200bzero\u200cwidth\u200d\ufeff",
        "sooooooooooo " * 50,
        "x" * 100,
        "x" * 101,
        "é" * 100,
        "snake_case #tag @name https://example.org/a?b=c&d",
        "1,000.50% ½ ² Ⅷ ①",
        "“quotes” — dashes – … ‹›",
    ],
)
def test_the_same_for_hand_made_texts(theirs: BertWordPieceTokenizer, ours: WordPiece, text: str) -> None:
    assert ours.encode(text, UNCUT) == theirs.encode(text).ids


def test_marks_in_a_message_are_words_not_marks(ours: WordPiece) -> None:
    """Theirs takes "[SEP]" in a text for the end mark; what someone types must not be a command."""
    vocabulary = VOCABULARY.read_text("utf-8").splitlines()
    separator = vocabulary.index("[SEP]")
    assert ours.encode("a [SEP] b").count(separator) == 1


def test_from_memory_and_beyond_it(ours: WordPiece) -> None:
    text = "blackmailing blackmailing"
    assert ours.encode(text) == ours.encode(text)
    start, *pieces, _ = ours.encode(text)
    assert start == ours.encode("")[0]
    assert pieces[: len(pieces) // 2] == pieces[len(pieces) // 2 :]
