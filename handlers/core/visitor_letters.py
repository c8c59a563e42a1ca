"""Letters to who writes by the pages: what a person with Telegram reads in their chat, and a link.

Nothing that somebody typed into a page stands in the first letter, which goes to an address that
nobody has proved to be theirs.
"""

from datetime import datetime

from handlers.core.keyboards import shorten
from handlers.core.services import Services
from handlers.messages import Catalogue
from knowledge.files import telegram_html
from storage.records.people import Person

TEXT = Catalogue.of("visitor_letters")
# Mail programs on a phone show less.
_LONGEST_SUBJECT = 90


def letter(
    services: Services, visitor: Person, said: str, now: datetime, *, with_link: bool = True
) -> tuple[str, str]:
    """Return the subject and the text of a letter that says this, given as Telegram HTML."""
    text = telegram_html.plain(said).strip()
    subject = shorten(" ".join(text.splitlines()[0].split()), _LONGEST_SUBJECT)
    way = link(services, visitor, now) if with_link else ""
    return subject, TEXT.label("letter", text=text, link=way, **_identity(services, now))


def link(services: Services, visitor: Person, now: datetime) -> str:
    """Return the link by which a visitor follows what they sent; empty without public pages."""
    links = services.page_links
    return links.to_follow(visitor.id, visitor.telegram_id, now) if links else ""


def unreachable(said: str) -> str:
    """Return what the administrators read in place of a letter that cannot be sent, as HTML."""
    return TEXT("unreachable", text=telegram_html.plain(said).strip())


def _identity(services: Services, now: datetime) -> dict[str, object]:
    links = services.page_links
    return {"identity": services.identity, "until": links.until(now) if links else now}
