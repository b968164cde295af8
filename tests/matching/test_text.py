"""Normalising, slang, mending."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.matching.text import (
    MENDED_MAX,
    SlangTable,
    SpellingCorrector,
    TextPreparer,
    WordList,
    english_words,
    normalise,
    word_counts,
    words,
)


@pytest.fixture(scope="module")
def english() -> WordList:
    return english_words()


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Help ME", "help me"),
        ("sooooo scared", "soo scared"),
        ("NOOOOO", "noo"),
        ("aabb 1000 00000", "aabb 1000 00000"),
        ("don’t don‘t don`t don´t", "don't don't don't don't"),
        ("he said “pay”", 'he said "pay"'),
        ("  two\n\tlines \r\n", "two lines"),
        ("ｐａｙ ①", "pay 1"),
        ("ﬁnd", "find"),
        ("sui\u00adcide", "suicide"),
        ("k\u200bi\u2060ll", "kill"),
        ("\ufeffhello\u202e", "hello"),
        ("a\x00b\x07c", "a b c"),
        ("👩\u200d👧 home", "👩\u200d👧 home"),
        ("", ""),
        ("\u200b \n", ""),
        ("!!!!", "!!!!"),
    ],
)
def test_normalise(typed: str, normal: str) -> None:
    assert normalise(typed) == normal


@given(st.text())
def test_a_normalised_text_has_no_edges_line_breaks_or_long_repeats(text: str) -> None:
    normal = normalise(text)
    assert normal == " ".join(normal.split())
    assert not any(a == b == c and a.isalpha() for a, b, c in zip(normal, normal[1:], normal[2:], strict=False))


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF)))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("he's got my pics!!! pay £50", ["he's", "got", "my", "pics", "pay", "£", "50"]),
        ("snake_case a-b", ["snake", "case", "a", "b"]),
        ("😭😭help", ["😭", "😭", "help"]),
        ("'quoted' rock 'n' roll", ["quoted", "rock", "n", "roll"]),
        ("... ?!", []),
        ("мне страшно", ["мне", "страшно"]),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.sets(st.text(max_size=8), max_size=40), st.text(max_size=8))
def test_a_word_list_is_a_set(listed: set[str], other: str) -> None:
    known = WordList.of(listed)
    assert all(word in known for word in listed)
    assert (other in known) == (other in listed)


def test_english_words(english: WordList) -> None:
    assert all(word in english for word in ("help", "frightened", "knife", "homework", "zoo"))
    assert not any(word in english for word in ("scrd", "becuz", "qwzx", ""))


class TestSlangTable:
    table = SlangTable(
        {
            "u": "you",
            "nvm": "never mind",
            "kms": "kill myself",
            "on god": "honestly",
            "on": "ON",
            "Dont": "don’t",
            "s/h": "self-harm",
            "w/": "with",
            "<3": "love",
            ":'(": "crying",
            "🍃": "weed",
            "a b c d": "four words",
        }
    )

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("u ok?", "you ok?"),
            ("nvm, u said", "never mind, you said"),
            ("im gonna kms", "im gonna kill myself"),
            ("on god its true", "honestly its true"),
            ("on the bus", "on the bus"),
            ("i s/h sometimes", "i self-harm sometimes"),
            ("w/ my mate", "with my mate"),
            ("u <3 me", "you love me"),
            (":'( again", "crying again"),
            ("got 🍃 here", "got weed here"),
            ("a b c d e", "four words e"),
            ("utter nvmx menu", "utter nvmx menu"),
            ("i dont know", "i don't know"),
            ("", ""),
        ],
    )
    def test_expand(self, text: str, plain: str) -> None:
        assert self.table.expand(text) == plain

    def test_slang_written_with_capitals_is_found(self) -> None:
        assert SlangTable({"IRL": "In real life", ":P": "Joking"}).expand(normalise("irl :P")) == "in real life joking"

    @given(st.text())
    def test_an_empty_table_changes_nothing(self, text: str) -> None:
        assert SlangTable({}).expand(text) == text

    @given(st.lists(st.sampled_from(["nvm", "u", "on", "god", "s/h", "w/", "cat", "🍃", ",", "<3"])))
    def test_expanding_word_by_word_leaves_no_slang(self, parts: list[str]) -> None:
        found = words(self.table.expand(" ".join(parts)))
        assert not {"nvm", "u", "🍃"} & set(found)
        assert found.count("cat") == parts.count("cat")


@pytest.fixture(scope="module")
def mender(english: WordList) -> SpellingCorrector:
    texts = [
        "someone is blackmailing me with my pictures",
        "i am scared of him",
        "scared to tell anyone",
        "a sacred promise",
        "they share my password",
        "who is snapping",
    ]
    return SpellingCorrector(word_counts(texts), english)


class TestSpellingMender:
    @pytest.mark.parametrize(
        ("typed", "mended"),
        [
            ("blackmialing", "blackmailing"),
            ("pasword", "password"),
            ("pictuers", "pictures"),
            ("scrd", "scared"),  # the same consonants as "scared" (twice) and "sacred" (once)
            ("shank", "shank"),  # English, though not in the examples
            ("colour", "colour"),  # British: the list has only "color"
            ("organise", "organise"),
            ("xqzzyv", "xqzzyv"),
            ("im", "im"),
            ("pasw0rd", "pasw0rd"),
            ("pässword", "pässword"),
            ("passwor" * 4, "passwor" * 4),
        ],
    )
    def test_mend_word(self, mender: SpellingCorrector, typed: str, mended: str) -> None:
        assert mender.mend_word(typed) == mended
        assert mender.mend_word(typed) == mended, "from its memory"

    def test_mending_keeps_everything_but_the_word(self, mender: SpellingCorrector) -> None:
        assert mender.mend("hes blackmialing me!!  😭 (my pasword)") == "hes blackmailing me!!  😭 (my password)"

    @given(st.text())
    def test_a_mended_word_is_known(self, text: str) -> None:
        mender = SpellingCorrector(word_counts(["password blackmailing scared"]), WordList.of(["help"]))
        for before, after in zip(words(text), words(mender.mend(text)), strict=True):
            assert after == before or mender.knows(after)

    def test_a_message_of_nonsense_is_mended_in_part(self, mender: SpellingCorrector) -> None:
        nonsense = [f"qz{a}{b}{c}" for a in "bcdfgh" for b in "jklmnp" for c in "rstvwx"][:MENDED_MAX]
        assert mender.mend("pasword " + " ".join(nonsense[1:])).startswith("password ")
        assert mender.mend(" ".join(nonsense) + " pasword").endswith(" pasword"), "a word too many"
        assert mender.mend(" ".join(nonsense[:1] * 1_000) + " pasword").endswith(" password"), "each counts once"

    def test_nothing_known_nothing_mended(self) -> None:
        assert SpellingCorrector({}, WordList()).mend("hlp me plaese") == "hlp me plaese"


@pytest.fixture(scope="module")
def preparer(english: WordList) -> TextPreparer:
    slang = SlangTable({"u": "you", "pw": "password"})
    return TextPreparer(
        slang, SpellingCorrector(word_counts(["my password was stolen", "he is blackmailing me"]), english)
    )


class TestTextPreparer:
    def test_the_three_forms(self, preparer: TextPreparer) -> None:
        prepared = preparer.prepare("  My PW was STOLLEN, can u hlep?? ")
        assert prepared.raw == "my pw was stollen, can u hlep??"
        assert prepared.plain == "my password was stollen, can you hlep??"
        assert prepared.mended == "my password was stolen, can you hlep??"

    @pytest.mark.parametrize(
        ("text", "foreign"),
        [
            ("jest w moim domu boję się pomocy", True),
            ("ayudame por favor tengo mucho miedo", True),
            ("боюсь он здесь помогите", True),
            ("can someone please help me", False),
            ("help me ayudame please now", False),  # a word or two of another language is no other language
            ("boję się", False),  # too short to tell
            ("😭😭😭😭 !!!!", False),
            ("", False),
        ],
    )
    def test_is_foreign(self, preparer: TextPreparer, text: str, foreign: bool) -> None:
        assert preparer.is_foreign(preparer.prepare(text)) is foreign
