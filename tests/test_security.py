"""Controls that docs/security.md names and that no single module's tests would hold."""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from safetybot.cli import main
from safetybot.cli.parser import build_parser
from safetybot.settings import Settings

ROOT = Path(main.__file__).parents[1]
MODULES = sorted(ROOT.rglob("*.py"))
TEMPLATES = sorted(ROOT.rglob("templates/*.html"))
_WORTH_A_LOOK = re.compile(
    r"\beval\b|\bexec|(?<!re\.)\bcompile\(|__import__|\bos\.|subprocess|\.load|from_string|import_module|ctypes|shell|Environment"
)
"""Where any of what is looked for could stand."""
SCRIPTS = sorted(ROOT.rglob("*.js"))


@cache
def calls() -> Sequence[tuple[str, str, ast.Call]]:
    """Every call there is: where it stands, its dotted name, and it."""
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", ast.unparse(node.func), node)
        for path in MODULES
        if _WORTH_A_LOOK.search(path.read_text("utf-8"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    ]


class TestNothingRunsWhatItReads:
    FORBIDDEN = re.compile(
        r"(?:builtins\.)?(?:eval|exec|compile|__import__)"
        r"|os\.(?:system|popen|exec\w*|spawn\w*|fork)|(?:subprocess\.|asyncio\.create_subprocess_)\w+"
        r"|importlib\.import_module|yaml\.(?:load|load_all|unsafe_load|full_load)|(?:\w+\.)?from_string|ctypes\.\w*memmove"
    )

    def test_no_call_does(self) -> None:
        started, alone = [], []
        for place, name, node in calls():
            if name == "subprocess.Popen":
                started.append((place.partition(":")[0], ast.unparse(node.args[0])))
                continue
            if name in ("os.fork", "os.execve"):
                alone.append((place.partition(":")[0], ast.unparse(node)))
                continue
            assert not self.FORBIDDEN.fullmatch(name), f"{place}: {name}"
            assert name not in ("np.load", "numpy.load") or "allow_pickle=False" in ast.unparse(node), place
            assert all(word.arg != "shell" for word in node.keywords), f"{place}: shell"
        # The one program that is started is ourselves, with nothing said to it but the number of a socket.
        ourselves = "[sys.executable, '-P', '-m', 'safetybot.understanding.worker', str(theirs.fileno())]"
        assert started == [("understanding/worker_client.py", ourselves)]
        # It forks, and the command starts itself once more, as it was called.
        again = "os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)"
        assert sorted(alone) == [("cli/main.py", again), ("understanding/worker.py", "os.fork()")]

    def test_what_processes_of_ours_tell_each_other_is_data(self) -> None:
        """``Connection.recv`` would unpickle what comes."""
        for path in MODULES:
            text = path.read_text("utf-8")
            if "multiprocessing" in text:
                names = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
                assert not names & {"send", "recv", "Manager", "Pool", "ProcessPoolExecutor"}, path
            assert "ProcessPoolExecutor" not in text, path

    def test_the_list_is_of_what_would_do_it(self) -> None:
        for name in ("eval", "os.system", "subprocess.run", "yaml.load", "asyncio.create_subprocess_shell"):
            assert self.FORBIDDEN.fullmatch(name)


class TestPages:
    """The Content-Security-Policy forbids it all; nothing of ours may come to need it."""

    @pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
    def test_templates_escape_everything_and_run_nothing(self, path: Path) -> None:
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|markupsafe", text)
        assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "an event handler in a page"
        assert not re.search(r"<style|\sstyle\s*=|javascript:", text, re.IGNORECASE)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), "a script in a page"
        assert not re.search(r"""(?:src|action|srcset|poster)\s*=\s*["']?(?:https?:)?//""", text), "of another site"

    @pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
    def test_scripts_run_nothing_and_keep_nothing(self, path: Path) -> None:
        text = path.read_text("utf-8")
        assert not re.search(r"\beval\(|new Function|document\.write|setTimeout\(\s*[\"']", text)
        assert not re.search(r"sessionStorage|indexedDB|document\.cookie|https?://(?!www\.w3\.org)", text)
        # Whether the queue refreshes itself, and nothing else.
        kept = set(re.findall(r"localStorage\.\w+\([^)]*\)", text)) if "localStorage" in text else set()
        assert kept <= {f"localStorage.{call}" for call in ("getItem(OFF)", 'setItem(OFF, "")', "removeItem(OFF)")}

    def test_there_are_pages(self) -> None:
        assert len(TEMPLATES) > 20
        assert len(SCRIPTS) >= 3

    def test_every_environment_escapes(self) -> None:
        made = [node for _, name, node in calls() if name == "Environment"]
        assert len(made) >= 3
        assert all("autoescape=True" in ast.unparse(node) for node in made)


class TestSecretsStayOutOfSight:
    def options(self, parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for sub in action.choices.values():
                    yield from self.options(sub)
            else:
                yield action

    def test_none_is_an_argument(self) -> None:
        """Arguments are shown by ``ps`` to everybody on the machine, and kept by the shell."""
        seen = [*self.options(build_parser())]
        assert len(seen) > 20
        secret = re.compile(r"pass|secret|token|key|code|url|password")
        for action in seen:
            if secret.search(action.dest) and action.nargs != 0:
                assert action.metavar == "FILE", f"{action.option_strings or action.dest} takes a secret itself"

    def test_settings_do_not_show_them(self) -> None:
        shown = repr(Settings(telegram_token="12345:abcdefghijk"))
        assert "abcdefghijk" not in shown
        assert "abcdefghijk" not in str(Settings(telegram_token="12345:abcdefghijk"))


_LOOK = """
import ctypes, resource, sys
from safetybot.cli import main
try:
    main.main(["staff", "list"])
finally:
    print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux's way")
def test_no_command_leaves_its_memory_to_others(tmp_path: Path) -> None:
    environment = {"SAFETYBOT_DATA": str(tmp_path / "none"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", _LOOK], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "(0, 0) 0", done.stderr


@pytest.mark.slow
def test_the_audit_finds_nothing_new() -> None:
    root = ROOT.parent
    done = subprocess.run([sys.executable, "tools/audit.py"], cwd=root, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr


class TestThePage:
    """docs/security.md says what is so."""

    PAGE = (ROOT.parent / "docs" / "security.md").read_text("utf-8")

    def test_every_file_and_test_it_names_is_there(self) -> None:
        written = " ".join(path.read_text("utf-8") for path in (ROOT.parent / "tests").rglob("*.py"))
        named = set(re.findall(r"`([^`\n]+)`", self.PAGE))
        tests = {name for name in named if re.fullmatch(r"test_\w+|Test\w+", name)}
        assert len(tests) > 8
        assert [name for name in tests if name not in written] == []
        places = {name for name in named if re.fullmatch(r"[a-z_]+(?:/[\w.-]+)*(?:\.py|/)", name)}
        assert len(places) > 25
        assert [name for name in places if not ((ROOT / name).exists() or (ROOT.parent / name).exists())] == []

    def test_every_package_of_the_program_is_in_its_table_with_its_version(self) -> None:
        """A new version is looked up before it is put in."""
        told: dict[str, str] = {}
        for line in self.PAGE.partition("## Packages")[2].splitlines():
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) == 7 and cells[2][:1].isdigit():
                told |= dict(zip(cells[1].split(", "), cells[2].split(", "), strict=True))
        pins = dict(
            line.split("==")
            for line in (ROOT.parent / "constraints.txt").read_text("utf-8").splitlines()
            if "==" in line
        )
        assert {name: pins.get(name) for name in told} == told
        told_names = {canonical(name) for name in told}
        assert sorted(needed("safetybot") - told_names) == []


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(package: str) -> set[str]:
    """What a package needs, and what that needs."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in requires(package) or []]
    while waiting:
        requirement = waiting.pop()
        name = canonical(requirement.name)
        if name in found or not (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        extras = requirement.extras or {""}
        for text in requires(requirement.name) or []:
            more = Requirement(text)
            if more.marker is None or any(more.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(Requirement(str(more).partition(";")[0]))
    return found
