"""Who runs the service, as the settings tell it."""

from bot.messages import TEXT
from bot.preview.server import PREVIEW_TOKEN
from bot.settings import Settings
from handlers.core.services import Identity
from knowledge.model import Initiative


def identity_of(settings: Settings, initiative: Initiative) -> Identity:
    """Return who runs the service; without a name in the settings, the team of the initiative."""
    return Identity(
        operator=settings.operator_name or _team(settings, initiative),
        contact_email=settings.contact_email,
        contact_phone=settings.contact_phone,
        postal_address=settings.postal_address,
        dpo_email=settings.dpo_email,
    )


def _team(settings: Settings, initiative: Initiative) -> str:
    team = TEXT.label("default_operator", name=initiative.name)
    return TEXT.label("preview_operator", operator=team) if is_preview(settings) else team


def is_preview(settings: Settings) -> bool:
    """Tell whether these are settings of the preview, whose operator is nobody's affair."""
    token = settings.telegram_bot_token
    return token is not None and token.get_secret_value() == PREVIEW_TOKEN
