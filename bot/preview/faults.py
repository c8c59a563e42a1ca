"""Failures on demand, for tests: refusals, cut connections, lost answers, slowness."""

from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.preview.errors import ApiError


class CutConnectionError(Exception):
    """Ends a connection without an answer."""


class Cut(Enum):
    """When a connection is cut: before the call is carried out, or after."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """What happens to one call."""

    refusal: ApiError | None = None
    cut: Cut | None = None

    def strike(self) -> None:
        """Fail here if the call is not to be carried out."""
        if self.cut is Cut.BEFORE:
            raise CutConnectionError
        if self.refusal:
            raise self.refusal


class Faults:
    """The failures to come, by method, in order."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[PlannedFault]] = defaultdict(deque)
        self._delays: dict[str, float] = {}

    def next(
        self,
        method: str,
        *,
        status: int,
        description: str = "made to fail",
        parameters: dict[str, Any] | None = None,
        times: int = 1,
    ) -> None:
        """Refuse the next calls of a method."""
        refusal = ApiError(status, description, parameters)
        self._planned[method].extend([PlannedFault(refusal=refusal)] * times)

    def cut(self, method: str, *, times: int = 1) -> None:
        """Close the connection instead of carrying the next calls out."""
        self._planned[method].extend([PlannedFault(cut=Cut.BEFORE)] * times)

    def lost(self, method: str, *, times: int = 1) -> None:
        """Carry the next calls out, and close the connection instead of answering."""
        self._planned[method].extend([PlannedFault(cut=Cut.AFTER)] * times)

    def delay(self, method: str, seconds: float) -> None:
        """Let each call of a method wait before it is carried out, until ``clear``."""
        self._delays[method] = seconds

    def clear(self) -> None:
        """Fail no more."""
        self._planned.clear()
        self._delays.clear()

    def taken(self, method: str) -> PlannedFault:
        """Return what happens to this call, once."""
        planned = self._planned.get(method)
        return planned.popleft() if planned else PlannedFault()

    def delay_of(self, method: str) -> float:
        """Return how long a call of this method waits, in seconds."""
        return self._delays.get(method, 0.0)
