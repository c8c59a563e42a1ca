"""How the application of all pages is made; apart, as the web framework is slow to import."""

from collections.abc import Callable

from bot.pages.app import pages_app
from bot.pages.change_pages import ChangePages
from bot.pages.facts import facts_of, root_of
from bot.pages.follow_pages import FollowPages
from bot.pages.form_pages import FormPages
from bot.pages.public import PublicPages
from bot.pages.request_page import RequestPage
from bot.pages.visitor_rendering import Look
from bot.runtime.web_server import ReadyApp
from bot.settings import Settings
from handlers.core.page_links import PageLinks
from handlers.core.services import Services
from storage.database import Database
from website.facts import Facts


def assemble_pages(
    settings: Settings,
    database: Database,
    services: Services,
    links: PageLinks,
    wake: Callable[[], None],
) -> ReadyApp:
    """Make all pages; ``wake`` is called once one may have put something into the outbox."""

    def facts() -> Facts:
        return facts_of(settings, services, is_served=True)

    look = Look(services, facts, root_of(settings))
    following = FollowPages(database, services, links, wake, look)
    return pages_app(
        RequestPage(database, services, links, wake),
        FormPages(database, services, links, wake, look),
        following,
        ChangePages(services, links, following, wake, look),
        PublicPages(services, facts),
    )
