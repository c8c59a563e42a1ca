"""The outbox: calls to Telegram, stored in the transaction of their cause and made later."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from storage.engine.claims import OUTBOX, WORKER, Which
from storage.engine.errors import ClaimLostError
from storage.engine.repository import moments
from storage.engine.schema import OUTBOX_WAITING, outbox
from storage.queues import outbox_statements as statements
from storage.queues.measure import fitted
from storage.queues.outgoing import (
    EMAIL,
    Audience,
    Delivery,
    Making,
    OutboxState,
    Outgoing,
    Pending,
    Priority,
    digest_of,
    lane_of,
)
from storage.queues.whereabouts import Whereabouts
from storage.subject import Kind, Subject, is_of

# Re-exported: callers import the values and their repository from one module.
__all__ = [
    "EMAIL",
    "Audience",
    "Delivery",
    "Making",
    "Outbox",
    "OutboxState",
    "Outgoing",
    "Pending",
    "Priority",
    "digest_of",
    "lane_of",
]

# Somebody is told of each of these calls in the same transaction: others wait for that.
_HELD_AT_ONCE = 50


class Outbox(Whereabouts):
    """The table `outbox`; its delivery records and `chat_moves` by inheritance."""

    def owe(self, outgoing: Outgoing) -> None:
        """Queue this call, within Telegram's limits; it is stored only if the unit commits."""
        for part in fitted(outgoing):
            self._changes.owed += 1
            # The number is the key: rows are written in the order in which they were queued.
            self._changes.put_off(outbox, statements.OWE, self._changes.owed, self._row(part))

    async def add(self, outgoing: Outgoing) -> int:
        """Queue this call at once and return its id; if it had to be divided, that of its end."""
        await self._changes.write(outbox)
        for part in fitted(outgoing):
            self._changes.owed += 1
            result = await self._connection.execute(statements.ADD, self._row(part))
        return int(result.scalar_one())

    async def claim(
        self,
        worker: str,
        busy: Collection[str],
        limit: int,
        audiences: Collection[Audience],
        which: Which = Which.SOUND,
        *,
        in_hours: bool = True,
    ) -> tuple[Pending, ...]:
        """Claim the first waiting call of each lane: answers before broadcasts, then the oldest.

        Unless the office is open (``in_hours``), calls that keep its hours are passed over.

        A lane is skipped whole while another worker serves it, while it pauses (`busy`, or a row of
        `rests` for this lane or for all), and while its first call is postponed; audiences not
        listed keep waiting. Unfinished claims of this worker are returned again. Raises
        ClaimLostError, with nothing claimed, if another worker took the same lane at the same time.
        """
        parameters = {
            WORKER: worker,
            "busy": list(busy),
            "audiences": list(audiences),
            "most": limit,
        } | moments(self._now)
        parameters |= which.parameters
        try:
            result = await self._connection.execute(statements.CLAIM[in_hours], parameters)
        except IntegrityError as error:
            raise ClaimLostError("another worker took the same lane") from error
        claimed = map(statements.pending, result)
        return tuple(sorted(claimed, key=lambda item: (item.priority, item.id)))

    async def has_suspect(
        self, busy: Collection[str], audiences: Collection[Audience], *, in_hours: bool = True
    ) -> bool:
        """Tell whether a call that was in a crash could be made now, in a free lane."""
        parameters = (
            {WORKER: None, "busy": list(busy), "audiences": list(audiences)}
            | Which.SUSPECT.parameters
            | moments(self._now)
        )
        return bool(await self._connection.scalar(statements.HAS_SUSPECT[in_hours], parameters))

    async def sent(self, outgoing_id: int, chat_id: int, message_id: int | None) -> bool:
        """Delete a call that was made, or keep only its delivery record when it has a subject.

        False if the row is gone: it was erased while it was being sent, and the caller should
        delete the message too.
        """
        if await self.forget([outgoing_id]):
            return True
        return await self._change(
            outgoing_id,
            state=OutboxState.SENT,
            payload=None,
            attachment=None,
            filename=None,
            error=None,
            sent_chat_id=chat_id,
            message_id=message_id,
            sent_at=self._now,
            claimed_by=None,
        )

    async def mailed(self, outgoing_id: int) -> None:
        """Delete an e-mail that the mail server took: neither text nor address is kept."""
        await self._connection.execute(statements.MAILED, {"number": outgoing_id})

    async def forget(self, ids: Collection[int]) -> int:
        """Delete those of the calls made that have no subject; returns how many."""
        result = await self._connection.execute(statements.FORGET, {"ids": list(ids)})
        return result.rowcount

    async def postpone(
        self,
        outgoing_id: int,
        until: datetime,
        error: str | ColumnElement[str],
        worker: str | None = None,
        **values: object,
    ) -> None:
        """Count a failed attempt; the call and its lane wait until then (see `defer`)."""
        attempts = outbox.c.attempts + 1
        await self.defer(outgoing_id, until, worker, attempts=attempts, error=error, **values)

    async def defer(
        self, outgoing_id: int, until: datetime, worker: str | None = None, **values: object
    ) -> None:
        """Make the call and its lane wait until then; ``values`` are further columns to change."""
        await self._give_back(outgoing_id, worker, not_before=until, **values)

    async def hold(self, lane: str, reason: str) -> tuple[Subject, ...]:
        """Mark the calls that wait in a lane for this reason, some at a time.

        Returns the subjects of the new messages among those that were not marked yet.
        """
        is_unmarked = outbox.c.error.is_distinct_from(reason)
        first = (
            select(outbox.c.id)
            .where(OUTBOX_WAITING, outbox.c.lane == lane, is_unmarked)
            .order_by(outbox.c.priority, outbox.c.id)
            .limit(_HELD_AT_ONCE)
        )
        result = await self._connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(first))
            .values(error=reason)
            .returning(outbox.c.method, outbox.c.about)
        )
        subjects = [Subject.parse(row.about) for row in result if row.method == "sendMessage"]
        return tuple([subject for subject in subjects if subject is not None])

    async def reword(
        self,
        about: Subject,
        audience: Audience,
        payload: Mapping[str, Any],
        *,
        keeps_hours: bool = False,
    ) -> bool:
        """Replace the content of a message about something that still waits; False without one.

        It keeps the office's hours only where both do.
        """
        await self._changes.write(outbox)
        waiting = select(func.max(outbox.c.id)).where(
            OUTBOX_WAITING,
            outbox.c.about == about.pack(),
            outbox.c.audience == audience,
            outbox.c.method == "sendMessage",
            outbox.c.claimed_by.is_(None),
        )
        result = await self._connection.execute(
            update(outbox)
            .where(outbox.c.id == waiting.scalar_subquery(), outbox.c.claimed_by.is_(None))
            .values(payload=dict(payload), **_unless(keeps_hours))
        )
        return result.rowcount > 0

    async def waiting_since(self, about: Subject) -> datetime | None:
        """Return since when a new message about something waits; None where none does."""
        await self._changes.write(outbox)
        since: datetime | None = await self._connection.scalar(
            select(func.min(outbox.c.created_at)).where(_is_new(about))
        )
        return since

    async def drop_waiting(self, about: Subject) -> None:
        """Drop the new messages about something that wait, even those that are being sent.

        What arrives of them all the same is deleted by its sender.
        """
        await self._changes.write(outbox)
        await self._connection.execute(delete(outbox).where(_is_new(about)))

    async def edit_waiting(
        self,
        about: Subject,
        place: Delivery,
        payload: Mapping[str, Any],
        *,
        keeps_hours: bool = False,
    ) -> bool:
        """Replace the content of an edit of this message that still waits; False without one.

        It keeps the office's hours only where both do.
        """
        await self._changes.write(outbox)
        edits = await self._connection.execute(
            select(outbox.c.id, outbox.c.payload)
            .where(OUTBOX_WAITING, outbox.c.about == about.pack(), outbox.c.claimed_by.is_(None))
            .where(outbox.c.method == "editMessageText", outbox.c.chat_id == place.chat_id)
            .order_by(outbox.c.id.desc())
        )
        same = [row.id for row in edits if row.payload.get("message_id") == place.message_id]
        if not same:
            return False
        # A sender may have claimed it since: what is being sent does not change any more.
        result = await self._connection.execute(
            update(outbox)
            .where(outbox.c.id == same[0], outbox.c.claimed_by.is_(None))
            .values(payload=dict(payload), **_unless(keeps_hours))
        )
        return result.rowcount > 0

    async def drop_kept(self, about: Subject, *, news_too: bool) -> int:
        """Drop what waits for the office's hours about something; broadcasts if ``news_too``.

        Returns how many calls were dropped.
        """
        await self._changes.write(outbox)
        is_meant = statements.IS_KEPT & (outbox.c.about == about.pack())
        if not news_too:
            is_meant &= outbox.c.priority < Priority.BROADCAST
        return (await self._connection.execute(delete(outbox).where(is_meant))).rowcount

    async def drop_kept_naming(
        self, kind: Kind, number: str
    ) -> tuple[tuple[Subject, datetime], ...]:
        """Drop what waits for the office's hours, is of a kind and names a number.

        Returns what each was about, and when it was queued.
        """
        await self._changes.write(outbox)
        found = await self._connection.execute(
            select(outbox.c.id, outbox.c.payload).where(statements.IS_KEPT, is_of(kind))
        )
        naming = [row.id for row in found if number in str(row.payload.get("text"))]
        if not naming:
            return ()
        result = await self._connection.execute(
            delete(outbox)
            .where(statements.IS_KEPT, outbox.c.id.in_(naming))
            .returning(outbox.c.about, outbox.c.created_at)
        )
        dropped = [(Subject.parse(row.about), row.created_at) for row in result]
        return tuple((about, at) for about, at in dropped if about is not None)

    async def has_waiting(self, lane: str, *conditions: ColumnElement[bool]) -> bool:
        """Tell whether a call that meets these conditions waits in a lane."""
        await self._changes.write(outbox)
        found = select(exists().where(OUTBOX_WAITING, outbox.c.lane == lane, *conditions))
        return bool(await self._connection.scalar(found))

    async def park(self, outgoing_id: int, error: str, worker: str | None = None) -> None:
        """Give up a call that can never be made; the next calls of its lane go on."""
        await self._give_back(
            outgoing_id, worker, state=OutboxState.PARKED, error=error, parked_at=self._now
        )

    async def is_owed(self, about: Subject) -> bool:
        """Tell whether a new message or letter about a subject is yet to be sent."""
        await self._changes.write(outbox)
        is_new = outbox.c.method.in_(("sendMessage", EMAIL)) & OUTBOX_WAITING
        statement = select(exists().where((outbox.c.about == about.pack()) & is_new))
        return bool(await self._connection.scalar(statement))

    async def waiting_count(self, audience: Audience | None = None) -> int:
        """Count the calls that wait, in all or for one audience."""
        await self._changes.write(outbox)
        statement = select(func.count()).select_from(outbox).where(OUTBOX_WAITING)
        if audience is not None:
            statement = statement.where(outbox.c.audience == audience)
        return await self._connection.scalar(statement) or 0

    async def is_making(self, making: Making, chat_id: int, of: str | None = None) -> bool:
        """Tell whether such a file, about this or about anything, waits for this chat."""
        await self._changes.write(outbox)
        lane = lane_of(Audience.PERSON, chat_id)
        parameters = {"of_lane": lane, "making": making.value}
        if of is None:
            return bool(await self._connection.scalar(statements.IS_MAKING, parameters))
        parameters["about"] = of
        return bool(await self._connection.scalar(statements.IS_MAKING_OF, parameters))

    async def still_waits(self, outgoing_id: int) -> bool:
        """Tell whether a call is still to be made: an erasure may have cancelled it."""
        return bool(await self._connection.scalar(statements.STILL_WAITS, {"number": outgoing_id}))

    async def attachment(self, outgoing_id: int) -> bytes | None:
        """Return the file of a call; None if it has none, or was cancelled."""
        file: bytes | None = await self._connection.scalar(
            select(outbox.c.attachment).where(outbox.c.id == outgoing_id)
        )
        return file

    async def next_due(
        self, audiences: Collection[Audience], *, in_hours: bool = True
    ) -> datetime | None:
        """Tell when the first postponed lane may be tried again; those due already do not count."""
        parameters = {"audiences": list(audiences)} | moments(self._now)
        due: datetime | None = await self._connection.scalar(
            statements.NEXT_DUE[in_hours], parameters
        )
        return due

    async def keeps_any(self, audiences: Collection[Audience]) -> bool:
        """Tell whether a call waits that is made only while the office is open."""
        parameters = {"audiences": list(audiences)}
        return bool(await self._connection.scalar(statements.KEEPS_ANY, parameters))

    async def lanes_waiting(self, among: Collection[str]) -> frozenset[str]:
        """Tell which of these lanes have waiting calls."""
        result = await self._connection.scalars(
            select(outbox.c.lane).distinct().where(OUTBOX_WAITING, outbox.c.lane.in_(among))
        )
        return frozenset(result)

    def _row(self, outgoing: Outgoing) -> dict[str, object]:
        # A delivery is recorded only of what has a subject.
        about = outgoing.about or (
            Subject(Kind.GAP, min(outgoing.quotes)) if outgoing.quotes else None
        )
        row = {
            "lane": lane_of(outgoing.audience, outgoing.chat_id, outgoing.address),
            "audience": outgoing.audience,
            "chat_id": outgoing.chat_id,
            "address": outgoing.address,
            "update_id": self._changes.cause,
            "method": outgoing.method,
            "payload": dict(outgoing.payload),
            "attachment": outgoing.attachment,
            "filename": outgoing.filename,
            "makes": outgoing.makes,
            "makes_of": outgoing.makes_of,
            "about": about and about.pack(),
            "quotes": sorted(outgoing.quotes) or None,
            "not_before": outgoing.not_before,
            "priority": outgoing.priority,
            "is_final": outgoing.is_final,
            "keeps_hours": outgoing.keeps_hours,
            "created_at": self._now,
            "state": OutboxState.WAITING,
        }
        return {name: value for name, value in row.items() if value is not None}

    async def _give_back(self, outgoing_id: int, worker: str | None, **values: object) -> None:
        await self._connection.execute(OUTBOX.giving_back(outgoing_id, worker, **values))

    async def _change(self, outgoing_id: int, **values: object) -> bool:
        result = await self._connection.execute(
            update(outbox).where(outbox.c.id == outgoing_id).values(**values)
        )
        return result.rowcount > 0


def _is_new(about: Subject) -> ColumnElement[bool]:
    is_meant = outbox.c.about == about.pack()
    return is_meant & (outbox.c.method == "sendMessage") & OUTBOX_WAITING


def _unless(keeps_hours: bool) -> dict[str, bool]:  # noqa: FBT001 - a value of the column
    """Return what changes of a waiting call by another that takes its place."""
    return {} if keeps_hours else {"keeps_hours": False}
