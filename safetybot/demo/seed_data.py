"""Fills the demo's folder: an account, invented reports that went through the real form, and counters."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field

from safetybot.app import WEB, started_service
from safetybot.demo.account import DemoAccount, hire
from safetybot.demo.cases import Case, Event, invented
from safetybot.demo.counters import invent
from safetybot.demo.writer import Writer, WritingRefused
from safetybot.dialogue.messages import Incoming, Reply
from safetybot.matching.fitter import Progress
from safetybot.reports import casework
from safetybot.reports.queue import list_cases
from safetybot.service.service import Service
from safetybot.settings import Settings
from safetybot.staff.login import UnlockedMember
from safetybot.storage.database import Engine
from safetybot.storage.store import Batch, Store
from safetybot.vault.audit import transaction
from safetybot.vault.codes import Code
from safetybot.vault.key_derivation import KeyStretcher, Parameters

_DAY = 86_400
_STAFF_SINCE = 30
"""Days for which the account has been there."""


@dataclass(frozen=True, slots=True)
class WaitingReport:
    """A report that waits at the desk."""

    name: str
    code: str = field(repr=False)
    """With which its writer comes back."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What whoever looks at the demo needs to know."""

    account: DemoAccount
    waiting: Sequence[WaitingReport]


class Past:
    """A clock that is some days behind."""

    def __init__(self) -> None:
        self.days = 0

    def __call__(self) -> float:
        return time.time() - self.days * _DAY

    def now(self) -> dt.datetime:
        """The same, as staff's acts are told it."""
        return dt.datetime.fromtimestamp(self(), dt.UTC)


async def prepare(settings: Settings, progress: Progress, parameters: Parameters | None = None) -> Prepared:
    """Fills the empty data folder of ``settings``. ``parameters``: of the account's passphrase, where not as usual.

    Raises ContentError, and what the database raises.
    """
    past = Past()
    async with AsyncExitStack() as stack:
        started = await stack.enter_async_context(started_service(settings, progress, past))
        stretcher = stack.enter_context(closing(KeyStretcher()))
        past.days = _STAFF_SINCE
        account, member = await hire(started.engine, past.now(), stretcher, parameters)
        stack.callback(member.wipe)
        waiting = await tell_all(started.service, started.engine, member, past)
        understanding = started.understanding()
        topics = understanding.conversation.tongue(understanding.first).guidance.topics
        counts = invent(topics, dt.datetime.now(dt.UTC).date())
        await Store(started.engine).write(Batch(counts=counts))
    return Prepared(account, waiting)


async def tell_all(service: Service, engine: Engine, member: UnlockedMember, past: Past) -> Sequence[WaitingReport]:
    """Files every invented case that the content's form takes, and plays what came after, in the order of the days."""
    acts: list[tuple[int, Case, Event | None]] = [(case.days, case, None) for case in invented()]
    acts += [(event.days, case, event) for case in invented() for event in case.then]
    told: dict[str, tuple[str, Code]] = {}
    for days, case, event in sorted(acts, key=lambda act: -act[0]):
        past.days = days
        if event is None:
            if filed := await _file(service, engine, case):
                told[case.name] = filed
        elif case.name in told:
            await _play(service, engine, member, event, *told[case.name], past.now())
    past.days = 0
    return [WaitingReport(name, code.text) for name, (_, code) in told.items()]


async def _file(service: Service, engine: Engine, case: Case) -> tuple[str, Code] | None:
    """The id and the code of a new case; None where the form does not take it."""
    before = await _cases(engine)
    try:
        async with _chat(service, case.name) as writer:
            code = await writer.reports(case)
    except WritingRefused:
        return None
    (new,) = await _cases(engine) - before
    return new, code


async def _play(
    service: Service,
    engine: Engine,
    member: UnlockedMember,
    event: Event,
    case_id: str,
    code: Code,
    at: dt.datetime,
) -> None:
    if event.more is not None:
        async with _chat(service, case_id) as writer:
            await writer.adds(code, event.more)
        return
    async with transaction(engine) as connection:
        await casework.open_case(connection, member, case_id, at)
    async with transaction(engine) as connection:
        await casework.reply(connection, member, case_id, {"text": event.reply}, at)


@asynccontextmanager
async def _chat(service: Service, chat: str) -> AsyncIterator[Writer]:
    """A chat of somebody invented, of which nothing is remembered afterwards."""

    async def handle(incoming: Incoming) -> Reply | None:
        async with service.turn(WEB, chat) as turn:
            return await turn.reply(incoming)

    yield Writer(handle, WEB, chat)
    async with service.turn(WEB, chat) as turn:
        await turn.forget()


async def _cases(engine: Engine) -> frozenset[str]:
    async with engine.connect() as connection:
        return frozenset(row.ref.id for row in await list_cases(connection))
