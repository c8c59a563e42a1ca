"""Which exchange a reply answers: known by the message of ours that it quotes, never by its text.

What a message says proves nothing: another bot, or an administrator who writes as the group, may
begin theirs with the number of an exchange. Of each message that the bot sent about an exchange,
the outbox keeps where it was delivered.
"""

import re
from dataclasses import dataclass

from telegram import Message

from handlers.core.turn import Turn
from storage.queues.outbox import Delivery
from storage.subject import Kind

_NUMBER = re.compile(r"\bQ-\d{4}-\d{4,}\b")


@dataclass(frozen=True, slots=True)
class RepliedTo:
    """A message of the bot: the one exchange it was sent about, and the numbers it shows.

    The numbers serve to say why a reply goes nowhere. ``of_request``: the exchange is about a
    request.
    """

    conversation_id: int | None
    numbers: tuple[str, ...]
    of_request: bool = False

    @property
    def is_of_exchanges(self) -> bool:
        """Whether it is about an exchange, or speaks of some."""
        return self.conversation_id is not None or bool(self.numbers)


async def replied_to(turn: Turn, message: Message | None) -> RepliedTo | None:
    """Return which message of the bot is replied to; None if it is not one of the bot's."""
    quoted = message.reply_to_message if message else None
    if quoted is None or not is_by_bot(turn, quoted):
        return None
    # The quoted message names its own chat: after a move, that may be the former group.
    sent = Delivery(quoted.chat.id, quoted.message_id)
    subject = await turn.work.outbox.subject_of(sent)
    is_exchange = subject is not None and subject.kind in (Kind.HANDOFF, Kind.EXCHANGE)
    numbers = dict.fromkeys(_NUMBER.findall((quoted.text or "").partition("\n\n")[0]))
    if subject is None or not is_exchange:
        return RepliedTo(None, tuple(numbers))
    return RepliedTo(subject.id, tuple(numbers), of_request=subject.kind is Kind.EXCHANGE)


def is_by_bot(turn: Turn, message: Message) -> bool:
    """Tell whether the bot wrote a message."""
    author = message.from_user
    return author is not None and author.id == turn.update.get_bot().id
