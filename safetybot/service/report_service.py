"""Does what the dialogue asks for with reports, each in one transaction with what is kept of the chat.

So a crash leaves either the draft, or the report together with the code to be shown. Argon2id runs before the
transaction, in a thread of its own.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from safetybot.dialogue.effects import (
    AdditionFiled,
    AddToCase,
    CaseGone,
    Effect,
    Filed,
    FileReport,
    NoReaderNow,
    NotDone,
    OpenCase,
    Outcome,
    ReadCase,
    TeamReply,
    TooManyTries,
    WithdrawCase,
    Withdrawn,
    WriterCaseView,
    WrongCode,
)
from safetybot.dialogue.report_state import DRAFT_MINUTES, VISIT_MINUTES, ReportStage, ReportState, Visit
from safetybot.dialogue.session import ChatKeys, SealedDataError
from safetybot.dialogue.turn import Turn
from safetybot.reports import filing
from safetybot.reports.cases import CaseUrgency, Shredded, UnknownCase
from safetybot.reports.filing import FoundCase, Withdrawal, WriterView
from safetybot.service.code_attempts import CodeAttempts, NoPlace
from safetybot.service.rate_limits import Counts
from safetybot.staff.members import readers
from safetybot.storage.batching import Batcher
from safetybot.storage.chat_locks import ChatLocks
from safetybot.storage.database import Engine, OpenConnection
from safetybot.storage.drafts import SealedKept, count_try, load_kept, save_kept, uncount_try
from safetybot.storage.scrubbing import scrub
from safetybot.storage.store import Sealed
from safetybot.vault.audit import transaction
from safetybot.vault.codes import CodeKeys, derive, new_code, pepper_from
from safetybot.vault.envelopes import Message
from safetybot.vault.errors import NoReader
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster import Vouching, vouching_on, with_vouching
from safetybot.vault.sealing import Json
from safetybot.vault.vouching import VouchingKey

TRIES_A_CHAT = 5
"""Codes that open nothing, an hour and chat."""
TRIES_IN_ALL = 10_000
"""Codes that open nothing, an hour and everywhere: even so, to guess one of ten thousand codes would take millions of
years. More than a process can try in an hour, so that nobody can use them up to keep others from their cases."""
OFFERED_SECONDS = 10
"""Seconds for which it is taken as known whether anybody could read a report."""

Then = Callable[[Outcome, ReportState], Turn]
"""What to show for an outcome, and what to keep then."""

_log = logging.getLogger(__name__)


class ReportService:
    """Reports and cases of one database."""

    def __init__(
        self,
        engine: Engine,
        secret: bytes,
        clock: Callable[[], float],
        *,
        stretcher: KeyStretcher,
        parameters: Parameters | None = None,
        filed: Callable[[], None] = lambda: None,
        locks: ChatLocks | None = None,
        counts: Counts | None = None,
    ) -> None:
        """``secret``: 32 bytes; ``clock``: seconds since 1970; ``filed`` is called when there is something to read.

        ``locks``: those of the chats, and ``counts``: of what is asked for, where several processes share the database.
        """
        # Where nobody has said what vouches for the members, the secret does.
        self._engine = engine if vouching_on(engine) else with_vouching(engine, Vouching(VouchingKey.of(secret)))
        self._pepper = pepper_from(secret)
        self._clock = clock
        self._stretcher = stretcher
        self._parameters = parameters
        self._filed = filed
        self._locks = locks
        self._offered = False
        self._asked = float("-inf")
        self._looks = Batcher(self._look)
        self._attempts = CodeAttempts(counts)

    async def offered(self) -> bool:
        """Whether anybody could read a report that is made now."""
        if not 0 <= self._clock() - self._asked < OFFERED_SECONDS:
            await self._looks.submit(None)
        return self._offered

    async def _look(self, asked: Sequence[None]) -> list[None]:
        """Looks whether there is a reader; once, for all who ask meanwhile."""
        async with self._engine.connect() as connection:
            try:
                await readers(connection)
                self._offered = True
            except NoReader:
                self._offered = False
        self._asked = self._clock()
        return [None] * len(asked)

    async def load(self, keys: ChatKeys) -> ReportState:
        """What is kept of a chat's reports."""
        async with self._engine.connect() as connection:
            return self.opened(keys, *await load_kept(connection, keys.lookup))

    def opened(self, keys: ChatKeys, drafts: Sealed | None, visits: Sealed | None) -> ReportState:
        """What is kept of a chat's reports, from what is stored of it."""
        if visits and visits.expires < self._clock():
            visits = None
        try:
            return keys.open_kept(drafts.envelope if drafts else None, visits.envelope if visits else None)
        except SealedDataError as error:
            _log.error("what was kept of a report was given up: %s", error)
            return ReportState()

    async def save(self, keys: ChatKeys, kept: ReportState) -> None:
        """Keeps it: once this returns, nothing of it can be lost."""
        async with self._engine.begin() as connection:
            await self._write(connection, keys, kept)

    async def delivered(self, keys: ChatKeys) -> None:
        """The code of a report just sent has been shown: it is kept for the rest of its hour and no longer."""
        kept = await self.load(keys)
        if kept.visit and kept.visit.code and not kept.visit.code.delivered:
            code = replace(kept.visit.code, delivered=True)
            await self.save(keys, replace(kept, visit=replace(kept.visit, code=code)))

    async def perform(
        self, keys: ChatKeys, effect: Effect, kept: ReportState, then: Then, source: bytes | None = None
    ) -> Turn:
        """Does what an effect asks for, and keeps what ``then`` makes of it. Where it fails, nothing is changed.

        ``source``: whose turn it takes where many wait; without it, the chat's.
        """
        source = source or keys.lookup
        try:
            match effect:
                case FileReport():
                    return await self._file(keys, effect, kept, then, source)
                case OpenCase():
                    return await self._open(keys, effect, kept, then, source)
                case ReadCase():
                    return await self._read(keys, kept, then)
                case AddToCase():
                    return await self._add(keys, effect, kept, then)
                case WithdrawCase():
                    return await self._withdraw(keys, kept, then)
        except Exception as error:
            # The type alone: a database error may carry what was to be written.
            _log.error("a report could not be handled: %s", type(error).__name__)
            return then(NotDone(), kept)

    # --- Effects -----------------------------------------------------------------------------------------------

    async def _file(self, keys: ChatKeys, effect: FileReport, kept: ReportState, then: Then, source: bytes) -> Turn:
        told = effect.report.to_dict()
        contact = told.pop("contact")
        report = filing.Report(told, {"answers": contact} if contact else None)
        code = new_code()
        # Of its own kind: a report does not wait for the codes that its source has typed.
        code_keys = await self._stretcher.run_for(("report", source), derive, code, self._pepper, self._parameters)
        try:
            async with transaction(self._engine) as connection:
                await filing.file_report(connection, report, code_keys, self._now(), CaseUrgency(effect.report.urgency))
                turn = then(Filed(code), kept)
                await self._write(connection, keys, turn.kept)
        except NoReader:
            return await self._kept(keys, then(NoReaderNow(), kept))
        self._filed()
        return turn

    async def _open(self, keys: ChatKeys, effect: OpenCase, kept: ReportState, then: Then, source: bytes) -> Turn:
        visit = kept.visit or Visit(self._minute())
        if len(visit.tries) >= TRIES_A_CHAT:
            return await self._kept(keys, then(TooManyTries(), kept))
        try:
            async with self._attempts.place(source):
                return await self._looked_up(keys, effect, kept, then, visit, source)
        except NoPlace:
            return await self._kept(keys, then(NotDone(), kept))

    async def _looked_up(
        self, keys: ChatKeys, effect: OpenCase, kept: ReportState, then: Then, visit: Visit, source: bytes
    ) -> Turn:
        minute, hour = self._minute(), self._minute() // 60
        # Counted before it is looked up, so that no crash makes a try free.
        counted = replace(kept, visit=replace(visit, tries=(*visit.tries, minute)))
        async with self._engine.begin() as connection:
            in_all = await count_try(connection, hour)
            await self._write(connection, keys, counted)
        if in_all > TRIES_IN_ALL:
            return await self._kept(keys, then(TooManyTries(), counted))
        code_keys = await self._stretcher.run_for(source, derive, effect.code, self._pepper, self._parameters)
        view = await self._view(code_keys)
        if view is None:
            return await self._kept(keys, then(WrongCode(), counted))
        async with self._engine.begin() as connection:
            turn = then(_shown(view, code_keys), kept)
            await uncount_try(connection, hour)
            await self._write(connection, keys, turn.kept)
        return turn

    async def _read(self, keys: ChatKeys, kept: ReportState, then: Then) -> Turn:
        code_keys = _opened_with(kept)
        view = await self._view(code_keys)
        return await self._kept(keys, then(_shown(view, code_keys) if view else CaseGone(), kept))

    async def _add(self, keys: ChatKeys, effect: AddToCase, kept: ReportState, then: Then) -> Turn:
        body: Json = {"language": effect.language, "text": effect.words}
        urgency = CaseUrgency(effect.urgency)
        try:
            async with transaction(self._engine) as connection:
                found = await self._found(connection, kept)
                await filing.add_to_case(connection, found, body, self._now(), urgency)
                turn = then(AdditionFiled(), kept)
                await self._write(connection, keys, turn.kept)
        except NoReader:
            return await self._kept(keys, then(NoReaderNow(), kept))
        except (UnknownCase, Shredded):
            return await self._kept(keys, then(CaseGone(), kept))
        self._filed()
        return turn

    async def _withdraw(self, keys: ChatKeys, kept: ReportState, then: Then) -> Turn:
        try:
            async with transaction(self._engine) as connection:
                found = await self._found(connection, kept)
                withdrawal = await filing.withdraw(connection, found, self._now())
                turn = then(Withdrawn(deleted=withdrawal is Withdrawal.SHREDDED), kept)
                await self._write(connection, keys, turn.kept)
        except (UnknownCase, Shredded):
            return await self._kept(keys, then(CaseGone(), kept))
        if withdrawal is Withdrawal.SHREDDED and not await scrub(self._engine):
            _log.warning("the database's log was in use, so what was deleted stays in it for a while")
        return turn

    # --- Small parts -------------------------------------------------------------------------------------------

    async def _view(self, code_keys: CodeKeys) -> WriterView | None:
        """The case of a code, opened; None where there is none any more."""
        async with self._engine.connect() as connection:
            found = await filing.find_case(connection, code_keys.lookup_tag)
            return await filing.view_case(connection, found, code_keys) if found else None

    async def _found(self, connection: OpenConnection, kept: ReportState) -> FoundCase:
        """The open case. Raises UnknownCase."""
        found = await filing.find_case(connection, _opened_with(kept).lookup_tag)
        if found is None:
            raise UnknownCase("the case is gone")
        return found

    async def _kept(self, keys: ChatKeys, turn: Turn) -> Turn:
        if turn.kept is not None:
            await self.save(keys, turn.kept)
        return turn

    async def _write(self, connection: OpenConnection, keys: ChatKeys, kept: ReportState | None) -> None:
        if kept is None:
            return
        if self._locks is not None:
            await connection.run_sync(self._locks.must_be_ours, keys.lookup)
        drafts, visits = keys.seal_kept(kept)
        hour = (self._minute() + DRAFT_MINUTES) // 60
        second = (self._minute() + VISIT_MINUTES) * 60
        visit = kept.visit
        if visit and visit.code:
            until = visit.code.kept_until * 60
            # When the code's time is over the row goes for good, unless a case is open in it or tries are counted.
            second = until if visit.stage is ReportStage.NONE and not visit.tries else max(second, until)
        sealed = SealedKept(
            None if drafts is None else Sealed(drafts, hour), None if visits is None else Sealed(visits, second)
        )
        await save_kept(connection, keys.lookup, sealed)

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC)

    def _minute(self) -> int:
        return int(self._clock() // 60)


def _opened_with(kept: ReportState) -> CodeKeys:
    keys = kept.visit.keys if kept.visit else None
    assert keys is not None, "only an open case has effects"
    return keys


def _shown(view: WriterView, keys: CodeKeys) -> WriterCaseView:
    replies = tuple(TeamReply(message.at[:10], _text_of(message)) for message in view.replies)
    return WriterCaseView(view.ref.id, keys, view.status, view.withdrawn, replies)


def _text_of(message: Message) -> str:
    body = message.body
    return str(body.get("text", "")) if isinstance(body, dict) else str(body)
