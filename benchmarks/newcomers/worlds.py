"""Knowledge to measure with: the shipped one, with entries that have few phrasings."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

import knowledge
from bot.commands.evaluation import EvaluatedQuestion, figures
from bot.commands.labelled_questions import LabelledQuestion
from knowledge.files.yaml_reader import Document
from knowledge.knowledge import Knowledge
from knowledge.loading import FAQ, VOICES, Compiling, material_in, read_files
from knowledge.ranking.ranker import TrainedRanker
from knowledge.ranking.training import compile_ranker

_DATA = Path(__file__).parent
Documents = dict[str, Document]


def shipped() -> Documents:
    """Return the shipped files."""
    return read_files(Path(knowledge.__file__).parent, fictitious=False).documents


def reduced(documents: Documents, ids: Iterable[str], phrasings: int) -> Documents:
    """Leave entries their question, title and answer, and their first phrasings alone."""
    few, chosen = deepcopy(documents), set(ids)
    for entry in few[FAQ].data["entrees"]:
        if entry["id"] in chosen:
            entry["variantes"] = entry["variantes"][:phrasings]
    for voice in few[VOICES].data["voix"] if VOICES in few else ():
        for id_ in chosen & voice["formulations"].keys():
            del voice["formulations"][id_]
    return few


def alone(documents: Documents, phrasings: int) -> Documents:
    """Leave our own answers alone, with so many phrasings; no voices, no referrals, no acts."""
    own = deepcopy({name: one for name, one in documents.items() if name != VOICES})
    own[FAQ].data["entrees"] = [one for one in own[FAQ].data["entrees"] if "service" not in one]
    for entry in own[FAQ].data["entrees"]:
        entry["variantes"] = entry["variantes"][:phrasings]
    return own


def with_phrasings(documents: Documents, ids: Sequence[str], count: int) -> Documents:
    """Leave entries so many phrasings: the facilitators' own first, then a voice's each in turn."""
    few = deepcopy(documents)
    entries = {entry["id"]: entry for entry in few[FAQ].data["entrees"]}
    said = [voice["formulations"] for voice in few[VOICES].data["voix"]] if VOICES in few else []
    for id_ in ids:
        own = entries[id_]["variantes"] = entries[id_]["variantes"][:count]
        turns = zip_longest(*(one.pop(id_, ()) for one in said))
        spread = [(number, text) for turn in turns for number, text in enumerate(turn) if text]
        for number, text in spread[: count - len(own)]:
            said[number].setdefault(id_, []).append(text)
    return few


def alone_with(documents: Documents, count: int) -> Documents:
    """Leave our own answers alone, with so many phrasings; a voice says nothing out of scope."""
    own = alone(documents, count)
    ids = [entry["id"] for entry in own[FAQ].data["entrees"]]
    grown = with_phrasings(documents, ids, count)
    voices = [
        {"nom": voice["nom"], "formulations": kept, "hors_sujet": []}
        for voice in grown[VOICES].data["voix"]
        if (kept := {id_: said for id_, said in voice["formulations"].items() if id_ in ids})
    ]
    if voices:
        own[VOICES] = Document(VOICES, {"voix": voices}, {})
    return own


def with_fresh(documents: Documents, phrasings: int) -> Documents:
    """Add the twenty fresh answers, with their question and so many phrasings."""
    more = deepcopy(documents)
    facts = {"source": "agence", "verifie_le": "2026-11-01"}
    for entry in _read("fresh.yaml")["entries"]:
        few = {**entry, "variantes": entry["variantes"][:phrasings], **facts}
        more[FAQ].data["entrees"].append(few)
    return more


def without_voices(documents: Documents, names: Iterable[str]) -> Documents:
    """Take voices out."""
    fewer, gone = dict(documents), set(names)
    voices = [one for one in documents[VOICES].data["voix"] if one["nom"] not in gone]
    fewer[VOICES] = Document(VOICES, {**documents[VOICES].data, "voix": voices}, {})
    return fewer


def voices_of(documents: Documents) -> list[dict[str, Any]]:
    """Return the voices of formulations.yaml."""
    return list(documents[VOICES].data["voix"])


def ranker_of(documents: Documents, compiling: Compiling) -> TrainedRanker:
    """Compile, and return the ranker alone."""
    material = material_in(documents)
    return compile_ranker(material, compiling.encoder, compiling.store, compiling.second)


def fresh_questions() -> list[LabelledQuestion]:
    """Return what people ask whom a fresh answer would serve."""
    by_voice = _read("fresh.yaml")["questions"].values()
    return [
        LabelledQuestion(text, (id_,), "")
        for by_entry in by_voice
        for id_, texts in by_entry.items()
        for text in texts
    ]


def contrasts() -> list[LabelledQuestion]:
    """Return questions that one word or a negation tells apart."""
    by_voice = _read("contrasts.yaml").values()
    return [
        LabelledQuestion(text, (id_,), "")
        for by_entry in by_voice
        for id_, texts in by_entry.items()
        for text in texts
    ]


def out_of_scope() -> list[LabelledQuestion]:
    """Return messages that no answer fits."""
    return [
        LabelledQuestion(text, (), "")
        for one in _read("out_of_scope.yaml").values()
        for text in one
    ]


def _read(name: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load((_DATA / name).read_text("utf-8"))
    return read


def ask(known: Knowledge, questions: Sequence[LabelledQuestion]) -> list[EvaluatedQuestion]:
    """Ask all questions."""
    return [EvaluatedQuestion(one, known.matcher.match(one.text)) for one in questions]


def row(name: str, asked: Sequence[EvaluatedQuestion]) -> str:
    """Return a line of a table: first, shown, answered wrongly; out of scope answered, choices."""
    told = figures(asked)
    names = ("right_first", "right_shown", "wrong_direct")
    outside = ("out_of_scope_answered", "out_of_scope_choices")
    cells = ("" if told[one] is None else f"{told[one]:.3f}" for one in (*names, *outside))
    return " | ".join(["", name, str(len(asked)), *cells, ""]).strip()
