"""What all tables hang on, and the marks that they may bear."""

from typing import Any

from sqlalchemy import ColumnElement, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Key of `Table.info` that marks tables about the running processes: never copied to another
# database.
TRANSIENT = "transient"
# Key of `Column.info` that marks the number of a wording: wordings that no row names are forgotten.
CONSENT = "consent"


def where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Return the arguments of a partial index, for both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}
