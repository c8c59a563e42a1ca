"""``python -m benchmarks.newcomers [QUESTIONS.jsonl]``: how answers with few phrasings are found.

With ``--weights``: prints the weights of the signs (``knowledge/ranking/sign_weights.py``) instead.
With ``--curve``: prints and draws how an entry is found as its phrasings come (``curve.py``).
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.newcomers import worlds
from benchmarks.newcomers.curve import print_curve
from benchmarks.newcomers.weights import print_weights
from benchmarks.remembering import Remembering
from bot.commands.evaluation import EvaluatedQuestion
from bot.commands.labelled_questions import LabelledQuestion, read_questions
from knowledge.loading import FAQ, Compiling, build
from knowledge.ranking.encoder import shipped_encoder
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.second_encoder import SecondEncoder, shipped_second_encoder

_HEAD = """\
| knowledge | questions | first | shown | wrong | out of scope answered | choices |
|---|--:|--:|--:|--:|--:|--:|"""


def _each_reduced(
    phrasings: int, questions: Sequence[LabelledQuestion], compiling: Compiling
) -> Iterator[tuple[str, list[EvaluatedQuestion]]]:
    """Reduce each entry in turn; yield its id and all questions asked."""
    documents = worlds.shipped()
    asked_for = {id_ for one in questions for id_ in one.expected}
    for entry in documents[FAQ].data["entrees"]:
        if entry["id"] in asked_for:
            known = build(worlds.reduced(documents, [entry["id"]], phrasings), compiling)
            yield entry["id"], worlds.ask(known, questions)


def _report(questions: Sequence[LabelledQuestion], compiling: Compiling) -> Iterator[str]:
    documents = worlds.shipped()
    fresh, outside = worlds.fresh_questions(), worlds.out_of_scope()
    known = build(documents, compiling)
    yield worlds.row("shipped: these questions", worlds.ask(known, questions))
    yield worlds.row("shipped: out of scope, other hands", worlds.ask(known, outside))
    yield worlds.row("shipped: contrasts", worlds.ask(known, worlds.contrasts()))
    for phrasings in (3, 8):
        known = build(worlds.with_fresh(documents, phrasings), compiling)
        name = f"twenty fresh, {phrasings} phrasings"
        yield worlds.row(f"{name}: theirs", worlds.ask(known, fresh))
        yield worlds.row(f"{name}: these questions", worlds.ask(known, questions))
        yield worlds.row(f"{name}: out of scope", worlds.ask(known, outside))
    for phrasings in (0, 5, 18):
        known = build(worlds.alone(documents, phrasings), compiling)
        yield worlds.row(f"alone, {phrasings} phrasings", worlds.ask(known, questions))
        yield worlds.row(f"alone, {phrasings} phrasings: out of scope", worlds.ask(known, outside))
    for phrasings in (3, 8):
        own, others = [], []
        for id_, asked in _each_reduced(phrasings, questions, compiling):
            own += [one for one in asked if id_ in one.question.expected]
            others += [one for one in asked if id_ not in one.question.expected]
        yield worlds.row(f"each with {phrasings} phrasings: its own", own)
        yield worlds.row(f"each with {phrasings} phrasings: others", others)


def main() -> None:
    """Print the tables, or the weights."""
    first, second = shipped_encoder(), shipped_second_encoder()
    if first is None or second is None:
        sys.exit("the extra [semantic] is needed, and a processor with AVX2")
    # Worlds share most of their texts.
    both = SecondEncoder(Remembering(second.questions), Remembering(second.passages))
    first_encoder = Remembering(first)
    second_encoder = None if "--first-encoder" in sys.argv else both
    paths = [one for one in sys.argv[1:] if not one.startswith("--")]
    with tempfile.TemporaryDirectory() as folder:
        compiling = Compiling(first_encoder, store=ModelStore(Path(folder)), second=second_encoder)
        if "--weights" in sys.argv:
            print_weights(compiling)
            return
        if "--curve" in sys.argv:
            print_curve(compiling)
            return
        print(_HEAD)
        for line in _report(read_questions(Path(paths[0])) if paths else (), compiling):
            print(line, flush=True)


if __name__ == "__main__":
    main()
