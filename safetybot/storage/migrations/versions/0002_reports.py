"""Staff, the recovery key, cases, envelopes with their keys, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from safetybot.storage.migrations import SOON_VACUUMED

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DAY = "UTC, 2026-11-24"


def upgrade() -> None:
    _staff()
    _cases()
    _audit()


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("public_key", sa.LargeBinary(32), nullable=False),
        sa.Column("locked_private", sa.LargeBinary(), nullable=False, comment="under the passphrase"),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("memory", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.Column("must_change", sa.Boolean(), nullable=False, comment="the passphrase was made by an operator"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.String(10), nullable=False, comment=_DAY),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("name", name="uq_staff_name"),
    )
    op.create_table(
        "recovery_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("public_key", sa.LargeBinary(32), nullable=False),
        sa.Column("created", sa.String(10), nullable=False, comment=_DAY),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_key"),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("lookup_tag", sa.LargeBinary(32), comment="of the code; null once shredded"),
        sa.Column("public_key", sa.LargeBinary(32), comment="null once shredded"),
        sa.Column("locked_private", sa.LargeBinary(), comment="under the code; null once shredded"),
        sa.Column("day", sa.String(10), nullable=False, comment=_DAY),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("assignee", sa.String(16), comment="a member of staff"),
        sa.Column("outcome", sa.String(16)),
        sa.Column("closed", sa.String(10), comment="day"),
        sa.Column("keep_until", sa.String(10), comment="day before which it is not purged"),
        sa.Column("warned", sa.String(10), comment="day since which its purge is announced"),
        sa.Column("withdrawn", sa.String(10), comment="day"),
        sa.Column("shredded", sa.String(10), comment="day"),
        sa.Column("envelopes", sa.Integer(), nullable=False, comment="how many it has had"),
        sa.Column("counts", sa.String(200), comment="kinds of envelopes, as JSON, once shredded"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("lookup_tag", name="uq_cases_lookup_tag"),
    )
    op.create_index("ix_cases_day", "cases", ["day"])
    op.create_index("ix_cases_status", "cases", ["status"])
    op.create_table(
        "envelopes",
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("day", sa.String(10), nullable=False, comment=_DAY),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_envelopes"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_envelopes_cases"),
        postgresql_with=SOON_VACUUMED,
    )
    op.create_table(
        "envelope_keys",
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reader", sa.String(16), nullable=False, comment="a member of staff, recovery, or case"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", "reader", name="pk_envelope_keys"),
        sa.ForeignKeyConstraint(
            ["case_id", "number"], ["envelopes.case_id", "envelopes.number"], name="fk_envelope_keys_envelopes"
        ),
        postgresql_with=SOON_VACUUMED,
    )
    op.create_index("ix_envelope_keys_reader", "envelope_keys", ["reader"])


def _audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(20), nullable=False, comment="UTC; the day alone where a writer of a report acted"),
        sa.Column("actor", sa.String(16), nullable=False, comment="a member of staff, bot, or operator"),
        sa.Column("act", sa.String(24), nullable=False),
        sa.Column("case_id", sa.String(32)),
        sa.Column("detail", sa.String(400), nullable=False, comment="JSON without content"),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_case_id", "audit_log", ["case_id"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the newest row"),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        postgresql_with=SOON_VACUUMED,
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": bytes(32)}])
