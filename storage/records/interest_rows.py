"""Requests and their events, as rows hold them."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from storage.records.interest_values import Change, ContactKind, Event, Interest, NewInterest, Role
from storage.records.lifecycle import Actor, Ending, EventKind, Helped, Party, Reason, Status

# What the person may change of a request, in the order in which it is told.
_CHANGEABLE = (
    "role",
    "message",
    "company",
    "contact_name",
    "contact_kind",
    "contact",
    "contact_note",
    "siret",
)
_CHOSEN: Mapping[str, Callable[[str], StrEnum]] = MappingProxyType(
    {"role": Role, "outcome": Ending, "reason": Reason, "helped": Helped}
)
# A field, what it was and what it is.
_PARTS_OF_A_CHANGE = 3


def differences(standing: Interest, new: NewInterest) -> tuple[Change, ...]:
    """Return what a person would change of a request that stands."""
    pairs = ((name, getattr(standing, name), getattr(new, name)) for name in _CHANGEABLE)
    return tuple(
        Change(name, before and str(before), after and str(after))
        for name, before, after in pairs
        if (before or None) != (after or None)
    )


def _changes(stored: Sequence[object]) -> tuple[Change, ...]:
    """Return the changes of a row, without what another version wrote otherwise."""
    return tuple(
        Change(*one)
        for one in stored
        if isinstance(one, list) and len(one) == _PARTS_OF_A_CHANGE and isinstance(one[0], str)
    )


def event_of(row: Row[*tuple[Any, ...]]) -> Event:
    """Return the event of a row."""
    actor = Actor(Party(row.side), row.actor_id, row.actor_name)
    kind, status = EventKind(row.kind), Status(row.status)
    return Event(kind, status, row.at, actor, row.note, _changes(row.changes))


def as_interest(row: Row[*tuple[Any, ...]]) -> Interest:
    """Return the interest of a row with all columns."""
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)
    del values["contact_digest"]
    values.pop("event_kind", None)
    values["status"] = Status(values["status"])
    values["contact_kind"] = ContactKind(values["contact_kind"])
    for name, kind in _CHOSEN.items():
        values[name] = None if values[name] is None else kind(values[name])
    return Interest(**values)
