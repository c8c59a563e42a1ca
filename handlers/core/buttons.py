"""Callback data of the buttons that several features show; each feature handles its own."""

from dataclasses import dataclass
from typing import Annotated

from handlers.core.callback_data import SEPARATOR, CallbackData, ItemId, ListKey, SearchWords
from handlers.core.keyboards import Button, Keyboard, button, rows
from handlers.messages import Catalogue

TEXT = Catalogue.of("general")


@dataclass(frozen=True)
class ListProjects(CallbackData, prefix="l"):
    """One page of the open projects, filtered; territory and sector are keys, words are folded."""

    page: int = 0
    territory: ListKey = ""
    sector: ListKey = ""
    seeks_lead: bool = False
    words: SearchWords = ""


def without_list(keyboard: Keyboard | None) -> Keyboard | None:
    """Return a keyboard without what leads to the list of projects; None if nothing is left.

    Where there is no project at all, such a button would only lead to an empty page.
    """
    lines = keyboard["inline_keyboard"] if keyboard else []
    kept = [[each for each in line if not _leads_to_list(each)] for line in lines]
    return rows(*kept) if any(kept) else None


def _leads_to_list(each: Button) -> bool:
    return str(each.get("callback_data", "")).partition(SEPARATOR)[0] == ListProjects.PREFIX


@dataclass(frozen=True)
class ShowProject(CallbackData, prefix="p", few=True):
    """The card of one project."""

    project_id: ItemId


@dataclass(frozen=True)
class DeclareInterest(CallbackData, prefix="i", few=True):
    """The beginning of the interest form."""

    project_id: ItemId


@dataclass(frozen=True)
class Propose(CallbackData, prefix="n", few=True):
    """The beginning of the proposal form; ``kind``, a role of storage, is chosen already."""

    kind: Annotated[str, "(?:idea|resource|lead)?"] = ""


@dataclass(frozen=True)
class ListThemes(CallbackData, prefix="t", few=True):
    """The list of everything the bot can answer."""


@dataclass(frozen=True)
class ShowEntry(CallbackData, prefix="e", few=True):
    """The answer of one entry."""

    entry_id: ItemId


@dataclass(frozen=True)
class AskHuman(CallbackData, prefix="h", few=True):
    """The ways to reach a person of the team."""


@dataclass(frozen=True)
class CallBack(CallbackData, prefix="cb", few=True):
    """The beginning of the form to be called back."""


@dataclass(frozen=True)
class HandOver(CallbackData, prefix="q"):
    """Hand a question over to facilitators; 0 if the question is not written yet."""

    question_id: int = 0


@dataclass(frozen=True)
class ShowSubscription(CallbackData, prefix="sn"):
    """Being told of new projects: what was chosen, or may be; territory and sector are keys."""

    territory: ListKey = ""
    sector: ListKey = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class Unsubscribe(CallbackData, prefix="su", few=True):
    """The end of being told of new projects."""


@dataclass(frozen=True)
class ListRequests(CallbackData, prefix="m"):
    """The person's own requests."""


@dataclass(frozen=True)
class TurnRequests(CallbackData, prefix="mp"):
    """Another page of the person's requests, in place of the one shown."""

    page: int


@dataclass(frozen=True)
class ShowRequest(CallbackData, prefix="r"):
    """One of the person's own requests."""

    interest_id: int


@dataclass(frozen=True)
class Relaunch(CallbackData, prefix="rl"):
    """The person's own reminder of the team about a request."""

    interest_id: int


@dataclass(frozen=True)
class AskHelped(CallbackData, prefix="ru"):
    """The question whether the contact of a request happened."""

    interest_id: int


@dataclass(frozen=True)
class SendData(CallbackData, prefix="xd", few=True):
    """All that is kept about the person, as a file."""


@dataclass(frozen=True)
class AskErasure(CallbackData, prefix="xe", few=True):
    """The question whether to erase everything."""


def person_button() -> Button:
    """Return the button to a person of the team: the same words under every message."""
    return button(TEXT.label("button_human"), AskHuman())


def news_button(territory: str = "", sector: str = "") -> Button:
    """Return the button that offers to be told of new projects; the keys are a list's filters."""
    return button(TEXT.label("button_news"), ShowSubscription(territory, sector))


def with_person(keyboard: Keyboard | None = None) -> Keyboard:
    """Return the keyboard with the button to a person as its last row, unless it has it already."""
    lines = keyboard["inline_keyboard"] if keyboard else []
    person = person_button()
    if any(person["callback_data"] == each["callback_data"] for line in lines for each in line):
        return {"inline_keyboard": lines}
    return {"inline_keyboard": [*lines, [person]]}
