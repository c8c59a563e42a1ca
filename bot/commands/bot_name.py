"""The bot's name, which links and posters tell, as Telegram knows it."""

from telegram import Bot

from bot.outbox.transport import Transport
from bot.settings import Settings


async def name_on_telegram(settings: Settings) -> str:
    """Return the user name of the bot whose token is set; raises TelegramError."""
    token, transport = settings.telegram_bot_token, Transport(settings.telegram_transport)
    bot = Bot(
        token.get_secret_value() if token else "",
        base_url=f"{str(settings.telegram_api_url).rstrip('/')}/bot",
        request=transport.request(connections=1),
        get_updates_request=transport.request(connections=1),
    )
    async with bot:
        return bot.username
