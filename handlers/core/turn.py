"""One update on its way through the handlers: its transaction, and what the bot will say.

Nothing is sent from here. Each message becomes a row of the outbox in the same transaction as
everything else that the update changes; the dispatcher sends it after the commit.
"""

import time
from collections.abc import Collection
from contextvars import ContextVar
from typing import Any, Self, TypeAlias

from telegram import Update, User
from telegram.ext import Application, CallbackContext, ExtBot

from handlers.core.keyboards import Keyboard
from handlers.core.services import Services
from storage.queues.outbox import Audience, Delivery, Outgoing, Priority
from storage.records.people import Person
from storage.subject import Subject
from storage.unit_of_work import UnitOfWork

Data: TypeAlias = dict[Any, Any]
CURRENT: ContextVar["Turn"] = ContextVar("turn")


class Turn:
    """The handling of one update, inside one transaction."""

    def __init__(self, services: Services, work: UnitOfWork, update: Update) -> None:
        self.services = services
        self.work = work
        self.update = update
        self.toast_text: str | None = None
        self.toast_is_alert = False
        self.failure: Exception | None = None
        # The result of the work done before the transaction (handlers/core/ahead.py).
        self.ahead: object = None
        self.began = time.perf_counter()
        # Counted in the metrics after the commit: (event, kind) pairs.
        self.happened: list[tuple[str, str]] = []
        self._person: Person | None = None
        work.changes.cause = update.update_id

    @property
    def user(self) -> User:
        """The account behind this update; every update that is handled has one."""
        user = self.update.effective_user
        if user is None:
            raise LookupError("an update without a user reached a handler")
        return user

    @property
    def chat_id(self) -> int:
        """The chat that this update came from."""
        chat = self.update.effective_chat
        if chat is None:
            raise LookupError("an update without a chat reached a handler")
        return chat.id

    @property
    def text(self) -> str:
        """The text of the message; empty if it has none."""
        message = self.update.effective_message
        return (message.text or "") if message else ""

    async def person(self) -> Person:
        """Return the sender's record; it is created on first contact."""
        if self._person is None:
            self._person = await self.work.read_ahead.person(self.user.id)
        return self._person

    def say(
        self,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        reply_to: int | None = None,
        priority: Priority = Priority.ANSWER,
        quotes: Collection[int] = (),
    ) -> None:
        """Send a message to the chat of this update; ``reply_to`` is a message there to quote.

        ``quotes`` are the questions whose words the text repeats.
        """
        content = composed(text, keyboard, reply_to)
        self._send("sendMessage", self.chat_id, content, priority=priority, quotes=quotes)

    def rewrite(
        self,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        about: Subject | None = None,
        quotes: Collection[int] = (),
    ) -> None:
        """Replace the message whose button was tapped; send a new one if it cannot be edited.

        ``about`` names the record that the text shows, and ``quotes`` the questions that it
        repeats, so that erasing these finds the message too.
        """
        query = self.update.callback_query
        message = query.message if query else None
        if message is None or not message.is_accessible:
            self.say(text, keyboard, quotes=quotes)
            return
        content = composed(text, keyboard) | {"message_id": message.message_id}
        self._send("editMessageText", self.chat_id, content, about, quotes=quotes)

    def remove_buttons(self) -> None:
        """Remove the buttons of the tapped message and leave its text unchanged."""
        query = self.update.callback_query
        message = query.message if query else None
        if message is not None and message.is_accessible:
            content: dict[str, object] = {"message_id": message.message_id}
            self._send("editMessageReplyMarkup", self.chat_id, content)

    def send_file(self, name: str, body: bytes, caption: str) -> None:
        """Send a document to the chat that this update came from."""
        self.work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                "sendDocument",
                {"caption": caption, "parse_mode": "HTML"},
                chat_id=self.chat_id,
                attachment=body,
                filename=name,
            )
        )

    async def tell(
        self,
        person_id: int,
        text: str,
        keyboard: Keyboard | None,
        *,
        about: Subject | None = None,
    ) -> None:
        """Send a message to another person; do nothing if they were erased."""
        person = await self.work.people.get(person_id)
        if person is not None:
            self._send("sendMessage", person.telegram_id, composed(text, keyboard), about)

    def notify(
        self,
        audience: Audience,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        about: Subject | None = None,
    ) -> None:
        """Send a message to a group; the sender resolves its chat id, which may have changed.

        ``about`` is the record that the message shows: ``revise`` finds the message by it.
        """
        content = composed(text, keyboard)
        self.work.outbox.owe(Outgoing(audience, "sendMessage", content, about=about))

    async def revise(self, about: Subject, text: str, keyboard: Keyboard | None = None) -> bool:
        """Edit the message sent about a record; return False if there is none."""
        delivery = await self.work.outbox.delivery(about)
        if delivery is not None:
            self.replace(delivery, text, keyboard, about=about)
        return delivery is not None

    def replace(
        self,
        delivery: Delivery,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        about: Subject | None = None,
    ) -> None:
        """Edit a message that was delivered."""
        content = composed(text, keyboard) | {"message_id": delivery.message_id}
        self._send("editMessageText", delivery.chat_id, content, about)

    def toast(self, text: str, *, alert: bool = False) -> None:
        """Answer the tap with a short notice, or with an alert that must be closed."""
        self.toast_text, self.toast_is_alert = text, alert

    def count(self, event: str, kind: str) -> None:
        """Count an event in the metrics; both labels come from closed lists, never from people."""
        self.happened.append((event, kind))

    def _send(
        self,
        method: str,
        chat_id: int,
        content: dict[str, object],
        about: Subject | None = None,
        priority: Priority = Priority.ANSWER,
        *,
        quotes: Collection[int] = (),
    ) -> None:
        self.work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                method,
                content,
                chat_id=chat_id,
                about=about,
                priority=priority,
                quotes=quotes,
            )
        )


def composed(
    text: str, keyboard: Keyboard | None, reply_to: int | None = None
) -> dict[str, object]:
    """Return the parameters of a message: HTML, buttons, and which message it quotes."""
    parameters: dict[str, object] = {
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if keyboard:
        parameters["reply_markup"] = keyboard
    if reply_to is not None:
        # The quoted message may have been deleted: the message is then sent without the quote.
        parameters["reply_parameters"] = {
            "message_id": reply_to,
            "allow_sending_without_reply": True,
        }
    return parameters


class BotContext(CallbackContext[ExtBot[None], Data, Data, Data]):
    """PTB's context, with the turn under way."""

    turn: Turn

    @classmethod
    def from_update(
        cls, update: object, application: "Application[Any, Any, Any, Any, Any, Any]"
    ) -> Self:
        """Build the context that PTB hands to each handler."""
        context = super().from_update(update, application)
        context.turn = CURRENT.get()
        return context
