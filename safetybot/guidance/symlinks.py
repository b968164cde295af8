"""Links in a content folder: those within it are followed, those that lead out of it are refused.

Else whoever may add a file to the content could have the program show any file that it may read.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_ONLY_HERE = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0) | _ONLY_HERE

LEADS_OUT = "This link leads out of the content folder. Put the file itself here."


class LeadsOut(OSError):  # noqa: N818 - names what is wrong
    """A link leads out of its folder."""

    def __init__(self) -> None:
        super().__init__(errno.EXDEV, "It is a link out of the content folder")


def inside(path: Path, root: Path) -> Path:
    """The real path of what may be a link, below the real one of ``root``. Raises LeadsOut."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(root)):
        raise LeadsOut
    return real


def open_inside(path: Path, root: Path, flags: int) -> int:
    """A descriptor of a file below ``root``. Raises LeadsOut, and OSError as ``os.open`` does.

    From the real root on, no step follows a link, so that none that is put there meanwhile leads out.
    """
    real = inside(path, root)
    if os.open not in os.supports_dir_fd:
        return os.open(real, flags)
    real_root = Path(os.path.realpath(root))
    *folders, name = real.relative_to(real_root).parts or (".",)
    here = os.open(real_root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        for folder in folders:
            inner = os.open(folder, os.O_RDONLY | _FOLDER, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(name, flags | _ONLY_HERE, dir_fd=here)
    finally:
        os.close(here)
