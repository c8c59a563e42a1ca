"""Which counts may be published: none that tells of fewer than five people, nor lets it be deduced.

A count below five is hidden. Where a total is published, the counts that are shown give the sum of
the hidden ones: so as many more are hidden as it takes until each of them might be five or more
("secondary suppression", Hundepool et al., Statistical Disclosure Control, 2012, chapter 4).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.records.figures import Counted

# A count of so many people or more may be published.
LEAST = 5
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Published(Generic[Key]):
    """A total and its parts as they may be published; None is hidden."""

    total: int | None
    parts: Mapping[Key, int | None]

    @property
    def hides(self) -> bool:
        """Whether something is hidden."""
        return self.total is None or None in self.parts.values()


def published(counts: Mapping[Key, int]) -> Published[Key]:
    """Return the parts of a whole, and their total, without the counts that must be hidden.

    Zero tells of nobody, and is shown.
    """
    total = sum(counts.values())
    hidden = {key for key, count in counts.items() if 0 < count < LEAST}
    others = sorted((key for key in counts if counts[key] >= LEAST), key=lambda key: counts[key])
    while hidden and not _may_be_large(sum(counts[key] for key in hidden), len(hidden)):
        if not others:
            # All are hidden, and the total would still tell too much of them.
            return Published(None, {key: None if n else 0 for key, n in counts.items()})
        hidden.add(others.pop(0))
    return Published(total, {key: None if key in hidden else n for key, n in counts.items()})


def _may_be_large(total: int, count: int) -> bool:
    """Tell whether each of so many hidden counts, of which each is one at least, may be five."""
    return count > 1 and total - (count - 1) >= LEAST


def listed(counts: Sequence[Counted], total: int) -> tuple[tuple[Counted, ...], int | None]:
    """Return the entries of a list that may be published, and the sum of all others.

    The sum is 0, or five at least: where it would be less, the last ones of the list join it. None
    where all together are fewer.
    """
    shown = [one for one in counts if one.count >= LEAST]
    while shown and 0 < total - sum(one.count for one in shown) < LEAST:
        shown.pop()
    others = total - sum(one.count for one in shown)
    return tuple(shown), None if 0 < others < LEAST else others
