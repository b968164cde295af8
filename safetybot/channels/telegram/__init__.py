"""The Telegram channel: long polling or a webhook, one conversation a private chat.

:func:`run_telegram` is the only entrance the rest of the program needs.
"""

from safetybot.channels.telegram.errors import TelegramConflict, TelegramStopped, TelegramTokenRefused
from safetybot.channels.telegram.protocols import TelegramConversation
from safetybot.channels.telegram.runner import TelegramLimits, run_telegram
from safetybot.channels.telegram.staff_chat import StaffChat
from safetybot.channels.telegram.timeouts import Timing
from safetybot.channels.telegram.webhook import Webhook, WebhookAddress, WebhookOptions, webhook_key

__all__ = [
    "StaffChat",
    "TelegramConflict",
    "TelegramConversation",
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
