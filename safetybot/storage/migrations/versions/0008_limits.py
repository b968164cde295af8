"""How much has been asked for lately, where several processes must know it together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from safetybot.storage.migrations import SOON_VACUUMED

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Worth nothing after a crash: so PostgreSQL keeps it out of its log, and out of what is copied from there.
    unlogged = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "limits",
        sa.Column(
            "name", sa.LargeBinary(16), nullable=False, comment="hash, under a key of one hour, of what is limited"
        ),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="microsecond since 1970 up to which it is used up"),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="hour since 1970 after which it is deleted"),
        sa.PrimaryKeyConstraint("name", name="pk_limits"),
        prefixes=unlogged,
        postgresql_with=SOON_VACUUMED,
    )
    op.create_index("ix_limits_expires", "limits", ["expires"])
