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
from handlers.requests import agreement, reach
from handlers.requests.reach import Reach
from storage.records.interests import Actor, EventKind, Interest
from storage.records.introductions import Agreement

# What a firm said on the telephone, as a form sends it.
YES, NO = "oui", "non"


@dataclass(frozen=True, slots=True)
class IntroductionStep:
    """Where putting in touch stands: what is read, and what can be confirmed.

    ``does`` is that: the move, the question to the firm, what it said on the telephone, or nothing;
    ``shown`` tells later whether it is still what was read. ``answers``: the buttons of the form
    where there is more than one, what each sends and says.
    """

    text: str
    does: EventKind | None = None
    shown: str = ""
    answers: tuple[tuple[str, str], ...] = ()


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
    reached = await reach.of(posting, interest)
    text = introducing.unsettled(interest, recipient, reached)
    if reached is not Reach.CALL:
        return IntroductionStep(text)
    said_yes, said_no = (YES, TEXT.label("said_yes")), (NO, TEXT.label("said_no"))
    has_refused = recipient.state is Agreement.REFUSED
    return IntroductionStep(
        text,
        EventKind.FROM_FIRM,
        fingerprint(str(recipient.introduction)),
        (said_yes,) if has_refused else (said_yes, said_no),
    )


async def confirmed(
    posting: Posting, interest: Interest, step: IntroductionStep, actor: Actor, said: str
) -> bool:
    """Do what a step shows; False where another was first. ``said``: the firm's yes or no."""
    recipient = await recipients.recipient_of(posting, interest)
    if recipient is None or step.does is None:
        return False
    if step.does is EventKind.INTRODUCE:
        message = lead_message(posting, interest, recipient)
        moved, _ = await introducing.introduce(posting, interest, recipient, message, actor)
        return moved.won
    if step.does is EventKind.FROM_FIRM:
        return await _noted(posting, interest, recipient, actor, said)
    named = await recipients.name(posting, interest, recipient.named)
    return await agreement.ask(posting, interest, named, actor)


async def _noted(
    posting: Posting, interest: Interest, recipient: Recipient, actor: Actor, said: str
) -> bool:
    """Note what the firm said; the group, which did not see it done, is told."""
    asked, agrees = recipient.introduction, said == YES
    if asked is None or said not in (YES, NO):
        return False
    if await agreement.note_by_phone(posting, interest, asked, actor, agrees=agrees):
        named, by = recipient.named, actor.name or ""
        await agreement.tell_group(posting, interest, named, agrees=agrees, noted_by=by)
    return True


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
