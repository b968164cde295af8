"""Reasons for which the Telegram channel stops by itself, and the one error of its own towards Telegram.

None of these carries the token, a chat or a word of a message: whoever logs them may print them whole.
"""

from __future__ import annotations

from telegram.error import TelegramError


class TelegramStopped(Exception):  # noqa: N818 - it names what happened; its children are the errors
    """The channel cannot go on. ``exit_code`` is what the program should end with."""

    exit_code = 1


class TelegramTokenRefused(TelegramStopped):
    """Telegram does not know the token: mistyped, revoked, or of another Bot API server."""

    exit_code = 78  # EX_CONFIG of sysexits.h: starting again without a change would not help

    def __init__(self) -> None:
        super().__init__(
            "Telegram refused the bot token. Check SAFETYBOT_TELEGRAM_TOKEN; @BotFather shows the right one."
        )


class TelegramConflict(TelegramStopped):
    """Another process reads this bot's updates."""

    exit_code = 75  # EX_TEMPFAIL: the other one may end

    def __init__(self) -> None:
        super().__init__(
            "Another program is reading this bot's messages (409 Conflict). Only one may run with a token: "
            "stop the other one, or give this one a token of its own."
        )


class Throttled(TelegramError):  # noqa: N818 - named as PTB names its own
    """Telegram asks to wait (429). PTB's own ``RetryAfter`` cannot be made without a deprecation warning."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too many requests")
        self.seconds = seconds
