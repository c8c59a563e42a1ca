"""Failures on demand, for tests: refusals, cut connections, lost answers, slowness."""

from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.preview.api_errors import ApiError


class CutConnectionError(Exception):
    """Ends a connection without an answer."""


class Cut(Enum):
    """When a connection is cut: before the call is carried out, or after."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """The fault of one call: a refusal, a cut connection, or none."""

    refusal: ApiError | None = None
    cut: Cut | None = None

    def strike(self) -> None:
        """Raise the fault, unless the call must first be carried out."""
        if self.cut is Cut.BEFORE:
            raise CutConnectionError
        if self.refusal:
            raise self.refusal


class Faults:
    """The planned faults and delays, by method."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[PlannedFault]] = defaultdict(deque)
        self._delays: dict[str, float] = {}

    def next(
        self,
        method: str,
        *,
        status: int,
        description: str | None = None,
        parameters: dict[str, Any] | None = None,
        times: int = 1,
    ) -> None:
        """Refuse the next calls of a method; a wait is described as by Telegram."""
        if description is None:
            seconds = (parameters or {}).get("retry_after")
            wait = f"Too Many Requests: retry after {seconds}"
            description = wait if seconds else "made to fail"
        refusal = ApiError(status, description, parameters)
        self._planned[method].extend([PlannedFault(refusal=refusal)] * times)

    def cut(self, method: str, *, times: int = 1) -> None:
        """Close the connection instead of carrying the next calls out."""
        self._planned[method].extend([PlannedFault(cut=Cut.BEFORE)] * times)

    def lost(self, method: str, *, times: int = 1) -> None:
        """Carry the next calls out, and close the connection instead of answering."""
        self._planned[method].extend([PlannedFault(cut=Cut.AFTER)] * times)

    def delay(self, method: str, seconds: float) -> None:
        """Delay each call of a method before it is carried out, until ``clear``."""
        self._delays[method] = seconds

    def clear(self) -> None:
        """Remove all planned faults and delays."""
        self._planned.clear()
        self._delays.clear()

    def taken(self, method: str) -> PlannedFault:
        """Take the fault planned for the next call of a method; an empty one if there is none."""
        planned = self._planned.get(method)
        return planned.popleft() if planned else PlannedFault()

    def delay_of(self, method: str) -> float:
        """Return the delay of a method's calls, in seconds."""
        return self._delays.get(method, 0.0)
