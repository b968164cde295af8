"""Passkeys are kept sealed to their member's key, on both databases; what pages make of them is in ``tests/desk``."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from safetybot.staff import members, passkeys, second_factor
from safetybot.staff.errors import (
    LastSecondFactor,
    NoSuchPasskey,
    PasskeyCopied,
    PasskeyRefused,
    SecondFactorSet,
)
from safetybot.staff.login import UnlockedMember
from safetybot.staff.passkeys import MOST, Passkey, PasskeyChallenge, Site
from safetybot.storage import tables
from tests.desk.authenticator import Authenticator
from tests.reports.office import Office

SITE = Site("desk.example.org", "https://desk.example.org")


def new_key() -> Authenticator:
    return Authenticator(SITE.origin, SITE.id)


async def kept(office: Office, member: UnlockedMember) -> list[Passkey]:
    async with office.engine.connect() as connection:
        return [*await passkeys.passkeys_of(connection, member)]


async def adds(office: Office, member: UnlockedMember, key: Authenticator, name: str, *, first: bool) -> list[str]:
    asked = await passkeys.ask_new(member, SITE, await kept(office, member))
    answer = key.makes(asked.options)
    return [*await passkeys.add(office.engine, member, asked, answer, name, office.now, first=first)]


async def asks(office: Office, member: UnlockedMember) -> PasskeyChallenge:
    return await passkeys.ask_for(SITE, await kept(office, member))


async def shows(office: Office, member: UnlockedMember, key: Authenticator) -> None:
    asked = await asks(office, member)
    await passkeys.show(office.engine, member, asked, key.shows(asked.options), office.now, login=True)


async def test_the_life_of_a_passkey(office: Office) -> None:
    ada = await office.hire("Ada")
    first, second = new_key(), new_key()
    assert len(await adds(office, ada, first, "  Zebedee's \n marmalade key ", first=True)) == second_factor.CODES
    with pytest.raises(SecondFactorSet):
        await adds(office, ada, second, "another", first=True)
    assert await adds(office, ada, second, "", first=False) == []
    there = await kept(office, ada)
    assert [(each.name, each.day, each.site) for each in there] == [
        ("Passkey", "2026-11-24", SITE.id),
        ("Zebedee's marmalade key", "2026-11-24", SITE.id),
    ]
    for secret in (b"marmalade", first.credential, first.credential.hex().encode()):
        assert secret not in office.on_disk()
    await shows(office, ada, first)
    await shows(office, ada, second)
    first.count -= 1
    with pytest.raises(PasskeyCopied):
        await shows(office, ada, first)
    await shows(office, ada, first)  # the counter that was kept is still the higher one
    await passkeys.remove(office.engine, ada, there[1].id, office.now)
    with pytest.raises(NoSuchPasskey):
        await passkeys.remove(office.engine, ada, there[1].id, office.now)
    with pytest.raises(PasskeyRefused):
        await shows(office, ada, first)
    with pytest.raises(LastSecondFactor):
        await passkeys.remove(office.engine, ada, there[0].id, office.now)
    await members.reset_second_factor(office.engine, "Ada", office.now)
    assert await kept(office, ada) == []


async def test_a_key_without_a_counter(office: Office) -> None:
    """Passkeys that are kept in a cloud always say 0."""
    ada, key = await office.hire("Ada"), new_key()
    key.count = -1
    await adds(office, ada, key, "phone", first=True)
    for _ in range(2):
        key.count = -1
        await shows(office, ada, key)


async def test_another_member_can_neither_use_nor_remove_nor_read_it(office: Office) -> None:
    ada, grace = await office.hire("Ada"), await office.hire("Grace")
    key, other = new_key(), new_key()
    await adds(office, ada, key, "Ada's", first=True)
    await adds(office, grace, other, "Grace's", first=True)
    with pytest.raises(PasskeyRefused, match="in use here"):
        await adds(office, grace, key, "Ada's", first=False)
    with pytest.raises(PasskeyRefused):
        await shows(office, grace, key)
    (hers,) = await kept(office, ada)
    with pytest.raises(NoSuchPasskey):
        await passkeys.remove(office.engine, grace, hers.id, office.now)
    assert [each.name for each in await kept(office, grace)] == ["Grace's"]


async def test_there_is_a_most(office: Office) -> None:
    ada = await office.hire("Ada")
    for number in range(MOST):
        await adds(office, ada, new_key(), f"key {number}", first=number == 0)
    with pytest.raises(PasskeyRefused, match="remove one first"):
        await adds(office, ada, new_key(), "one more", first=False)
    async with office.engine.connect() as connection:
        assert len((await connection.execute(select(tables.passkeys.c.id))).all()) == MOST
