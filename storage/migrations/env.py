"""Alembic's entry point: runs migrations on the caller's connection, or prints them as SQL."""

import logging

from alembic import context

from storage.engine.schema import metadata

# The programme itself logs the revision reached.
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
        # SQLite cannot alter most of a table: batch mode rebuilds it.
        render_as_batch=True,
    )

with context.begin_transaction():
    context.run_migrations()
