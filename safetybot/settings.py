"""Every setting: an environment variable, or a line of a file → one frozen Settings.

Nothing else in the program reads the environment.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dotenv.parser import parse_stream
from rapidfuzz import fuzz, process
from sqlalchemy import URL

from safetybot.storage.location import AddressError, DatabaseLocation, InstallationFiles, address

LogFormat = Literal["text", "json"]

_OURS = re.compile(r"SAFETY_?BOT", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_]{1,80}")
_NEAR = 80
"""Likeness, of 100, from which a name is taken for a misspelt one."""
_HOST = "127.0.0.1"
ENV_FILE = Path(".env")
"""Where settings are, besides the environment, unless another file is named."""
_NO_FOLDER = (
    "the folder you are in, or the .env in it, cannot be read by the user this runs as: "
    "go to another one (cd /), or name the file with the settings (safetybot --env-file FILE …)"
)
_SECRET_FILE_MAX = 4_096
"""Characters of a file with a secret that are read, whatever it is that was named."""
_WEATHER = "https://www.bbc.co.uk/weather"
_CHAT = re.compile(r"-?[1-9][0-9]{0,15}")
_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]{0,252}")
_RATE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")
_WEBHOOK_PORTS = (":443", ":80", ":88", ":8443")
_EXIT = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[\x21-\x7e]*)?")


class SettingError(Exception):
    """A setting cannot be used as given; the message names it, and never shows a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation runs."""

    telegram_token: str | None = None
    """``SAFETYBOT_TELEGRAM_TOKEN``: the bot's token from @BotFather. Without it there is no Telegram.
    ``SAFETYBOT_TELEGRAM_TOKEN_FILE``: a file with it, in its place."""
    telegram_api: str | None = None
    """``SAFETYBOT_TELEGRAM_API``: another Bot API server, e.g. ``http://127.0.0.1:9000``, without ``/bot``."""
    telegram_rate: float | None = 30.0
    """``SAFETYBOT_TELEGRAM_RATE``: messages a second to Telegram, of all processes together. Default ``30``, as
    Telegram allows. ``off``: no limit on what is sent, nor on what is taken from one chat; for tests and benchmarks."""
    webhook_url: str | None = None
    """``SAFETYBOT_WEBHOOK_URL``: the public address that Telegram posts to, e.g. ``https://bot.example.org``, without
    a path; what comes to any path below ``/telegram/`` there must get to this program. Without it the bot asks
    Telegram, which only one process can."""
    webhook_host: str = _HOST
    """``SAFETYBOT_WEBHOOK_HOST``: address the webhook listens on where the web chat is off; else it shares the web
    chat's. Default ``127.0.0.1``."""
    webhook_port: int = 8080
    """``SAFETYBOT_WEBHOOK_PORT``: its port there. Default ``8080``."""
    staff_chat: int | None = None
    """``SAFETYBOT_STAFF_CHAT``: Telegram's number of the chat that is told of new reports, e.g. ``-1001234567890``. The
    bot stays in it, and answers nobody there. Without it no note is sent."""
    data: Path = Path("data")
    """``SAFETYBOT_DATA``: folder of the database, the secrets and the matcher's cache. Default ``data``."""
    database_url: URL | None = None
    """``SAFETYBOT_DATABASE_URL``: a PostgreSQL database, which many processes and machines may share, e.g.
    ``postgresql+asyncpg://safetybot@db.example.org/safetybot?ssl=require``. Without it: a SQLite file in
    ``SAFETYBOT_DATA``. ``SAFETYBOT_DATABASE_PASSWORD_FILE``: a file with its password, in place of one in the
    address."""
    secret_file: Path | None = None
    """``SAFETYBOT_SECRET_FILE``: the server's secret, 32 random bytes, e.g. ``/etc/safetybot/server.key``: apart from
    the data folder, so that whoever gets that has not both. Default ``secrets/server.key`` in ``SAFETYBOT_DATA``."""
    content: Path = Path("content")
    """``SAFETYBOT_CONTENT``: folder of what the bot says. Default ``content``."""
    web_host: str = _HOST
    """``SAFETYBOT_WEB_HOST``: address the web chat listens on. Default ``127.0.0.1``: this machine alone."""
    web_port: int | None = 8080
    """``SAFETYBOT_WEB_PORT``: its port, 0 for any that is free, ``off`` for no web chat. Default ``8080``."""
    web_url: str | None = None
    """``SAFETYBOT_WEB_URL``: its public address behind a TLS proxy, e.g. ``https://chat.example.org``, without a path.
    Cookies then go over TLS only, and no other name is answered to."""
    web_proxies: tuple[str, ...] = ()
    """``SAFETYBOT_WEB_PROXY``: addresses of that proxy, with commas, e.g. ``127.0.0.1``; its ``X-Forwarded-For`` is
    then believed, and no one address can use up everybody's turns. No address is stored."""
    web_embed: tuple[str, ...] = ()
    """``SAFETYBOT_WEB_EMBED``: origins whose pages may show the chat in a frame, with commas, e.g.
    ``https://www.example.org``. Default none. Needs ``SAFETYBOT_WEB_URL`` with https."""
    web_exit: str = _WEATHER
    """``SAFETYBOT_WEB_EXIT``: the page "Leave now" leads to. Default BBC Weather."""
    desk_host: str = _HOST
    """``SAFETYBOT_DESK_HOST``: address the staff's page listens on. Default ``127.0.0.1``: this machine alone. Any
    other needs ``SAFETYBOT_DESK_URL``."""
    desk_port: int = 8081
    """``SAFETYBOT_DESK_PORT``: its port, 0 for any that is free. Default ``8081``."""
    desk_url: str | None = None
    """``SAFETYBOT_DESK_URL``: its address behind a TLS proxy, e.g. ``https://desk.example.org``, without a path."""
    preview_port: int = 8082
    """``SAFETYBOT_PREVIEW_PORT``: port of the editors' page on this machine, 0 for any that is free. Default ``8082``.
    It listens on this machine alone: ``SAFETYBOT_PREVIEW_HOST`` may name no other address than a loopback one."""
    preview_host: str = _HOST
    metrics_host: str = _HOST
    """``SAFETYBOT_METRICS_HOST``: address that ``/healthz``, ``/readyz`` and ``/metrics`` are served at, by the bot and
    the desk. Default ``127.0.0.1``. Nobody needs to log in to read them, so only a network of your own should get
    there."""
    metrics_names: tuple[str, ...] = ()
    """``SAFETYBOT_METRICS_NAMES``: names by which they are asked, with commas, e.g. ``bot,desk`` among containers;
    addresses, ``localhost`` and ``SAFETYBOT_METRICS_HOST`` need not be named. Any other name is refused, so that no
    website can have a browser read them."""
    metrics_port: int | None = None
    """``SAFETYBOT_METRICS_PORT``: the bot's port for them, e.g. ``9090``; 0 for any that is free. Default ``off``."""
    desk_metrics_port: int | None = None
    """``SAFETYBOT_DESK_METRICS_PORT``: the desk's port for them, e.g. ``9091``. Default ``off``."""
    log_format: LogFormat = "text"
    """``SAFETYBOT_LOG_FORMAT``: ``text`` (default) or ``json``."""
    unknown: tuple[str, ...] = ()
    """What is wrong with names that look like settings and are none; no value."""

    def __repr__(self) -> str:
        return f"Settings(data={self.data}, content={self.content})"

    @property
    def database(self) -> DatabaseLocation:
        """The PostgreSQL database, or the SQLite file."""
        return self.database_url or self.sqlite_file

    @property
    def sqlite_file(self) -> Path:
        """The SQLite file, which is there where no other database was set from the beginning."""
        return self.data / "safetybot.sqlite3"

    @property
    def secret(self) -> Path:
        """The server's secret."""
        return self.secret_file or self.data / "secrets" / "server.key"

    @property
    def files(self) -> InstallationFiles:
        """What is kept outside the database."""
        return InstallationFiles(self.data, self.secret)

    @property
    def cache(self) -> Path:
        """The matcher's cache; may be deleted at any time."""
        return self.data / "cache"


def read_settings(environ: Mapping[str, str], env_file: Path | None = ENV_FILE, *, required: bool = False) -> Settings:
    """Settings from ``environ``; what is not there comes from ``env_file``, where that exists.

    ``required``: somebody named the file, so it must be there. Raises SettingError.
    """
    values = {**(_from_env_file(env_file, required=required) if env_file else {}), **environ}

    known: set[str] = set()

    def get(name: str) -> str | None:
        known.add(f"SAFETYBOT_{name}")
        value = (values.get(f"SAFETYBOT_{name}") or "").strip()
        return value or None

    def secret(name: str) -> str | None:
        """A secret as it is, or from the file that ``…_FILE`` names."""
        value, file = get(name), get(f"{name}_FILE")
        if value is not None and file is not None:
            raise SettingError(f"SAFETYBOT_{name} and SAFETYBOT_{name}_FILE are both set: keep one")
        return value if file is None else _from_file(f"SAFETYBOT_{name}_FILE", Path(file))

    api = get("TELEGRAM_API")
    if api is not None and not api.startswith(("http://", "https://")):
        raise SettingError("SAFETYBOT_TELEGRAM_API must start with http:// or https://")
    staff_chat = get("STAFF_CHAT")
    if staff_chat is not None and not _CHAT.fullmatch(staff_chat):
        raise SettingError("SAFETYBOT_STAFF_CHAT must be the number of a Telegram chat, such as -1001234567890")
    port = get("WEB_PORT") or "8080"
    if port != "off" and not _is_port(port):
        raise SettingError("SAFETYBOT_WEB_PORT must be a number below 65536, or off")
    url = get("WEB_URL")
    if url is not None and not _ORIGIN.fullmatch(url.rstrip("/")):
        raise SettingError("SAFETYBOT_WEB_URL must look like https://chat.example.org, without a path")
    embed = tuple(origin.rstrip("/") for origin in _listed(get("WEB_EMBED")))
    if not all(_ORIGIN.fullmatch(origin) for origin in embed):
        raise SettingError("SAFETYBOT_WEB_EMBED must be origins such as https://www.example.org, with commas between")
    if embed and not (url or "").startswith("https:"):
        raise SettingError("SAFETYBOT_WEB_EMBED needs SAFETYBOT_WEB_URL, beginning with https://")
    leave_to = get("WEB_EXIT") or _WEATHER
    if not _EXIT.fullmatch(leave_to):
        raise SettingError("SAFETYBOT_WEB_EXIT must be the address of a page, such as https://www.bbc.co.uk/weather")
    desk_port = get("DESK_PORT") or "8081"
    if not _is_port(desk_port):
        raise SettingError("SAFETYBOT_DESK_PORT must be a number below 65536")
    desk_url = get("DESK_URL")
    if desk_url is not None and not (_ORIGIN.fullmatch(desk_url.rstrip("/")) and desk_url.startswith("https:")):
        raise SettingError("SAFETYBOT_DESK_URL must look like https://desk.example.org, without a path")
    rate = get("TELEGRAM_RATE") or "30"
    if rate != "off" and not (_RATE.fullmatch(rate) and float(rate) >= 1):
        raise SettingError("SAFETYBOT_TELEGRAM_RATE must be messages a second, 1 or more, or off")
    webhook_url = get("WEBHOOK_URL")
    if webhook_url is not None:
        _must_be_a_webhook(webhook_url, own_server=api is not None)
    webhook_port = get("WEBHOOK_PORT") or "8080"
    if not _is_port(webhook_port):
        raise SettingError("SAFETYBOT_WEBHOOK_PORT must be a number below 65536")
    preview_port = get("PREVIEW_PORT") or "8082"
    if not _is_port(preview_port):
        raise SettingError("SAFETYBOT_PREVIEW_PORT must be a number below 65536")
    metrics = {name: get(name) or "off" for name in ("METRICS_PORT", "DESK_METRICS_PORT")}
    for name, value in metrics.items():
        if value != "off" and not _is_port(value):
            raise SettingError(f"SAFETYBOT_{name} must be a number below 65536, or off")
    names = tuple(name.lower() for name in _listed(get("METRICS_NAMES")))
    if not all(_NAME.fullmatch(name) for name in names):
        raise SettingError("SAFETYBOT_METRICS_NAMES must be names such as bot.example.org, with commas between")
    secret_file = get("SECRET_FILE")
    log_format = get("LOG_FORMAT") or "text"
    if log_format not in ("text", "json"):
        raise SettingError("SAFETYBOT_LOG_FORMAT must be text or json")
    found = Settings(
        telegram_token=secret("TELEGRAM_TOKEN"),
        telegram_api=api.rstrip("/") if api else None,
        telegram_rate=None if rate == "off" else float(rate),
        webhook_url=webhook_url.rstrip("/").lower() if webhook_url else None,
        webhook_host=get("WEBHOOK_HOST") or _HOST,
        webhook_port=int(webhook_port),
        staff_chat=int(staff_chat) if staff_chat else None,
        data=Path(get("DATA") or "data"),
        database_url=_database_url(get("DATABASE_URL"), get("DATABASE_PASSWORD_FILE")),
        secret_file=Path(secret_file) if secret_file else None,
        content=Path(get("CONTENT") or "content"),
        web_host=get("WEB_HOST") or _HOST,
        web_port=None if port == "off" else int(port),
        web_url=url.rstrip("/").lower() if url else None,
        web_proxies=_listed(get("WEB_PROXY")),
        web_embed=tuple(origin.lower() for origin in embed),
        web_exit=leave_to,
        desk_host=get("DESK_HOST") or _HOST,
        desk_port=int(desk_port),
        desk_url=desk_url.rstrip("/").lower() if desk_url else None,
        preview_port=int(preview_port),
        preview_host=get("PREVIEW_HOST") or _HOST,
        metrics_host=get("METRICS_HOST") or _HOST,
        metrics_names=names,
        metrics_port=None if metrics["METRICS_PORT"] == "off" else int(metrics["METRICS_PORT"]),
        desk_metrics_port=None if metrics["DESK_METRICS_PORT"] == "off" else int(metrics["DESK_METRICS_PORT"]),
        log_format="json" if log_format == "json" else "text",
    )
    return replace(found, unknown=_unknown(values, known))


def _from_env_file(file: Path, *, required: bool) -> dict[str, str]:
    """What stands in it. Raises SettingError, without a value."""
    try:
        # Without ${…}, which would be filled in from the process's environment, not from ours.
        lines = parse_stream(io.StringIO(file.read_text("utf-8-sig")))
    except (FileNotFoundError, IsADirectoryError) as error:
        if not required:
            return {}
        raise SettingError(f"{file} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SettingError(f"{file} is not UTF-8 text") from None
    except PermissionError as error:
        if required:
            raise SettingError(f"{file} cannot be read ({error.strerror})") from None
        raise SettingError(_NO_FOLDER) from None
    found = {}
    for line in lines:
        if line.error or (line.key is not None and line.value is None):
            blank = len(line.original.string) - len(line.original.string.lstrip("\n"))
            raise SettingError(f"{file}:{line.original.line + blank}: this line is no NAME=value")
        if line.key is not None and line.value is not None:
            found[line.key] = line.value
    return found


def _unknown(names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """A sentence for each name that is meant as a setting and is none, with the nearest that is."""
    said = []
    for name in sorted({name for name in names if _OURS.match(name)} - {*known}):
        shown = name if _PLAIN.fullmatch(name) else "a name with odd characters"
        near = process.extractOne(name.upper(), sorted(known), scorer=fuzz.ratio, score_cutoff=_NEAR)
        said.append(f"{shown} is no setting" + (f" (is {near[0]} meant?)" if near else ""))
    return tuple(said)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 65536


def _must_be_a_webhook(url: str, *, own_server: bool) -> None:
    """Raises SettingError. ``own_server``: a Bot API server of one's own, which also posts to http and to any port."""
    found = _ORIGIN.fullmatch(url.rstrip("/"))
    if not found or not (own_server or url.startswith("https:")):
        raise SettingError("SAFETYBOT_WEBHOOK_URL must look like https://bot.example.org, without a path")
    if not own_server and (found[2] or ":443") not in _WEBHOOK_PORTS:
        raise SettingError("SAFETYBOT_WEBHOOK_URL: Telegram posts to the ports 443, 80, 88 and 8443 only")


def _database_url(text: str | None, password_file: str | None) -> URL | None:
    if text is None:
        if password_file is not None:
            raise SettingError("SAFETYBOT_DATABASE_PASSWORD_FILE needs SAFETYBOT_DATABASE_URL")
        return None
    name = "SAFETYBOT_DATABASE_PASSWORD_FILE"
    password = None if password_file is None else _from_file(name, Path(password_file))
    try:
        return address(text, password)
    except AddressError as error:
        raise SettingError(f"SAFETYBOT_DATABASE_URL {error}") from None


def _from_file(name: str, path: Path) -> str:
    """The secret in a file: its first line. Raises SettingError, without it."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = file.read(_SECRET_FILE_MAX).strip().splitlines()
    except ValueError:  # or a path that no file can have
        raise SettingError(f"{name}: {path} is not UTF-8 text") from None
    except OSError as error:
        raise SettingError(f"{name}: {path} cannot be read ({error.strerror})") from None
    if len(lines) != 1 or not lines[0].isprintable():
        raise SettingError(f"{name}: {path} must hold one line, the secret, and nothing else")
    return lines[0]


def _listed(value: str | None) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())
