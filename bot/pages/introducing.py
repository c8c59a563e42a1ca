"""Putting in touch on the page of a request: what the group reads, and the same two steps."""

from dataclasses import dataclass

from handlers.administration import introducing, recipients
from handlers.administration.introduction_words import (
    TEXT,
    by_mail,
    fingerprint,
    lead_message,
    question,
)
from handlers.administration.recipients import Recipient
from handlers.core.posting import Posting
from handlers.requests import agreement
from storage.records.interests import Actor, EventKind, Interest
from storage.records.introductions import Agreement


@dataclass(frozen=True, slots=True)
class IntroductionStep:
    """Where putting in touch stands: what is read, and what can be confirmed.

    ``does`` is that: the move, the question to the firm, or nothing; ``shown`` tells later whether
    it is still what was read.
    """

    text: str
    does: EventKind | None = None
    shown: str = ""


@dataclass(frozen=True, slots=True)
class ToSend:
    """The message for whom the firm was put in touch with, where it is not mailed."""

    name: str
    text: str


async def step_of(
    posting: Posting, interest: Interest, *, has_changed: bool = False
) -> IntroductionStep:
    """Return where putting this request in touch stands."""
    recipient = await recipients.recipient_of(posting, interest)
    if recipient is None:
        return IntroductionStep(introducing.nobody(posting, interest))
    if recipient.state is Agreement.AGREED:
        messages = await introducing.messages_of(posting, interest, recipient)
        text = introducing.preview(posting, interest, recipient, messages, has_changed=has_changed)
        return IntroductionStep(text, EventKind.INTRODUCE, messages.shown)
    if recipient.state is Agreement.NAMED:
        asked = await question(posting, interest, recipient)
        text = await introducing.question_first(
            posting, interest, recipient, asked, has_changed=has_changed
        )
        return IntroductionStep(text, EventKind.TO_FIRM, fingerprint(asked))
    name = "awaiting" if recipient.state is Agreement.ASKED else "refused"
    return IntroductionStep(TEXT(name, interest=interest, introduction=recipient.introduction))


async def confirmed(
    posting: Posting, interest: Interest, step: IntroductionStep, actor: Actor
) -> bool:
    """Do what a step shows; False where another was first."""
    recipient = await recipients.recipient_of(posting, interest)
    if recipient is None or step.does is None:
        return False
    if step.does is EventKind.INTRODUCE:
        message = lead_message(posting, interest, recipient)
        moved, _ = await introducing.introduce(posting, interest, recipient, message, actor)
        return moved.won
    named = await recipients.name(posting, interest, recipient.named)
    return await agreement.ask(posting, interest, named, actor)


async def to_send(posting: Posting, interest: Interest) -> ToSend | None:
    """Return the message that the team has to send itself; None where it has none."""
    recipient = await recipients.recipient_of(posting, interest)
    if recipient is None or by_mail(posting, recipient):
        return None
    if not await introducing.was_introduced_to(posting, interest, recipient):
        return None
    return ToSend(recipient.named.name, _to_copy(posting, interest, recipient))


def _to_copy(posting: Posting, interest: Interest, recipient: Recipient) -> str:
    message = lead_message(posting, interest, recipient)
    return TEXT("to_copy", interest=interest, recipient=recipient, message=message)
