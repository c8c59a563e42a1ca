"""Finds the projects that a need fits, by what it means besides its words.

People tell what happens to them ("my milling machine broke down"), while a card names a trade.
Three signs are added: words in common, trades in common (``knowledge/text/trades.yaml``), and the
encoder's similarity to each sentence of the card, in any language. How unusual a sign is counts,
not how strong: each is measured against what people have said about everything else, so that one
sentence that resembles every message proves nothing.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from knowledge.model import Project, Stage
from knowledge.projects import telling_words
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.ridge import Floats
from knowledge.text.normalise import normalise
from knowledge.text.trades import singular, trades_in
from knowledge.text.word_lists import wording

# Bounds what is encoded of a census, and the time that a question takes.
_MOST_PROJECTS = 500
_MOST_SENTENCES = 8
# Words that share so many first letters are of one family: "soudeur", "soudage".
_FAMILY = 5
_FAMILY_WORTH = 0.7
_TEXT_WORTH = 0.6
_PLACE = 0.5
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# What the invented projects say of themselves tells nothing of what they are.
_MARK = re.compile(r"\(fictif\)|Exemple fictif\.")
_LEAST_SPREAD = 1e-3
# The best sentence of a card is usually so many standard deviations above what is usual; without an
# encoder nothing more is known.
_UNKNOWN = 2.0


@dataclass(frozen=True, slots=True)
class Fit:
    """A project, and the probability that a need is meant for it."""

    project: str
    probability: float


@dataclass(frozen=True, slots=True)
class Signs:
    """How much the signs count, by a logistic regression (``docs/matching.md``)."""

    base: float = -7.5
    words: float = 1.0
    trades: float = 8.2
    meaning: float = 0.53


class Needs:
    """The cards of a census, ready to be compared with what people tell; immutable once made."""

    def __init__(
        self,
        projects: Iterable[Project],
        said: Iterable[str],
        encode: Callable[[Sequence[str]], Vectors] | None = None,
        background: Vectors | None = None,
    ) -> None:
        kept = [each for each in projects if _may_be_open(each)][:_MOST_PROJECTS]
        self._ids = tuple(each.id for each in kept)
        self._words = tuple(_words_of(each) for each in kept)
        self._places = tuple(_places_of(each) for each in kept)
        self._trades = tuple(trades_in(normalise(" ".join(_sentences(each)))) for each in kept)
        self._rarity = _Rarity(said)
        self._meaning = _Meaning(kept, encode, background) if encode and kept else None

    def fitting(self, asked: str, meaning: Vectors | None = None) -> tuple[Fit, ...]:
        """Return all projects, best first; ``meaning`` is the vector of what was asked."""
        if not self._ids:
            return ()
        features = self.signs(asked, meaning)
        scores = _WEIGHTS.base + features @ np.array(
            [_WEIGHTS.words, _WEIGHTS.trades, _WEIGHTS.meaning]
        )
        probabilities = 1 / (1 + np.exp(-scores))
        order = np.argsort(-scores, kind="stable")
        return tuple(Fit(self._ids[i], float(probabilities[i])) for i in order)

    def signs(self, asked: str, meaning: Vectors | None = None) -> Floats:
        """Return the signs of each project, in the order of the census: words, trades, meaning."""
        telling = [word for word in telling_words(asked) if word not in wording().telling_nothing]
        spoken_of = trades_in(asked)
        unusual = np.full(len(self._ids), _UNKNOWN)
        if meaning is not None and self._meaning is not None:
            unusual = self._meaning.unusual(meaning)
        return np.array(
            [
                (self._common(telling, number), self._shared(spoken_of, number), unusual[number])
                for number in range(len(self._ids))
            ]
        )

    def _common(self, telling: Sequence[str], number: int) -> float:
        """Return what the words in common tell: rare ones much, ordinary ones little."""
        own, places = self._words[number], self._places[number]
        worth = sum(_worth(word, own) * self._rarity.of_word(word) for word in telling)
        here = _PLACE if worth and any(singular(word) in places for word in telling) else 0.0
        return worth + here

    def _shared(self, spoken_of: Iterable[str], number: int) -> float:
        common = (trade for trade in spoken_of if trade in self._trades[number])
        return sum(map(self._rarity.of_trade, common))


class _Rarity:
    """How rarely people say a word, or speak of a trade: from 0 (always) to 1 (never)."""

    def __init__(self, said: Iterable[str]) -> None:
        texts = [normalise(text) for text in said]
        self._count = len(texts)
        words = (word for text in texts for word in set(map(singular, text.split())))
        self._words = MappingProxyType(Counter(words))
        self._trades = MappingProxyType(Counter(each for text in texts for each in trades_in(text)))

    def of_word(self, word: str) -> float:
        return self._rarity(self._words.get(singular(word), 0))

    def of_trade(self, trade: str) -> float:
        return self._rarity(self._trades.get(trade, 0))

    def _rarity(self, often: int) -> float:
        return math.log((1 + self._count) / (1 + often)) / math.log(2 + self._count)


class _Meaning:
    """The sentences of the cards as vectors, and how like anything else they are."""

    def __init__(
        self,
        projects: Sequence[Project],
        encode: Callable[[Sequence[str]], Vectors],
        background: Vectors | None,
    ) -> None:
        sentences = [_sentences(project) for project in projects]
        self._vectors = encode([normalise(text) for own in sentences for text in own])
        self._starts = np.cumsum([0, *(len(own) for own in sentences)])[:-1]
        usual = self._vectors if background is None or not len(background) else background
        cosines = usual @ self._vectors.T
        self._mean, self._spread = cosines.mean(axis=0), cosines.std(axis=0) + _LEAST_SPREAD
        make_read_only(self._vectors, self._starts, self._mean, self._spread)

    def unusual(self, meaning: Vectors) -> Floats:
        """Return how many standard deviations above the usual each project's best sentence is."""
        apart = (self._vectors @ meaning - self._mean) / self._spread
        best: Floats = np.maximum.reduceat(apart, self._starts).astype(np.float64)
        return best


def _may_be_open(project: Project) -> bool:
    # Whether its deadline is past depends on the day, which whoever shows it knows.
    return project.stage is not Stage.CLOSED and project.withdrawn_on is None


def _sentences(project: Project) -> tuple[str, ...]:
    texts = (project.title, project.summary, project.seeks)
    title, summary, seeks = (_MARK.sub("", text).strip() for text in texts)
    single = [each for text in (summary, seeks) for each in _SENTENCE.split(text)]
    parts = (title, *single, ", ".join(project.keywords), f"{title} {summary}")
    return tuple(part for part in parts if part)[:_MOST_SENTENCES]


def _words_of(project: Project) -> Mapping[str, float]:
    places = _places_of(project)
    weighted: dict[str, float] = {}
    named = (project.title, *project.keywords, *project.sectors)
    for worth, texts in ((1.0, named), (_TEXT_WORTH, (project.summary, project.seeks))):
        for word in (singular(word) for text in texts for word in telling_words(text)):
            if word not in places:
                weighted.setdefault(word, worth)
    return MappingProxyType(weighted)


def _places_of(project: Project) -> frozenset[str]:
    return frozenset(singular(w) for place in project.territories for w in telling_words(place))


def _worth(word: str, own: Mapping[str, float]) -> float:
    """Return how well a card has a word, or one of its family."""
    said = singular(word)
    if said in own:
        return own[said]
    if len(said) < _FAMILY:
        return 0.0
    family = (worth for each, worth in own.items() if each[:_FAMILY] == said[:_FAMILY])
    return _FAMILY_WORTH * max(family, default=0.0)


_WEIGHTS = Signs()
