"""What others can change is not relied on; and a name that is no setting is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safetybot.doctor.findings import FindingState
from safetybot.doctor.settings_conflicts import contradictions
from safetybot.doctor.surroundings import outside
from safetybot.matching.cache import MatcherCache
from safetybot.process.file_modes import OpenToOthersError, must_be_closed
from safetybot.settings import Settings, read_settings
from safetybot.vault.server_secret import SecretFileError, keep_secret, read_or_make_secret, read_secret

VECTORS = {"a": np.zeros(3, np.float32)}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def as_somebody_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a file belongs to neither this user nor root."""
    if os.geteuid() == 0:
        os.chown(path, 4243, -1)
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)


class TestTheMatchersCache:
    @pytest.fixture
    def cache(self, tmp_path: Path) -> MatcherCache:
        cache = MatcherCache(tmp_path / "cache")
        cache.save_vectors("en", VECTORS)
        assert cache.load_vectors("en")
        return cache

    @pytest.mark.parametrize("bits", [0o777, 0o722, 0o720])
    def test_one_that_others_could_write_to_is_learnt_anew(
        self, cache: MatcherCache, bits: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        cache.folder.chmod(bits)
        assert cache.load_vectors("en") == {}
        assert not [*cache.folder.iterdir()]
        assert mode(cache.folder) == 0o700
        assert caplog.text.count("learnt anew") == 1
        cache.save_vectors("en", VECTORS)
        assert cache.load_vectors("en")

    @pytest.mark.parametrize("bits", [0o666, 0o777, 0o620])
    def test_nor_is_such_a_file(self, cache: MatcherCache, bits: int, caplog: pytest.LogCaptureFixture) -> None:
        (cache.folder / "vectors-en.npz").chmod(bits)
        assert cache.load_vectors("en") == {}
        assert "it is not used" in caplog.text
        cache.save_vectors("en", VECTORS)
        assert cache.load_vectors("en")

    def test_nor_is_a_link(self, cache: MatcherCache, tmp_path: Path) -> None:
        file = cache.folder / "vectors-en.npz"
        file.rename(tmp_path / "elsewhere.npz")
        file.symlink_to(tmp_path / "elsewhere.npz")
        assert cache.load_vectors("en") == {}

    def test_nor_is_a_file_of_somebody_else(self, cache: MatcherCache, monkeypatch: pytest.MonkeyPatch) -> None:
        as_somebody_else(cache.folder / "vectors-en.npz", monkeypatch)
        assert cache.load_vectors("en") == {}

    def test_a_folder_of_somebody_else_is_not_written_to(
        self, cache: MatcherCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        as_somebody_else(cache.folder, monkeypatch)
        with pytest.raises(PermissionError, match="another user"):
            cache.save_vectors("en", VECTORS)

    def test_the_doctor_says_so(self, cache: MatcherCache, tmp_path: Path) -> None:
        def state() -> FindingState:
            (found,) = [each for each in outside(Settings(data=tmp_path)) if each.what == "matcher's cache"]
            return found.state

        assert state() is FindingState.GOOD
        (cache.folder / "vectors-en.npz").chmod(0o666)
        assert state() is FindingState.FAULT


class TestTheServersSecret:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "data" / "secrets" / "server.key"
        read_or_make_secret(path)
        return path

    @pytest.mark.parametrize("bits", [0o777, 0o770, 0o722])
    def test_its_folder_must_not_be_open(self, path: Path, bits: int) -> None:
        path.parent.chmod(bits)
        with pytest.raises(SecretFileError, match=r"chmod 700 .*secrets"):
            read_or_make_secret(path)
        path.parent.chmod(0o700)
        assert read_secret(path)

    def test_it_must_not_be_somebody_elses(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        as_somebody_else(path, monkeypatch)
        with pytest.raises(SecretFileError, match="chown"):
            read_secret(path)

    def test_it_may_be_kept_apart(self, path: Path, tmp_path: Path) -> None:
        apart = tmp_path / "etc" / "server.key"
        settings = read_settings({"SAFETYBOT_DATA": str(tmp_path / "data"), "SAFETYBOT_SECRET_FILE": str(apart)}, None)
        assert settings.secret == apart
        made = read_or_make_secret(settings.secret)
        assert made == apart.read_bytes() != read_secret(path)

    def test_where_it_cannot_be_made_somebody_is_told_how(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(SecretFileError, match="openssl rand 32"):
            keep_secret(tmp_path / "file" / "server.key", bytes(32))


class TestTheDataFolder:
    def test_others_must_not_change_what_is_in_it(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        must_be_closed(data, data / "safetybot.sqlite3")
        data.mkdir(mode=0o755)
        must_be_closed(data, None)
        data.chmod(0o777)
        with pytest.raises(OpenToOthersError, match=f"chmod 700 {data}"):
            must_be_closed(data, None)
        data.chmod(0o1777)  # as /tmp is, where nobody may replace what is somebody else's
        must_be_closed(data, None)

    @pytest.mark.parametrize("name", ["safetybot.sqlite3", "safetybot.sqlite3-wal"])
    def test_nor_the_database(self, tmp_path: Path, name: str) -> None:
        file = tmp_path / name
        file.touch()
        file.chmod(0o644)
        must_be_closed(tmp_path, tmp_path / "safetybot.sqlite3")
        assert mode(file) == 0o600
        file.chmod(0o666)
        with pytest.raises(OpenToOthersError, match=f"chmod 600 {file}"):
            must_be_closed(tmp_path, tmp_path / "safetybot.sqlite3")

    @pytest.mark.parametrize("command", ["run", "desk"])
    def test_no_start_with_one_that_is_open(self, tmp_path: Path, command: str) -> None:
        data = tmp_path / "data"
        data.mkdir()
        data.chmod(0o777)
        environment = {"SAFETYBOT_DATA": str(data), "SAFETYBOT_WEB_PORT": "0", "SAFETYBOT_DESK_PORT": "0"}
        done = subprocess.run(
            [sys.executable, "-m", "safetybot.cli", command],
            env={"PATH": os.environ["PATH"], **environment, "SAFETYBOT_WEBB_URL": "https://private.example"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2
        assert f"chmod 700 {data}" in done.stderr
        assert "SAFETYBOT_WEBB_URL is no setting (is SAFETYBOT_WEB_URL meant?)" in done.stderr
        assert "private.example" not in done.stderr


class TestNamesThatAreNoSettings:
    def test_they_are_told_with_the_nearest(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_text("SAFETYBOT_TELEGRAM_TOKN=12345:secret\nOTHER=1\n")
        settings = read_settings({"SAFETYBOT_WEB_PROXI": "x", "safetybot_web_port": "1", "SAFETYBOT_XQ": "y"}, file)
        assert settings.unknown == (
            "SAFETYBOT_TELEGRAM_TOKN is no setting (is SAFETYBOT_TELEGRAM_TOKEN meant?)",
            "SAFETYBOT_WEB_PROXI is no setting (is SAFETYBOT_WEB_PROXY meant?)",
            "SAFETYBOT_XQ is no setting",
            "safetybot_web_port is no setting (is SAFETYBOT_WEB_PORT meant?)",
        )
        found = [each for each in contradictions(settings) if each.what == "setting's name"]
        assert [each.state for each in found] == [FindingState.WARNING] * 4
        assert "secret" not in repr(found)

    def test_every_real_one_is_known(self) -> None:
        assert read_settings({"SAFETYBOT_SECRET_FILE": "a", "SAFETYBOT_METRICS_PORT": "off"}, None).unknown == ()
