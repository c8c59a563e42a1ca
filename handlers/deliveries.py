"""What follows when a message of a conversation reached the other side, or never will.

And what follows when a person cannot be told what became of their request.
"""

from handlers.core.services import Identity
from handlers.handoff.threads import Threads
from handlers.messages import Catalogue
from handlers.requests import administrators
from storage.queues.outbox import Pending
from storage.records.conversation_values import Conversation, Side
from storage.records.conversation_values import Message as Said
from storage.subject import Kind, Subject
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("handoff")


def is_in_thread(item: Pending) -> bool:
    """Tell whether a message belongs to a question handed over."""
    return item.about is not None and item.about.kind is Kind.HANDOFF


async def arrived(work: UnitOfWork, item: Pending, identity: Identity) -> None:
    """Give the receipt of a reply that the person has; send the edit made while it was on its way.

    Called in the unit of work that records the delivery.
    """
    found = await _message(work, item)
    if found is None:
        return
    conversation, said = found
    threads = Threads(work, identity.operator)
    was_stale = said.stale and item.method == "sendMessage"
    said = await work.conversations.arrived(said.id)
    if was_stale:
        await threads.correct(conversation, said)
    if said.side is Side.FACILITATORS:
        corrected = item.method == "editMessageText"
        text = TEXT("delivered", conversation=conversation, corrected=corrected)
        threads.note(conversation, text, reply_to=await _typed_in(threads, said))
        if not corrected:
            # So that no colleague replies a second time unawares.
            await threads.refresh(conversation)


async def failed(work: UnitOfWork, item: Pending, reason: str, identity: Identity) -> bool:
    """Say to whoever caused it that a message cannot be delivered; False: tell others as well."""
    if await administrators.undelivered(work, item, reason):
        return True
    found = await _message(work, item)
    threads = Threads(work, identity.operator)
    if found is not None and found[1].side is Side.FACILITATORS:
        conversation, said = found
        blocked = reason == "Forbidden"
        text = TEXT(
            "blocked" if blocked else "undelivered", conversation=conversation, reason=reason
        )
        threads.note(conversation, text, reply_to=await _typed_in(threads, said))
        return blocked
    conversation_known = await _conversation(work, item.about)
    is_news = item.method == "sendMessage" and item.about is not None and not item.about.is_note
    if conversation_known and is_news:
        text = TEXT("person_undelivered", conversation=conversation_known, identity=identity)
        await threads.tell_person(conversation_known, text)
    return False


async def number_of(work: UnitOfWork, about: Subject | None) -> str | None:
    """Return the number that people know something by; None where it has none, or is gone."""
    if about is not None and about.kind is Kind.INTEREST:
        interest = await work.interests.get(about.id)
        return interest.number if interest else None
    conversation = await _conversation(work, about)
    return conversation.number if conversation else None


async def removed(work: UnitOfWork, item: Pending, identity: Identity) -> None:
    """Post again what was to be edited in the group, and is gone from it."""
    about = item.about
    conversation = await _conversation(work, about)
    if conversation is None or about is None:
        return
    threads = Threads(work, identity.operator)
    threads.note(conversation, TEXT("reposted", conversation=conversation))
    said = await work.conversations.message(about.message_id) if about.message_id else None
    if said is None:
        await threads.post_question(conversation)
    else:
        await threads.pass_on(conversation, said)


async def _message(work: UnitOfWork, item: Pending) -> tuple[Conversation, Said] | None:
    if item.about is None or item.about.message_id is None:
        return None
    said = await work.conversations.message(item.about.message_id)
    conversation = await _conversation(work, item.about)
    return None if said is None or conversation is None else (conversation, said)


async def _conversation(work: UnitOfWork, about: Subject | None) -> Conversation | None:
    if about is None or about.kind is not Kind.HANDOFF:
        return None
    return await work.conversations.get(about.id)


async def _typed_in(threads: Threads, said: Said) -> int | None:
    """Return the message to quote, where it is still in the group that it was typed in."""
    return said.message_id if await threads.is_here(said.chat_id) else None
