"""Reports of somebody who wants to do harm to whoever reads them."""

from __future__ import annotations

from hypothesis import strategies as st

SCRIPT = "<script>window.pwned = 1; alert(1)</script>"
ATTRIBUTE = '" onmouseover="alert(2)" autofocus onfocus=\'alert(3)\' x="'
ELEMENT = "</textarea></div></section><img src=x onerror=alert(4)><svg/onload=alert(5)><style>*{display:none}</style>"
TEMPLATE = "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %>"
TURNED = "\u202eesreveR\u2066\u2067\u200f kooL\u202d"
UNSEEN = "a\u200bb\ufeffc\u00add\x00e\x07f\x1bg\x7fh\U000e0041"
ACCENTS = "Z" + "\u0301\u0323\u0489" * 400 + "algo"
FORMULA = "=cmd|' /C calc'!A0\n+1+1\n-1\n@SUM(A1)\n\tTAB\rCR"
WORD = "m" * 16_000
WALL = "wall of text " * 1_240
MARKUP = "**bold** [link](javascript:alert(6)) `code` <https://evil.example> &lt;b&gt; &#x3c;b&#x3e;"
HEBREW = "שלום שלום 123 abc"

EVERY = (SCRIPT, ATTRIBUTE, ELEMENT, TEMPLATE, TURNED, UNSEEN, ACCENTS, FORMULA, MARKUP, HEBREW)
"""Those that are short enough to be looked at together."""

PIECES = st.one_of(
    st.sampled_from([*EVERY, "\n", "  ", "&", "<", ">", '"', "'", "<!--", "-->", "]]>", "\r\n", "\u2028", "\x85"]),
    st.text(max_size=20),
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)
