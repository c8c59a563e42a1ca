"""Runs the migrations from the program itself: there is no alembic.ini.

To change a table: change `schema`, write the next numbered file of `migrations/versions` by
hand, and run the tests, which compare the two.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.engine.errors import DatabaseTooNewError
from storage.engine.revision import MIGRATIONS

# Any constant will do, as long as no other program uses it on the same PostgreSQL server.
_ADVISORY_LOCK = 7_013_013_001


def upgrade(connection: Connection) -> str:
    """Run the missing migrations in the connection's transaction; return the revision reached.

    Raises `DatabaseTooNewError` if this version does not know the database's revision.
    """
    if connection.dialect.name == "postgresql":
        # Two processes may start at once: the lock makes them migrate one after the other, as
        # SQLite's BEGIN IMMEDIATE does.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = configuration()
    _refuse_unknown(connection, ScriptDirectory.from_config(config))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return ", ".join(MigrationContext.configure(connection).get_current_heads())


def configuration() -> Config:
    """Return Alembic's configuration."""
    config = Config()
    # Escape percent signs of the path: ConfigParser would interpolate them.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _refuse_unknown(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise DatabaseTooNewError(
            f"the database is at revision {', '.join(sorted(unknown))}, unknown to this version"
        )
