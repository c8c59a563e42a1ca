"""One page before it is written: where it stands, what it is, and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from handlers.messages import FRENCH
from website import addresses


class PageKind(StrEnum):
    """What a page is; the accessibility of each kind is looked at in a browser."""

    HOME = "home"
    PROJECTS = "projects"
    PROJECT = "project"
    ENDED_PROJECT = "ended_project"
    GONE_PROJECT = "gone_project"
    ANSWERS = "answers"
    ANSWER = "answer"
    REFERRAL = "referral"
    GONE_ANSWER = "gone_answer"
    AREAS = "areas"
    SECTORS = "sectors"
    DATA = "data"
    PRIVACY = "privacy"
    ACCESSIBILITY = "accessibility"
    LEGAL = "legal"
    FORM = "form"
    NOT_FOUND = "not_found"


Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    """A page; ``path`` is where its French stands, ``languages`` those it is written in.

    ``values`` is called when the page is first read, within its language. A page that is not
    ``listed`` stands in no site map, and search engines are asked to leave it out.
    """

    path: str
    kind: PageKind
    template: str
    values: Callable[[], Values] = dict
    languages: tuple[str, ...] = (FRENCH,)
    listed: bool = True
    # The last day on which it changed, where the files tell it.
    changed: date | None = None

    def address(self, language: str) -> str:
        """Return where it stands in a language."""
        return addresses.in_language(self.path, language)
