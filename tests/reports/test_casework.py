from __future__ import annotations

import datetime as dt
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef, CaseUrgency, NotAllowed, Status, UnknownCase, case_row
from safetybot.reports.filing import add_to_case
from safetybot.reports.queue import list_cases
from safetybot.staff.errors import MemberDisabled
from safetybot.staff.login import UnlockedMember
from safetybot.vault.audit import history, verify
from safetybot.vault.envelopes import EnvelopeKind
from tests.reports.office import Office

Act = Callable[..., Awaitable[None]]


async def do(office: Office, act: Act, member: UnlockedMember, ref: CaseRef, *args: Any, **kwargs: Any) -> None:
    async with office.writing() as connection:
        await act(connection, member, ref.id, *args, **kwargs)


async def row(office: Office, ref: CaseRef) -> Any:
    async with office.engine.connect() as connection:
        return await case_row(connection, ref.id)


async def test_every_act_is_written_down_with_who_and_when_and_no_content(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file("planted report")
    async with office.engine.connect() as connection:
        before = len(await history(connection))
    await office.open(anna, ref)
    await do(office, casework.reply, anna, ref, "planted reply", office.now)
    await do(office, casework.note, anna, ref, "planted note", office.now)
    await do(office, casework.assign, anna, ref, anna.id, office.now)
    day = dt.date(2026, 11, 24)
    await do(office, casework.refer, anna, ref, office.now, to="planted body", when=day, reference="planted-1")
    await do(office, casework.set_urgency, anna, ref, CaseUrgency.HIGH, office.now)
    await do(office, casework.set_status, anna, ref, Status.WAITING, office.now)
    await do(office, casework.keep_until, anna, ref, dt.date(2027, 6, 1), office.now)
    async with office.writing() as connection:
        await casework.export_case(connection, anna, ref.id, office.now)
    await do(office, casework.close, anna, ref, CaseOutcome.REFERRED, office.now)
    async with office.engine.connect() as connection:
        rows = (await history(connection))[before:]
        assert await verify(connection) is None
    assert [one.act for one in rows] == [
        "opened", "status", "replied", "noted", "assigned", "referred",
        "urgency", "status", "kept", "exported", "closed",
    ]  # fmt: skip
    assert {(one.actor, one.case_id, one.at) for one in rows} == {(anna.id, ref.id, "2026-11-24T10:30:00Z")}
    assert "planted" not in repr(rows)
    assert json.loads(rows[7].detail) == {"before": "open", "now": "waiting"}
    assert b"planted" not in office.on_disk()


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
async def test_transitions(office: Office, before: Status, after: Status) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file("x")
    if before is not Status.NEW:
        await office.open(anna, ref)
    if before is Status.WAITING:
        await do(office, casework.set_status, anna, ref, before, office.now)
    if before is Status.CLOSED:
        await do(office, casework.close, anna, ref, CaseOutcome.NO_ACTION, office.now)
    assert (await row(office, ref)).status is before
    allowed = {
        (Status.OPEN, Status.WAITING),
        (Status.OPEN, Status.CLOSED),
        (Status.WAITING, Status.OPEN),
        (Status.WAITING, Status.CLOSED),
        (Status.CLOSED, Status.OPEN),
    }
    act: Act = casework.close if after is Status.CLOSED else casework.set_status
    argument = CaseOutcome.ADVISED if after is Status.CLOSED else after
    if (before, after) in allowed:
        await do(office, act, anna, ref, argument, office.now)
        now = await row(office, ref)
        assert now.status is after
        assert (now.closed is None) == (now.outcome is None) == (after is not Status.CLOSED)
    else:
        with pytest.raises(NotAllowed):
            await do(office, act, anna, ref, argument, office.now)
        assert (await row(office, ref)).status is before
    with pytest.raises(NotAllowed):
        await do(office, casework.set_status, anna, ref, Status.CLOSED, office.now)


async def test_what_needs_an_opened_case(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file("x")
    for act, args in ((casework.reply, ["r", office.now]), (casework.shred_withdrawn, [office.now])):
        with pytest.raises(NotAllowed):
            await do(office, act, anna, ref, *args)
    with pytest.raises(NotAllowed):
        await do(office, casework.refer, anna, ref, office.now, to="a", when=dt.date(2026, 1, 1), reference="")
    with pytest.raises(UnknownCase):
        await do(office, casework.note, anna, CaseRef("0" * 32), "n", office.now)
    with pytest.raises(MemberDisabled):
        await do(office, casework.assign, anna, ref, "nobody", office.now)
    await do(office, casework.assign, anna, ref, anna.id, office.now)
    assert (await row(office, ref)).assignee == anna.id
    await do(office, casework.assign, anna, ref, None, office.now)
    assert (await row(office, ref)).assignee is None


async def test_the_queue_shows_the_most_urgent_then_the_newest_first(office: Office) -> None:
    anna = await office.hire("Anna")
    refs = {}
    for name, urgency in (("old", "high"), ("normal", "normal"), ("emergency", "emergency"), ("new", "high")):
        refs[name], _ = await office.file(name, urgency=CaseUrgency(urgency))
        office.later(days=1)
    names = {ref: name for name, ref in refs.items()}

    async def listed(**filters: Any) -> list[str]:
        async with office.engine.connect() as connection:
            return [names[one.ref] for one in await list_cases(connection, **filters)]

    assert await listed() == ["emergency", "new", "old", "normal"]
    assert await listed(limit=2, skip=1) == ["new", "old"]
    assert await listed(urgency=[CaseUrgency.HIGH]) == ["new", "old"]
    assert await listed(unread=False) == []
    await office.open(anna, refs["old"])
    await do(office, casework.assign, anna, refs["old"], anna.id, office.now)
    assert await listed(unread=False) == ["old"]
    assert await listed(unread=True) == ["emergency", "new", "normal"]
    assert await listed(assignee=anna.id) == ["old"]
    assert await listed(status=[Status.NEW]) == ["emergency", "new", "normal"]
    await do(office, casework.close, anna, refs["old"], CaseOutcome.MISUSE, office.now)
    assert await listed() == ["emergency", "new", "normal"]
    assert await listed(status=[Status.CLOSED]) == ["old"]


async def test_an_export_is_json_with_everything_and_its_own_record(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file({"what": "words"}, contact="c")
    async with office.writing() as connection:
        exported = await casework.export_case(connection, anna, ref.id, office.now)
    again = json.loads(json.dumps(exported))
    assert again == exported
    assert again["case"]["id"] == ref.id
    assert again["case"]["status"] == "new", "an export is not a reading"
    assert [one["body"] for one in again["messages"]] == [{"what": "words"}, "c"]
    assert [one["act"] for one in again["history"]] == ["filed", "exported"]
    assert again["locked"] == []


async def test_a_failed_act_leaves_no_row(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file("x")

    async def crash(connection: AsyncConnection, member: UnlockedMember, case_id: str) -> None:
        await casework.note(connection, member, case_id, "n", office.now)
        raise RuntimeError("crash")

    async with office.engine.connect() as connection:
        before = await history(connection)
    with pytest.raises(RuntimeError):
        await do(office, crash, anna, ref)
    async with office.engine.connect() as connection:
        assert await history(connection) == before


def test_a_short_number() -> None:
    assert CaseRef("3fa9c2" + "0" * 26).short == "3FA-9C2"


async def test_contact_stays_shut_until_it_is_looked_at(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file("report", contact="ring me")
    async with office.writing() as connection:
        with pytest.raises(NotAllowed):
            await casework.see_contact(connection, anna, ref.id, office.now)
        opened = await casework.open_case(connection, anna, ref.id, office.now)
        assert [one.body for one in opened.messages] == ["report"]
        assert opened.contact
        again = await casework.look_again(connection, anna, ref.id)
        assert ([one.body for one in again.messages], again.contact, again.unread) == (["report"], True, 0)
        contact = await casework.see_contact(connection, anna, ref.id, office.now)
        assert [one.body for one in contact.messages] == ["ring me"]
        assert [one.act for one in await history(connection, ref.id)] == ["filed", "opened", "status", "contact seen"]
        await casework.close(connection, anna, ref.id, CaseOutcome.ADVISED, office.now)  # nothing of it is unread


async def test_looking_again_changes_nothing_and_shows_nothing_new(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file("report")
    await office.open(anna, ref)
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as connection:
        await add_to_case(connection, found, {"text": "more"}, office.now)
    async with office.writing() as connection:
        before = await history(connection)
        again = await casework.look_again(connection, anna, ref.id)
        assert [one.body for one in again.messages] == ["report"]
        assert again.unread == 1
        assert again.seen == before[-1].number
        assert await history(connection) == before
    assert [one.body for one in (await office.open(anna, ref)).messages] == ["report", {"text": "more"}]


async def test_labels_and_the_reason_to_keep_are_sealed(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file("x")
    await office.open(anna, ref)
    await do(office, casework.set_labels, anna, ref, ["planted label"], office.now)
    await do(office, casework.set_labels, anna, ref, ["planted label", "second"], office.now)
    await do(office, casework.keep_until, anna, ref, dt.date(2027, 6, 1), office.now, "planted reason")
    opened = await office.open(anna, ref)
    assert [(one.kind, one.body) for one in opened.messages[1:]] == [
        (EnvelopeKind.LABELS, {"labels": ["planted label"]}),
        (EnvelopeKind.LABELS, {"labels": ["planted label", "second"]}),
        (EnvelopeKind.NOTE, {"about": "kept", "until": "2027-06-01", "text": "planted reason"}),
    ]
    assert "planted" not in repr(opened.history)
    assert b"planted" not in office.on_disk()
