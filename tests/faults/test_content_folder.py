"""A content folder that is deleted, broken, locked or stirred up under a running bot: the last valid content answers.

What is wrong is told; once it is mended, the new content is live, without a start.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.e2e.phone import Phone, words
from tests.e2e.program import MODULE, Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator
from tests.faults.disks import obeying_modes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

OLD, NEW = "Three random words", "Four random words"


@pytest.fixture
async def editable(place: Place, content: Content, telegram: Emulator) -> AsyncIterator[Program]:
    """Runs on content that may be changed, and obeys the modes of files, as a user who is not root must."""
    program = Program(Place(place.folder, content.folder), telegram, command=obeying_modes(MODULE))
    await program.start()
    await program.ready()
    yield program
    await program.kill()
    assert "Traceback" not in program.printed


def save(content: Content) -> None:
    """A change that shows in an answer."""
    path = content.topic_file("passwords")
    path.write_text(path.read_text("utf-8").replace(OLD, NEW), "utf-8")


def deleted(content: Content) -> Callable[[], None]:
    kept = content.folder.with_name("kept")
    shutil.copytree(content.folder, kept)
    shutil.rmtree(content.folder)
    return lambda: shutil.move(kept, content.folder)


def renamed(content: Content) -> Callable[[], None]:
    kept = content.folder.rename(content.folder.with_name("kept"))
    return lambda: kept.rename(content.folder)


def replaced_by_a_file(content: Content) -> Callable[[], None]:
    kept = content.folder.rename(content.folder.with_name("kept"))
    content.folder.write_text("no folder")

    def back() -> None:
        content.folder.unlink()
        kept.rename(content.folder)

    return back


def half_written(content: Content) -> Callable[[], None]:
    path = content.topic_file("sextortion")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return lambda: path.write_bytes(whole) and None


def not_text(content: Content) -> Callable[[], None]:
    path = content.file("wording.yaml")
    whole = path.read_bytes()
    path.write_bytes(b"\x00\xff" * 500)
    return lambda: path.write_bytes(whole) and None


def a_folder_in_place_of_a_file(content: Content) -> Callable[[], None]:
    path = content.file("danger.yaml")
    whole = path.read_bytes()
    path.unlink()
    path.mkdir()

    def back() -> None:
        path.rmdir()
        path.write_bytes(whole)

    return back


def locked(content: Content) -> Callable[[], None]:
    path = content.topic_file("sextortion")
    path.chmod(0)
    return lambda: path.chmod(0o644)


def locked_folder(content: Content) -> Callable[[], None]:
    content.folder.chmod(0)
    return lambda: content.folder.chmod(0o755)


def a_loop_of_links(content: Content) -> Callable[[], None]:
    path = content.topic_file("sextortion")
    whole = path.read_bytes()
    path.unlink()
    path.symlink_to(path.name)
    (content.folder / "en" / "round").symlink_to(content.folder, target_is_directory=True)

    def back() -> None:
        (content.folder / "en" / "round").unlink()
        path.unlink()
        path.write_bytes(whole)

    return back


def a_pipe_in_place_of_a_file(content: Content) -> Callable[[], None]:
    """Whoever reads it waits for ever."""
    path = content.topic_file("sextortion")
    whole = path.read_bytes()
    path.unlink()
    os.mkfifo(path)

    def back() -> None:
        path.unlink()
        path.write_bytes(whole)

    return back


FAULTS = (
    deleted,
    renamed,
    replaced_by_a_file,
    half_written,
    not_text,
    a_folder_in_place_of_a_file,
    locked,
    locked_folder,
    a_loop_of_links,
    a_pipe_in_place_of_a_file,
)


async def test_the_last_valid_content_answers_until_it_is_mended(
    editable: Program, content: Content, telegram: Emulator, phone: Phone
) -> None:
    """One fault after the other, under one bot: what one leaves behind must not keep it from the next."""
    first = content.first("sextortion")
    for number, fault in enumerate(FAULTS):
        print(fault.__name__)
        said = len(editable.printed)
        back = fault(content)
        await telegram.until(lambda: "the last good content answers" in editable.printed[said:], 30)  # noqa: B023
        faults = [line for line in editable.printed[said:].splitlines() if " ERROR " in line]
        assert faults, fault.__name__
        print("-", faults[:2])
        assert any(str(content.folder) in line for line in faults), faults
        answer, *_ = await phone.says("he wants money or hell post my nude")
        assert answer.text.startswith(first)
        said = len(editable.printed)
        back()
        path = content.topic_file("passwords")
        path.write_text(re.sub(r"\w+ random words( make)", rf"{number} random words\1", path.read_text("utf-8")))
        await telegram.until(lambda: "new content is live" in editable.printed[said:], 30)  # noqa: B023
        assert words(await phone.says("/start passwords"))[0].startswith(f"{number} random words")
    assert await editable.stop() == 0


async def test_thousands_of_quick_changes(
    editable: Program, content: Content, telegram: Emulator, phone: Phone
) -> None:
    """It goes on answering meanwhile, and in the end the last one is live."""
    path, stop = content.topic_file("passwords"), threading.Event()
    text = path.read_text("utf-8")
    saved = 0

    def stir() -> None:
        nonlocal saved
        while not stop.is_set():
            for number in range(100):
                path.write_text(text.replace(OLD, f"{saved} random words") if number % 3 else text[:number])
                other = content.file(f"topics/more-{number}.yaml")
                other.write_text("id: [")
                other.unlink()
                saved += 1

    thread = threading.Thread(target=stir)
    thread.start()
    try:
        for _ in range(20):
            answer, *_ = await phone.says("he wants money or hell post my nude")
            assert answer.text.startswith(content.first("sextortion"))
        await telegram.until(lambda: saved > 3000, 60)
    finally:
        stop.set()
        thread.join()
    path.write_text(text.replace(OLD, NEW))
    for _ in range(60):
        if words(await phone.says("/start passwords"))[0].startswith(NEW):
            break
    else:
        raise AssertionError(editable.printed[-2000:])
    assert len(editable.printed) < 2_000_000
    assert await editable.stop() == 0


def test_no_start_without_content(place: Place, content: Content, tmp_path: Path) -> None:
    """Each is told by its name."""
    for fault in (deleted, a_loop_of_links):
        back = fault(content)
        ended = Place(place.folder, content.folder).command("run")
        assert ended.code == 1, ended
        assert str(content.folder) in ended.out
        assert "Traceback" not in ended.errors
        back()
