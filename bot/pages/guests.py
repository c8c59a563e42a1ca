"""Who asks for pages: networks that send many links that nobody made are refused for a while."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

# A mail program that cuts links in two makes some mistakes; to guess one takes many more.
_MOST = 20
_WITHIN = timedelta(minutes=10)
_MOST_NETWORKS = 10_000
# What one customer may have of a provider (of IPv6: RFC 6177).
_OF_ONE = {4: 24, 6: 48}


@dataclass(slots=True)
class _Count:
    until: datetime
    failures: int = 0


class BadLinkCounts:
    """Counts bad links by network, in memory: each process counts for itself."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    def is_refused(self, network: str) -> bool:
        """Tell whether a network has sent too many."""
        count = self._counts.get(network)
        return count is not None and count.failures >= _MOST and count.until > self._clock()

    def fails(self, network: str) -> None:
        """Count a bad link."""
        now = self._clock()
        count = self._counts.pop(network, None)
        if count is None or count.until <= now:
            count = _Count(now + _WITHIN)
        count.failures += 1
        # Put back at the end: the one that failed longest ago makes room.
        self._counts[network] = count
        if len(self._counts) > _MOST_NETWORKS:
            del self._counts[next(iter(self._counts))]


class Crowd:
    """Counts the forms that networks send, in memory: a flood is refused before any query."""

    # A form is sent three times where its reader corrects it: an office has room for many.
    _MOST_FORMS = 60

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    def admits(self, network: str) -> bool:
        """Count one more form; False where there are too many."""
        now = self._clock()
        count = self._counts.pop(network, None)
        if count is None or count.until <= now:
            count = _Count(now + _WITHIN)
        count.failures += 1
        self._counts[network] = count
        if len(self._counts) > _MOST_NETWORKS:
            del self._counts[next(iter(self._counts))]
        return count.failures <= self._MOST_FORMS

    def refuses(self, network: str, until: datetime) -> None:
        """Refuse all further forms of a network until then: storage has counted too many."""
        self._counts[network] = _Count(until, self._MOST_FORMS)


def network_of(request: Request) -> str:
    """Return the network of who asks: through a proxy of ours, the address that it added."""
    peer = request.client.host if request.client else ""
    if _is_ours(peer):
        # The last one is our proxy's; what stands before it may be anybody's invention.
        peer = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or peer
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{_OF_ONE[address.version]}", strict=False))


def _is_ours(peer: str) -> bool:
    try:
        return not ipaddress.ip_address(peer).is_global
    except ValueError:
        # A socket of this machine.
        return True
