"""A page of requests in words, with the buttons to their cards."""

from dataclasses import dataclass
from datetime import datetime

from handlers.administration.cards import OpenCard
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, rows
from handlers.core.paging import ListPage
from handlers.messages import PARIS, Catalogue
from storage.records.interests import Interest

TEXT = Catalogue.of("request_lists")


@dataclass(frozen=True)
class ShowStandings(CallbackData, prefix="as"):
    """How many requests stand how."""


def to_all() -> Button:
    """Return the button back to how many requests stand how."""
    return button(TEXT.label("all_lists"), ShowStandings())


def words_of_list(name: str, page: ListPage[Interest], now: datetime, **values: object) -> str:
    """Return a page of requests in words, under the message of this name."""
    ages = {each.id: _age(each, now) for each in page.items}
    return TEXT(name, page=page, ages=ages, **values)


def _age(interest: Interest, now: datetime) -> str:
    dates = (moment.astimezone(PARIS).date() for moment in (now, interest.created_at))
    today, received = dates
    days = (today - received).days
    return TEXT.label("age_days", days=days) if days > 0 else TEXT.label("age_today")


def list_keyboard(page: ListPage[Interest], steps: list[Button]) -> Keyboard:
    """Return the buttons of a page of requests: each one's card, other pages, all lists."""
    cards = [
        button(TEXT.label("list_item", number=number, one=one), OpenCard(one.id))
        for number, one in page.numbered()
    ]
    # Two a row: five cards take three rows of a phone.
    return rows(*(cards[at : at + 2] for at in range(0, len(cards), 2)), steps, [to_all()])
