"""Alembic's entry: migrations on the caller's connection, or as SQL for an administrator."""

import logging

from alembic import context

from storage.engine.schema import metadata

# The programme says itself which revision it reached.
logging.getLogger("alembic").setLevel(logging.WARNING)

if context.is_offline_mode():
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        target_metadata=metadata,
        literal_binds=True,
    )
else:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite alters a table by rebuilding it.
        render_as_batch=True,
    )

with context.begin_transaction():
    context.run_migrations()
