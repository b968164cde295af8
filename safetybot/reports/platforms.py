"""Which apps, games and sites an answer names: of a fixed list, so that no word of the answer is kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType

from rapidfuzz import process
from rapidfuzz.distance import OSA

OTHER = "other"
"""Something was named, and it is none of these."""
NOT_SAID = "not said"

PLATFORMS: Mapping[str, str] = MappingProxyType(
    {
        "snapchat": "Snapchat",
        "instagram": "Instagram",
        "tiktok": "TikTok",
        "whatsapp": "WhatsApp",
        "discord": "Discord",
        "roblox": "Roblox",
        "youtube": "YouTube",
        "facebook": "Facebook or Messenger",
        "x": "X (Twitter)",
        "telegram": "Telegram",
        "strangers": "Video chat with strangers (like Omegle)",
        "console": "Xbox or PlayStation",
        "messages": "Text messages or email",
        OTHER: "Another app, game or site",
        NOT_SAID: "Not said",
    }
)
"""What is counted → how it is called."""

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "snapchat": "snapchat snap snapchatted snaps snapstreak sc",
        "instagram": "instagram insta ig instagrams reels finsta",
        "tiktok": "tiktok tiktoks tictok ticktock musically",
        "whatsapp": "whatsapp whatsap watsapp watsap whatapp wattsapp wa",
        "discord": "discord disc",
        "roblox": "roblox robloks robux rblx adoptme",
        "youtube": "youtube yt youtu ytshorts",
        "facebook": "facebook fb messenger meta",
        "x": "twitter tweet tweets tweeted",
        "telegram": "telegram tele",
        "strangers": "omegle ometv monkey chatroulette chathub emeraldchat uhmegle azar chatrandom thundr",
        "console": "xbox playstation psn ps4 ps5 ps3 xboxlive",
        "messages": "sms email emails gmail hotmail outlook imessage imessages mms",
        OTHER: "facetime fortnite minecraft twitch reddit pinterest kik skype steam zoom teams bereal wizz yubo",
    }
)
"""Platform → words that name it, as young people write them."""

_WEAK: Mapping[str, str] = MappingProxyType({"x": "x", "messages": "text texts texting texted message messages"})
"""Words that name one only where nothing else is named: ``insta x`` ends with a kiss."""

_FUZZY_FROM = 5
"""Letters a word needs before a slip in it is forgiven: ``snip`` is no Snapchat."""
_ALIKE = 0.8
_LONGEST = 2_000
"""Characters that are looked at."""
_WORD = re.compile(r"[^\W_]+")


def _by_word(names: Mapping[str, str]) -> Mapping[str, str]:
    return {word: platform for platform, words in names.items() for word in words.split()}


_STRONG_WORDS = _by_word(_NAMES)
_WEAK_WORDS = _by_word(_WEAK)
_FUZZY = tuple(word for word in _STRONG_WORDS if len(word) >= _FUZZY_FROM)


def platforms_in(answer: str) -> frozenset[str]:
    """What an answer names: keys of PLATFORMS, one at least."""
    text = unicodedata.normalize("NFKC", answer[:_LONGEST]).casefold().replace("'", "")
    words = _WORD.findall(text)
    if not words:
        return frozenset({NOT_SAID})
    joined = [one + two for one, two in pairwise(words)]
    found = _named([*words, *joined])
    if not found:
        found = {_WEAK_WORDS[word] for word in words if word in _WEAK_WORDS}
    if len(found) > 1:
        found.discard(OTHER)
    return frozenset(found or {OTHER})


def _named(words: Iterable[str]) -> set[str]:
    found = set()
    for word in words:
        if word in _STRONG_WORDS:
            found.add(_STRONG_WORDS[word])
        elif len(word) >= _FUZZY_FROM:
            near = process.extractOne(word, _FUZZY, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE)
            if near is not None:
                found.add(_STRONG_WORDS[near[0]])
    return found
