"""What an operator's commands print, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from safetybot.administration.operator_tasks import (
    Cleared,
    Disabled,
    Granted,
    MemberAdded,
    Recovered,
    Roster,
    Secrets,
    Vouched,
)
from safetybot.doctor import Examination, FindingState
from safetybot.figures.sheet_formats import sheet_csv as sheet_csv
from safetybot.figures.sheet_formats import sheet_json as sheet_json
from safetybot.figures.sheet_formats import sheet_text as sheet_text
from safetybot.reports.cases import CaseRef
from safetybot.vault.sealing import RECOVERY

NOBODY_LEFT = (
    "WARNING: no member of staff is active now. The bot takes NO REPORTS until there is one:\n"
    "run  safetybot staff add NAME"
)
LAST_MEMBER = "Nobody could read reports then, and the bot takes NO REPORTS until there is somebody. Disable them?"
_MARKS = {FindingState.GOOD: "✓", FindingState.WARNING: "!", FindingState.FAULT: "✗"}


def secrets_text(secrets: Secrets) -> str:
    """What must be shown now: each secret in a line of its own, four spaces in; explanations are at the margin."""
    parts = []
    if secrets.passphrase is not None:
        parts.append(
            f"One-time passphrase for {secrets.name}, to be changed at the first login:\n\n    {secrets.passphrase}\n"
        )
    if secrets.recovery_key is not None:
        parts.append(
            "RECOVERY KEY. Write it on paper now. It is shown this once, is kept nowhere else, and cannot be made\n"
            "again. It opens every report, and gives staff who lost their passphrase access again. Keep the paper\n"
            "offline, in a safe. Whoever has it and the database can read everything.\n"
            f"\n    {secrets.recovery_key}\n\n"
            "(14 groups of 4. There is no letter I, L, O or U in it: what looks like one is a digit or V. To use it:\n"
            "safetybot staff recover NAME --key-file FILE)\n"
        )
    return "\n".join(parts)


def new_database_text(where: str) -> str:
    """What an operator is asked before a database is made."""
    return (
        f"There is no database yet at {where}.\n"
        "Where the bot is in use already, its settings are missing here: answer no. A new database gets a recovery\n"
        "key of its own, and this member would read none of the reports that people send. Is this a new installation?"
    )


def added_text(added: MemberAdded) -> str:
    """The last line, once it is done."""
    if added.first:
        return f"Added {added.name}. New reports are sealed to them, and to the recovery key."
    return (
        f"Added {added.name}. New reports are sealed to them. They can open earlier ones as soon as a colleague grants "
        "it at the desk."
    )


def roster_text(roster: Roster) -> str:
    """A table, and whether there is a recovery key."""
    key = "Recovery key: there is one." if roster.recovery_key else "Recovery key: none yet."
    if not roster.members:
        return f"There are no members of staff: the bot takes no reports. Run  safetybot staff add NAME\n{key}"
    wide = max(len("NAME"), *(len(member.name) for member in roster.members))
    lines = [f"{'NAME':{wide}}  STATUS    SINCE       PASSPHRASE"]
    for member in roster.members:
        status = "active" if member.active else "disabled"
        passphrase = "must be changed" if member.must_change else "their own"
        lines.append(f"{member.name:{wide}}  {status:8}  {member.created}  {passphrase}")
    if roster.standing:
        lines += ["", *_standing_lines(roster)]
    return "\n".join([*lines, "", key])


def _standing_lines(roster: Roster) -> list[str]:
    names = {member.id: member.name for member in roster.members} | {RECOVERY: "Recovery key"}
    lines = []
    for id_, standing in roster.standing.items():
        lines.append(f"{names.get(id_, 'An account that is gone')}: {standing.words}")
        if standing.fingerprint:
            lines.append(f"    {standing.fingerprint}")
    return lines


def roster_json(roster: Roster) -> dict[str, object]:
    """``members`` and ``recovery_key``."""
    members = [
        {
            "id": member.id,
            "name": member.name,
            "active": member.active,
            "since": member.created,
            "must_change_passphrase": member.must_change,
            **_standing_json(roster, member.id),
        }
        for member in roster.members
    ]
    return {"members": members, "recovery_key": roster.recovery_key}


def _standing_json(roster: Roster, id_: str) -> dict[str, object]:
    standing = roster.standing.get(id_)
    if standing is None:
        return {}
    return {"vouched": standing.holds, "let_in": standing.words, "fingerprint": standing.fingerprint}


def vouched_text(vouched: Vouched) -> str:
    """What was taken, and what to do now."""
    lines = [f"Vouched for, as it stands in the database: {', '.join(vouched.names) or 'nobody'}."]
    if vouched.log:
        lines.append("The recovery key and the audit log were taken as they are, too.")
    lines.append("Compare the fingerprints now with what each of them sees at the desk:  safetybot staff list")
    return "\n".join(lines)


def disabled_text(disabled: Disabled) -> str:
    """Without :data:`NOBODY_LEFT`."""
    if not disabled.was_active:
        return f"{disabled.name} was disabled before. Active: {disabled.left}."
    return f"Disabled {disabled.name}. Nothing new is sealed to them, and they cannot log in. Active: {disabled.left}."


def enabled_text(name: str) -> str:
    """What follows."""
    return (
        f"{name} is active again, with the passphrase they had. What came in meanwhile a colleague grants at the desk."
    )


def reset_text(name: str) -> str:
    """What follows."""
    return f"The second factor of {name} is gone. They set up a new one when they next log in."


def unlocked_text(name: str) -> str:
    """What follows."""
    return f"No wrong try is counted against {name} any more: they can log in now."


def granted_text(granted: Granted) -> str:
    """What can be opened now."""
    text = f"{granted.name} can open {_counted(granted.opened, 'envelope')} more, granted by {granted.by}."
    if granted.damaged:
        text += f" {_counted(granted.damaged, 'envelope')} could not be granted: their keys are damaged."
    return text


def recovered_text(recovered: Recovered) -> str:
    """What can be opened now."""
    text = f"{recovered.name} has new keys and can open {_counted(recovered.opened, 'envelope')}."
    if recovered.damaged:
        text += f" {_counted(recovered.damaged, 'envelope')} could not be opened: their keys are damaged."
    return text


def cleared_text(cleared: Cleared) -> str:
    """Short case numbers only."""
    lines = [
        _cases("Will be deleted in 3 days, unless somebody keeps them", cleared.announced),
        _cases("Deleted for good", cleared.deleted),
        "What chats left behind and is over was deleted as well.",
    ]
    if cleared.words:
        lines.append(f"Deleted, after 60 days: {_counted(cleared.words, 'message')} that editors could see.")
    if not cleared.scrubbed:
        lines.append(
            "WARNING: somebody read the database all the while, so what was deleted still stands in its log.\n"
            "Run  safetybot purge  again."
        )
    return "\n".join(lines)


def examination_text(examination: Examination) -> str:
    """One line for each finding."""
    return "\n".join(f"{_MARKS[one.state]} {one.what}: {one.says}" for one in examination.findings)


def examination_json(examination: Examination) -> dict[str, object]:
    """``ok``, ``findings`` and ``audit_head``."""
    findings = [{"what": one.what, "state": one.state.value, "says": one.says} for one in examination.findings]
    return {"ok": examination.sound, "findings": findings, "audit_head": examination.audit_head}


def _cases(what: str, refs: Sequence[CaseRef]) -> str:
    shown = f" ({', '.join(ref.short for ref in refs)})" if refs else ""
    return f"{what}: {_counted(len(refs), 'case')}{shown}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
