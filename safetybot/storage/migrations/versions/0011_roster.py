"""The list of members that is vouched for, and the audit head's seal.

The rows that are there are vouched for by whoever runs this with the server's secret (``storage/database.py``).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "roster",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("document", sa.LargeBinary(), nullable=False, comment="members and recovery key, as JSON"),
        sa.Column("mac", sa.LargeBinary(32), nullable=False, comment="of the document, by the vouching key"),
        sa.PrimaryKeyConstraint("id", name="pk_roster"),
    )
    op.add_column("audit_head", sa.Column("sealed", sa.BigInteger(), comment="number of the newest row with a seal"))
    op.add_column("audit_head", sa.Column("seal", sa.LargeBinary(32), comment="its MAC, by the vouching key"))
