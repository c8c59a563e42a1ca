"""A conversation with facilitators: its card in the group, and the relayed messages."""

import re
from dataclasses import dataclass

from telegram import Message
from telegram.ext.filters import MessageFilter

from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.turn import composed, quoting
from handlers.messages import Catalogue
from storage.queues.outbox import Audience, Delivery, Outgoing
from storage.records.conversation_values import Conversation, Side
from storage.records.conversation_values import Message as ThreadMessage
from storage.subject import Subject
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("handoff")
# Bot API, sendMessage: 4,096 UTF-16 units; the rest is room for the text around the message.
LONGEST = 3500
_NUMBER = re.compile(r"\bQ-\d{4}-\d{4,}\b")


@dataclass(frozen=True)
class CloseThread(CallbackData, prefix="hc"):
    """Close a conversation, for facilitators."""

    conversation_id: int


@dataclass(frozen=True)
class ReopenThread(CallbackData, prefix="ho"):
    """Reopen a closed conversation, for facilitators."""

    conversation_id: int


@dataclass(frozen=True)
class ReplyTo(CallbackData, prefix="hr"):
    """Write back to the facilitators, for the person."""

    conversation_id: int


def number_replied_to(message: Message | None) -> str | None:
    """Return the conversation number in the first line of the quoted message of the bot.

    The texts of people come after that line, so that nobody can forge the number of another thread.
    """
    quoted = message.reply_to_message if message else None
    if quoted is None or quoted.from_user is None or not quoted.from_user.is_bot:
        return None
    match = _NUMBER.search((quoted.text or "").partition("\n")[0])
    return match[0] if match else None


class InThread(MessageFilter):
    """Accepts replies to the bot's messages about a conversation."""

    def filter(self, message: Message) -> bool:
        """Tell whether the quoted message has the number of a conversation."""
        return number_replied_to(message) is not None


class Threads:
    """Queues the messages of conversations, as rows of the outbox in this unit of work."""

    def __init__(self, work: UnitOfWork, operator: str) -> None:
        self._work = work
        self._operator = operator

    async def post_question(self, conversation: Conversation) -> None:
        """Queue the card: the numbered message in the group that facilitators reply to."""
        parameters = await self._card(conversation)
        self._owe_group(parameters, conversation.about)

    async def repost_question(self, conversation: Conversation) -> None:
        """Queue the card again; where one waits already, it shows the present state."""
        parameters = await self._card(conversation)
        about = conversation.about
        if not await self._work.outbox.reword(about, Audience.FACILITATORS, parameters):
            self._owe_group(parameters, about)

    async def refresh(self, conversation: Conversation) -> None:
        """Edit the card to show the present state; post a new one if it is out of reach."""
        delivery = await self._standing(conversation.about)
        if delivery is None:
            await self.post_question(conversation)
        else:
            self._edit(delivery, await self._card(conversation), conversation.about)

    async def pass_on(self, conversation: Conversation, message: ThreadMessage) -> None:
        """Queue a message for the other side."""
        if message.side is Side.PERSON:
            parameters = self._words(conversation, message)
            anchor = await self._standing(conversation.about)
            if anchor is not None:
                parameters |= quoting(anchor)
            self._owe_group(parameters, message.about)
        else:
            await self._owe_person(conversation, self._words(conversation, message), message.about)

    async def correct(self, conversation: Conversation, message: ThreadMessage) -> None:
        """Queue the edit of a delivered copy."""
        delivery = await self._work.outbox.delivery(message.about)
        if delivery is not None:
            self._edit(delivery, self._words(conversation, message), message.about)

    def note(
        self,
        conversation: Conversation,
        text: str,
        *,
        reply_to: Delivery | None = None,
        keyboard: Keyboard | None = None,
    ) -> None:
        """Queue a note about a conversation for the group."""
        self._owe_group(composed(text, keyboard, reply_to), conversation.about_note)

    async def tell_person(
        self, conversation: Conversation, text: str, keyboard: Keyboard | None = None
    ) -> None:
        """Queue a note about their conversation for the person."""
        await self._owe_person(conversation, composed(text, keyboard), None)

    async def is_here(self, chat_id: int) -> bool:
        """Tell whether a group still has this chat id, which changes with a supergroup."""
        return await self._work.outbox.current_chat(chat_id) == chat_id

    async def _card(self, conversation: Conversation) -> dict[str, object]:
        reply = await self._work.conversations.last_reply(conversation.id)
        return composed(
            TEXT("card", conversation=conversation, reply=reply, operator=self._operator),
            column([_way_on(conversation)]),
        )

    def _words(self, conversation: Conversation, message: ThreadMessage) -> dict[str, object]:
        values = {"conversation": conversation, "said": message, "operator": self._operator}
        if message.side is Side.PERSON:
            keyboard = column([_way_on(conversation)])
            return composed(TEXT("from_person", **values), keyboard)
        keyboard = column([button(TEXT.label("answer_back"), ReplyTo(conversation.id))])
        return composed(TEXT("from_facilitators", **values), keyboard)

    async def _standing(self, about: Subject) -> Delivery | None:
        """Return where the message about something is; None if it is in a former group."""
        delivery = await self._work.outbox.delivery(about)
        return delivery if delivery and await self.is_here(delivery.chat_id) else None

    def _owe_group(self, parameters: dict[str, object], about: Subject) -> None:
        self._work.outbox.owe(
            Outgoing(Audience.FACILITATORS, "sendMessage", parameters, about=about)
        )

    async def _owe_person(
        self, conversation: Conversation, parameters: dict[str, object], about: Subject | None
    ) -> None:
        person = await self._work.people.get(conversation.person_id)
        if person is not None:
            self._work.outbox.owe(
                Outgoing(
                    Audience.PERSON,
                    "sendMessage",
                    parameters,
                    chat_id=person.telegram_id,
                    about=about,
                )
            )

    def _edit(self, delivery: Delivery, parameters: dict[str, object], about: Subject) -> None:
        self._work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                "editMessageText",
                parameters | {"message_id": delivery.message_id},
                chat_id=delivery.chat_id,
                about=about,
            )
        )


def _way_on(conversation: Conversation) -> Button:
    if conversation.closed_at is None:
        return button(TEXT.label("close"), CloseThread(conversation.id))
    return button(TEXT.label("reopen"), ReopenThread(conversation.id))
