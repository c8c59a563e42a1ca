"""Which key each stored text is under, and putting all of them under the newest."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Table,
    Text,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from storage.engine.keys_in_use import check_keys, note_key
from storage.engine.repository import Repository
from storage.engine.schema import data_keys, interests, metadata, people
from storage.engine.secrets_at_rest import SecretJson, sealed_columns
from storage.engine.vault import MARK, PREFIX_LENGTH, Vault, vault_of

# Columns that are searched for equality, and the digest beside each.
_DIGESTED = {interests: ("contact", "contact_digest"), people: ("address", "address_digest")}
# Under this id, `Sealing.usage` counts the texts in clear.
CLEAR = ""
SEALED_TABLES = tuple(table for table in metadata.sorted_tables if sealed_columns(table))
_EMPTY = ("", "{}", "[]", "null")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows put under the newest key, values that no key reads, and the last row that was read.

    ``last`` is None at the end of the table.
    """

    rows: int
    unread: int
    last: int | None


class Sealing(Repository):
    """Every encrypted column of every table."""

    @property
    def _vault(self) -> Vault:
        return vault_of(self._connection.dialect)

    async def knows_key(self) -> bool:
        """Tell whether this database was already opened with the key that encrypts now."""
        noted = await self._connection.scalars(select(data_keys.c.id))
        return self._vault.ids[:1] == tuple(one for one in noted if one == self._vault.ids[0])

    async def check(self) -> None:
        """Note the key that encrypts; `DatabaseLockedUpError` where a key is lacking."""
        await check_keys(self._connection, self._vault)
        await note_key(self._connection, self._vault, self._now)

    async def usage(self) -> dict[str, int]:
        """Count the values under each key, by its id; those in clear are under `CLEAR`."""
        found: Counter[str] = Counter()
        for table in SEALED_TABLES:
            for name in sealed_columns(table):
                start = _start(table.c[name])
                key = case(
                    (func.substr(start, 1, len(MARK)) == MARK, func.substr(start, len(MARK) + 1)),
                    else_=CLEAR,
                )
                counted = select(key, func.count()).where(_is_filled(table.c[name])).group_by(key)
                for named, count in await self._connection.execute(counted):
                    # A text in clear that begins with the mark is told by a second colon.
                    found[CLEAR if named.startswith(":") else named.rstrip(":")] += count
        return dict(found)

    async def reseal(self, table: Table, after: int, most: int) -> Batch:
        """Put the next rows of a table under the newest key, in the order of their numbers.

        What no key reads stays as it is.
        """
        (key,), names = table.primary_key, sealed_columns(table)
        rows = await self._connection.execute(
            select(key, *(_raw(table.c[name]) for name in names))
            .where(key > after, or_(*self._stale(table)))
            .order_by(key)
            .limit(most)
            # A row that the bot changes meanwhile is read as it is after that.
            .with_for_update()
        )
        unread, number, last = 0, 0, None
        for row in rows.all():
            last = row[0]
            values, lost = self._opened(table, dict(zip(names, row[1:], strict=True)))
            if values:
                await self._connection.execute(update(table).where(key == last).values(values))
            number, unread = number + 1, unread + lost
        return Batch(number, unread, last)

    async def retire(self) -> tuple[str, ...]:
        """Forget the keys that nothing is under any more; returns their ids."""
        needed = {*await self.usage(), *self._vault.ids[:1]}
        result = await self._connection.execute(
            delete(data_keys).where(data_keys.c.id.not_in(needed)).returning(data_keys.c.id)
        )
        return tuple(sorted(result.scalars()))

    def _stale(self, table: Table) -> Iterator[ColumnElement[bool]]:
        """Select what is not under the newest key."""
        for name in sealed_columns(table):
            yield _is_filled(table.c[name]) & (_start(table.c[name]) != self._vault.prefix)
        if table in _DIGESTED:
            text, digest = (table.c[name] for name in _DIGESTED[table])
            is_current = digest.startswith(f"{self._vault.ids[0]}:")
            yield _is_filled(text) & func.coalesce(~is_current, true())

    def _opened(self, table: Table, stored: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Return a row's values in clear, without those that no key reads; and how many these are.

        Storing them encrypts them.
        """
        values: dict[str, Any] = {}
        for name, raw in stored.items():
            if not (isinstance(raw, str) and raw.startswith(MARK)):
                values[name] = raw
            elif (text := self._vault.opened(raw)) is not None:
                is_json = isinstance(table.c[name].type, SecretJson)
                values[name] = orjson.loads(text) if is_json else text
        lost = len(stored) - len(values)
        text, digest = _DIGESTED.get(table, ("", ""))
        if values.get(text):
            values[digest] = self._vault.digest(values[text])
        return values, lost


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    """Select a column as it is stored."""
    return type_coerce(column, JSON() if isinstance(column.type, SecretJson) else Text())


def _stored_text(column: Column[Any]) -> ColumnElement[str]:
    is_json = isinstance(column.type, SecretJson)
    return cast(column, Text) if is_json else type_coerce(column, Text)


def _start(column: Column[Any]) -> ColumnElement[str]:
    """Select what may be the mark and the key's id; JSON puts a quotation mark before it."""
    first = 2 if isinstance(column.type, SecretJson) else 1
    return func.substr(_stored_text(column), first, PREFIX_LENGTH)


def _is_filled(column: Column[Any]) -> ColumnElement[bool]:
    return column.is_not(None) & _stored_text(column).not_in(_EMPTY)
