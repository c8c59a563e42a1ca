"""Few phrasings: peers and ours on whole knowledge whose answers are new."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from benchmarks.matching.measures import Quality, asked, quality
from benchmarks.newcomers import worlds
from benchmarks.newcomers.worlds import Documents
from benchmarks.peers import Peer, Ranker, Scores, others, ranker_over
from bot.commands.evaluation import figures
from bot.commands.labelled_questions import LabelledQuestion
from knowledge.loading import Compiling, build, material_in
from knowledge.ranking.corpus import Material
from knowledge.ranking.encoder import Encoder
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.second_encoder import SecondEncoder

_DECIDED = (
    "right_shown",
    "wrong_direct",
    "out_of_scope_answered",
    "out_of_scope_choices",
)


@dataclass(frozen=True, slots=True)
class Encoders:
    """The encoders, and where compiled models are kept."""

    first: Encoder
    second: SecondEncoder | None
    store: ModelStore = field(default_factory=lambda: ModelStore(None))

    @property
    def peers(self) -> dict[str, Peer]:
        """All peers but ours."""
        return others(self.first, self.second.questions if self.second else None)

    @property
    def ours(self) -> dict[str, Compiling]:
        """Ways of compiling ours: without encoder, with the first, with both."""
        ways = {
            "ours, without encoder": Compiling(store=self.store),
            "ours, first encoder": Compiling(self.first, store=self.store),
        }
        if self.second:
            ways["ours"] = Compiling(self.first, store=self.store, second=self.second)
        return ways


@dataclass(frozen=True)
class World:
    """A knowledge, and who asks it: questions by what the table calls them."""

    name: str
    documents: Documents
    questions: Mapping[str, Sequence[LabelledQuestion]]

    @cached_property
    def material(self) -> Material:
        """What is learnt."""
        return material_in(self.documents)


@dataclass(frozen=True, slots=True)
class Result:
    """One matcher in one world, asked so many questions; ``decided``: what ours shows (else empty).

    ``decided`` holds shares: the right answer shown, another given directly, and of out-of-scope
    questions those answered and those met with choices; None where none of these was asked.
    """

    matcher: str
    world: str
    asked: str
    count: int
    ranked: Quality
    decided: tuple[float | None, ...] = ()


def few_worlds(questions: Sequence[LabelledQuestion]) -> list[World]:
    """Return our answers alone, and twenty fresh entries beside all others.

    ``questions`` are asked of what is shipped; without any, the fresh ones alone are asked for.
    """
    documents, inside = worlds.shipped(), [one for one in questions if one.expected]
    alone = [
        World(f"alone, {count}", worlds.alone(documents, count), {"theirs": inside})
        for count in (0, 5, 18)
    ]
    asked_for = {"theirs": worlds.fresh_questions()} | ({"the others'": inside} if inside else {})
    fresh = [
        World(f"fresh, {count}", worlds.with_fresh(documents, count), asked_for) for count in (3, 8)
    ]
    return [*(alone if inside else []), *fresh]


def compare(world: World, encoders: Encoders) -> Iterator[Result]:
    """Let all peers and ours learn a world, and ask them."""
    material = world.material
    for name, peer in encoders.peers.items():
        rank = _among_entries(peer(material.examples, material.ids), material)
        for what, questions in world.questions.items():
            measured = quality(list(asked(rank, questions, _entries(material))))
            yield Result(name, world.name, what, len(questions), measured)
    for name, compiling in encoders.ours.items():
        yield from _ours(name, world, compiling)


def _ours(name: str, world: World, compiling: Compiling) -> Iterator[Result]:
    known, material = build(world.documents, compiling), world.material
    if known.ranker is None:
        raise ValueError("the knowledge was built without a ranker")
    rank = _among_entries(ranker_over(known.ranker, material.ids), material)
    for what, questions in world.questions.items():
        told = figures(worlds.ask(known, questions))
        decided = tuple(told[each] for each in _DECIDED)
        measured = quality(list(asked(rank, questions, _entries(material))))
        yield Result(name, world.name, what, len(questions), measured, decided)


def _entries(material: Material) -> list[str]:
    return [id_ for id_ in material.ids if id_ not in material.acts]


def _among_entries(rank: Ranker, material: Material) -> Ranker:
    """Leave the acts out of what is ranked: they have many phrasings, which would drown a peer."""
    is_entry = np.array([id_ not in material.acts for id_ in material.ids])

    def ranked(question: str) -> tuple[Scores, float]:
        scores, sure = rank(question)
        return scores[is_entry], sure

    return ranked
