"""The tables. They only change together with a migration in ``migrations/versions``.

Nothing here says who somebody is: a chat is known by a hash keyed with a secret that is not in the database, and what
is remembered of it is sealed with a key that also needs the chat's id.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    true,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    },
)

sessions = Table(
    "sessions",
    metadata,
    Column("chat_key", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True, comment="hour since 1970 after which it is deleted"),
)

fragments = Table(
    "fragments",
    metadata,
    Column("chat_key", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True, comment="second since 1970 after which it is deleted"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("chat_key", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True, comment="hour since 1970 after which it is deleted"),
)

visits = Table(
    "visits",
    metadata,
    Column("chat_key", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True, comment="second since 1970 after which it is deleted"),
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("chat_key", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True, comment="second since 1970 after which it is deleted"),
)

code_tries = Table(
    "code_tries",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False, comment="since 1970"),
    Column("count", Integer, nullable=False),
)

handled_updates = Table(
    "handled_updates",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("update_id", BigInteger, primary_key=True),
    Column("expires", BigInteger, nullable=False, index=True, comment="hour since 1970 after which it is deleted"),
)

counters = Table(
    "counters",
    metadata,
    Column("day", String(10), primary_key=True, comment="UTC, 2026-11-24"),
    Column("name", String(32), primary_key=True),
    Column("topic", String(40), primary_key=True, comment="empty where it is about no topic"),
    Column("count", Integer, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("locked_private", LargeBinary, nullable=False, comment="under the passphrase"),
    Column("salt", LargeBinary(16), nullable=False),
    Column("passes", Integer, nullable=False),
    Column("memory", BigInteger, nullable=False, comment="bytes"),
    Column("must_change", Boolean, nullable=False, comment="the passphrase was made by an operator"),
    Column("active", Boolean, nullable=False),
    Column("created", String(10), nullable=False, comment="UTC, 2026-11-24"),
    UniqueConstraint("name"),
)

recovery_key = Table(
    "recovery_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("created", String(10), nullable=False, comment="UTC, 2026-11-24"),
)

roster = Table(
    "roster",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("document", LargeBinary, nullable=False, comment="members and recovery key, as JSON"),
    Column("mac", LargeBinary(32), nullable=False, comment="of the document, by the vouching key"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("lookup_tag", LargeBinary(32), comment="of the code; null once shredded"),
    Column("public_key", LargeBinary(32), comment="null once shredded"),
    Column("locked_private", LargeBinary, comment="under the code; null once shredded"),
    Column("day", String(10), nullable=False, index=True, comment="UTC, 2026-11-24"),
    Column("urgency", String(16), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("assignee", String(16), comment="a member of staff"),
    Column("outcome", String(16)),
    Column("closed", String(10), comment="day"),
    Column("keep_until", String(10), comment="day before which it is not purged"),
    Column("warned", String(10), comment="day since which its purge is announced"),
    Column("withdrawn", String(10), comment="day"),
    Column("shredded", String(10), comment="day"),
    Column("envelopes", Integer, nullable=False, comment="how many it has had"),
    Column("counts", String(200), comment="kinds of envelopes, as JSON, once shredded"),
    Column(
        "noted",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="the staff chat was told of what is unread",
    ),
    Column("counted", Boolean, nullable=False, server_default=false(), comment="what it tells is among the figures"),
    UniqueConstraint("lookup_tag"),
)

second_factors = Table(
    "second_factors",
    metadata,
    Column("member", String(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="TOTP secret and unused recovery codes, to the member's key"),
    Column(
        "last_step", BigInteger, nullable=False, comment="of the newest TOTP code that was taken; none is taken twice"
    ),
    Column("created", String(10), nullable=False, comment="UTC, 2026-11-24"),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(32), primary_key=True, comment="hash of the credential's id"),
    Column("member", String(16), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False, comment="the credential and its name, to the member's key"),
    Column("created", String(10), nullable=False, comment="UTC, 2026-11-24"),
)

login_tries = Table(
    "login_tries",
    metadata,
    Column("counter", LargeBinary(32), primary_key=True, comment="hash of what is counted together"),
    Column("member", String(16), comment="whose account was tried; null for a name that nobody has"),
    Column("failed", Integer, nullable=False, comment="since the last that was right"),
    Column("until", BigInteger, nullable=False, comment="second since 1970 before which none is tried"),
    Column("expires", BigInteger, nullable=False, index=True, comment="hour since 1970 after which it is deleted"),
)

figures = Table(
    "figures",
    metadata,
    Column("year", String(4), primary_key=True, comment="of the report"),
    Column("dimension", String(16), primary_key=True, comment="kind, age, platform, opened within, replied within"),
    Column("value", String(40), primary_key=True),
    Column("count", Integer, nullable=False),
)

staff_chat = Table(
    "staff_chat",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("at", BigInteger, nullable=False, comment="millisecond since 1970 of the last note or try"),
)

envelopes = Table(
    "envelopes",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("day", String(10), nullable=False, comment="UTC, 2026-11-24"),
    Column("unread", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("digest", LargeBinary(16), comment="of the row, to see damage without a key"),
    ForeignKeyConstraint(["case_id"], ["cases.id"]),
)
# The desk's queue asks again and again what is unread; most is read. SQLite uses it only for this very condition.
Index(
    "ix_envelopes_unread",
    envelopes.c.case_id,
    envelopes.c.day,
    sqlite_where=envelopes.c.unread == true(),
    postgresql_where=envelopes.c.unread,
)

envelope_keys = Table(
    "envelope_keys",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("reader", String(16), primary_key=True, index=True, comment="a member of staff, recovery, or case"),
    Column("wrapped", LargeBinary, nullable=False),
    Column("digest", LargeBinary(16), comment="of the row, to see damage without a key"),
    ForeignKeyConstraint(["case_id", "number"], ["envelopes.case_id", "envelopes.number"]),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(20), nullable=False, comment="UTC; the day alone where a writer of a report acted"),
    Column("actor", String(16), nullable=False, comment="a member of staff, bot, or operator"),
    Column("act", String(24), nullable=False),
    Column("case_id", String(32), index=True),
    Column("detail", String(400), nullable=False, comment="JSON without content"),
    Column("hash", LargeBinary(32), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("number", BigInteger, nullable=False, comment="of the newest row"),
    Column("hash", LargeBinary(32), nullable=False),
    Column("sealed", BigInteger, comment="number of the newest row with a seal"),
    Column("seal", LargeBinary(32), comment="its MAC, by the vouching key"),
)

editors_key = Table(
    "editors_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("created", String(10), nullable=False, comment="UTC, 2026-11-24"),
)

unanswered = Table(
    "unanswered",
    metadata,
    Column("id", String(32), primary_key=True, comment="random"),
    Column("day", String(10), nullable=False, index=True, comment="UTC, 2026-11-24"),
    Column("sealed", LargeBinary, nullable=False, comment="masked words, with consent, to the editors' key"),
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(200), nullable=False, comment="a fact about the installation, with nobody in it"),
)

limits = Table(
    "limits",
    metadata,
    Column("name", LargeBinary(16), primary_key=True, comment="hash, under a key of one hour, of what is limited"),
    Column("until", BigInteger, nullable=False, comment="microsecond since 1970 up to which it is used up"),
    Column("expires", BigInteger, nullable=False, index=True, comment="hour since 1970 after which it is deleted"),
)
