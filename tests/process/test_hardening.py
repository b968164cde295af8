"""What a process holds: overwritten when it is freed, locked where that is allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from safetybot.process.hardening import has_swap, may_swap, wiping, without_wiping
from tests.memory import found_in

PROGRAM = """
texts = [f"zq{number}" + "kestrel" * length for number in range(50) for length in (2, 9, 90, 9000)]
texts += [text + "\u0142" for text in texts] + [text + "\U0001f622" for text in texts]
for text in texts:
    text.encode().decode().split("q")
del text, texts
for _ in range(3):  # the stack, on which Python writes short texts while it encodes them, is used by what comes next
    ("another " * 60 + "\u0142").encode().decode()
print("ready", flush=True)
input()
"""
MARKS = {"a text": "kestrelkestrel"}


def found_after(environment: Mapping[str, str]) -> set[str]:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return {*found_in([process.pid], MARKS)}


def test_what_is_freed_is_overwritten_at_once() -> None:
    as_it_is = without_wiping(os.environ)
    environment = wiping(as_it_is)
    assert environment is not None
    assert found_after(environment) == set()
    # Without it, it is found: so it was there, and these tests would see it.
    assert "a text" in found_after(as_it_is)


class TestTheEnvironment:
    def test_it_is_asked_for_once(self) -> None:
        first = wiping({"PATH": "/bin"})
        assert first is not None
        assert wiping(first) is None

    def test_what_others_have_set_stays(self) -> None:
        before = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=2", "HOME": "/x"}
        environment = wiping(before)
        assert environment is not None
        assert environment["GLIBC_TUNABLES"].startswith("glibc.malloc.arena_max=2:glibc.malloc.perturb")
        assert without_wiping(environment) == before

    def test_another_allocator_is_replaced(self) -> None:
        environment = wiping({"PYTHONMALLOC": "pymalloc"})
        assert environment is not None
        assert environment["PYTHONMALLOC"] != "pymalloc"


class TestSwap:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "proc" / "self").mkdir(parents=True)
        (tmp_path / "proc" / "swaps").write_text("Filename Type\n/dev/sda2 partition\n")
        (tmp_path / "proc" / "self" / "cgroup").write_text("0::/system.slice/safetybot.service\n")
        (tmp_path / "sys" / "fs" / "cgroup" / "system.slice" / "safetybot.service").mkdir(parents=True)
        return tmp_path

    def test_a_machine_without(self, root: Path) -> None:
        (root / "proc" / "swaps").write_text("Filename Type\n")
        assert not has_swap(root)
        assert not may_swap(root)

    def test_a_machine_with_some(self, root: Path) -> None:
        assert has_swap(root)
        assert may_swap(root)

    @pytest.mark.parametrize(("most", "may"), [("0\n", False), ("max\n", True), ("1048576\n", True)])
    def test_a_service_that_is_kept_out_of_it(self, root: Path, most: str, may: bool) -> None:
        (root / "sys/fs/cgroup/system.slice/safetybot.service/memory.swap.max").write_text(most)
        assert may_swap(root) is may

    def test_memory_is_locked_where_there_is_no_limit_and_nothing_happens_where_there_is(self) -> None:
        program = (
            "import resource, sys; from safetybot.process.hardening import lock_memory\n"
            "most = resource.RLIM_INFINITY if sys.argv[1] == 'none' else 65536\n"
            "try: resource.setrlimit(resource.RLIMIT_MEMLOCK, (min(most, 65536) if most > 0 else 65536, most))\n"
            "except ValueError: print('refused'); sys.exit()\n"
            "locked = lock_memory(); text = 'x' * 10_000_000\n"
            "held = [line for line in open('/proc/self/status') if line.startswith('VmLck')][0].split()[1]\n"
            "print(locked, int(held) > 1_000)"
        )
        for limit, expected in (("none", {"True True", "refused"}), ("some", {"False False"})):
            done = subprocess.run([sys.executable, "-c", program, limit], capture_output=True, text=True, check=True)
            assert done.stdout.strip() in expected
