"""A link in the content: followed within the folder, refused where it leads out of it, and nothing of that is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safetybot.guidance.live import LiveContent, content_hash
from safetybot.guidance.reader import Library, read_content
from safetybot.guidance.symlinks import LEADS_OUT, LeadsOut, open_inside

from .conftest import FIXTURE, PASSWORDS, TODAY, Content
from .test_live import read, title, until

SECRET = "root:x:0:0: a line of another file"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    file = tmp_path / "elsewhere" / "passwd.yaml"
    file.parent.mkdir()
    file.write_text(f"{SECRET}\n", "utf-8")
    return file


def shown(library: Library) -> str:
    return "\n".join(f"{fault} {fault.source_line}" for fault in library.faults)


@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_that_leads_out_is_a_fault_without_its_lines(content: Content, elsewhere: Path, absolute: bool) -> None:
    link = content.folder / PASSWORDS
    link.unlink()
    link.symlink_to(elsewhere if absolute else os.path.relpath(elsewhere, link.parent))
    library = content.read()
    assert f"{link.as_posix()}:1:1: {LEADS_OUT}" in shown(library)
    assert SECRET not in shown(library)
    assert library.errors


def test_a_chain_of_links_is_followed_to_its_end(content: Content, elsewhere: Path) -> None:
    (content.folder / "hop.yaml").symlink_to(elsewhere)
    link = content.folder / PASSWORDS
    link.unlink()
    link.symlink_to(content.folder / "hop.yaml")
    assert LEADS_OUT in shown(content.read())


@pytest.mark.parametrize("name", ["en", "en/topics", "cy"])
def test_nor_are_the_names_in_a_folder_that_lies_elsewhere(content: Content, tmp_path: Path, name: str) -> None:
    moved = tmp_path / "moved"
    (content.folder / name).rename(moved)
    (moved / "private-note.txt").touch()
    (content.folder / name).symlink_to(moved)
    library = content.read()
    assert LEADS_OUT in shown(library)
    assert "private-note" not in shown(library)


def test_links_within_the_folder_are_followed(content: Content, tmp_path: Path) -> None:
    topic = content.folder / PASSWORDS
    kept = content.folder / ".kept" / "passwords.yaml"
    kept.parent.mkdir()
    topic.rename(kept)
    topic.symlink_to(Path("..", "..", ".kept", "passwords.yaml"))
    before = content.faults()
    assert content.read().errors == ()
    release = tmp_path / "current"
    release.symlink_to(content.folder)
    assert read_content(release, today=TODAY).errors == ()
    assert LEADS_OUT not in "\n".join(before)


async def test_a_link_that_comes_while_it_runs_does_not_go_live(content: Content, elsewhere: Path) -> None:
    other = elsewhere.with_name("other.yaml")
    other.write_text(content.text(PASSWORDS).replace("I want a safe password", "Theirs"), "utf-8")
    async with LiveContent(content.folder, title, 0.05, read=read) as live:
        link = content.folder / PASSWORDS
        link.unlink()
        link.symlink_to(other)
        await until(lambda: live.faults != (), within=10)
        assert [fault.message for fault in live.faults] == [LEADS_OUT]
        assert live.current == "I want a safe password"


def test_what_lies_elsewhere_is_not_even_read(content: Content, elsewhere: Path) -> None:
    link = content.folder / PASSWORDS
    link.unlink()
    link.symlink_to(elsewhere)
    before = content_hash(content.folder)
    elsewhere.write_text("changed\n", "utf-8")
    assert content_hash(content.folder) == before


def test_a_link_put_there_in_the_middle_of_it_leads_nowhere(
    content: Content, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is replaced after it was looked at, and before it is opened."""
    real, topics = os.open, content.folder / "en" / "topics"

    def swapped(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "topics":
            topics.rename(content.folder / "aside")
            topics.symlink_to(elsewhere.parent)
        return real(path, flags, mode, dir_fd=dir_fd)

    (elsewhere.parent / "passwords.yaml").write_text(SECRET, "utf-8")
    monkeypatch.setattr(os, "open", swapped)
    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, swapped})
    with pytest.raises(OSError, match=r"Not a directory|symbolic"):
        open_inside(content.folder / PASSWORDS, content.folder, os.O_RDONLY)


def test_a_file_that_is_gone_is_gone(content: Content) -> None:
    with pytest.raises(FileNotFoundError):
        open_inside(content.folder / "en" / "none-such.yaml", content.folder, os.O_RDONLY)
    with pytest.raises(LeadsOut):
        open_inside(content.folder / ".." / "x", content.folder, os.O_RDONLY)


def test_both_fixtures_have_the_same_form() -> None:
    """A link between them would lead out of one."""
    fixtures = FIXTURE.parent
    assert (fixtures / "dialogue/en/report.yaml").read_text() == (fixtures / "content/en/report.yaml").read_text()
