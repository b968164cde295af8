"""The systemd units: what each keeps from the program."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from safetybot.cli.parser import build_parser
from safetybot.settings import read_settings

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
SETTINGS = "/etc/safetybot/settings"
HARD = {
    "CapabilityBoundingSet": "",
    "LimitCORE": "0",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "StateDirectoryMode": "0700",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "User": "safetybot",
}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_gives_the_program_what_it_needs_and_no_more(unit: Path) -> None:
    text = unit.read_text("utf-8")
    set_ = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    assert {name: set_.get(name) for name in HARD} == HARD
    program, *words = shlex.split(set_["ExecStart"])
    assert program.endswith("/safetybot")
    assert str(build_parser().parse_args(words).env_file) == SETTINGS
    # No secret is in the environment, which other programs may be shown; and no stop is cut short (serving's 25 s).
    assert not re.search(r"SAFETYBOT_\w*(TOKEN|PASSWORD)=", text)
    assert int(set_["TimeoutStopSec"]) >= 30


def test_the_desk_has_no_way_out_and_no_token(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("SAFETYBOT_TELEGRAM_TOKEN_FILE=/etc/safetybot/telegram-token\n")
    desk = (ROOT / "deploy" / "systemd" / "safetybot-desk.service").read_text("utf-8")
    assert "IPAddressDeny=any\nIPAddressAllow=localhost\n" in desk
    assert "\nEnvironment=SAFETYBOT_TELEGRAM_TOKEN_FILE=\nInaccessiblePaths=-/etc/safetybot/telegram-token\n" in desk
    assert read_settings({"SAFETYBOT_TELEGRAM_TOKEN_FILE": ""}, file).telegram_token is None


def test_a_command_has_what_the_services_have() -> None:
    """The wrapper that an operator types, and cron's lines, which use it."""
    wrapper = (ROOT / "deploy" / "systemd" / "safetybot").read_text("utf-8")
    (user,) = re.findall(r"^user=(\S+)$", wrapper, re.MULTILINE)
    (settings,) = re.findall(r"^settings=(\S+)$", wrapper, re.MULTILINE)
    (program,) = re.findall(r"^program=(\S+)$", wrapper, re.MULTILINE)
    assert (user, settings) == (HARD["User"], SETTINGS)
    for unit in UNITS:
        assert f"ExecStart={program} --env-file {settings} " in unit.read_text("utf-8")
    cron = (ROOT / "deploy" / "cron" / "safetybot").read_text("utf-8")
    lines = [line.split(maxsplit=6) for line in cron.splitlines() if line[:1].isdigit()]
    assert [(line[5], line[6].split()[:2]) for line in lines] == [
        ("root", ["safetybot", "backup"]),
        ("root", ["safetybot", "doctor"]),
    ]


def test_by_default_the_secret_is_kept_apart_from_the_data() -> None:
    """The advice that people follow: the settings of the page, and the folder that the unit gives the program."""
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    (secret,) = re.findall(r"^SAFETYBOT_SECRET_FILE=(\S+)$", page, re.MULTILINE)
    (data,) = re.findall(r"^SAFETYBOT_DATA=(\S+)$", page, re.MULTILINE)
    assert not Path(secret).is_relative_to(data)
    assert f"openssl rand 32 > {secret}" in page
    settings = read_settings({"SAFETYBOT_DATA": data, "SAFETYBOT_SECRET_FILE": secret}, None)
    assert settings.secret == Path(secret)
