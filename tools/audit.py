"""Looks the program over for known kinds of holes (bandit) and its packages for published ones (pip-audit).

    python tools/audit.py

Ends with 1 where there is something new. pip-audit is asked where it is installed (``pip install pip-audit``) and
reaches an advisory service; where it does not, that is said, and docs/security.md has what was checked by hand.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REVIEWED = {
    ("safetybot/understanding/worker_client.py", "B404"): "starts ourselves as another process, and nothing else",
    ("safetybot/understanding/worker_client.py", "B603"): "its one argument is the number of a socket",
    ("safetybot/cli/main.py", "B606"): "starts itself once more, as it was called, to wipe what it frees",
    ("safetybot/channels/telegram/timeouts.py", "B311"): "a spread of waits, nothing secret",
    (
        "safetybot/channels/web/rendering.py",
        "B704",
    ): "made by said.py, which escapes all words; tests/fuzz/texts.py holds it",
    ("safetybot/demo/counters.py", "B311"): "invented figures of the demo",
    ("safetybot/desk/logins.py", "B105"): "a stage's description",
    ("safetybot/desk/qr.py", "B704"): "an image of squares, in which the content's text does not stand",
    ("safetybot/desk/staff_pages.py", "B105"): "names of a template's fields, empty",
    ("safetybot/doctor/settings_conflicts.py", "B104"): "looked for in a setting, not listened on",
    ("safetybot/editing/preview/phone.py", "B704"): "made by said.py, which escapes all words",
    ("safetybot/matching/fitting.py", "B311"): "a sample of examples, the same each time",
    ("safetybot/vault/audit.py", "B105"): "the name of an act",
    ("safetybot/staff/lockout.py", "B105"): "the name of what is tried",
    ("safetybot/http/options.py", "B104"): "looked for in a setting, not listened on",
    ("safetybot/storage/installation_metadata.py", "B105"): "the name of a row",
}
"""File and kind of finding → why it is none."""
_NO_FINDING = ("B101",)
"""Kinds that are none here: asserts tell the type checker what holds, and nothing is decided by one."""


def new_findings() -> list[str]:
    """What bandit finds that was not reviewed, and what was reviewed and is gone."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", "safetybot", "-f", "json", "-s", ",".join(_NO_FINDING)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    report = json.loads(done.stdout)
    found = [f"{error['filename']}: could not be read" for error in report["errors"]]
    seen = set()
    for each in report["results"]:
        place = (each["filename"].removeprefix("./"), each["test_id"])
        seen.add(place)
        if place not in REVIEWED:
            found.append(f"{place[0]}:{each['line_number']}: {place[1]} {each['issue_text']}")
    return found + [
        f"{file}: {kind} is reviewed, and not there any more" for file, kind in sorted(REVIEWED.keys() - seen)
    ]


def advisories() -> tuple[bool, str]:
    """Whether a package has a published hole, and what to tell."""
    if not (program := shutil.which("pip-audit")):
        return False, "pip-audit is not installed, so no advisory was looked up: see the table in docs/security.md"
    for service in ("pypi", "osv"):
        command = [
            program,
            "-r",
            "constraints.txt",
            "--no-deps",
            "--disable-pip",
            "-f",
            "json",
            "--vulnerability-service",
            service,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            continue
        checked = [package for package in packages if "vulns" in package]
        if not checked:
            continue  # a mirror that serves packages and no advisories
        bad = [f"{each['name']} {each['version']}: {hole['id']}" for each in checked for hole in each["vulns"]]
        return bool(bad), "\n".join([f"{len(checked)} of {len(packages)} packages looked up at {service}", *bad])
    return False, "no advisory service can be reached from here: see the table in docs/security.md"


def main() -> int:
    """Both."""
    found = new_findings()
    print("\n".join(found) or f"bandit: nothing new, {len(REVIEWED)} findings reviewed")
    holes, told = advisories()
    print(told)
    return int(bool(found) or holes)


if __name__ == "__main__":
    sys.exit(main())
