"""Registering the webhook's address with Telegram, and checking that it stays registered."""

import asyncio
import logging
from datetime import datetime

from telegram import WebhookInfo
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.inbox.polling import ALLOWED_UPDATES
from bot.outbox.bot_api import refuses_token

logger = logging.getLogger(__name__)
# The maximum that Telegram allows (Bot API, setWebhook): concurrent updates share a commit.
_MAX_CONNECTIONS = 100
_CHECK_EVERY_SECONDS = 60.0
_FIRST_PAUSE = 1.0


class WebhookRegistration:
    """The registration of this bot's webhook with Telegram."""

    def __init__(self, bot: ExtBot[None], url: str, secret: str) -> None:
        self._bot = bot
        self._url = url
        self._secret = secret
        self._last_failure_at: datetime | None = None
        self.is_refused = False

    async def keep(self) -> None:
        """Register, verify, and check every minute, until cancelled."""
        registered, pause = False, _FIRST_PAUSE
        while True:
            try:
                # The first registration is unconditional: Telegram does not reveal which secret it
                # has.
                if not registered:
                    await self._register()
                was_registered, registered = registered, await self._is_right()
                self.is_refused = False
            except InvalidToken as error:
                if refuses_token(error):
                    raise
                logger.error("the server does not know a method of webhooks")
                self.is_refused = True
                pause = _longer(pause)
            except BadRequest as error:
                # The error is about the address or the certificate, which only the operator can
                # correct.
                logger.error("Telegram refuses the webhook: %s", error.message)
                self.is_refused = True
                pause = _longer(pause)
            except TelegramError as error:
                logger.warning("the webhook cannot be looked at: %s", type(error).__name__)
                pause = _longer(pause)
            except Exception as error:
                # PTB may raise any exception on an answer that it cannot parse.
                name = type(error).__name__
                logger.error("the webhook cannot be looked at: %s", name, exc_info=error)
                pause = _longer(pause)
            else:
                if registered:
                    pause = _CHECK_EVERY_SECONDS
                else:
                    # A foreign address is replaced at once the first time; while it comes back,
                    # after growing pauses, so that two bots do not race to register.
                    pause = 0.0 if was_registered else _longer(pause)
            await asyncio.sleep(pause)

    async def _register(self) -> None:
        await self._bot.set_webhook(
            self._url,
            secret_token=self._secret,
            allowed_updates=list(ALLOWED_UPDATES),
            max_connections=_MAX_CONNECTIONS,
            drop_pending_updates=False,
        )
        logger.info("the webhook is registered")

    async def _is_right(self) -> bool:
        info = await self._bot.get_webhook_info()
        self._warn(info)
        right = info.url == self._url and set(info.allowed_updates) == set(ALLOWED_UPDATES)
        if not right:
            logger.warning("Telegram has another webhook for this bot: it is registered again")
        return right

    def _warn(self, info: WebhookInfo) -> None:
        """Log each delivery failure of Telegram's once; its text contains nothing of an update."""
        if info.last_error_date and info.last_error_date != self._last_failure_at:
            self._last_failure_at = info.last_error_date
            logger.warning(
                "Telegram could not post: %s (%d updates wait there)",
                info.last_error_message,
                info.pending_update_count,
            )


def _longer(pause: float) -> float:
    return min(max(pause * 2, _FIRST_PAUSE), _CHECK_EVERY_SECONDS)
