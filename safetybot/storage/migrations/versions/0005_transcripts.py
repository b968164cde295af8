"""What a web page shows of its conversation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from safetybot.storage.migrations import SOON_VACUUMED

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcripts",
        sa.Column("chat_key", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="second since 1970 after which it is deleted"),
        sa.PrimaryKeyConstraint("chat_key", name="pk_transcripts"),
        postgresql_with=SOON_VACUUMED,
    )
    op.create_index("ix_transcripts_expires", "transcripts", ["expires"])
