"""Updates as they came from Telegram, kept until their handling has committed."""

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from storage.engine.claims import INBOX, WORKER, Which
from storage.engine.errors import ClaimLostError, InboxFullError
from storage.engine.repository import Repository, insert_into, is_due, moments
from storage.engine.schema import INBOX_WAITING, inbox

# Telegram keeps an update for 24 hours, and after a week without updates may restart its numbers
# anywhere: older rows neither catch repeated updates nor give the next number.
CURSOR_MEMORY = timedelta(days=3)
# Half an hour at Telegram's fastest pace; Telegram itself keeps further updates for a day.
MOST_WAITING = 50_000


class InboxState(StrEnum):
    """Where an update stands."""

    WAITING = "waiting"
    DONE = "done"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class Received:
    """An update to keep: Telegram's number, the chat that it is queued in, its raw JSON.

    Of a message, new or edited, also its number and a checksum of its words.
    """

    update_id: int
    chat_id: int
    body: str
    message_id: int | None = None
    checksum: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingUpdate:
    """An update to handle; `attempts` counts the failed ones, `crashes` the processes it was in."""

    update_id: int
    chat_id: int
    body: str
    received_at: datetime
    attempts: int
    crashes: int = 0


class Capacity:
    """Limits how many updates may wait; counts them again once part of the room is used."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._uncounted = 0

    async def take(self, count: int, inbox: "Inbox") -> None:
        """Reserve room for `count` updates; raises InboxFullError if there is not enough."""
        if count > self._uncounted:
            room = self._most - await inbox.backlog()
            if count > room:
                raise InboxFullError(f"{self._most} updates wait already")
            # Other processes fill the same inbox: use an eighth of the room before counting again.
            self._uncounted = max(count, room // 8)
        self._uncounted -= count


class Inbox(Repository):
    """The table `inbox`."""

    async def add(self, rows: Sequence[Received], within: Capacity | None = None) -> int:
        """Insert these updates in one statement; those already stored, even done, are ignored.

        Returns how many are new. Raises InboxFullError if there is no room for them.
        """
        if not rows:
            return 0
        if within is not None:
            await within.take(len(rows), self)
        result = await self._connection.execute(
            _adding(self._dialect),
            [self._waiting_row(row) for row in rows],
        )
        return len(result.all())

    async def claim(
        self, worker: str, busy: Collection[int], limit: int, which: Which = Which.SOUND
    ) -> tuple[WaitingUpdate, ...]:
        """Claim the oldest waiting update of each chat, oldest first.

        A chat is skipped whole while another worker handles it, while this one does (`busy`), and
        while its oldest update is postponed. Unfinished claims of this worker are returned again.
        Raises ClaimLostError, with nothing claimed, if another worker took the same chat at the
        same time.
        """
        try:
            result = await self._connection.execute(
                _CLAIM,
                {WORKER: worker, "busy": list(busy), "most": limit}
                | which.parameters
                | moments(self._now),
            )
        except IntegrityError as error:
            raise ClaimLostError("another worker took the same chat") from error
        return tuple(sorted((WaitingUpdate(*row) for row in result), key=lambda one: one.update_id))

    async def has_suspect(self, busy: Collection[int]) -> bool:
        """Tell whether an update that was in a crash could be handled now, in a free chat."""
        parameters = {WORKER: None, "busy": list(busy)} | Which.SUSPECT.parameters
        return bool(await self._connection.scalar(_HAS_SUSPECT, parameters | moments(self._now)))

    async def done(self, update_ids: Collection[int], worker: str | None = None) -> None:
        """Mark updates as handled and erase their content.

        Raises ClaimLostError if the named worker has lost its claim to one of them.
        """
        parameters = {"of_updates": list(update_ids), WORKER: worker, "now": self._now}
        statement = _DONE_BY_ANYBODY if worker is None else _DONE
        result = await self._connection.execute(statement, parameters)
        _check_claims(worker, update_ids, result.rowcount)

    async def forget(self, update_ids: Collection[int], worker: str | None = None) -> None:
        """Delete updates that need no answer, even if Telegram sends them again.

        Raises ClaimLostError if the named worker has lost its claim to one of them.
        """
        statement = delete(inbox).where(inbox.c.update_id.in_(update_ids))
        if worker is not None:
            statement = statement.where(inbox.c.claimed_by == worker)
        result = await self._connection.execute(statement)
        _check_claims(worker, update_ids, result.rowcount)

    async def changes_words(self, chat_id: int, message_id: int, update_id: int) -> bool | None:
        """Tell whether an edit changes the words of a message; None if the former are not kept."""
        result = await self._connection.scalars(
            select(inbox.c.checksum)
            .where(
                inbox.c.chat_id == chat_id,
                inbox.c.message_id == message_id,
                inbox.c.update_id <= update_id,
            )
            .order_by(inbox.c.update_id.desc())
            .limit(2)
        )
        match result.all():
            case [now, before] if before is not None:
                return bool(now != before)
        return None

    async def is_last_typed(self, chat_id: int, message_id: int) -> bool:
        """Tell whether no newer message of a chat is known than this one."""
        last = await self._connection.scalar(
            select(func.max(inbox.c.message_id)).where(inbox.c.chat_id == chat_id)
        )
        return bool(last == message_id)

    async def set_aside(self, update_id: int, reference: str, worker: str | None = None) -> None:
        """Stop trying an update that cannot be handled; the reference leads to it in the logs.

        Raises ClaimLostError if the named worker has lost its claim to it.
        """
        result = await self._connection.execute(
            INBOX.giving_back(
                update_id,
                worker,
                done_at=self._now,
                not_before=None,
                state=InboxState.ASIDE,
                reference=reference,
            )
        )
        _check_claims(worker, [update_id], result.rowcount)

    async def postpone(self, update_id: int, until: datetime, worker: str | None = None) -> None:
        """Count a failed attempt; the update and its chat wait until then."""
        await self._connection.execute(
            INBOX.giving_back(update_id, worker, attempts=inbox.c.attempts + 1, not_before=until)
        )

    async def cursor(self) -> int | None:
        """Return the highest update number of the last three days: polling starts after it."""
        highest: int | None = await self._connection.scalar(
            select(func.max(inbox.c.update_id)).where(
                inbox.c.received_at > self._now - CURSOR_MEMORY
            )
        )
        return highest

    async def backlog(self) -> int:
        """Count the updates that wait."""
        count = await self._connection.scalar(
            select(func.count()).select_from(inbox).where(INBOX_WAITING)
        )
        return count or 0

    async def next_due(self) -> datetime | None:
        """Tell when the first postponed chat may be tried again; those due already do not count."""
        due: datetime | None = await self._connection.scalar(_NEXT_DUE, moments(self._now))
        return due

    def _waiting_row(self, row: Received) -> dict[str, object]:
        return {
            "update_id": row.update_id,
            "chat_id": row.chat_id,
            "body": row.body,
            "received_at": self._now,
            "state": InboxState.WAITING,
            "message_id": row.message_id,
            "checksum": row.checksum,
        }


def _check_claims(worker: str | None, update_ids: Collection[int], changed: int) -> None:
    if worker is not None and changed < len(update_ids):
        raise ClaimLostError(f"one of the updates {list(update_ids)} is not this worker's any more")


def _has_earlier() -> ColumnElement[bool]:
    return INBOX.has_other(INBOX.other.c.update_id < inbox.c.update_id)


# These statements run for every update and are built once: building takes longer than running.
_NOW = bindparam("now", type_=inbox.c.not_before.type)
_IS_DUE = is_due(inbox.c.not_before)
# A claimed update blocks its chat, even where an earlier update has arrived since.
_HEADS = INBOX.heads(~_has_earlier(), ~INBOX.has_claimed()).where(
    inbox.c.chat_id.not_in(bindparam("busy", expanding=True)), _IS_DUE
)
_HAS_SUSPECT = select(_HEADS.exists())
_CLAIM = INBOX.claiming(
    _HEADS.order_by(inbox.c.received_at, inbox.c.update_id).limit(bindparam("most"))
).returning(*(inbox.c[name] for name in WaitingUpdate.__slots__))
_DONE_BY_ANYBODY = (
    update(inbox)
    .where(inbox.c.update_id.in_(bindparam("of_updates", expanding=True)))
    .values(done_at=_NOW, not_before=None, claimed_by=None, state=InboxState.DONE, body=None)
)
_DONE = _DONE_BY_ANYBODY.where(INBOX.is_mine)
_NEXT_DUE = select(func.min(inbox.c.not_before)).where(INBOX_WAITING, ~_has_earlier(), ~_IS_DUE)


@functools.cache
def _adding(dialect: str) -> ReturningInsert[Any]:
    return insert_into(inbox, dialect).on_conflict_do_nothing().returning(inbox.c.update_id)
