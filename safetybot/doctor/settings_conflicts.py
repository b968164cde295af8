"""Settings that are each fine, and do not go together, or leave a door open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from safetybot.desk.options import DeskNotPrivate, DeskOptions
from safetybot.doctor.findings import DoctorFinding, fault, good, warning
from safetybot.http.options import LOOPBACK
from safetybot.settings import Settings

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - looked for, not listened on


def contradictions(settings: Settings) -> tuple[DoctorFinding, ...]:
    """One finding for each; one good one where there is none."""
    misspelt = (warning("setting's name", f"{said}; so it changes nothing") for said in settings.unknown)
    found = (*misspelt, *_desk(settings), *_web(settings), *_telegram(settings), *_metrics(settings), *_ports(settings))
    return found or (good("settings", "none contradicts another"),)


def _desk(settings: Settings) -> Iterator[DoctorFinding]:
    options = DeskOptions(host=settings.desk_host, port=settings.desk_port, url=settings.desk_url)
    try:
        options.must_be_private()
    except DeskNotPrivate as error:
        yield fault("desk settings", str(error))


def _web(settings: Settings) -> Iterator[DoctorFinding]:
    if settings.web_port is None:
        return
    tls = (settings.web_url or "").startswith("https:")
    if settings.web_url and not tls:
        why = "words and cookies go over the network in clear, for anybody on it to read"
        yield fault("web chat settings", f"SAFETYBOT_WEB_URL is not https: {why}. Put a TLS proxy before it")
    elif not tls and not _local(settings.web_host):
        why = "others reach it without TLS, so that what is written there can be read on the way"
        hint = "put a TLS proxy before it, and set SAFETYBOT_WEB_URL to its address, beginning with https://"
        yield fault("web chat settings", f"SAFETYBOT_WEB_HOST is no address of this machine alone: {why}; {hint}")
    elif tls and not settings.web_proxies:
        why = "one address could use up everybody's turns, for all seem to come from the proxy's"
        yield warning("web chat settings", f"SAFETYBOT_WEB_PROXY does not name the TLS proxy: {why}")
    elif settings.web_proxies and not settings.web_url:
        yield warning("web chat settings", "SAFETYBOT_WEB_PROXY without SAFETYBOT_WEB_URL: set both, or neither")


def _telegram(settings: Settings) -> Iterator[DoctorFinding]:
    if settings.telegram_token is None and settings.webhook_url:
        yield warning("webhook settings", "SAFETYBOT_WEBHOOK_URL does nothing without SAFETYBOT_TELEGRAM_TOKEN")
    elif settings.webhook_url and not settings.webhook_url.startswith("https:"):
        why = "messages, and the token that proves them Telegram's, cross the network in clear"
        text = f"SAFETYBOT_WEBHOOK_URL is not https: {why}. Only a Bot API server on this machine may be told so"
        yield warning("webhook settings", text) if settings.telegram_api else fault("webhook settings", text)
    if settings.telegram_token is None and settings.staff_chat is not None:
        yield warning("staff chat settings", "SAFETYBOT_STAFF_CHAT does nothing without SAFETYBOT_TELEGRAM_TOKEN")
    if settings.telegram_rate is None:
        why = "Telegram stops answering a bot that sends more than some 30 messages a second"
        yield warning("Telegram settings", f"SAFETYBOT_TELEGRAM_RATE is off, which is for tests: {why}")


def _metrics(settings: Settings) -> Iterator[DoctorFinding]:
    served = settings.metrics_port is not None or settings.desk_metrics_port is not None
    if served and not _local(settings.metrics_host):
        why = "nobody logs in there; see that only your own network gets to its port"
        yield warning("metrics settings", f"SAFETYBOT_METRICS_HOST is no address of this machine alone: {why}")


def _ports(settings: Settings) -> Iterator[DoctorFinding]:
    """Two servers at one place. They may run on machines of their own, each with other settings; then no harm is done.

    Where the bot's port is the desk's, whichever comes second does not start, and says why.
    """
    webhook_alone = settings.webhook_url is not None and settings.web_port is None
    places = {
        "SAFETYBOT_WEB_PORT": (settings.web_host, settings.web_port),
        "SAFETYBOT_WEBHOOK_PORT": (settings.webhook_host, settings.webhook_port if webhook_alone else None),
        "SAFETYBOT_DESK_PORT": (settings.desk_host, settings.desk_port),
        "SAFETYBOT_PREVIEW_PORT": (settings.preview_host, settings.preview_port),
        "SAFETYBOT_METRICS_PORT": (settings.metrics_host, settings.metrics_port),
        "SAFETYBOT_DESK_METRICS_PORT": (settings.metrics_host, settings.desk_metrics_port),
    }
    by_port: dict[int, list[str]] = defaultdict(list)
    for name, (_, port) in places.items():
        if port:
            by_port[port].append(name)
    for port, names in by_port.items():
        hosts = {places[name][0] for name in names}
        if len(names) > 1 and (len(hosts) < len(names) or hosts & {*_EVERYWHERE}):
            yield fault("ports", f"{' and '.join(names)} are both {port}: give one of them another")
            return


def _local(host: str) -> bool:
    return host.lower() in LOOPBACK
