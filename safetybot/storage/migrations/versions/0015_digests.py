"""Digests of envelopes and of their keys, by which damage is seen without any key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None

_BATCH = 500
_TABLES = (
    ("envelopes", ("case_id", "number"), "kind", "sealed"),
    ("envelope_keys", ("case_id", "number", "reader"), "reader", "wrapped"),
)
"""Name, primary key, what else belongs to a row's place, and the bytes that the digest is of."""


def upgrade() -> None:
    for name, _, _, _ in _TABLES:
        op.add_column(
            name,
            sa.Column("digest", sa.LargeBinary(16), comment="of the row, to see damage without a key"),
        )
    for each in _TABLES:
        _fill(*each)


def _fill(name: str, key: Sequence[str], what: str, value: str) -> None:
    """What is damaged already gets the digest of its damage: the recovery key alone could tell."""
    columns = dict.fromkeys((*key, what, value, "digest"))
    table = sa.table(name, *(sa.column(each) for each in columns))
    place = sa.tuple_(*(table.c[each] for each in key))
    change = (
        sa.update(table)
        .where(*(table.c[each] == sa.bindparam(f"its_{each}") for each in key))
        .values(digest=sa.bindparam("its_digest", type_=sa.LargeBinary()))
    )
    after: tuple[Any, ...] | None = None
    while rows := op.get_bind().execute(_next(table, key, place, after)).all():
        op.get_bind().execute(
            change,
            [
                {
                    **{f"its_{each}": getattr(row, each) for each in key},
                    "its_digest": _digest(row.case_id, row.number, getattr(row, what), getattr(row, value)),
                }
                for row in rows
            ],
        )
        after = tuple(getattr(rows[-1], each) for each in key)


def _next(
    table: sa.TableClause, key: Sequence[str], place: sa.Tuple, after: tuple[Any, ...] | None
) -> sa.Select[tuple[Any, ...]]:
    query = sa.select(table).order_by(*(table.c[each] for each in key)).limit(_BATCH)
    return query if after is None else query.where(place > sa.tuple_(*after))


def _digest(case_id: str, number: int, what: str, value: bytes) -> bytes:
    place = f"{case_id}/{number}/{what}/".encode()
    return hashlib.blake2b(place + value, digest_size=16, person=b"envelope-digest").digest()
