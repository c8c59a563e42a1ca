"""``python -m benchmarks.matching [QUESTIONS.jsonl]``: our matcher and its peers, in one run.

``make bench-matching`` writes ``docs/matching-benchmark.md`` and ``docs/images/matching.png``.
Quality is measured by leaving out voices, and also on a file of questions if one is given.

With ``--few``: prints the section on few phrasings alone. With ``--set FILE`` (as often as wanted):
prints how all find the answers of another FAQ; ``public_sets.py`` tells the form of such a file.
"""

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import knowledge
from benchmarks.matching.few import Encoders, Result, World, compare, few_worlds
from benchmarks.matching.measures import Quality, asked, cost, quality
from benchmarks.matching.page import DOCS, Row, draw, few_section, page, set_section
from benchmarks.matching.public_sets import documents_of, read_set
from benchmarks.matching.voices import ONE_IN, by_entries, by_phrasings, leave_out, voices
from benchmarks.peers import all_peers
from benchmarks.remembering import Remembering
from bot.commands.labelled_questions import LabelledQuestion, read_questions
from knowledge.loading import material_of
from knowledge.ranking.corpus import Material
from knowledge.ranking.encoder import Encoder, shipped_encoder
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.second_encoder import SecondEncoder, shipped_second_encoder


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.matching")
    parser.add_argument("questions", nargs="?", type=Path)
    parser.add_argument("--few", action="store_true")
    parser.add_argument("--set", dest="sets", action="append", type=Path, default=[])
    return parser.parse_args()


def main() -> None:
    """Measure, and write the page and the picture, or print what was asked for."""
    arguments, first = _arguments(), shipped_encoder()
    if first is None:
        sys.exit("the extra [semantic] is needed")
    questions = read_questions(arguments.questions) if arguments.questions else ()
    with tempfile.TemporaryDirectory() as folder:
        encoders = Encoders(Remembering(first), _second(), ModelStore(Path(folder)))
        if arguments.sets:
            for path in arguments.sets:
                _print_set(path, encoders)
        elif arguments.few:
            print(few_section(_few(questions, encoders)))
        else:
            _write_page(questions, encoders, first)


def _second() -> SecondEncoder | None:
    second = shipped_second_encoder()
    # Worlds share most of their texts.
    return second and SecondEncoder(Remembering(second.questions), Remembering(second.passages))


def _print_set(path: Path, encoders: Encoders) -> None:
    read = read_set(path)
    world = World(read.name, documents_of(read.entries), {"": read.labelled})
    print(set_section(read.name, len(read.entries), list(compare(world, encoders))), flush=True)


def _few(questions: Sequence[LabelledQuestion], encoders: Encoders) -> list[Result]:
    results = []
    for world in few_worlds(questions):
        for one in compare(world, encoders):
            _tell(f"{one.world}, {one.asked}: {one.matcher}", one.ranked)
            results.append(one)
    return results


def _write_page(questions: Sequence[LabelledQuestion], encoders: Encoders, plain: Encoder) -> None:
    material = material_of(Path(knowledge.__file__).parent)
    rows = list(_rows(material, questions, encoders, plain))
    curves = {
        "phrasings an entry": by_phrasings(material, encoders.first),
        "entries and acts to choose from": by_entries(material, encoders.first),
    }
    draw(rows, curves)
    text = page(rows, curves, _few(questions, encoders), material, len(questions))
    (DOCS / "matching-benchmark.md").write_text(text, "utf-8")


def _rows(
    material: Material,
    questions: Sequence[LabelledQuestion],
    encoders: Encoders,
    plain: Encoder,
) -> Iterator[Row]:
    """Measure all peers and ours; ``plain``: the first encoder, whose time is told."""
    examples, ids, asking = material.examples, material.ids, voices(material.examples)[::ONE_IN]
    second = encoders.second.questions if encoders.second else None
    timed = all_peers(material.lexicon, plain, second)
    for name, peer in all_peers(material.lexicon, encoders.first, second).items():
        unknown = quality(list(leave_out(peer, examples, ids, asking)))
        other = quality(list(asked(peer(examples, ids), questions, ids))) if questions else None
        _tell(name, unknown)
        yield Row(name, unknown, other, cost(timed[name], examples, ids))


def _tell(what: str, figures: Quality) -> None:
    print(what, *figures.cells, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
