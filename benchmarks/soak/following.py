"""Compares a chat with what was expected: complete, in order, and with which repeats."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from benchmarks.soak.record import Accepted


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repeated call: the ``nth`` surplus one, after a ``run`` of identical calls."""

    run: Sequence[Accepted]
    again: Accepted
    nth: int


@dataclass(slots=True)
class Followed:
    """How many expected calls came, which calls were repeats, and which were unexpected."""

    reached: int = 0
    repeats: list[Repeat] = field(default_factory=list)
    strange: list[Accepted] = field(default_factory=list)


def follow(calls: Sequence[Accepted], expected: Sequence[str]) -> Followed:
    """Compare the calls of a chat with the expected shapes, in order.

    A call may be repeated only directly after itself: the next call of a chat waits until it is
    done.
    """
    followed = Followed()
    owed = [(shape, len(list(same))) for shape, same in groupby(expected)]
    for shape, same in groupby(calls, key=lambda call: call.shape):
        alike = list(same)
        if owed and owed[0][0] == shape:
            # Where some of these are missing, nothing later counts as in order.
            count = owed.pop(0)[1] if len(alike) >= owed[0][1] else 0
            followed.reached += count or len(alike)
            _sort_out(followed, alike, count or len(alike))
        else:
            followed.strange += alike
    return followed


def _sort_out(followed: Followed, alike: Sequence[Accepted], expected: int) -> None:
    """Separate repeats of a call from other calls that only have the same shape."""
    spare = len(alike) - expected
    for _, same in groupby(alike, key=lambda call: call.fingerprint):
        run = list(same)
        many = min(spare, len(run) - 1)
        spare -= many
        for nth in range(1, many + 1):
            place = len(run) - many + nth - 1
            followed.repeats.append(Repeat(run[:place], run[place], nth))
    followed.strange += alike[len(alike) - spare :]
