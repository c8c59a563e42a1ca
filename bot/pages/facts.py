"""Who publishes the pages, and where, as the settings and the bot tell it."""

from bot.settings import Settings
from handlers.core.services import Services
from handlers.general.privacy import TEXT
from handlers.messages import LANGUAGES, speaking
from website.facts import Facts, Licence


def facts_of(settings: Settings, services: Services, *, is_served: bool = False) -> Facts:
    """Return what the pages say of who publishes them."""
    identity = services.identity
    return Facts(
        operator=identity.operator,
        email=identity.contact_email,
        phone=identity.contact_phone,
        postal_address=identity.postal_address,
        dpo_email=identity.dpo_email,
        bot_username=services.bot_username,
        address=settings.site_address,
        is_served=is_served,
        publication_director=settings.publication_director,
        host=settings.site_host,
        licence=Licence(settings.data_licence, settings.data_licence_url),
        dataset=settings.dataset_url,
        towns=services.town_list,
        privacy={language: _privacy(services, language) for language in LANGUAGES},
    )


def _privacy(services: Services, language: str) -> str:
    with speaking(language):
        return TEXT("privacy", identity=services.identity, kept=services.kept)
