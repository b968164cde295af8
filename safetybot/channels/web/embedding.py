"""The script that puts a button on another site's page, which opens the chat in a frame there."""

from __future__ import annotations

import json
from pathlib import Path

from safetybot.channels.web.rendering import MessageRenderer

_SCRIPT = (Path(__file__).parent / "static" / "embed.js").read_text("utf-8")
_WORDS = "{/* words */}"


def embed_script(voice: MessageRenderer) -> str:
    """The script, with the words of one language."""
    words = {
        "open": voice.button("web-open"),
        "close": voice.button("web-close"),
        "page": voice.button("web-own-page"),
        "frame": voice.say("web-frame"),
        "newTab": voice.say("web-new-tab"),
    }
    # As JSON is written here, nothing in it can end a script or a line.
    return _SCRIPT.replace(_WORDS, json.dumps(words), 1)
