"""What young people asked that had no answer, and let the editors see; where this was started with the editors' key."""

from __future__ import annotations

from dataclasses import dataclass, field

from safetybot.editing.unanswered import Unanswered, dealt_with, read_unanswered
from safetybot.storage import unanswered as stored
from safetybot.storage.database import DatabaseLocation
from safetybot.storage.opening import DatabaseError, must_be_newest, open_readonly
from safetybot.vault.sealing import KeyPair


@dataclass(frozen=True)
class UnansweredSource:
    """What waits in a database."""

    database: DatabaseLocation
    pair: KeyPair | None = field(default=None, repr=False)

    async def waiting(self) -> int:
        """How many there are; 0 where no bot has run, or its database cannot be read."""
        try:
            async with open_readonly(self.database) as connection:
                await must_be_newest(connection)
                count, _ = await stored.waiting(connection)
        except DatabaseError:
            return 0
        return count

    async def read(self) -> Unanswered | None:
        """All of them, opened; None without the key, or where the database cannot be read."""
        if self.pair is None:
            return None
        try:
            return await read_unanswered(self.database, self.pair)
        except DatabaseError:
            return None

    async def done(self, id_: str) -> bool:
        """Deletes one for good; whether it was there. Raises DatabaseError."""
        return await dealt_with(self.database, id_)
