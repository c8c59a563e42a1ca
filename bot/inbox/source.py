"""How updates reach the inbox: by polling, or by webhook."""

import abc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.runtime.web_server import WebServer


class UpdateSource(abc.ABC):
    """Brings in updates: opened first, run once Telegram has answered, closed last."""

    @property
    def listens_on(self) -> str:
        """The host and port of the webhook server; empty with polling."""
        return ""

    @property
    def server(self) -> "WebServer | None":
        """The webhook server; None with polling."""
        return None

    async def open(self) -> None:  # noqa: B027 - who fetches has nothing to open
        """Begin to listen, where updates come by webhook."""

    @abc.abstractmethod
    async def run(self) -> None:
        """Bring updates to the inbox until cancelled; InvalidToken where the token is refused."""

    async def close(self) -> None:  # noqa: B027 - who fetches has nothing to close
        """Stop listening."""
