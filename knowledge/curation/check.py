"""Checks a folder completely: errors that keep it from use, and warnings, such as passed dates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from knowledge.curation.aged_examples import aged_examples, check_aged_examples
from knowledge.curation.confusable_phrasings import LeftOut, check_confusable_phrasings, leave_out
from knowledge.curation.finding import Finding, findings
from knowledge.curation.regression import Verdict, expectations, verdicts
from knowledge.files.file_names import check_names
from knowledge.files.items import YES, Item, is_draft, items_of, places_to_fill
from knowledge.files.problems import Place, Problem, Severity, problem, words
from knowledge.files.schema_check import place_of
from knowledge.files.yaml_reader import Document, Location
from knowledge.knowledge import Knowledge
from knowledge.loading import (
    FICTITIOUS,
    FILES,
    LEXICON,
    QUESTIONS,
    Compiling,
    KnowledgeFiles,
    Parsed,
    build,
    lexicon_of,
    read_files,
)
from knowledge.matcher.matcher import Outcome
from knowledge.model import Stage

# The notice before a date passes: a month leaves the time to ask whoever knows the answer.
_SOON = timedelta(days=30)
# The days of a reading, which are past, those of a first publication, and those of an end.
_REREAD = ("verifie_le", "mis_a_jour_le")
_FIRST = "publie_le"
_ENDS = ("valable_jusqu_au", "date_limite", "retire_le")
# The programme began in 2018; nothing is promised for longer than these years.
_FIRST_YEAR, _YEARS = 2018, 20
# What people read in either language; a warning names so many of those that have one.
_IN_ENGLISH = ("entrees", "actes")
_MOST_NAMED = 10
# Of a text to fill in, so many characters tell which it is.
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A folder's files, all their problems, and the compiled knowledge (None with errors).

    ``asked`` are the verdicts on the control questions, and ``findings`` tell how often each entry
    would be found, weakest first; none of either with errors.
    """

    files: KnowledgeFiles
    problems: tuple[Problem, ...]
    knowledge: Knowledge | None
    asked: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()


def check(
    directory: Path,
    *,
    today: date,
    fictitious: bool = True,
    parsed: dict[str, Parsed] | None = None,
) -> tuple[Problem, ...]:
    """Return the problems of a folder's files, in the order of its files and lines.

    ``fictitious`` checks the invented projects as well, if the folder has some; ``parsed`` as for
    ``read_files``.
    """
    fictitious = fictitious and (directory / FICTITIOUS).exists()
    files = read_files(directory, fictitious=fictitious, questions=True, parsed=parsed)
    stray = check_names(directory, FILES)
    return _in_order([*files.problems, *_overdue(files, today), *stray])


def check_whole(  # noqa: PLR0913 - each is named where it is given
    directory: Path,
    *,
    today: date,
    compiling: Compiling,
    fictitious: bool = False,
    replacing: Mapping[str, bytes] | None = None,
    despite_errors: bool = False,
    parsed: dict[str, Parsed] | None = None,
) -> CheckResult:
    """Check the files, compile them, then test phrasings and control questions; takes seconds.

    ``replacing`` holds contents by file name, read in place of the folder's files. Files with an
    error are not compiled; with ``despite_errors``, their phrasings are tested all the same.
    ``parsed`` as for ``read_files``.
    """
    files = read_files(
        directory, fictitious=fictitious, questions=True, replacing=replacing, parsed=parsed
    )
    problems = [*files.problems, *_overdue(files, today), *check_names(directory, FILES)]
    wrong = any(each.severity is Severity.ERROR for each in problems)
    # Compile first: the check of phrasings then finds its encodings in the model store.
    knowledge = None if wrong else build(files.documents, compiling)
    left_out = None
    if knowledge or despite_errors:
        left_out = _leave_out(files, problems, compiling, knowledge)
        problems += check_confusable_phrasings(left_out) if left_out else ()
    asked: tuple[Verdict, ...] = ()
    found: tuple[Finding, ...] = ()
    if knowledge:
        asked = verdicts(knowledge.matcher, expectations(files.documents.get(QUESTIONS)))
        problems += _wrong_questions(asked, knowledge)
    if knowledge and left_out:
        aged = aged_examples(knowledge, left_out)
        problems += check_aged_examples(aged)
        found = findings(knowledge, left_out, aged)
    return CheckResult(files, _in_order(problems), knowledge, asked, found)


def check_served(  # noqa: PLR0913 - each is named where it is given
    directory: Path,
    knowledge: Knowledge,
    *,
    today: date,
    compiling: Compiling,
    fictitious: bool = False,
    asked: Iterable[Verdict] | None = None,
    parsed: dict[str, Parsed] | None = None,
) -> tuple[Problem, ...]:
    """Check the files from which ``knowledge`` was made, as ``check_whole`` does, in less time.

    ``asked`` are the verdicts of its matcher on the control questions, where there are some
    already; ``parsed`` as for ``read_files``.
    """
    files = read_files(directory, fictitious=fictitious, questions=True, parsed=parsed)
    problems = [*files.problems, *_overdue(files, today), *check_names(directory, FILES)]
    left_out = _leave_out(files, problems, compiling, knowledge)
    if left_out:
        problems += check_confusable_phrasings(left_out)
        problems += check_aged_examples(aged_examples(knowledge, left_out))
    if asked is None:
        asked = verdicts(knowledge.matcher, expectations(files.documents.get(QUESTIONS)))
    problems += _wrong_questions(asked, knowledge)
    return _in_order(problems)


def _leave_out(
    files: KnowledgeFiles,
    problems: Iterable[Problem],
    compiling: Compiling,
    knowledge: Knowledge | None,
) -> LeftOut | None:
    wrong = {each.file for each in problems if each.severity is Severity.ERROR}
    lexicon = lexicon_of(None if LEXICON in wrong else files.documents.get(LEXICON))
    entries = knowledge.entries if knowledge else ()
    return leave_out(files.documents, lexicon, compiling, entries)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.file, each.line, each.message)))


def _wrong_questions(asked: Iterable[Verdict], knowledge: Knowledge) -> Iterator[Problem]:
    for verdict in asked:
        # The rules already report an expected id that does not exist.
        known = (knowledge.entry(id_) or knowledge.act(id_) for id_ in verdict.expectation.entries)
        if not verdict.right and all(known):
            yield _wrong(verdict)


def _wrong(verdict: Verdict) -> Problem:
    texts, expected = words("verdicts"), verdict.expectation
    among = texts["or"].join(map(texts["answer"].format_map, _named(expected.entries)))
    shown = texts["or"].join(map(texts["answer"].format_map, _named(verdict.shown)))
    kind = texts[verdict.outcome.value]
    return problem(
        "wrong_question",
        Place(QUESTIONS, expected.line, entry=", ".join(expected.entries)),
        question=expected.question,
        expected=among or texts["out_of_scope"],
        found=shown if verdict.outcome is Outcome.ANSWER else kind.format(ids=shown),
    )


def _named(ids: Iterable[str]) -> Iterator[dict[str, str]]:
    return ({"ids": entry_id} for entry_id in ids)


def _overdue(files: KnowledgeFiles, today: date) -> Iterator[Problem]:
    yield from _untranslated(files.documents.values())
    for document in files.documents.values():
        yield from _left_to_write(document)
        for item in items_of(document):
            yield from _dates(item, today)
            yield from _draft(item)
            # The invented projects show every state on purpose, passed deadlines included.
            if item.list_key == "projets" and document.file != FICTITIOUS:
                yield from _project(item, today)


def _untranslated(documents: Iterable[Document]) -> Iterator[Problem]:
    """Name, on one line, what people read in French alone, once any answer is in English.

    The acts of a new folder have theirs, and ask for none of the answers'. A draft may wait.
    """
    items = [item for document in documents for item in items_of(document)]
    said = [each for each in items if each.list_key in _IN_ENGLISH and not is_draft(each.raw)]
    # An item without an answer has a mistake of its own, or belongs in another file.
    missing = [item for item in said if "en" not in item.raw and item.text("reponse")]
    if missing and any("en" in each.raw for each in said if each.list_key == _IN_ENGLISH[0]):
        ids = ", ".join(item.text("id") or "?" for item in missing[:_MOST_NAMED])
        more = len(missing) - _MOST_NAMED
        others = words("others").format(count=more) if more > 0 else ""
        yield problem("no_english", missing[0].place(), ids=ids, others=others)


def _left_to_write(document: Document) -> Iterator[Problem]:
    """Find the places that a new folder marks as still to be written."""
    for location, text in _texts(document.data, ()):
        for marked in places_to_fill(text)[:1]:
            at = place_of(document, location)
            yield problem("left_to_write", at, text=marked[:_LONGEST_SHOWN])


def _texts(data: object, location: Location) -> Iterator[tuple[Location, str]]:
    inner = data.items() if isinstance(data, dict) else ()
    elements = enumerate(data) if isinstance(data, list) else inner
    for key, value in elements:
        yield from _texts(value, (*location, key))
    if isinstance(data, str):
        yield location, data


def _draft(item: Item) -> Iterator[Problem]:
    """Tell which entries are not in service, and what the facilitator noted to do first."""
    if is_draft(item.raw):
        note = (item.text("brouillon") or "").strip()
        reason = "" if note.lower() in YES else words("draft_reason").format(note=note)
        yield problem("draft", item.place("brouillon"), reason=reason)


def _dates(item: Item, today: date) -> Iterator[Problem]:
    valid = item.day("valable_jusqu_au")
    if valid is not None and valid <= today + _SOON:
        code = "passed_date" if valid < today else "soon_date"
        yield problem(code, item.place("valable_jusqu_au"), value=valid)
    for key in _REREAD:
        if (day := item.day(key)) is not None and day > today:
            yield problem("future_check", item.place(key), key=key, value=day)
    if (day := item.day(_FIRST)) is not None and day > today:
        yield problem("future_publication", item.place(_FIRST), value=day)
    for key in (*_REREAD, _FIRST, *_ENDS):
        if (
            day := item.day(key)
        ) is not None and not _FIRST_YEAR <= day.year <= today.year + _YEARS:
            yield problem("far_date", item.place(key), value=day)


def _project(item: Item, today: date) -> Iterator[Problem]:
    """Find a deadline passed or near, and a project under way that nobody leads."""
    stage, deadline = item.text("etape"), item.day("date_limite")
    if stage == Stage.CLOSED or item.text("retire_le"):
        return
    if deadline is not None and deadline <= today + _SOON:
        code = "passed_deadline" if deadline < today else "soon_deadline"
        yield problem(code, item.place("date_limite"), value=deadline)
    # An empty key is reported by itself.
    if "chef_de_file" not in item.raw and stage in {Stage.SETUP, Stage.RUNNING}:
        yield problem("no_lead", item.place(), stage=stage)
