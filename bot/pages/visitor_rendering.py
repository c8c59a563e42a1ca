"""What all pages for who has no Telegram share: templates, words, headers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from handlers.core.services import Services
from handlers.messages import (
    ENGLISH,
    FRENCH,
    LANGUAGES,
    Catalogue,
    day,
    language,
    moment,
    speaking,
    without_chat,
)
from website import rendering
from website.facts import Facts
from website.pages import Page, PageKind

_ROOM = Path(__file__).parent
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
STYLE_PATH = "/formulaires/style.css"
_PUBLIC = Path(rendering.__file__).parent / "words.yaml"
TEXT = Catalogue(_PUBLIC, _ROOM / "visitor_words.yaml")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # The address of a page may open it: no other site is to learn it.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}


def _templates() -> Environment:
    environment = rendering.templates(_ROOM / "visitor_templates")
    environment.globals["say"] = TEXT.label
    environment.filters["moment"] = lambda value: moment(value, language())
    environment.filters["day"] = lambda value: day(value, language())
    # Telegram HTML of our own catalogues, in which what people wrote is escaped.
    environment.filters["telegram"] = lambda text: Markup(text.replace("\n", "<br>\n"))  # noqa: S704
    environment.filters["unbroken"] = _unbroken
    return environment


def _unbroken(text: str, number: str) -> Markup:
    """Return a text as HTML, in which no line ends within this number."""
    whole = Markup('<span class="number">{}</span>').format(number)
    return whole.join(escape(part) for part in text.split(number))


_TEMPLATES = _templates()


@dataclass(frozen=True, slots=True)
class Look:
    """How pages are written here: who publishes them, and the name in their head.

    ``root`` is where links to the public pages begin, with its last slash.
    """

    services: Services
    facts: Callable[[], Facts]
    root: str = "/"

    def page(
        self,
        template: str,
        spoken: str,
        path: str,
        status: int = 200,
        /,
        **values: object,
    ) -> Response:
        """Return a page in a language; ``path`` is its address, without a slash before it."""
        prefix = f"{spoken}/"
        own = path.removeprefix(prefix) if spoken != LANGUAGES[0] else path
        page = Page(
            own,
            PageKind.FORM,
            template,
            lambda: {"style": STYLE_PATH, **values},
            LANGUAGES,
            listed=False,
        )
        name = self.services.knowledge.initiative.name
        with without_chat():
            facts = self.facts()
            content = rendering.written(page, spoken, facts, name, root=self.root, among=_TEMPLATES)
        return HTMLResponse(content, status)

    def message(self, name: str, spoken: str, status: int, **values: object) -> Response:
        """Return a page that says what happened and what to do."""
        with speaking(spoken), without_chat():
            common = {"identity": self.services.identity, "can_mail": self.services.can_mail}
            words = TEXT.label(f"{name}_text", **common, **values)
        lost = lost_link_path(spoken) if self.services.can_mail else ""
        shown = {"name": name, "words": words, "lost": lost}
        return self.page("visitor_message", spoken, "formulaires/", status, **shown)


def lost_link_path(spoken: str) -> str:
    """Return the path of the page that sends the link of a request again."""
    return f"{'' if spoken == FRENCH else f'/{spoken}'}/formulaires/lien-perdu"


async def style(_request: Request) -> Response:
    """Give the style sheet: the public pages may stand on another server, or nowhere."""
    headers = {"cache-control": "public, max-age=86400"}
    return Response(rendering.STYLE, media_type="text/css", headers=headers)


def language_of(request: Request) -> str:
    """Return the language of a page for who is not known: of its address, or of the browser.

    It is English only where the browser puts it before French.
    """
    if request.url.path.startswith(f"/{ENGLISH}/"):
        return ENGLISH
    wanted = {FRENCH: 0.0, ENGLISH: 0.0}
    for one in request.headers.get("accept-language", "").split(","):
        tag, _, weight = one.partition(";")
        spoken = tag.strip().casefold().partition("-")[0]
        if spoken in wanted:
            wanted[spoken] = max(wanted[spoken], _weight(weight))
    return ENGLISH if wanted[ENGLISH] > wanted[FRENCH] else FRENCH


def _weight(typed: str) -> float:
    """Return what follows ``q=`` in a header (RFC 9110, 12.4.2); nothing there counts as one."""
    found = _WEIGHT.fullmatch(typed.strip())
    return float(found[1]) if found else 1.0


def is_from_elsewhere(request: Request) -> bool:
    """Tell whether another site makes a browser send this form (Fetch Metadata, Origin)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.headers.get("host")
