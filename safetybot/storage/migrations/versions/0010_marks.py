"""A few facts about the installation, that all its processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.String(200), nullable=False, comment="a fact about the installation, with nobody in it"),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
    )
