"""An installation on PostgreSQL, by ``SAFETYBOT_DATABASE_URL`` alone, its password in a file: the operator's day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.phone import Phone
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator
from tests.postgres import PASSWORD, Server

pytestmark = pytest.mark.slow

KEY = re.compile(r"^    ((?:[0-9A-Z]{4}-){13}[0-9A-Z]{4})$", re.MULTILINE)


class OnServer(Place):
    """Whose database is on a server."""

    def environment(self, **more: str) -> dict[str, str]:
        file = self.folder / "settings"
        lines = (line.split("=", 1) for line in file.read_text("utf-8").splitlines())
        return super().environment(**dict(lines), **more)


@pytest.fixture
def place(tmp_path: Path, small_content: Content, small_cache: Path, postgres_server: Server) -> Iterator[OnServer]:
    url = postgres_server.create()
    assert url.database is not None
    place = OnServer.make(tmp_path / "place", small_content.folder, small_cache)
    password = place.folder / "password"
    password.write_text(f"{PASSWORD}\n", "utf-8")
    address = postgres_server.tcp_url(url.database, password=None).render_as_string()
    (place.folder / "settings").write_text(f"DATABASE_URL={address}\nDATABASE_PASSWORD_FILE={password}", "utf-8")
    yield place
    postgres_server.drop(url)


@pytest.mark.timeout(300)
async def test_the_operators_day(place: OnServer, telegram: Emulator, phone: Phone) -> None:
    listed = place.command("staff", "list")
    assert listed.code != 0
    assert "has no tables yet: safetybot run  or  safetybot staff add NAME  makes it" in listed.errors
    added = place.command("staff", "add", "--new", "Anna")
    assert added.code == 0, added
    assert KEY.search(added.out)

    program = Program(place, telegram)
    await program.start()
    await program.ready()
    assert await phone.says("hello")
    assert await program.stop() == 0

    for command in (["purge"], ["editors", "new-key", str(place.folder / "editors.key")], ["doctor"]):
        done = place.command(*command)
        assert PASSWORD not in done.out + done.errors
        assert "Traceback" not in done.errors, done
        assert done.code == 0 or command == ["doctor"], done
    assert not list(place.data.glob("*.sqlite3*")), "no SQLite file is made beside it"
    assert PASSWORD not in program.printed

    (place.folder / "password").write_text("zebedee", "utf-8")
    failed = place.command("staff", "list")
    assert "28P01): its password is wrong" in failed.errors
    assert "zebedee" not in failed.errors
