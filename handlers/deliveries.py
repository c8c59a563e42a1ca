"""What happens after a message was delivered, or cannot be.

This covers messages of a conversation, and news to a person about their request.
"""

from handlers.administration import reminders
from handlers.core import alerts
from handlers.core.posting import Posting
from handlers.core.services import Services
from handlers.handoff.threads import Threads, words
from handlers.requests import notification
from storage.queues.outbox import EMAIL, Audience, Delivery, Pending
from storage.records.conversation_values import Conversation, Side
from storage.records.conversation_values import Message as ThreadMessage
from storage.subject import Kind, Subject
from storage.unit_of_work import UnitOfWork

_OF_THREADS = (Kind.HANDOFF, Kind.EXCHANGE)


def is_in_thread(item: Pending) -> bool:
    """Tell whether a message belongs to a conversation with the team."""
    return item.about is not None and item.about.kind in _OF_THREADS


async def arrived(work: UnitOfWork, item: Pending, services: Services) -> None:
    """Confirm a delivered reply to its author; send the edit made while it was being delivered.

    Called in the unit of work that records the delivery.
    """
    threads = Threads(work, services)
    pair = await _message(work, item)
    if pair is None:
        await _bring_up_to_date(work, threads, item)
        return
    conversation, message = pair
    was_stale = message.stale and item.method in ("sendMessage", EMAIL)
    message = await work.conversations.arrived(message.id)
    if was_stale:
        await threads.correct(conversation, message)
    if message.side is Side.FACILITATORS:
        corrected = item.method == "editMessageText" or (
            # A letter cannot be edited: what was corrected is sent anew.
            item.is_mail_to_visitor and message.edited_at is not None
        )
        text = words(conversation)(
            "delivered",
            conversation=conversation,
            corrected=corrected,
            signature=message.signature,
        )
        threads.note(conversation, text, reply_to=_typed(message))
        if not corrected:
            # The card then shows the reply, so that no colleague replies a second time.
            await threads.refresh(conversation)


async def failed(work: UnitOfWork, item: Pending, why: str, services: Services) -> bool:
    """Tell the author that a message cannot be delivered; False: administrators must know too.

    ``why`` names the reason, as `handlers.core.alerts.why` knows it.
    """
    if item.is_mail_to_team:
        # Not the contact that a lead waits for: the group is told as of any message.
        return False
    if await notification.undelivered(work, item, why):
        return True
    posting = Posting(services, work, keeps_hours=item.keeps_hours)
    if await reminders.undelivered(posting, item, why):
        return True
    is_for_person = item.audience is Audience.PERSON or item.is_mail_to_visitor
    if is_in_thread(item) and is_for_person and _is_note(item):
        # A receipt: nobody waits for it, and nothing is lost where it does not arrive.
        return True
    pair = await _message(work, item)
    threads = Threads(work, services)
    if pair is not None and pair[1].side is Side.FACILITATORS:
        conversation, message = pair
        blocked = why == "blocked"
        name = "blocked" if blocked else "undelivered"
        text = words(conversation)(name, conversation=conversation, why=alerts.why(why))
        threads.note(conversation, text, reply_to=_typed(message))
        return blocked
    thread = await _conversation(work, item.about)
    is_news = item.method == "sendMessage" and not _is_note(item)
    if thread and is_news:
        await _tell_person(threads, "person_undelivered", thread, services)
    return False


async def held(work: UnitOfWork, about: Subject, services: Services) -> None:
    """Tell a person that what they wrote waits, because the group accepts nothing for now."""
    conversation = await _conversation(work, about)
    if conversation is None or about.is_note:
        return
    message = await work.conversations.message(about.message_id) if about.message_id else None
    if (message.side if message else conversation.opened_by) is Side.PERSON:
        await _tell_person(Threads(work, services), "person_held", conversation, services)


async def _tell_person(
    threads: Threads, name: str, conversation: Conversation, services: Services
) -> None:
    await threads.tell_person(
        conversation,
        lambda: (
            words(conversation)(name, conversation=conversation, identity=services.identity),
            None,
        ),
    )


async def matter(work: UnitOfWork, about: Subject | None) -> str:
    """Return what a message is about, as the end of a sentence; empty for no record."""
    if about is None:
        return ""
    number = await _number_of(work, about)
    if number is None:
        return alerts.TEXT.label(f"matter_{about.kind}_gone")
    return alerts.TEXT.label(f"matter_{about.kind}", number=number)


async def _number_of(work: UnitOfWork, about: Subject) -> str | None:
    """Return the number that people know a record by; None if it has none or was erased."""
    if about.kind is Kind.INTEREST:
        interest = await work.interests.get(about.id)
        return interest.number if interest else None
    conversation = await _conversation(work, about)
    return conversation.number if conversation else None


async def removed(work: UnitOfWork, item: Pending, services: Services, *, is_deleted: bool) -> None:
    """Post a message again whose edit failed: it was deleted, or is in a group that was left."""
    about = item.about
    conversation = await _conversation(work, about)
    if conversation is None or about is None:
        return
    threads = Threads(work, services)
    message = await work.conversations.message(about.message_id) if about.message_id else None
    if message is None and about.kind is Kind.EXCHANGE:
        # Its main message is the notification, which is posted again when it changes.
        return
    if is_deleted:
        threads.note(conversation, words(conversation)("reposted", conversation=conversation))
    if message is None:
        await threads.repost_question(conversation)
    else:
        await threads.pass_on(conversation, message)


async def _bring_up_to_date(work: UnitOfWork, threads: Threads, item: Pending) -> None:
    """Edit a card that changed between its writing and its arrival."""
    conversation = await _conversation(work, item.about)
    if conversation is None or item.about != conversation.about or item.method != "sendMessage":
        return
    changed = [at for at in (conversation.edited_at, conversation.closed_at) if at is not None]
    if any(at >= item.created_at for at in changed):
        await threads.refresh(conversation)


def _is_note(item: Pending) -> bool:
    return item.about is not None and item.about.is_note


async def _message(work: UnitOfWork, item: Pending) -> tuple[Conversation, ThreadMessage] | None:
    if item.about is None or item.about.message_id is None:
        return None
    message = await work.conversations.message(item.about.message_id)
    conversation = await _conversation(work, item.about)
    return None if message is None or conversation is None else (conversation, message)


async def _conversation(work: UnitOfWork, about: Subject | None) -> Conversation | None:
    if about is None or about.kind not in _OF_THREADS:
        return None
    return await work.conversations.get(about.id)


def _typed(message: ThreadMessage) -> Delivery:
    """Return where a message was typed, to quote it."""
    return Delivery(message.chat_id, message.message_id)
