"""The buttons of /sansreponse."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Keyboard, button, rows
from handlers.messages import Catalogue

TEXT = Catalogue.of("unanswered")


@dataclass(frozen=True)
class ListGaps(CallbackData, prefix="gl"):
    """One page of the questions without a good answer."""

    page: int


@dataclass(frozen=True)
class ShowGap(CallbackData, prefix="gs"):
    """One gap, and its actions."""

    question_id: int


@dataclass(frozen=True)
class ChooseEntry(CallbackData, prefix="ga"):
    """The entries nearest to a gap, by the wording of this question."""

    question_id: int


@dataclass(frozen=True)
class AllEntries(CallbackData, prefix="ge"):
    """One page of all entries, to add the wording of this question to one."""

    question_id: int
    page: int


@dataclass(frozen=True)
class AddPhrasing(CallbackData, prefix="gp"):
    """Add the wording of this question to an entry as a phrasing."""

    question_id: int
    entry_id: ItemId


@dataclass(frozen=True)
class AnswerPeople(CallbackData, prefix="gr"):
    """Open a conversation with each person who asked."""

    question_id: int


@dataclass(frozen=True)
class SetAside(CallbackData, prefix="gd"):
    """Take a gap out of the list: nothing is to be done about it."""

    question_id: int


@dataclass(frozen=True)
class PutBack(CallbackData, prefix="gb"):
    """Put a gap back into the list that was set aside by mistake."""

    question_id: int


@dataclass(frozen=True)
class OutOfScope(CallbackData, prefix="go"):
    """Add the wording of this question to the examples that are out of scope."""

    question_id: int


def back() -> Keyboard:
    """Return the button to the list."""
    return rows([button(TEXT.label("back"), ListGaps(0))])
