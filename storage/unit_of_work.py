"""The unit of work: every repository, bound to one transaction."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.privacy.export_and_erasure import Rights
from storage.privacy.retention import Retention
from storage.queues.inbox import Inbox
from storage.queues.outbox import Outbox
from storage.queues.send_pauses import SendPauses
from storage.queues.update_rate import UpdateRate
from storage.records.change_requests import ChangeRequests
from storage.records.conversations import Conversations
from storage.records.drafts import Drafts
from storage.records.interests import Interests
from storage.records.people import People
from storage.records.questions import Questions
from storage.workers.leader import Leaderships
from storage.workers.registry import Workers
from storage.workers.schedule import Schedule


class UnitOfWork:
    """What one transaction may read and change; `now` (aware, UTC) is its only time."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self.now = now
        self.inbox = Inbox(connection, now)
        self.outbox = Outbox(connection, now)
        self.people = People(connection, now)
        self.change_requests = ChangeRequests(connection, now)
        self.drafts = Drafts(connection, now)
        self.interests = Interests(connection, now)
        self.questions = Questions(connection, now)
        self.conversations = Conversations(connection, now, self.questions.write)
        self.schedule = Schedule(connection, now)
        self.rights = Rights(connection, now, self.settle, self.look_anew)
        self.retention = Retention(connection, now)
        self.update_rate = UpdateRate(connection, now)
        self.workers = Workers(connection, now)
        self.leaderships = Leaderships(connection, now)
        self.send_pauses = SendPauses(connection, now)

    def look_anew(self) -> None:
        """Trust nothing that was read ahead: rows were changed past the repositories."""
        self.drafts.look_anew()
        self.interests.look_anew()

    async def settle(self) -> None:
        """Write what was put off to be written together; `Database.begin` does, at the end."""
        await self.drafts.write()
        await self.questions.write()
        await self.outbox.settle()
