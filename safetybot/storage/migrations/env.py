"""Alembic's entrance: runs migrations on the connection that :mod:`safetybot.storage.database` hands over."""

from alembic import context

from safetybot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
