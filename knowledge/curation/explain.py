"""Why the bot answers what it answers, in words, for the facilitators."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import FIND_PROJECTS, Decision, Outcome
from knowledge.matcher.thresholds import Thresholds
from knowledge.text.lexicon import Lexicon
from knowledge.text.normalise import normalise
from knowledge.text.phonetics import sound
from knowledge.text.word_lists import wording

_FILE = Path(__file__).with_suffix(".yaml")
_PROBABILITIES = re.compile(r"first right with probability ([0-9.]+), one of three ([0-9.]+)")
# As the census has it: a typo in a long word, never a short word for another.
_LIKE = 84
_SHORTEST_FUZZY = 5
_SHORTEST_HEARD = 4
_MOST_PAIRS = 8
# The matcher's reasons that put one entry first, whatever else is shown beside it.
_OF_THE_CENSUS = frozenset({"names projects of the census", "a lone word of the census"})


class WordMatch(StrEnum):
    """How two words were found alike."""

    SAME = "same"
    SHORT_FORM = "short form"
    IDEA = "idea"
    SOUND = "sound"
    SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class WordPair:
    """A word of the question, and the one of the nearest phrasing that it stands for."""

    asked: str
    written: str
    alike: WordMatch

    def __str__(self) -> str:
        text: str = _texts()["pair"]
        return text.format(asked=self.asked, written=self.written)


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """An entry and its score, from 0 to 1: how well it fits, not how probable it is.

    ``promoted`` says in French why it stands before others, whatever its score; else empty.
    """

    id: str
    title: str
    score: float
    promoted: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision on a question, and what it was taken from.

    ``sure``: the probability that the first entry is right; ``among``: that one of the first three
    is; None where the matcher did not have to weigh them. ``nearest`` is the phrasing most like the
    question, empty where none was looked for; ``reason`` is French.
    """

    outcome: Outcome
    shown: tuple[str, ...]
    ranking: tuple[RankedEntry, ...]
    nearest: str
    pairs: tuple[WordPair, ...]
    thresholds: Thresholds
    sure: float | None
    among: float | None
    reason: str


def explain(knowledge: Knowledge, question: str) -> Explanation:
    """Ask a question, and say in words why its answer is what it is."""
    decision = knowledge.matcher.match(question)
    sure, among = _probabilities(decision)
    return Explanation(
        decision.outcome,
        decision.shown,
        tuple(_candidates(knowledge, decision)),
        decision.nearest,
        tuple(_pairs(question, decision.nearest, knowledge.lexicon)),
        knowledge.thresholds,
        sure,
        among,
        _reason(decision, knowledge.thresholds, sure, among),
    )


def _candidates(knowledge: Knowledge, decision: Decision) -> Iterator[RankedEntry]:
    why: str = _texts()["promoted"].get(decision.reason, "")
    promoted = {FIND_PROJECTS} if decision.reason in _OF_THE_CENSUS else decision.shown
    for ranked in decision.ranking:
        entry = knowledge.entry(ranked.id)
        told = why if ranked.id in promoted else ""
        yield RankedEntry(ranked.id, entry.title if entry else ranked.id, ranked.score, told)


def _probabilities(decision: Decision) -> tuple[float | None, float | None]:
    found = _PROBABILITIES.fullmatch(decision.reason)
    return (float(found[1]), float(found[2])) if found else (None, None)


def _reason(
    decision: Decision, thresholds: Thresholds, sure: float | None, among: float | None
) -> str:
    texts = _texts()
    if sure is None or among is None:
        known: dict[str, str] = texts["reasons"]
        return known.get(decision.reason) or texts["unsaid"].format(reason=decision.reason)
    lone = decision.outcome is Outcome.CHOICES and sure >= thresholds.answer
    text: str = texts["lone_word" if lone else decision.outcome.value]
    return text.format(
        sure=_percent(sure),
        # Calibrated apart, the two may cross.
        among=_percent(max(sure, among) if decision.shown else among),
        answer=_percent(thresholds.answer),
        choice=_percent(thresholds.choice),
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f}"


def _pairs(question: str, nearest: str, lexicon: Lexicon) -> Iterator[WordPair]:
    """Give the words that make the question like the nearest phrasing, each once."""
    left = _words(nearest)
    found = 0
    for asked in _words(question):
        alike = [(kind, word) for word in left if (kind := _alike(asked, word, lexicon))]
        if alike and found < _MOST_PAIRS:
            kind, word = min(alike, key=lambda one: list(WordMatch).index(one[0]))
            left.remove(word)
            found += 1
            yield WordPair(asked, word, kind)


def _words(text: str) -> list[str]:
    """Return the words of a text that say something, each once."""
    empty = wording().empty
    return [word for word in dict.fromkeys(normalise(text).split()) if word not in empty]


def _alike(one: str, two: str, lexicon: Lexicon) -> WordMatch | None:
    if one == two:
        return WordMatch.SAME
    if lexicon.expand(one) == lexicon.expand(two):
        return WordMatch.SHORT_FORM
    if not set(lexicon.ideas_in(one)).isdisjoint(lexicon.ideas_in(two)):
        return WordMatch.IDEA
    shorter = min(len(one), len(two))
    if shorter >= _SHORTEST_HEARD and sound(one) == sound(two):
        return WordMatch.SOUND
    if shorter >= _SHORTEST_FUZZY and fuzz.ratio(one, two) >= _LIKE:
        return WordMatch.SPELLING
    return None


@cache
def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return texts
