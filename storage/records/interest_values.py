"""What an interest is, at each of its steps."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.subject import Kind, Subject


class Status(StrEnum):
    """How far an interest has come."""

    RECEIVED = "received"
    TAKEN = "taken"
    INTRODUCED = "introduced"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({Status.RECEIVED, Status.TAKEN, Status.INTRODUCED})


class Role(StrEnum):
    """What the firm would like: to be in a project, or to propose one (lead, idea, resource)."""

    PARTICIPATE = "participate"
    LEAD = "lead"
    LEARN = "learn"
    IDEA = "idea"
    RESOURCE = "resource"


class ContactKind(StrEnum):
    """How the person wants to be answered."""

    TELEGRAM = "telegram"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInterest:
    """What the form collected; `consent_at` is when passing the contact on was accepted.

    A proposal has no `project_id`: there is no project yet.
    """

    project_id: str | None
    project_title: str
    company: str
    contact_name: str
    contact_kind: ContactKind
    contact: str
    consent_at: datetime
    project_lead: str | None = None
    role: Role | None = None
    message: str | None = None
    siret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """An interest as it stands.

    Once anonymised it has no person, its texts are empty, and `is_anonymous` tells so.
    """

    id: int
    number: str
    person_id: int | None
    project_id: str | None
    project_title: str
    project_lead: str | None
    company: str
    contact_name: str
    contact_kind: ContactKind
    contact: str
    role: Role | None
    message: str | None
    siret: str | None
    consent_at: datetime
    status: Status
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing of the person is left."""
        return self.person_id is None

    @property
    def about(self) -> Subject:
        """What the outbox keeps its notification under."""
        return Subject(Kind.INTEREST, self.id)

    @property
    def about_note(self) -> Subject:
        """What the outbox keeps what else is said of it under, to the person and in the group."""
        return self.about.note


@dataclass(frozen=True, slots=True)
class RecordedInterest:
    """The person's interest in a project; `created` is False when it already stood."""

    interest: Interest
    created: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """The interest after a move; `won` is False when it was no longer where it had to be."""

    interest: Interest
    won: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One step of an interest; `actor_id` is the Telegram id of who did it, None: the person."""

    status: Status
    at: datetime
    actor_id: int | None
    actor_name: str | None
    note: str | None
