"""The buttons of /sansreponse."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, rows
from handlers.messages import Catalogue

TEXT = Catalogue.of("unanswered")


@dataclass(frozen=True)
class ListGaps(CallbackData, prefix="gl"):
    """One page of the questions without a good answer."""

    page: int


@dataclass(frozen=True)
class ShowGap(CallbackData, prefix="gs"):
    """One group of questions, and what can be done."""

    question_id: int


@dataclass(frozen=True)
class ChooseEntry(CallbackData, prefix="ga"):
    """The entries nearest to a group of questions, worded as this one."""

    question_id: int


@dataclass(frozen=True)
class AllEntries(CallbackData, prefix="ge"):
    """One page of all entries, for a group of questions worded as this one."""

    question_id: int
    page: int


@dataclass(frozen=True)
class AddPhrasing(CallbackData, prefix="gp"):
    """The entry that the question's own wording becomes a phrasing of."""

    question_id: int
    entry_id: str


@dataclass(frozen=True)
class AnswerPeople(CallbackData, prefix="gr"):
    """A conversation with each of those who asked."""

    question_id: int


@dataclass(frozen=True)
class SetAside(CallbackData, prefix="gd"):
    """Nothing to do about it."""

    question_id: int


@dataclass(frozen=True)
class PutBack(CallbackData, prefix="gb"):
    """Into the list again, after a slip of the thumb."""

    question_id: int


@dataclass(frozen=True)
class OutOfScope(CallbackData, prefix="go"):
    """It becomes an example of what is not answered."""

    question_id: int


def back() -> Keyboard:
    """Return the way to the list."""
    return rows([button(TEXT.label("back"), ListGaps(0))])
