"""Which platforms an answer names, typos and all; and no word of it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.reports.platforms import NOT_SAID, OTHER, PLATFORMS, platforms_in


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("snapchat", {"snapchat"}),
        ("SNAP", {"snapchat"}),
        ("snap chat and insta", {"snapchat", "instagram"}),
        ("snpachat", {"snapchat"}),
        ("snapchatt :(", {"snapchat"}),
        ("instgram dms x", {"instagram"}),
        ("tik tok live", {"tiktok"}),
        ("https://www.tiktok.com/@someone/video/1", {"tiktok"}),
        ("whats app group", {"whatsapp"}),
        ("roblox then he moved me to disc0rd, discord i mean", {"roblox", "discord"}),
        ("robloks", {"roblox"}),
        ("YouTube comments", {"youtube"}),
        ("youtu.be/abc", {"youtube"}),
        ("face book messenger", {"facebook"}),
        ("X", {"x"}),
        ("x.com/whoever", {"x"}),
        ("twitter", {"x"}),
        ("telegram", {"telegram"}),
        ("omegle", {"strangers"}),
        ("ome.tv", {"strangers"}),
        ("my xbox", {"console"}),
        ("play station 5", {"console"}),
        ("he texts me", {"messages"}),
        ("e-mail", {"messages"}),
        ("he text me on snap", {"snapchat"}),
        ("fortnite", {OTHER}),
        ("fortnite and discord", {"discord"}),
        ("some website", {OTHER}),
        ("at school", {OTHER}),
        ("", {NOT_SAID}),
        ("  ?!", {NOT_SAID}),
    ],
)
def test_what_is_named(said: str, found: set[str]) -> None:
    assert platforms_in(said) == found


@given(st.text())
def test_any_text_names_something_of_the_list(text: str) -> None:
    found = platforms_in(text)
    assert found
    assert found <= set(PLATFORMS)


def test_a_wall_of_text_is_soon_read() -> None:
    assert platforms_in("qwertyuiop " * 5_000) == {OTHER}
