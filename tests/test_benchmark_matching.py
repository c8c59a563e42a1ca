"""What the benchmarks of matching are made of: other people's FAQs, and entries as they grow."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from benchmarks.matching.public_sets import documents_of, read_set
from benchmarks.newcomers import worlds
from benchmarks.newcomers.curve import (
    ALONE,
    FRESH,
    SWITCH,
    Point,
    draw,
    line,
)
from bot.commands.evaluation import EvaluatedQuestion, figures
from bot.commands.labelled_questions import LabelledQuestion
from knowledge.files.yaml_reader import Document
from knowledge.loading import ACTS, FAQ, PROJECTS, VOICES, Compiling, build, material_in
from knowledge.matcher.matcher import Outcome
from knowledge.ranking.corpus import FEWEST

ENTRIES: list[dict[str, Any]] = [
    {"id": "hours", "question": "When are you open?", "phrasings": ["opening hours on Sundays"]},
    {"id": "parking", "question": "Where do lorries park?", "answer": "At the north gate."},
    {"id": "noise", "question": "Who measures the noise?"},
]
QUESTIONS: list[dict[str, Any]] = [
    {"text": "opening hours please", "expected": ["hours"]},
    {"text": "who won the match"},
]
WHOLE = {"entries": ENTRIES, "questions": QUESTIONS}


def entry(id_: str, phrasings: int) -> dict[str, Any]:
    return {
        "id": id_,
        "question": f"{id_} ?",
        "titre": f"Le titre de {id_}",
        "reponse": "Une réponse.",
        "variantes": [f"{id_} {number}" for number in range(phrasings)],
        "source": "agence",
        "verifie_le": "2026-11-01",
    }


def documents(own: int, by_voice: Mapping[str, int]) -> worlds.Documents:
    """Return two entries with so many phrasings, and voices that say so many of each."""
    voices = [
        {
            "nom": name,
            "formulations": {
                id_: [f"{name} {id_} {number}" for number in range(count)] for id_ in ("a", "b")
            },
            "hors_sujet": [f"{name} parle d'autre chose"],
        }
        for name, count in by_voice.items()
    ]
    data: dict[str, Any] = {
        FAQ: {"entrees": [entry("a", own), entry("b", own)]},
        PROJECTS: {"projets": []},
        ACTS: {"actes": []},
        VOICES: {"voix": voices},
    }
    return {name: Document(name, one, {}) for name, one in data.items()}


def counts(known: worlds.Documents) -> Counter[str | None]:
    return Counter(one.entry for one in material_in(known).examples)


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_set_is_read_and_becomes_a_knowledge(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"town.{suffix}"
    # JSON without signs beyond ASCII is YAML as well.
    path.write_text(json.dumps(WHOLE), "utf-8")
    read = read_set(path)
    assert read.name == "town"
    assert [one.expected for one in read.labelled] == [("hours",), ()]
    known = build(documents_of(read.entries), Compiling())
    assert [one.id for one in known.entries] == ["hours", "parking", "noise"]
    assert known.matcher.match("Opening hours on Sundays").shown == ("hours",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"entries": ENTRIES[:2], "questions": QUESTIONS},
        {"entries": [*ENTRIES, ENTRIES[0]], "questions": QUESTIONS},
        {"entries": ENTRIES, "questions": []},
        {"entries": ENTRIES, "questions": [{"text": "x", "expected": ["nobody"]}]},
        {"entries": ENTRIES, "questions": [{"q": "x"}]},
        {"entries": [*ENTRIES, {"id": "x", "question": "y", "variants": []}], "questions": []},
    ],
)
def test_a_set_that_would_measure_nothing_true_is_refused(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    path = tmp_path / "set.json"
    path.write_text(json.dumps(wrong), "utf-8")
    with pytest.raises(ValidationError):
        read_set(path)


@given(
    own=some.integers(0, 5),
    by_voice=some.lists(some.integers(0, 4), max_size=4),
    count=some.integers(0, 20),
)
def test_an_entry_is_left_so_many_phrasings_and_the_rest_all_theirs(
    own: int, by_voice: list[int], count: int
) -> None:
    whole = documents(own, {f"voix {number}": said for number, said in enumerate(by_voice)})
    before = counts(whole)
    after = counts(worlds.with_phrasings(whole, ["a"], count))
    # The question and the title are examples too.
    assert after["a"] == 2 + min(count, own + sum(by_voice))
    assert {id_: n for id_, n in after.items() if id_ != "a"} == {
        id_: n for id_, n in before.items() if id_ != "a"
    }
    assert counts(whole) == before


def test_what_is_left_is_spread_over_the_voices() -> None:
    few = worlds.with_phrasings(documents(1, {"x": 4, "y": 1, "z": 4}), ["a"], 5)
    said = [len(voice["formulations"].get("a", ())) for voice in worlds.voices_of(few)]
    assert said == [2, 1, 1]


def test_a_picture_is_drawn_of_curves_that_measure_different_things(tmp_path: Path) -> None:
    told = figures(())
    half = {**told, "right_shown": 0.5, "right_first": 0.25}
    points = [
        *(Point(FRESH, count, half, half) for count in (0, 8)),
        *(Point(ALONE, count, half) for count in (0, SWITCH - 1, SWITCH)),
    ]
    draw(points, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_alone_there_are_no_out_of_scope_examples() -> None:
    few = counts(worlds.alone_with(documents(2, {"x": 3, "y": 3}), 4))
    assert few == {"a": 6, "b": 6}


def test_the_curve_has_a_point_on_each_side_of_the_switch() -> None:
    whole = documents(SWITCH, {"x": 3})
    newcomers = [
        material_in(worlds.alone_with(whole, count)).newcomers for count in (SWITCH - 1, SWITCH)
    ]
    assert newcomers == [("a", "b"), ()]
    assert counts(worlds.alone_with(whole, SWITCH))["a"] == FEWEST


def test_a_line_tells_shares_and_leaves_open_what_was_not_asked() -> None:
    known = build(documents(3, {}), Compiling())
    asked = tuple(
        EvaluatedQuestion(LabelledQuestion(text, ("a",), ""), known.matcher.match(text))
        for text in ("a 1", "b 1")
    )
    assert asked[0].decision.outcome is Outcome.ANSWER
    assert (
        line(Point("alone", 3, figures(asked))) == "| alone | 3 | 2 | 0.500 | 0.500 | 0.500 |  |  |"
    )
