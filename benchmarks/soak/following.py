"""Whether a chat went as it must: all that was expected, in order, and what was said twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.soak.record import Accepted


@dataclass(slots=True)
class Followed:
    """What was found: how many of the expected, which calls were repeats, which nobody expected."""

    reached: int = 0
    # The run of the same that came before, and the one that repeats it.
    repeats: list[tuple[Sequence[Accepted], Accepted]] = field(default_factory=list)
    strange: list[Accepted] = field(default_factory=list)


def follow(calls: Sequence[Accepted], expected: Sequence[str]) -> Followed:
    """Hold the calls of a chat against the shapes that must come, in their order.

    A call may only be repeated by the very next one: the next of a chat waits until it is done.
    """
    found = Followed()
    run: list[Accepted] = []
    for call in calls:
        is_again = bool(run) and call.print == run[0].print
        run = run if is_again else []
        if found.reached < len(expected) and call.shape == expected[found.reached]:
            found.reached += 1
        elif is_again:
            found.repeats.append((tuple(run), call))
        else:
            found.strange.append(call)
        run.append(call)
    return found
