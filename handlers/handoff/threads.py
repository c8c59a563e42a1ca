"""A conversation with the team: its card in the group, and the relayed messages.

One about a question is with the facilitators. One about a request is with the administrators, where
the notification of the request takes the place of the card.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.posting import Posting, Words, composed, in_topic, quoting, remember_told
from handlers.core.services import Services
from handlers.core.turn import Turn
from handlers.messages import Catalogue, speaking
from storage.queues.outbox import Audience, Delivery, Outgoing
from storage.records.conversation_values import Conversation, Side
from storage.records.conversation_values import Message as ThreadMessage
from storage.records.people import Person
from storage.subject import Subject
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("handoff")
# What is said otherwise where the conversation is about a request.
_OF_REQUESTS = Catalogue.of("handoff", "exchange")
# Bot API, sendMessage: 4,096 UTF-16 units; the rest is room for the text around the message.
LONGEST = 3500


@dataclass(frozen=True)
class CloseThread(CallbackData, prefix="hc"):
    """Close a conversation, for facilitators; ``sure`` closes one without any reply too."""

    conversation_id: int
    sure: bool = False


@dataclass(frozen=True)
class KeepOpen(CallbackData, prefix="hk"):
    """Leave a conversation open after the question whether to close it, for facilitators."""

    conversation_id: int


@dataclass(frozen=True)
class ReopenThread(CallbackData, prefix="ho"):
    """Reopen a closed conversation, for facilitators."""

    conversation_id: int


@dataclass(frozen=True)
class ReplyTo(CallbackData, prefix="hr"):
    """Write back to the facilitators, for the person."""

    conversation_id: int


def words(conversation: Conversation) -> Catalogue:
    """Return the messages for a conversation: those of questions, or those of requests."""
    return TEXT if conversation.interest_id is None else _OF_REQUESTS


def home(conversation: Conversation) -> Audience:
    """Return the group of the team that a conversation is with."""
    is_asked = conversation.interest_id is None
    return Audience.FACILITATORS if is_asked else Audience.ADMINISTRATORS


class Threads:
    """Queues the messages of conversations, as rows of the outbox in this unit of work."""

    def __init__(self, work: UnitOfWork, services: Services, topic: int | None = None) -> None:
        """Queue in this unit of work; ``topic`` is where the message that is answered is."""
        self._work = work
        self._services = services
        self._operator = services.identity.operator
        self._groups = {
            Audience.FACILITATORS: services.facilitator_chat_id,
            Audience.ADMINISTRATORS: services.admin_chat_id,
        }
        self._topic = topic

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """Return the threads in the unit of work of this turn."""
        # A private chat may have topics too: those of the group are others.
        return cls(turn.work, turn.services, turn.topic if turn.chat_id < 0 else None)

    async def post_question(self, conversation: Conversation) -> None:
        """Queue the card: the numbered message in the group that facilitators reply to."""
        parameters = await self._card(conversation)
        self._owe_group(conversation, parameters, conversation.about)

    async def repost_question(self, conversation: Conversation) -> None:
        """Queue the card again; where one waits already, it shows the present state."""
        parameters = await self._card(conversation)
        about = conversation.about
        if not await self._work.outbox.reword(about, Audience.FACILITATORS, parameters):
            self._owe_group(conversation, parameters, about)

    async def refresh(self, conversation: Conversation) -> None:
        """Edit the card to show the present state; post a new one if it is out of reach.

        The notification of a request shows nothing of its exchange.
        """
        if conversation.interest_id is not None:
            return
        delivery = await self._standing(conversation, conversation.about)
        if delivery is not None:
            self._edit(delivery, await self._card(conversation), conversation.about)
        # A card on its way is refreshed once it has arrived.
        elif not await self._work.outbox.is_owed(conversation.about):
            await self.post_question(conversation)

    async def pass_on(self, conversation: Conversation, message: ThreadMessage) -> None:
        """Queue a message for the other side."""
        about = conversation.about_copy(message.id)
        if message.side is Side.PERSON:
            parameters = self._words(conversation, message)
            anchor = await self._standing(conversation, conversation.about)
            if anchor is not None:
                parameters |= quoting(anchor)
            elif conversation.interest_id is None and not await self._work.outbox.is_owed(
                conversation.about
            ):
                # Another group by now: it needs the question to understand what follows. What is
                # about a request says itself which one.
                await self.post_question(conversation)
            self._owe_group(conversation, parameters, about)
        else:
            await self._owe_person(conversation, lambda: self._words(conversation, message), about)

    async def correct(self, conversation: Conversation, message: ThreadMessage) -> None:
        """Queue the edit of a delivered copy; send a new one if the group is another by now."""
        about = conversation.about_copy(message.id)
        delivery = await self._work.outbox.delivery(about)
        if delivery is None:
            await self._write_anew(conversation, message)
            return
        if delivery.chat_id > 0 or await self._is_here(conversation, delivery.chat_id):
            with speaking(await self._language_in(delivery.chat_id)):
                parameters = self._words(conversation, message)
            self._edit(delivery, parameters, about)
        else:
            await self.pass_on(conversation, message)

    async def _write_anew(self, conversation: Conversation, message: ThreadMessage) -> None:
        """Send the corrected text to who got the former one in a letter: none can be edited."""
        person = await self._work.people.get(conversation.person_id)
        is_for_them = message.side is Side.FACILITATORS and message.delivered_at is not None
        if person is not None and person.is_visitor and is_for_them:
            await self.pass_on(conversation, message)

    async def tell_of_correction(self, conversation: Conversation, about: Subject) -> None:
        """Note under the corrected message that it changed after the team had answered."""
        delivery = await self._standing(conversation, about)
        text = words(conversation)("person_corrected", conversation=conversation)
        self.note(conversation, text, reply_to=delivery)

    def note(
        self,
        conversation: Conversation,
        text: str,
        *,
        reply_to: Delivery | None = None,
        keyboard: Keyboard | None = None,
    ) -> None:
        """Queue a note about a conversation for the group."""
        parameters = composed(text, keyboard, reply_to)
        if reply_to is not None:
            parameters |= in_topic(self._topic)
        self._owe_group(conversation, parameters, conversation.about_aside)

    async def tell_person(self, conversation: Conversation, words: Words) -> None:
        """Queue a note about their conversation for the person, in their language."""
        await self._owe_person(conversation, lambda: composed(*words()), conversation.about_note)

    async def _is_here(self, conversation: Conversation, chat_id: int) -> bool:
        """Tell whether a chat is the present group that a conversation is with.

        Its id changes with a supergroup; the setting may name another group by now.
        """
        group = self._groups[home(conversation)]
        if group is None:
            return False
        return await self._work.outbox.current_chat(group) == chat_id

    async def _card(self, conversation: Conversation) -> dict[str, object]:
        reply = await self._work.conversations.last_reply(conversation.id)
        return composed(
            TEXT("card", conversation=conversation, reply=reply, operator=self._operator),
            column([_way_on(conversation)]),
        )

    def _words(self, conversation: Conversation, message: ThreadMessage) -> dict[str, object]:
        values = {"conversation": conversation, "said": message, "operator": self._operator}
        if message.side is Side.PERSON:
            keyboard = column([_way_on(conversation)]) if conversation.interest_id is None else None
            return composed(words(conversation)("from_person", **values), keyboard)
        keyboard = column([button(TEXT.label("answer_back"), ReplyTo(conversation.id))])
        return composed(words(conversation)("from_facilitators", **values), keyboard)

    async def _standing(self, conversation: Conversation, about: Subject) -> Delivery | None:
        """Return where the message about something is; None if it is in a former group."""
        delivery = await self._work.outbox.delivery(about)
        if delivery and await self._is_here(conversation, delivery.chat_id):
            return delivery
        return None

    def _owe_group(
        self, conversation: Conversation, parameters: dict[str, object], about: Subject
    ) -> None:
        self._work.outbox.owe(Outgoing(home(conversation), "sendMessage", parameters, about=about))

    async def _owe_person(
        self,
        conversation: Conversation,
        compose: Callable[[], dict[str, object]],
        about: Subject,
    ) -> None:
        person = await self._work.people.get(conversation.person_id)
        if person is not None and person.is_visitor:
            self._write(person, conversation, compose, about)
        elif person is not None:
            with speaking(person.tongue.language):
                parameters = compose()
            self._work.outbox.owe(
                Outgoing(
                    Audience.PERSON,
                    "sendMessage",
                    parameters,
                    chat_id=person.telegram_id,
                    about=about,
                )
            )
            remember_told(self._work, person.id, parameters)

    def _write(
        self,
        visitor: Person,
        conversation: Conversation,
        compose: Callable[[], dict[str, object]],
        about: Subject,
    ) -> None:
        """Send a letter; where none reaches them, say so to the group that wrote."""
        posting = Posting(self._services, self._work)
        said: Words = lambda: (str(compose()["text"]), None)  # noqa: E731 - typed as what it is
        if visitor.address and self._services.can_mail:
            posting.write(visitor, said, about=about)
        else:
            text = words(conversation)("no_letter", conversation=conversation)
            self.note(conversation, text)

    async def _language_in(self, chat_id: int) -> str:
        """Return the language of the person whose chat this is; groups have French."""
        return (await self._work.people.tongues([chat_id]))[chat_id].language

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
