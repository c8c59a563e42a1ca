"""Fits the weights of the signs that find newcomers, on the shipped entries with few phrasings.

A third of the entries at a time is left with a few phrasings, and a fifth of the voices is left
out: these ask, about those entries and about all else. So no question was learnt from, neither as
its own nor as a foreign one. All answers of ours reduced at once, without voices, are worlds too:
the first day of a new FAQ.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.newcomers import worlds
from knowledge.loading import FAQ, Compiling
from knowledge.ranking.background import background
from knowledge.ranking.ranker import TrainedRanker
from knowledge.ranking.ridge import Floats, calibrate
from knowledge.ranking.sign_weights import ALONE, AT_A_GLANCE, BESIDE, SignWeights
from knowledge.text.courtesies import without_courtesies
from knowledge.text.normalise import normalise

_PHRASINGS = (0, 3, 8, 40)
_ALONE = (0, 3, 8, 18, 40)
_FOLDS, _GROUPS = 5, 3
# So many questions about each entry, and about all else.
_OF_EACH, _OF_EACH_ALONE, _OF_OTHERS = 10, 30, 300

# The signs of all newcomers for a question, and which of them it asks for.
Case = tuple[Floats, npt.NDArray[np.bool_]]


def print_weights(compiling: Compiling) -> None:
    """Print ``BESIDE``, ``AT_A_GLANCE`` and ``ALONE`` for knowledge/ranking/sign_weights.py."""
    one, none = replace(compiling, second=None), replace(compiling, second=None, encoder=None)
    for name, worlds_of, former in (("BESIDE", _beside, BESIDE), ("ALONE", _alone, ALONE)):
        for fitted, encoders in zip(former, (compiling, one, none), strict=True):
            cases = list(worlds_of(encoders))
            _print(name, cases, fitted)
            if name == "BESIDE" and encoders is compiling:
                for glance in AT_A_GLANCE:
                    _print("AT_A_GLANCE", cases, glance)


def _print(name: str, cases: Sequence[Case], former: SignWeights) -> None:
    signs = np.concatenate([one for one, _ in cases])[:, former.columns]
    is_right = np.concatenate([right for _, right in cases])
    intercept, *weights = _fitted(signs, is_right)
    told = ", ".join(f"{weight:.3f}" for weight in weights)
    print(f"# {name}, {len(is_right)} cases, {is_right.sum()} right: {', '.join(former.signs)}")
    print(f"    {intercept:.3f}, ({told}),", flush=True)


def _beside(compiling: Compiling) -> Iterator[Case]:
    documents = worlds.shipped()
    voices = worlds.voices_of(documents)
    ids = [entry["id"] for entry in documents[FAQ].data["entrees"] if "brouillon" not in entry]
    for group in range(_GROUPS):
        young = ids[group::_GROUPS]
        asking = voices[group::_FOLDS]
        fewer = worlds.without_voices(documents, [voice["nom"] for voice in asking])
        questions = _asked(asking, ids, _OF_EACH)
        for phrasings in _PHRASINGS:
            ranker = worlds.ranker_of(worlds.with_phrasings(fewer, young, phrasings), compiling)
            yield from (_case(ranker, text, id_) for text, id_ in questions)


def _alone(compiling: Compiling) -> Iterator[Case]:
    documents = worlds.shipped()
    asking = worlds.voices_of(documents)[::_FOLDS]
    fewer = worlds.without_voices(documents, [voice["nom"] for voice in asking])
    ids = [one["id"] for one in documents[FAQ].data["entrees"] if "service" not in one]
    questions = [
        (text, id_) for text, id_ in _asked(asking, ids, _OF_EACH_ALONE) if not id_ or id_ in ids
    ]
    for phrasings in _ALONE:
        ranker = worlds.ranker_of(worlds.alone_with(fewer, phrasings), compiling)
        yield from (_case(ranker, text, id_) for text, id_ in questions)


def _asked(
    voices: Sequence[dict[str, Any]], ids: Sequence[str], of_each: int
) -> list[tuple[str, str]]:
    """Return what voices ask of some entries, and a share of all else that they say."""
    # What the background is made of was seen by the learning.
    seen = set(background())
    own: dict[str, list[str]] = {id_: [] for id_ in ids}
    others: list[str] = []
    for voice in voices:
        for id_, texts in voice["formulations"].items():
            own.get(id_, others).extend(texts)
        others += [text for text in voice["hors_sujet"] if text not in seen]
    asked = [(text, id_) for id_, texts in own.items() for text in _some(texts, of_each)]
    return asked + [(text, "") for text in _some(others, _OF_OTHERS)]


def _some(texts: Sequence[str], count: int) -> Sequence[str]:
    return texts[:: max(1, len(texts) // max(1, count))]


def _case(ranker: TrainedRanker, text: str, id_: str) -> Case:
    asked = normalise(text)
    signs = ranker.signs_of(without_courtesies(asked) or asked, text)
    return signs, np.array([one == id_ for one in ranker.newcomers])


def _fitted(signs: Floats, is_right: npt.NDArray[np.bool_]) -> Floats:
    """Fit a logistic regression: the intercept and the weights, on the signs as they are."""
    found = calibrate(signs, is_right)
    plain = found.weights[1:] / found.scales
    return np.array([found.weights[0] - plain @ found.means, *plain])
