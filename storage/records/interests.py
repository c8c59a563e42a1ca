"""Who is interested in which project, and every change of status since."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, bindparam, delete, exists, select, update

from storage.engine.errors import NotFoundError
from storage.engine.repository import Repository
from storage.engine.schema import (
    conversations,
    deadlines,
    interest_events,
    interests,
    introductions,
)
from storage.engine.vault import vault_of
from storage.records.interest_rows import as_interest, differences, event_of
from storage.records.interest_values import (
    OUTCOME,
    REASON,
    Change,
    Changed,
    ContactKind,
    Event,
    Interest,
    Moved,
    NewInterest,
    RecordedInterest,
    Reply,
    Role,
)
from storage.records.lifecycle import (
    FIRM,
    MOVES,
    NO_PARTICULARS,
    OPEN,
    Actor,
    Ending,
    EventKind,
    Helped,
    Particulars,
    Party,
    Reason,
    Status,
)
from storage.records.numbers import Numbering

# Re-exported: callers import the values and their repository from one module.
__all__ = [
    "FIRM",
    "OPEN",
    "Actor",
    "Change",
    "Changed",
    "ContactKind",
    "Ending",
    "Event",
    "EventKind",
    "Helped",
    "Interest",
    "Interests",
    "Moved",
    "NewInterest",
    "Particulars",
    "Party",
    "Reason",
    "RecordedInterest",
    "Reply",
    "Role",
    "Status",
]


class Interests(Repository):
    """The tables `interests` and `interest_events`."""

    async def register(self, person_id: int, new: NewInterest) -> RecordedInterest:
        """Store a person's interest in a project: at most one, however often they tap.

        A second attempt returns the first, unchanged; a withdrawn one is reopened under its
        number. Proposals have no project: each is a new interest.
        """
        project_id = new.project_id
        standing = await self.for_project(person_id, project_id) if project_id else None
        if standing is None:
            created = await self._create(person_id, new)
            if created is not None:
                return RecordedInterest(created, created=True)
            # Another worker inserted it between our read and our write.
            standing = await self._required(
                interests.c.person_id == person_id, interests.c.project_id == project_id
            )
        if standing.status is Status.WITHDRAWN:
            revived = await self._revive(standing.id, new)
            if revived is not None:
                return RecordedInterest(revived, created=True)
            standing = await self._required(interests.c.id == standing.id)
        return RecordedInterest(standing, created=False)

    async def change(self, interest_id: int, new: NewInterest) -> Changed:
        """Correct the person's answers and record what differs; project, number, status stay.

        Where nothing differs, nothing is written. Raises `NotFoundError` if it does not exist or
        is anonymous.
        """
        standing = await self.get(interest_id)
        if standing is None or standing.is_anonymous:
            raise NotFoundError(f"no interest {interest_id} to change")
        changes = differences(standing, new)
        if not changes:
            return Changed(standing, ())
        changed = await self._update(
            interests.c.id == interest_id, interests.c.person_id.is_not(None), **self._answers(new)
        )
        if changed is None:
            raise NotFoundError(f"no interest {interest_id} to change")
        await self.record(changed, EventKind.CHANGED, FIRM, changes=changes)
        return Changed(changed, changes)

    async def of_person(self, person_id: int) -> tuple[Interest, ...]:
        """Give all of a person's interests, oldest first."""
        return (await self.of_people([person_id]))[person_id]

    async def of_people(self, people: Collection[int]) -> dict[int, tuple[Interest, ...]]:
        """Give the interests of several people, oldest first."""
        if not people:
            return {}
        result = await self._connection.execute(_OF_PEOPLE, {"people": list(people)})
        loaded = [as_interest(row) for row in result]
        return {
            person: tuple(each for each in loaded if each.person_id == person) for person in people
        }

    async def for_project(self, person_id: int, project_id: str) -> Interest | None:
        """Give the person's interest in a project, even withdrawn or closed."""
        of_person = await self.of_person(person_id)
        return next((each for each in of_person if each.project_id == project_id), None)

    async def get(self, interest_id: int) -> Interest | None:
        """Find an interest by our id."""
        return await self._find(interests.c.id == interest_id)

    async def move(
        self,
        interest_id: int,
        kind: EventKind,
        actor: Actor,
        particulars: Particulars = NO_PARTICULARS,
    ) -> Moved:
        """Make a move of the table, if it is legal now: of two calls at once, one wins.

        Raises `NotFoundError` if it does not exist. An anonymous one never changes.
        """
        move = MOVES[kind]
        if actor.side not in move.by:
            raise ValueError(f"{kind} is no move of {actor.side}")
        values = self._after(kind, actor, particulars)
        if actor.side is Party.ADMINISTRATOR:
            values["touched_at"] = self._now
        moved = await self._update(
            interests.c.id == interest_id,
            interests.c.status.in_(move.sources),
            interests.c.person_id.is_not(None),
            **values,
        )
        if moved is None:
            return Moved(await self._required(interests.c.id == interest_id), won=False)
        await self._end_exchange(moved)
        # The columns forget it where the request is reopened: its history does not.
        ends = [
            Change(field, None, value)
            for field, value in ((OUTCOME, particulars.outcome), (REASON, particulars.reason))
            if value is not None
        ]
        await self.record(moved, kind, actor, note=particulars.note, changes=ends)
        return Moved(moved, won=True)

    async def withdraw(self, interest_id: int, person_id: int) -> Moved:
        """Withdraw the person's own interest while it is open; `NotFoundError` if not theirs."""
        await self._required(interests.c.id == interest_id, interests.c.person_id == person_id)
        return await self.move(interest_id, EventKind.WITHDRAW, FIRM)

    async def touch(self, interest_id: int) -> None:
        """Note that the team has just done something about a request."""
        await self._update(interests.c.id == interest_id, touched_at=self._now)

    async def reminded_between(self, since: datetime, until: datetime) -> tuple[Interest, ...]:
        """Give the open requests about which somebody was reminded from a moment to another."""
        is_meant = interest_events.c.at.between(since, until)
        chosen = select(interest_events.c.interest_id).where(
            interest_events.c.kind == EventKind.REMINDED, is_meant
        )
        result = await self._connection.execute(
            select(interests)
            .where(interests.c.id.in_(chosen), interests.c.status.in_(OPEN))
            .order_by(interests.c.id)
        )
        return tuple(map(as_interest, result))

    async def reminded_since(self, moment: datetime) -> tuple[tuple[Interest, EventKind], ...]:
        """Give what the clock reminded of, or gave back, since a moment, if it stands so still.

        Each request with the latest of it, in the order of their ids.
        """
        result = await self._connection.execute(
            select(interests, interest_events.c.kind.label("event_kind"))
            .join(interest_events, interest_events.c.interest_id == interests.c.id)
            .where(
                interest_events.c.at >= moment,
                interest_events.c.kind.in_((EventKind.REMINDED, EventKind.RETURN)),
                interest_events.c.side == Party.CLOCK,
                interest_events.c.status == interests.c.status,
                interests.c.person_id.is_not(None),
            )
            .order_by(interests.c.id, interest_events.c.id)
        )
        found = {row.id: row for row in result}
        return tuple((as_interest(row), EventKind(row.event_kind)) for row in found.values())

    async def say_helped(self, interest_id: int, helped: Helped) -> Interest | None:
        """Note what the firm says of the contact; None where it was not put in touch, or said so.

        It may say something else later: the history keeps both.
        """
        before = await self.get(interest_id)
        if before is None:
            return None
        said = await self._update(
            interests.c.id == interest_id,
            interests.c.person_id.is_not(None),
            interests.c.introduced_at.is_not(None),
            interests.c.helped.is_distinct_from(helped),
            helped=helped,
            helped_at=self._now,
            # Since when it stands as it does: this changes nothing of that.
            updated_at=interests.c.updated_at,
        )
        if said is not None:
            changes = [Change("helped", before.helped, helped)]
            await self.record(said, EventKind.FEEDBACK, FIRM, changes=changes)
        return said

    async def relaunch(self, interest_id: int) -> Interest | None:
        """Note that the firm reminds the team, once a request; None where it may not."""
        relaunched = await self._update(
            interests.c.id == interest_id,
            interests.c.person_id.is_not(None),
            interests.c.status.in_(OPEN),
            interests.c.relaunched_at.is_(None),
            relaunched_at=self._now,
            updated_at=interests.c.updated_at,
        )
        if relaunched is not None:
            await self.record(relaunched, EventKind.RELAUNCHED, FIRM)
        return relaunched

    async def events(self, interest_id: int) -> tuple[Event, ...]:
        """Give all steps of an interest, oldest first."""
        return (await self.events_of([interest_id]))[interest_id]

    async def events_of(self, interest_ids: Iterable[int]) -> dict[int, tuple[Event, ...]]:
        """Give all steps of several interests, oldest first."""
        found: dict[int, list[Event]] = {each: [] for each in interest_ids}
        if found:
            result = await self._connection.execute(_EVENTS_OF, {"interests": list(found)})
            for row in result:
                found[row.interest_id].append(event_of(row))
        return {each: tuple(events) for each, events in found.items()}

    async def record(
        self,
        interest: Interest,
        kind: EventKind,
        actor: Actor,
        *,
        note: str | None = None,
        changes: Sequence[Change] = (),
        reply: Reply | None = None,
    ) -> bool:
        """Add an event to the history of a request, as it stands now; nothing else changes.

        ``reply`` is the message that it was typed in: nothing is added, and this returns False,
        where that one has been taken before.
        """
        result = await self._connection.execute(
            self._insert(interest_events)
            .values(
                interest_id=interest.id,
                kind=kind,
                status=interest.status,
                at=self._now,
                side=actor.side,
                actor_id=actor.id,
                actor_name=actor.name,
                note=note,
                changes=[[one.field, one.before, one.after] for one in changes],
                reply_chat_id=reply and reply.chat_id,
                reply_message_id=reply and reply.message_id,
            )
            .on_conflict_do_nothing(
                index_elements=[
                    interest_events.c.reply_chat_id,
                    interest_events.c.reply_message_id,
                ]
            )
        )
        return result.rowcount > 0

    async def is_taken(self, reply: Reply) -> bool:
        """Tell whether a reply is in the history of a request, for as long as that is kept."""
        found = select(
            exists().where(
                interest_events.c.reply_chat_id == reply.chat_id,
                interest_events.c.reply_message_id == reply.message_id,
            )
        )
        return bool(await self._connection.scalar(found))

    async def anonymise(self, condition: ColumnElement[bool]) -> int:
        """Erase all but number, project, status, role and dates of these; returns how many."""
        self._changes.touch_everybody()
        # Requests are locked before their deadlines, as whoever does what is due locks them.
        locked = await self._connection.scalars(
            select(interests.c.id).where(condition).order_by(interests.c.id).with_for_update()
        )
        chosen = locked.all()
        await self._connection.execute(
            update(interest_events)
            .where(interest_events.c.interest_id.in_(chosen))
            .values(**_NOBODY)
        )
        for table in (deadlines, introductions, conversations):
            await self._connection.execute(delete(table).where(table.c.interest_id.in_(chosen)))
        result = await self._connection.execute(
            update(interests).where(condition).values(**_ANONYMOUS)
        )
        return result.rowcount

    async def _create(self, person_id: int, new: NewInterest) -> Interest | None:
        self._changes.touch(person_id)
        number = await self._beside(Numbering).allocate()
        result = await self._connection.execute(
            self._insert(interests)
            .values(
                number=number,
                person_id=person_id,
                project_id=new.project_id,
                created_at=self._now,
                **self._answers(new),
                status=Status.RECEIVED,
                updated_at=self._now,
            )
            .on_conflict_do_nothing(index_elements=[interests.c.person_id, interests.c.project_id])
            .returning(interests)
        )
        row = result.one_or_none()
        if row is None:
            return None
        created = as_interest(row)
        await self.record(created, EventKind.DECLARE, FIRM)
        return created

    async def _revive(self, interest_id: int, new: NewInterest) -> Interest | None:
        revived = await self._update(
            interests.c.id == interest_id,
            interests.c.status == Status.WITHDRAWN,
            **self._answers(new),
            **self._after(EventKind.DECLARE_AGAIN, FIRM),
            **dict.fromkeys(("touched_at", "helped", "helped_at", "relaunched_at")),
        )
        if revived is not None:
            await self._end_exchange(revived)
            await self.record(revived, EventKind.DECLARE_AGAIN, FIRM)
        return revived

    async def _end_exchange(self, interest: Interest) -> None:
        """Close the exchange about a request with it, and reopen it with it."""
        await self._connection.execute(
            update(conversations)
            .where(conversations.c.interest_id == interest.id)
            .values(closed_at=interest.closed_at, updated_at=self._now)
        )

    async def _update(self, *conditions: ColumnElement[bool], **values: object) -> Interest | None:
        result = await self._connection.execute(
            update(interests)
            .where(*conditions)
            .values({"updated_at": self._now, **values})
            .returning(interests)
        )
        row = result.one_or_none()
        if row is None:
            return None
        changed = as_interest(row)
        if changed.person_id is not None:
            self._changes.touch(changed.person_id)
        return changed

    async def _find(self, *conditions: ColumnElement[bool]) -> Interest | None:
        row = (await self._connection.execute(select(interests).where(*conditions))).one_or_none()
        return None if row is None else as_interest(row)

    async def _required(self, *conditions: ColumnElement[bool]) -> Interest:
        interest = await self._find(*conditions)
        if interest is None:
            raise NotFoundError("no such interest")
        return interest

    def _answers(self, new: NewInterest) -> dict[str, object]:
        values = asdict(new)
        del values["project_id"]
        vault = vault_of(self._connection.dialect)
        return values | {"contact_digest": vault.digest(new.contact)}

    def _after(
        self, kind: EventKind, actor: Actor, particulars: Particulars = NO_PARTICULARS
    ) -> dict[str, object]:
        """Return the columns that a move sets."""
        status, owner = MOVES[kind].target, particulars.owner or actor
        in_charge: dict[str, object] = {"owner_id": owner.id, "owner_name": owner.name}
        if status is None:
            return in_charge
        values: dict[str, object] = {
            "status": status,
            "outcome": particulars.outcome,
            "reason": particulars.reason,
            "closed_at": None if status in OPEN else self._now,
        }
        if status is Status.RECEIVED:
            values |= dict.fromkeys(("owner_id", "owner_name", "taken_at", "introduced_at"))
        elif status is Status.TAKEN:
            values |= in_charge | {"taken_at": self._now}
        elif status is Status.INTRODUCED:
            # What was said of an earlier contact is about that one: it stays in the history.
            values |= {"introduced_at": self._now, "helped": None, "helped_at": None}
        return values


_OF_PEOPLE = (
    select(interests)
    .where(interests.c.person_id.in_(bindparam("people", expanding=True)))
    .order_by(interests.c.id)
)
_EVENT = (
    interest_events.c.kind,
    interest_events.c.status,
    interest_events.c.at,
    interest_events.c.side,
    interest_events.c.actor_id,
    interest_events.c.actor_name,
    interest_events.c.note,
    interest_events.c.changes,
)
_EVENTS_OF = (
    select(interest_events.c.interest_id, *_EVENT)
    .where(interest_events.c.interest_id.in_(bindparam("interests", expanding=True)))
    .order_by(interest_events.c.id)
)
# Of an event; nobody replies to a message about a request that is anonymous.
_NOBODY: Mapping[str, object] = MappingProxyType(
    {
        "actor_id": None,
        "actor_name": None,
        "note": None,
        "changes": [],
        "reply_chat_id": None,
        "reply_message_id": None,
    }
)

_ANONYMOUS = {
    "person_id": None,
    "project_lead": None,
    "company": "",
    "contact_name": "",
    "contact": "",
    "contact_digest": None,
    "contact_note": None,
    "message": None,
    "siret": None,
    "consent_version": None,
    "owner_id": None,
    "owner_name": None,
}
