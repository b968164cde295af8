"""The Telegram channel: long polling or a webhook, one conversation a private chat.

:func:`run_telegram` is the only entrance the rest of the program needs.
"""

from safetybot.channels.telegram.conversation import Conversation
from safetybot.channels.telegram.errors import TelegramConflict, TelegramStopped, TelegramTokenRefused
from safetybot.channels.telegram.running import TelegramLimits, run_telegram
from safetybot.channels.telegram.staff_chat import StaffChat
from safetybot.channels.telegram.timing import Timing
from safetybot.channels.telegram.webhook import Webhook, WebhookAddress, WebhookOptions, webhook_key

__all__ = [
    "Conversation",
    "StaffChat",
    "TelegramConflict",
    "TelegramLimits",
    "TelegramStopped",
    "TelegramTokenRefused",
    "Timing",
    "Webhook",
    "WebhookAddress",
    "WebhookOptions",
    "run_telegram",
    "webhook_key",
]
