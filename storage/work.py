"""The unit of work: every repository, bound to one transaction."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.conversations import Conversations
from storage.drafts import Drafts
from storage.inbox import Inbox
from storage.interests import Interests
from storage.leaderships import Leaderships
from storage.outbox import Outbox
from storage.people import People
from storage.publications import Publications
from storage.questions import Questions
from storage.recurrences import Recurrences
from storage.rests import Rests
from storage.retention import Retention
from storage.rights import Rights
from storage.tempo import Tempo
from storage.workers import Workers


class Work:
    """What one transaction may read and change; `now` (aware, UTC) is its only time."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self.now = now
        self.inbox = Inbox(connection, now)
        self.outbox = Outbox(connection, now)
        self.people = People(connection, now)
        self.publications = Publications(connection, now)
        self.drafts = Drafts(connection, now)
        self.interests = Interests(connection, now)
        self.questions = Questions(connection, now)
        self.conversations = Conversations(connection, now, self.questions.write)
        self.recurrences = Recurrences(connection, now)
        self.rights = Rights(connection, now, self.settle, self.look_anew)
        self.retention = Retention(connection, now)
        self.tempo = Tempo(connection, now)
        self.workers = Workers(connection, now)
        self.leaderships = Leaderships(connection, now)
        self.rests = Rests(connection, now)

    def look_anew(self) -> None:
        """Trust nothing that was read ahead: rows were changed past the repositories."""
        self.drafts.look_anew()
        self.interests.look_anew()

    async def settle(self) -> None:
        """Write what was put off to be written together; `Database.begin` does, at the end."""
        await self.drafts.write()
        await self.questions.write()
        await self.outbox.settle()
