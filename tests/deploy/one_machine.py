"""Does what docs/operating.md says of one machine, word by word; run as root in a mount namespace of its own.

    unshare --mount python one_machine.py WORK CHECKOUT < what-to-do.json

Folders that the page writes to are hidden beneath empty ones, or copies, which are gone with the namespace. Lines that
begin with ``sudo`` are run as root, all others as ``nobody``. What systemd would do with a unit is done here: its
command, as its user, with its environment.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

EMPTY = ("/srv", "/var/lib", "/var/backups")
COPIED = ("/etc", "/usr/local/bin")
NEWNET = 0x40000000
SET_FLAGS, UP_AND_RUNNING = 0x8914, 0x41
SHIMS = {
    "sudo": '#!/bin/sh\nexec "$@"\n',
    "systemctl": '#!/bin/sh\necho "$@" >> "$SYSTEMCTL"\n',
    "journalctl": "#!/bin/sh\n",
}


def main() -> None:
    work, checkout = Path(sys.argv[1]), Path(sys.argv[2])
    todo = json.load(sys.stdin)
    _hide(work)
    machine = Machine(work, checkout)
    said: dict[str, Any] = {"installed": [machine.does(line) for line in todo["install"]]}
    settings = Path("/etc/safetybot/settings")
    settings.write_text(todo["settings"])  # over the file that the page made, with its owner and mode
    _offline()
    said["nobody"] = machine.does("safetybot staff list")
    said["started"] = [machine.does(line) for line in todo["start"]]
    units = re.findall(r"\S+\.service", (work / "systemctl").read_text())
    running = [_start(Path("/etc/systemd/system") / unit) for unit in units]
    try:
        said["ready"] = {unit: _ready(port) for unit, port in zip(units, (9090, 9091), strict=True)}
        said["chat"] = _status("http://127.0.0.1:8080/", "chat.example.org")
        said["after"] = [machine.does(line) for line in todo["after"]]
        said["cron"] = [
            machine.does(f"sudo {line.split(maxsplit=6)[6].replace(chr(92) + '%', '%')}")
            for line in Path("/etc/cron.d/safetybot").read_text().splitlines()
            if line[:1].isdigit()
        ]
    finally:
        for each in running:
            each.terminate()
        said["ended"] = [each.wait(60) for each in running]
    said["owners"] = {
        str(path): f"{path.owner()} {path.stat().st_mode & 0o777:o}"
        for folder in ("/var/lib/safetybot", "/var/backups/safetybot", "/etc/safetybot")
        for path in (Path(folder), *Path(folder).rglob("*"))
        if "cache" not in path.parts
    }
    print(json.dumps(said))


class Machine:
    """Whoever types the page's lines."""

    def __init__(self, work: Path, checkout: Path) -> None:
        shims = work / "shims"
        shims.mkdir(mode=0o755)
        for name, text in SHIMS.items():
            (shims / name).write_text(text)
            (shims / name).chmod(0o755)
        self._checkout = checkout
        keep = {name: value for name, value in os.environ.items() if "PIP" in name or "proxy" in name.lower()}
        self._environment = {
            **keep,
            "PATH": f"{shims}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{Path(sys.executable).parent}",
            "HOME": "/nonexistent",
            "SYSTEMCTL": str(work / "systemctl"),
        }

    def does(self, line: str) -> dict[str, Any]:
        """Status and output of one line of a shell."""
        root = line.startswith("sudo ")
        line = re.sub(r"^sudo python3 ", f"sudo {sys._base_executable} ", line)  # type: ignore[attr-defined]
        command = ["bash", "-c", line] if root else ["runuser", "-u", "nobody", "--", "bash", "-c", line]
        done = subprocess.run(
            command,
            cwd=self._checkout,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return {"line": line, "code": done.returncode, "out": done.stdout, "errors": done.stderr}


def _hide(work: Path) -> None:
    """What the page writes goes nowhere that stays; Python stays readable for users who are not root."""
    python = Path(sys.base_prefix)
    private = next((each for each in (*reversed(python.parents),) if not each.stat().st_mode & 0o001), None)
    if private is not None:
        _bind(python, work / "python")
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(private))
        python.mkdir(parents=True)
        _mount("--bind", str(work / "python"), str(python))
    for folder in COPIED:
        kept = work / folder.strip("/").replace("/", "-")
        shutil.copytree(folder, kept, symlinks=True, ignore_dangling_symlinks=True, copy_function=_copy)
        _mount("--bind", str(kept), folder)
    for folder in EMPTY:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    others = [each for each in Path("/opt").iterdir() if each.is_dir()]
    for each in others:
        _bind(each, work / "opt" / each.name)
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/opt")
    for each in others:
        _bind(work / "opt" / each.name, each)
    for folder in ("/etc/systemd/system", "/etc/cron.d"):
        Path(folder).mkdir(parents=True, exist_ok=True)


def _copy(source: str, target: str) -> None:
    shutil.copy2(source, target)
    status = Path(source).stat()
    os.chown(target, status.st_uid, status.st_gid)


def _bind(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    _mount("--bind", str(source), str(target))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _offline() -> None:
    """A network of our own, with nothing but this machine in it: so all ports are free, and nothing goes out."""
    if ctypes.CDLL(None, use_errno=True).unshare(NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh", b"lo", UP_AND_RUNNING))


def _start(unit: Path) -> subprocess.Popen[bytes]:
    text = unit.read_text()
    said = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    environment = dict(each.partition("=")[::2] for each in re.findall(r"^Environment=(.*)$", text, re.MULTILINE))
    return subprocess.Popen(
        shlex.split(said["ExecStart"]),
        user=said["User"],
        group=said["Group"],
        extra_groups=[],
        cwd=said["WorkingDirectory"],
        env={"PATH": "/usr/bin:/bin", **environment},
        umask=int(said["UMask"], 8),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
    )


def _ready(port: int) -> int:
    for _ in range(600):
        if (status := _status(f"http://127.0.0.1:{port}/readyz")) == 200:
            break
        time.sleep(0.2)
    return status


def _status(url: str, host: str = "localhost") -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": host}), timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


if __name__ == "__main__":
    main()
