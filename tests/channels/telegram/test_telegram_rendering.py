"""Markdown to Telegram HTML: safe, within limits, and nothing lost."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.channels.telegram import rendering
from safetybot.channels.telegram.rendering import PressDoesNotFit, render, units
from safetybot.dialogue.messages import Button, Outgoing
from safetybot.dialogue.quoting import escape
from safetybot.formats.markdown import Listing, Paragraph, Span, parse, plain
from safetybot.vault.codes import Code, new_code
from tests.emulator import telegram_html

MARKUP = st.text(alphabet=st.sampled_from("ab *_`[]()<>&\"'\\#-+.!~|=:/\n\t123😀é\u0301\u200d\ud800"), max_size=300)
ANY = st.one_of(st.text(max_size=300), MARKUP)


def html(text: str) -> str:
    (part,) = render(Outgoing(text))
    return part.html


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


class TestMarkdown:
    def test_structure(self) -> None:
        blocks = parse("**Hi** *you*\nthere\n\n2. one\n3. two\n   - in\n")
        assert blocks[0] == Paragraph(
            ((Span("Hi", bold=True), Span(" "), Span("you", italic=True)), (Span("there"),)),
        )
        listing = blocks[1]
        assert isinstance(listing, Listing)
        assert listing.start == 2
        assert isinstance(listing.items[1].blocks[1], Listing)
        assert listing.items[1].blocks[1].start is None

    @pytest.mark.parametrize("address", ["https://a.uk/b", "http://a.uk", "tel:08001111", "sms:85258?body=SHOUT"])
    def test_kept_links(self, address: str) -> None:
        assert parse(f"[x]({address})") == (Paragraph(((Span("x", link=address),),)),)

    @pytest.mark.parametrize("address", ["ftp://a", "tg://user?id=1", "mailto:a@b.uk", "/a", ""])
    def test_dropped_links_keep_their_words(self, address: str) -> None:
        assert parse(f"[x]({address})") == (Paragraph(((Span("x"),),)),)

    @pytest.mark.parametrize(
        "trap", ["    indented", "a\n---", "```\ncode\n```", "[a]: https://b.uk", "![a](https://b)"]
    )
    def test_what_a_non_programmer_triggers_by_accident_loses_no_word(self, trap: str) -> None:
        assert words(plain(parse(trap)))

    def test_heading_is_bold(self) -> None:
        assert parse("# Hi") == (Paragraph(((Span("Hi", bold=True),),)),)

    @given(ANY)
    def test_never_raises(self, text: str) -> None:
        plain(parse(text))

    @given(ANY)
    def test_escaped_text_is_shown_as_typed(self, text: str) -> None:
        typed = [line.strip() for line in text.encode("utf-8", "replace").decode().splitlines()]
        shown = [line.strip() for line in plain(parse(escape(text))).splitlines()]
        assert [line for line in shown if line] == [line.replace("\0", "\ufffd") for line in typed if line]


class TestHtml:
    @pytest.mark.parametrize(
        ("markdown", "expected"),
        [
            ("plain", "plain"),
            ("**b** and *i*", "<b>b</b> and <i>i</i>"),
            ("***both***", "<b><i>both</i></b>"),
            ("- a\n- b", "• a\n• b"),
            ("3. a\n4. b", "3. a\n4. b"),
            ("- a\n  - b", "• a\n   • b"),
            ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
            ("[R](https://a.uk/?x=1&y=2)", '<a href="https://a.uk/?x=1&amp;y=2">R</a>'),
            ("**[R](https://a.uk)**", '<b><a href="https://a.uk">R</a></b>'),
            ("[0800 1111](tel:08001111)", "0800 1111"),
            ("[Call Childline](tel:08001111)", "Call Childline (08001111)"),
            ("[Text Shout](sms:85258?body=SHOUT)", "Text Shout (85258)"),
            ("<b>x</b> & <script>", "&lt;b&gt;x&lt;/b&gt; &amp; &lt;script&gt;"),
            ('[x](https://a.uk/"onclick=)', '<a href="https://a.uk/%22onclick=">x</a>'),
        ],
    )
    def test_examples(self, markdown: str, expected: str) -> None:
        assert html(markdown) == expected
        telegram_html.parse(expected)

    def test_plain_version_writes_addresses_out(self) -> None:
        (part,) = render(Outgoing("**See** [R](https://a.uk)"))
        assert part.text == "See R (https://a.uk)"

    @given(st.builds(new_code))
    def test_the_code_of_a_report_is_one_message_in_bold_whole(self, code: Code) -> None:
        (part,) = render(Outgoing(f"**{code.text}**", ((Button("I've saved it", "code:saved"),),)))
        assert part.html == f"<b>{code.text}</b>"
        assert part.text == code.text
        assert part.keyboard is not None

    @given(ANY)
    def test_any_text_gives_html_that_telegram_accepts_and_keeps_every_word(self, text: str) -> None:
        parts = render(Outgoing(text))
        visible = [telegram_html.parse(part.html)[0] for part in parts]
        assert all(0 < units(part) <= 4096 for part in visible)
        missing = [word for word in words(plain(parse(text))) if word not in "\n".join(visible)]
        assert not missing

    @given(st.text(alphabet=string.ascii_letters + " \n*-", max_size=400), st.integers(5, 60))
    @settings(max_examples=300)
    def test_splitting_loses_no_letter_and_keeps_to_the_limit(self, text: str, limit: int) -> None:
        visible = [telegram_html.parse(part.html)[0] for part in render(Outgoing(text), limit)]
        assert all(units(part) <= limit for part in visible)
        kept = "".join(re.findall("[a-zA-Z]", "".join(visible)))
        assert kept == "".join(re.findall("[a-zA-Z]", plain(parse(text))))


class TestSplitting:
    def test_between_paragraphs_first(self) -> None:
        parts = render(Outgoing("a" * 60 + "\n\n" + "b" * 30 + "\n\n" + "c" * 30), 100)
        assert [part.html for part in parts] == ["a" * 60 + "\n\n" + "b" * 30, "c" * 30]

    def test_then_between_lines(self) -> None:
        parts = render(Outgoing("a" * 60 + "\n" + "b" * 60), 100)
        assert [part.html for part in parts] == ["a" * 60, "b" * 60]

    def test_then_between_words_and_inside_a_style(self) -> None:
        parts = render(Outgoing("**" + " ".join(["word"] * 30) + "**"), 50)
        assert all(re.fullmatch(r"<b>word( word)*</b>", part.html) for part in parts)
        assert sum(part.html.count("word") for part in parts) == 30

    def test_a_word_without_end_is_cut_between_characters(self) -> None:
        parts = render(Outgoing("👍🏽" * 40 + "e\u0301" * 40), 31)
        assert all(units(part.text) <= 31 for part in parts)
        assert not any(part.text.startswith("\u0301") for part in parts)
        assert "".join(part.text for part in parts) == "👍🏽" * 40 + "e\u0301" * 40

    def test_telegram_counts_utf_16(self) -> None:
        assert len(render(Outgoing("😀" * 2048))) == 1
        assert len(render(Outgoing("😀" * 2049))) == 2

    def test_tags_do_not_count(self) -> None:
        assert len(render(Outgoing(" ".join("**b** &" for _ in range(1000))))) == 1

    def test_buttons_are_under_the_last_part(self) -> None:
        parts = render(Outgoing("a" * 60 + "\n\n" + "b" * 60, ((Button("N", "n"),),)), 100)
        assert [part.keyboard is None for part in parts] == [True, False]


class TestButtons:
    def test_rows(self) -> None:
        (part,) = render(Outgoing("a", ((Button("A", "a"), Button("B", "b")), (), (Button("C", "x" * 64),))))
        assert part.keyboard is not None
        assert [[b["callback_data"] for b in row] for row in part.keyboard["inline_keyboard"]] == [
            ["a", "b"],
            ["x" * 64],
        ]

    @pytest.mark.parametrize("press", ["", "x" * 65, "é" * 33])
    def test_what_does_not_fit_is_a_named_error(self, press: str) -> None:
        with pytest.raises(PressDoesNotFit, match="bytes"):
            render(Outgoing("a", ((Button("A", press),),)))

    def test_a_message_without_words(self) -> None:
        assert render(Outgoing("***")) == []
        (part,) = render(Outgoing("***", ((Button("A", "a"),),)))
        assert part.html == "…"


def test_what_is_kept_is_advice_alone() -> None:
    """Nobody's own words stay in the memory of what was made before."""
    kept = rendering._advice.cache_info().currsize
    for press in ("rep:edit:what-happened", "case:menu", "code:saved", "words:yes"):
        render(Outgoing(f"You wrote: **secret {press}**", ((Button("Change it", press), Button("Help now", "now")),)))
    render(Outgoing("your own words, without a button"))
    assert rendering._advice.cache_info().currsize == kept
    advice = Outgoing("Tell an adult **first**.", ((Button("Help now", "now"),),))
    assert render(advice) == render(advice)
    assert rendering._advice.cache_info().currsize == kept + 1
    render(advice).clear()
    assert render(advice), "whoever changes the list changes their own"
