"""Lists too long for one message: their pages, and the buttons that lead from one to the next.

Telegram takes 4,096 UTF-16 units and 100 buttons a message (Bot API, sendMessage and
InlineKeyboardMarkup); a phone shows far fewer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, button
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext
from handlers.messages import Catalogue

TEXT = Catalogue.of("paging")
# How many items a page holds, where each is told in the text, and where each is only a button.
TOLD = 5
BUTTONS = 16
Item = TypeVar("Item")


class Place(StrEnum):
    """Where a button stands in the line that turns pages."""

    BEFORE = "b"
    HERE = "h"
    AFTER = "a"


@dataclass(frozen=True)
class StayOnPage(CallbackData, prefix="pg"):
    """A step that leads nowhere: it keeps the place of one that does on other pages."""

    place: Place
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items that follow each other in a list; ``first`` and ``number`` count from 1."""

    items: Sequence[Item]
    first: int
    number: int
    count: int
    total: int

    @classmethod
    def of(cls, listed: Sequence[Item], index: int, size: int) -> "Page[Item]":
        """Return the page of this index, from 0, or the nearest that there is by now."""
        count = max(1, -(-len(listed) // size))
        index = min(max(index, 0), count - 1)
        start = index * size
        return cls(listed[start : start + size], start + 1, index + 1, count, len(listed))

    def numbered(self) -> Iterator[tuple[int, Item]]:
        """Give each item with its place in the whole list, from 1."""
        return enumerate(self.items, self.first)

    def steps(self, leading_to: Callable[[int], CallbackData], what: str = "") -> list[Button]:
        """Return the line of buttons that turns pages; none where one page holds all.

        ``leading_to`` makes the button of a page from its index; ``what`` names what is counted.
        On every page each button is in the same place, so that a second tap goes the same way.
        """
        if self.count == 1:
            return []
        here = TEXT.label("here", what=what, number=self.number, count=self.count)
        before, after = self.number - 2, self.number
        return [
            button(
                TEXT.label("previous"),
                leading_to(before) if before >= 0 else self._stay(Place.BEFORE),
            ),
            button(here, self._stay(Place.HERE)),
            button(
                TEXT.label("next"),
                leading_to(after) if after < self.count else self._stay(Place.AFTER),
            ),
        ]

    def _stay(self, place: Place) -> StayOnPage:
        return StayOnPage(place, self.number, self.count)


# Nothing is shown or done: whoever sees the list may be told that it ends.
@requires(Authority.ANYONE)
async def stay(update: Update, context: BotContext) -> None:
    """Say where the page is in the list, or that there is none on this side."""
    context.turn.toast(TEXT.label("stay", page=StayOnPage.of(update)))


HANDLERS: tuple[Handler, ...] = (tap(StayOnPage, stay),)
