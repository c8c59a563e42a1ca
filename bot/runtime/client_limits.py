"""What one client may take of a server, and which connections are open."""

import asyncio
import ipaddress
import logging
import resource
from dataclasses import dataclass
from typing import Protocol

_FEWEST_CONNECTIONS, _MOST_CONNECTIONS = 64, 2048
# Calls to Telegram (192), the database, files.
_OWN_DESCRIPTORS = 320
logger = logging.getLogger(__name__)


class Guest(Protocol):
    """One open connection."""

    transport: asyncio.Transport


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What one client may take of the server; times in seconds.

    ``head``: from the connection, or from the first byte of a further request, to the end of the
    headers. ``body``: from there to the end of the body. ``silence``: how long a client may leave
    an answer unread. ``connections`` counts all, ``per_address`` those of one public address: a
    proxy, through which everybody comes, has a private one. ``largest_body`` is in bytes.
    """

    head: float = 10.0
    body: float = 30.0
    silence: float = 30.0
    connections: int = 0
    per_address: int = 256
    largest_body: int = 64_000_000


class Guests:
    """The open connections; the one that has waited longest makes room for a new one."""

    def __init__(self, limits: ClientLimits) -> None:
        self.limits = limits
        self._most = limits.connections or _most_connections()
        # Values are unused: a dict keeps the order of arrival.
        self._all: dict[Guest, str] = {}
        self._waiting: dict[Guest, None] = {}
        self._is_full = False

    @property
    def present(self) -> tuple[Guest, ...]:
        """All open connections, in the order of their arrival."""
        return tuple(self._all)

    def admit(self, guest: Guest, address: str) -> bool:
        """Count a connection; False where there is no room for it."""
        if _is_public(address):
            own = sum(1 for other in self._all.values() if other == address)
            if own >= self.limits.per_address:
                return False
        if len(self._all) >= self._most and not self._makes_room():
            return False
        self._all[guest] = address
        return True

    def waits(self, guest: Guest) -> None:
        """Note that no request of this connection is complete: it may be closed for another."""
        if guest in self._all:
            self._waiting.setdefault(guest)

    def works(self, guest: Guest) -> None:
        """Note that a request of this connection is being answered."""
        self._waiting.pop(guest, None)

    def leave(self, guest: Guest) -> None:
        """Forget a connection."""
        self._all.pop(guest, None)
        self._waiting.pop(guest, None)

    def _makes_room(self) -> bool:
        if not self._is_full:
            self._is_full = True
            logger.warning("%d connections are open: the idle ones make room", len(self._all))
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            return False
        self.leave(oldest)
        oldest.transport.abort()
        return True


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _most_connections() -> int:
    """Return how many connections may be open: the rest of the descriptors is for our own calls."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(_FEWEST_CONNECTIONS, min(_MOST_CONNECTIONS, soft - _OWN_DESCRIPTORS))
