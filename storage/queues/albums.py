"""Which albums got a word: their photos come as updates of their own, and one word is enough."""

import hashlib
from datetime import timedelta

from sqlalchemy import exists, select, update

from storage.engine.repository import Repository
from storage.engine.schema import inbox

# The photos of an album arrive within seconds; after an outage, Telegram keeps them for a day.
_WITHIN = timedelta(days=1)
_DIGEST_BYTES = 12


class Albums(Repository):
    """The marks of albums, kept in the rows of the inbox and as long as these."""

    async def is_first(self, chat_id: int, update_id: int, album: str) -> bool:
        """Mark an album (Bot API, `media_group_id`) as answered; False if it was already.

        The updates of a chat are handled one after the other, by whichever worker.
        """
        mark = _mark(album)
        answered = exists().where(
            inbox.c.chat_id == chat_id,
            inbox.c.received_at > self._now - _WITHIN,
            inbox.c.reference == mark,
            inbox.c.update_id != update_id,
        )
        if await self._connection.scalar(select(answered)):
            return False
        await self._connection.execute(
            update(inbox).where(inbox.c.update_id == update_id).values(reference=mark)
        )
        return True


def _mark(album: str) -> str:
    # A digest: an id from outside may be longer than the column.
    written = album.encode("utf-8", "surrogatepass")
    return f"album:{hashlib.blake2b(written, digest_size=_DIGEST_BYTES).hexdigest()}"
