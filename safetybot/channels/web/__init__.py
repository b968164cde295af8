"""The web chat: the same conversation on pages that work without JavaScript."""

from safetybot.channels.web.app import WebChat
from safetybot.channels.web.options import WebOptions
from safetybot.channels.web.tokens import forms_key

__all__ = ["WebChat", "WebOptions", "forms_key"]
