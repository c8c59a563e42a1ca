"""The newest revision, read from the migrations' file names because Alembic is slow to import."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parent.parent / "migrations"
NEWEST = max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def is_newest(connection: Connection) -> bool:
    """Tell whether the database is at exactly the newest revision."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    heads = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return list(heads) == [NEWEST]
