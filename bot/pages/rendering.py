"""Pages as HTML: the templates, their words, and the headers that keep them to their reader."""

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import HTMLResponse

from handlers.messages import FRENCH, Catalogue, moment
from handlers.requests.notification import TEXT as ADMINISTRATION
from website.rendering import STYLE, templates

_ROOM = Path(__file__).parent
TEXT = Catalogue(_ROOM / "words.yaml")
_GAP = re.compile(r"\n{3,}")
_AROUND_QUOTE = re.compile(r"\s*(</?blockquote>)\s*")
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# The style stands in the page and is named by its digest: nothing else is loaded, and nothing runs.
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    # The address of a page opens it: no other site is to learn it.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}


def _card(text: str) -> Markup:
    """Return a message as Telegram shows it: its HTML, in which what people wrote is escaped."""
    # One empty line for several, and none around what is quoted, which stands apart already.
    text = _AROUND_QUOTE.sub(r"\1", _GAP.sub("\n\n", text))
    return Markup(text)  # noqa: S704 - as just said


def _templates() -> Environment:
    environment = templates(_ROOM / "templates")
    environment.globals["say"] = TEXT.label
    # Only the team reads these.
    environment.globals["spoken"] = FRENCH
    # What the group chooses among is named here as it is there.
    environment.globals["in_group"] = ADMINISTRATION.label
    environment.globals["style"] = Markup(STYLE)  # noqa: S704 - our own file
    environment.filters["moment"] = moment
    environment.filters["card"] = _card
    return environment


_TEMPLATES = _templates()


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page; what people wrote is escaped."""
    content = _TEMPLATES.get_template(f"{template}.html").render(values)
    return HTMLResponse(content, status)


def message(
    name: str, status: int, *, path: str = "", contact: str = "", step: str = ""
) -> HTMLResponse:
    """Return a page that says what happened and what to do; ``path`` leads back to the request."""
    words = TEXT.label(name, contact=contact, step=step)
    return page("message", status, name=name, words=words, path=path)
