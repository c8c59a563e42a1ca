"""Values of an interest, at each of its steps."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.subject import Kind, Subject


class Status(StrEnum):
    """The status of an interest."""

    RECEIVED = "received"
    TAKEN = "taken"
    INTRODUCED = "introduced"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({Status.RECEIVED, Status.TAKEN, Status.INTRODUCED})


class Role(StrEnum):
    """What the firm wants: to join a project, to propose a lead, an idea or a resource, a call."""

    PARTICIPATE = "participate"
    LEAD = "lead"
    LEARN = "learn"
    IDEA = "idea"
    RESOURCE = "resource"
    CALL_BACK = "callback"


class ContactKind(StrEnum):
    """How the person wants to be contacted."""

    TELEGRAM = "telegram"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInterest:
    """What the form collected; `consent_at` is when they agreed that their contact be passed on.

    A proposal has no `project_id`: there is no project yet. Nor has a wish to be called back, whose
    company and name may be empty. `contact_note` is what was said beside the contact.
    """

    project_id: str | None
    project_title: str
    company: str
    contact_name: str
    contact_kind: ContactKind
    contact: str
    consent_at: datetime
    project_lead: str | None = None
    contact_note: str | None = None
    role: Role | None = None
    message: str | None = None
    siret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """A stored interest.

    Once anonymised it has no person, its texts are empty, and `is_anonymous` is true.
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
    contact_note: str | None
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
        """Whether the person's data has been erased."""
        return self.person_id is None

    @property
    def about(self) -> Subject:
        """The outbox subject of its main notification."""
        return Subject(Kind.INTEREST, self.id)

    @property
    def about_note(self) -> Subject:
        """The outbox subject of the other messages about it, to the person and in the group."""
        return self.about.note


@dataclass(frozen=True, slots=True)
class RecordedInterest:
    """The person's interest in a project; `created` is False if it already existed."""

    interest: Interest
    created: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """The interest after a change of status; `won` is False if the change was not allowed."""

    interest: Interest
    won: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One answer of a request that the person changed; None where there was, or is, no answer."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A request after its answers were changed, and what differs; empty if nothing does."""

    interest: Interest
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a request; `actor_id` is a Telegram id, None for the person's own act.

    With `changes`, the person changed answers, and the status stayed what it was.
    """

    status: Status
    at: datetime
    actor_id: int | None
    actor_name: str | None
    note: str | None
    changes: tuple[Change, ...] = ()
