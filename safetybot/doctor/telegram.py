"""Whether Telegram knows the token, and whether what people write there gets here."""

from __future__ import annotations

from collections.abc import Iterator

from safetybot.channels.telegram.probe import TelegramProbe, probe
from safetybot.channels.telegram.webhook import WebhookAddress, webhook_key
from safetybot.doctor.findings import DoctorFinding, fault, good, warning
from safetybot.settings import Settings
from safetybot.vault.server_secret import SecretFileError, read_secret

WAITING_MOST = 100
"""Updates that may wait, as in a busy minute."""
_RECENT = 900.0
"""Seconds for which a failed delivery is taken to be the state of things."""


async def telegram(settings: Settings, *, alone: bool) -> tuple[tuple[DoctorFinding, ...], TelegramProbe | None]:
    """What is found, and the look itself for whoever wants Telegram's time. ``alone``: the bot is not running."""
    if settings.telegram_token is None:
        found = warning("Telegram", "no SAFETYBOT_TELEGRAM_TOKEN: the bot talks on the web and in a terminal only")
        return (found,), None
    seen = await probe(settings.telegram_token, settings.telegram_api, alone=alone)
    return (_token(seen), *(_updates(settings, seen) if seen.accepted else ())), seen


def _token(seen: TelegramProbe) -> DoctorFinding:
    if not seen.reached:
        hint = "see that this machine may reach it, and that SAFETYBOT_TELEGRAM_API is right where it is set"
        return fault("Telegram", f"cannot be reached ({seen.why}): {hint}")
    if not seen.accepted:
        return fault("Telegram", "refuses the token: @BotFather shows the right one for SAFETYBOT_TELEGRAM_TOKEN")
    return good("Telegram", "knows the token")


def _updates(settings: Settings, seen: TelegramProbe) -> Iterator[DoctorFinding]:
    if settings.webhook_url is None:
        yield _polling(seen)
    else:
        yield _webhook(settings, seen)
    if seen.pending > WAITING_MOST:
        hint = "the bot is not running, cannot keep up, or is not reached: see its log"
        yield warning("waiting updates", f"{seen.pending} wait at Telegram: {hint}")


def _polling(seen: TelegramProbe) -> DoctorFinding:
    what = "updates"
    if seen.webhook:
        hint = "safetybot run  ends that; set SAFETYBOT_WEBHOOK_URL where it is meant to be so"
        return warning(what, f"Telegram posts them to a webhook, and none is set here: {hint}")
    if seen.polled:
        return fault(what, "another program asks for them with this token: stop it, or give this bot its own token")
    if seen.polled is None:
        hint = "while the bot is stopped,  safetybot doctor --alone  sees whether another program does so, too"
        return good(what, f"the bot asks for them; {hint}")
    return good(what, "no other program asks for them")


def _webhook(settings: Settings, seen: TelegramProbe) -> DoctorFinding:
    what, start = "webhook", "start the bot, which sets it"
    if not seen.webhook:
        return warning(what, f"not set at Telegram yet: {start}")
    try:
        assert settings.webhook_url is not None
        right = WebhookAddress.of(settings.webhook_url, webhook_key(read_secret(settings.secret))).url
    except (SecretFileError, OSError):
        right = None  # told elsewhere
    if right is not None and seen.webhook != right:
        why = "or another program or another secret has set it since"
        return fault(what, f"Telegram posts to another address: {start}, {why}")
    if seen.failed and seen.failed_ago < _RECENT:
        minutes = int(seen.failed_ago // 60)
        hint = "see that the proxy leads /telegram/ to the bot, and that its certificate is valid"
        return fault(what, f"the last delivery failed {minutes} minutes ago ({seen.failed}): {hint}")
    return good(what, "set at Telegram, and nothing failed lately")
