"""Values of an interest, at each of its steps."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.records.lifecycle import OPEN, Actor, Ending, EventKind, Helped, Party, Reason, Status
from storage.subject import Kind, Subject

OUTCOME, REASON = "outcome", "reason"
__all__ = ["OPEN", "Actor", "Ending", "EventKind", "Helped", "Party", "Reason", "Status"]


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
    # Which wording they agreed to; see `Consents`.
    consent_version: int | None = None
    project_lead: str | None = None
    contact_note: str | None = None
    role: Role | None = None
    message: str | None = None
    siret: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The message in which an administrator typed a note or words for the firm, by its numbers."""

    chat_id: int
    message_id: int


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
    owner_id: int | None = None
    owner_name: str | None = None
    taken_at: datetime | None = None
    introduced_at: datetime | None = None
    touched_at: datetime | None = None
    outcome: Ending | None = None
    reason: Reason | None = None
    helped: Helped | None = None
    helped_at: datetime | None = None
    relaunched_at: datetime | None = None
    consent_version: int | None = None

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
    """One entry of a request's history, which is only ever added to.

    ``status`` is the one after it. ``changes`` are the answers that the person changed, or what a
    move set: the outcome of a request that was closed, the reason why it was refused.
    """

    kind: EventKind
    status: Status
    at: datetime
    actor: Actor
    note: str | None = None
    changes: tuple[Change, ...] = ()

    @property
    def outcome(self) -> Ending | None:
        """What the request had led to when it was closed; None where that was not kept."""
        value = self._set_to(OUTCOME)
        return Ending(value) if value else None

    @property
    def reason(self) -> Reason | None:
        """Why the request was refused; None where that was not kept."""
        value = self._set_to(REASON)
        return Reason(value) if value else None

    def _set_to(self, field: str) -> str | None:
        return next((each.after for each in self.changes if each.field == field), None)
