"""The workers that share a database: which are alive, and freeing the claims of dead ones."""

import os
import secrets
import socket
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, select

from storage.engine.claims import ALL
from storage.engine.repository import Repository
from storage.engine.schema import rests, workers

# A pause lasts a minute at most (Telegram's limits for groups); its row names a chat and is then
# deleted.
_REST_KEPT = timedelta(minutes=2)


def new_worker() -> str:
    """Return a name for this process that no other has or had."""
    return f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(4)}"


class Workers(Repository):
    """The table `workers`, and all claims."""

    async def beat(self, worker: str) -> dict[str, int]:
        """Record a heartbeat of a worker; returns the heartbeat counts of the others."""
        statement = self._insert(workers).values(id=worker, beats=1)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[workers.c.id], set_={"beats": workers.c.beats + 1}
            )
        )
        return {other: beats for other, beats in (await self.beats()).items() if other != worker}

    async def beats(self) -> dict[str, int]:
        """Return each worker's heartbeat count; a dead worker stays until another notices it."""
        result = await self._connection.execute(select(workers.c.id, workers.c.beats))
        return {row.id: row.beats for row in result}

    async def remove(self, ids: Collection[str]) -> None:
        """Delete workers that died or ended."""
        await self._connection.execute(delete(workers).where(workers.c.id.in_(ids)))

    async def free(self) -> int:
        """Free the rows whose worker is not alive; returns how many rows were freed."""
        freed = 0
        for claims in ALL:
            freed += len((await self._connection.execute(claims.freeing())).all())
        await self._connection.execute(delete(rests).where(rests.c.until < self._now - _REST_KEPT))
        return freed
