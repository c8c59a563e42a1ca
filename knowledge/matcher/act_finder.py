"""Recognise what people say besides questions: exactly, or nearly when the message is short."""

from collections.abc import Iterable
from types import MappingProxyType

from rapidfuzz import fuzz, process

from knowledge.model import Act
from knowledge.text.normalise import normalise

_LONGEST_NEAR = 5  # words: a longer message that resembles act asks something as well


class ActFinder:
    """Finds the act that a message is; immutable once made."""

    def __init__(self, acts: Iterable[Act]) -> None:
        owners: dict[str, str] = {}
        for talk in acts:
            for phrase in talk.phrasings:
                owners.setdefault(normalise(phrase), talk.id)
        self._owners = MappingProxyType(owners)
        self._phrases = tuple(owners)

    def exact(self, normalised: str) -> str | None:
        """Return the id of the act that has this phrase."""
        return self._owners.get(normalised)

    def near(self, normalised: str, least: float) -> str | None:
        """Return the id of the act most similar to a short message.

        None below a similarity of ``least``, from 0 to 1.
        """
        if not normalised or len(normalised.split()) > _LONGEST_NEAR:
            return None
        match = process.extractOne(
            normalised, self._phrases, scorer=fuzz.ratio, score_cutoff=least * 100
        )
        return self._owners[match[0]] if match else None

    def within(self, courtesies: str) -> str | None:
        """Return the id of the act that a message made of courtesies alone begins with.

        If it begins with none, return the id of the one that it ends with.
        """
        words = courtesies.split()
        starts = (" ".join(words[:size]) for size in range(len(words), 0, -1))
        ends = (" ".join(words[-size:]) for size in range(len(words), 0, -1))
        owners = (self._owners.get(part) for part in (*starts, *ends))
        return next(filter(None, owners), None)
