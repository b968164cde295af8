"""Saving: whole or not at all, and never over what somebody else has saved."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from safetybot.editing.saving import ChangedOnDiskError, save
from safetybot.guidance.symlinks import LeadsOut


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "topic.yaml"
    path.write_bytes(b"id: a\n")
    return path


def test_saves_and_keeps_the_mode(file: Path) -> None:
    file.chmod(0o640)
    save(file, b"id: a\n", b"id: b\n")
    assert file.read_bytes() == b"id: b\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["topic.yaml"]


def test_somebody_elses_change_is_shown_and_stays(file: Path) -> None:
    file.write_bytes(b"id: theirs\n")
    with pytest.raises(ChangedOnDiskError, match="changed by somebody else") as refused:
        save(file, b"id: a\n", b"id: mine\n")
    assert (refused.value.mine, refused.value.theirs) == (b"id: mine\n", b"id: theirs\n")
    assert file.read_bytes() == b"id: theirs\n"
    assert [path.name for path in file.parent.iterdir()] == ["topic.yaml"]


def test_a_file_that_is_gone_stays_gone(file: Path) -> None:
    file.unlink()
    with pytest.raises(ChangedOnDiskError) as refused:
        save(file, b"id: a\n", b"id: mine\n")
    assert refused.value.theirs is None
    assert list(file.parent.iterdir()) == []


def test_nothing_is_written_where_nothing_changed(file: Path) -> None:
    before = file.stat()
    save(file, b"id: a\n", b"id: a\n")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    save(link, b"id: a\n", b"id: b\n")
    assert link.is_symlink()
    assert file.read_bytes() == b"id: b\n"


def test_a_link_that_leads_out_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "content", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.write_bytes(b"a")
    (root / "link").symlink_to(elsewhere)
    with pytest.raises(LeadsOut):
        save(root / "link", b"a", b"b", root)
    assert elsewhere.read_bytes() == b"a"
    (root / "real").write_bytes(b"a")
    (root / "within").symlink_to(root / "real")
    save(root / "within", b"a", b"b", root)
    assert (root / "real").read_bytes() == b"b"
