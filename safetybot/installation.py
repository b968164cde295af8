"""Whether the server's secret and the database belong together.

With another secret no code opens its report, and no chat is known again; and what is filed meanwhile is lost in turn
once the right secret is back. So the bot does not start with it. It is how two machines that share a database, and
have made a secret each, are noticed.
"""

from __future__ import annotations

from safetybot.secret import WrongSecret, check_of
from safetybot.storage import marks
from safetybot.storage.database import Engine

REMEDY = (
    "put the secret back that this database was used with: from a backup, or from the other machine that uses it. "
    "Where it is lost for good, earlier codes and chats are lost with it:  safetybot run --new-secret  starts anew"
)


async def must_be_its_secret(engine: Engine, secret: bytes) -> None:
    """Notes whose database this is where nobody has yet. Raises WrongSecret."""
    check = check_of(secret)
    if await marks.put_first(engine, marks.SECRET_CHECK, check) != check:
        raise WrongSecret(f"the server's secret is not the one this database was used with: {REMEDY}")


async def take_secret(engine: Engine, secret: bytes) -> None:
    """Has the database go on with this secret from now on."""
    await marks.put(engine, marks.SECRET_CHECK, check_of(secret))
