from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safetybot.vault.code_reading import TEXT_MAX, Slip, parse
from safetybot.vault.code_words import code_words
from safetybot.vault.codes import Code

CODES = st.lists(st.sampled_from(code_words()), min_size=6, max_size=6).map(lambda words: Code(tuple(words)))
CODE = Code(("maple", "garden", "kettle", "penguin", "hockey", "violin"))
SLIPPED = st.sampled_from("abcdefghijklmnopqrstuvwxyzé -,.'’1\n\u200b")


@pytest.mark.parametrize(
    "text",
    [
        "maple garden kettle penguin hockey violin",
        "  MAPLE Garden kettle\nPENGUIN hockey violin.  ",
        "maple, garden, kettle, penguin, hockey, violin",
        "maple-garden-kettle-penguin-hockey-violin",
        "maple_garden_kettle_penguin_hockey_violin",
        "1. maple\n2. garden\n3. kettle\n4. penguin\n5. hockey\n6. violin",
        "1)maple 2)garden 3)kettle 4)penguin 5)hockey 6)violin",
        "hi, my code is: maple garden kettle penguin hockey violin. is there an answer?",
        "“maple” ‘garden’ *kettle* _penguin_ **hockey** (violin)",
        "maplegardenkettlepenguinhockeyviolin",
        "maplegarden kettle penguin hockey violin",
        "ma ple garden kettle penguin hockey violin",
        "maple garden kettle pen guin hockey violin",
        "ｍａｐｌｅ garden kettle penguin hockey violin",
        "ma\u00adple gar\u200bden kettle penguin hockey violin",
        "máple gardèn kettle penguin hockey violín",
        "maple garden kettle penguin hockey violin I said maple garden kettle penguin hockey violin",
    ],
)
def test_forgiven(text: str) -> None:
    assert parse(text) == CODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "maple garden kettle penguin hockey",
        "maple garden kettle penguin hockey violin zebra",
        "maple garden kettle zebra",
        "qqqqqq wwwwww kettle penguin hockey violin",
        "maple zebra " * 250,
        "x" * 100_000,
        "1 2 3 4 5 6",
        "клён сад чайник пингвин хоккей скрипка",
    ],
)
def test_no_code(text: str) -> None:
    assert not isinstance(parse(text), Code)


def test_what_no_slip_can_have_made_is_no_code() -> None:
    assert parse("maple garden kettle penguin hockey") is None
    assert parse("maple garden kettle penguin hockey violin zebra") is None
    assert parse("maple garden qqqqqqq wwwwwww hockey violin") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("mapel", "maple"), ("maples", "maple"), ("mple", "maple"), ("mabple", "maple"), ("naple", "maple")],
)
def test_a_mistyped_word_is_asked_about(typed: str, meant: str) -> None:
    slip = parse(f"{typed} garden kettle penguin hockey violin")
    assert isinstance(slip, Slip)
    assert slip.typed == typed
    assert slip.suggestion == meant
    assert slip.suggestions[0].code == CODE


def test_a_word_cut_in_two_so_that_another_code_is_left_is_asked_about() -> None:
    assert {"sunhat", "hat"} <= set(code_words())
    rest = ("garden", "kettle", "penguin", "hockey", "violin")
    for text in ("sun hat", "sun-hat"):
        slip = parse(f"{text} {' '.join(rest)}")
        assert isinstance(slip, Slip)
        assert {one.code for one in slip.suggestions} == {Code(("sunhat", *rest)), Code(("hat", *rest))}


@given(CODES)
def test_any_code_in_any_dress_is_read(code: Code) -> None:
    assert parse(code.text) == code
    assert parse(", ".join(code.words).title()) == code
    assert parse("-".join(code.words).upper()) == code
    assert parse("\n".join(f"{number}. {word}" for number, word in enumerate(code.words, 1))) == code


def slips(text: str, place: int, how: str, letter: str) -> str:
    if how == "more":
        return text[:place] + letter + text[place:]
    if how == "less":
        return text[:place] + text[place + 1 :]
    if how == "other":
        return text[:place] + letter + text[place + 1 :]
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


@given(CODES, st.integers(0, 60), st.sampled_from(["more", "less", "other", "swapped"]), SLIPPED)
@example(Code(("rainhat", *CODE.words[1:])), 3, "other", " ")
@example(Code(("sunhat", *CODE.words[1:])), 3, "more", "-")
@example(Code((*CODE.words[1:], "island")), len("garden kettle penguin hockey violin is"), "more", " ")
def test_one_slip_is_mended_or_refused_and_never_another_code(code: Code, place: int, how: str, letter: str) -> None:
    read = parse(slips(code.text, place % len(code.text), how, letter))
    assert read is None or isinstance(read, Slip) or read == code


@given(CODES, st.data())
def test_one_wrong_letter_in_a_word_is_always_mended(code: Code, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 5))
    word = code.words[number]
    how = data.draw(st.sampled_from(["more", "other", "less", "swapped"]))
    letter = data.draw(st.sampled_from("aeinorst"))
    slipped = slips(word, data.draw(st.integers(0, len(word) - 1)), how, letter)
    read = parse(" ".join([*code.words[:number], slipped, *code.words[number + 1 :]]))
    if isinstance(read, Slip):
        assert len(read.suggestions) <= 3
        assert read.typed == slipped
    else:
        assert read == code


@given(st.text(max_size=2000))
def test_any_text_is_read(text: str) -> None:
    read = parse(text)
    assert read is None or isinstance(read, Code | Slip)


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    assert parse(CODE.text + " hello" * 200) == CODE
    assert parse("hello " * TEXT_MAX + CODE.text) is None


def test_nothing_typed_in_a_repr() -> None:
    slip = parse(CODE.text.replace("maple", "mapel"))
    assert "map" not in repr(slip)
