"""Keeps what this process holds in its memory out of files and other programs, and no longer there than it is used.

Every command is told to: the bot holds the server's secret and what is being written, the desk private keys.
"""

from __future__ import annotations

import ctypes
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_MALLOC, _TUNABLES, _BIND = "PYTHONMALLOC", "GLIBC_TUNABLES", "LD_BIND_NOW"
_WIPING = ("glibc.malloc.perturb=165", "glibc.malloc.tcache_count=0")
"""glibc overwrites what is freed; without the second not what it keeps at hand for the same thread."""


def disable_core_dumps() -> None:
    """No core dump, and nobody but root may look into this process's memory or environment (Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Where it is refused (an unusual sandbox) there is still no core dump.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def wiping(environ: Mapping[str, str]) -> dict[str, str] | None:
    """The environment in which Python overwrites memory as soon as it is freed; None where ``environ`` is one.

    Python's own allocator hands small pieces out again and again, and leaves in them what stood there: of a typed
    text, sometimes for hours. glibc's can overwrite them, and is to be used instead. It takes a tenth more of the
    processor's time. Where the C library is another one, Python's debugging allocator overwrites most of them.
    """
    tunables = [each for each in environ.get(_TUNABLES, "").split(":") if each]
    allocator = "malloc" if _is_glibc() else "pymalloc_debug"
    if environ.get(_MALLOC) == allocator and {*_WIPING} <= {*tunables}:
        return None
    # Looking a function up when it is first called would write the processor's registers, with text in them, to the
    # stack: so all are looked up at the start.
    return {**environ, _MALLOC: allocator, _TUNABLES: ":".join(dict.fromkeys([*tunables, *_WIPING])), _BIND: "1"}


def without_wiping(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of :func:`wiping` as it was before."""
    rest = {name: value for name, value in environ.items() if name not in (_MALLOC, _TUNABLES, _BIND)}
    tunables = [each for each in environ.get(_TUNABLES, "").split(":") if each and each not in _WIPING]
    return rest | ({_TUNABLES: ":".join(tunables)} if tunables else {})


def lock_memory() -> bool:
    """Keeps this process's memory out of swap; whether that was allowed.

    Only without a limit, for with one a later allocation would fail. Processes that are forked do it anew.
    """
    if sys.platform != "linux":
        return False
    _, most = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if most != resource.RLIM_INFINITY:
        return False
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (most, most))
    # What is mapped and never used (gigabytes, for a thread's arena) stays as it is.
    return bool(ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)


def may_swap(root: Path = Path("/")) -> bool:
    """Whether there is swap that memory which is not locked could be written to, as far as can be seen.

    ``root``: what stands for the root of the file system.
    """
    if not has_swap(root):
        return False
    try:
        # systemd and containers can keep a group of processes out of swap: ``0::/system.slice/safetybot.service``.
        group = (root / "proc/self/cgroup").read_text("utf-8", "replace").strip().rpartition("::")[2]
        most = (root / "sys/fs/cgroup" / group.lstrip("/") / "memory.swap.max").read_text("ascii", "replace")
    except OSError:
        return True
    return most.strip() != "0"


def has_swap(root: Path = Path("/")) -> bool:
    """Whether this machine can write memory to a disk, as far as can be seen."""
    try:
        return len((root / "proc/swaps").read_text("utf-8", "replace").splitlines()) > 1
    except OSError:  # macOS encrypts what it writes; of others nothing is known
        return sys.platform != "darwin"


def _is_glibc() -> bool:
    return hasattr(ctypes.CDLL(None), "gnu_get_libc_version")
