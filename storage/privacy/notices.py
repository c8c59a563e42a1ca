"""Messages already sent to the team that show a person, to be blanked where they stand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.schema import interests, outbox, people
from storage.queues.outbox import Audience, OutboxState
from storage.subject import Kind, Subject, is_of, tells_of


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A message already sent to others about the person, to be blanked there."""

    chat_id: int
    message_id: int
    number: str
    of_conversation: bool = False
    of_questions: bool = False
    of_search: bool = False
    # In the chat of an administrator who has everything erased; the request itself stays.
    in_private: bool = False


async def sent_about(
    connection: AsyncConnection, numbers: Mapping[int, str], kind: Kind = Kind.INTEREST
) -> tuple[SentNotice, ...]:
    """Give the messages that the team got about these interests: their numbers, by id.

    With another kind, they are exchanges about requests.
    """
    columns = (outbox.c.sent_chat_id, outbox.c.message_id, outbox.c.about)
    result = await connection.execute(
        select(*columns)
        .distinct()
        .where(tells_of(kind, numbers), _is_seen_by_others(kind, numbers))
        .where(outbox.c.state == OutboxState.SENT, outbox.c.message_id.is_not(None))
    )
    return tuple(
        SentNotice(row[0], row[1], numbers[subject.id])
        for row in result
        if (subject := Subject.parse(row[2]))
    )


async def kept_by(
    connection: AsyncConnection, telegram_id: int, own: Collection[int]
) -> tuple[SentNotice, ...]:
    """Give the messages about other people's interests that stand in this account's chat.

    They are an administrator's, who leaves: nobody could find them there any more.
    """
    columns = (outbox.c.message_id, outbox.c.about)
    result = await connection.execute(
        select(*columns)
        .distinct()
        .where(is_of(Kind.INTEREST), outbox.c.sent_chat_id == telegram_id)
        .where(outbox.c.state == OutboxState.SENT, outbox.c.message_id.is_not(None))
    )
    told = [(row[0], subject.id) for row in result if (subject := Subject.parse(row[1]))]
    others = {id_ for _, id_ in told}.difference(own)
    found = await connection.execute(
        select(interests.c.id, interests.c.number).where(interests.c.id.in_(others))
    )
    numbers = {row.id: row.number for row in found}
    return tuple(
        SentNotice(telegram_id, message, numbers[id_], in_private=True)
        for message, id_ in told
        if id_ in numbers
    )


def _is_seen_by_others(kind: Kind, numbers: Collection[int]) -> ColumnElement[bool]:
    """Select what went to the team: to its groups, to a tapped chat, to an administrator alone.

    Of an exchange, nothing goes to an administrator alone.
    """
    is_to_group = (outbox.c.audience != Audience.PERSON) | (outbox.c.sent_chat_id < 0)
    if kind is not Kind.INTEREST:
        return is_to_group
    own_chats = (
        select(people.c.telegram_id)
        .join(interests, interests.c.person_id == people.c.id)
        .where(interests.c.id.in_(numbers))
    )
    is_to_another = (outbox.c.sent_chat_id > 0) & outbox.c.sent_chat_id.not_in(own_chats)
    return is_to_group | is_to_another
