"""Passkeys, and tries to log in that are counted for an account instead of 16 bits of a name's hash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(32), nullable=False, comment="hash of the credential's id"),
        sa.Column("member", sa.String(16), nullable=False),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=False, comment="the credential and its name, to the member's key"
        ),
        sa.Column("created", sa.String(10), nullable=False, comment="UTC, 2026-11-24"),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
    )
    op.create_index("ix_passkeys_member", "passkeys", ["member"])
    # Two bytes of a hash do not say whose tries they were. They were to be forgotten within a day.
    op.drop_table("login_tries")
    op.create_table(
        "login_tries",
        sa.Column("counter", sa.LargeBinary(32), nullable=False, comment="hash of what is counted together"),
        sa.Column("member", sa.String(16), comment="whose account was tried; null for a name that nobody has"),
        sa.Column("failed", sa.Integer(), nullable=False, comment="since the last that was right"),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="second since 1970 before which none is tried"),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="hour since 1970 after which it is deleted"),
        sa.PrimaryKeyConstraint("counter", name="pk_login_tries"),
    )
    op.create_index("ix_login_tries_expires", "login_tries", ["expires"])
