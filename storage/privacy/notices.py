"""Messages already sent to the team that show a person, to be blanked where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.schema import outbox
from storage.queues.outbox import Audience, OutboxState
from storage.subject import Kind, Subject, tells_of


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A message already sent to others about the person, to be blanked there."""

    chat_id: int
    message_id: int
    number: str
    of_conversation: bool = False
    of_questions: bool = False


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
        .where(tells_of(kind, numbers), _is_seen_by_others())
        .where(outbox.c.state == OutboxState.SENT, outbox.c.message_id.is_not(None))
    )
    return tuple(
        SentNotice(row[0], row[1], numbers[subject.id])
        for row in result
        if (subject := Subject.parse(row[2]))
    )


def _is_seen_by_others() -> ColumnElement[bool]:
    """Select what went to the team: also what answers a tap, which is sent to the tapped chat."""
    return (outbox.c.audience != Audience.PERSON) | (outbox.c.sent_chat_id < 0)
