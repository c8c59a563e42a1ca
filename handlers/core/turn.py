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

from handlers.core.full_text import full_text
from handlers.core.keyboards import Keyboard
from handlers.core.posting import Posting, Words, composed, in_topic
from handlers.core.services import Services
from handlers.core.showing import Showing
from storage.queues.measure import LONGEST_TOAST, cut
from storage.queues.outbox import Audience, Delivery, Making, Outgoing, Priority
from storage.records.contexts import Context
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
        self.posting = Posting(services, work)
        self.toast_text: str | None = None
        self.toast_is_alert = False
        self.failure: Exception | None = None
        # Said once, above the first message of this turn.
        self.preface = ""
        # The result of the work done before the transaction (handlers/core/ahead.py).
        self.ahead: object = None
        self.began = time.perf_counter()
        # Whether the limits let the update through: they count it once, whoever handles it.
        self.is_admitted = False
        # Whether the update needs no trace: sent again, it would not be answered either.
        self.is_forgettable = False
        # Whether what was typed is in another language than what the person typed before.
        self.has_changed_language = False
        # Counted in the metrics after the commit: (event, kind) pairs.
        self.happened: list[tuple[str, str]] = []
        self.showing = Showing()
        self._person: Person | None = None
        self._shown_before: Context | None = None
        self._has_read_context = False
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
    def topic(self) -> int | None:
        """The topic of a group that this update's message is in: what is said there stays there."""
        message = self.update.effective_message
        return message.message_thread_id if message and message.is_topic_message else None

    @property
    def message_id(self) -> int | None:
        """The message that was sent or tapped, to quote it; None if it is out of reach."""
        message = self.update.effective_message
        return message.message_id if message else None

    @property
    def text(self) -> str:
        """All that the message says in writing, a caption too; empty if that is nothing."""
        return full_text(self.update.effective_message)

    @property
    def is_typed_tap(self) -> bool:
        """Whether a button's label was typed: no message was tapped, so none can be edited."""
        query = self.update.callback_query
        return query is not None and query.message is None and self.update.message is not None

    async def person(self) -> Person:
        """Return the sender's record; it is created on first contact."""
        if self._person is None:
            self._person = await self.work.read_ahead.person(self.user.id)
        return self._person

    async def shown_before(self) -> Context | None:
        """Return what the person was shown before this turn, if that was not long ago."""
        if not self._has_read_context:
            person = await self.person()
            self._shown_before = await self.work.read_ahead.context(person.id)
            self._has_read_context = True
        return self._shown_before

    async def topic_before(self) -> str:
        """Return the id of what was last answered, as the matcher takes it; empty for nothing."""
        before = await self.shown_before()
        return (before.topic or "") if before else ""

    def is_about(self, topic: str) -> None:
        """Note that this turn shows an entry or an act, by its id, or a ``project:<id>``."""
        self.showing.topic = topic or None

    async def keep_context(self) -> None:
        """Keep what this turn showed to the person; call it once, at the end."""
        # Whoever was erased in this turn must not come back by the words that say so.
        if not self.showing.has_spoken or self.work.changes.everybody_touched:
            return
        if not (self.showing.is_new or self._has_read_context):
            # Who only reads a page without buttons is not made known to the database.
            await self.work.contexts.end_offer(self.user.id)
            return
        before = await self.shown_before() if self.showing.needs_former else None
        context = self.showing.context((await self.person()).id, before)
        if context is not None:
            self.work.contexts.save(context)

    @property
    def _is_private(self) -> bool:
        user = self.update.effective_user
        return user is not None and user.id == self.chat_id

    def begin_with(self, words: str) -> None:
        """Put these words, as HTML, above the next message and below what already stands there."""
        self.preface = f"{self.preface}\n\n{words}".strip()

    def say(
        self,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        reply_to: int | None = None,
        priority: Priority = Priority.ANSWER,
        about: Subject | None = None,
        quotes: Collection[int] = (),
    ) -> None:
        """Send a message to the chat of this update; ``reply_to`` is a message there to quote.

        ``about`` is the record that the message shows: a reply to it is then about that record.
        ``quotes`` are the questions whose words the text repeats.
        """
        if self.preface:
            text, self.preface = f"{self.preface}\n\n{text}", ""
        keyboard = self.posting.useful(keyboard)
        quoted = None if reply_to is None else Delivery(self.chat_id, reply_to)
        content = composed(text, keyboard, quoted) | in_topic(self.topic)
        if self._is_private:
            self.showing.note(keyboard)
        self._send("sendMessage", self.chat_id, content, about, priority, quotes=quotes)

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
            self.say(text, keyboard, about=about, quotes=quotes)
            return
        keyboard = self.posting.useful(keyboard)
        content = composed(text, keyboard) | {"message_id": message.message_id}
        if self._is_private:
            self.showing.note(keyboard)
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
                {"caption": caption, "parse_mode": "HTML"} | in_topic(self.topic),
                chat_id=self.chat_id,
                attachment=body,
                filename=name,
            )
        )

    def send_made(self, making: Making, name: str, caption: str, *, of: str | None = None) -> None:
        """Send a file that is made when it is sent, to the chat of this update.

        ``of`` is what it is about: days, as `Days.packed`, or the id of a project.
        """
        self.work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                "sendPhoto" if making is Making.FIGURES else "sendDocument",
                {"caption": caption, "parse_mode": "HTML"} | in_topic(self.topic),
                chat_id=self.chat_id,
                filename=name,
                makes=making,
                makes_of=of,
            )
        )

    async def tell(self, person_id: int, words: Words, *, about: Subject | None = None) -> None:
        """Send a message to another person; see ``Posting.tell``."""
        await self.posting.tell(person_id, words, about=about)

    def notify(
        self,
        audience: Audience,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        about: Subject | None = None,
    ) -> None:
        """Send a message to a group of the team; see ``Posting.notify``."""
        self.posting.notify(audience, text, keyboard, about=about)

    async def revise(
        self, audience: Audience, about: Subject, text: str, keyboard: Keyboard | None = None
    ) -> None:
        """Edit the message that a group got about a record; see ``Posting.revise``."""
        await self.posting.revise(audience, about, text, keyboard)

    def toast(self, text: str, *, alert: bool = False) -> None:
        """Answer the tap with a short notice, or with an alert that must be closed."""
        self.toast_text = cut(text, LONGEST_TOAST, markup=False)
        self.toast_is_alert = alert

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


class BotContext(CallbackContext[ExtBot[None], Data, Data, Data]):
    """PTB's context, with the turn under way."""

    turn: Turn

    @classmethod
    def of_tap(cls, turn: Turn) -> Self:
        """Build the context for the handler of a button that was typed instead of tapped."""
        # PTB's own constructor asks for the application, of which handlers take nothing.
        context = cls.__new__(cls)
        context.turn = turn
        context.args = None
        return context

    @classmethod
    def from_update(
        cls, update: object, application: "Application[Any, Any, Any, Any, Any, Any]"
    ) -> Self:
        """Build the context that PTB hands to each handler."""
        context = super().from_update(update, application)
        context.turn = CURRENT.get()
        return context
