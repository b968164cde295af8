"""docs/operating.md, "One machine": every line of it is done, by a user who is not root but for ``sudo``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")
SECTION = PAGE[PAGE.index("\n## One machine\n") : PAGE.index("\n### Keeping the secret apart\n")]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def lines(body: str) -> list[str]:
    return [line for line in body.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each line said."""
    if os.geteuid() != 0:
        pytest.skip("only root can have a file system of its own")
    work = tmp_path_factory.mktemp("machine")
    checkout = work / "checkout"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        if not name.startswith("tests/") and (ROOT / name).exists():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    install, start = (lines(body) for body in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL))
    (settings,) = re.findall(r"```\n(SAFETYBOT_.*?)```", SECTION, re.DOTALL)
    todo = {
        "install": install,
        "settings": re.sub(r"SAFETYBOT_TELEGRAM_TOKEN_FILE=.*\n", "", settings),  # as it says: there is no Telegram
        "start": start,
        "after": [
            "sudo safetybot doctor",
            "sudo safetybot staff list",
            "sudo safetybot backup /var/backups/safetybot/today.sealed",
            "sudo safetybot backup here.sealed",
        ],
    }
    # What is above it may be read by nobody else: the program is run from a folder that its user cannot look into.
    checkout.chmod(0o711)
    for folder in (work, *work.parents):
        if folder.is_relative_to("/tmp/") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    command = ["unshare", "--mount", sys.executable, str(Path(__file__).with_name("one_machine.py")), work, checkout]
    done = subprocess.run(command, input=json.dumps(todo), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["log"] = done.stderr
    return found


def test_every_line_works(said: dict[str, Any]) -> None:
    for step in (*said["installed"], *said["started"]):
        assert step["code"] == 0, step


def test_doctor_before_the_first_start_is_no_alarm(said: dict[str, Any]) -> None:
    (before,) = [step for step in said["started"] if step["line"] == "sudo safetybot doctor"]
    assert "nothing is set up yet" in before["out"]
    assert "✗" not in before["out"]


def test_the_first_member_is_told_the_database(said: dict[str, Any]) -> None:
    (added,) = [step for step in said["started"] if "staff add" in step["line"]]
    assert "Added Anna Smith." in added["out"]
    assert added["out"].endswith("Database: /var/lib/safetybot/safetybot.sqlite3\n")
    assert added["errors"] == ""


def test_both_services_run(said: dict[str, Any]) -> None:
    assert said["ready"] == {"safetybot.service": 200, "safetybot-desk.service": 200}, said["log"]
    assert said["chat"] == 200
    assert said["ended"] == [0, 0]
    assert "Traceback" not in said["log"]


def test_commands_work_from_a_folder_that_the_services_user_cannot_read(said: dict[str, Any]) -> None:
    doctor, listed, backed_up, nowhere = said["after"]
    assert (doctor["code"], "✗" in doctor["out"]) == (0, False), doctor["out"]
    assert "Anna Smith" in listed["out"]
    assert backed_up["code"] == 0, backed_up
    assert nowhere["code"] == 2  # in / he may not write
    assert re.fullmatch(r"safetybot: .*here\.sealed.*\n", nowhere["errors"])


def test_what_cron_does_each_day_works(said: dict[str, Any]) -> None:
    assert len(said["cron"]) == 2
    for step in said["cron"]:
        assert step["code"] == 0, step
    assert re.search(r"/var/backups/safetybot/\d{4}-\d\d-\d\d\.sealed", str([*said["owners"]]))


def test_somebody_else_is_told_how(said: dict[str, Any]) -> None:
    assert said["nobody"]["code"] == 2
    assert "sudo safetybot" in said["nobody"]["errors"]


def test_everything_is_its_users_alone(said: dict[str, Any]) -> None:
    owners = said["owners"]
    assert owners["/etc/safetybot"] == "root 750"
    assert owners["/etc/safetybot/server.key"] == "safetybot 400"
    assert owners["/etc/safetybot/settings"] == owners["/etc/safetybot/telegram-token"] == "root 640"
    assert "/var/lib/safetybot/secrets" not in owners
    for path, owner in owners.items():
        if not path.startswith("/etc/"):
            assert re.fullmatch("safetybot [67]00", owner), (path, owner)
