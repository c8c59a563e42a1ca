"""The webhook as the way in: a server that listens, and a Telegram that knows where."""

from collections.abc import Callable, Collection

from telegram.ext import ExtBot

from bot.inbox.backlog import Backlog
from bot.inbox.source import UpdateSource
from bot.inbox.webhook import Health, Mailbox, Webhook
from bot.inbox.webhook_registration import WebhookRegistration
from bot.runtime.web_server import WebServer
from bot.settings import Settings
from handlers.core.services import Services


class WebhookSource(UpdateSource):
    """Updates posted by Telegram to this worker, or to another behind the same balancer."""

    def __init__(
        self, webhook: Webhook, server: WebServer, registration: WebhookRegistration, health: Health
    ) -> None:
        self._webhook = webhook
        self._server = server
        self._registration = registration
        self._health = health

    @property
    def listens_on(self) -> str:
        """The host and port that listen, once open."""
        return f"{self._server.host}:{self._server.port}"

    async def open(self) -> None:
        """Listen, so that the worker's health can be asked from the start."""
        await self._server.start()

    async def run(self) -> None:
        """Take posts, and keep Telegram posting here."""
        self._webhook.open()
        self._health.has_met_telegram = True
        await self._registration.keep()

    async def close(self) -> None:
        """Answer what is being posted, then listen no more."""
        self._health.has_met_telegram = False
        await self._server.stop()


def posting(
    settings: Settings,
    bot: ExtBot[None],
    mailbox: Mailbox,
    backlog: Backlog,
    services: Services,
    failing: Callable[[], Collection[str]],
) -> WebhookSource:
    """Put the way in together. SettingsError where a setting that it needs is missing.

    ``failing`` names the loops of this process that fail again and again.
    """
    settings.check_for_webhook()
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    registration = WebhookRegistration(bot, settings.webhook_url, secret)
    health = Health(backlog, services, lambda: registration.is_refused, failing)
    webhook = Webhook(secret, mailbox, health, is_open=False)
    server = WebServer(webhook.app(), settings.listen_host, settings.listen_port)
    return WebhookSource(webhook, server, registration, health)
