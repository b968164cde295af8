"""Looks for other cases that name the same account, number or page, whenever a case is opened.

What the member opened earlier is opened once more in memory, in a thread, the first time in a login; from then on each
case they open is added. All of it goes with the login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from safetybot.desk import search
from safetybot.desk.context import DeskContext
from safetybot.desk.logins import LoggedIn
from safetybot.reports.casework import OpenedCase
from safetybot.reports.links import (
    Link,
    LinkIndex,
    SealedCase,
    gone,
    kept_links,
    opened_before,
    store_links,
    take_in,
    words_of,
)
from safetybot.vault.audit import transaction
from safetybot.vault.sealing import KeyPair


@dataclass(eq=False)
class Linking:
    """What one login knows of what cases name."""

    index: LinkIndex | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def find_links(parts: DeskContext, login: LoggedIn, case: OpenedCase) -> Sequence[Link]:
    """Looks for links of a case that was just opened, and stores those that are new.

    A link that was dismissed stays so. Raises what acts raise.
    """
    if login.links is None:
        login.links = Linking()
    linking: Linking = login.links
    case_id, words = case.row.ref.id, words_of(case.messages)
    async with linking.lock:
        if linking.index is None:
            async with parts.engine.connect() as connection:
                sealed = await opened_before(connection, login.member)
            linking.index = await asyncio.to_thread(_indexed, sealed, login.member.pair())
        index = linking.index
        found = await asyncio.to_thread(_looked_up, index, case_id, words)
    kept = kept_links(case.messages)
    known = kept.dismissed | {link.case.id for link in kept.links}
    new = [link for link in found if link.case.id not in known]
    if not new:
        return ()
    async with transaction(parts.engine) as connection:
        lost = await gone(connection, [link.case.id for link in new])
        new = [link for link in new if link.case.id not in lost]
        await store_links(connection, login.member, case_id, new, parts.clock())
    return new


async def forget_gone(parts: DeskContext) -> None:
    """Takes out of memory what is left there of cases that were deleted, by whomever: called now and then."""
    held = {case_id for login in parts.logins for case_id in login.opened}
    if not held:
        return
    async with parts.engine.connect() as connection:
        lost = await gone(connection, held)
    for case_id in lost:
        forget(parts, case_id)


def forget(parts: DeskContext, case_id: str) -> None:
    """A case was deleted: nothing of it stays in anybody's memory here."""
    for login in parts.logins:
        search.forget(login, case_id)
        _drop(login, case_id)


def _drop(login: LoggedIn, case_id: str) -> None:
    if isinstance(login.links, Linking) and login.links.index is not None:
        login.links.index.drop(case_id)


def _indexed(sealed: Sequence[SealedCase], pair: KeyPair) -> LinkIndex:
    index = LinkIndex()
    take_in(index, sealed, pair)
    return index


def _looked_up(index: LinkIndex, case_id: str, words: Sequence[str]) -> Sequence[Link]:
    index.put(case_id, words)
    return index.links(case_id)
