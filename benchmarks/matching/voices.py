"""Asks what a voice wrote of what was learnt from all others."""

from collections.abc import Iterator, Sequence

from benchmarks.matching.measures import Measured, asked, quality
from benchmarks.peers import Peer, ours
from bot.commands.labelled_questions import LabelledQuestion
from knowledge.ranking.corpus import HOUSE, Example, Material
from knowledge.ranking.encoder import Encoder

# Learning from all but one takes minutes with some peers: of forty voices, one in so many asks.
ONE_IN, _ONE_IN_OF_A_CURVE = 7, 11
_PHRASINGS = (3, 6, 12, 24, 48, 96)
_ENTRIES = (2, 4, 7, 14, 24)

Points = Sequence[tuple[int, float]]


def voices(examples: Sequence[Example]) -> list[str]:
    """Return the names of all voices but the facilitators', in the order of the files."""
    return [v for v in dict.fromkeys(one.voice for one in examples) if v != HOUSE]


def leave_out(
    peer: Peer,
    examples: Sequence[Example],
    ids: Sequence[str],
    asking: Sequence[str],
    asked_about: Sequence[Example] = (),
) -> Iterator[Measured]:
    """Ask the questions of each of some voices, of what was learnt from all others.

    ``asked_about``: the questions, where they are more than the examples.
    """
    for voice in asking:
        rank = peer([one for one in examples if one.voice != voice], ids)
        said = [one for one in asked_about or examples if one.voice == voice]
        yield from asked(rank, [_question(one) for one in said], ids)


def by_phrasings(material: Material, encoder: Encoder) -> Points:
    """Return the share of right entries first, on held-out voices, by phrasings an entry."""
    return [
        (count, _first(material, encoder, list(_at_most(material.examples, count))))
        for count in _PHRASINGS
    ]


def by_entries(material: Material, encoder: Encoder) -> Points:
    """Return the share of right entries first, on held-out voices, by number of entries."""
    points = []
    for count in (*_ENTRIES, len(material.ids)):
        ids = material.ids[:count]
        examples = tuple(one for one in material.examples if one.entry in {*ids, None})
        fewer = Material(examples, ids, material.lexicon)
        points.append((count, _first(fewer, encoder, examples)))
    return points


def _first(material: Material, encoder: Encoder, kept: Sequence[Example]) -> float:
    examples, peer = material.examples, ours(material.lexicon, encoder)
    writing = list(dict.fromkeys(one.voice for one in examples if one.entry and one.voice != HOUSE))
    asking = writing[::_ONE_IN_OF_A_CURVE]
    return quality(list(leave_out(peer, kept, material.ids, asking, examples))).first


def _question(one: Example) -> LabelledQuestion:
    return LabelledQuestion(one.text, (one.entry,) if one.entry else (), "")


def _at_most(examples: Sequence[Example], count: int) -> Iterator[Example]:
    """Yield ``count`` phrasings an entry at most, spread over the voices; all out-of-scope ones."""
    taken: dict[str, int] = {}
    by_turn: dict[tuple[str, str], int] = {}
    turns = []
    for one in examples:
        key = (one.voice, one.entry or "")
        by_turn[key] = by_turn.get(key, 0) + 1
        turns.append((by_turn[key], one))
    for _, one in sorted(turns, key=lambda pair: pair[0]):
        if one.entry is None:
            yield one
        elif taken.get(one.entry, 0) < count:
            taken[one.entry] = taken.get(one.entry, 0) + 1
            yield one
