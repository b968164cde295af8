"""What is used up of each limit, for several processes on one PostgreSQL database.

By the database's clock, so that the clocks of several machines need not agree. The table is not written to
PostgreSQL's log: a crash forgets it, and nobody waits for a disk.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, bindparam, case, cast, extract, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.tables import limits

_SECOND = 1_000_000
_STEP, _MOST, _FIRST = (bindparam(name, type_=BigInteger) for name in ("step", "most", "first"))


def _later(column: Any, moment: Any) -> Any:
    return case((column > moment, column), else_=moment)


_START = cast(extract("epoch", func.statement_timestamp()) * _SECOND, BigInteger)
"""The same wherever it stands in one statement."""

_inserted = insert(limits).values(name=bindparam("which"), until=_START + _STEP, expires=bindparam("hour"))
_TAKE = _inserted.on_conflict_do_update(
    index_elements=[limits.c.name],
    set_={"until": _later(limits.c.until, _START) + _STEP, "expires": _inserted.excluded.expires},
    where=_later(limits.c.until, _START) + _STEP <= _START + _MOST,
).returning(limits.c.until)
"""One more of a limit; no row where that is too many."""

_reserved = insert(limits).values(name=bindparam("which"), until=_START - _FIRST + _STEP, expires=bindparam("hour"))
_RESERVE = _reserved.on_conflict_do_update(
    index_elements=[limits.c.name],
    set_={"until": _later(limits.c.until, _START - _FIRST) + _STEP, "expires": _reserved.excluded.expires},
).returning(limits.c.until - _STEP - _START)
"""The next moments: microseconds from now until the first of them."""


class LimitStore:
    """The table of limits."""

    def __init__(self, engine: AsyncEngine) -> None:
        # Each statement stands alone, so that a way to the server and back is all it costs.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def take(self, name: bytes, most: int, a_second: float, hour: int) -> bool:
        """Uses up one; whether there was one left. ``most`` at once, and so many ``a_second`` after that."""
        step = int(_SECOND / a_second)
        values = {"which": name, "step": step, "most": step * most, "hour": hour}
        async with self._engine.connect() as connection:
            return (await connection.execute(_TAKE, values)).first() is not None

    async def reserve(self, name: bytes, number: int, a_second: float, burst: float, hour: int) -> float:
        """Reserves the next ``number`` moments; seconds until the first of them, the others follow at ``a_second``.

        After a pause, ``burst`` of them lie in the past.
        """
        values = {
            "which": name,
            "step": int(number * _SECOND / a_second),
            "first": int(burst * _SECOND / a_second),
            "hour": hour,
        }
        async with self._engine.connect() as connection:
            return int((await connection.execute(_RESERVE, values)).scalar_one()) / _SECOND
