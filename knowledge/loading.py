"""Loads the files into one immutable ``Knowledge``; one error in any file refuses them all."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from knowledge import file_set
from knowledge.files.file_names import found_instead
from knowledge.files.items import is_draft, is_to_fill, seeks_lead
from knowledge.files.meant_dates import day_of
from knowledge.files.problems import KnowledgeError, Place, Problem, Severity, beyond, problem
from knowledge.files.rules import check_rules
from knowledge.files.schema_check import check_schema
from knowledge.files.written_checks import check_written
from knowledge.files.yaml_reader import Document, parse, read
from knowledge.knowledge import Knowledge
from knowledge.matcher.hidden_answers import HiddenAnswers
from knowledge.matcher.matcher import Matcher
from knowledge.matcher.needs import Needs
from knowledge.matcher.thresholds import Thresholds
from knowledge.model import (
    Act,
    Action,
    ActWording,
    Entry,
    Initiative,
    LeadContact,
    Presentation,
    Project,
    Stage,
    Wording,
)
from knowledge.projects import Census
from knowledge.ranking.corpus import Material, answers_of_newcomers, examples_of
from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.ranker import Ranked, Ranker, Ranking, TrainedRanker
from knowledge.ranking.second_encoder import SecondEncoder
from knowledge.ranking.training import compile_ranker
from knowledge.text.lexicon import Lexicon
from knowledge.text.project_codes import written_code

logger = logging.getLogger(__name__)
FAQ, PROJECTS, ACTS = "faq.yaml", "projets.yaml", "actes.yaml"
# The acts' name before they were more than courtesies: a folder of then is told what to do.
_FORMER_ACTS = "politesses.yaml"
VOICES, LEXICON = "formulations.yaml", "lexique.yaml"
# The control questions, which test the matcher; an error there does not keep the rest from use.
QUESTIONS = "questions.yaml"
FICTITIOUS = "fictifs/projets.yaml"
_KINDS = {
    FAQ: "faq",
    PROJECTS: "projets",
    ACTS: "actes",
    VOICES: "formulations",
    LEXICON: "lexique",
    QUESTIONS: "questions",
    FICTITIOUS: "projets",
}
# All that stand in the folder itself.
FILES = (FAQ, PROJECTS, ACTS, VOICES, LEXICON, QUESTIONS)
_REQUIRED = (FAQ, PROJECTS, ACTS)
_OPTIONAL = (VOICES, LEXICON)


# A file as it was parsed, without what the rules find; None where it cannot be.
Parsed = tuple[Document | None, tuple[Problem, ...]]


@dataclass(frozen=True, slots=True)
class Compiling:
    """How to compile: the encoders (None: letters and sound only), thresholds, model store."""

    encoder: Encoder | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    store: ModelStore = field(default_factory=lambda: ModelStore(None))
    second: SecondEncoder | None = None

    def knows(self, documents: dict[str, Document]) -> bool:
        """Tell whether the store has what is learnt from documents without errors."""
        key = self.store.key(material_in(documents), self.encoder, self.second)
        return self.store.get(key) is not None


@dataclass(frozen=True, slots=True)
class KnowledgeFiles:
    """The documents of a folder that could be read, and the problems of all its files."""

    documents: dict[str, Document]
    problems: tuple[Problem, ...]


def load(
    directory: Path, *, fictitious: bool = False, compiling: Compiling | None = None
) -> Knowledge:
    """Read, check and compile a folder; KnowledgeError lists all errors that refuse it.

    ``fictitious`` adds the invented projects of the preview and of the tests; ``compiling`` holds
    the encoder, and the store of trained models.
    """
    documents = _without_errors(directory, fictitious=fictitious)
    return build(documents, compiling or Compiling())


class _Unranked(Ranker):
    """Ranks nothing: for who reads texts and asks no question."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ranking = Ranking(tuple(Ranked(each, 0.0) for each in ids), 0.0, 0.0, "")

    def rank(self, question: str, written: str = "") -> Ranking:  # noqa: ARG002 - as rankers are asked
        """Return the order of the files, sure of nothing."""
        return self._ranking


def load_texts(directory: Path, *, fictitious: bool = False) -> Knowledge:
    """Read and check a folder as ``load`` does, and learn nothing: it answers no question.

    Learning takes seconds, and who writes the texts elsewhere does not need it.
    """
    documents = _without_errors(directory, fictitious=fictitious)
    return build(documents, Compiling(), _Unranked(material_in(documents).ids))


def _without_errors(directory: Path, *, fictitious: bool) -> dict[str, Document]:
    """Return the documents of a folder; raises KnowledgeError with all errors, no warning."""
    files = read_files(directory, fictitious=fictitious, nearness=False)
    errors = tuple(each for each in files.problems if each.severity is Severity.ERROR)
    if errors:
        raise KnowledgeError(errors)
    return files.documents


def read_files(
    directory: Path,
    *,
    fictitious: bool,
    questions: bool = False,
    replacing: Mapping[str, bytes] | None = None,
    parsed: dict[str, Parsed] | None = None,
    nearness: bool = True,
) -> KnowledgeFiles:
    """Read the folder's files; check each against its schema, and all against the rules.

    ``questions`` reads the control questions as well; ``replacing`` holds contents by file name,
    read in place of the folder's files. ``parsed`` holds the files that an earlier reading of the
    same moment has parsed, and gets the others. ``nearness`` is as for ``check_rules``.
    """
    _finish(directory)
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    contents = replacing or {}
    parsed = {} if parsed is None else parsed
    optional = (*_OPTIONAL, *([QUESTIONS] if questions else []))
    present = [name for name in optional if name in contents or (directory / name).exists()]
    # A folder of another initiative has no invented projects.
    invented = [FICTITIOUS] if fictitious and (directory / FICTITIOUS).exists() else []
    for name in (*_REQUIRED, *present, *invented):
        content = contents.get(name)
        if name not in parsed:
            path = directory / name
            parsed[name] = read(path, name) if content is None else parse(content, name)
        document, faults = parsed[name]
        if name == ACTS and document is None and (directory / _FORMER_ACTS).exists():
            faults = (problem("former_acts", Place(_FORMER_ACTS)),)
        elif document is None and name in FILES and not (content or (directory / name).exists()):
            faults = _missing(directory, name)
        problems += faults
        if document is not None:
            documents[name] = document
    written = (each for document in documents.values() for each in check_written(document))
    problems = beyond(problems, written)
    shapes = (check_schema(document, _KINDS[name]) for name, document in documents.items())
    problems = beyond(problems, chain.from_iterable(shapes))
    problems = beyond(problems, check_rules(documents.values(), nearness=nearness))
    return KnowledgeFiles(documents, tuple(problems))


def _finish(directory: Path) -> None:
    """Let a publication of several files end first: half of it is nobody's."""
    try:
        file_set.finish(directory)
    except OSError as error:
        logger.warning("a publication cut short cannot be finished: %s", type(error).__name__)


def _missing(directory: Path, name: str) -> tuple[Problem, ...]:
    found = found_instead(directory, name)
    if found is None:
        return (problem("missing_file", Place(name)),)
    return (problem("named_otherwise", Place(name), found=found, name=name),)


def from_data(data: Mapping[str, Any]) -> dict[str, Document]:
    """Return documents from the data of files, by file name; KnowledgeError if they are wrong."""
    documents = {name: Document(name, raw, {}) for name, raw in data.items() if name in _KINDS}
    shape = [each for doc in documents.values() for each in check_schema(doc, _KINDS[doc.file])]
    missing = [problem("missing_file", Place(name)) for name in _REQUIRED if name not in documents]
    rules = () if missing or shape else check_rules(documents.values(), nearness=False)
    problems = (*missing, *shape, *rules)
    if errors := tuple(each for each in problems if each.severity is Severity.ERROR):
        raise KnowledgeError(errors)
    return documents


def build(
    documents: dict[str, Document], compiling: Compiling, ranker: Ranker | None = None
) -> Knowledge:
    """Compile documents without errors; with a ready ``ranker``, nothing is trained."""
    entries = _entries(documents[FAQ])
    acts = _acts(documents[ACTS])
    projects = _projects(documents, hidden=False)
    census = Census(projects)
    material = _material(documents, entries, acts)
    ranker = ranker or compile_ranker(
        material, compiling.encoder, compiling.store, compiling.second
    )
    return Knowledge(
        entries=entries,
        projects=projects,
        acts=acts,
        matcher=Matcher(
            entries,
            acts,
            material.examples,
            ranker,
            census,
            compiling.thresholds,
            needs=_needs(projects, material, ranker, compiling),
            hidden=_hidden_answers(documents),
        ),
        census=census,
        version=version_of(documents),
        lexicon=lexicon_of(documents.get(LEXICON)),
        thresholds=compiling.thresholds,
        ranker=ranker,
        hidden_entries=_entries(documents[FAQ], hidden=True),
        hidden_projects=_projects(documents, hidden=True),
        initiative=_initiative(documents[FAQ].data.get("initiative", {})),
    )


def _hidden_answers(documents: dict[str, Document]) -> HiddenAnswers:
    entries = _entries(documents[FAQ], hidden=True)
    return HiddenAnswers(entries, examples_of(entries, (), _voices(documents)))


def _needs(
    projects: tuple[Project, ...], material: Material, ranker: Ranker, compiling: Compiling
) -> Needs:
    said = [example.text for example in material.examples]
    encoder, learnt = compiling.encoder, ranker
    if encoder is None or not isinstance(learnt, TrainedRanker) or learnt.meanings is None:
        return Needs(projects, said)

    def encode(texts: Sequence[str]) -> Vectors:
        return compiling.store.encoded(encoder, texts, ".projects")

    return Needs(projects, said, encode, learnt.meanings)


def material_of(directory: Path) -> Material:
    """Return the training material of a folder, for measurements."""
    return material_in(read_files(directory, fictitious=False, nearness=False).documents)


def material_in(documents: dict[str, Document]) -> Material:
    """Return the training material of documents without errors."""
    return _material(documents, _entries(documents[FAQ]), _acts(documents[ACTS]))


def _material(
    documents: dict[str, Document], entries: tuple[Entry, ...], acts: tuple[Act, ...]
) -> Material:
    ids = (*(entry.id for entry in entries), *(act.id for act in acts))
    # A voice may ask for a draft; what asks for nothing in service teaches nothing.
    known = {*ids, None}
    named = examples_of(entries, acts, _voices(documents))
    examples = tuple(each for each in named if each.entry in known)
    return Material(
        examples,
        ids,
        lexicon_of(documents.get(LEXICON)),
        frozenset(act.id for act in acts),
        answers_of_newcomers(entries, examples),
    )


def _voices(documents: dict[str, Document]) -> list[dict[str, Any]]:
    voices: list[dict[str, Any]] = documents[VOICES].data["voix"] if VOICES in documents else []
    return voices


def lexicon_of(document: Document | None) -> Lexicon:
    """Return the vocabulary of a lexique.yaml without errors; an empty one without the file."""
    if document is None:
        return Lexicon()
    raw = document.data
    return Lexicon.of(raw["abreviations"], raw["idees"], raw["lieux"])


def _entries(document: Document, *, hidden: bool = False) -> tuple[Entry, ...]:
    """Return the entries in service, or those hidden: a draft waits in the file, for nobody."""
    return tuple(_entry(raw) for raw in document.data["entrees"] if is_draft(raw) == hidden)


def _entry(raw: dict[str, Any]) -> Entry:
    english = raw.get("en")
    return Entry(
        id=raw["id"],
        question=raw["question"].strip(),
        title=raw["titre"].strip(),
        answer=raw["reponse"].strip(),
        phrasings=tuple(raw["variantes"]),
        see_also=tuple(raw.get("voir_aussi", ())),
        action=Action(raw["action"]) if "action" in raw else None,
        source=raw["source"].strip(),
        verified_on=date.fromisoformat(raw["verifie_le"]),
        valid_until=day_of(raw.get("valable_jusqu_au")),
        rest=raw.get("suite", "").strip(),
        service=raw["service"].strip() if "service" in raw else None,
        en=_wording(english) if english else None,
    )


def _initiative(raw: Mapping[str, Any]) -> Initiative:
    return Initiative(_filled(raw, "nom"), _presentation(raw), _presentation(raw.get("en", {})))


def _presentation(raw: Mapping[str, Any]) -> Presentation:
    return Presentation(_filled(raw, "territoire"), _filled(raw, "public"), _filled(raw, "exemple"))


def _filled(raw: Mapping[str, Any], key: str) -> str:
    """Return a text; empty where the folder is new and it is still to be written."""
    text = raw.get(key, "").strip()
    return "" if is_to_fill(text) else text


def _wording(raw: dict[str, Any]) -> Wording:
    return Wording(
        question=raw["question"].strip(),
        title=raw["titre"].strip(),
        answer=raw["reponse"].strip(),
        rest=raw.get("suite", "").strip(),
    )


def _projects(documents: Mapping[str, Document], *, hidden: bool) -> tuple[Project, ...]:
    return tuple(
        _project(raw, fictitious=name == FICTITIOUS)
        for name in (PROJECTS, FICTITIOUS)
        if name in documents
        for raw in documents[name].data["projets"]
        if is_draft(raw) == hidden
    )


def _project(raw: dict[str, Any], *, fictitious: bool) -> Project:
    return Project(
        id=raw["id"],
        title=raw["titre"].strip(),
        summary=raw["resume"].strip(),
        seeks=(raw.get("recherche") or "").strip(),
        lead=raw.get("chef_de_file"),
        seeks_lead=seeks_lead(raw),
        territories=tuple(raw.get("territoires", ())),
        sectors=tuple(raw.get("filieres", ())),
        stage=Stage(raw["etape"]) if "etape" in raw else None,
        deadline=day_of(raw.get("date_limite")),
        updated_on=date.fromisoformat(raw["mis_a_jour_le"]),
        withdrawn_on=day_of(raw.get("retire_le")),
        keywords=tuple(raw.get("mots_cles", ())),
        fictitious=fictitious,
        lead_contact=_lead_contact(raw.get("contact_chef_de_file")),
        written_code=written_code(raw.get("code", "")),
        published_on=day_of(raw.get("publie_le")),
    )


def _lead_contact(raw: Mapping[str, str] | None) -> LeadContact | None:
    if raw is None:
        return None
    name, email, phone = (raw.get(key, "").strip() for key in ("nom", "courriel", "telephone"))
    return LeadContact(name, email, phone)


def _acts(document: Document) -> tuple[Act, ...]:
    return tuple(_act(raw) for raw in document.data["actes"])


def _act(raw: dict[str, Any]) -> Act:
    action = Action(raw["action"]) if "action" in raw else None
    return Act(
        id=raw["id"],
        phrasings=tuple(raw["variantes"]),
        reply=raw["reponse"].strip(),
        action=action,
        title=raw["titre"].strip() if "titre" in raw else None,
        see_also=tuple(raw.get("voir_aussi", ())),
        en=_act_wording(raw["en"]) if "en" in raw else None,
    )


def _act_wording(raw: dict[str, Any]) -> ActWording:
    title = raw["titre"].strip() if "titre" in raw else None
    return ActWording(title, raw["reponse"].strip())


def version_of(documents: Mapping[str, Document]) -> str:
    """Return a hash of the data of all files, except the control questions."""
    digest = hashlib.sha256()
    for document in (each for each in documents.values() if each.file != QUESTIONS):
        digest.update(repr((document.file, document.data)).encode())
    return digest.hexdigest()[:16]
