"""Backups sealed to the recovery key, and the move from SQLite to PostgreSQL."""
