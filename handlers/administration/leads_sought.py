"""The projects that seek a lead, beside the firms that would be one.

From a project: who offers to lead it. From such an offer: which projects it may be for. Projects
are ranked by how well what the firm wrote fits them. Lists name requests by number, never the firm:
so an erasure has nothing to blank there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telegram import Update

from handlers.administration.cards import OpenCard
from handlers.administration.meeting import for_administrators
from handlers.administration.ranking import ranked
from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Keyboard, button, column, rows
from handlers.core.paging import TEXT_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from handlers.requests.introduction_buttons import ShowLeadsSought
from knowledge.model import Project
from knowledge.start_links import LinkKind
from storage.database import Database
from storage.records.interests import Interest

TEXT = Catalogue.of("leads_sought")
# Bounds the time that ranking takes, and what one message of a project shows.
_MOST_OFFERS = 50
_MOST_SHOWN = 5


@dataclass(frozen=True)
class ListLeadsSought(CallbackData, prefix="yi"):
    """A page of the projects that seek a lead."""

    page: int = 0


@dataclass(frozen=True)
class ShowOffers(CallbackData, prefix="yk"):
    """The firms that would lead a project, a page at a time."""

    project_id: ItemId
    page: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A firm's offer to lead; ``is_for_it``: it named this very project."""

    interest: Interest
    is_for_it: bool


@for_administrators
async def list_projects(_update: Update, context: BotContext) -> None:
    """List the projects that seek a lead, with how many firms named each of them.

    A project whose card does not say who leads it is listed where a firm offers to.
    """
    turn = context.turn
    turn.say(*await _list(turn, 0))


@for_administrators
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page of that list, in its place."""
    turn = context.turn
    turn.rewrite(*await _list(turn, ListLeadsSought.of(update).page))


async def _list(turn: Turn, index: int) -> tuple[str, Keyboard]:
    offers = await turn.work.request_lists.offering_to_lead(_MOST_OFFERS)
    named = {each.project_id for each in offers}
    unsaid = _unsaid(turn)
    projects = [
        *sorted(_seeking(turn), key=lambda project: project.id not in named),
        *(project for project in unsaid if project.id in named),
    ]
    page = ListPage.of(projects, index, TEXT_ITEMS)
    counts = {each.id: _count(offers, each.id) for each in page.items}
    proposals = _count(offers, None)
    keyboard = rows(
        *(
            [button(f"{number}. {project.title}", ShowOffers(project.id))]
            for number, project in page.numbered()
        ),
        page.steps(ListLeadsSought),
    )
    text = TEXT(
        "projects",
        page=page,
        counts=counts,
        proposals=proposals,
        unsaid=len(unsaid),
        has_projects=turn.services.has_projects,
    )
    return text, keyboard


def _count(offers: Iterable[Interest], project_id: str | None) -> int:
    return sum(each.project_id == project_id for each in offers)


def _seeking(turn: Turn) -> tuple[Project, ...]:
    services = turn.services
    return services.knowledge.census.listed(services.today(), seeks_lead=True)


def _unsaid(turn: Turn) -> tuple[Project, ...]:
    """Return the open projects whose cards name no lead, and do not say that one is sought."""
    services = turn.services
    listed = services.knowledge.census.listed(services.today())
    return tuple(each for each in listed if each.lead is None and not each.seeks_lead)


@for_administrators
async def show_offers(update: Update, context: BotContext) -> None:
    """Show who would lead a project: those who named it, then those whom it fits best."""
    turn, choice = context.turn, ShowOffers.of(update)
    unled = (*_seeking(turn), *_unsaid(turn))
    project = next((one for one in unled if one.id == choice.project_id), None)
    if project is None:
        turn.toast(TEXT.label("no_longer"), alert=True)
        return
    offers = await turn.work.request_lists.offering_to_lead(_MOST_OFFERS)
    ranks = turn.ahead if isinstance(turn.ahead, dict) else {}
    page = ListPage.of(_offers(project, offers, ranks), choice.page, TEXT_ITEMS)
    # Two a row: the cards of a page take few rows of a phone.
    cards = [
        button(f"{number}. {offer.interest.number}", OpenCard(offer.interest.id))
        for number, offer in page.numbered()
    ]
    keyboard = rows(
        *(cards[at : at + 2] for at in range(0, len(cards), 2)),
        page.steps(lambda index: ShowOffers(project.id, index)),
        [button(TEXT.label("all_projects"), ListLeadsSought())],
    )
    turn.rewrite(TEXT("offers", project=project, page=page), keyboard)


def _offers(
    project: Project, offers: Iterable[Interest], ranks: Mapping[int, int]
) -> tuple[Offer, ...]:
    """Return the offers for a project: its own, then those for no project, the best first."""
    own = [Offer(one, is_for_it=True) for one in offers if one.project_id == project.id]
    free = [Offer(one, is_for_it=False) for one in offers if one.project_id is None]
    free.sort(key=lambda offer: ranks.get(offer.interest.id, len(ranks)))
    return (*own, *free)


async def _rank_offers(database: Database, services: Services, update: Update) -> dict[int, int]:
    """Return at which rank the project stands for each offer, by the offer's id."""
    project_id = ShowOffers.of(update).project_id
    async with database.begin() as work:
        offers = await work.request_lists.offering_to_lead(_MOST_OFFERS)
    ranks = {one.id: await ranked(services, one.message or "") for one in offers}
    return {id_: found[project_id] for id_, found in ranks.items() if project_id in found}


@for_administrators
async def show_for_offer(update: Update, context: BotContext) -> None:
    """Show the projects that seek a lead to whoever reads an offer, the likeliest first."""
    turn = context.turn
    interest = await turn.work.interests.get(ShowLeadsSought.of(update).interest_id)
    if interest is None or interest.is_anonymous:
        turn.toast(TEXT.label("erased"), alert=True)
        return
    order = turn.ahead if isinstance(turn.ahead, dict) else {}
    projects = sorted(_seeking(turn), key=lambda project: order.get(project.id, len(order)))
    shown = [
        (one, turn.services.link_to(LinkKind.PROJECT, one.id)) for one in projects[:_MOST_SHOWN]
    ]
    text = TEXT("for_offer", interest=interest, shown=shown, more=len(projects) - len(shown))
    keyboard = column([button(TEXT.label("all_projects"), ListLeadsSought())])
    turn.say(text, keyboard, reply_to=turn.message_id, about=interest.about_note)


async def _rank_projects(database: Database, services: Services, update: Update) -> dict[str, int]:
    async with database.begin() as work:
        interest = await work.interests.get(ShowLeadsSought.of(update).interest_id)
    return await ranked(services, interest.message or "") if interest else {}


AHEAD: Works = {
    ShowOffers.PREFIX: Ahead(_rank_offers, Authority.ADMINISTRATORS),
    ShowLeadsSought.PREFIX: Ahead(_rank_projects, Authority.ADMINISTRATORS),
}
HANDLERS: tuple[Handler, ...] = (
    command("chefs", list_projects),
    tap(ListLeadsSought, turn_page),
    tap(ShowOffers, show_offers),
    tap(ShowLeadsSought, show_for_offer),
)
