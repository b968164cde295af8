"""The tables. They only change together with a migration in ``migrations/versions``.

Nothing here says who somebody is: a chat is known by a hash keyed with a secret that is not in the database, and what
is remembered of it is sealed with a key that also needs the chat's id.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_name)s"},
)

sessions = Table(
    "sessions",
    metadata,
    Column("chat_key", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True, comment="hour since 1970 after which it is deleted"),
)

fragments = Table(
    "fragments",
    metadata,
    Column("chat_key", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True, comment="second since 1970 after which it is deleted"),
)

handled_updates = Table(
    "handled_updates",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("update_id", BigInteger, primary_key=True),
    Column("expires", BigInteger, nullable=False, index=True, comment="hour since 1970 after which it is deleted"),
)

counters = Table(
    "counters",
    metadata,
    Column("day", String(10), primary_key=True, comment="UTC, 2026-11-24"),
    Column("name", String(32), primary_key=True),
    Column("topic", String(40), primary_key=True, comment="empty where it is about no topic"),
    Column("count", Integer, nullable=False),
)
