"""Registering the webhook's address with Telegram, and checking that it stays registered."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

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
        # What the server told right after it accepted our registration, where that was not word for
        # word what we had registered: some servers rewrite the address or leave parts out.
        self._echo: _Told | None = None
        self._last_difference = ""
        self.is_refused = False

    async def keep(self) -> None:
        """Register, verify, and check every minute, until cancelled."""
        registered, pause = False, _FIRST_PAUSE
        while True:
            try:
                # The first registration is unconditional: Telegram does not reveal which secret it
                # has.
                was_registered = registered
                if not registered:
                    await self._register()
                    # Where it cannot be looked at, it is registered all the same.
                    registered = True
                registered = await self._is_right(is_new=not was_registered)
                self.is_refused = False
            except InvalidToken as error:
                if refuses_token(error):
                    raise
                logger.error("the server does not know a method of webhooks")
                self.is_refused = not registered
                pause = _longer(pause)
            except BadRequest as error:
                # The error is about the address or the certificate, which only the operator can
                # correct.
                logger.error("Telegram refuses the webhook: %s", error.message)
                self.is_refused = not registered
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

    async def _is_right(self, *, is_new: bool) -> bool:
        """Tell whether our webhook is registered; ``is_new``, it has just been."""
        info = await self._bot.get_webhook_info()
        self._warn(info)
        told = _Told(info.url or "", frozenset(info.allowed_updates or ()))
        difference = self._difference(told)
        if is_new and difference and _is_same_place(told.url, self._url):
            # Registering again would change nothing: the server has accepted it, and tells it so.
            self._echo = told
            self._say_once(f"the webhook is registered, but the server tells {difference}")
            return True
        if not difference or told == self._echo:
            return True
        self._say_once(f"the server tells {difference}: the webhook is registered again")
        return False

    def _difference(self, told: "_Told") -> str:
        """Return in words how what is told differs from what we registered; empty if it does not.

        No kinds of updates told means that the server tells none.
        """
        parts = []
        if told.url != self._url:
            parts.append(_named(told.url))
        if told.kinds and told.kinds != frozenset(map(str, ALLOWED_UPDATES)):
            parts.append(f"other kinds of updates ({', '.join(sorted(told.kinds))})")
        return " and ".join(parts)

    def _say_once(self, words: str) -> None:
        if words != self._last_difference:
            self._last_difference = words
            logger.warning("%s", words)

    def _warn(self, info: WebhookInfo) -> None:
        """Log each delivery failure of Telegram's once; its text contains nothing of an update."""
        if info.last_error_date and info.last_error_date != self._last_failure_at:
            self._last_failure_at = info.last_error_date
            logger.warning(
                "Telegram could not post: %s (%d updates wait there)",
                info.last_error_message,
                info.pending_update_count,
            )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the server tells of the webhook that it has."""

    url: str
    kinds: frozenset[str]


def _is_same_place(told: str, ours: str) -> bool:
    """Tell whether an address may be ours as a server tells it: none, or in another spelling."""
    return not told or _place(told) == _place(ours)


def _named(url: str) -> str:
    """Name an address in a log: its host only, because the path may be somebody's secret."""
    return f"another address (on {_host(url)})" if url else "no address"


def _place(url: str) -> tuple[str, int | None, str]:
    """Return an address as (host, port, path), in one spelling."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme.lower())
    except ValueError:
        return "", None, url
    return _host(url), port, unquote(parts.path).rstrip("/")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def _longer(pause: float) -> float:
    return min(max(pause * 2, _FIRST_PAUSE), _CHECK_EVERY_SECONDS)
