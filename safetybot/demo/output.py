"""What the demo prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetybot.demo.seed_data import Prepared

CODES_SHOWN = 5
"""Recovery codes that are printed."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the three pages are."""

    chat: str
    desk: str
    preview: str


def welcome(prepared: Prepared, addresses: Addresses, content: Path) -> str:
    """Where to look, and what to type there."""
    account = prepared.account
    lines = [
        "This is a demo, on this machine alone. Every person and every report in it is invented, and all of it is gone",
        "when you end it with Ctrl-C. Nobody reads what is written in it: do not use it for a real worry.",
        "",
        f"  The chat, as young people see it     {addresses.chat}",
        f"  The desk, where staff read reports   {addresses.desk}",
        f"  The editors' page                    {addresses.preview}",
        "",
        f"Log in at the desk as   {account.name}",
        f"  passphrase            {account.passphrase}",
        f"  then one of these     {'  '.join(account.codes[:CODES_SHOWN])}",
        "                        (recovery codes: each works once)",
        f"  or, for an app        {account.totp}",
        "                        (a key for an authenticator app: its codes work each time)",
        "",
    ]
    if prepared.waiting:
        lines += ["These reports wait there. With /mycode in the chat, their writers come back:"]
        width = max(len(each.name) for each in prepared.waiting)
        lines += [f"  {each.name:<{width}}   {each.code}" for each in reversed(prepared.waiting)]
    else:
        lines += ["No report waits there: this content has no report form that the invented ones fit."]
    lines += ["", f"One thing is real: what you save at the editors' page changes the files in {content}/, and stays."]
    return "\n".join(lines)
