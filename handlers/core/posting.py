"""Writing to others than who is being answered: people, the groups of the team, by e-mail.

It needs no update, so whatever runs by the clock or on a web page writes in the same way as a turn.
Nothing is sent from here: each message becomes a row of the outbox, in the caller's transaction.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from handlers.core.buttons import without_list
from handlers.core.keyboards import Keyboard
from handlers.core.services import Services
from handlers.core.showing import options_of
from handlers.core.visitor_letters import letter, unreachable
from handlers.messages import FRENCH, speaking, without_chat
from storage.queues.outbox import EMAIL, Audience, Delivery, Outgoing, Priority
from storage.records.contexts import Context
from storage.records.people import Person
from storage.subject import Subject
from storage.unit_of_work import UnitOfWork

# Composes a text and its buttons in the language that is spoken when it is called.
Words: TypeAlias = Callable[[], tuple[str, Keyboard | None]]


class Posting:
    """Queues messages in one unit of work.

    With ``keeps_hours``, the clock causes them: they are sent only while the office is open.
    """

    def __init__(self, services: Services, work: UnitOfWork, *, keeps_hours: bool = False) -> None:
        self.services = services
        self.work = work
        self.keeps_hours = keeps_hours

    async def tell(
        self,
        person_id: int,
        words: Words,
        *,
        about: Subject | None = None,
        priority: Priority = Priority.ANSWER,
    ) -> None:
        """Send a message to a person, in their language; do nothing if they were erased.

        Who writes by the pages gets a letter.
        """
        person = await self.work.people.get(person_id)
        if person is None:
            return
        if person.is_visitor:
            self.write(person, words, about=about)
        else:
            with speaking(person.tongue.language):
                text, keyboard = words()
            content = composed(text, self.useful(keyboard))
            self._owe("sendMessage", person.telegram_id, content, about, priority)
            remember_told(self.work, person_id, content)

    def write(
        self,
        visitor: Person,
        words: Words,
        *,
        about: Subject | None = None,
        with_link: bool = True,
    ) -> bool:
        """Send a letter to who writes by the pages; False if no letter reaches them.

        The administrators then read what is to be said by telephone, unless the clock says it.
        """
        if visitor.address and self.writes_to(visitor):
            with speaking(visitor.tongue.language), without_chat():
                subject, text = letter(
                    self.services, visitor, words()[0], self.work.now, with_link=with_link
                )
            return self.mail(visitor.address, subject, text, about=about, to_visitor=True)
        if not self.keeps_hours:
            with speaking(FRENCH), without_chat():
                told = unreachable(words()[0])
            self.notify(Audience.ADMINISTRATORS, told, about=about)
        return False

    def writes_to(self, visitor: Person) -> bool:
        """Tell whether letters reach who writes by the pages."""
        return bool(visitor.address) and self.services.can_mail

    def useful(self, keyboard: Keyboard | None) -> Keyboard | None:
        """Return a keyboard without a way to the projects where there is none."""
        return keyboard if self.services.has_projects else without_list(keyboard)

    def notify(
        self,
        audience: Audience,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        about: Subject | None = None,
        priority: Priority = Priority.ANSWER,
    ) -> None:
        """Send a message to a group; the sender resolves its chat id, which may have changed.

        ``about`` is the record that the message shows: ``revise`` finds the message by it.
        """
        content = composed(text, keyboard)
        self.work.outbox.owe(
            Outgoing(
                audience,
                "sendMessage",
                content,
                about=about,
                priority=priority,
                keeps_hours=self.keeps_hours,
            )
        )

    async def revise(
        self, audience: Audience, about: Subject, text: str, keyboard: Keyboard | None = None
    ) -> None:
        """Edit the message that a group got about a record; post it if there is none.

        Where it is in a chat that was left, or deleted, the sender posts it anew.
        """
        content = composed(text, keyboard)
        delivery = await self.work.outbox.delivery(about)
        if delivery is not None:
            content |= {"message_id": delivery.message_id}
            # Several changes at once are one edit: the last of them shows all.
            if not await self.work.outbox.edit_waiting(
                about, delivery, content, keeps_hours=self.keeps_hours
            ):
                self._owe("editMessageText", delivery.chat_id, content, about)
        elif not await self.reword(audience, about, content):
            self.notify(audience, text, keyboard, about=about)

    async def reword(
        self, audience: Audience, about: Subject, content: Mapping[str, object]
    ) -> bool:
        """Replace what a group is still to get about a record; False where nothing waits."""
        return await self.work.outbox.reword(about, audience, content, keeps_hours=self.keeps_hours)

    def mail(
        self,
        address: str,
        subject: str,
        text: str,
        *,
        about: Subject | None = None,
        to_team: bool = False,
        to_visitor: bool = False,
    ) -> bool:
        """Send an e-mail of plain text; False, and nothing is owed, where no mail server is set.

        ``to_team``: it is news to an administrator. The same address may also be that of a lead.
        ``to_visitor``: it is news to who made a request by the pages.
        """
        if not self.services.can_mail:
            return False
        content: dict[str, object] = {"subject": subject, "text": text, "to_team": to_team}
        if to_visitor:
            content["to_visitor"] = True
        self.work.outbox.owe(
            Outgoing(
                Audience.EMAIL,
                EMAIL,
                content,
                address=address,
                about=about,
                keeps_hours=self.keeps_hours,
            )
        )
        return True

    def _owe(
        self,
        method: str,
        chat_id: int,
        content: Mapping[str, object],
        about: Subject | None,
        priority: Priority = Priority.ANSWER,
    ) -> None:
        self.work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                method,
                content,
                chat_id=chat_id,
                about=about,
                priority=priority,
                keeps_hours=self.keeps_hours,
            )
        )


def remember_told(work: UnitOfWork, person_id: int, content: Mapping[str, object]) -> None:
    """Keep the buttons of a message that another person gets; it offers nothing to say yes to."""
    keyboard = content.get("reply_markup")
    if isinstance(keyboard, dict):
        work.contexts.save(Context(person_id, options=options_of(keyboard)))


def composed(
    text: str, keyboard: Keyboard | None, reply_to: Delivery | None = None
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
        parameters |= quoting(reply_to)
    return parameters


def quoting(quoted: Delivery) -> dict[str, object]:
    """Return the parameters that make a message quote another one of the same chat."""
    return {
        "reply_parameters": {
            # The sender leaves the quote out where the message goes to another chat by then.
            "chat_id": quoted.chat_id,
            "message_id": quoted.message_id,
            # The quoted message may have been deleted: the message is then sent without the quote.
            "allow_sending_without_reply": True,
        }
    }


def blanked(delivery: Delivery, text: str) -> Outgoing:
    """Return what replaces a message that was delivered; where it is gone, nothing is posted."""
    return Outgoing(
        Audience.PERSON,
        "editMessageText",
        composed(text, None) | {"message_id": delivery.message_id},
        chat_id=delivery.chat_id,
        is_final=True,
    )


def in_topic(topic: int | None) -> dict[str, object]:
    """Return the parameter that sends a message into a topic; empty outside of topics."""
    return {} if topic is None else {"message_thread_id": topic}
