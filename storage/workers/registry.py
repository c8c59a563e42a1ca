"""The workers that share a database: which are alive, and freeing the claims of dead ones."""

import os
import secrets
import socket
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, union_all
from sqlalchemy.sql.dml import ReturningUpdate

from storage.engine.claims import ALL, WORKER, Claims
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
        """Free the rows whose worker is dead, and count a crash; returns how many were freed."""
        freed = 0
        for claims in ALL:
            freed += len((await self._connection.execute(claims.freeing_lost())).all())
        await self._connection.execute(delete(rests).where(rests.c.until < self._now - _REST_KEPT))
        return freed

    async def free_crashed(self, worker: str) -> int:
        """Free the rows of a former run of this worker, and count a crash; returns how many."""
        return await self._free(worker, Claims.freeing_crashed)

    async def give_back(self, worker: str) -> int:
        """Free the rows of a worker that ends in order; returns how many."""
        return await self._free(worker, Claims.freeing_own)

    async def held(self, worker: str, *, suspects: bool = False) -> bool:
        """Tell whether a worker holds any row, of any table; or any that was in a crash."""
        statement = _HELD_SUSPECTS if suspects else _HELD
        return bool(await self._connection.scalar(statement, {WORKER: worker}))

    async def suspects(self) -> int:
        """Count the rows that wait and were held by a worker when it died."""
        return await self._connection.scalar(_SUSPECTS) or 0

    async def _free(
        self, worker: str, freeing: Callable[[Claims], ReturningUpdate[tuple[Any]]]
    ) -> int:
        freed = 0
        for claims in ALL:
            result = await self._connection.execute(freeing(claims), {WORKER: worker})
            freed += len(result.all())
        return freed


_HELD = select(or_(*(claims.held().exists() for claims in ALL)))
_HELD_SUSPECTS = select(or_(*(claims.suspects().where(claims.is_mine).exists() for claims in ALL)))
_SUSPECTS = select(func.count()).select_from(
    union_all(*(claims.suspects() for claims in ALL)).subquery()
)
