"""What kind of text something is, before anybody asks what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.dialogue.text_checks import LONGEST, is_only_symbols, is_other_script, is_too_long


def test_too_long_begins_after_four_thousand_characters() -> None:
    assert LONGEST == 4_000
    assert not is_too_long("a" * 4_000)
    assert is_too_long("a" * 4_001)


@pytest.mark.parametrize("text", ["", " ", "?!", "😭😭😭", "👩‍👩‍👧", "...", "❤️", "\u200b", "—"])
def test_only_symbols(text: str) -> None:
    assert is_only_symbols(text)


@pytest.mark.parametrize("text", ["a", "😭 why", "7", "помоги", "助けて", "ق"])
def test_not_only_symbols(text: str) -> None:
    assert not is_only_symbols(text)


@pytest.mark.parametrize("text", ["помогите мне", "助けて", "ساعدني", "βοήθεια", "помоги me", "मदद करो"])
def test_other_script(text: str) -> None:
    assert is_other_script(text)


@pytest.mark.parametrize(
    "text",
    ["help", "ça va pas", "ŵyr a ŷd", "ｈｅｌｐ", "𝓱𝓮𝓵𝓹 𝓶𝓮", "Ⓗⓔⓛⓟ", "😭", "", "123", "he said привет to me", "ʰelp"],
)
def test_latin_script_or_none(text: str) -> None:
    assert not is_other_script(text)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_judged(text: str) -> None:
    if is_only_symbols(text):
        assert not is_other_script(text)
    is_too_long(text)
