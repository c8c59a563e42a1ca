"""Which chat a row of the outbox goes to: a person's, or that of a group of the team."""

from handlers.core.services import Services
from storage.database import Database
from storage.queues.outbox import Audience, Pending, lane_of
from storage.subject import Kind
from storage.unit_of_work import UnitOfWork

# The group in which the messages about a record stand.
_HOMES = {
    Kind.INTEREST: Audience.ADMINISTRATORS,
    Kind.HANDOFF: Audience.FACILITATORS,
    Kind.EXCHANGE: Audience.ADMINISTRATORS,
    Kind.GAP: Audience.FACILITATORS,
    Kind.FOUND: Audience.ADMINISTRATORS,
    Kind.BASKET: Audience.ADMINISTRATORS,
    Kind.REMINDER: Audience.ADMINISTRATORS,
}


class Addresses:
    """The chats of the settings, and where they have moved since."""

    def __init__(self, database: Database, services: Services) -> None:
        self._database = database
        self._services = services

    def groups(self) -> dict[Audience, int | None]:
        """Return the group of each audience, as the settings name it."""
        return {
            Audience.ADMINISTRATORS: self._services.admin_chat_id,
            Audience.FACILITATORS: self._services.facilitator_chat_id,
        }

    def audiences(self) -> tuple[Audience, ...]:
        """Return the audiences that can be written to; messages for others wait."""
        groups = self.groups().items()
        return (
            Audience.PERSON,
            *[audience for audience, chat_id in groups if chat_id is not None],
        )

    def lanes_to(self, chat_id: int) -> tuple[str, ...]:
        """Return the lanes that lead to a chat; a group may have several."""
        groups = [audience.value for audience, group in self.groups().items() if group == chat_id]
        return (lane_of(Audience.PERSON, chat_id), *groups)

    def meant(self, item: Pending) -> int:
        """Return the chat that a call was meant for, even if the group has moved since."""
        chat_id = item.chat_id if item.chat_id is not None else self.groups()[item.audience]
        if chat_id is None:
            raise LookupError(f"outbox row {item.id} has no chat to go to")
        return chat_id

    async def present(self, item: Pending) -> int | None:
        """Return the chat to call; None where the message to change stands in a chat that was left.

        The number of a message means nothing in the chat that a group has moved to.
        """
        chat_id = self.meant(item)
        if chat_id > 0:
            return chat_id
        async with self._database.begin() as work:
            present = await work.outbox.current_chat(chat_id)
            if item.edits and (present != chat_id or await self._has_left(work, item, chat_id)):
                return None
        return present

    async def home(self, work: UnitOfWork, item: Pending) -> Audience | None:
        """Return the group of the team that a call is for; None for any other chat."""
        if item.audience is not Audience.PERSON:
            return item.audience
        chat_id = self.meant(item)
        if chat_id > 0:
            return None
        if item.about is not None and self.groups()[_HOMES[item.about.kind]] is not None:
            return _HOMES[item.about.kind]
        present = await work.outbox.current_chat(chat_id)
        for audience, group in self.groups().items():
            if group is not None and await work.outbox.current_chat(group) == present:
                return audience
        return None

    def other(self, group: Audience) -> Audience | None:
        """Return the other group of the team, where it is another chat."""
        (other,) = [audience for audience in self.groups() if audience is not group]
        chats = self.groups()
        return other if chats[other] not in {None, chats[group]} else None

    async def _has_left(self, work: UnitOfWork, item: Pending, chat_id: int) -> bool:
        """Tell whether the setting names another group by now; what is final goes there still."""
        if item.about is None or item.is_final:
            return False
        group = self.groups()[_HOMES[item.about.kind]]
        return group is not None and await work.outbox.current_chat(group) != chat_id
