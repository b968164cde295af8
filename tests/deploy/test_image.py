"""The Dockerfile, what goes into the image, and that the program needs nothing but its wheel."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from safetybot.settings import read_settings
from tests.e2e.program import Place, environment

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_base_is_pinned_and_nothing_is_fetched_but_wheels() -> None:
    (base,) = re.findall(r"^ARG BASE=(.+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", base)
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE}"] * 2
    assert not re.search(r"curl|wget|apt-get|git clone|https?://(?!127\.0\.0\.1)|^# *syntax=", DOCKERFILE, re.MULTILINE)
    for install in re.findall(r"pip\S* .*?(?<!un)install\b(?:.|\\\n)*?(?=&&|\n\n)", DOCKERFILE):
        assert "--no-deps /wheel/" in install or "--only-binary :all: --constraint constraints.txt" in install


def test_it_runs_as_nobody_in_particular() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^VOLUME (.+)$", last, re.MULTILINE) == ["/data"]
    (health,) = re.findall(r"^    CMD (\[.+\])$", last, re.MULTILINE)
    settings = read_settings(dict(re.findall(r"(SAFETYBOT_\w+)=(\S+)", last)), None)
    assert f":{settings.metrics_port}/healthz" in health
    assert (str(settings.data), str(settings.content), settings.web_host) == ("/data", "/content", "0.0.0.0")
    assert settings.desk_host == "127.0.0.1"


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "data/safetybot.sqlite3",
        "secrets/server.key",
        ".git/config",
        "tests/conftest.py",
        "x.sqlite3",
        ".venv/a",
    ],
)
def test_what_is_private_stays_out_of_the_build(path: str) -> None:
    assert not _sent(path)


def test_what_is_needed_goes_into_the_build() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert all(_sent(name) for name in line.split()), line
    assert _sent("safetybot/matching/encoder_files/encoder.onnx")
    assert not _sent("safetybot/__pycache__/cli.cpython-311.pyc")


def _sent(path: str) -> bool:
    """As Docker reads .dockerignore: the last line that fits the path or a folder above it decides."""
    sent = True
    names = [path, *(parent.as_posix() for parent in Path(path).parents if parent.name)]
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        rule = line.removeprefix("!")
        if not rule or rule.startswith("#"):
            continue
        anywhere = rule.removeprefix("**/")
        tried = [part for name in names for part in (name, name.rpartition("/")[2])] if anywhere != rule else names
        if any(fnmatch.fnmatchcase(each, anywhere) and (anywhere != "*" or "/" not in each) for each in tried):
            sent = line.startswith("!")
    return sent


def test_all_that_is_no_code_is_named_as_data_of_the_package() -> None:
    """Or it would be here, where the package is used from its folder, and not in a wheel."""
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["safetybot"]
    package = ROOT / "safetybot"
    found = [path.relative_to(package) for path in package.rglob("*") if path.is_file() and path.suffix != ".py"]
    data = [path for path in found if "__pycache__" not in path.parts]
    assert len(data) > 20
    assert [str(path) for path in data if not any(path.match(pattern) for pattern in patterns)] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_program_needs_nothing_but_its_wheel(place: Place, tmp_path: Path) -> None:
    """Built as in the Dockerfile, unpacked, not to be written to, and run from a folder where nothing else is."""
    source, installed = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "safetybot", source / "safetybot", ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path / "wheel", source]
    subprocess.run(build, check=True, capture_output=True, timeout=200)
    (wheel,) = (tmp_path / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    for path in (*installed.rglob("*"), installed):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat().st_mtime_ns for path in installed.rglob("*")}

    settings = {"DATA": place.data, "CONTENT": place.content, "WEB_PORT": "0"}
    environ = environment(settings) | {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}

    def runs(*arguments: str) -> str:
        command = [sys.executable, "-P", "-W", "error", "-m", "safetybot.cli", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        where = "import safetybot; print(safetybot.__file__)"
        here = subprocess.run(
            [sys.executable, "-P", "-c", where], env=environ, cwd=tmp_path, capture_output=True, text=True
        )
        assert here.stdout.strip() == str(installed / "safetybot" / "__init__.py")
        assert "sextortion" in runs("try", "he wants money or hell post my nude")
        assert "Added Ada" in runs("staff", "add", "--new", "Ada")  # its tables, its code words
        assert "Ada" in runs("staff", "list")
        assert {path: path.stat().st_mtime_ns for path in installed.rglob("*")} == before
    finally:
        for path in installed.rglob("*"):
            if path.is_dir():
                os.chmod(path, 0o755)  # noqa: PTH101
