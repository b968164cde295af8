from __future__ import annotations

import time

import pytest

from safetybot.reports import casework, links
from safetybot.reports.cases import CaseOutcome, CaseRef
from safetybot.reports.filing import add_to_case, find_case, view_case
from safetybot.reports.handles import HandleKind
from safetybot.reports.links import Link, LinkIndex, kept_links
from safetybot.staff.login import UnlockedMember
from safetybot.vault.audit import history, verify
from safetybot.vault.envelopes import EnvelopeKind, Message
from tests.reports.office import Office


def report(words: str, where: str = "") -> dict[str, object]:
    answers = [{"question": "what-happened", "label": "What happened", "choices": [], "buttons": [], "words": words}]
    if where:
        answers.append({"question": "where", "label": "Where", "choices": [], "buttons": [], "words": where})
    return {"language": "en", "urgency": "normal", "answers": answers}


def shown(found: tuple[Link, ...]) -> list[tuple[str, str, str, int]]:
    return [(link.case.id, link.kind.value, link.other, link.likeness) for link in found]


class TestIndex:
    def test_the_same_account_number_and_page(self) -> None:
        index = LinkIndex()
        index.put("a", ["it was snap_kid99"])
        index.put("b", ["his number is 07700 900123"])
        index.put("c", ["look at discord.gg/AbCd1"])
        index.put("d", ["SNAP.KID99 and +44 7700 900123, on https://discord.gg/AbCd1?utm_source=x"])
        assert {(case, kind) for case, kind, *_ in shown(index.links("d"))} == {
            ("a", "account"),
            ("b", "phone number"),
            ("c", "page"),
        }
        assert shown(index.links("a")) == [("d", "account", "SNAP.KID99", 100)]

    def test_long_names_may_differ_a_little_and_short_ones_not(self) -> None:
        index = LinkIndex()
        index.put("a", ["@midnight_rider_x"])
        index.put("b", ["@midnigth_rider_x"])
        index.put("c", ["@kid99"])
        index.put("d", ["@kid98"])
        assert shown(index.links("a")) == [("b", "account", "midnigth_rider_x", 92)]
        assert index.links("c") == ()

    def test_numbers_and_pages_are_never_nearly_the_same(self) -> None:
        index = LinkIndex()
        index.put("a", ["07700 900123 https://example.org/some/long/page"])
        index.put("b", ["07700 900124 https://example.org/some/long/pages"])
        assert index.links("a") == ()

    def test_a_case_is_taken_in_anew_and_forgotten(self) -> None:
        index = LinkIndex()
        index.put("a", ["snap_kid99"])
        index.put("b", ["snap_kid99"])
        index.put("b", ["nothing"])
        assert index.links("a") == ()
        index.put("b", ["snap_kid99"])
        index.drop("b")
        assert index.links("a") == ()
        assert not index.knows("b")


async def opened(office: Office, member: UnlockedMember, ref: CaseRef) -> casework.OpenedCase:
    async with office.writing() as connection:
        return await casework.open_case(connection, member, ref.id, office.now)


async def test_only_what_the_member_opened_is_compared(office: Office) -> None:
    anna, ben = await office.hire("Anna"), await office.hire("Ben")
    first, _ = await office.file(report("it was snap_kid99"), contact="anna_only77@example.org")
    second, _ = await office.file(report("never opened, snap_kid99"))
    third, _ = await office.file(report("only Ben saw snap_kid99"))
    await opened(office, anna, first)
    await opened(office, ben, third)
    async with office.engine.connect() as connection:
        sealed = await links.opened_before(connection, anna)
    assert [one.case_id for one in sealed] == [first.id]
    assert {stored.kind for one in sealed for stored in one.stored} == {EnvelopeKind.REPORT}, (
        "never how to reach somebody"
    )
    index = LinkIndex()
    links.take_in(index, sealed, anna.pair())
    index.put("new", ["Snap_Kid99"])
    assert shown(index.links("new")) == [(first.id, "account", "snap_kid99", 100)]
    assert second.id != first.id


async def test_what_nobody_has_opened_yet_is_not_compared(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file(report("first"))
    await opened(office, anna, ref)
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as connection:
        await add_to_case(connection, found, {"language": "en", "text": "it was snap_kid99"}, office.now)
    async with office.engine.connect() as connection:
        (sealed,) = await links.opened_before(connection, anna)
    assert [one.number for one in sealed.stored] == [1]


async def test_links_are_sealed_in_both_cases_and_can_be_dismissed(office: Office) -> None:
    anna, ben = await office.hire("Anna"), await office.hire("Ben")
    one, keys = await office.file(report("snap_kid99"))
    two, _ = await office.file(report("SnapKid_99"))
    for ref in (one, two):
        await opened(office, anna, ref)
    link = Link(two, HandleKind.ACCOUNT, "snap_kid99", "SnapKid_99", 100)
    async with office.writing() as connection:
        await links.store_links(connection, anna, one.id, [link], office.now)
    here = kept_links((await opened(office, ben, one)).messages)
    there = kept_links((await opened(office, ben, two)).messages)
    assert here.links == (link,)
    assert there.links == (Link(one, HandleKind.ACCOUNT, "SnapKid_99", "snap_kid99", 100),)
    assert b"snap_kid99" not in office.on_disk()
    async with office.writing() as connection:
        await links.dismiss_link(connection, ben, two.id, one.id, office.now)
    for ref, other in ((one, two), (two, one)):
        kept = kept_links((await opened(office, anna, ref)).messages)
        assert kept.links == ()
        assert kept.dismissed == {other.id}
    async with office.engine.connect() as connection:
        assert await verify(connection) is None
        rows = [(row.case_id, row.detail) for row in await history(connection) if row.act == "linked"]
    assert rows == [
        (one.id, '{"link":"found"}'),
        (two.id, '{"link":"found"}'),
        (two.id, '{"link":"dismissed"}'),
        (one.id, '{"link":"dismissed"}'),
    ]
    # The code opens none of it.
    async with office.engine.connect() as connection:
        found = await find_case(connection, keys.lookup_tag)
        assert found is not None
        assert (await view_case(connection, found, keys)).replies == ()


async def test_a_case_that_is_gone_is_passed_over(office: Office) -> None:
    anna = await office.hire("Anna")
    one, _ = await office.file(report("snap_kid99"))
    await opened(office, anna, one)
    lost = Link(CaseRef("0" * 32), HandleKind.ACCOUNT, "snap_kid99", "snap_kid99", 100)
    async with office.writing() as connection:
        assert await links.gone(connection, [one.id, lost.case.id]) == {lost.case.id}
        await links.store_links(connection, anna, one.id, [lost], office.now)
        await casework.close(connection, anna, one.id, CaseOutcome.ADVISED, office.now)
    assert [link.case for link in kept_links((await opened(office, anna, one)).messages).links] == [lost.case]


@pytest.mark.parametrize(
    "body", [{}, [], "x", {"case": 7}, {"case": "a", "kind": "nonsense"}, {"dismissed": True}, None]
)
def test_what_is_stored_may_have_any_form(body: object) -> None:
    assert kept_links([Message(1, EnvelopeKind.LINK, "", None, body)]).links == ()


def test_two_thousand_cases_are_compared_at_once() -> None:
    """Measured on an idle core: about 1 s to take in 1,000 letters of each, 2 ms to look one up."""
    index = LinkIndex()
    begun = time.process_time()
    for number in range(links.CASES_MAX):
        index.put(
            f"{number:032x}",
            [f"he is player_{number:05d}x on snap and rang from 07700 9{number:05d}. " + "word " * 200],
        )
    taken = time.process_time() - begun
    begun = time.process_time()
    index.put("new", ["he is player_01234x, and his number is 07700 901234"])
    found = index.links("new")
    looked = time.process_time() - begun
    assert found[0].case.id == f"{1234:032x}"
    assert found[0].likeness == 100
    print(f"\n2,000 cases taken in: {taken:.2f} s; one looked up: {looked * 1000:.1f} ms")
    assert taken < 10
    assert looked < 0.3
