from __future__ import annotations

import pytest

from safetybot.vault.code_words import code_words
from safetybot.vault.codes import Code, derive, new_code, pepper_from
from safetybot.vault.key_derivation import MEMORY, PASSES, Parameters, WeakParameters
from tests.reports.office import CHEAP, PEPPER

CODE = Code(tuple(code_words()[:6]))


def test_new_codes_use_the_whole_list_and_do_not_repeat() -> None:
    codes = {new_code() for _ in range(3000)}
    assert len(codes) == 3000
    for place in range(6):
        assert len({code.words[place] for code in codes}) > 1000  # 1,183 expected, far off is a bad source of chance


@pytest.mark.parametrize("words", [(), ("maple",) * 5, ("maple",) * 7, (*("maple",) * 5, "Maple"), ("x",) * 6])
def test_a_code_is_six_words_of_the_list(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="six code words"):
        Code(words)


def test_keys_differ_by_code_order_pepper_and_use() -> None:
    keys = derive(CODE, PEPPER, CHEAP)
    assert keys == derive(CODE, PEPPER, CHEAP)
    others = [
        derive(Code(CODE.words[::-1]), PEPPER, CHEAP),
        derive(CODE, PEPPER[::-1], CHEAP),
        derive(CODE, PEPPER, Parameters(2, 8192, cheap_for_tests=True)),
    ]
    every = [keys, *others]
    values = [value for one in every for value in (one.lookup_tag, one.wrapping_key)]
    assert len(set(values)) == len(values)
    assert {len(value) for value in values} == {32}


def test_keys_stay_the_same_for_ever() -> None:
    """The real parameters, too. Where this fails, no code that was given out works any more."""
    keys = derive(CODE, PEPPER)
    assert CODE.text == "abacus ability acorn acrobat action active"
    assert keys.lookup_tag.hex() == "896eddef30e43d35b26263ab9609b3e4aa465eaed10fea29b2c7ddaf284a3f54"
    assert keys.wrapping_key.hex() == "055a173384e45b8075b295e7c181c28ae786cc731a619dc53a7afb899ee248db"


def test_the_pepper_comes_from_the_secret_and_has_its_length() -> None:
    assert len(pepper_from(bytes(32))) == 32
    assert pepper_from(bytes(32)) != pepper_from(b"\x01" + bytes(31))
    with pytest.raises(ValueError, match="length"):
        derive(CODE, PEPPER[:16], CHEAP)


@pytest.mark.parametrize(("passes", "memory"), [(PASSES - 1, MEMORY), (PASSES, MEMORY - 1), (1, 8192)])
def test_cheap_parameters_are_refused_outside_tests(passes: int, memory: int) -> None:
    with pytest.raises(WeakParameters):
        Parameters(passes, memory)
    assert Parameters() == Parameters(PASSES, MEMORY)


def test_nothing_secret_in_a_repr() -> None:
    keys = derive(CODE, PEPPER, CHEAP)
    assert str(CODE) == repr(CODE) == "Code()"
    assert str(keys) == repr(keys) == "CodeKeys()"
