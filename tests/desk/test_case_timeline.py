from __future__ import annotations

import datetime as dt

from safetybot.desk.case_timeline import timeline
from safetybot.formats.times import uk_time
from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseUrgency, Status
from safetybot.reports.filing import add_to_case, withdraw
from tests.reports.office import Office


async def test_everything_stands_in_its_order_with_its_time(office: Office) -> None:
    anna, ben = await office.hire("Anna"), await office.hire("Ben")
    names = {anna.id: "Anna", ben.id: "Ben"}
    office.now = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
    ref, keys = await office.file("report")
    office.later(hours=1)
    await office.open(anna, ref)
    await office.open(anna, ref)
    async with office.writing() as c:
        await casework.note(c, anna, ref.id, {"text": "a note"}, office.now)
        await casework.reply(c, anna, ref.id, {"text": "a reply"}, office.now)
        await casework.set_labels(c, anna, ref.id, ["one", "two"], office.now)
        await casework.refer(c, anna, ref.id, office.now, to="CEOP", when=office.now.date(), reference="7", note="n")
        await casework.keep_until(c, anna, ref.id, dt.date(2027, 1, 1), office.now, "because")
        await casework.close(c, anna, ref.id, CaseOutcome.ADVISED, office.now)
    office.later(hours=2)
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as c:
        await add_to_case(c, found, {"text": "more"}, office.now, CaseUrgency.HIGH)
    await office.open(ben, ref)
    async with office.writing() as c:
        await casework.set_status(c, ben, ref.id, Status.WAITING, office.now)
        await withdraw(c, found, office.now)
        case = await casework.look_again(c, anna, ref.id)
    entries = timeline(case, names)
    assert [(one.who, one.what) for one in entries] == [
        ("The writer of the report", "sent the report"),
        ("Anna", "opened the case"),
        ("Anna", "made it open (was new)"),
        ("Anna", "wrote a note"),
        ("Anna", "replied"),
        ("Anna", "gave it the labels: one, two"),
        ("Anna", "referred it"),
        ("Anna", "said why it is kept"),
        ("Anna", "keeps it until Fri 1 January 2027"),
        ("Anna", "closed the case: advised"),
        ("The writer of the report", "added"),
        ("The writer of the report", "opened the case again, by adding to it"),
        ("The writer of the report", "made its urgency high (was normal)"),
        ("Ben", "opened the case"),
        ("Ben", "made it waiting (was open)"),
        ("The writer of the report", "asked for it to be deleted"),
    ]
    by_what = {one.what: one for one in entries}
    assert by_what["sent the report"].at == "Wed 1 July 2026, 23:30", "UK summer time"
    assert by_what["replied"].at == "Thu 2 July 2026, 00:30"
    assert by_what["added"].words == "more"
    assert by_what["referred it"].facts == (
        ("To", "CEOP"),
        ("When", "Wed 1 July 2026"),
        ("Reference", "7"),
        ("Note", "n"),
    )
    assert {one.what for one in entries if one.inward} == {"wrote a note", "said why it is kept", "referred it"}


def test_times() -> None:
    assert uk_time("2026-01-01T00:00:00Z") == "Thu 1 January 2026, 00:00"
    assert uk_time("2026-06-30T23:59:59Z") == "Wed 1 July 2026, 00:59"
    assert uk_time("2026-11-24") == "Tue 24 November 2026"
    assert uk_time("nonsense") == "nonsense"
