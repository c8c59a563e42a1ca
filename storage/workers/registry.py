"""The processes that share a database: who is alive, and what the dead ones leave to others."""

import os
import secrets
import socket
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, select

from storage.engine.claims import ALL
from storage.engine.repository import Repository
from storage.engine.schema import rests, workers

# A rest is for a minute at most (the limits of groups); then its row, with a chat's id, goes.
_REST_KEPT = timedelta(minutes=2)


def new_worker() -> str:
    """Name this process, like no other that is or was."""
    return f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(4)}"


class Workers(Repository):
    """The table `workers`, and all claims."""

    async def beat(self, worker: str) -> dict[str, int]:
        """Record that a worker lives; tell how often each of the others did."""
        statement = self._insert(workers).values(id=worker, beats=1)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[workers.c.id], set_={"beats": workers.c.beats + 1}
            )
        )
        return {one: beats for one, beats in (await self.beats()).items() if one != worker}

    async def beats(self) -> dict[str, int]:
        """Tell how often each worker recorded that it lives; dead ones stay until another sees."""
        result = await self._connection.execute(select(workers.c.id, workers.c.beats))
        return {row.id: row.beats for row in result}

    async def remove(self, ids: Collection[str]) -> None:
        """Forget workers that died or ended."""
        await self._connection.execute(delete(workers).where(workers.c.id.in_(ids)))

    async def free(self) -> int:
        """Free what is claimed by nobody alive; count the rows that others may take now."""
        freed = 0
        for claims in ALL:
            freed += len((await self._connection.execute(claims.freeing())).all())
        await self._connection.execute(delete(rests).where(rests.c.until < self._now - _REST_KEPT))
        return freed
