"""The shipped proxy's configuration in a real nginx on this machine, and what it is put in front of."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.browser.tls import self_signed

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy" / "proxy" / "nginx.conf"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def free_port() -> int:
    """A port that nobody had a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Nginx:
    """Use as ``async with Nginx(folder, bots=port, desk=port) as proxy``."""

    def __init__(self, folder: Path, *, bots: int, desk: int) -> None:
        if not Path(NGINX).exists():
            pytest.skip("there is no nginx on this machine; on Debian: apt-get install nginx-light")
        self.folder = folder
        self.plain, self.chat, self.desk = free_port(), free_port(), free_port()
        """Its ports: without TLS, for the chat, and for the desk."""
        self.errors = folder / "errors.txt"
        self._process: asyncio.subprocess.Process
        self_signed(folder)
        places = {
            "listen 8080;": f"listen 127.0.0.1:{self.plain};",
            "listen 8443 ssl;": f"listen 127.0.0.1:{self.chat} ssl;",
            "listen 9443 ssl;": f"listen 127.0.0.1:{self.desk} ssl;",
            "set $bots bot:8080;": f"set $bots 127.0.0.1:{bots};",
            "set $desk desk:8081;": f"set $desk 127.0.0.1:{desk};",
            "/run/secrets/tls_certificate;": f"{folder}/certificate.pem;",
            "/run/secrets/tls_key;": f"{folder}/key.pem;",
            "/tmp/nginx.pid;": f"{folder}/nginx.pid;",
            "/tmp/body;": f"{folder}/body;",
            "/tmp/proxy;": f"{folder}/proxy;",
        }
        self._settings = rendered(SHIPPED.read_text("utf-8"), places)
        self._settings = self._settings.replace("/etc/nginx/pages;", f"{SHIPPED.parent};")
        self._settings = self._settings.replace("/tmp/unused;", f"{folder}/unused;")
        (folder / "nginx.conf").write_text(self._settings, "utf-8")

    @property
    def arguments(self) -> list[str]:
        # The workers of a server that root starts are somebody who cannot read a test's folder.
        return [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-g", "user root; daemon off;"]

    def tested(self) -> subprocess.CompletedProcess[str]:
        """``nginx -t``."""
        return subprocess.run([*self.arguments, "-t"], capture_output=True, text=True, timeout=20)

    async def __aenter__(self) -> Self:
        with self.errors.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(*self.arguments, stdout=errors, stderr=errors)
        async with asyncio.timeout(20):
            while not await reachable(self.chat):
                assert self._process.returncode is None, self.errors.read_text()
                await asyncio.sleep(0.02)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        await self._process.wait()

    @property
    def written(self) -> str:
        """All that it has written into any log."""
        logs = [self.errors, *(path for path in self.folder.glob("logs/*") if path.is_file())]
        return "".join(path.read_text("utf-8", "replace") for path in logs)

    def on_disk(self) -> list[str]:
        """The files in which it holds bodies and answers now. It deletes them at once, and keeps them open."""
        main = self._process.pid
        processes = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
        held = [os.readlink(file) for each in processes for file in Path(f"/proc/{each}/fd").iterdir()]  # noqa: PTH115
        return [file for file in held if file.startswith((f"{self.folder}/body/", f"{self.folder}/proxy/"))]


def rendered(text: str, places: Mapping[str, str]) -> str:
    """A file with some of its places replaced, each of which stands in it once."""
    for place, other in places.items():
        assert text.count(place) == 1, f"{place!r} stands {text.count(place)} times in the configuration"
        text = text.replace(place, other)
    return text


async def reachable(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@dataclass
class Asked:
    """One request as it came."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]


@dataclass
class Recorder:
    """A server that notes what comes, byte for byte. Use as ``async with Recorder() as recorder``."""

    hangs_up: bool = False
    """Whether it ends the connection where an answer is due."""
    asked: list[Asked] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """Done when all of a request has come, before it is answered."""
    port: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
            headers = [(name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in lines)]
            length = int(dict(headers).get("content-length", 0))
            self.asked.append(Asked(line, headers, await reader.readexactly(length)))
            self.meanwhile()
            if not self.hangs_up:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()
