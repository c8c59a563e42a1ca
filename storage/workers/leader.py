"""Who does what must be done by one worker only, such as the scheduled work."""

from sqlalchemy import select

from storage.engine.repository import Repository
from storage.engine.schema import leaderships


class Leaderships(Repository):
    """The table `leaderships`."""

    async def stand(self, name: str, worker: str) -> None:
        """Become the leader if there is none; who leads goes on leading until they end or die."""
        await self._connection.execute(
            self._insert(leaderships)
            .values(name=name, worker=worker, since=self._now)
            .on_conflict_do_nothing(index_elements=[leaderships.c.name])
        )

    async def hold(self, name: str, worker: str) -> bool:
        """Tell whether this worker leads, which nobody else then does until this unit of work ends.

        False too where its own lead is in use already.
        """
        leader = await self._connection.scalar(
            select(leaderships.c.worker)
            .where(leaderships.c.name == name)
            .with_for_update(skip_locked=True)
        )
        return leader == worker
