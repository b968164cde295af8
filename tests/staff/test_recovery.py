from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from safetybot.staff.recovery import RecoveryKeyMistyped, read_spelt, spell
from safetybot.vault.sealing import KeyPair

KEYS = st.binary(min_size=32, max_size=32).map(KeyPair.from_private)


@given(KEYS)
def test_what_is_spelt_is_read(pair: KeyPair) -> None:
    text = spell(pair)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){13}[0-9A-HJKMNP-TV-Z]{4}", text)
    for typed in (text, text.lower(), text.replace("-", ""), text.replace("-", "  "), f" {text}.\n"):
        assert read_spelt(typed) == pair
    assert read_spelt(text.replace("0", "O").replace("1", "l")) == pair


@given(KEYS, st.integers(0, 55), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_a_wrong_letter_is_noticed(pair: KeyPair, place: int, letter: str) -> None:
    text = spell(pair).replace("-", "")
    assume(text[place] != letter)
    with pytest.raises(RecoveryKeyMistyped, match="compare it with the paper"):
        read_spelt(text[:place] + letter + text[place + 1 :])


@given(KEYS, st.integers(0, 54))
def test_two_swapped_letters_are_noticed(pair: KeyPair, place: int) -> None:
    text = spell(pair).replace("-", "")
    assume(text[place] != text[place + 1])
    with pytest.raises(RecoveryKeyMistyped):
        read_spelt(text[:place] + text[place + 1] + text[place] + text[place + 2 :])


@pytest.mark.parametrize(
    ("text", "message"), [("", "this has 0"), ("ABCD" * 13, "this has 52"), ("U" * 56, "no 'U'"), ("é" * 56, "no 'É'")]
)
def test_what_is_no_key_is_told(text: str, message: str) -> None:
    with pytest.raises(RecoveryKeyMistyped, match=message):
        read_spelt(text)
