"""When the staff chat was last written to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "staff_chat",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="millisecond since 1970 of the last note or try"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_chat"),
    )
    op.bulk_insert(table, [{"id": 1, "at": 0}])
