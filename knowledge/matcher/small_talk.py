"""Recognising what people say besides questions: exact, or nearly so where it is short."""

from collections.abc import Iterable
from types import MappingProxyType

from rapidfuzz import fuzz, process

from knowledge.model import SmallTalk
from knowledge.text.normalise import normalise

_LONGEST_NEAR = 5  # words: a longer message that is like small talk asks something as well


class SmallTalkFinder:
    """Which small talk a message is; immutable once made."""

    def __init__(self, small_talk: Iterable[SmallTalk]) -> None:
        owners: dict[str, str] = {}
        for talk in small_talk:
            for phrase in talk.phrasings:
                owners.setdefault(normalise(phrase), talk.id)
        self._owners = MappingProxyType(owners)
        self._phrases = tuple(owners)

    def exact(self, said: str) -> str | None:
        """Return the id of the small talk that has this phrase."""
        return self._owners.get(said)

    def near(self, said: str, least: float) -> str | None:
        """Return the id of the one that a short message is like, from ``least`` (0 to 1) up."""
        if not said or len(said.split()) > _LONGEST_NEAR:
            return None
        found = process.extractOne(said, self._phrases, scorer=fuzz.ratio, score_cutoff=least * 100)
        return self._owners[found[0]] if found else None

    def within(self, courtesies: str) -> str | None:
        """Return the id of the small talk that a message of nothing but courtesies begins with.

        Where it begins with none, the one that it ends with.
        """
        words = courtesies.split()
        starts = (" ".join(words[:size]) for size in range(len(words), 0, -1))
        ends = (" ".join(words[-size:]) for size in range(len(words), 0, -1))
        owners = (self._owners.get(part) for part in (*starts, *ends))
        return next(filter(None, owners), None)
