"""The Telegram channel: long polling, one conversation a private chat.

:func:`run_telegram` is the only entrance the rest of the program needs.
"""

from safetybot.channels.telegram.conversation import Conversation
from safetybot.channels.telegram.errors import TelegramConflict, TelegramStopped, TelegramTokenRefused
from safetybot.channels.telegram.running import run_telegram
from safetybot.channels.telegram.staff_chat import StaffChat
from safetybot.channels.telegram.timing import Timing

__all__ = [
    "Conversation",
    "StaffChat",
    "TelegramConflict",
    "TelegramStopped",
    "TelegramTokenRefused",
    "Timing",
    "run_telegram",
]
