"""Sessions, fragments, handled updates and counters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from safetybot.storage.migrations import SOON_VACUUMED

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, comment in (
        ("sessions", "hour since 1970 after which it is deleted"),
        ("fragments", "second since 1970 after which it is deleted"),
    ):
        op.create_table(
            name,
            sa.Column("chat_key", sa.LargeBinary(32), nullable=False),
            sa.Column("sealed", sa.LargeBinary(), nullable=False),
            sa.Column("expires", sa.BigInteger(), nullable=False, comment=comment),
            sa.PrimaryKeyConstraint("chat_key", name=f"pk_{name}"),
            postgresql_with=SOON_VACUUMED,
        )
        op.create_index(f"ix_{name}_expires", name, ["expires"])
    op.create_table(
        "handled_updates",
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="hour since 1970 after which it is deleted"),
        sa.PrimaryKeyConstraint("channel", "update_id", name="pk_handled_updates"),
        postgresql_with=SOON_VACUUMED,
    )
    op.create_index("ix_handled_updates_expires", "handled_updates", ["expires"])
    op.create_table(
        "counters",
        sa.Column("day", sa.String(10), nullable=False, comment="UTC, 2026-11-24"),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False, comment="empty where it is about no topic"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", "topic", name="pk_counters"),
        postgresql_with=SOON_VACUUMED,
    )
