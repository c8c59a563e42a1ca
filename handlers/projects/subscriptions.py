"""Being told of new projects: choosing which, agreeing to it, and stopping at any time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import (
    ListProjects,
    ShowSubscription,
    Unsubscribe,
    news_button,
    with_person,
)
from handlers.core.callback_data import CallbackData, ListKey
from handlers.core.keyboards import Button, Keyboard, button, rows
from handlers.core.paging import BUTTON_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.showing import phrases
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.messages import Catalogue
from handlers.projects.browse import key_of
from knowledge.projects import Census
from knowledge.text.normalise import normalise

TEXT = Catalogue.of("subscriptions")
_TERRITORY, _SECTOR = "t", "s"


@dataclass(frozen=True)
class Subscribe(CallbackData, prefix="ss"):
    """The agreement to be told of new projects; territory and sector are keys, empty for all.

    There is no default: nobody agrees by typing words whose consent they have not read.
    """

    territory: ListKey
    sector: ListKey


@dataclass(frozen=True)
class NarrowSubscription(CallbackData, prefix="sc"):
    """One page of the territories or sectors to be told of."""

    facet: Annotated[str, "[ts]"]
    territory: ListKey = ""
    sector: ListKey = ""
    page: int = 0


@requires(Authority.PERSON)
@reminding
async def show_standing(_update: Update, context: BotContext) -> None:
    """Show what the person is told of, or what they may choose."""
    context.turn.say(*await _standing(context.turn, ShowSubscription()))


@requires(Authority.PERSON)
async def show_choice(update: Update, context: BotContext) -> None:
    """Show what is chosen so far, and ask for the agreement."""
    turn, choice = context.turn, ShowSubscription.of(update)
    if choice.is_chosen:
        turn.rewrite(*_question(turn, choice))
    else:
        turn.say(*await _standing(turn, choice))


async def _standing(turn: Turn, choice: ShowSubscription) -> tuple[str, Keyboard]:
    subscription = await turn.work.subscriptions.of_person((await turn.person()).id)
    if subscription is None:
        return _question(turn, choice)
    stop = [button(TEXT.label("stop"), Unsubscribe())]
    keys = [
        key_of(label) if label else "" for label in (subscription.territory, subscription.sector)
    ]
    change = [button(TEXT.label("change"), ShowSubscription(keys[0], keys[1], is_chosen=True))]
    text = TEXT("standing", subscription=subscription)
    return text, with_person(rows(stop, change))


def _question(turn: Turn, choice: ShowSubscription) -> tuple[str, Keyboard]:
    census = turn.services.knowledge.census
    territory, sector = _labels(census, choice.territory, choice.sector)
    keyboard = rows(
        [button(TEXT.label("agree"), Subscribe(choice.territory, choice.sector))],
        _narrowing(census, choice),
        [button(TEXT.label("not_now"), ListProjects())],
    )
    consent = _consent(turn, territory, sector)
    return TEXT("question", consent=consent), with_person(keyboard)


def _narrowing(census: Census, choice: ShowSubscription) -> Iterator[Button]:
    """Yield the ways to choose a territory or a sector, where projects have any."""
    for facet, name, labels in (
        (_TERRITORY, "choose_territory", census.every_territory()),
        (_SECTOR, "choose_sector", census.every_sector()),
    ):
        if labels:
            narrow_by = NarrowSubscription(facet, choice.territory, choice.sector)
            yield button(TEXT.label(name), narrow_by)


def _consent(turn: Turn, territory: str | None, sector: str | None) -> str:
    """Return the very words agreed to, as plain text."""
    operator = turn.services.identity.operator
    return TEXT.label("consent", territory=territory, sector=sector, operator=operator)


def _labels(census: Census, territory: str, sector: str) -> tuple[str | None, str | None]:
    """Return the labels of two keys; None for all, and for those that are no longer there."""
    return _label(territory, census.every_territory()), _label(sector, census.every_sector())


def _label(key: str, labels: Iterable[str]) -> str | None:
    return next((label for label in labels if key and key_of(label) == key), None)


@requires(Authority.PERSON)
async def narrow(update: Update, context: BotContext) -> None:
    """Show the territories, or the sectors, of all projects."""
    turn, choice = context.turn, NarrowSubscription.of(update)
    census = turn.services.knowledge.census
    chosen = ShowSubscription(choice.territory, choice.sector, is_chosen=True)
    labels: tuple[str, ...]
    narrowed: Callable[[str], ShowSubscription]
    if choice.facet == _TERRITORY:
        labels, narrowed = census.every_territory(), lambda key: replace(chosen, territory=key)
    else:
        labels, narrowed = census.every_sector(), lambda key: replace(chosen, sector=key)
    page = ListPage.of(labels, choice.page, BUTTON_ITEMS)
    keyboard = rows(
        [button(TEXT.label(f"all_{choice.facet}"), narrowed(""))],
        *([button(f"{n}. {label}", narrowed(key_of(label)))] for n, label in page.numbered()),
        page.steps(lambda index: replace(choice, page=index)),
    )
    turn.rewrite(
        TEXT(f"which_{choice.facet}", page=page, place=page.place()), with_person(keyboard)
    )


@requires(Authority.PERSON)
async def subscribe(update: Update, context: BotContext) -> None:
    """Record what the person agreed to."""
    turn, choice = context.turn, Subscribe.of(update)
    if not await caps.allows(turn, caps.CHANGES, turn.user.id):
        return
    territory, sector = _labels(turn.services.knowledge.census, choice.territory, choice.sector)
    person_id = (await turn.person()).id
    version = await turn.work.consents.version_of(_consent(turn, territory, sector))
    await turn.work.subscriptions.subscribe(person_id, territory, sector, version)
    stop = [button(TEXT.label("stop"), Unsubscribe())]
    keyboard = with_person(rows(stop, [button(TEXT.label("projects"), ListProjects())]))
    turn.rewrite(TEXT("subscribed", territory=territory, sector=sector), keyboard)


@requires(Authority.PERSON)
async def unsubscribe(_update: Update, context: BotContext) -> None:
    """Stop at once, from any message that tells of new projects."""
    turn = context.turn
    was_told = await turn.work.subscriptions.unsubscribe((await turn.person()).id)
    turn.say(*_ended("unsubscribed" if was_told else "not_subscribed"))


def _ended(name: str) -> tuple[str, Keyboard]:
    ways_on = [[news_button()], [button(TEXT.label("projects"), ListProjects())]]
    return TEXT(name), with_person(rows(*ways_on))


async def take_stop(turn: Turn) -> bool:
    """Stop where a short text asks for that, and there is something to stop; else False.

    "Stop" alone may decline what was just offered: it stops the news where their button is in
    sight.
    """
    typed = normalise(turn.text)
    if typed in phrases("stop_words"):
        before = await turn.shown_before()
        if before is None or all(each.data != Unsubscribe().pack() for each in before.options):
            return False
    elif typed not in phrases("unsubscribe_words"):
        return False
    if not await turn.work.subscriptions.unsubscribe((await turn.person()).id):
        return False
    turn.say(*_ended("unsubscribed"))
    return True


HANDLERS: tuple[Handler, ...] = (
    command("alertes", show_standing),
    tap(ShowSubscription, show_choice),
    tap(NarrowSubscription, narrow),
    tap(Subscribe, subscribe),
    tap(Unsubscribe, unsubscribe),
)
