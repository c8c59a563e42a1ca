"""Phrasings that another entry attracts: what the matcher would say, had it not learnt them.

A phrasing always wins as it stands, and draws to its entry those that are like it. So each is left
out in turn, all others being learnt from: where another entry then comes well before its own,
whoever types it a little differently gets that other entry.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from knowledge.files.duplicate_phrasings import OUT_OF_SCOPE, Phrasing, phrasings_of
from knowledge.files.items import items_of
from knowledge.files.problems import Problem, problem
from knowledge.files.yaml_reader import Document
from knowledge.loading import FAQ, VOICES, Compiling
from knowledge.ranking.corpus import HOUSE, Example, Material
from knowledge.ranking.ridge import Floats, learn
from knowledge.ranking.similarity import Similarity
from knowledge.text.lexicon import Lexicon
from knowledge.text.normalise import normalise

# As in training: a kernel of more examples would not fit a small machine. There, nothing is told.
_MOST_EXAMPLES = 3000
# Scores, from 0 to 1: the other entry must be a sure one, the own hardly in sight.
_LEAST = 0.5
_MOST_OWN = 0.2
# On the shipped files: of phrasings put at random under a wrong entry, two thirds are found; of
# those in place, none. What a voice says is more varied on purpose, and asks for more proof.
_AHEAD, _AHEAD_IN_VOICES = 0.4, 0.7


def check_confusable_phrasings(
    documents: Mapping[str, Document], lexicon: Lexicon, compiling: Compiling
) -> Iterator[Problem]:
    """Find the phrasings that another entry attracts; seconds for two thousand examples.

    Values of the wrong shape are passed over: other faults do not hide these.
    """
    written = [one for file in (FAQ, VOICES) for one in _written(documents.get(file))]
    own = (one.owner for one in written if one.place.file == FAQ)
    ids = tuple(dict.fromkeys(own))
    known = [one for one in written if one.kind == OUT_OF_SCOPE or one.owner in ids]
    if not 1 < len(known) <= _MOST_EXAMPLES:
        return
    material = Material(tuple(map(_example, known)), ids, lexicon)
    shared = _shared(known)
    for phrasing, row in zip(known, _left_out(material, compiling), strict=True):
        told_already = not phrasing.listed or normalise(phrasing.text) in shared
        taken_by = None if told_already else _taker(phrasing, row, ids)
        if taken_by is not None:
            values = {"phrasing": phrasing.text, "taken_by": taken_by}
            yield problem("taken_phrasing", phrasing.place, **values)


def _written(document: Document | None) -> Iterable[Phrasing]:
    items = items_of(document) if document else ()
    return (one for item in items for one in phrasings_of(item) if one.text.strip())


def _shared(written: Iterable[Phrasing]) -> frozenset[str]:
    """Return the normalised texts that stand under two entries: an error, told as such."""
    owners: dict[str, set[str]] = defaultdict(set)
    for phrasing in written:
        owners[normalise(phrasing.text)].add(phrasing.owner)
    return frozenset(text for text, names in owners.items() if len(names) > 1)


def _example(phrasing: Phrasing) -> Example:
    text = phrasing.text if phrasing.listed else phrasing.text.strip()
    entry = None if phrasing.kind == OUT_OF_SCOPE else phrasing.owner
    return Example(text, entry, phrasing.voice or HOUSE)


def _left_out(material: Material, compiling: Compiling) -> Floats:
    """Return the scores of each example by those learnt without it: one column an entry."""
    examples, none = material.examples, len(material.ids)
    encoder, store = compiling.encoder, compiling.store
    known = store.get(store.key(material, encoder))
    texts = [example.text for example in examples]
    similarity = Similarity(
        texts, material.lexicon, encoder, kept=known.similarity if known else None
    )
    labels = [material.ids.index(e.entry) if e.entry else none for e in examples]
    each_alone = [str(number) for number in range(len(examples))]
    return learn(similarity.among_examples(), labels, each_alone, none + 1).held_out[:, :none]


def _taker(phrasing: Phrasing, scores: Floats, ids: tuple[str, ...]) -> str | None:
    """Return the entry that would have been taken for a phrasing's own, where one would."""
    if phrasing.kind == OUT_OF_SCOPE:
        return None
    own, first = scores[ids.index(phrasing.owner)], int(np.argmax(scores))
    ahead = _AHEAD_IN_VOICES if phrasing.voice else _AHEAD
    taken = scores[first] >= _LEAST and own <= _MOST_OWN and scores[first] - own > ahead
    return ids[first] if taken else None
