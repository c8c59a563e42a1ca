"""Finds phrasings that resemble another entry more than their own.

The matcher always answers an exact phrasing with its own entry, which hides the confusion. So each
phrasing is left out in turn, and the matcher learns from all others. If another entry then ranks
well before its own, whoever types the phrasing a little differently gets the other entry.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.files.duplicate_phrasings import OUT_OF_SCOPE, Phrasing, phrasings_of
from knowledge.files.items import is_draft, items_of
from knowledge.files.problems import Problem, problem
from knowledge.files.yaml_reader import Document
from knowledge.loading import ACTS, FAQ, VOICES, Compiling
from knowledge.model import Entry
from knowledge.ranking.corpus import HOUSE, Example, Material, answers_of_newcomers
from knowledge.ranking.ridge import Floats
from knowledge.ranking.training import scores_left_out
from knowledge.text.lexicon import Lexicon
from knowledge.text.normalise import normalise

# Scores, from 0 to 1: the least one of the other entry, and the greatest one of the own entry.
_LEAST = 0.5
_MOST_OWN = 0.2
# The least difference between the two scores. Measured on the shipped files: of phrasings put at
# random under a wrong entry, two thirds are found; of those in their place, none. The phrasings of
# voices vary more on purpose, so they need a greater difference.
_AHEAD, _AHEAD_IN_VOICES = 0.4, 0.7
# With so many examples, its question and its title among them, an entry is judged by these, each
# left out in turn.
JUDGED_FROM = 30


@dataclass(frozen=True, slots=True)
class LeftOut:
    """All phrasings, what is learnt from them, and the scores of each by all others.

    ``phrasings`` and the rows of ``scores`` (one column an id) are in the order of the material's
    examples.
    """

    phrasings: tuple[Phrasing, ...]
    material: Material
    scores: Floats


def leave_out(
    documents: Mapping[str, Document],
    lexicon: Lexicon,
    compiling: Compiling,
    entries: Sequence[Entry] = (),
) -> LeftOut | None:
    """Leave out each phrasing in turn; takes seconds for two thousand that are not learnt yet.

    Values of the wrong shape are skipped, so that files with other errors can be checked too: then
    there are no compiled ``entries``. None for a single phrasing.
    """
    written = [each for file in (FAQ, ACTS, VOICES) for each in _written(documents.get(file))]
    owners = (each.owner for each in written if each.place.file in {FAQ, ACTS})
    ids = tuple(dict.fromkeys(owners))
    acts = frozenset(each.owner for each in written if each.place.file == ACTS)
    phrasings = [each for each in written if each.kind == OUT_OF_SCOPE or each.owner in ids]
    if len(phrasings) <= 1:
        return None
    examples = tuple(map(_example, phrasings))
    # Without an error in the files, this is what the model that serves has learnt from.
    material = Material(examples, ids, lexicon, acts, answers_of_newcomers(entries, examples))
    scores = scores_left_out(material, compiling.encoder, compiling.store, compiling.second)
    return LeftOut(tuple(phrasings), material, scores)


def check_confusable_phrasings(left_out: LeftOut) -> Iterator[Problem]:
    """Find the phrasings that another entry takes."""
    ids, shared = left_out.material.ids, _shared(left_out.phrasings)
    for phrasing, row in zip(left_out.phrasings, left_out.scores, strict=True):
        is_exempt = not phrasing.listed or phrasing.talk or normalise(phrasing.text) in shared
        taken_by = None if is_exempt else _taker(phrasing, row, ids)
        if taken_by is not None:
            values = {"phrasing": phrasing.text, "taken_by": taken_by}
            yield problem("taken_phrasing", phrasing.place, **values)


def _written(document: Document | None) -> Iterable[Phrasing]:
    # As the model that people ask: a draft takes no phrasing from others.
    items = [each for each in items_of(document) if not is_draft(each.raw)] if document else ()
    return (each for item in items for each in phrasings_of(item) if each.text.strip())


def _shared(written: Iterable[Phrasing]) -> frozenset[str]:
    """Return the normalised texts that two entries have, which the rules report as errors."""
    owners: dict[str, set[str]] = defaultdict(set)
    for phrasing in written:
        owners[normalise(phrasing.text)].add(phrasing.owner)
    return frozenset(text for text, names in owners.items() if len(names) > 1)


def _example(phrasing: Phrasing) -> Example:
    text = phrasing.text if phrasing.listed else phrasing.text.strip()
    entry = None if phrasing.kind == OUT_OF_SCOPE else phrasing.owner
    return Example(text, entry, phrasing.voice or HOUSE)


def _taker(phrasing: Phrasing, scores: Floats, ids: tuple[str, ...]) -> str | None:
    """Return the entry that takes a phrasing from its own; None if no entry does."""
    if phrasing.kind == OUT_OF_SCOPE:
        return None
    own, first = scores[ids.index(phrasing.owner)], int(np.argmax(scores))
    ahead = _AHEAD_IN_VOICES if phrasing.voice else _AHEAD
    return ids[first] if takes(scores[first], own, ahead) else None


def takes(
    others: Floats | float, own: Floats | float, ahead: float = _AHEAD
) -> npt.NDArray[np.bool_]:
    """Tell where the best score of another entry is far enough above the own to be shown alone."""
    other, least = np.asarray(others), np.asarray(own)
    taken: npt.NDArray[np.bool_] = (
        (other >= _LEAST) & (least <= _MOST_OWN) & (other - least > ahead)
    )
    return taken
