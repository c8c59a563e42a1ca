"""Explains the matcher's decisions to facilitators, in French."""

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
# As in the census: only long words may differ by a typo; a short one would be another word.
_LIKE = 84
_SHORTEST_FUZZY = 5
_SHORTEST_HEARD = 4
_MOST_PAIRS = 8
# The matcher's reason that promotes the entry on projects, which it does not show.
_OF_THE_CENSUS = "names projects of the census"


class WordMatch(StrEnum):
    """The ways in which two words are alike."""

    SAME = "same"
    SHORT_FORM = "short form"
    IDEA = "idea"
    SOUND = "sound"
    SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class WordPair:
    """A word of the question, and the word of the nearest phrasing that it is like."""

    asked: str
    written: str
    alike: WordMatch

    def __str__(self) -> str:
        text: str = _texts()["pair"]
        return text.format(asked=self.asked, written=self.written)


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """An entry or act and its score, from 0 to 1: how well it fits, which is not a probability.

    ``promoted`` says in French why the entry comes first despite its score; empty otherwise.
    """

    id: str
    title: str
    score: float
    promoted: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision on a question, and its grounds.

    ``sure``: the probability that the first entry is right; ``among``: that one of the first three
    is; both None when the matcher decided without them. ``nearest``: the phrasing most similar to
    the question, empty when the matcher did not need it; ``reason`` is in French.
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
    """Match a question, and explain the decision in French."""
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
    promoted = {FIND_PROJECTS} if decision.reason == _OF_THE_CENSUS else decision.shown
    for ranked in decision.ranking:
        entry = knowledge.entry(ranked.id) or knowledge.act(ranked.id)
        reason = why if ranked.id in promoted else ""
        title = (entry.title if entry else None) or ranked.id
        yield RankedEntry(ranked.id, title, ranked.score, reason)


def _probabilities(decision: Decision) -> tuple[float | None, float | None]:
    match = _PROBABILITIES.fullmatch(decision.reason)
    return (float(match[1]), float(match[2])) if match else (None, None)


def _reason(
    decision: Decision, thresholds: Thresholds, sure: float | None, among: float | None
) -> str:
    texts = _texts()
    if sure is None or among is None:
        reasons: dict[str, str] = texts["reasons"]
        return reasons.get(decision.reason) or texts["unsaid"].format(reason=decision.reason)
    lone = decision.outcome is Outcome.CHOICES and sure >= thresholds.answer
    text: str = texts["lone_word" if lone else decision.outcome.value]
    return text.format(
        sure=_percent(sure),
        # The two probabilities are calibrated apart, so "sure" may exceed "among".
        among=_percent(max(sure, among) if decision.shown else among),
        answer=_percent(thresholds.answer),
        choice=_percent(thresholds.choice),
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f}"


def _pairs(question: str, nearest: str, lexicon: Lexicon) -> Iterator[WordPair]:
    """Yield the words that the question and the nearest phrasing share, each once."""
    left = _words(nearest)
    count = 0
    for asked in _words(question):
        alike = [(kind, word) for word in left if (kind := _alike(asked, word, lexicon))]
        if alike and count < _MOST_PAIRS:
            kind, word = min(alike, key=lambda pair: list(WordMatch).index(pair[0]))
            left.remove(word)
            count += 1
            yield WordPair(asked, word, kind)


def _words(text: str) -> list[str]:
    """Return the words of a text without the function words, each once."""
    empty = wording().empty
    return [word for word in dict.fromkeys(normalise(text).split()) if word not in empty]


def _alike(asked: str, written: str, lexicon: Lexicon) -> WordMatch | None:
    if asked == written:
        return WordMatch.SAME
    if lexicon.expand(asked) == lexicon.expand(written):
        return WordMatch.SHORT_FORM
    if not set(lexicon.ideas_in(asked)).isdisjoint(lexicon.ideas_in(written)):
        return WordMatch.IDEA
    shorter = min(len(asked), len(written))
    if shorter >= _SHORTEST_HEARD and sound(asked) == sound(written):
        return WordMatch.SOUND
    if shorter >= _SHORTEST_FUZZY and fuzz.ratio(asked, written) >= _LIKE:
        return WordMatch.SPELLING
    return None


@cache
def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return texts
