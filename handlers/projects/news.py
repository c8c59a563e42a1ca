"""What people are told about projects: new ones, and those that they asked about.

Each function tells one person or a few, in the caller's transaction.
"""

from collections.abc import Iterable

from handlers.core.buttons import (
    ListProjects,
    ShowProject,
    ShowRequest,
    Unsubscribe,
    news_button,
    with_person,
)
from handlers.core.keyboards import Keyboard, button, rows
from handlers.core.posting import Posting
from handlers.messages import Catalogue
from knowledge.model import Project
from storage.queues.outbox import Audience, Priority
from storage.records.interests import Interest
from storage.records.project_news import News, NewsKind
from storage.records.subscriptions import Subscription

TEXT = Catalogue.of("subscriptions")
_MOST_SHOWN = 5
# So many numbers are read for the list to the team, which shows fewer.
_MOST_LISTED = 100


async def tell_opened(
    posting: Posting, subscription: Subscription, project_ids: Iterable[str]
) -> None:
    """Tell a subscriber of these projects: those that are open still and pass their filters."""
    services = posting.services
    # Who agreed to news of a sector did not agree to those of a project that names none.
    passing = services.knowledge.census.listed(
        services.today(), territory=subscription.territory, sector=subscription.sector
    )
    wanted = frozenset(project_ids)
    projects = [project for project in passing if project.id in wanted]
    if projects:
        await posting.tell(
            subscription.person_id, lambda: _opened(projects), priority=Priority.BROADCAST
        )


def _opened(projects: list[Project]) -> tuple[str, Keyboard]:
    cards = (
        [button(TEXT.label("opened_item", number=number, project=project), ShowProject(project.id))]
        for number, project in enumerate(projects[:_MOST_SHOWN], 1)
    )
    stop = [button(TEXT.label("stop"), Unsubscribe())]
    return TEXT("opened", projects=projects), with_person(rows(*cards, stop))


async def tell_lapsed(posting: Posting, subscription: Subscription) -> None:
    """Tell a subscriber who gave no sign of life for long that it ends here, and how to go on."""
    keyboard = with_person(rows([news_button()]))
    await posting.tell(
        subscription.person_id,
        lambda: (TEXT("lapsed", kept=posting.services.kept), keyboard),
        priority=Priority.BROADCAST,
    )


async def tell_waiting(posting: Posting, told: News, most: int) -> int | None:
    """Tell the next firms with an open request about a project, and at first the team.

    Returns the last request told of, None where there are no more.
    """
    (project_id,) = told.project_ids
    if not await _is_still_so(posting, told.kind, project_id):
        return None
    if told.told_up_to == 0:
        await _tell_team(posting, told.kind, project_id)
    waiting = await posting.work.project_news.waiting_for(project_id, told.told_up_to, most)
    for interest in waiting:
        await _tell_firm(posting, told.kind, interest)
    return waiting[-1].id if waiting else None


async def _is_still_so(posting: Posting, kind: NewsKind, project_id: str) -> bool:
    """Tell whether a project still stands as the news says: the file may have changed since."""
    services = posting.services
    project = services.knowledge.project(project_id)
    is_open = project is not None and project.open_on(services.today())
    if kind is NewsKind.CLOSED:
        # One that is hidden has ended only if its card says so.
        hidden = services.knowledge.hidden_project(project_id)
        return not is_open and not (hidden and hidden.open_on(services.today()))
    return is_open and project is not None and project.lead is not None


async def _tell_team(posting: Posting, kind: NewsKind, project_id: str) -> None:
    """Tell the administrators once, by the numbers alone: an erasure would not find names here."""
    requests = await posting.work.project_news.waiting_for(project_id, 0, _MOST_LISTED)
    if requests:
        project = posting.services.knowledge.project(project_id)
        title = project.title if project else requests[0].project_title
        lead = project.lead if project else None
        text = TEXT(f"team_{kind}", title=title, lead=lead, requests=requests)
        posting.notify(Audience.ADMINISTRATORS, text)


async def _tell_firm(posting: Posting, kind: NewsKind, interest: Interest) -> None:
    if interest.person_id is None or interest.project_id is None:
        return
    project = posting.services.knowledge.project(interest.project_id)
    title, lead = interest.project_title, project.lead if project else None

    def said() -> tuple[str, Keyboard]:
        see = [button(TEXT.label("see_request"), ShowRequest(interest.id))]
        others = [button(TEXT.label("projects"), ListProjects())]
        text = TEXT(f"firm_{kind}", title=title, lead=lead, interest=interest)
        return text, with_person(rows(see, others))

    await posting.tell(
        interest.person_id, said, about=interest.about_note, priority=Priority.BROADCAST
    )
