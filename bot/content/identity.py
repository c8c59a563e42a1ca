"""Who runs the service, as the settings tell it."""

from bot.messages import TEXT
from bot.settings import Settings
from handlers.core.services import Identity


def identity_of(settings: Settings) -> Identity:
    """Return who runs the service; without a name in the settings, the team."""
    return Identity(
        operator=settings.operator_name or TEXT.label("default_operator"),
        contact_email=settings.contact_email,
        contact_phone=settings.contact_phone,
        postal_address=settings.postal_address,
        dpo_email=settings.dpo_email,
    )
