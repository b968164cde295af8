"""Who let each member in, and whether nothing in the database says otherwise."""

from __future__ import annotations

import re

from safetybot.doctor.findings import DoctorFinding, fault, good, warning
from safetybot.storage.database import OpenConnection
from safetybot.vault.errors import NoReader
from safetybot.vault.roster import Vouching, check
from safetybot.vault.sealing import RECOVERY
from safetybot.vault.vouching import NotVouched, fingerprint

_REMEDY = (
    "find out who could write to the database, and note which rows;  safetybot staff disable  for an account that is "
    "nobody's,  safetybot staff vouch NAME  for one that you compared and know"
)


async def vouched(connection: OpenConnection, vouching: Vouching | None) -> DoctorFinding:
    """Whether everything that may be sealed to was vouched for. Names nobody:  safetybot staff list  does."""
    what = "keys of members"
    if vouching is None:
        return warning(what, "the server's secret is not here, so nobody can say who let them in")
    try:
        checked = await check(connection, vouching)
    except NotVouched as error:
        return fault(what, f"nothing is sealed to anybody, and no report is taken: {error}")
    except NoReader:
        return good(what, "nobody was added yet")
    if checked.troubles:
        each = "; ".join(f"{_plain(trouble.who)}: {trouble.why}" for trouble in checked.troubles)
        return fault(what, f"NOT VOUCHED FOR, and only the keys on the list are sealed to: {each}. {_REMEDY}")
    recovery = checked.members.recovery
    key = f"; the recovery key's fingerprint is {fingerprint(recovery)}" if recovery else ""
    number = len(checked.members.entries)
    lets = f"{number} let in, each by a signature or by the server's secret{key};  safetybot staff list  shows by whom"
    return good(what, lets)


def _plain(id_: str) -> str:
    """An id as it may be printed: who wrote the row may have written anything."""
    return id_ if id_ == RECOVERY or re.fullmatch(r"[0-9a-f]{16}", id_) else "an id of no form that we make"
