"""Any order of acts: a model in memory says what must be seen by the writer, by staff, and in the audit log."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef, CaseUrgency, NotAllowed, Shredded, Status
from safetybot.reports.filing import add_to_case, view_case, withdraw
from safetybot.reports.queue import list_cases
from safetybot.reports.retention import purge
from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.vault.audit import verify
from safetybot.vault.codes import CodeKeys
from safetybot.vault.key_derivation import KeyStretcher
from tests.reports.office import Office

URGENCIES = st.sampled_from(list(CaseUrgency))


@dataclass
class Model:
    ref: CaseRef
    keys: CodeKeys
    urgency: CaseUrgency
    words: list[str]
    replies: list[str] = field(default_factory=list)
    status: Status = Status.NEW
    unread: int = 1
    withdrawn: bool = False
    closed: dt.date | None = None
    warned: dt.date | None = None
    shredded: bool = False


def machine(new_database: Callable[[], DatabaseLocation]) -> type[RuleBasedStateMachine]:
    class AnyOrder(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.runner = asyncio.Runner()
            where = new_database()
            self.office = Office(engine_of(where), KeyStretcher(), where)
            self.models: list[Model] = []

        @initialize()
        def hire(self) -> None:
            self.anna = self.runner.run(self.office.hire("Anna"))

        @rule(urgency=URGENCIES)
        def file(self, urgency: CaseUrgency) -> None:
            ref, keys = self.runner.run(self.office.file("report", urgency=urgency))
            self.models.append(Model(ref, keys, urgency, ["report"]))

        def act(self, model: Model, allowed: bool, function, *args: object) -> None:  # type: ignore[no-untyped-def]
            """Does an act by staff; where the model does not allow it, it must be refused and change nothing."""

            async def run() -> None:
                async with self.office.writing() as connection:
                    await function(connection, self.anna, model.ref.id, *args, self.office.now)

            if model.shredded or not allowed:
                with pytest.raises(Shredded if model.shredded else NotAllowed):
                    self.runner.run(run())
            else:
                self.runner.run(run())

        @precondition(lambda self: self.models)
        @rule(data=st.data())
        def staff_open(self, data: st.DataObject) -> None:
            model = data.draw(st.sampled_from(self.models))
            self.act(model, True, casework.open_case)
            if not model.shredded:
                model.unread = 0
                model.status = Status.OPEN if model.status is Status.NEW else model.status

        @precondition(lambda self: self.models)
        @rule(data=st.data())
        def staff_reply(self, data: st.DataObject) -> None:
            model = data.draw(st.sampled_from(self.models))
            allowed = model.status in (Status.OPEN, Status.WAITING)
            self.act(model, allowed, casework.reply, f"reply {len(model.replies)}")
            if allowed and not model.shredded:
                model.words.append(f"reply {len(model.replies)}")
                model.replies.append(f"reply {len(model.replies)}")

        @precondition(lambda self: self.models)
        @rule(data=st.data(), status=st.sampled_from([Status.OPEN, Status.WAITING]))
        def staff_status(self, data: st.DataObject, status: Status) -> None:
            model = data.draw(st.sampled_from(self.models))
            allowed = model.status not in (Status.NEW, status)
            allowed = allowed and (model.status, status) != (Status.CLOSED, Status.WAITING)
            self.act(model, allowed, casework.set_status, status)
            if allowed and not model.shredded:
                if model.status is Status.CLOSED:
                    model.closed = model.warned = None
                model.status = status

        @precondition(lambda self: self.models)
        @rule(data=st.data())
        def staff_close(self, data: st.DataObject) -> None:
            model = data.draw(st.sampled_from(self.models))
            allowed = model.status in (Status.OPEN, Status.WAITING) and not model.unread
            self.act(model, allowed, casework.close, CaseOutcome.ADVISED)
            if allowed and not model.shredded:
                model.status, model.closed = Status.CLOSED, self.office.now.date()

        @precondition(lambda self: self.models)
        @rule(data=st.data(), urgency=st.none() | URGENCIES)
        def writer_adds(self, data: st.DataObject, urgency: CaseUrgency | None) -> None:
            model = data.draw(st.sampled_from(self.models))

            async def run() -> None:
                found = await self.office.find(model.keys)
                assert (found is None) == model.shredded
                if found is not None:
                    async with self.office.writing() as connection:
                        await add_to_case(connection, found, f"more {model.unread}", self.office.now, urgency)

            self.runner.run(run())
            if not model.shredded:
                model.words.append(f"more {model.unread}")
                model.unread += 1
                if model.status is Status.CLOSED:
                    model.status, model.closed, model.warned = Status.OPEN, None, None
                if urgency is not None and urgency.rank > model.urgency.rank:
                    model.urgency = urgency

        @precondition(lambda self: self.models)
        @rule(data=st.data())
        def writer_withdraws(self, data: st.DataObject) -> None:
            model = data.draw(st.sampled_from(self.models))

            async def run() -> None:
                found = await self.office.find(model.keys)
                if found is not None:
                    async with self.office.writing() as connection:
                        await withdraw(connection, found, self.office.now)

            self.runner.run(run())
            if not model.shredded:
                model.withdrawn = True
                model.shredded = model.status is Status.NEW

        @rule(days=st.sampled_from([1, 3, 86, 87, 90, 400]))
        def time_passes(self, days: int) -> None:
            self.office.later(days=days)
            today = self.office.now.date()

            async def run() -> None:
                async with self.office.writing() as connection:
                    await purge(connection, today)

            self.runner.run(run())
            for model in self.models:
                if model.closed is None or model.shredded:
                    continue
                age = (today - model.closed).days
                if model.warned is not None and age >= 90 and (today - model.warned).days >= 3:
                    model.shredded = True
                elif model.warned is None and age >= 87:
                    model.warned = today

        @invariant()
        def everybody_sees_what_the_model_says(self) -> None:
            async def look() -> None:
                async with self.office.engine.connect() as connection:
                    assert await verify(connection) is None
                    rows = {row.ref: row for row in await list_cases(connection, status=list(Status))}
                    alive = [model for model in self.models if not model.shredded]
                    assert set(rows) == {model.ref for model in alive}
                    for model in alive:
                        row = rows[model.ref]
                        assert (row.status, row.unread, row.urgency) == (model.status, model.unread, model.urgency)
                        assert (row.withdrawn is not None) == model.withdrawn
                        assert (row.closed and dt.date.fromisoformat(row.closed)) == model.closed
                        assert (row.warned is not None) == (model.warned is not None)
                        assert row.envelopes == len(model.words)
                        found = await self.office.find(model.keys)
                        assert found is not None
                        seen = await view_case(connection, found, model.keys)
                        assert [one.body for one in seen.replies] == model.replies

            self.runner.run(look())

        def teardown(self) -> None:
            self.runner.run(self.office.engine.dispose())
            self.office.stretcher.close()
            self.runner.close()

    return AnyOrder


@pytest.mark.slow
def test_any_order_of_acts(new_database: Callable[[], DatabaseLocation]) -> None:
    run_state_machine_as_test(
        machine(new_database),
        settings=settings(
            max_examples=20 if isinstance(new_database(), Path) else 4,  # a database more takes its time
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
