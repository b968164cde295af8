"""An installation made by version 0.4 goes on with this one: nothing that was stored is lost, on either database."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from safetybot.app import started_service
from safetybot.backup.create import make_backup
from safetybot.backup.restore import try_backup
from safetybot.dialogue.messages import Outgoing
from safetybot.doctor import FindingState, examine
from safetybot.reports import casework
from safetybot.reports.queue import list_cases
from safetybot.settings import Settings
from safetybot.staff.errors import WrongPassphrase
from safetybot.staff.login import unlock
from safetybot.staff.second_factor import show
from safetybot.storage.database import DatabaseLocation
from safetybot.storage.tables import counters
from safetybot.understanding.understanding import Understanding
from safetybot.vault.audit import head, transaction, verify
from safetybot.vault.key_derivation import KeyStretcher
from tests.postgres import Server, programs
from tests.upgrade import make_fixture
from tests.upgrade.make_fixture import ADDITION, CONTENT, DRAFT, REPLY, STORIES

BEFORE = "0010"
"""The last migration of version 0.4."""
FOLDER = Path(__file__).parent / "version_0_4"

pytestmark = pytest.mark.slow


class Chat(make_fixture.Chat):
    """Somebody who writes after the upgrade: what was handled before it is not answered again."""

    numbers = itertools.count(100_000)


@dataclass
class Installation:
    """The files that version 0.4 left behind, where this version finds them."""

    settings: Settings
    facts: dict[str, Any]
    backup: Path

    @property
    def now(self) -> dt.datetime:
        """The moment at which it was left."""
        return dt.datetime.fromisoformat(self.facts["now"])


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, understanding: Understanding, dialogue_cache: Path
) -> Iterator[Installation]:
    left, data = FOLDER / request.param, tmp_path / "data"
    (data / "secrets").mkdir(parents=True, mode=0o700)
    for folder in (data, data / "secrets"):
        folder.chmod(0o700)
    shutil.copytree(dialogue_cache, data / "cache")  # learnt once for all tests
    secret = Path(shutil.copy(left / "server.key", data / "secrets"))
    secret.chmod(0o600)
    facts = json.loads((left / "facts.json").read_text())
    where: DatabaseLocation | None = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres_server")
        where = server.create()
        _load(left / "dump.sql", where.query, str(where.database))
    else:
        Path(shutil.copy(left / "safetybot.sqlite3", data)).chmod(0o600)
    settings = Settings(data=data, content=CONTENT, database_url=where)
    yield Installation(settings, facts, left / "backup.sealed")
    if where is not None:
        server.drop(where)


def _load(dump: Path, address: Any, database: str) -> None:
    """Load a dump as the user who owns the database."""
    folder = programs()
    assert folder is not None
    where = [f"--host={address['host']}", f"--port={address['port']}", "--username=safetybot", f"--dbname={database}"]
    subprocess.run([folder / "psql", *where, "--quiet", "--set=ON_ERROR_STOP=1", f"--file={dump}"], check=True)


def text_of(shown: tuple[Outgoing, ...]) -> str:
    return "\n".join(message.text.replace("\\", "") for message in shown)


async def test_writers_come_back(installation: Installation) -> None:
    facts, moment = installation.facts, installation.now.timestamp() + 60
    async with started_service(installation.settings, clock=lambda: moment) as started:
        returning = Chat(started, "telegram", "660001")
        assert "Is it" not in text_of(await returning.returns(facts["codes"][STORIES[0]]))
        assert REPLY in text_of(await returning.acts(press="case:replies"))
        await returning.acts(press="case:write")
        await returning.acts(text="thank you")
        await returning.acts(press="case:send")
        await returning.acts(press="case:leave")

        told_back = await Chat(started, "telegram", "660002").returns(facts["withdrawn"])
        wrong = await Chat(started, "telegram", "660003").returns(facts["deleted"])
        assert text_of(told_back) != text_of(wrong)

        draft = Chat(started, *facts["draft_chat"])
        assert DRAFT in text_of(await draft.acts(press="rep:look"))
        sent = await draft.acts(press="rep:send")
        assert len(sent) > 0

        page = await started.transcripts.load(facts["transcript_chat"][1])
        assert page is not None
        assert "is snapchat safe" in [entry.message.text for entry in page.entries]
        chat = Chat(started, *facts["session_chat"])
        async with started.service.turn(*facts["session_chat"]) as turn:
            hidden = await turn.reply(chat.incoming(text="/hide"))
        assert hidden is not None
        assert hidden.delete, "the messages it was to delete are remembered"


async def test_staff_log_in_and_read_all_there_was(installation: Installation) -> None:
    facts, at = installation.facts, installation.now + dt.timedelta(minutes=1)
    stretcher = KeyStretcher()
    async with started_service(installation.settings, clock=at.timestamp) as started:
        with closing(stretcher):
            anna = facts["members"]["Anna Smith"]
            member = await unlock(started.engine, "Anna Smith", anna["passphrase"], at, stretcher)
            await show(started.engine, member, pyotp.TOTP(anna["totp"]).at(at), at)
            await show(started.engine, member, anna["recovery_codes"][0], at)
            for story in STORIES:
                async with transaction(started.engine) as connection:
                    case = await casework.open_case(connection, member, facts["cases"][story], at)
                said = json.dumps([message.body for message in case.messages])
                assert story in said
                assert not case.locked
                assert (ADDITION in said) == (story == STORIES[2])
                assert (REPLY in said) == (story == STORIES[0])
            left = facts["members"]["Carys Left"]
            with pytest.raises(WrongPassphrase):
                await unlock(started.engine, "Carys Left", left["passphrase"], at, stretcher)
            code = await Chat(started, "telegram", "660004").reports("this came after the upgrade")
            assert code
            ben = facts["members"]["Ben Okafor"]
            other = await unlock(started.engine, "Ben Okafor", ben["passphrase"], at, stretcher)
            async with transaction(started.engine) as connection:
                rows = {row.ref.id for row in await list_cases(connection)} - set(facts["cases"].values())
                told = [await casework.open_case(connection, other, row, at) for row in rows]
            assert "this came after the upgrade" in json.dumps([m.body for case in told for m in case.messages])
            member.wipe()
            other.wipe()


async def test_the_audit_log_and_the_figures_hold(installation: Installation) -> None:
    facts = installation.facts
    async with (
        started_service(installation.settings, clock=installation.now.timestamp) as started,
        started.engine.connect() as connection,
    ):
        assert await verify(connection) is None
        assert (await head(connection)).number >= facts["audit"]["number"]
        assert sum((await connection.execute(select(counters.c.count))).scalars()) == facts["counters"]


async def test_its_backup_can_be_restored(installation: Installation) -> None:
    restored = await try_backup(installation.backup, installation.facts["recovery_key"])
    assert restored.broken is None
    assert restored.rows["cases"] >= len(STORIES)


async def test_it_can_be_backed_up_and_looked_over_before_its_first_start(
    installation: Installation, tmp_path: Path
) -> None:
    settings, facts = installation.settings, installation.facts
    made = await make_backup(settings.database, settings.files, tmp_path / "backup", installation.now)
    assert made.contents.revision == BEFORE
    assert made.integrity.whole
    restored = await try_backup(tmp_path / "backup", facts["recovery_key"])
    assert restored.upgraded
    assert restored.rows["cases"] >= len(STORIES)
    assert restored.integrity.opened == made.integrity.envelopes > 0
    found = await examine(settings, installation.now)
    faults = {finding.what for finding in found.findings if finding.state is FindingState.FAULT}
    assert "tables" in faults, "it says that they are of an earlier version, and what to do"
    assert faults <= {"tables", "database switches"}, "the test's server does not sync"
