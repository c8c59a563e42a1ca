"""Whom a request may be put in touch with, and whether the firm has agreed to it.

The contact of a project's lead is read from the files each time: it is never copied beside the
request. Consent names one lead, so where the lead has changed the firm is asked anew.
"""

from dataclasses import dataclass, field
from datetime import datetime

from handlers.core.posting import Posting
from handlers.forms import contacts
from knowledge.model import Project
from storage.records.interests import Interest
from storage.records.introductions import Agreement, Introduction, NamedPerson


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who would get the firm's contact.

    ``agreed_at`` is when the firm agreed to it, None before. ``introduction`` is the row by which
    somebody was named; None where it is the lead whom the form named.
    """

    named: NamedPerson
    agreed_at: datetime | None
    introduction: Introduction | None = None
    project: Project | None = None
    greeted: str = ""
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)

    @property
    def state(self) -> Agreement:
        """Whether the firm agrees."""
        if self.agreed_at is not None:
            return Agreement.AGREED
        return self.introduction.state if self.introduction else Agreement.NAMED


async def recipient_of(posting: Posting, interest: Interest) -> Recipient | None:
    """Return whom the request would be put in touch with now; None where nobody is known."""
    all_named = await posting.work.introductions.of(interest.id)
    last = all_named[-1] if all_named else None
    if last is not None and not _is_outdated(posting, last):
        return _recipient(posting, interest, last.named, last)
    project_id = last.named.project_id if last else interest.project_id
    lead = lead_of(posting, project_id)
    return _recipient(posting, interest, lead, None) if lead else None


def lead_of(posting: Posting, project_id: str | None) -> NamedPerson | None:
    """Return the present lead of a project; None without one."""
    project = posting.services.knowledge.project(project_id) if project_id else None
    return NamedPerson(project.lead, project.id) if project and project.lead else None


async def name(posting: Posting, interest: Interest, named: NamedPerson) -> Introduction:
    """Name somebody for a request; naming the same one again changes nothing."""
    all_named = await posting.work.introductions.of(interest.id)
    if all_named and all_named[-1].named == named and not _was_refused(all_named[-1]):
        return all_named[-1]
    return await posting.work.introductions.add(
        interest.id, named, _agreed_by_form(interest, named)
    )


def _was_refused(introduction: Introduction) -> bool:
    return introduction.state is Agreement.REFUSED


def _is_outdated(posting: Posting, introduction: Introduction) -> bool:
    """Tell whether a project has another lead than the one who was named, or none."""
    named = introduction.named
    return named.project_id is not None and lead_of(posting, named.project_id) != named


def _agreed_by_form(interest: Interest, named: NamedPerson) -> datetime | None:
    """Return when the form was agreed to, if it named this lead."""
    is_same = (interest.project_id, interest.project_lead) == (named.project_id, named.name)
    return interest.consent_at if is_same and named.project_id else None


def _recipient(
    posting: Posting, interest: Interest, named: NamedPerson, introduction: Introduction | None
) -> Recipient:
    if introduction is None:
        agreed_at = _agreed_by_form(interest, named)
    else:
        is_agreed = introduction.state is Agreement.AGREED
        agreed_at = introduction.answered_at if is_agreed else None
    project = posting.services.knowledge.project(named.project_id) if named.project_id else None
    contact = project.lead_contact if project else None
    return Recipient(
        named,
        agreed_at,
        introduction,
        project,
        greeted=contact.name if contact else "",
        email=contacts.as_typed((contact.email if contact else named.email) or ""),
        phone=contacts.as_typed(contact.phone) if contact else "",
    )
