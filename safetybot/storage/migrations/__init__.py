"""How the tables came to be what they are, step by step (Alembic)."""

SOON_VACUUMED = {"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_vacuum_threshold": 50}
"""For PostgreSQL: tables whose rows come and go are cleared when a fiftieth of them has gone, not a fifth."""
