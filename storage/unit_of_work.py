"""The unit of work: every repository, bound to one transaction."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.changes import Changes
from storage.privacy.access import Access
from storage.privacy.export_and_erasure import Rights
from storage.privacy.lookup import Lookup
from storage.privacy.register import Register
from storage.privacy.retention import Retention
from storage.privacy.sealing import Sealing
from storage.queues.albums import Albums
from storage.queues.alerts import Alerts
from storage.queues.inbox import Inbox
from storage.queues.outbox import Outbox
from storage.queues.send_pauses import SendPauses
from storage.queues.update_rate import UpdateRate
from storage.read_ahead import ReadAhead
from storage.records.allowances import Allowances
from storage.records.arrivals import Arrivals
from storage.records.change_requests import ChangeRequests
from storage.records.colleagues import Colleagues
from storage.records.consents import Consents
from storage.records.contexts import Contexts
from storage.records.conversations import Conversations
from storage.records.deadlines import Deadlines
from storage.records.drafts import Drafts
from storage.records.figures import FiguresReader
from storage.records.interests import Interests
from storage.records.introductions import Introductions
from storage.records.people import People
from storage.records.project_news import ProjectNews
from storage.records.questions import Questions
from storage.records.request_lists import RequestLists
from storage.records.request_pages import RequestPages
from storage.records.subscriptions import Subscriptions
from storage.workers.registry import Workers
from storage.workers.schedule import Schedule


class UnitOfWork:
    """All repositories on one transaction; `now` (aware, UTC) is the time they all use."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self.now = now
        self.changes = Changes(connection)
        bound = connection, now, self.changes
        self.inbox = Inbox(*bound)
        self.outbox = Outbox(*bound)
        self.alerts = Alerts(*bound)
        self.people = People(*bound)
        self.change_requests = ChangeRequests(*bound)
        self.drafts = Drafts(*bound)
        self.contexts = Contexts(*bound)
        self.interests = Interests(*bound)
        self.consents = Consents(*bound)
        self.deadlines = Deadlines(*bound)
        self.subscriptions = Subscriptions(*bound)
        self.project_news = ProjectNews(*bound)
        self.request_lists = RequestLists(*bound)
        self.colleagues = Colleagues(*bound)
        self.introductions = Introductions(*bound)
        self.questions = Questions(*bound)
        self.figures = FiguresReader(*bound)
        self.arrivals = Arrivals(*bound)
        self.request_pages = RequestPages(*bound)
        self.conversations = Conversations(*bound)
        self.allowances = Allowances(*bound)
        self.schedule = Schedule(*bound)
        self.access = Access(*bound)
        self.rights = Rights(*bound)
        self.retention = Retention(*bound)
        self.register = Register(*bound)
        self.sealing = Sealing(*bound)
        self.lookup = Lookup(*bound)
        self.update_rate = UpdateRate(*bound)
        self.albums = Albums(*bound)
        self.workers = Workers(*bound)
        self.send_pauses = SendPauses(*bound)
        self.read_ahead = ReadAhead(
            self.people,
            self.drafts,
            self.contexts,
            self.interests,
            self.update_rate,
            self.changes,
        )
