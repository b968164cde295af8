"""Rows of the audit log in plain words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from safetybot.formats.times import moment_of
from safetybot.reports.cases import CaseRef
from safetybot.vault.audit import BOT, DESK, OPERATOR, Act, AuditRow

ACTORS: Mapping[str, str] = {BOT: "The bot", OPERATOR: "The operator", DESK: "The desk"}
"""Of those that are no members of staff."""

ACTS: Mapping[str, str] = {
    Act.FILED: "A report came in",
    Act.ADDED: "Its writer added something",
    Act.WITHDREW: "Its writer took it back",
    Act.OPENED: "Opened the case",
    Act.CONTACT_SEEN: "Looked how its writer can be reached",
    Act.REPLIED: "Replied to its writer",
    Act.NOTED: "Wrote a note",
    Act.ASSIGNED: "Assigned the case",
    Act.REFERRED: "Referred the case",
    Act.STATUS: "Changed the status",
    Act.URGENCY: "Changed the urgency",
    Act.CLOSED: "Closed the case",
    Act.REOPENED: "Opened the case again",
    Act.LABELLED: "Changed the labels",
    Act.LINKED: "Linked the case to another, or took a link back",
    Act.KEPT: "Kept the case longer",
    Act.EXPORTED: "Exported the case",
    Act.WARNED: "Announced that the case will be deleted",
    Act.SHREDDED: "Deleted the case for good",
    Act.STAFF_ADDED: "Added a member of staff",
    Act.STAFF_DISABLED: "Disabled an account",
    Act.STAFF_ENABLED: "Enabled an account again",
    Act.STAFF_RECOVERED: "Gave new keys by the recovery key",
    Act.STAFF_GRANTED: "Granted earlier cases",
    Act.STAFF_VOUCHED: "Took accounts as they are, by the server's secret",
    Act.STAFF_UNLOCKED: "Logged in",
    Act.RENEWED: "Changed the own passphrase",
    Act.PASSPHRASE_RIGHT: "Typed the right passphrase",
    Act.LOGIN_FAILED: "A log-in failed",
    Act.CONFIRMING_FAILED: "A confirmation failed while logged in",
    Act.LOCKED_OUT: "A name was locked out",
    Act.SECOND_FAILED: "A second factor was wrong",
    Act.SECOND_SET: "Set up the second factor",
    Act.SECOND_RESET: "Reset a second factor",
    Act.CODES_RENEWED: "Made new recovery codes",
    Act.CODE_USED: "Used a recovery code",
    Act.PASSKEY_ADDED: "Added a passkey",
    Act.PASSKEY_REMOVED: "Removed a passkey",
    Act.PASSKEY_USED: "Used a passkey",
    Act.PASSKEY_COPIED: "A passkey was refused: its counter went back, so there may be a copy",
    Act.LOCK_LIFTED: "Lifted the lock of an account",
    Act.DRILL: "Tried the recovery key",
    Act.BACKED_UP: "Made a backup",
    Act.RESTORED: "Restored a backup: what was done after it was made is lost",
}
_OF_MEMBER = {"member": "account", "to": "to"}


def act_words(act: str) -> str:
    """An act; one without words of its own as it stands in the log."""
    return ACTS.get(act, act[:1].upper() + act[1:])


def actor_words(actor: str, names: Mapping[str, str]) -> str:
    """Who did it. ``names``: member's id → name."""
    return names.get(actor) or ACTORS.get(actor, "Somebody unknown")


def detail_words(row: AuditRow, names: Mapping[str, str]) -> str:
    """What else was written down."""
    try:
        detail: Any = json.loads(row.detail)
    except ValueError:
        return "cannot be read"
    if not isinstance(detail, dict):
        return ""
    words = []
    if "before" in detail and "now" in detail:
        words.append(f"from {detail.pop('before')} to {detail.pop('now')}")
    for key, value in detail.items():
        if key in _OF_MEMBER:
            if key == "member" and value == row.actor:
                continue
            nobody = "nobody" if key == "to" else "none: nobody has the name that was typed"
            words.append(f"{_OF_MEMBER[key]} {nobody if value is None else names.get(value, value)}")
        elif value is not None:
            words.append(f"{key} {value}")
    return ", ".join(words)


def short(case_id: str) -> str:
    """A case's number for people."""
    return CaseRef(case_id).short


def shown_second(second: int) -> str:
    """A second since 1970 as :func:`shown_time` shows a moment."""
    return shown_time(moment_of(dt.datetime.fromtimestamp(second, dt.UTC)))


def shown_time(at: str) -> str:
    """``24 Nov 2026, 10:30`` of a moment, or the day alone. UTC."""
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    try:
        year, month, day = at[:10].split("-")
        text = f"{int(day)} {months.split()[int(month) - 1]} {year}"
    except (ValueError, IndexError):
        return at
    return f"{text}, {at[11:16]}" if len(at) > 10 else text
