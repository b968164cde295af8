"""The arrows of the design: imports run downwards only, and few modules know of the world outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "safetybot"

ARROWS: dict[str, set[str]] = {
    # What each room may import, besides itself; from the bottom up. The map is in docs/architecture.md.
    "concurrency": set(),
    "formats": set(),
    "metrics": set(),
    "process": set(),
    "guidance": {"process"},
    "storage": {"metrics"},
    "http": {"formats", "guidance"},  # what all pages share
    "matching": {"guidance", "process"},
    "settings": {"storage"},
    "vault": {"concurrency", "formats", "process", "storage"},
    "logs": {"settings"},
    "staff": {"formats", "storage", "vault"},
    "reports": {"formats", "staff", "storage", "vault"},
    "dialogue": {"formats", "guidance", "matching", "reports", "vault"},  # no channel, and no SQL
    "figures": {"guidance", "reports", "storage"},
    "monitoring": {"http", "metrics", "reports", "storage", "vault"},
    "evaluation": {"dialogue", "formats", "guidance", "matching"},
    "administration": {"figures", "formats", "guidance", "reports", "staff", "storage", "vault"},
    "desk": {"figures", "formats", "guidance", "http", "process", "reports", "staff", "storage", "vault"},
    "service": {"concurrency", "dialogue", "formats", "guidance", "metrics", "reports", "staff", "storage", "vault"},
    "understanding": {"concurrency", "dialogue", "guidance", "matching", "process"},
    "backup": {"administration", "formats", "reports", "staff", "storage", "vault"},
    "channels": {"dialogue", "formats", "guidance", "http", "metrics", "service"},
    "editing": {"dialogue", "guidance", "http", "matching", "process", "service", "storage", "understanding", "vault"},
    "app": {
        "channels",
        "desk",
        "editing",
        "guidance",
        "http",
        "matching",
        "metrics",
        "monitoring",
        "process",
        "reports",
        "service",
        "settings",
        "staff",
        "storage",
        "understanding",
        "vault",
    },
    "doctor": {
        "channels",
        "desk",
        "guidance",
        "http",
        "matching",
        "process",
        "reports",
        "settings",
        "staff",
        "storage",
        "vault",
    },
    "demo": {
        "app",
        "dialogue",
        "figures",
        "guidance",
        "http",
        "logs",
        "matching",
        "reports",
        "service",
        "settings",
        "staff",
        "storage",
        "vault",
    },  # invented people write and read through the real service
}
ARROWS["cli"] = {*ARROWS}

ONLY: dict[str, set[str]] = {
    # Where alone each library may be used.
    "sqlalchemy": {"storage", "vault", "staff", "reports", "figures", "desk", "settings"},
    "alembic": {"storage"},
    "aiosqlite": {"storage"},
    "asyncpg": {"storage.postgresql"},
    "telegram": {"channels.telegram"},
    "aiohttp": {"channels.telegram"},
    "starlette": {"http", "channels.web", "channels.telegram.webhook", "desk", "editing", "monitoring"},
    "prometheus_client": {"monitoring.exposition"},
    "jinja2": {"channels.web", "desk", "editing"},
    "markupsafe": {"channels.web", "desk", "editing"},
    "uvicorn": {"http.connections", "http.server"},
    "pyotp": {"staff.second_factor", "demo.account"},
    "segno": {"desk"},
    "webauthn": {"staff.passkeys"},
    "rich": {"channels.terminal", "cli"},
    "markdown_it": {"formats.markdown"},
    "numpy": {"matching", "editing.similarity"},
    "onnxruntime": {"matching"},
    "scipy": {"matching"},
    "spellchecker": {"matching"},
    "yaml": {"guidance"},
    "ruamel": {"editing.yaml_splice"},
    "dotenv": {"settings"},
    "uvloop": {"cli"},
    "pydantic_core": {"formats.fast_json", "guidance.explain"},
    # No network but Telegram's, and the database's; `understanding` talks with its worker.
    "socket": {"http.server", "understanding", "process.memory_clearing"},
    "urllib.request": set(),
    "http.client": set(),
    "httpx": set(),
    "requests": set(),
    "ftplib": set(),
    "smtplib": set(),
    # Processes of ours tell each other nothing that could run.
    "msgspec": {"understanding.framing", "matching.fitter", "matching.fit_messages", "demo.processes"},
    # Nothing that would run what it reads.
    "pickle": set(),
    "marshal": set(),
    "shelve": set(),
    "joblib": set(),
}


@dataclass(frozen=True)
class Module:
    """One module of the package, without the package's own name: ``channels.telegram.bot``."""

    name: str
    tree: ast.Module

    @property
    def part(self) -> str:
        return self.name.partition(".")[0]

    @property
    def imports(self) -> Iterator[str]:
        """The full name of everything it imports, wherever in the file; names taken out of a module follow it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports relatively"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    @property
    def ours(self) -> set[str]:
        """The parts of the package that it imports."""
        names = (name.split(".") for name in self.imports)
        return {name[1] for name in names if name[0] == "safetybot" and len(name) > 1} - {self.part}


def read(name: str, source: str) -> Module:
    return Module(name, ast.parse(source))


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name:
            found.append(read(name, path.read_text("utf-8")))
    return tuple(found)


def wrong_arrows(module: Module) -> set[str]:
    return module.ours - ARROWS[module.part]


def is_within(name: str, place: str) -> bool:
    return name == place or name.startswith(f"{place}.")


def misplaced(module: Module) -> set[str]:
    """Libraries it may not use."""
    return {
        library
        for library, places in ONLY.items()
        for name in module.imports
        if is_within(name, library) and not any(is_within(module.name, place) for place in places)
    }


def environment_reads(module: Module) -> set[str]:
    """Ways in which it reads the environment."""
    names = {"environ", "environb", "getenv", "getenvb", "putenv", "expandvars"}
    attributes = (node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute))
    return names & {*attributes, *(name.rpartition(".")[2] for name in module.imports)}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
class TestEveryModule:
    def test_has_its_place(self, module: Module) -> None:
        assert module.part in ARROWS, f"say in ARROWS what {module.part} may import"

    def test_imports_downwards_only(self, module: Module) -> None:
        assert wrong_arrows(module) == set()

    def test_uses_only_its_own_libraries(self, module: Module) -> None:
        assert misplaced(module) == set()

    def test_leaves_the_environment_to_the_command_line(self, module: Module) -> None:
        # The encoder reads nothing: it tells onnxruntime to report to nobody. The worker's gets what is none of ours.
        assert (
            module.name in ("cli.main", "matching.encoder", "understanding.worker_client")
            or environment_reads(module) == set()
        )


def test_the_arrows_have_no_circle() -> None:
    left = {part: set(below) for part, below in ARROWS.items()}
    while left:
        free = [part for part, below in left.items() if not below & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for part in free:
            del left[part]


def test_private_keys_are_for_the_desk_and_the_operator_alone() -> None:
    """The bot seals to public keys; what unlocks a member's private key is not even known to it."""
    unlocking = ("safetybot.staff.login", "safetybot.staff.recovery", "safetybot.staff.second_factor")
    knowing = {module.part for module in modules() if any(name.startswith(unlocking) for name in module.imports)}
    assert knowing <= {"staff", "reports", "desk", "administration", "doctor", "demo", "backup"}
    desk = {name for module in modules() if module.part == "desk" for name in module.imports}
    assert not any(name.startswith("safetybot.vault.server_secret") for name in desk), (
        "the desk needs no secret of the server's"
    )


def test_settings_are_known_to_few() -> None:
    knowing = {module.part for module in modules() if "settings" in module.ours}
    assert knowing <= {"cli", "doctor", "app", "logs", "demo"}


def test_the_environment_is_read_in_one_place() -> None:
    (cli,) = (module for module in modules() if module.name == "cli.main")
    assert environment_reads(cli) == {"environ"}


def test_the_files_are_found() -> None:
    names = {module.name for module in modules()}
    assert {
        "cli.main",
        "service.service",
        "channels.telegram",
        "channels.telegram.bot",
        "storage.migrations.env",
    } <= names


class TestTheseTests:
    """They would find what they look for."""

    @pytest.mark.parametrize(
        ("name", "source", "found"),
        [
            ("guidance.model", "from safetybot.matching import text", {"matching"}),
            ("matching.text", "import safetybot.storage.store", {"storage"}),
            ("dialogue.advice", "def f():\n    from safetybot.channels.telegram import bot", {"channels"}),
            ("dialogue.advice", "from safetybot import storage", {"storage"}),
            ("service", "from safetybot.settings import Settings", {"settings"}),
            ("channels.web", "if TYPE_CHECKING:\n    from safetybot.storage.store import Store", {"storage"}),
            ("app", "from safetybot.cli.main import main", {"cli"}),
            ("service", "from safetybot.dialogue.messages import Incoming", set()),
        ],
    )
    def test_arrows(self, name: str, source: str, found: set[str]) -> None:
        assert wrong_arrows(read(name, source)) == found

    @pytest.mark.parametrize(
        ("name", "source", "found"),
        [
            ("dialogue.advice", "from sqlalchemy import select", {"sqlalchemy"}),
            ("channels.web", "import telegram.error", {"telegram"}),
            ("channels.telegram.bot", "import telegram.error", set()),
            ("matching.cache", "import pickle", {"pickle"}),
            ("guidance.live", "from urllib import request", {"urllib.request"}),
            ("guidance.live", "from urllib.parse import quote", set()),
        ],
    )
    def test_libraries(self, name: str, source: str, found: set[str]) -> None:
        assert misplaced(read(name, source)) == found

    @pytest.mark.parametrize(
        "source",
        ["import os\nos.environ['X']", "from os import getenv", "import os\nos.getenv('X')", "from os import environ"],
    )
    def test_environment(self, source: str) -> None:
        assert environment_reads(read("service", source))
