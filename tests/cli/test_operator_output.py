from __future__ import annotations

import json

from safetybot.administration.operator_tasks import Cleared, Disabled, MemberAdded, Recovered, Roster, Secrets
from safetybot.cli.operator_output import (
    added_text,
    cleared_text,
    disabled_text,
    examination_json,
    examination_text,
    recovered_text,
    roster_json,
    roster_text,
    secrets_text,
)
from safetybot.doctor import DoctorFinding, Examination, FindingState
from safetybot.reports.cases import CaseRef
from safetybot.staff.members import Member
from safetybot.staff.recovery import spell
from safetybot.vault.sealing import KeyPair

ANNA = Member("a1", "Anna", True, True, "2026-11-24", bytes(32))
BEN = Member("b2", "Benjamin", False, False, "2026-11-25", bytes(32))


def apart(text: str) -> list[str]:
    """The lines that stand apart: indented, alone between empty lines."""
    lines = text.split("\n")
    found = [number for number, line in enumerate(lines) if line.startswith("    ")]
    for number in found:
        assert lines[number - 1] == ""
        assert (lines[number + 1 :] or [""])[0] == ""
    return [lines[number].strip() for number in found]


def test_each_secret_stands_apart_from_what_explains_it() -> None:
    key = spell(KeyPair.new())
    assert apart(secrets_text(Secrets("Anna", "six words", key))) == ["six words", key]
    assert apart(secrets_text(Secrets("Anna", None, key))) == [key]
    assert apart(secrets_text(Secrets("Anna", "six words"))) == ["six words"]
    assert secrets_text(Secrets("Anna", None)) == ""


def test_it_fits_a_terminal() -> None:
    text = secrets_text(Secrets("Anna", "words " * 6, spell(KeyPair.new())))
    assert max(map(len, text.split("\n"))) <= 110


def test_what_a_new_member_can_read() -> None:
    assert "recovery key" in added_text(MemberAdded("Anna", first=True))
    assert "grants" in added_text(MemberAdded("Anna", first=False))


def test_the_roster() -> None:
    assert roster_text(Roster([ANNA, BEN], recovery_key=True)).split("\n") == [
        "NAME      STATUS    SINCE       PASSPHRASE",
        "Anna      active    2026-11-24  must be changed",
        "Benjamin  disabled  2026-11-25  their own",
        "",
        "Recovery key: there is one.",
    ]
    assert "takes no reports" in roster_text(Roster([], recovery_key=False))
    assert "none yet" in roster_text(Roster([], recovery_key=False))


def test_the_roster_as_json_has_no_keys_in_it() -> None:
    told = json.loads(json.dumps(roster_json(Roster([ANNA], recovery_key=True))))
    member = {"id": "a1", "name": "Anna", "active": True, "since": "2026-11-24", "must_change_passphrase": True}
    assert told == {"members": [member], "recovery_key": True}


def test_disabling() -> None:
    assert disabled_text(Disabled("Anna", True, 2)).endswith("Active: 2.")
    assert "before" in disabled_text(Disabled("Anna", False, 2))


def test_recovering() -> None:
    assert recovered_text(Recovered("Anna", 1, 0)) == "Anna has new keys and can open 1 envelope."
    assert "2 envelopes could not be opened" in recovered_text(Recovered("Anna", 3, 2))


def test_a_purge_tells_short_numbers_only() -> None:
    ref = CaseRef("3fa9c2" + "0" * 26)
    text = cleared_text(Cleared((ref,), (), True))
    assert "1 case (3FA-9C2)" in text
    assert ref.id not in text
    assert "WARNING" not in text
    assert "WARNING" in cleared_text(Cleared((), (ref,), False))


def test_an_examination() -> None:
    findings = tuple(DoctorFinding(state.value, state, "words") for state in FindingState)
    found = Examination(findings, "3:ab")
    assert examination_text(found) == "✓ good: words\n! warning: words\n✗ fault: words"
    told = json.loads(json.dumps(examination_json(found)))
    assert told["ok"] is False
    assert told["audit_head"] == "3:ab"
    assert told["findings"][0] == {"what": "good", "state": "good", "says": "words"}
    assert examination_json(Examination(findings[:2], None))["ok"] is True
