"""Fits the weights of the signs that find newcomers, on the shipped entries reduced in turn.

Each entry is left with a few phrasings, and a fifth of the voices is left out: these ask, about the
entry and about all else. So no question was learnt from, neither as its own nor as a foreign one.
All answers of ours reduced at once, without voices, are worlds too: the first day of a new FAQ.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.newcomers import worlds
from knowledge.loading import FAQ, Compiling
from knowledge.ranking.newcomers import SIGNS
from knowledge.ranking.ranker import TrainedRanker
from knowledge.ranking.ridge import Floats
from knowledge.text.courtesies import without_courtesies
from knowledge.text.normalise import normalise

_PHRASINGS = (0, 3, 8)
_ALONE = (0, 3, 8, 18)
_FOLDS = 5
_OTHERS = 120
_VARIANTS = ((0, 1, 2, 3, 4, 5, 6, 7), (2, 3, 4, 5, 6, 7), (3, 4, 6, 7))
_PENALTY = 3.0
_STEPS = 60

Case = tuple[Floats, bool]


def print_weights(compiling: Compiling) -> None:
    """Print ``BESIDE`` and ``ALONE`` for knowledge/ranking/newcomers.py."""
    for name, cases in (("BESIDE", _beside_others(compiling)), ("ALONE", _alone(compiling))):
        print(f"{name} = (")
        _print(list(cases))
        print(")", flush=True)


def _print(cases: list[Case]) -> None:
    signs, is_right = np.stack([one for one, _ in cases]), np.array([right for _, right in cases])
    print(f"# {len(cases)} cases, {is_right.sum()} right; signs: {', '.join(SIGNS)}")
    for columns in _VARIANTS:
        intercept, *weights = _fitted(signs[:, list(columns)], is_right)
        told = ", ".join(f"{weight:.3f}" for weight in weights)
        print(f"    Weights({columns}, {intercept:.3f}, ({told})),", flush=True)


def _beside_others(compiling: Compiling) -> Iterator[Case]:
    documents = worlds.shipped()
    voices = worlds.voices_of(documents)
    ids = [entry["id"] for entry in documents[FAQ].data["entrees"] if "brouillon" not in entry]
    for number, id_ in enumerate(ids[::3]):
        asking = voices[number % _FOLDS :: _FOLDS]
        fewer = worlds.without_voices(documents, [voice["nom"] for voice in asking])
        own, others = _asked_of(asking, id_)
        for phrasings in _PHRASINGS:
            ranker = worlds.ranker_of(worlds.reduced(fewer, [id_], phrasings), compiling)
            for text in own:
                yield _signs(ranker, text)[0], True
            for text in others:
                yield _signs(ranker, text)[0], False


def _alone(compiling: Compiling) -> Iterator[Case]:
    documents = worlds.shipped()
    asking = [voice for voice in worlds.voices_of(documents) if voice["formulations"]]
    ids = [one["id"] for one in documents[FAQ].data["entrees"] if "service" not in one]
    for phrasings in _ALONE:
        ranker = worlds.ranker_of(worlds.alone(documents, phrasings), compiling)
        for number, id_ in enumerate(ids):
            own, outside = _asked_of(asking[number % len(asking) :: len(asking)], id_)
            for text in [*own, *outside[:20]]:
                for place, signs in enumerate(_signs(ranker, text)):
                    yield signs, text in own and place == number


def _asked_of(voices: list[dict[str, Any]], id_: str) -> tuple[list[str], list[str]]:
    """Return what voices ask of an entry, and a share of all else that they say."""
    own: list[str] = []
    others: list[str] = []
    for voice in voices:
        said = dict(voice["formulations"])
        own += said.pop(id_, [])
        others += [*(text for texts in said.values() for text in texts), *voice["hors_sujet"]]
    return own, others[:: max(1, len(others) // _OTHERS)]


def _signs(ranker: TrainedRanker, text: str) -> Floats:
    asked = normalise(text)
    return ranker.signs_of(without_courtesies(asked) or asked, text)


def _fitted(signs: Floats, is_right: npt.NDArray[np.bool_]) -> Floats:
    """Fit a logistic regression: the intercept and the weights, on the signs as they are."""
    means, scales = signs.mean(axis=0), signs.std(axis=0)
    rows = np.hstack([np.ones((len(signs), 1)), (signs - means) / scales])
    penalty = _PENALTY * np.eye(rows.shape[1])
    penalty[0, 0] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        guessed = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (is_right - guessed) - penalty @ weights
        curvature = (rows * (guessed * (1 - guessed))[:, None]).T @ rows + penalty
        weights += np.linalg.solve(curvature, slope)
    plain = weights[1:] / scales
    return np.array([weights[0] - plain @ means, *plain])
