"""The editors' public key, and what young people let the editors see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from safetybot.storage.migrations import SOON_VACUUMED

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "editors_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("public_key", sa.LargeBinary(32), nullable=False),
        sa.Column("created", sa.String(10), nullable=False, comment="UTC, 2026-11-24"),
        sa.PrimaryKeyConstraint("id", name="pk_editors_key"),
    )
    op.create_table(
        "unanswered",
        sa.Column("id", sa.String(32), nullable=False, comment="random"),
        sa.Column("day", sa.String(10), nullable=False, comment="UTC, 2026-11-24"),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=False, comment="masked words, with consent, to the editors' key"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_unanswered"),
        postgresql_with=SOON_VACUUMED,
    )
    op.create_index("ix_unanswered_day", "unanswered", ["day"])
