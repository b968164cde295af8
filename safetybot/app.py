"""Puts the parts together: content, matcher, database, service."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from safetybot.channels.telegram import (
    StaffChat,
    TelegramLimits,
    Webhook,
    WebhookAddress,
    WebhookOptions,
    run_telegram,
    webhook_key,
)
from safetybot.channels.web import WebChat, WebOptions, forms_key
from safetybot.desk import server
from safetybot.desk.options import DeskOptions
from safetybot.editing.preview import server as preview
from safetybot.editing.preview.options import PreviewOptions
from safetybot.guidance.faults import Fault, errors
from safetybot.guidance.live import LiveContent
from safetybot.http.path_dispatcher import App, PathDispatcher
from safetybot.http.server import listen, serve
from safetybot.matching.encoder import encoder_is_there
from safetybot.matching.fitter import Progress, make_fitter, warn_without_encoder
from safetybot.metrics.counters import Metrics
from safetybot.monitoring.options import DeskWatchOptions, WatchOptions
from safetybot.monitoring.server import watched
from safetybot.process.file_modes import must_be_closed
from safetybot.process.garbage_collection import freeze_gc
from safetybot.process.hardening import lock_memory, may_swap
from safetybot.process.memory_clearing import forgetting
from safetybot.reports.notes import tell
from safetybot.service.chat_keys import AliasedCounts
from safetybot.service.rate_limits import SharedCounts, limits_key
from safetybot.service.report_service import ReportService
from safetybot.service.retention_job import housekeeping
from safetybot.service.service import Service
from safetybot.service.transcripts import Transcripts
from safetybot.service.unanswered import UnansweredService
from safetybot.settings import Settings
from safetybot.staff.members import readers
from safetybot.storage import legacy_chat_names
from safetybot.storage.chat_locks import locks_of
from safetybot.storage.database import Engine, engine_of, migrate
from safetybot.storage.integrity import must_be_whole
from safetybot.storage.known_database import forget, get_to_know, must_be_known
from safetybot.storage.one_bot import one_bot
from safetybot.storage.opening import named_errors
from safetybot.storage.rate_limits import LimitStore
from safetybot.storage.store import Store
from safetybot.storage.transcripts import TranscriptStore
from safetybot.understanding.remote import RemoteUnderstanding, WorkerManager
from safetybot.vault.errors import NoReader
from safetybot.vault.installation import (
    Adoption,
    adopt_anew,
    must_be_its_key,
    must_be_its_secret,
    opened_vouching,
    take_secret,
    vouching_by,
)
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.roster import with_vouching
from safetybot.vault.sealing import KeyPair
from safetybot.vault.server_secret import WrongSecret, read_or_make_secret
from safetybot.vault.vouching import OPERATOR, NotVouched

WEB = "web"
"""The web chat's name among the channels."""
TELEGRAM = "telegram"
"""Likewise."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """What runs, for whoever shows it."""

    service: Service
    engine: Engine
    filed: asyncio.Event
    """Set when there is something new for staff to read."""
    transcripts: Transcripts
    """What the web chat's pages show."""
    understanding: Callable[[], RemoteUnderstanding]
    """What it answers with at the moment."""
    web_key: bytes = field(repr=False)
    """The key of its forms."""
    webhook_key: bytes = field(repr=False)
    """The key of what Telegram posts with."""
    shared: SharedCounts | None
    """How much is asked for, where several processes count it together."""
    observed: Metrics

    def web_chat(self, options: WebOptions) -> WebChat:
        """The web chat, to be served."""
        return WebChat(
            self.service, self.transcripts, self.web_key, options, counts=self.shared, observed=self.observed
        )

    def webhook(self, url: str, counts: Counter[str]) -> Webhook:
        """Where Telegram posts to, to be served. ``url``: its public address, without a path."""
        return Webhook(WebhookAddress.of(url, self.webhook_key), self.service.committed, counts)

    def telegram_limits(self, rate: float | None) -> TelegramLimits | None:
        """How fast messages go to Telegram; None: as fast as they may."""
        if rate is None:
            return None
        if self.shared is None:
            return TelegramLimits(rate)
        return TelegramLimits(rate, AliasedCounts(self.shared, self.service.keyring, TELEGRAM), self.shared.reserve)


def _keep_out_of_swap() -> None:
    """Locks memory where that is allowed; says so where it may be written to a disk."""
    if not lock_memory() and may_swap():
        _log.warning("what is in memory may be written to swap: encrypt it, or see docs/operating.md (LimitMEMLOCK)")


@asynccontextmanager
async def started_service(
    settings: Settings,
    progress: Progress = lambda stage, done: None,
    clock: Callable[[], float] = time.time,
    observed: Metrics | None = None,
    new_secret: bool = False,
    new_database: bool = False,
    loaded: Callable[[], None] = lambda: None,
) -> AsyncIterator[Started]:
    """A service that answers, with live content; saves what is left when the block ends.

    ``clock``: seconds since 1970; ``observed``: told of all that happens, for whoever watches;
    ``new_secret``: the database goes on with the secret there is, whatever it was used with before;
    ``new_database``: the data folder goes on with the database there is, or with a new one; ``loaded``: called when
    changed content has come in.

    Raises ContentError, SecretFileError (WrongSecret where the database was used with another one), OpenToOthersError,
    OtherDatabase, DatabaseError where it is damaged or cannot be upgraded, NotVouched where it is older than what was
    seen before, and what the database raises.
    """
    observed = observed or Metrics()

    def told(faults: Sequence[Fault]) -> None:
        good = not errors(faults)
        if good:
            workers.newest(live.current)
        observed.content_changed(live.version, good=good)
        loaded()

    _must_be_closed(settings)
    if new_database:
        await asyncio.to_thread(forget, settings.files)
    await must_be_known(settings.database, settings.files)
    had_secret = settings.secret.exists()
    secret = await asyncio.to_thread(read_or_make_secret, settings.secret)
    warn_without_encoder(there=await asyncio.to_thread(encoder_is_there))
    workers = WorkerManager(settings.cache, progress)
    live = LiveContent(settings.content, workers.understand, told=told)
    if not await must_be_whole(settings.database):
        _log.info("the database is too large to be looked over at each start: safetybot doctor  does it")
    vouching = vouching_by(secret, settings.files)
    engine = with_vouching(engine_of(settings.database), vouching)
    stretcher, filed = KeyStretcher(), asyncio.Event()
    try:
        try:
            with named_errors():
                await migrate(engine, adopt=Adoption(vouching, secret, new_secret=new_secret))
            if new_secret:
                await take_secret(engine, secret)
                await adopt_anew(engine, OPERATOR, dt.datetime.now(dt.UTC))
            await must_be_its_secret(engine, secret)
            await must_be_its_key(engine, vouching)
            await get_to_know(engine, settings.files)
        except WrongSecret:
            if not had_secret:  # whoever looks for the right one must not find this in its place
                settings.secret.unlink(missing_ok=True)
            raise
        locks = locks_of(engine)
        old_names_until = await legacy_chat_names.last_hour(engine, int(clock() // 3600))
        shared = SharedCounts(LimitStore(engine), limits_key(secret)) if locks is not None else None
        reports = ReportService(engine, secret, clock, stretcher=stretcher, filed=filed.set, locks=locks, counts=shared)
        words = UnansweredService(engine, clock)
        service = Service(
            lambda: live.current,
            Store(engine),
            reports,
            secret,
            clock,
            unanswered=words,
            locks=locks,
            observed=observed,
            old_names_until=old_names_until,
        )
        async with live, service:
            transcripts = Transcripts(TranscriptStore(engine), secret, WEB, clock)
            keys = forms_key(secret), webhook_key(secret)
            yield Started(service, engine, filed, transcripts, lambda: live.current, *keys, shared, observed)
    finally:
        workers.close()
        stretcher.close()
        await engine.dispose()


async def run_bot(
    settings: Settings,
    progress: Callable[[str, float], None],
    ready: Callable[[str], None] = lambda address: None,
    *,
    new_secret: bool = False,
    new_database: bool = False,
) -> None:
    """Answers until told to stop by SIGTERM or SIGINT: on Telegram where there is a token, and on the web.

    ``ready`` is told the address of the web chat, or the webhook's, when it can be reached there; ``new_secret`` and
    ``new_database`` as for :func:`started_service`. Raises AddressTaken and AnotherBot before anything is started, and
    TelegramStopped.
    """
    _keep_out_of_swap()
    options = web_options(settings)
    serving = options or webhook_options(settings)
    with ExitStack() as stack:
        listening = stack.enter_context(listen(serving)) if serving else None
        stack.enter_context(one_bot(settings.database))
        observed, telegram = Metrics(), settings.telegram_token is not None
        async with (
            watched(watch_options(settings), observed, telegram=telegram) as watch,
            started_service(
                settings,
                progress,
                observed=observed,
                new_secret=new_secret,
                new_database=new_database,
                loaded=freeze_gc,
            ) as started,
            housekeeping(started.engine),
            forgetting(),
        ):
            await warn_without_readers(started.engine)
            stop = stack.enter_context(_stopped_by_signals())
            freeze_gc()  # before anybody is told that they can come
            channels = []
            app: App | None = started.web_chat(options).app if options else None
            webhook = None
            if settings.telegram_token and settings.webhook_url:
                webhook = started.webhook(settings.webhook_url, observed.telegram)
                app = PathDispatcher(webhook.address.path, webhook, app)
            if app and serving and listening:
                channels.append(serve(app, serving, listening, stop, ready=partial(ready, listening.address)))
            if settings.telegram_token:
                chat = settings.staff_chat
                telegram_channel = run_telegram(
                    settings.telegram_token,
                    settings.telegram_api,
                    started.service,
                    staff=None if chat is None else StaffChat(chat, partial(tell, started.engine), started.filed),
                    stop=stop,
                    webhook=webhook,
                    limits=started.telegram_limits(settings.telegram_rate),
                    observed=observed,
                )
                channels.append(telegram_channel)
            async with watch.of(started.engine, stop):
                await _side_by_side(channels, stop)


def _must_be_closed(settings: Settings) -> None:
    where = settings.database
    must_be_closed(settings.data, where if isinstance(where, Path) else None)


def watch_options(settings: Settings) -> WatchOptions | None:
    """Where the bot's metrics are served; None where they are not."""
    port = settings.metrics_port
    if port is None:
        return None
    return WatchOptions(host=settings.metrics_host, port=port, names=settings.metrics_names)


def webhook_options(settings: Settings) -> WebhookOptions | None:
    """How the webhook is served where there is no web chat; None where it is not."""
    if settings.telegram_token is None or settings.webhook_url is None:
        return None
    return WebhookOptions(host=settings.webhook_host, port=settings.webhook_port)


def web_options(settings: Settings) -> WebOptions | None:
    """How the web chat is served; None where it is switched off."""
    if settings.web_port is None:
        return None
    return WebOptions(
        host=settings.web_host,
        port=settings.web_port,
        url=settings.web_url,
        proxies=settings.web_proxies,
        embed=settings.web_embed,
        exit=settings.web_exit,
    )


async def run_desk(settings: Settings, ready: Callable[[str, bool], None]) -> None:
    """The staff's page, until told to stop by SIGTERM or SIGINT.

    ``ready`` is told its address, and whether anybody could log in. Raises DeskNotPrivate, AddressTaken, DatabaseError,
    ContentError.
    """
    _keep_out_of_swap()
    options = desk_options(settings)
    options.must_be_private()
    _must_be_closed(settings)
    port = settings.desk_metrics_port
    watching = None
    if port is not None:
        watching = DeskWatchOptions(host=settings.metrics_host, port=port, names=settings.metrics_names)
    with listen(options) as listening, _stopped_by_signals() as stop:
        async with watched(watching, Metrics()) as watch, forgetting():
            await server.run_desk(
                opened_vouching(settings.database, settings.files, upgrade=True),
                settings.content,
                options,
                listening,
                stop,
                lambda anybody: ready(listening.address, anybody),
                lambda engine: watch.of(engine, stop),
            )


def desk_options(settings: Settings) -> DeskOptions:
    """How the desk is served."""
    return DeskOptions(host=settings.desk_host, port=settings.desk_port, url=settings.desk_url)


async def run_preview(settings: Settings, ready: Callable[[str], None], pair: KeyPair | None = None) -> None:
    """The editors' page, until told to stop by SIGTERM or SIGINT. ``ready`` is told its address.

    ``pair``: the editors' key. Raises PreviewNotLocal, AddressTaken.
    """
    options = PreviewOptions(host=settings.preview_host, port=settings.preview_port)
    options.must_be_local()
    with listen(options) as listening, _stopped_by_signals() as stop:
        await preview.run_preview(
            settings.content,
            settings.cache,
            settings.database,
            partial(make_fitter, settings.cache),
            options,
            listening,
            stop,
            lambda: ready(listening.address),
            pair,
        )


async def _side_by_side(channels: Sequence[Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Runs all until ``stop`` is set. Where one ends before, the others finish what they have in hand."""
    running = [asyncio.create_task(channel) for channel in channels]
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await asyncio.wait(running)
    for each in running:
        each.result()


@contextmanager
def _stopped_by_signals() -> Iterator[asyncio.Event]:
    """The event that SIGTERM and SIGINT set."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def warn_without_readers(engine: Engine) -> None:
    """Tells the operator where no report can be taken, for want of anybody who could read it."""
    try:
        async with engine.connect() as connection:
            await readers(connection)
    except NotVouched:
        return  # told where it was looked at
    except NoReader:
        _log.warning("no report can be made, because nobody could read it: add a member with  safetybot staff add NAME")
