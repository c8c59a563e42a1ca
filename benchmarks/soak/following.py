"""Whether a chat went as it must: all that was expected, in order, and what was said twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from benchmarks.soak.record import Accepted


@dataclass(frozen=True, slots=True)
class Repeat:
    """A call made once more: for the ``nth`` time too many, after a ``run`` of the same."""

    run: Sequence[Accepted]
    again: Accepted
    nth: int


@dataclass(slots=True)
class Followed:
    """What was found: how many of the expected, which calls were repeats, which nobody expected."""

    reached: int = 0
    repeats: list[Repeat] = field(default_factory=list)
    strange: list[Accepted] = field(default_factory=list)


def follow(calls: Sequence[Accepted], expected: Sequence[str]) -> Followed:
    """Hold the calls of a chat against the shapes that must come, in their order.

    A call may only be repeated by the very next one: the next of a chat waits until it is done.
    """
    found = Followed()
    owed = [(shape, len(list(same))) for shape, same in groupby(expected)]
    for shape, same in groupby(calls, key=lambda call: call.shape):
        alike = list(same)
        if owed and owed[0][0] == shape:
            # Where some of these are lacking, nothing that comes later is in order.
            count = owed.pop(0)[1] if len(alike) >= owed[0][1] else 0
            found.reached += count or len(alike)
            _sort_out(found, alike, count or len(alike))
        else:
            found.strange += alike
    return found


def _sort_out(found: Followed, alike: Sequence[Accepted], expected: int) -> None:
    """Tell repeats from what is alike and was said for another reason."""
    spare = len(alike) - expected
    for _, same in groupby(alike, key=lambda call: call.print):
        run = list(same)
        many = min(spare, len(run) - 1)
        spare -= many
        for nth in range(1, many + 1):
            place = len(run) - many + nth - 1
            found.repeats.append(Repeat(run[:place], run[place], nth))
    found.strange += alike[len(alike) - spare :]
