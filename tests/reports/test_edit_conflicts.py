from __future__ import annotations

import pytest

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef, CaseUrgency, Status
from safetybot.reports.edit_conflicts import ChangedMeanwhile, sent_already, unchanged
from safetybot.reports.filing import add_to_case, withdraw
from safetybot.staff.login import UnlockedMember
from safetybot.vault.audit import history
from safetybot.vault.envelopes import EnvelopeKind
from tests.reports.office import Office


async def seen_of(office: Office, ref: CaseRef) -> int:
    async with office.engine.connect() as connection:
        return (await history(connection, ref.id))[-1].number


async def check(office: Office, member: UnlockedMember, ref: CaseRef, seen: int) -> None:
    async with office.writing() as connection:
        await unchanged(connection, member, ref.id, seen)


@pytest.mark.parametrize(
    "act", ["reply", "note", "urgency", "status", "assign", "labels", "keep", "close", "added", "withdrew"]
)
async def test_what_others_did_meanwhile_is_told(office: Office, act: str) -> None:
    anna, ben = await office.hire("Anna"), await office.hire("Ben")
    ref, keys = await office.file("x")
    other, _ = await office.file("another case")
    await office.open(anna, ref)
    seen = await seen_of(office, ref)
    await office.open(ben, ref)
    await office.open(ben, other)
    await check(office, anna, ref, seen)  # that somebody looked is no change
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as c:
        match act:
            case "reply":
                await casework.reply(c, ben, ref.id, {"text": "r"}, office.now)
            case "note":
                await casework.note(c, ben, ref.id, {"text": "n"}, office.now)
            case "urgency":
                await casework.set_urgency(c, ben, ref.id, CaseUrgency.HIGH, office.now)
            case "status":
                await casework.set_status(c, ben, ref.id, Status.WAITING, office.now)
            case "assign":
                await casework.assign(c, ben, ref.id, ben.id, office.now)
            case "labels":
                await casework.set_labels(c, ben, ref.id, ["a"], office.now)
            case "keep":
                await casework.keep_until(c, ben, ref.id, office.now.date(), office.now, "because")
            case "close":
                await casework.close(c, ben, ref.id, CaseOutcome.ADVISED, office.now)
            case "added":
                await add_to_case(c, found, {"text": "more"}, office.now)
            case "withdrew":
                await withdraw(c, found, office.now)
    with pytest.raises(ChangedMeanwhile) as refused:
        await check(office, anna, ref, seen)
    assert len(refused.value.rows) == 1
    if act not in ("added", "withdrew"):
        await check(office, ben, ref, seen)  # one's own acts are no conflict
    await check(office, anna, ref, await seen_of(office, ref))
    async with office.engine.connect() as connection:
        assert "x" not in str(refused.value)
        assert await history(connection)


async def test_the_same_form_sent_twice(office: Office) -> None:
    anna, ben = await office.hire("Anna"), await office.hire("Ben")
    ref, _ = await office.file("x")
    await office.open(anna, ref)
    seen = await seen_of(office, ref)
    body = {"text": "thank you"}

    async def again(
        member: UnlockedMember, since: int, kind: EnvelopeKind = EnvelopeKind.REPLY, what: object = body
    ) -> bool:
        async with office.writing() as connection:
            return await sent_already(connection, member, ref.id, since, kind, what)

    assert not await again(anna, seen)
    async with office.writing() as connection:
        await casework.reply(connection, anna, ref.id, body, office.now)
    assert await again(anna, seen)
    assert not await again(ben, seen), "somebody else's words"
    assert not await again(anna, seen, what={"text": "other words"})
    assert not await again(anna, seen, EnvelopeKind.NOTE)
    assert not await again(anna, await seen_of(office, ref)), "after seeing it, it is meant"
