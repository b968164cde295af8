"""A case at the desk, through its pages, without JavaScript."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from safetybot.desk.live_guidance import DeskGuidance
from safetybot.desk.login_sweeper import sweep
from safetybot.reports.cases import CaseOutcome, CaseRef, CaseUrgency, Status, case_row
from safetybot.reports.filing import add_to_case, view_case, withdraw
from safetybot.reports.retention import shred
from safetybot.vault.audit import history, verify
from safetybot.vault.codes import CodeKeys
from tests.databases import BOTH
from tests.desk import hostile
from tests.desk.station import Seat, Station

DATABASES = BOTH

STORY = "he said  \n\n   <b>pay</b> or snap_kid99 tells"
CONTACT = "ring zebedee 07700 900123"


def answer(question: str, label: str, words: str = "", button: str = "") -> dict[str, object]:
    choices = [button.lower().replace(" ", "-")] if button else []
    buttons = [button] if button else []
    return {"question": question, "label": label, "choices": choices, "buttons": buttons, "words": words}


def report(story: str = STORY) -> dict[str, object]:
    answers = [
        answer("danger", "In danger", button="No"),
        answer("about", "Who it is about", button="Me"),
        answer("story", "What happened", story),
        answer("where", "Where", "in a game"),
        answer("kind", "What kind", button="Threats"),
    ]
    return {"language": "en", "urgency": "high", "answers": answers}


async def filed(station: Station, story: str = STORY, contact: str | None = CONTACT) -> tuple[CaseRef, CodeKeys]:
    sealed = {"answers": [answer("contact", "Another way", contact)]} if contact else None
    return await station.office.file(report(story), sealed, CaseUrgency.HIGH)


async def opens(seat: Seat, ref: CaseRef) -> Seat:
    await seat.open(f"/cases/{ref.id}")
    await seat.submit(f"/cases/{ref.id}/open")
    assert seat.status == 200
    return seat


async def acts(station: Station, ref: CaseRef) -> list[str]:
    async with station.office.engine.connect() as connection:
        assert await verify(connection) is None
        return [row.act for row in await history(connection, ref.id)]


async def adds(station: Station, keys: CodeKeys, text: str) -> None:
    found = await station.office.find(keys)
    assert found is not None
    async with station.office.writing() as connection:
        await add_to_case(connection, found, {"language": "en", "text": text}, station.office.now)


async def replies_seen(station: Station, keys: CodeKeys) -> list[str]:
    """As the writer reads them."""
    found = await station.office.find(keys)
    assert found is not None
    async with station.office.engine.connect() as connection:
        return [one.body["text"] for one in (await view_case(connection, found, keys)).replies]


async def status(station: Station, ref: CaseRef) -> Status:
    async with station.office.engine.connect() as connection:
        return (await case_row(connection, ref.id)).status


def typed(seat: Seat, name: str) -> str:
    """What stands in a text field."""
    (box,) = [each for each in seat.page.find("textarea") if each.get("name") == name]
    return "".join(child for child in box.children if isinstance(child, str)).removeprefix("\n")


class TestOpening:
    async def test_the_cover_shows_nothing_that_is_sealed(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await ada.open(f"/cases/{ref.id}")
        assert "Open this case" in ada.text
        assert "High" in ada.text
        assert "Tue 24 November 2026" in ada.text
        for sealed in ("pay", "zebedee", "Threats", "10:30"):
            assert sealed not in ada.response.text
        assert await acts(station, ref) == ["filed"], "to look at the cover leaves nothing"

    async def test_opened_it_shows_the_exact_words(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        assert ada.path == f"/cases/{ref.id}"
        html = ada.response.text
        assert "Unverified: in the writer's own words" in ada.text
        assert "he said  \n\n   &lt;b&gt;pay&lt;/b&gt; or snap_kid99 tells" in html, "white space and all"
        assert "<b>pay" not in html
        told = ada.page.find("section", class_="told")
        assert [each.find("h3")[0].text for each in told][:3] == ["In danger", "Who it is about", "What happened"]
        assert [each.text for each in told[0].find("span", class_="tag")] == ["No"]
        assert await acts(station, ref) == ["filed", "opened", "status"]
        await ada.open(f"/cases/{ref.id}")
        assert "snap_kid99" in ada.text
        assert await acts(station, ref) == ["filed", "opened", "status"], "again in the same login"

    async def test_another_login_begins_at_the_cover(self, station: Station) -> None:
        ada = await opens(await station.login("Ada"), (await filed(station))[0])
        path = ada.path
        again = await station.login("Ada")
        await again.open(path)
        assert "Open this case" in again.text
        assert "snap_kid99" not in again.response.text

    async def test_contact_takes_a_second_click_with_a_row_of_its_own(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        assert "zebedee" not in ada.response.text
        await ada.submit(f"/cases/{ref.id}/contact")
        assert CONTACT in ada.text
        assert (await acts(station, ref))[-1] == "contact seen"
        await ada.open(f"/cases/{ref.id}")
        assert "zebedee" not in ada.response.text
        ben = await station.login("Ben")
        await ben.post(f"/cases/{ref.id}/contact")
        assert "zebedee" not in ben.response.text, "not before the case is opened"

    async def test_what_is_new_is_opened_by_a_click(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        await adds(station, keys, "quince quince")
        await ada.open(f"/cases/{ref.id}")
        assert "added something new" in ada.text
        assert "quince" not in ada.response.text
        await ada.submit(f"/cases/{ref.id}/open")
        assert "quince quince" in ada.text
        assert (await acts(station, ref))[-2:] == ["added", "opened"]

    async def test_what_cannot_be_opened_is_said(self, station: Station) -> None:
        await station.login("Ada")
        ref, _ = await filed(station)
        ben = await station.login("Ben")  # joined after it was sealed
        await opens(ben, ref)
        assert "sealed before you joined" in ben.text
        assert await status(station, ref) is Status.NEW

    async def test_there_is_no_such_case(self, station: Station) -> None:
        ada = await station.login("Ada")
        for path in ("/cases/nonsense", f"/cases/{'0' * 32}", "/cases/%00"):
            await ada.open(path)
            assert ada.status == 404


class TestReplying:
    async def test_it_is_shown_as_the_writer_will_see_it_and_then_sent(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/reply", {"reply": "  Thank you.\n\n\n*You* did well.  ", "do": "preview"})
        (chat,) = ada.page.find("div", class_="chat")
        form = station.guidance.guidance.report
        assert form is not None
        assert (
            chat.find("p")[0].text
            == form.say["case-reply"].partition("{reply}")[0].format(day=form.say["day-today"]).strip()
        )
        assert [each.text for each in chat.find("p")][1:] == ["Thank you.", "*You* did well."]
        assert await replies_seen(station, keys) == []
        await ada.submit(f"/cases/{ref.id}/reply", {"do": "send"})
        assert ada.path == f"/cases/{ref.id}"
        assert "The reply is sent" in ada.text
        assert await replies_seen(station, keys) == ["Thank you.\n\n\n*You* did well."]
        assert (await acts(station, ref))[-1] == "replied"

    async def test_warnings_do_not_block(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        text = "Why did you tell the perpetrator? We keep it all secret."
        await ada.submit(f"/cases/{ref.id}/reply", {"reply": text})
        for warning in ("Why did you", "Say what the other person did.", "keep it all secret", "perpetrator"):
            assert warning in ada.text
        await ada.submit(f"/cases/{ref.id}/reply", {"do": "send"})
        assert await replies_seen(station, keys) == [text]

    async def test_a_saved_phrase_is_added_and_nothing_typed_is_lost(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/reply", {"reply": "I read it.", "do": "phrase", "phrase": "no-blame"})
        assert typed(ada, "reply") == "I read it.\n\nIt is not your fault.\n\nYou did the right thing."

    async def test_change_it_goes_back_with_the_words(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/reply", {"reply": "zebedee"})
        await ada.submit(f"/cases/{ref.id}/reply", {"do": "edit"})
        assert typed(ada, "reply") == "zebedee"

    @pytest.mark.parametrize("text", ["", "  \n ", "x" * 3_001])
    async def test_too_little_or_too_much(self, station: Station, text: str) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/reply", {"reply": text})
        assert ada.status == 422
        assert ("Write the reply first" if not text.strip() else "3,001 letters; 3,000 fit") in ada.text
        assert "x" * 3_001 in ada.response.text or len(text) < 3_000
        assert await replies_seen(station, keys) == []

    async def test_the_same_form_sent_twice_is_one_reply(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/reply", {"reply": "once"})
        seen = re.search(r'name="seen" value="(\d+)"', ada.response.text)
        assert seen
        for _ in range(2):
            await ada.post(
                f"/cases/{ref.id}/reply", {"reply": "once", "do": "send", "previewed": "yes", "seen": seen[1]}
            )
        assert await replies_seen(station, keys) == ["once"]

    async def test_a_closed_case_is_opened_again_first(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/close", {"outcome": CaseOutcome.ADVISED.value})
        assert "The case is closed. Open it again first" in ada.text
        await ada.submit(f"/cases/{ref.id}/reply", {"reply": "zebedee"})
        assert "Open it again before you reply" in ada.text
        await ada.submit(f"/cases/{ref.id}/reply", {"do": "send"})
        assert ada.status == 409
        assert "open it again before you reply" in ada.text
        assert "zebedee" in ada.response.text, "kept"
        await ada.submit(f"/cases/{ref.id}/status", {"status": "open"})
        assert await status(station, ref) is Status.OPEN
        assert await replies_seen(station, keys) == []


class TestTwoAtOnce:
    @pytest.mark.parametrize(
        ("act", "fields"),
        [
            ("note", {"note": "zebedee"}),
            ("reply", {"reply": "zebedee", "do": "send", "previewed": "yes"}),
            ("labels", {"labels": "zebedee"}),
            ("keep", {"until": "2027-01-15", "reason": "zebedee"}),
            ("urgency", {"urgency": "emergency"}),
            ("assign", {"assignee": ""}),
            ("close", {"outcome": "advised"}),
            ("refer", {"to": "ceop", "when": "2026-11-24", "reference": "zebedee", "note": ""}),
        ],
    )
    async def test_a_conflict_is_refused_with_what_changed_and_what_was_typed(
        self, station: Station, act: str, fields: dict[str, str]
    ) -> None:
        ada, ben = await station.login("Ada"), await station.login("Ben")
        ref, _ = await filed(station)
        await opens(ada, ref)
        await opens(ben, ref)
        await ada.open(f"/cases/{ref.id}")
        assert "Also has this case open: Ben" in ada.text
        shown = re.search(r'name="seen" value="(\d+)"', ada.response.text)
        assert shown
        await ben.submit(f"/cases/{ref.id}/assign", {"assignee": ben.login.member.id})
        before = await acts(station, ref)
        await ada.post(f"/cases/{ref.id}/{act}", {**fields, "seen": shown[1]})
        assert ada.status == 409
        assert "Ben gave it to Ben" in ada.text
        assert await acts(station, ref) == before
        if "zebedee" in fields.values():
            assert "zebedee" in ada.response.text
        # Seen now, so the same form does it.
        shown = re.search(r'name="seen" value="(\d+)"', ada.response.text)
        assert shown
        await ada.post(f"/cases/{ref.id}/{act}", {**fields, "seen": shown[1]})
        assert ada.status == 200
        assert len(await acts(station, ref)) == len(before) + 1

    async def test_what_the_writer_did_counts(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        await adds(station, keys, "more")
        await ada.submit(f"/cases/{ref.id}/note", {"note": "zebedee"})
        assert ada.status == 409
        assert "The writer of the report added to it" in ada.text
        assert "zebedee" in ada.response.text

    async def test_after_logging_in_again_nothing_typed_is_lost(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        seen = re.search(r'name="seen" value="(\d+)"', ada.response.text)
        assert seen
        ben = await opens(await station.login("Ben"), ref)
        await ben.submit(f"/cases/{ref.id}/note", {"note": "by Ben"})
        again = await station.login("Ada")
        await again.post(f"/cases/{ref.id}/note", {"note": "zebedee", "seen": seen[1]})
        assert again.status == 409
        assert "Open this case" in again.text
        assert "zebedee" in again.response.text
        assert "snap_kid99" not in again.response.text

    async def test_a_script_is_told_who_is_there_and_what_is_new(self, station: Station) -> None:
        ada, ben = await station.login("Ada"), await station.login("Ben")
        ref, _ = await filed(station)
        await opens(ada, ref)
        seen = re.search(r'data-seen="(\d+)"', ada.response.text)
        assert seen
        await opens(ben, ref)
        await ben.submit(f"/cases/{ref.id}/note", {"note": "secret"})
        said = (await ada.send(f"/cases/{ref.id}/here", {"seen": seen[1]}, accept="application/json")).json()
        assert said == {"others": ["Ben"], "changes": ["Ben wrote a note"]}
        await ben.send(f"/cases/{ref.id}/away", {})
        said = (await ada.send(f"/cases/{ref.id}/here", {"seen": seen[1]}, accept="application/json")).json()
        assert said["others"] == []


class TestSmallActs:
    async def test_each_is_done_and_shown(self, station: Station) -> None:
        ada, ben = await station.login("Ada"), await station.login("Ben")
        ref, _ = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/note", {"note": "first\n\n  second"})
        await ada.submit(f"/cases/{ref.id}/assign", {"assignee": ben.login.member.id})
        await ada.submit(f"/cases/{ref.id}/urgency", {"urgency": "emergency"})
        await ada.submit(f"/cases/{ref.id}/status", {"status": "waiting"})
        await ada.submit(f"/cases/{ref.id}/labels", {"labels": "blackmail,  meeting planned ,blackmail"})
        await ada.submit(f"/cases/{ref.id}/keep", {"until": "2027-06-01", "reason": "the police asked"})
        for shown in (
            "Emergency",
            "Waiting",
            "meeting planned",
            "Tue 1 June 2027",
            "the police asked",
            "first",
            "gave it to Ben",
            "made its urgency emergency (was high)",
        ):
            assert shown in ada.text, shown
        assert [each.text for each in ada.page.find("span") if "label" in each.classes] == [
            "blackmail",
            "meeting planned",
        ]
        await ada.submit(f"/cases/{ref.id}/close", {"outcome": "referred"})
        assert "Referred to somebody who acts" in ada.text
        assert await acts(station, ref) == [
            "filed", "opened", "status", "noted", "assigned", "urgency", "status", "labelled", "kept", "closed",
        ]  # fmt: skip
        async with station.office.engine.connect() as connection:
            assert "police" not in repr(await history(connection))

    @pytest.mark.parametrize(
        ("act", "fields", "says"),
        [
            ("note", {"note": ""}, "Write the note first"),
            ("labels", {"labels": ",".join(map(str, range(13)))}, "13 labels"),
            ("labels", {"labels": "x" * 41}, "40 letters"),
            ("keep", {"until": "2026-11-24", "reason": "r"}, "a day to come"),
            ("keep", {"until": "2036-11-24", "reason": "r"}, "within three years"),
            ("keep", {"until": "soon", "reason": "r"}, "Write the day as"),
            ("keep", {"until": "2027-01-01", "reason": " "}, "why it must be kept"),
            ("close", {}, "Choose an outcome"),
            ("close", {"outcome": "withdrawn"}, "one of those offered"),
            ("urgency", {"urgency": "soon"}, "one of the three"),
            ("status", {"status": "closed"}, "cannot be made closed"),
            ("assign", {"assignee": "nobody-we-know"}, "active member"),
            ("refer", {"to": "", "when": "2026-11-24"}, "to whom it was referred"),
            ("refer", {"to": "ceop", "when": "2026-11-25"}, "cannot be in the future"),
            ("shred", {"sure": "yes"}, "has not withdrawn"),
        ],
    )
    async def test_what_is_wrong_is_said_and_kept(
        self, station: Station, act: str, fields: dict[str, str], says: str
    ) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        seen = re.search(r'name="seen" value="(\d+)"', ada.response.text)
        before = await acts(station, ref)
        assert seen
        await ada.post(f"/cases/{ref.id}/{act}", {**fields, "seen": seen[1]})
        assert ada.status in (409, 422)
        assert says in ada.text
        assert await acts(station, ref) == before
        for value in fields.values():
            if len(value) > 12 and act != "assign":
                assert value in ada.response.text

    async def test_what_is_unread_is_opened_before_closing(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, keys = await filed(station)
        await opens(ada, ref)
        await adds(station, keys, "wait")
        await ada.open(f"/cases/{ref.id}")
        assert "Open first what its writer has added" in ada.text
        seen = re.search(r'name="seen" value="(\d+)"', ada.response.text)
        assert seen
        await ada.post(f"/cases/{ref.id}/close", {"outcome": "advised", "seen": seen[1]})
        assert ada.status == 409
        assert await status(station, ref) is Status.OPEN

    async def test_what_was_taken_back_is_deleted_after_a_second_thought(self, station: Station) -> None:
        ada, ben = await station.login("Ada"), await station.login("Ben")
        ref, keys = await filed(station)
        for seat in (ada, ben):
            await opens(seat, ref)
        found = await station.office.find(keys)
        assert found is not None
        async with station.office.writing() as connection:
            await withdraw(connection, found, station.office.now)
        await ada.open(f"/cases/{ref.id}")
        assert "asked for this to be deleted" in ada.text
        await ada.submit(f"/cases/{ref.id}/shred")
        assert "Tick the box" in ada.text
        await ada.submit(f"/cases/{ref.id}/shred", {"sure": "yes"})
        assert ada.path == "/"
        assert ref.id not in ben.login.opened
        await ben.open(f"/cases/{ref.id}")
        assert ben.status == 410
        assert (await acts(station, ref))[-1] == "shredded"


class TestReferring:
    async def test_it_is_written_down(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        await ada.open(f"/cases/{ref.id}/refer")
        assert "It takes no anonymous reports." in ada.text
        fields = {
            "to": "police",
            "named": "Northshire",
            "when": "2026-11-24",
            "reference": "log 77",
            "note": "they ring",
        }
        await ada.submit(f"/cases/{ref.id}/refer", fields)
        for shown in ("Police: Northshire", "log 77", "they ring", "The referral is written down"):
            assert shown in ada.text
        assert (await acts(station, ref))[-1] == "referred"

    async def test_what_they_need_is_ticked_and_the_passphrase_asked(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        await ada.open(f"/cases/{ref.id}/referral?to=iwf")
        boxes = {each.get("name"): "checked" in each.attributes for each in ada.page.find("input", type="checkbox")}
        assert boxes == {
            "tick.1.0": False,
            "tick.1.1": False,
            "tick.1.2": False,
            "tick.1.3": True,
            "tick.1.4": False,
            "contact": False,
        }
        action = f"/cases/{ref.id}/referral"
        await ada.submit(action, {"tick.1.3": "1", "passphrase": "wrong", "do": "print"})
        assert ada.status == 422
        assert "not your passphrase" in ada.text
        assert "exported" not in await acts(station, ref)
        await ada.submit(action, {"passphrase": ada.passphrase, "do": "print"})
        assert "Tick what goes into it first" in ada.text
        await ada.submit(action, {"tick.1.3": "1", "passphrase": ada.passphrase, "do": "print"})
        assert ada.status == 200
        paper = ada.page.find("article")[0].text
        assert "Referral to IWF" in paper
        assert "in a game" in paper
        assert "Unverified" in paper
        assert "team@charity.example" in paper
        for left_out in ("pay", "zebedee", "Threats"):
            assert left_out not in paper
        async with station.office.engine.connect() as connection:
            last = (await history(connection, ref.id))[-1]
        assert last.act == "exported"
        assert json.loads(last.detail) == {"what": "referral", "to": "iwf", "answers": 1, "contact": "no"}

    async def test_as_json(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station, "\u202e=cmd|' /C calc'!A0 \x00 é")
        await opens(ada, ref)
        fields = {"to": "ceop", "tick.1.2": "1", "contact": "yes", "passphrase": ada.passphrase, "do": "json"}
        response = await ada.send(f"/cases/{ref.id}/referral", fields)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.headers["content-disposition"] == f'attachment; filename="referral-{ref.short}.json"'
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert response.text.isascii()
        body = response.json()
        assert body["answers"][0]["words"] == "\u202e=cmd|' /C calc'!A0 \x00 é"
        assert body["contact"][0]["words"] == CONTACT
        assert body["case"]["short"] == ref.short
        assert ref.id not in response.text

    async def test_the_whole_case_is_exported_with_the_passphrase_only(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        await opens(ada, ref)
        await ada.submit(f"/cases/{ref.id}/export", {"passphrase": "wrong"})
        assert ada.status == 422
        assert "not your passphrase" in ada.text
        assert "exported" not in await acts(station, ref)
        response = await ada.send(f"/cases/{ref.id}/export", {"passphrase": ada.passphrase})
        assert response.headers["content-disposition"] == f'attachment; filename="case-{ref.short}.json"'
        exported = response.json()
        assert exported["messages"][0]["body"]["answers"][2]["words"] == STORY
        assert CONTACT in response.text
        assert (await acts(station, ref))[-1] == "exported"

    async def test_not_before_it_is_opened(self, station: Station) -> None:
        ada = await station.login("Ada")
        ref, _ = await filed(station)
        for path in (f"/cases/{ref.id}/refer", f"/cases/{ref.id}/referral?to=ceop"):
            await ada.open(path)
            assert "Open this case" in ada.text
        for path in ("referral", "export"):
            await ada.post(f"/cases/{ref.id}/{path}", {"to": "ceop", "passphrase": ada.passphrase, "tick.1.2": "1"})
            assert "Open this case" in ada.text
        assert await acts(station, ref) == ["filed"]


class TestLinks:
    async def test_cases_that_name_the_same_are_shown_in_both_and_dismissed_in_both(self, station: Station) -> None:
        ada = await station.login("Ada")
        one, _ = await filed(station)
        two, _ = await filed(station, "again this SnapKid_99 person", None)
        three, _ = await filed(station, "nothing alike", None)
        await opens(ada, three)
        await opens(ada, one)
        assert "Also named in" not in ada.text
        await opens(ada, two)
        assert f"Also named in {one.short}: the same account" in " ".join(ada.text.split())
        assert "snap_kid99" in ada.text
        await ada.open(f"/cases/{one.id}")
        assert f"Also named in {two.short}" in " ".join(ada.text.split())
        ben_hired_later = await station.login("Ada")  # another login, and another memory
        await opens(ben_hired_later, two)
        assert f"Also named in {one.short}" in " ".join(ben_hired_later.text.split())
        assert (await acts(station, two)).count("linked") == 1, "stored once"
        await ben_hired_later.submit(f"/cases/{two.id}/dismiss", {"other": one.id})
        assert "Also named in" not in ben_hired_later.text
        await opens(ben_hired_later, one)
        assert "Also named in" not in ben_hired_later.text
        assert three.id not in ben_hired_later.response.text

    async def test_only_what_this_member_has_opened(self, station: Station) -> None:
        ada, ben = await station.login("Ada"), await station.login("Ben")
        one, _ = await filed(station)
        two, _ = await filed(station, "snap_kid99 as well", None)
        await opens(ben, one)
        await opens(ada, two)
        assert "Also named in" not in ada.text

    async def test_of_a_case_that_is_gone_nothing_stays_in_memory(self, station: Station) -> None:
        ada = await station.login("Ada")
        one, _ = await filed(station)
        two, _ = await filed(station, "snap_kid99 as well", None)
        await opens(ada, one)
        await opens(ada, two)
        async with station.office.writing() as connection:
            await shred(connection, one.id, "2026-11-24", actor="bot", at="2026-11-24")
        assert one.id in ada.login.opened
        await sweep(station.parts)
        assert one.id not in ada.login.opened
        assert not ada.login.links.index.knows(one.id)
        await ada.open(f"/cases/{two.id}")
        assert one.short not in ada.text
        assert ada.login.links.index.knows(two.id)


async def test_of_two_at_the_same_moment_one_is_told(station: Station) -> None:
    ada, ben = await station.login("Ada"), await station.login("Ben")
    ref, keys = await filed(station)
    await opens(ada, ref)
    await opens(ben, ref)
    seen = (await acts_numbers(station, ref))[-1]
    answers = await asyncio.gather(
        *(
            seat.send(
                f"/cases/{ref.id}/reply", {"reply": seat.name, "do": "send", "previewed": "yes", "seen": str(seen)}
            )
            for seat in (ada, ben)
        )
    )
    assert sorted(each.status_code for each in answers) == [303, 409]
    assert len(await replies_seen(station, keys)) == 1


async def acts_numbers(station: Station, ref: CaseRef) -> list[int]:
    async with station.office.engine.connect() as connection:
        return [row.number for row in await history(connection, ref.id)]


async def test_without_a_desk_file_a_case_can_be_worked(station: Station) -> None:
    languages = {
        code: guidance.model_copy(update={"desk": None}) for code, guidance in station.guidance.languages.items()
    }
    station.guidance = DeskGuidance(languages, station.guidance.first)
    ada = await station.login("Ada")
    ref, keys = await filed(station)
    await opens(ada, ref)
    assert "Refer this case" not in ada.text
    await ada.open(f"/cases/{ref.id}/refer")
    assert "nobody in desk.yaml" in ada.text
    await ada.open(f"/cases/{ref.id}")
    await ada.submit(f"/cases/{ref.id}/reply", {"reply": "Why did you?"})
    await ada.submit(f"/cases/{ref.id}/reply", {"do": "send"})
    assert await replies_seen(station, keys) == ["Why did you?"]


async def test_reports_of_any_form_are_shown_as_plain_text(station: Station) -> None:
    """Whatever is in it, the page has the elements that it has for harmless words."""
    ada = await station.login("Ada")

    async def elements(text: str) -> list[tuple[str, tuple[str, ...]]]:
        body = {"answers": [{**answer(text, text, text, text), "choices": [text]}, text, {"words": [text]}]}
        ref, keys = await station.office.file(body, {"answers": [answer(text, text, text)]})
        await opens(ada, ref)
        await adds(station, keys, text)
        await ada.open(f"/cases/{ref.id}")
        await ada.submit(f"/cases/{ref.id}/open")
        await ada.submit(f"/cases/{ref.id}/contact")
        (main,) = ada.page.find("main")
        return [(each.tag, tuple(sorted(each.attributes))) for each in main if "mark" not in each.classes]

    harmless = await elements("harmless")
    for text in (*hostile.EVERY, "</main></body>", "\x00" * 50, "=1+1"):
        assert await elements(text) == harmless, text[:40]
