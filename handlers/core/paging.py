"""Lists too long for one message: their pages, and the buttons to turn them.

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
# Items a page: when each item is described in the text, and when each is only a button.
TEXT_ITEMS = 5
BUTTON_ITEMS = 16
Item = TypeVar("Item")


class StepPlace(StrEnum):
    """The position of a button in the row that turns pages."""

    BEFORE = "b"
    HERE = "h"
    AFTER = "a"


@dataclass(frozen=True)
class StayOnPage(CallbackData, prefix="pg"):
    """A button that turns no page. None is shown any more; those of older messages are answered."""

    place: StepPlace
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Item]):
    """Consecutive items of a list; ``first`` and ``number`` count from 1."""

    items: Sequence[Item]
    first: int
    number: int
    count: int
    total: int

    @classmethod
    def of(cls, listed: Sequence[Item], index: int, size: int) -> "ListPage[Item]":
        """Return the page of this index, from 0; the nearest one if the list has become shorter."""
        count = max(1, -(-len(listed) // size))
        index = min(max(index, 0), count - 1)
        start = index * size
        return cls(listed[start : start + size], start + 1, index + 1, count, len(listed))

    def numbered(self) -> Iterator[tuple[int, Item]]:
        """Yield each item with its position in the whole list, from 1."""
        return enumerate(self.items, self.first)

    def place(self, what: str = "") -> str:
        """Return which page this is, as plain text; empty if one page holds everything.

        ``what`` names the items where a page holds one.
        """
        if self.count == 1:
            return ""
        return TEXT.label("place", what=what, number=self.number, count=self.count)

    def steps(self, leading_to: Callable[[int], CallbackData]) -> list[Button]:
        """Return the row of buttons that turns pages: none that leads nowhere.

        ``leading_to`` makes the callback data of a page from its index.
        """
        before, after = self.number - 2, self.number
        steps = []
        if before >= 0:
            steps.append(button(TEXT.label("previous"), leading_to(before)))
        if after < self.count:
            steps.append(button(TEXT.label("next"), leading_to(after)))
        return steps


# Open to anyone: the button shows no data and changes nothing.
@requires(Authority.ANYONE)
async def stay(update: Update, context: BotContext) -> None:
    """Say which page this is, or that there is no page on this side."""
    context.turn.toast(TEXT.label("stay", page=StayOnPage.of(update)))


HANDLERS: tuple[Handler, ...] = (tap(StayOnPage, stay),)
