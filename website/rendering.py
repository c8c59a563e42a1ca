"""Pages as HTML: one layout and one style sheet, for the public pages and for those of requests."""

import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from handlers.messages import FRENCH, LANGUAGES, Catalogue, day, language, speaking, typeset
from website import addresses, ways, weight
from website.answer_html import as_html, linked
from website.facts import Facts
from website.pages import Page, PageKind

_ROOM = Path(__file__).parent
TEXT = Catalogue(_ROOM / "words.yaml")
STYLE = (_ROOM / "style.css").read_text("utf-8").strip()
# What a list may weigh on a page that has little else, in bytes.
ROOM = weight.HEAVIEST - weight.FRAME - len(STYLE.encode())
# Named in the link to the style sheet: a browser that keeps it asks again when it changes.
STYLE_VERSION = hashlib.sha256(STYLE.encode()).hexdigest()[:8]
# The first page of each part, as the head of all pages names them.
_MENU = {
    addresses.HOME: "menu_home",
    addresses.PROJECTS: "menu_projects",
    addresses.ANSWERS: "menu_answers",
    addresses.AREAS: "menu_areas",
}
# What belongs to a part of the menu besides its first page.
_PARTS = {
    PageKind.HOME: addresses.HOME,
    PageKind.PROJECTS: addresses.PROJECTS,
    PageKind.PROJECT: addresses.PROJECTS,
    PageKind.ENDED_PROJECT: addresses.PROJECTS,
    PageKind.GONE_PROJECT: addresses.PROJECTS,
    PageKind.ANSWERS: addresses.ANSWERS,
    PageKind.ANSWER: addresses.ANSWERS,
    PageKind.REFERRAL: addresses.ANSWERS,
    PageKind.GONE_ANSWER: addresses.ANSWERS,
    PageKind.AREAS: addresses.AREAS,
    PageKind.SECTORS: addresses.PROJECTS,
}


def templates(*folders: Path) -> Environment:
    """Return the templates of this room, and those of further folders, which go before them."""
    environment = Environment(
        loader=FileSystemLoader([*folders, _ROOM / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = TEXT.label
    environment.globals["at"] = addresses
    environment.globals["ways"] = ways
    environment.filters["day"] = _day
    environment.filters["answer"] = _answer
    environment.filters["linked"] = _linked
    environment.filters["french"] = typeset
    environment.filters["french_in"] = _french_in
    environment.filters["worded"] = _worded
    return environment


def _day(value: date) -> str:
    return day(value, language())


def _answer(text: str) -> Markup:
    said = typeset(text) if language() == FRENCH else text
    return Markup(as_html(said))  # noqa: S704 - it escapes what is no markup of an answer


def _linked(said: Markup, pages: Mapping[str, str], to: Callable[[str], str]) -> Markup:
    """Return an answer in which the titles of other answers lead to them."""
    spoken = language()
    titles = {
        typeset(title) if spoken == FRENCH else title: to(path) for title, path in pages.items()
    }
    return Markup(linked(str(said), titles))  # noqa: S704 - of `_answer`, and addresses of ours


def _french_in(text: str, *phrases: str) -> Markup:
    """Return a text in which French phrases are marked as such, where it is in another language."""
    whole = escape(text)
    found = [str(escape(each)) for each in phrases if each] if language() != FRENCH else []
    if not found:
        return whole
    # The longest first: a phrase may begin with another one. What stands in a tag is no word.
    either = "|".join(re.escape(each) for each in sorted(found, key=len, reverse=True))
    wanted = re.compile(f"<[^>]*>|(?<!\\w)(?P<said>{either})(?!\\w)")
    marked = wanted.sub(
        lambda one: f'<span lang="{FRENCH}">{one[0]}</span>' if one["said"] else one[0], str(whole)
    )
    return Markup(marked)  # noqa: S704 - escaped above


def _worded(text: str, *phrases: str) -> Markup:
    """Return a text of the files in the language of the page; ``phrases`` are French in any."""
    return _french_in(typeset(text) if language() == FRENCH else text, *phrases)


TEMPLATES = templates()


def written(
    page: Page,
    spoken: str,
    facts: Facts,
    initiative: str,
    *,
    root: str | None = None,
    among: Environment = TEMPLATES,
) -> bytes:
    """Return a page in a language, as HTML; ``initiative`` is the name that the head says.

    With ``root``, the path of the site on its host, links begin there: what a host shows in place
    of a missing page stands anywhere. ``among`` are the templates.
    """
    with speaking(spoken):
        said = {
            "facts": facts,
            "initiative": initiative or TEXT.label("no_name"),
            "initiative_name": initiative,
        }
        about = _about(page, spoken, facts, root)
        template = among.get_template(f"{page.template}.html")
        return template.render(**said, **about, **page.values()).encode()


def _about(page: Page, spoken: str, facts: Facts, root: str | None) -> Mapping[str, object]:
    """Return what the layout needs to know of a page."""
    start = page.address(spoken)
    to = _links(start, spoken, root)
    return {
        "kind": page.kind.value,
        "spoken": spoken,
        "to": to,
        "own": start,
        "style_version": STYLE_VERSION,
        "listed": page.listed,
        "menu": [(path, name, path == page.path) for path, name in _MENU.items()],
        "part": _PARTS.get(page.kind),
        "versions": {each: page.address(each) for each in LANGUAGES if each in page.languages},
        "absolute": lambda path: addresses.absolute(path, facts.address),
    }


def _links(start: str, spoken: str, root: str | None) -> Callable[..., str]:
    """Return what makes a link to an address: in the same language, unless another is named."""

    @functools.cache
    def to(path: str, language_: str = spoken) -> str:
        whole = addresses.in_language(path, language_)
        return addresses.relative(whole, start) if root is None else root + whole

    return to
