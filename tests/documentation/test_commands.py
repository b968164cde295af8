"""Every command in the documentation: those marked ``sh run`` are run, and all others must at least exist."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sqlalchemy import URL

from safetybot.cli.parser import build_parser
from safetybot.vault.server_secret import read_or_make_secret
from tests.documentation.pages import PAGES, ROOT, Block, blocks, rows
from tests.e2e.program import Place, environment

PARSER = build_parser()
BENCH = ROOT / "bench" / "README.md"
OPERATING = ROOT / "docs" / "operating.md"
ALL = [block for page in PAGES for block in blocks(page)]
ELSEWHERE = ("apt-get", "cat", "chmod", "chown", "cp", "createdb", "createuser", "find", "install", "journalctl")
ELSEWHERE += ("openssl", "python3", "systemctl", "umask", "useradd", "git")
"""Programs of the machine, whose use is not ours to check."""
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
TAKES_A_VALUE = ("--env", "--scale", "--volume")


def parses(words: list[str]) -> None:
    """Whether ``safetybot`` would take this command."""
    try:
        PARSER.parse_args(words)
    except SystemExit as ended:
        raise AssertionError(f"safetybot {' '.join(words)}: exit status {ended.code}") from None


def exists(words: list[str]) -> None:
    """Raises AssertionError where there is no such command."""
    name = Path(words[0]).name
    if name == "safetybot":
        parses(words[1:])
    elif name == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        assert set(words[1:]) <= set(targets)
    elif words[:2] == ["docker", "compose"]:
        of_compose(words[2:])
    elif name == "pip":
        assert words[1] == "install"
    else:
        assert name in ELSEWHERE, f"{name} is not known to this test"


def of_compose(words: list[str]) -> None:
    """Services are those of compose.yaml, and what runs in one of ours is a command of the program."""
    what, *rest = words
    assert what in ("build", "up", "run", "exec", "ps", "stop")
    while rest and rest[0].startswith("--"):
        if rest[0] in TAKES_A_VALUE:
            assert rest[0] != "--scale" or re.fullmatch(r"bot=\d+", rest[1])
            rest = rest[1:]
        rest = rest[1:]
    if what in ("run", "exec"):
        service, *rest = rest
        assert service in COMPOSE["services"]
        if what == "run":
            parses(rest)
    else:
        assert set(rest) <= set(COMPOSE["services"])


def test_the_documentation_has_commands() -> None:
    assert len(ALL) > 20
    assert sum("run" in block.marks for block in ALL) > 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_hides_from_this_test(page: Path) -> None:
    for kind, body in re.findall(r"^ *```([^\n]*)\n(.*?)^ *```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        commands = re.findall(r"^ *(?:\.venv/bin/\w+|safetybot|make|docker) .*", body, re.MULTILINE)
        assert not commands or kind.split()[0] in ("sh", "yaml"), commands


@pytest.mark.parametrize("block", ALL, ids=str)
def test_every_command_exists(block: Block) -> None:
    assert block.commands
    for words in block.commands:
        exists(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_in_a_sentence_exists(page: Path) -> None:
    """As far as it is written out: its name, its options, and the second word where there is one."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    top = subcommands(PARSER)
    for code in re.findall(r"`(?:\.venv/bin/)?safetybot ([a-z][^`]*)`", text):
        name, *rest = code.split()
        assert name in top, code
        known = "".join(each.format_help() for each in (top[name], *subcommands(top[name]).values()))
        for option in re.findall(r"--[a-z-]+", " ".join(rest)):
            assert option in known, code


@pytest.mark.parametrize("page", [*PAGES, BENCH], ids=lambda page: str(page.relative_to(ROOT)))
def test_a_script_in_a_sentence_exists(page: Path) -> None:
    """With each of its options; and so do the targets of ``make``."""
    text = page.read_text("utf-8")
    for name, rest in re.findall(r"\bpython ((?:bench|tools)/\w+\.py)([^`#\n]*)", text):
        script = (ROOT / name).read_text("utf-8")
        for option in re.findall(r"--[a-z-]+", rest):
            assert f'"{option}"' in script, f"{name} {option}"
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([\w-]+)[^`]*`", text)) <= targets


def test_every_command_stands_in_the_table() -> None:
    table = {
        name for row in rows(OPERATING, "Every command") for name in re.findall(r"`(?:safetybot )?([a-z-]+)", row[0])
    }
    assert table == set(subcommands(PARSER))


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return dict(found[0]) if found else {}


class Sandbox:
    """A folder with the content and fresh data, in which the commands of a page are run one after the other."""

    def __init__(self, place: Place, *, ran: bool = False, **settings: str) -> None:
        """``ran``: the bot was started there once, so there is a server's secret."""
        self._place = place
        if ran:
            read_or_make_secret(place.data / "secrets" / "server.key")
        self._environment = environment({"DATA": place.data, "CONTENT": place.content, "WEB_PORT": "0", **settings})
        programs = Path(sys.executable).parent
        (place.folder / ".venv" / "bin").mkdir(parents=True)
        (place.folder / ".venv" / "bin" / "safetybot").symlink_to(programs / "safetybot")
        self._environment["PATH"] = f"{programs}:{os.environ['PATH']}"
        self.recovery_key = ""

    def runs(self, text: str, *, where: object = "") -> str:
        """Raises AssertionError where a command fails. The recovery key is typed in where one is asked for."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self._place.folder,
            env=self._environment,
            input=self.recovery_key,
            capture_output=True,
            text=True,
            timeout=100,
        )
        # A doctor that finds something has done what it is for; here there is no token, and nobody has logged in yet.
        assert done.returncode == 0 or "doctor" in text, f"{where}\n{done.stdout}{done.stderr}"
        assert done.returncode in (0, 1), f"{where}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        if key := re.search(r"\b(?:[0-9A-Z]{4}-){13}[0-9A-Z]{4}\b", done.stdout):
            self.recovery_key = key[0]
        return done.stdout


@pytest.fixture
def sandbox(place: Place) -> Sandbox:
    return Sandbox(place, ran=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any("run" in b.marks for b in blocks(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_what_is_marked_is_run(page: Path, sandbox: Sandbox, place: Place, tmp_path: Path) -> None:
    runnable = [block for block in blocks(page) if "run" in block.marks and "postgres" not in block.marks]
    if not any("staff add" in block.text for block in runnable):
        # The second is there because nobody may shut the last member out without being asked.
        sandbox.runs('safetybot staff add --new "Anna Smith" && safetybot staff add "Ben Jones"')
    for block in runnable:
        if "elsewhere" in block.marks:  # on another machine, with the file from this one
            other = Place.make(tmp_path / "other", place.content, place.data / "cache")
            (other.folder / "backup.sealed").symlink_to(place.folder / "backup.sealed")
            there = Sandbox(other)
            there.recovery_key = sandbox.recovery_key
            there.runs(block.text, where=block)
            assert "Anna Smith" in there.runs("safetybot staff list")
        else:
            sandbox.runs(block.text, where=block)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_move_to_postgresql_is_run(place: Place, postgres_server, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (block,) = [block for block in ALL if "postgres" in block.marks]
    before = Sandbox(place, ran=True)
    before.runs('safetybot staff add --new "Anna Smith"')
    url: URL = postgres_server.create()
    other = Place.make(tmp_path / "other", place.content, place.data / "cache")
    other.database.symlink_to(place.database)
    shutil.copytree(place.data / "secrets", other.data / "secrets")
    address = url.render_as_string(hide_password=False)
    moved = Sandbox(other, DATABASE_URL=address)
    try:
        moved.runs(block.text, where=block)
        assert "Anna Smith" in moved.runs("safetybot staff list")
    finally:
        postgres_server.drop(url)
