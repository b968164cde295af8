"""Second factors, log-ins that failed, and the figures of a year, for the desk; an index of what is unread."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("member", sa.String(16), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="TOTP secret and unused recovery codes, to the member's key",
        ),
        sa.Column(
            "last_step",
            sa.BigInteger(),
            nullable=False,
            comment="of the newest TOTP code that was taken; none is taken twice",
        ),
        sa.Column("created", sa.String(10), nullable=False, comment="UTC, 2026-11-24"),
        sa.PrimaryKeyConstraint("member", name="pk_second_factors"),
    )
    op.create_table(
        "login_tries",
        sa.Column("name_key", sa.LargeBinary(32), nullable=False, comment="hash of the name that was typed"),
        sa.Column("failed", sa.Integer(), nullable=False, comment="since the last that was right"),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="second since 1970 before which none is tried"),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="hour since 1970 after which it is deleted"),
        sa.PrimaryKeyConstraint("name_key", name="pk_login_tries"),
    )
    op.create_index("ix_login_tries_expires", "login_tries", ["expires"])
    op.create_table(
        "figures",
        sa.Column("year", sa.String(4), nullable=False, comment="of the report"),
        sa.Column(
            "dimension", sa.String(16), nullable=False, comment="kind, age, platform, opened within, replied within"
        ),
        sa.Column("value", sa.String(40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", "dimension", "value", name="pk_figures"),
    )
    # Not in a batch, which makes the table anew: SQLite drops none that rows of another refer to.
    op.add_column(
        "cases",
        sa.Column(
            "counted",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="what it tells is among the figures",
        ),
    )
    unread = sa.table("envelopes", sa.column("unread", sa.Boolean())).c.unread
    op.create_index(
        "ix_envelopes_unread",
        "envelopes",
        ["case_id", "day"],
        sqlite_where=unread == sa.true(),
        postgresql_where=unread,
    )
