"""Keeps what this process holds in its memory out of files and other programs.

Every command is told to: the bot holds the server's secret and what is being written, the desk private keys.
"""

from __future__ import annotations

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4


def keep_to_ourselves() -> None:
    """No core dump, and nobody but root may look into this process's memory or environment (Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Where it is refused (an unusual sandbox) there is still no core dump.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
