"""Passing on a project or an answer: the button that opens Telegram's own list of chats.

A link to ``t.me/share`` works in groups and in private, and where the bot's inline mode is off.
"""

from urllib.parse import quote, urlencode

from handlers.core.keyboards import Button
from handlers.core.services import Services
from handlers.messages import Catalogue
from knowledge.start_links import LinkKind, Source

TEXT = Catalogue.of("general")
_SHARE = "https://t.me/share/url?"


def share_button(services: Services, kind: LinkKind, id_: str, title: str) -> Button:
    """Return the button that passes on the link to this thing, below its title."""
    passed_on = {"url": services.link_to(kind, id_, Source.SHARED), "text": title}
    return {
        "text": TEXT.label("button_share"),
        "url": _SHARE + urlencode(passed_on, quote_via=quote),
    }
