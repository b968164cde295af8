"""Drafts of reports, visits with a code, how many codes were tried, and of which cases the staff chat was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from safetybot.storage.migrations import SOON_VACUUMED

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sealed("drafts", "hour since 1970 after which it is deleted")
    _sealed("visits", "second since 1970 after which it is deleted")
    op.create_table(
        "code_tries",
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False, comment="since 1970"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name="pk_code_tries"),
    )
    # Not in a batch, which makes the table anew: SQLite drops none that rows of another refer to.
    op.add_column(
        "cases",
        sa.Column(
            "noted",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="the staff chat was told of what is unread",
        ),
    )


def _sealed(table: str, expires: str) -> None:
    op.create_table(
        table,
        sa.Column("chat_key", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment=expires),
        sa.PrimaryKeyConstraint("chat_key", name=f"pk_{table}"),
        postgresql_with=SOON_VACUUMED,
    )
    op.create_index(f"ix_{table}_expires", table, ["expires"])
