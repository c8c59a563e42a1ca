"""Changes of the knowledge that facilitators request, from the request to the publication."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, func, select, update

from storage.engine.claims import CHANGE_REQUESTS, WORKER, Which
from storage.engine.repository import Repository
from storage.engine.schema import PUBLICATION_WAITING, alarms, publications
from storage.records.change_values import (
    EXTENDS,
    GROUP,
    INTO,
    OPEN,
    PRINTS,
    SENT,
    Alarm,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    NewChangeRequest,
)
from storage.subject import Subject

# Re-exported: callers import the values and their repository from one module.
__all__ = [
    "GROUP",
    "OPEN",
    "Alarm",
    "ChangeKind",
    "ChangeRequest",
    "ChangeRequests",
    "ChangeState",
    "NewChangeRequest",
]

# Undecided changes are given up after a week. The content of a published change is kept for
# machines that were off. Rows are deleted after a year.
_UNDECIDED = timedelta(days=7)
_CONTENT_KEPT = timedelta(days=30)
_KEPT = timedelta(days=365)
# Files that one person sends within this time, and decides nothing on between, are one change.
_TOGETHER = timedelta(minutes=10)


class ChangeRequests(Repository):
    """The tables `publications` and `alarms`."""

    async def ask(self, asked: NewChangeRequest) -> int:
        """Request a change, to be examined after the unit of work commits. Returns its id."""
        values = {name: getattr(asked, name) for name in NewChangeRequest.__slots__}
        values["about"] = asked.about and asked.about.pack()
        result = await self._connection.execute(
            self._insert(publications)
            .values(**values, state=ChangeState.ASKED, asked_at=self._now)
            .returning(publications.c.id)
        )
        return int(result.scalar_one())

    async def is_asked(self, asked: NewChangeRequest, *, here: bool = False) -> bool:
        """Tell whether the same change waits to be examined or published.

        ``here``: only where it will be reported to the same chat and topic.
        """
        same_chat = (publications.c.chat_id == asked.chat_id) & (
            publications.c.topic_id == asked.topic_id
        )
        found = await self._one(
            PUBLICATION_WAITING
            & (publications.c.kind == asked.kind)
            & (publications.c.file == asked.file)
            & (publications.c.subject == asked.subject),
            *([same_chat] if here else []),
        )
        return found is not None

    async def get(self, publication_id: int) -> ChangeRequest | None:
        """Return a change."""
        return await self._one(publications.c.id == publication_id)

    async def about(self, about: Subject) -> ChangeRequest | None:
        """Return the last change requested about a subject."""
        return await self._one(publications.c.about == about.pack())

    async def join(self, asked: NewChangeRequest) -> tuple[str, ...]:
        """Request an upload with what the same person sent just before and is not decided on.

        Returns the names of the earlier files, now part of this change. One of the same name is
        left out, and the change that they were of has ended.
        """
        former = await self._one(
            (publications.c.kind == ChangeKind.UPLOAD)
            & (publications.c.actor_id == asked.actor_id)
            & (publications.c.chat_id == asked.chat_id)
            & (publications.c.asked_at > self._now - _TOGETHER)
        )
        publication_id = await self.ask(asked)
        if former is None or not await self._take_over(former):
            return ()
        sent = {file: id_ for file, id_ in former.sent.items() if file != asked.file}
        if sent:
            await self._change(publication_id, report={SENT: sent})
        return tuple(sent)

    async def _take_over(self, former: ChangeRequest) -> bool:
        """End a change whose files go on in another one; False where it was decided on."""
        if former.state is ChangeState.REFUSED:
            return True
        undecided = publications.c.state.in_((ChangeState.ASKED, ChangeState.READY))
        values = _ended(self._now) | {"state": ChangeState.JOINED, "claimed_by": None}
        return await self._change(former.id, undecided, **values)

    async def extend(self, asked: NewChangeRequest, former_id: int) -> int:
        """Request one more edit of a change that waits for a decision. Returns the new id.

        That change stays to be decided on until the new one is offered in its place.
        """
        publication_id = await self.ask(asked)
        await self._change(publication_id, report={EXTENDS: former_id})
        return publication_id

    async def extended(self, change: ChangeRequest) -> ChangeRequest | None:
        """Return what a change extends, or what took its place; None if that was decided on."""
        former = await self.get(change.extends) if change.extends else None
        while former is not None and former.state is ChangeState.JOINED:
            into = (former.report or {}).get(INTO)
            former = await self.get(into) if into else None
        return former if former is not None and former.state is ChangeState.READY else None

    async def take_place(self, former: ChangeRequest, publication_id: int) -> bool:
        """End a change that another one extends; False where it was decided on meanwhile."""
        report = dict(former.report or {}) | {INTO: publication_id}
        joined = _ended(self._now) | {"report": report}
        return await self._move(former.id, ChangeState.READY, ChangeState.JOINED, **joined)

    async def contents(self, publication_id: int) -> Mapping[str, bytes] | None:
        """Return the proposed or published contents by file; None once they are not kept."""
        result = await self._connection.execute(
            select(publications.c.content, publications.c.file).where(
                publications.c.id == publication_id
            )
        )
        row = result.one_or_none()
        if row is None or row.content is None:
            return None
        return {row.file: row.content} if row.file else _unpacked(row.content)

    async def claim(self, worker: str, which: Which = Which.SOUND) -> ChangeRequest | None:
        """Claim the oldest change to process, unclaimed or already claimed by this worker."""
        result = await self._connection.execute(_CLAIM, {WORKER: worker} | which.parameters)
        row = result.mappings().one_or_none()
        return None if row is None else _publication(row)

    async def has_suspect(self) -> bool:
        """Tell whether a change that was in a crash waits."""
        parameters = {WORKER: None} | Which.SUSPECT.parameters
        return bool(await self._connection.scalar(_HAS_SUSPECT, parameters))

    async def offer(
        self,
        publication_id: int,
        contents: Mapping[str, bytes],
        prints: Mapping[str, tuple[str, str]],
        report: Mapping[str, Any],
    ) -> bool:
        """Store the examined change for a facilitator to decide; False if it has ended since.

        ``prints``: the fingerprints of each file before and after.
        """
        told = dict(report) | {PRINTS: {file: list(pair) for file, pair in prints.items()}}
        ((file, content), *others) = contents.items()
        # One file stands in the row as it is: a process of an earlier version can publish it too.
        alone: dict[str, object] = {"file": file, "content": content, "base": prints[file][0]}
        values = {"file": None, "content": _packed(contents), "base": None} if others else alone
        return await self._move(
            publication_id, ChangeState.ASKED, ChangeState.READY, report=told, **values
        )

    async def want(self, publication_id: int, actor_id: int, actor_name: str) -> bool:
        """Ask for publication of an offered change; False if somebody else decided before."""
        by = {"decided_by_id": actor_id, "decided_by": actor_name}
        return await self._move(publication_id, ChangeState.READY, ChangeState.WANTED, **by)

    async def abandon(self, publication_id: int, actor_id: int, actor_name: str) -> bool:
        """Give up an offered change; False if somebody else decided before."""
        by = {"decided_by_id": actor_id, "decided_by": actor_name}
        ended = _ended(self._now)
        return await self._move(
            publication_id, ChangeState.READY, ChangeState.ABANDONED, **by, **ended
        )

    async def end(
        self,
        publication_id: int,
        state: ChangeState,
        file: str | None = None,
        *,
        before: ChangeState | None = None,
    ) -> bool:
        """End a change without publication; its content and wording are erased.

        ``before``: only if it still stands there. A worker taken for dead may end its examination
        when another one already publishes the change.
        """
        named = {"file": file} if file else {}
        return await self._change(
            publication_id,
            PUBLICATION_WAITING if before is None else publications.c.state == before,
            state=state,
            claimed_by=None,
            **_ended(self._now) | named,
        )

    async def published(self, publication_id: int, version_id: str, at: datetime) -> bool:
        """Record a publication; its content is kept for machines that do not have it yet.

        ``version_id`` is that of the set of versions, which one publication replaces together.
        """
        return await self._move(
            publication_id,
            ChangeState.WANTED,
            ChangeState.PUBLISHED,
            version_id=version_id,
            published_at=at,
            wording=None,
            ended_at=self._now,
        )

    async def newest(self) -> tuple[int, int]:
        """Return the highest published id and the number of publications, to detect a new one.

        Ids follow the order of requests, not of publications: the highest id alone may not change.
        """
        is_published = publications.c.state == ChangeState.PUBLISHED
        result = await self._connection.execute(
            select(func.coalesce(func.max(publications.c.id), 0), func.count()).where(is_published)
        )
        last, count = result.one()
        return int(last), int(count)

    async def all_published(self) -> tuple[ChangeRequest, ...]:
        """Give the publications whose content is still kept, oldest first."""
        result = await self._connection.execute(
            select(*_COLUMNS)
            .where(
                publications.c.state == ChangeState.PUBLISHED, publications.c.content.is_not(None)
            )
            .order_by(publications.c.published_at, publications.c.id)
        )
        return tuple(_publication(row) for row in result.mappings())

    async def told_prints(self, since: datetime) -> frozenset[tuple[str, str]]:
        """Return the files that were published since, or are being, with their fingerprints."""
        states = (ChangeState.WANTED, ChangeState.PUBLISHED)
        recent = publications.c.ended_at.is_(None) | (publications.c.ended_at > since)
        result = await self._connection.execute(
            select(*_COLUMNS).where(publications.c.state.in_(states), recent)
        )
        changes = map(_publication, result.mappings())
        return frozenset(
            (file, after) for change in changes for file, (_, after) in change.prints.items()
        )

    async def authors(self, version_ids: Sequence[str]) -> dict[str, str | None]:
        """Return who published the replacement of each version; None once the name is erased.

        Left out are versions older than the rows kept, and versions replaced directly on the disk.
        """
        result = await self._connection.execute(
            select(publications.c.version_id, publications.c.decided_by)
            .where(publications.c.state == ChangeState.PUBLISHED)
            .where(publications.c.version_id.in_(version_ids))
        )
        return {row[0]: row[1] for row in result}

    async def raise_alarm(self, name: str, digest: str) -> bool:
        """Tell whether this alarm is new or has a new digest: only one process reports it."""
        values = {"digest": digest, "raised_at": self._now}
        result = await self._connection.execute(
            self._insert(alarms)
            .values(name=name, **values)
            .on_conflict_do_update(
                index_elements=[alarms.c.name], set_=values, where=alarms.c.digest != digest
            )
            .returning(alarms.c.name)
        )
        return result.one_or_none() is not None

    async def alarm(self, name: str) -> Alarm | None:
        """Return the alarm that stands under a name."""
        result = await self._connection.execute(
            select(alarms.c.digest, alarms.c.raised_at).where(alarms.c.name == name)
        )
        row = result.one_or_none()
        return None if row is None else Alarm(row.digest, row.raised_at)

    async def clear_alarm(self, name: str) -> bool:
        """Delete the alarm; returns whether there was one."""
        result = await self._connection.execute(delete(alarms).where(alarms.c.name == name))
        return result.rowcount > 0

    async def forget(self) -> int:
        """Erase what has been kept long enough; returns how many rows were changed or deleted."""
        undecided = (publications.c.state == ChangeState.READY) & (
            publications.c.asked_at < self._now - _UNDECIDED
        )
        given_up = await self._update(undecided, state=ChangeState.ABANDONED, **_ended(self._now))
        old = publications.c.content.is_not(None) & (
            publications.c.ended_at < self._now - _CONTENT_KEPT
        )
        emptied = await self._update(old, content=None)
        gone = await self._connection.execute(
            delete(publications).where(publications.c.ended_at < self._now - _KEPT)
        )
        return given_up + emptied + gone.rowcount

    async def forget_actor(self, telegram_id: int) -> int:
        """Erase a facilitator's id, name and private chat from the changes they made.

        The outcome of a change that they requested in private then goes to the group.
        """
        asked = await self._update(
            publications.c.actor_id == telegram_id, actor_id=None, actor_name=None
        )
        decided = await self._update(
            publications.c.decided_by_id == telegram_id, decided_by_id=None, decided_by=None
        )
        await self._update(publications.c.chat_id == telegram_id, chat_id=GROUP)
        return asked + decided

    async def _one(self, *conditions: ColumnElement[bool]) -> ChangeRequest | None:
        result = await self._connection.execute(
            select(*_COLUMNS).where(*conditions).order_by(publications.c.id.desc()).limit(1)
        )
        row = result.mappings().one_or_none()
        return None if row is None else _publication(row)

    async def _move(
        self, publication_id: int, before: ChangeState, after: ChangeState, **values: object
    ) -> bool:
        """Move a change from one state to the next; False if it is no longer in the first.

        Its claim is released.
        """
        is_there = publications.c.state == before
        return await self._change(publication_id, is_there, state=after, claimed_by=None, **values)

    async def _change(
        self, publication_id: int, *conditions: ColumnElement[bool], **values: object
    ) -> bool:
        return bool(await self._update(publications.c.id == publication_id, *conditions, **values))

    async def _update(self, *conditions: ColumnElement[bool], **values: object) -> int:
        result = await self._connection.execute(
            update(publications).where(*conditions).values(**values)
        )
        return result.rowcount


_COLUMNS = tuple(publications.c[name] for name in ChangeRequest.__slots__)
_HAS_SUSPECT = select(CHANGE_REQUESTS.heads().exists())
_CLAIM = CHANGE_REQUESTS.claiming(
    CHANGE_REQUESTS.heads().order_by(publications.c.id).limit(1)
).returning(*_COLUMNS)


def _packed(contents: Mapping[str, bytes]) -> bytes:
    texts = {file: content.decode("utf-8", "surrogateescape") for file, content in contents.items()}
    return json.dumps(texts).encode()


def _unpacked(content: bytes) -> dict[str, bytes]:
    texts: dict[str, str] = json.loads(content)
    return {file: text.encode("utf-8", "surrogateescape") for file, text in texts.items()}


def _ended(now: datetime) -> dict[str, object]:
    """Return the column values of an ended change: nothing that people wrote stays."""
    return {"content": None, "wording": None, "ended_at": now}


def _publication(row: RowMapping) -> ChangeRequest:
    values = dict(row)
    typed = {
        "kind": ChangeKind(row["kind"]),
        "state": ChangeState(row["state"]),
        "about": Subject.parse(row["about"]),
    }
    return ChangeRequest(**values | typed)
