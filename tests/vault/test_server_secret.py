"""The server's secret: made once, for its owner alone, and never shown."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from safetybot.vault.server_secret import SECRET_BYTES, SecretFileError, read_or_make_secret, read_secret


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secrets" / "server.key"


def test_it_is_made_at_the_first_start_and_then_stays(path: Path) -> None:
    secret = read_or_make_secret(path)
    assert len(secret) == SECRET_BYTES
    assert read_or_make_secret(path) == secret == path.read_bytes()


def test_each_installation_has_its_own(path: Path) -> None:
    assert read_or_make_secret(path) != read_or_make_secret(path.with_name("other.key"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_may_read_it(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        read_or_make_secret(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_its_owner_may_look_into_the_folders_made_for_it(path: Path) -> None:
    before = os.umask(0o022)
    try:
        read_or_make_secret(path)
    finally:
        os.umask(before)
    assert [folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]


def test_reading_makes_none(path: Path) -> None:
    with pytest.raises(SecretFileError, match="is missing"):
        read_secret(path)
    assert not path.parent.parent.exists()
    assert read_or_make_secret(path) == read_secret(path)


def test_nothing_else_is_left_behind(path: Path) -> None:
    read_or_make_secret(path)
    assert [each.name for each in path.parent.iterdir()] == ["server.key"]


def test_what_a_crash_left_behind_is_no_hindrance(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.with_suffix(f".{os.getpid()}.tmp").write_bytes(b"half")
    assert len(read_or_make_secret(path)) == SECRET_BYTES


def test_of_many_who_start_at_once_all_have_the_same(path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: read_or_make_secret(path), range(64)))
    assert len(secrets) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o601])
def test_one_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    secret = read_or_make_secret(path)
    path.chmod(mode)
    with pytest.raises(SecretFileError, match="chmod 600") as caught:
        read_or_make_secret(path)
    assert secret.hex() not in str(caught.value)
    assert repr(secret) not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"zebedee", bytes(31), bytes(33)])
def test_one_that_is_damaged_is_refused_and_kept(path: Path, content: bytes) -> None:
    read_or_make_secret(path)
    path.write_bytes(content)
    with pytest.raises(SecretFileError, match="damaged") as caught:
        read_or_make_secret(path)
    assert "zebedee" not in str(caught.value)
    assert path.read_bytes() == content
