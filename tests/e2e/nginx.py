"""nginx in front of several bots: each request goes to the next one."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

_CONFIGURATION = """
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr emerg;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    upstream bots {{
{bots}
        keepalive 32;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://bots;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto http;
            add_header X-Bot $upstream_addr;
        }}
    }}
}}
"""


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@asynccontextmanager
async def nginx(folder: Path, port: int, bots: Sequence[int]) -> AsyncIterator[str]:
    """Its address, while it runs on ``port`` in front of bots on ports of this machine.

    The header ``X-Bot`` says which of them answered.
    """
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    servers = "\n".join(f"        server 127.0.0.1:{bot} max_fails=1 fail_timeout=2s;" for bot in bots)
    folder.mkdir()
    file = folder / "nginx.conf"
    file.write_text(_CONFIGURATION.format(folder=folder, bots=servers, port=port), "ascii")
    process = await asyncio.create_subprocess_exec(program, "-c", str(file), "-p", str(folder))
    try:
        async with asyncio.timeout(20):
            while not await _listens(port):
                assert process.returncode is None, "nginx did not start"
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
