"""News of projects, once each working morning: new ones, closed ones, those whose lead is named.

The census in service is compared with the projects as they stood when people were last told. What
was published and taken back in between was never news; after a week without the bot there is one
message, not five. Telling goes on row by row in small transactions: a process that dies in between
leaves the rest to the next.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.runtime.repeating import repeat
from handlers.core.posting import Posting
from handlers.core.services import Services
from handlers.projects import news
from knowledge.model import Project
from knowledge.text.normalise import normalise
from storage.database import Database
from storage.records.project_news import KnownProject, NewsKind

logger = logging.getLogger(__name__)
NAME = "project-news"
_LOOK_EVERY_SECONDS = 120.0
# So many people are told in one transaction: composing a message takes a fraction of a millisecond.
_AT_ONCE = 30
# A subscription ends some days before retention would delete it: five, of a year.
_EARLIER = 73


class ProjectNewsTeller:
    """Tells people what changed among the projects."""

    def __init__(
        self, database: Database, services: Services, announce: Callable[[], None]
    ) -> None:
        self._database = database
        self._services = services
        self._announce = announce

    async def run(self) -> None:
        """Check every two minutes whether there is something to tell, until cancelled."""
        await repeat(self.tell_if_due, _LOOK_EVERY_SECONDS, NAME)

    async def tell_if_due(self) -> None:
        """Tell what is new since the last working morning; nothing while the office is closed."""
        if not self._services.office.is_open(self._services.clock()):
            return
        # What a process left that died on an earlier day is told with today's, in one message.
        await self._compare()
        await self._tell_all()
        while await self._end_lapsed():
            self._announce()

    async def _compare(self) -> None:
        """Note what changed, once each morning for all workers; at first, all is known already."""
        knowledge = self._services.knowledge
        projects, hidden = knowledge.census.projects, knowledge.hidden_projects
        async with self._database.begin() as work:
            today, morning = self._services.today(), _morning(self._services, work.now)
            if not await work.schedule.is_known(NAME):
                await work.schedule.is_due(NAME, morning)
                await work.project_news.remember(_at_first(projects, today))
                return
            if not await work.schedule.claim(NAME, morning):
                return
            changes = compare(await work.project_news.known(), projects, today, hidden)
            await work.project_news.remember(changes.known)
            for kind, project_ids in changes.news:
                await work.project_news.begin(kind, project_ids)

    async def _end_lapsed(self) -> bool:
        """End some subscriptions of people who have been silent for long; False without any."""
        async with self._database.begin() as work:
            kept = self._services.kept.durations.person
            silent = kept - kept / _EARLIER
            lapsed = await work.subscriptions.lapsed(work.now - silent, _AT_ONCE)
            for subscription in lapsed:
                await news.tell_lapsed(
                    Posting(self._services, work, keeps_hours=True), subscription
                )
                await work.subscriptions.unsubscribe(subscription.person_id)
        return bool(lapsed)

    async def _tell_all(self) -> None:
        while await self._tell_some():
            self._announce()

    async def _tell_some(self) -> bool:
        """Tell the next few people; False where nothing is left to tell."""
        async with self._database.begin() as work:
            told = await work.project_news.next()
            if told is None:
                return False
            posting = Posting(self._services, work, keeps_hours=True)
            if told.kind is NewsKind.OPENED:
                await self._tell_subscribers(posting)
                return True
            last = await news.tell_waiting(posting, told, _AT_ONCE)
            if last is None:
                await work.project_news.end(told.id)
            else:
                await work.project_news.told_up_to(told.id, last)
        return True

    async def _tell_subscribers(self, posting: Posting) -> None:
        """Tell the next subscribers of all that opened and that they do not know yet."""
        opened = await posting.work.project_news.opened()
        first = min(each.told_up_to for each in opened)
        subscribers = await posting.work.subscriptions.after(first, _AT_ONCE)
        for subscription in subscribers:
            unknown = [each for each in opened if each.told_up_to < subscription.id]
            project_ids = [id_ for each in unknown for id_ in each.project_ids]
            await news.tell_opened(posting, subscription, project_ids)
        for each in opened:
            if not subscribers:
                await posting.work.project_news.end(each.id)
            elif each.told_up_to < subscribers[-1].id:
                await posting.work.project_news.told_up_to(each.id, subscribers[-1].id)


class CensusChanges:
    """What differs between two states of the census; ``known`` is what to remember of it."""

    def __init__(
        self, known: tuple[KnownProject, ...], news: tuple[tuple[NewsKind, tuple[str, ...]], ...]
    ) -> None:
        self.known = known
        self.news = news


def compare(
    before: Mapping[str, KnownProject],
    projects: Iterable[Project],
    today: date,
    hidden: Iterable[Project] = (),
) -> CensusChanges:
    """Return what to tell of the census since it stood so.

    A project that is open for the first time is new. One whose id changed, but not its title, is
    the same. One that left the file is closed. One that is ``hidden`` is remembered as it stood:
    what changed meanwhile is told once it is shown again.
    """
    present = {project.id: project for project in projects}
    gone = {normalise(each.title): each for id_, each in before.items() if id_ not in present}
    known: list[KnownProject] = []
    for project in hidden:
        former = before.get(project.id) or gone.get(normalise(project.title))
        if former:
            gone.pop(normalise(former.title), None)
            known.append(replace(former, project_id=project.id))
    told: dict[NewsKind, list[str]] = {kind: [] for kind in NewsKind}
    for project in present.values():
        former = before.get(project.id) or gone.pop(normalise(project.title), None)
        is_open = project.open_on(today)
        if is_open and not (former and former.is_announced):
            told[NewsKind.OPENED].append(project.id)
        if former and former.is_open and not is_open:
            told[NewsKind.CLOSED].append(project.id)
        if former and is_open and project.lead and former.lead is None:
            kind = NewsKind.FOUND_LEAD if former.seeks_lead else NewsKind.NAMED_LEAD
            told[kind].append(project.id)
        is_announced = is_open or bool(former and former.is_announced)
        known.append(_known(project, today, is_announced=is_announced))
    told[NewsKind.CLOSED] += [each.project_id for each in gone.values() if each.is_open]
    known += [_closed(each) for each in gone.values()]
    opened = told.pop(NewsKind.OPENED)
    news_of_one = [(kind, (id_,)) for kind, ids in told.items() for id_ in ids]
    return CensusChanges(
        tuple(known), (*([(NewsKind.OPENED, tuple(opened))] if opened else []), *news_of_one)
    )


def _at_first(projects: Iterable[Project], today: date) -> tuple[KnownProject, ...]:
    return tuple(
        _known(project, today, is_announced=project.open_on(today)) for project in projects
    )


def _known(project: Project, today: date, *, is_announced: bool) -> KnownProject:
    is_open = project.open_on(today)
    return KnownProject(
        project.id, project.title, project.lead, is_open, is_announced, project.seeks_lead
    )


def _closed(former: KnownProject) -> KnownProject:
    return KnownProject(
        former.project_id,
        former.title,
        former.lead,
        is_open=False,
        is_announced=True,
        seeks_lead=former.seeks_lead,
    )


def _morning(services: Services, now: datetime) -> datetime:
    """Return when the office opened today."""
    return services.office.due(now, 0)
