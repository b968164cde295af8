from __future__ import annotations

import datetime as dt
import json

import pytest

from safetybot.reports import casework
from safetybot.reports.cases import CaseRef, NotAllowed
from safetybot.reports.filing import add_to_case
from safetybot.reports.referral import Referral, make_referral
from safetybot.reports.submitted_answers import submitted_answers
from safetybot.staff.login import UnlockedMember
from safetybot.vault.audit import history
from safetybot.vault.envelopes import EnvelopeKind, Message
from tests.reports.office import Office


def answer(question: str, words: str = "", button: str = "") -> dict[str, object]:
    return {
        "question": question,
        "label": question.title(),
        "choices": [button.lower()] if button else [],
        "buttons": [button] if button else [],
        "words": words,
    }


REPORT = {
    "language": "en",
    "urgency": "high",
    "answers": [answer("danger", button="No"), answer("story", "  he said\n\n <b>pay</b> "), answer("where", "a page")],
}
CONTACT = {"answers": [answer("contact", "ring 07700 900123")]}


async def make(office: Office, member: UnlockedMember, ref: CaseRef, **what: object) -> Referral:
    async with office.writing() as connection:
        return await make_referral(connection, member, ref.id, office.now, recipient="ceop", **what)  # type: ignore[arg-type]


async def test_only_what_was_chosen_goes_into_it(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file(REPORT, contact=CONTACT)
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.note(connection, anna, ref.id, {"text": "planted note"}, office.now)
        await casework.reply(connection, anna, ref.id, {"text": "planted reply"}, office.now)
        found = await office.find(keys)
        assert found is not None
        await add_to_case(connection, found, {"text": "planted, not opened yet"}, office.now)
    every = {f"{number}.{place}" for number in range(1, 9) for place in range(4)}
    whole = json.dumps((await make(office, anna, ref, keys=every)).to_json("CEOP", {"name": "us"}))
    assert "planted" not in whole
    assert "07700" not in whole
    assert "  he said\\n\\n <b>pay</b> " in whole, "the exact words"
    assert ref.id not in whole
    assert "Unverified" in whole
    one = await make(office, anna, ref, keys={"1.2"})
    assert [each.words for each in one.answers] == ["a page"]
    assert one.contact == ()
    with_contact = await make(office, anna, ref, keys={"1.2"}, contact=True)
    assert [each.words for each in with_contact.contact] == ["ring 07700 900123"]
    with pytest.raises(NotAllowed):
        await make(office, anna, ref, keys={"9.9"})
    async with office.engine.connect() as connection:
        rows = [json.loads(row.detail) for row in await history(connection, ref.id) if row.act == "exported"]
    assert rows == [
        {"what": "referral", "to": "ceop", "answers": 3, "contact": "no"},
        {"what": "referral", "to": "ceop", "answers": 1, "contact": "no"},
        {"what": "referral", "to": "ceop", "answers": 1, "contact": "yes"},
    ]


async def test_a_new_case_and_a_day_to_come_are_refused(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, _ = await office.file(REPORT)
    with pytest.raises(NotAllowed):
        await make(office, anna, ref, keys={"1.1"})
    await office.open(anna, ref)
    tomorrow = office.now.date() + dt.timedelta(1)
    with pytest.raises(NotAllowed):
        async with office.writing() as connection:
            await casework.refer(connection, anna, ref.id, office.now, to="CEOP", when=tomorrow, reference="")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("just words", ["just words"]),
        ({"text": "words"}, ["words"]),
        ({"answers": "none"}, ['{\n "answers": "none"\n}']),
        ({"answers": ["loose", {"words": 7}, {"label": None, "words": None}]}, ["loose", "7", ""]),
        (None, ["null"]),
        ([1], ["[\n 1\n]"]),
    ],
)
def test_a_report_of_any_form_is_shown(body: object, words: list[str]) -> None:
    assert [one.words for one in submitted_answers([Message(1, EnvelopeKind.REPORT, "t", None, body)])] == words
