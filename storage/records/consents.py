"""The wordings that people agreed to: each text once, under a number that is its version."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Column, delete, exists, select

from storage.engine.repository import Repository
from storage.engine.schema import CONSENT, consent_wordings, metadata


class Consents(Repository):
    """The table `consent_wordings`."""

    async def version_of(self, text: str) -> int:
        """Return the number of a wording; one never used before gets the next number."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        known = select(consent_wordings.c.id).where(consent_wordings.c.digest == digest)
        version: int | None = await self._connection.scalar(known)
        if version is None:
            await self._connection.execute(
                self._insert(consent_wordings)
                .values(text=text, digest=digest, first_used_at=self._now)
                .on_conflict_do_nothing(index_elements=[consent_wordings.c.digest])
            )
            version = await self._connection.scalar(known)
        if version is None:
            raise LookupError("a wording just stored is not there")
        return version

    async def text_of(self, version: int) -> str | None:
        """Return the text of a version; None if no record refers to it any more."""
        return await self._connection.scalar(
            select(consent_wordings.c.text).where(consent_wordings.c.id == version)
        )

    async def forget(self, duration: timedelta) -> int:
        """Delete the wordings that no record names any more; returns how many.

        Not those that began to be used within this time: one may be about to be named.
        """
        named = [exists().where(column == consent_wordings.c.id) for column in _naming()]
        result = await self._connection.execute(
            delete(consent_wordings).where(
                consent_wordings.c.first_used_at < self._now - duration, *(~one for one in named)
            )
        )
        return result.rowcount


def _naming() -> Iterator[Column[int]]:
    """Yield the columns, of whatever table, that hold the number of a wording."""
    for table in metadata.tables.values():
        yield from (column for column in table.columns if column.info.get(CONSENT))
