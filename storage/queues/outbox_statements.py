"""The statements of the outbox that run for every update.

They are built once: building takes longer than running. What depends on the office is a pair, by
whether it is open.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, exists, func, insert, select
from sqlalchemy.sql.dml import ReturningUpdate

from storage.engine.claims import OUTBOX
from storage.engine.repository import is_due
from storage.engine.schema import OUTBOX_WAITING, outbox, rests
from storage.queues.outgoing import Audience, Pending, Priority
from storage.queues.send_pauses import EVERYTHING, is_paused
from storage.subject import Subject

_PENDING = (
    outbox.c.id,
    outbox.c.lane,
    outbox.c.audience,
    outbox.c.chat_id,
    outbox.c.address,
    outbox.c.update_id,
    outbox.c.method,
    outbox.c.payload,
    # SQLite 3.40 answers IS NOT NULL with true for every row of this RETURNING.
    (func.coalesce(func.length(outbox.c.attachment), 0) > 0).label("has_attachment"),
    outbox.c.filename,
    outbox.c.makes,
    outbox.c.makes_of,
    outbox.c.about,
    outbox.c.quotes,
    outbox.c.attempts,
    outbox.c.crashes,
    outbox.c.created_at,
    outbox.c.priority,
    outbox.c.is_final,
    outbox.c.keeps_hours,
)


_PRIORITIES = frozenset(map(int, Priority))


def pending(row: Row[*tuple[Any, ...]]) -> Pending:
    """Return what a claimed row holds; what another version wrote in it reads as the default."""
    values = {column.name: getattr(row, column.name) for column in _PENDING}
    about, quotes = values["about"], values["quotes"]
    typed = {
        "audience": Audience(values["audience"]),
        "about": Subject.parse(about),
        "priority": _priority(values["priority"]),
        "quotes": tuple(quotes) if isinstance(quotes, list) else (),
    }
    return Pending(**values | typed, leaves_trace=about is not None)


def _priority(value: object) -> Priority:
    """Return a row's priority; the last, where another version wrote one that this has not."""
    return Priority(value) if value in _PRIORITIES else Priority.HELD


def _has_earlier(*, in_hours: bool) -> ColumnElement[bool]:
    other = OUTBOX.other.c
    passes = other.priority < outbox.c.priority
    is_older = (other.priority == outbox.c.priority) & (other.id < outbox.c.id)
    is_earlier = passes | is_older
    # Nobody's answer waits for what is kept for the morning.
    return OUTBOX.has_other(is_earlier if in_hours else is_earlier & ~other.keeps_hours)


def _heads(*, in_hours: bool) -> Select[tuple[int]]:
    """Select the calls that may be claimed: only the first of a lane, none while one is claimed."""
    heads = (
        OUTBOX.heads(~_has_earlier(in_hours=in_hours), ~OUTBOX.has_claimed())
        .where(outbox.c.lane.not_in(bindparam("busy", expanding=True)))
        .where(_FOR_AUDIENCES, _IS_DUE, ~_IS_RESTING, ~_ALL_REST)
    )
    return heads if in_hours else heads.where(~outbox.c.keeps_hours)


def _claiming(*, in_hours: bool) -> ReturningUpdate[Any]:
    first = _heads(in_hours=in_hours).order_by(outbox.c.priority, outbox.c.id)
    chosen = first.limit(bindparam("most"))
    return OUTBOX.claiming(chosen).returning(outbox.c.priority, *_PENDING)


def _next_due(*, in_hours: bool) -> Select[tuple[datetime | None]]:
    due = select(func.min(outbox.c.not_before)).where(
        OUTBOX_WAITING, ~_has_earlier(in_hours=in_hours), ~_IS_DUE, _FOR_AUDIENCES
    )
    return due if in_hours else due.where(~outbox.c.keeps_hours)


_NOW = bindparam("now", type_=outbox.c.not_before.type)
_FOR_AUDIENCES = outbox.c.audience.in_(bindparam("audiences", expanding=True))
_IS_DUE = is_due(outbox.c.not_before)
_IS_RESTING = exists().where(rests.c.lane == outbox.c.lane, is_paused(_NOW))
_ALL_REST = exists().where(rests.c.lane == EVERYTHING, is_paused(_NOW)).correlate(None)
_BOTH = (True, False)
HAS_SUSPECT = {each: select(_heads(in_hours=each).exists()) for each in _BOTH}
CLAIM = {each: _claiming(in_hours=each) for each in _BOTH}
NEXT_DUE = {each: _next_due(in_hours=each) for each in _BOTH}
# What is being sent can be dropped no more.
IS_KEPT = OUTBOX_WAITING & outbox.c.keeps_hours & outbox.c.claimed_by.is_(None)
KEEPS_ANY = select(exists().where(OUTBOX_WAITING, outbox.c.keeps_hours, _FOR_AUDIENCES))
OWE = insert(outbox)
ADD = OWE.returning(outbox.c.id)
FORGET = delete(outbox).where(
    outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.about.is_(None)
)
IS_MAKING = select(
    exists().where(
        OUTBOX_WAITING,
        outbox.c.lane == bindparam("of_lane"),
        outbox.c.makes == bindparam("making"),
    )
)
IS_MAKING_OF = select(
    exists().where(
        OUTBOX_WAITING,
        outbox.c.lane == bindparam("of_lane"),
        outbox.c.makes == bindparam("making"),
        outbox.c.makes_of == bindparam("about"),
    )
)
MAILED = delete(outbox).where(outbox.c.id == bindparam("number"))
STILL_WAITS = select(exists().where(OUTBOX_WAITING, outbox.c.id == bindparam("number")))
