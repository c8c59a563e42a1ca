"""How updates come to the inbox: fetched, or posted by Telegram."""

import abc


class UpdateSource(abc.ABC):
    """The way in. Opened first, run once Telegram is met, closed last."""

    @property
    def listens_on(self) -> str:
        """The host and port that listen; empty where updates are fetched."""
        return ""

    async def open(self) -> None:  # noqa: B027 - who fetches has nothing to open
        """Begin to listen, where Telegram posts."""

    @abc.abstractmethod
    async def run(self) -> None:
        """Bring updates to the inbox until cancelled; InvalidToken where the token is refused."""

    async def close(self) -> None:  # noqa: B027 - who fetches has nothing to close
        """Listen no more."""
