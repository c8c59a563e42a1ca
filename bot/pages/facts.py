"""Who publishes the pages, and where, as the settings and the bot tell it."""

from urllib.parse import urlsplit

from bot.settings import Settings
from handlers.core.services import Services
from handlers.general.privacy import TEXT
from handlers.messages import LANGUAGES, speaking
from website.facts import Facts, Licence


def facts_of(settings: Settings, services: Services, *, is_served: bool = False) -> Facts:
    """Return what the pages say of who publishes them."""
    identity, can_mail = services.identity, services.can_mail or bool(settings.smtp_host)
    return Facts(
        operator=identity.operator,
        email=identity.contact_email,
        phone=identity.contact_phone,
        postal_address=identity.postal_address,
        dpo_email=identity.dpo_email,
        bot_username=services.bot_username,
        address=settings.site_address,
        is_served=is_served,
        forms=_forms(settings, is_served=is_served),
        takes_questions=bool(settings.facilitator_chat_id) and can_mail,
        sends_links=can_mail,
        publication_director=settings.publication_director,
        host=settings.site_host,
        licence=Licence(settings.data_licence, settings.data_licence_url),
        dataset=settings.dataset_url,
        towns=services.town_list,
        privacy={language: _privacy(services, language) for language in LANGUAGES},
    )


def _forms(settings: Settings, *, is_served: bool) -> str | None:
    """Return where the forms stand: beside the pages, or on the server that takes them, if any."""
    if is_served and root_of(settings) == "/":
        return ""
    return f"{settings.public_url}/" if settings.public_url else None


def root_of(settings: Settings) -> str:
    """Return where links from the forms to the public pages begin, with its last slash.

    It is a path on the server of the forms, or the whole address of another one.
    """
    address = urlsplit(settings.site_address)
    is_here = address.netloc == urlsplit(settings.public_url).netloc
    return address.path or "/" if is_here else settings.site_address


def _privacy(services: Services, language: str) -> str:
    with speaking(language):
        return TEXT("privacy", identity=services.identity, kept=services.kept)
