"""The commands that talk with people: bot, desk, editors' page, demo, chat."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping

import uvloop
from rich.console import Console

from safetybot.administration.editors_key import read_key
from safetybot.app import run_bot, run_desk, run_preview, started_service
from safetybot.channels.terminal import run_terminal
from safetybot.cli.command import Run
from safetybot.cli.progress import ProgressBars
from safetybot.demo.in_use import has_staff
from safetybot.demo.runner import run_demo
from safetybot.logs import set_up_logging
from safetybot.settings import SettingError, Settings


def _run(settings: Settings, parsed: argparse.Namespace) -> int:
    if settings.telegram_token is None and settings.web_port is None:
        raise SettingError("there is nothing to run: no SAFETYBOT_TELEGRAM_TOKEN, and SAFETYBOT_WEB_PORT is off")
    with ProgressBars() as stages:

        def ready(address: str) -> None:
            stages.close()
            if settings.telegram_token is None:
                print(f"The chat is at {address} (Ctrl-C ends it)", flush=True)

        anew = {name: getattr(parsed, name, False) for name in ("new_secret", "new_database")}
        uvloop.run(run_bot(settings, stages.update, ready, **anew))
    return 0


def _desk(settings: Settings, _: argparse.Namespace) -> int:
    def ready(address: str, anybody: bool) -> None:
        print(f"The desk is at {address} (Ctrl-C ends it)", flush=True)
        if not anybody:
            print("Nobody can log in yet. Add the first member with:  safetybot staff add NAME", flush=True)

    uvloop.run(run_desk(settings, ready))
    return 0


def _preview(settings: Settings, parsed: argparse.Namespace) -> int:
    if not settings.content.is_dir():
        raise SettingError(f"there is no folder {settings.content}")

    def ready(address: str) -> None:
        print(f"The editors' page is at {address} (Ctrl-C ends it)", flush=True)

    pair = asyncio.run(read_key(settings.database, parsed.key)) if parsed.key else None
    uvloop.run(run_preview(settings, ready, pair))
    return 0


def _demo(settings: Settings, parsed: argparse.Namespace) -> int:
    if parsed.or_run and _is_in_use(settings):
        set_up_logging(settings.log_format)
        return _run(settings, parsed)
    if not settings.content.is_dir():
        raise SettingError(f"there is no folder {settings.content}")
    with ProgressBars() as stages:

        def show(text: str) -> None:
            stages.close()
            print(text, flush=True)

        uvloop.run(run_demo(settings, stages.update, show))
    return 0


def _is_in_use(settings: Settings) -> bool:
    """Whether real people may write to this installation: a demo in its place would throw away what they tell."""
    public = settings.telegram_token or settings.web_url or settings.database_url
    return bool(public) or asyncio.run(has_staff(settings.database))


def _chat(settings: Settings, _: argparse.Namespace) -> int:
    async def talk() -> None:
        with ProgressBars() as stages:
            async with started_service(settings, stages.update) as started:
                stages.close()
                await run_terminal(started.service, Console())

    asyncio.run(talk())
    return 0


COMMANDS: Mapping[str, Run] = {"run": _run, "desk": _desk, "preview": _preview, "demo": _demo, "chat": _chat}
