"""Groups questions that say the same, those asked most first."""

import hashlib
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from knowledge.text.courtesies import without_courtesies
from knowledge.text.normalise import normalise

# A similarity from 0 to 100. Measured on the pairs of shipped phrasings: from 90 on, all pairs that
# are joined belong to one entry (15 of 15); at 85, one in four does not (24 of 31 do).
LEAST_ALIKE = 90.0
# token_set_ratio finds a single word equal to any text that has it: compare letters instead.
_FEWEST_WORDS = 2
# The characters of a question that are compared: the time of a comparison grows with the square of
# the length, and a question says at its start what it is about.
COMPARED_LENGTH = 300
# The wordings compared in one call with all the others. Where all are as long as can be, a call
# takes a fifth of a second; the time limit is checked after each.
_AT_ONCE = 8
_DIGEST_BYTES = 16

_Pairs = npt.NDArray[np.bool_]
_Groups = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Compared:
    """The digest of each question, and which of the digests compared so far are alike.

    ``places`` gives a digest's row in ``pairs``, which is symmetric.
    """

    digests: Mapping[int, bytes] = field(default_factory=dict)
    places: Mapping[bytes, int] = field(default_factory=dict)
    pairs: _Pairs = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))


class Likeness:
    """Remembers which questions say the same, so that only new ones are compared.

    It holds salted digests and no words: nothing of a question is left here once it is erased. It
    compares questions with each other only, so it stays right when the files change. Thread-safe.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Make one that knows nothing; ``now`` measures the time limit, in seconds."""
        self._now = now
        self._salt = secrets.token_bytes(_DIGEST_BYTES)
        self._comparing = threading.Lock()
        self._compared = _Compared()

    def compare(self, texts: Mapping[int, str], seconds: float = float("inf")) -> None:
        """Compare the new ones of these questions, given by id; forget all others.

        Made for a thread, outside of transactions. What is not compared within ``seconds`` is left
        to the next call; each call compares some.
        """
        with self._comparing:
            former = self._compared
            if former.digests.keys() != texts.keys() or len(former.places) < len(
                set(former.digests.values())
            ):
                self._compared = self._extended(former, texts, self._now() + seconds)

    def groups(self, numbers: Sequence[int]) -> _Groups:
        """Group questions, given by id; a group holds positions in ``numbers``.

        The largest group comes first, and in a group the most frequent wording. Ties keep the order
        of ``numbers``. A question that was not compared is grouped with the same words only.
        """
        compared = self._compared
        positions: defaultdict[Hashable, list[int]] = defaultdict(list)
        for position, number in enumerate(numbers):
            positions[compared.digests.get(number, number)].append(position)
        wordings = sorted(positions, key=lambda key: (-len(positions[key]), positions[key][0]))
        clusters = [
            tuple(position for wording in group for position in positions[wording])
            for group in _joined(wordings, compared)
        ]
        return tuple(sorted(clusters, key=lambda cluster: (-len(cluster), min(cluster))))

    def uncompared(self, numbers: Sequence[int]) -> int:
        """Return how many of these questions, given by id, were not compared yet."""
        compared = self._compared
        return sum(compared.digests.get(number) not in compared.places for number in numbers)

    def _extended(self, former: _Compared, texts: Mapping[int, str], until: float) -> _Compared:
        wordings = {number: _wording(text) for number, text in texts.items()}
        digests = {number: self._digest(wording) for number, wording in wordings.items()}
        written = {digests[number]: wording for number, wording in wordings.items()}
        kept = [digest for digest in former.places if digest in written]
        often = Counter(digests.values())
        new = sorted(written.keys() - former.places.keys(), key=lambda digest: -often[digest])
        rows = [former.places[digest] for digest in kept]
        known = former.pairs[np.ix_(rows, rows)]
        pairs = self._pairs(known, [written[digest] for digest in (*kept, *new)], until)
        places = {digest: row for row, digest in enumerate([*kept, *new][: len(pairs)])}
        return _Compared(digests, places, pairs)

    def _pairs(self, known: _Pairs, wordings: Sequence[str], until: float) -> _Pairs:
        """Compare the wordings beyond those known, as many as the time allows."""
        pairs = np.zeros((len(wordings), len(wordings)), dtype=np.bool_)
        done = len(known)
        pairs[:done, :done] = known
        while done < len(wordings):
            end = min(done + _AT_ONCE, len(wordings))
            alike = _alike(wordings[done:end], wordings[:end])
            pairs[done:end, :end], pairs[:end, done:end] = alike, alike.T
            done = end
            if self._now() >= until:
                break
        return pairs[:done, :done].copy()

    def _digest(self, wording: str) -> bytes:
        written = wording.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(written, digest_size=_DIGEST_BYTES, key=self._salt).digest()


def alike(texts: Sequence[str]) -> _Groups:
    """Group texts that say the same, as ``Likeness.groups`` does; takes seconds for hundreds."""
    likeness = Likeness()
    likeness.compare(dict(enumerate(texts)))
    return likeness.groups(range(len(texts)))


def said_alike(one: str, other: str) -> bool:
    """Tell whether two normalised texts say the same, whatever the order of their words."""
    return bool(_alike([one], [other])[0, 0])


def _alike(some: Sequence[str], others: Sequence[str]) -> _Pairs:
    """Compare each of some normalised texts with each other one: (some, others)."""
    pairs: _Pairs = process.cdist(some, others, scorer=fuzz.ratio, score_cutoff=LEAST_ALIKE) > 0
    left, right = _of_several_words(some), _of_several_words(others)
    if left and right:
        pairs[np.ix_(left, right)] = (
            process.cdist(
                [some[place] for place in left],
                [others[place] for place in right],
                scorer=fuzz.token_set_ratio,
                score_cutoff=LEAST_ALIKE,
            )
            > 0
        )
    return pairs


def _of_several_words(texts: Sequence[str]) -> list[int]:
    return [place for place, text in enumerate(texts) if len(set(text.split())) >= _FEWEST_WORDS]


def _wording(text: str) -> str:
    """Return what is compared of a question."""
    read = text[:COMPARED_LENGTH]
    normalised = normalise(read)
    return without_courtesies(normalised) or normalised or read


def _joined(wordings: Sequence[Hashable], compared: _Compared) -> list[list[Hashable]]:
    """Put each wording, the most frequent first, in the first group whose head is like it."""
    groups: list[list[Hashable]] = []
    heads = np.zeros(len(wordings), dtype=np.intp)
    headed: list[int] = []
    for wording in wordings:
        row = compared.places.get(wording) if isinstance(wording, bytes) else None
        if row is None:
            groups.append([wording])
            continue
        like = compared.pairs[row, heads[: len(headed)]]
        first = int(like.argmax()) if len(like) else 0
        if len(like) and like[first]:
            groups[headed[first]].append(wording)
        else:
            heads[len(headed)] = row
            headed.append(len(groups))
            groups.append([wording])
    return groups
