"""Updates by webhook: an HTTP server, and the registration of its address with Telegram."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from telegram.ext import ExtBot

from bot.inbox.backlog import Backlog
from bot.inbox.source import UpdateSource
from bot.inbox.webhook import Health, Mailbox, Webhook
from bot.inbox.webhook_registration import WebhookRegistration
from bot.runtime.web_server import ReadyApp, WebServer
from bot.settings import Settings
from handlers.core.services import Services


class WebhookSource(UpdateSource):
    """Updates that Telegram sends to this worker, or to another behind the same load balancer."""

    def __init__(
        self, webhook: Webhook, server: WebServer, registration: WebhookRegistration, health: Health
    ) -> None:
        self._webhook = webhook
        self._server = server
        self._registration = registration
        self._health = health

    @property
    def server(self) -> WebServer:
        """The webhook server, which serves the pages too."""
        return self._server

    @property
    def listens_on(self) -> str:
        """The host and port of the server, once open."""
        return f"{self._server.host}:{self._server.port}"

    async def open(self) -> None:
        """Listen, so that the health endpoints answer from the start."""
        await self._server.start()

    async def run(self) -> None:
        """Accept updates, and keep the webhook registered."""
        self._webhook.open()
        self._health.has_met_telegram = True
        await self._registration.keep()

    async def close(self) -> None:
        """Answer the requests under way, then stop listening."""
        self._health.has_met_telegram = False
        await self._server.stop()


def assemble_webhook(  # noqa: PLR0913, PLR0917 - the parts of a service
    settings: Settings,
    bot: ExtBot[None],
    mailbox: Mailbox,
    backlog: Backlog,
    services: Services,
    failing: Callable[[], Collection[str]],
    take_inline: Callable[[Mapping[str, Any]], None],
    pages: ReadyApp | None = None,
) -> WebhookSource:
    """Return the webhook with all its parts; SettingsError where a setting for it is missing.

    ``failing`` names the loops of this process that fail repeatedly; ``take_inline`` gets
    the inline queries; ``pages`` are served beside.
    """
    settings.check_for_webhook()
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    registration = WebhookRegistration(bot, settings.webhook_url, secret)
    health = Health(backlog, services, lambda: registration.is_refused, failing)
    webhook = Webhook(secret, mailbox, health, is_open=False, pages=pages, take_inline=take_inline)
    app = ReadyApp(webhook.app(), pages.at_once, pages.ready) if pages else webhook.app()
    server = WebServer(app, settings.listen_host, settings.listen_port)
    return WebhookSource(webhook, server, registration, health)
