"""Which keys a database's texts were encrypted with, so that a missing one is noticed at start.

Without this, people and the team would be shown empty texts, and nobody would know why.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.errors import DatabaseLockedUpError
from storage.engine.faults import Fault
from storage.engine.repository import insert_into
from storage.engine.schema import data_keys
from storage.engine.vault import Vault


async def lacking(connection: AsyncConnection, vault: Vault) -> tuple[str, ...]:
    """Return the ids of the keys that the database needs and that the vault does not hold."""
    rows = await connection.execute(select(data_keys.c.id, data_keys.c.sample))
    return tuple(row.id for row in rows if not vault.recognises(row.id, row.sample))


async def check_keys(connection: AsyncConnection, vault: Vault) -> None:
    """Raise `DatabaseLockedUpError` where a key is lacking."""
    if missing := await lacking(connection, vault):
        fault = Fault.WRONG_KEY if vault.ids else Fault.NO_KEY
        raise DatabaseLockedUpError(fault, missing)


async def note_key(connection: AsyncConnection, vault: Vault, now: datetime) -> None:
    """Note the key that encrypts from now on, if there is one: no start will do without it."""
    if not vault.ids:
        return
    first = vault.ids[0]
    values = {"id": first, "sample": vault.sample(first), "first_used_at": now}
    await connection.execute(
        insert_into(data_keys, connection.dialect.name).values(values).on_conflict_do_nothing()
    )
