"""The systemd units: what each keeps from the program."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from safetybot.cli import _parser

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
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
    _parser().parse_args(words)
    # No secret is in the environment, which other programs may be shown; and no stop is cut short (serving's 25 s).
    assert not re.search(r"SAFETYBOT_\w*(TOKEN|PASSWORD)=", text)
    assert int(set_["TimeoutStopSec"]) >= 30


def test_the_desk_has_no_way_out() -> None:
    desk = (ROOT / "deploy" / "systemd" / "safetybot-desk.service").read_text("utf-8")
    assert "IPAddressDeny=any\nIPAddressAllow=localhost\n" in desk
    assert "TOKEN" not in desk
