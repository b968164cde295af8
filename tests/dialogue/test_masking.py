"""What is hidden of a young person's words, and what is left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safetybot.dialogue.masking import Masked, mask, vocabulary, vocabulary_of
from safetybot.dialogue.masking_text import KINDS
from safetybot.dialogue.masking_words import FUNCTION, names
from safetybot.guidance.model import Guidance
from safetybot.guidance.reader import read_content

SHIPPED = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def shipped() -> Guidance:
    return read_content(SHIPPED).require().languages["en"]


@pytest.fixture(scope="module")
def ordinary(shipped: Guidance) -> frozenset[str]:
    return vocabulary(shipped)


def masked(text: str, ordinary: frozenset[str]) -> str:
    return mask(text, ordinary.__contains__).text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("my friend Jake keeps sending me pics", "my friend [name] keeps sending me pics"),
        ("JAKE keeps sending me pics", "[name] keeps sending me pics"),
        ("Ｊａｋｅ sent it", "[name] sent it"),
        ("ja\u200bke sent it", "[name] sent it"),
        ("j a k e told me", "[word] told me"),
        ("my name is tiger lily and he calls me", "my name is [word] [name] and he calls me"),
        ("a boy called summer said it", "a boy called [name] said it"),
        ("will keeps hitting me", "[name] keeps hitting me"),
        ("will they find out", "will they find out"),
        ("mr fielding is weird", "mr [name] is weird"),
        ("then Summer said hi", "then [name] said hi"),
        ("in the summer he said hi", "in the summer he said hi"),
        ("Park Smith said hi", "[name] said hi"),
        ("from his snap: jakey_09", "from his snap: [handle]"),
        ("his insta = the.cool.kid ok", "his insta [handle] ok"),
        ("my snap is hacked", "my snap is hacked"),
        ("my snap is tiger", "my snap is [word]"),
        ("add me on snap dragon please", "add me on snap [handle] please"),
        ("@coolkid told me", "[handle] told me"),
        ("call 07700 900123 now", "call [number] now"),
        ("call 0 7 7 0 0 now", "call [number] now"),
        ("oh seven seven double oh nine", "[number]"),
        ("they want £200", "they want £ [number]"),
        ("it is on 24/7", "it is on 24/7"),
        ("bob@example.org told me", "[link] told me"),
        ("look at https://evil.example/abc?x=1 now", "look at [link] now"),
        ("look at insta.com/jo now", "look at [link] now"),
        ("i live at 12 oak tree close", "i live at [address]"),
        ("i live in LS1 4AP", "i live in [address]"),
        ("he lives in reading near the park", "he lives in [address] near the park"),
        ("i am from leeds and he is not", "i am from [address] and he is not"),
        ("on victoria road", "on [address]"),
        ("down the road", "down the road"),
        ("i go to st marys school", "i go to [school] school"),
        ("i go to hill top school", "i go to [school] school"),
        ("i hate school", "i hate school"),
        ("im 13 and in year 8", "im [age] and in [age]"),
        ("i am thirteen and scared", "i am [age] and scared"),
        ("he is 15 years old", "he is [age]"),
        ("it was 2 weeks ago", "it was 2 weeks ago"),
        ("my bf mark said so", "my bf [name] said so"),
        ("his discord is blue fox king and he is mean", "his discord is [handle] and he is mean"),
        ("my birthday is 4 may", "my birthday is [number]"),
        ("born on june 3rd 2012", "born on [number]"),
        ("it may 2 people hurt", "it [number] people hurt"),
        ("my mum works in bath", "my mum works in [address]"),
        ("he saw me in the bath", "he saw me in the bath"),
        ("we moved to sandwich", "we moved to [address]"),
        ("she goes to park high", "she goes to [school] high"),
        ("kids at hope primary say it", "kids at [school] primary say it"),
        ("i stay in flat 4 queen court", "i stay in [address]"),
        ("what is sadfishing", "what is [word]"),
        ("what if my mum reads my diary? 😭", "what if my mum reads my diary? 😭"),
        ("sooooo scared", "sooooo scared"),
        ("кто это", "[word]"),
        ("half \ud83d a letter", "half a letter"),
        ("[name] {x} *big* <b>", "name x big b"),
    ],
)
def test_one_by_one(text: str, shown: str, ordinary: frozenset[str]) -> None:
    assert masked(text, ordinary) == shown


PLACES_OF_NAMES = (
    """\
my friend {} said it|{} keeps sending me pics|{}|im {} and i am scared|my name is {}|hi its {} here|me and {} and him
he is called {}|{}'s mum saw|she told {}, then me|dear {}!|(from {})|is it {}?|{} help|HELP {} NOW|mr {} is my teacher
and {} {} did it|i love {}😭|snap {}|#{}|@{}|{}/me|the {}s house|{}-lee said|i go to {} school|i live in {}|on {} street
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
INVENTED = st.from_regex(r"[bdfgklmnprstvwz][aeiou][bdfgklmnprstvwz]{2}[aeiou]th[aeiou]", fullmatch=True)
WRITTEN = st.sampled_from([str.lower, str.title, str.upper, str.capitalize])


@example("bobbie", str.lower, "the {}s house")
@example("mark", str.lower, "the {}s house")
@given(st.sampled_from(sorted(names())) | INVENTED, WRITTEN, st.sampled_from(PLACES_OF_NAMES))
def test_a_name_never_survives_wherever_it_stands(
    shipped_words: frozenset[str], name: str, write: object, place: str
) -> None:
    assert callable(write)
    left = masked(place.format(*[write(name)] * place.count("{}")), shipped_words).lower()
    found = re.findall(r"[^\W_]+", re.sub("|".join(map(re.escape, KINDS)), " ", left))
    assert name not in found
    assert f"{name}s" not in found


@pytest.fixture(scope="module")
def shipped_words(ordinary: frozenset[str]) -> frozenset[str]:
    return ordinary


DIGITS = st.text("0123456789", min_size=3, max_size=14)
BETWEEN = st.sampled_from(["", " ", "-", ".", "/", " - ", ", "])


@given(DIGITS, BETWEEN, st.sampled_from(["{}", "call {} now", "im on {}", "+{}", "({})", "my number is {}ok", "x{}y"]))
def test_no_three_digits_survive(shipped_words: frozenset[str], digits: str, between: str, place: str) -> None:
    left = masked(place.format(between.join(digits)), shipped_words)
    assert not re.search(r"\d\D{0,3}\d\D{0,3}\d", left)


HANDLES = st.from_regex(r"[a-z]{2,8}[_.0-9][a-z0-9_.]{1,6}[a-z0-9]", fullmatch=True)


@given(
    HANDLES,
    st.sampled_from(["{}", "@{}", "snap: {}", "add {} on insta", "his user is {}", "https://x.co/{}", "{}@a.b"]),
)
@example("he.is.me", "{}")
def test_no_handle_survives(shipped_words: frozenset[str], handle: str, place: str) -> None:
    assert handle not in masked(place.format(handle), shipped_words)


@given(st.text(st.characters(exclude_categories=()), max_size=80))
@example("\ue000\ue001 hi")
@example("[name][name]")
def test_whatever_is_left_is_ordinary(shipped_words: frozenset[str], text: str) -> None:
    """Every word of the result is one that examples use, a small number, or tells what was hidden."""
    found = mask(text, shipped_words.__contains__)
    assert found == Masked(found.text, found.kept, found.hidden)
    left = re.sub("|".join(map(re.escape, KINDS)), " ", found.text)
    assert not re.search(r"[\[\]{}<>*_@#\\`\ud800-\uf8ff]", left)
    for word in re.findall(r"[^\W_]+(?:'[^\W_]+)*", left.lower()):
        stems = {word, word.removesuffix("'s"), re.sub(r"(.)\1+", r"\1", word), re.sub(r"(.)\1+", r"\1\1", word)}
        ordinary = any(each in shipped_words or each in FUNCTION for each in stems)
        assert (
            ordinary
            or re.fullmatch(r"\d{1,2}\w{0,4}", word)
            or any(word.startswith(known[:4]) for known in shipped_words if len(known) >= 4)
        )
    assert mask(found.text, shipped_words.__contains__).text.count("[name]") == 0 or "[name]" in found.text


def test_most_of_what_young_people_write_stays(shipped: Guidance, capsys: pytest.CaptureFixture[str]) -> None:
    """Measured on topics whose examples were left out of the vocabulary, as if nobody had written them."""
    kept = hidden = clean = total = 0
    others = (*shipped.none.off_topic, *shipped.none.insults)
    signs = (*shipped.danger.emergency, *shipped.danger.check, *shipped.danger.none)
    for out in list(shipped.topics)[::16]:
        examples = [ask for id_, topic in shipped.topics.items() if id_ != out for ask in topic.asks]
        words = vocabulary_of([*examples, *others, *signs])
        for ask in shipped.topics[out].asks:
            found = mask(ask, words.__contains__)
            kept, hidden = kept + found.kept, hidden + found.hidden
            clean, total = clean + (not found.hidden), total + 1
    with capsys.disabled():
        print(f"\nmasked in examples: {hidden / (kept + hidden):.1%} of the words; {clean / total:.0%} are left whole")
    assert hidden / (kept + hidden) < 0.05
    assert clean / total > 0.55


class TestTells:
    def test_it_does_with_enough_words(self, ordinary: frozenset[str]) -> None:
        assert mask("what if my mum reads it", ordinary.__contains__).tells

    @pytest.mark.parametrize("text", ["", "hi", "jake smith", "jake callum megan said", "😭😭"])
    def test_it_does_not_with_few(self, text: str, ordinary: frozenset[str]) -> None:
        assert not mask(text, ordinary.__contains__).tells


def test_nothing_is_known_without_examples() -> None:
    assert mask("the zebra is on fire", frozenset[str]().__contains__).text == "the [word] is on [word]"


def test_a_name_in_one_example_of_thousands_is_not_ordinary() -> None:
    examples = [f"somebody told me about it number {number}" for number in range(10_000)]
    assert "brunhilde" not in vocabulary_of([*examples, "brunhilde told me", "brunhilde again"])
    assert "somebody" in vocabulary_of(examples)
    assert "jake" not in vocabulary_of([*examples, *["jake did it"] * 9])
