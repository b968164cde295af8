"""Disks that fill up, and programs that may not write."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MEGABYTES = 4


@dataclass(frozen=True)
class Disk:
    """A small file system of its own, mounted at ``folder``."""

    folder: Path

    def fill(self) -> None:
        """Until not one byte more fits."""
        with (self.folder / "filler").open("ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    continue

    def clear(self) -> None:
        """Room again."""
        (self.folder / "filler").unlink(missing_ok=True)

    def read_only(self, on: bool = True) -> None:
        """As after a fault of the hardware; only while nobody has a file open for writing."""
        _run("mount", "-o", f"remount,{'ro' if on else 'rw'}", str(self.folder))


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Skips the test where nothing may be mounted."""
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=700", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    try:
        yield Disk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


@contextmanager
def nothing_can_be_written(pid: int) -> Iterator[None]:
    """No write to any file by a process that runs: the kernel refuses it, whatever the disk."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def obeying_modes(command: Sequence[str]) -> tuple[str, ...]:
    """A command that may not read what its mode forbids, even where root starts it."""
    if os.geteuid() != 0:
        return (*command,)
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--", *command)
