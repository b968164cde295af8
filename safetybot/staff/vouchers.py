"""Who let each member in, in words for people, with fingerprints that two of them can compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.vault.errors import NoReader
from safetybot.vault.roster import Vouching, check
from safetybot.vault.sealing import RECOVERY
from safetybot.vault.vouching import OPERATOR, UPGRADE, NotVouched, fingerprint

_SERVER = {
    OPERATOR: "vouched for by an operator with the server's secret",
    UPGRADE: "there at the upgrade, vouched for with the server's secret",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One member, or the recovery key, on the list of members."""

    holds: bool
    words: str
    fingerprint: str = ""
    """Of the keys on the list; empty where they are not on it."""


async def standings(
    connection: AsyncConnection, vouching: Vouching | None, names: Mapping[str, str]
) -> Mapping[str, Standing]:
    """Member's id, and that of the recovery key → theirs; empty where nobody was added yet. ``names``: id → name."""
    try:
        checked = await check(connection, vouching)
    except NotVouched as error:
        return {id_: Standing(False, f"NOT VOUCHED FOR: {error}") for id_ in (*names, RECOVERY)}
    except NoReader:
        return {}
    found: dict[str, Standing] = {}
    for id_ in {**names, **checked.members.entries}:
        entry, trouble = checked.members.entries.get(id_), checked.trouble_of(id_)
        if entry is None:
            found[id_] = Standing(False, "NOT VOUCHED FOR: nobody let this account in")
            continue
        by = names.get(entry.voucher, entry.voucher)
        words = _SERVER.get(entry.voucher) or f"let in by {by}"
        holds = f"{words} on {entry.day}, {'valid' if entry.voucher in _SERVER else 'signature valid'}"
        found[id_] = Standing(not trouble, f"NOT VOUCHED FOR: {trouble}" if trouble else holds, entry.fingerprint)
    if checked.members.recovery is not None:
        trouble = checked.trouble_of(RECOVERY)
        words = f"NOT VOUCHED FOR: {trouble}" if trouble else "vouched for with the server's secret, valid"
        found[RECOVERY] = Standing(not trouble, words, fingerprint(checked.members.recovery))
    return found
