"""A message's text, wherever it goes: normalised, judged by the rules, masked, quoted, shown in every channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from safetybot.channels.telegram.rendering import TEXT_MAX, render, units
from safetybot.dialogue.masking import mask
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.quoting import escape
from safetybot.dialogue.text_checks import is_only_symbols, is_other_script, is_too_long
from safetybot.formats.markdown import parse, plain
from safetybot.guidance.reader import read_content
from safetybot.http.message_markup import MessageMarkup
from safetybot.matching.danger_rules import apply_rules
from safetybot.matching.encoder import _VOCABULARY, _checked
from safetybot.matching.interpreter import MATCHED_CHARACTERS, parts_of
from safetybot.matching.text import SlangTable, SpellingCorrector, TextPreparer, english_words, normalise
from safetybot.matching.wordpiece import WordPiece
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target
from tests.talking import DIALOGUE_CONTENT

QUOTED_MAX = 16_384
"""Letters of one text that is shown again."""
MASKED_MAX = 1_200
"""Letters of a text that anybody is asked about."""
_TAGS = {"b", "i", "a"}
_PAGE_TAGS = {"p", "br", "ul", "ol", "li", "strong", "em", "a", "span", "button"}


class _Checker(HTMLParser):
    """Whether tags are of those that we make, closed in order, and lead nowhere they must not."""

    def __init__(self, allowed: set[str]) -> None:
        super().__init__()
        self._allowed = allowed
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self._allowed, tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name != "href" or re.match(r"(?:https?|tel|sms):", value or "", re.IGNORECASE), value
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def well_formed(html: str, allowed: set[str] = _PAGE_TAGS) -> None:
    """Raises where it is not."""
    checker = _Checker(allowed)
    checker.feed(html)
    checker.close()
    assert not checker.open, checker.open


@contextmanager
def _opened() -> Iterator[Once]:
    guidance = read_content(DIALOGUE_CONTENT).require().languages["en"]
    asks = [ask for topic in guidance.topics.values() for ask in topic.asks]
    counts = {word: 1 for ask in asks for word in ask.split()}
    preparer = TextPreparer(SlangTable(guidance.slang), SpellingCorrector(counts, english_words()))
    said = MessageMarkup(guidance.wording, tuple(guidance.helplines.values()))
    pieces = WordPiece(_checked(_VOCABULARY).read_text("utf-8").splitlines())
    known = frozenset(counts)

    def once(data: bytes) -> None:
        draws = Draws(data)
        kind = draws.number(3)
        most = MASKED_MAX if kind == 2 else MATCHED_CHARACTERS if kind == 1 else QUOTED_MAX
        text = draws.long_text(most if draws.chance(16) else 300)  # most are short, for there to be many
        if kind == 1:
            prepared = preparer.prepare(text)
            for form in (prepared.raw, prepared.plain, prepared.mended):
                apply_rules(form)
                parts_of(form)
            assert normalise(prepared.raw) == prepared.raw or "\u200d" in text
            preparer.is_foreign(prepared)
            pieces.encode(prepared.mended)
            is_only_symbols(text), is_other_script(text), is_too_long(text)
        elif kind == 2:
            masked = mask(text, known.__contains__).text
            assert "@" not in masked
            assert not re.search(r"[0-9]{3}", masked), masked
        else:
            shown(escape(text) if kind == 3 else text, said)

    yield once


def shown(text: str, said: MessageMarkup) -> None:
    """Shows a text in every channel."""
    plain(parse(text))
    for part in render(Outgoing(text)):
        assert units(part.text) <= 2 * TEXT_MAX
        well_formed(part.html, _TAGS)
        part.html.encode()
    html = said.html(text, commands=True)
    well_formed(html)
    html.encode()


TEXTS = Target(
    "texts",
    "a message's text: normalising, slang, spelling, danger rules, masking, Markdown, Telegram and web rendering",
    _opened,
    seeds=[
        b"\x00\x00\x00**bold** _it_ [x](https://a.b/c?d=1&e) 1. one\n2. two\n\n- a\n  - b\n> q\n# h\n&amp;<b>",
        b"\x00\x00\x00Call 999 or text SHOUT to 85258, /report now",
        "\x01\x00\x00he has a knife n hes outsideee my house rn pls hlp 😰".encode(),
        b"\x01\x0f\x01\x06i took\x08 all my p",
        b"\x02\x00\x00my name is Sam Smith from Leeds, add me on insta sam.smith_07 or sam@mail.com 07700 900123",
        b"\x02\x0f\x01\x00\x02a@",
        b"\x02\x0f\x01\x00\x02a.",
        b"\x03\x0f\x01\x00\x02a\n",
    ],
    words=["@", ".com", "www.", "http://", "snap:", "**", "[", "](", "\n", "&#10;", "\u200d", "\ufdfa", "kill myself",
           " now", "he has", " a knife", "i took ", "my name is ", "year 9", "one two three", "<b>", "1. ", "\t", "/"],
    longest=2048,
    seconds=4.0,  # 16,384 letters in 8,192 lines, shown in every channel, take 0.7 s: what grows faster takes far more
    short=20,
)  # fmt: skip
