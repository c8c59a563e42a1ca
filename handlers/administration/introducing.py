"""Putting a firm in touch, by a tap in the group or on a web page: what is shown, then the move."""

from dataclasses import dataclass, replace

from markupsafe import Markup

from handlers.administration.introduction_words import (
    TEXT,
    by_mail,
    fingerprint,
    is_unreachable,
    lead_message,
    particulars_of,
    told,
)
from handlers.administration.recipients import Recipient
from handlers.core.posting import Posting
from handlers.requests import moves, reach
from handlers.requests.reach import Reach
from storage.records.interests import Actor, EventKind, Interest, Moved, Status
from storage.records.introductions import Agreement


@dataclass(frozen=True, slots=True)
class Messages:
    """What both sides would read; ``shown`` tells later whether it is still the same."""

    to_firm: Markup
    to_lead: str
    shown: str
    reach: Reach

    @property
    def masked(self) -> "Messages":
        """These messages without their words, which hold the firm's contact."""
        return replace(self, to_firm=Markup(), to_lead="")


async def messages_of(posting: Posting, interest: Interest, recipient: Recipient) -> Messages:
    """Compose what both sides would read now."""
    to_firm = await told(posting, interest, recipient)
    to_lead = lead_message(posting, interest, recipient)
    is_mailed = by_mail(posting, recipient)
    reached = await reach.of(posting, interest)
    shown = fingerprint(to_firm, to_lead, recipient.email, f"{is_mailed} {reached}")
    return Messages(to_firm, to_lead, shown, reached)


def preview(
    posting: Posting,
    interest: Interest,
    recipient: Recipient,
    messages: Messages,
    *,
    has_changed: bool = False,
    reader: str = "",
) -> str:
    """Return what whoever confirms reads first: both messages, and what to beware of.

    Where the messages are masked, it says that ``reader`` got them in private.
    """
    project = recipient.project
    return TEXT(
        "preview",
        interest=interest,
        recipient=recipient,
        told=messages.to_firm,
        message=messages.to_lead,
        by_mail=by_mail(posting, recipient),
        has_changed=has_changed,
        reader=reader,
        reach=messages.reach,
        is_closed=project is not None and not project.open_on(posting.services.today()),
        unreachable=is_unreachable(interest),
    )


async def question_first(
    posting: Posting,
    interest: Interest,
    recipient: Recipient,
    asked: Markup,
    *,
    has_changed: bool = False,
) -> str:
    """Return what is read before a firm is asked for its agreement."""
    named = recipient.named
    before = interest.project_lead if named.project_id == interest.project_id else None
    return TEXT(
        "ask_first",
        interest=interest,
        named=named,
        question=asked,
        has_changed=has_changed,
        reach=await reach.of(posting, interest),
        has_changed_lead=before is not None and before != named.name,
    )


def unsettled(interest: Interest, recipient: Recipient, reached: Reach) -> str:
    """Return what is read while the firm has not answered, or once it has refused."""
    name = "awaiting" if recipient.state is Agreement.ASKED else "refused"
    return TEXT(name, interest=interest, introduction=recipient.introduction, reach=reached)


def nobody(posting: Posting, interest: Interest) -> str:
    """Return what to do where nobody is known whom the firm could be put in touch with."""
    knowledge = posting.services.knowledge
    project = knowledge.project(interest.project_id) if interest.project_id else None
    hidden = knowledge.hidden_project(interest.project_id) if interest.project_id else None
    return TEXT("nobody", interest=interest, project=project, is_hidden=hidden is not None)


async def introduce(
    posting: Posting, interest: Interest, recipient: Recipient, message: str, actor: Actor
) -> tuple[Moved, bool]:
    """Make the move, and mail the lead this message; whether it is mailed comes second."""
    particulars = particulars_of(recipient)
    moved = await moves.make(posting, interest.id, EventKind.INTRODUCE, actor, particulars)
    is_mailed = (
        moved.won
        and bool(recipient.email)
        and posting.mail(
            recipient.email,
            TEXT.label("lead_subject", interest=interest),
            message,
            about=interest.about_note,
        )
    )
    return moved, is_mailed


async def was_introduced_to(posting: Posting, interest: Interest, recipient: Recipient) -> bool:
    """Tell whether it is this one whom the firm was put in touch with."""
    events = await posting.work.interests.events(interest.id)
    names = [event.note for event in events if event.kind is EventKind.INTRODUCE]
    is_standing = interest.status is Status.INTRODUCED and recipient.agreed_at is not None
    return is_standing and names[-1:] == [recipient.named.name]
