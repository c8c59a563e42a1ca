"""Reads questions whose right answers are known: JSON lines, questions.yaml, or a spreadsheet.

A spreadsheet is CSV (as Excel, LibreOffice or Windows writes it) or XLSX. Its columns are named by
whoever keeps it, in French, and its answers by their ids or their titles.
"""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from bot.runtime import json_text
from knowledge.curation.regression import expectations
from knowledge.files.schema_check import check_schema
from knowledge.files.yaml_reader import parse
from knowledge.text.normalise import normalise

# A hundred thousand questions; more would take hours to ask.
LARGEST_BYTES = 20_000_000
# A workbook is packed: a small file may hold thousands of times its size. Its rows count with the
# empty ones, of which Excel may keep a million behind a cell that was typed by mistake.
_LARGEST_BOOK, _MOST_ROWS, _MOST_COLUMNS = 200_000_000, 100_000, 100
_YAML, _BOOKS = frozenset({".yaml", ".yml"}), (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_TABLES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods"})
_SEPARATORS = ";,\t"
# What facilitators call these columns, normalised; the first ones are those that messages name.
_QUESTION = ("question", "questions", "question posee", "phrase", "texte", "message", "q")
_EXPECTED = (
    "reponse attendue",
    "reponses attendues",
    "bonne reponse",
    "bonnes reponses",
    "reponse",
    "reponses",
    "attendu",
    "attendue",
    "attendus",
    "identifiant",
    "id",
    "expect",
)
_STYLE = ("maniere", "style", "genre", "registre", "type")
_OUT_OF_SCOPE = frozenset({"", "hors sujet", "aucune", "aucun", "rien", "non", "neant"})
_BETWEEN = re.compile(r"[,;/|\n]|\bou\b")


class EvaluationFileError(ValueError):
    """Raised for a file of questions that cannot be used.

    ``line`` (from 1; 0: the whole file) is at fault, ``reason`` a message ``evaluate_<reason>`` and
    ``found`` what it quotes.
    """

    def __init__(self, line: int = 0, reason: str = "bad_line", found: str = "") -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason
        self.found = found


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question, its right answers' ids (none: out of scope), its style, its line (from 1)."""

    text: str
    expected: tuple[str, ...]
    style: str
    line: int = 0


def read_questions(path: Path) -> tuple[LabelledQuestion, ...]:
    """Read a file of questions by its name and content; EvaluationFileError for what is wrong.

    Of a spreadsheet, ``expected`` holds the cell as it is written: see ``with_ids``.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise EvaluationFileError(0, "too_large", str(LARGEST_BYTES // 1_000_000))
    suffix = path.suffix.lower()
    if suffix in _YAML:
        return tuple(_of_yaml(content, path.name))
    if suffix in _TABLES or content.startswith(_BOOKS):
        return tuple(_of_table(_rows(content)))
    return tuple(_of_lines(_decoded(content)))


def with_ids(
    questions: Iterable[LabelledQuestion], ids: Iterable[str], titles: Mapping[str, str]
) -> tuple[LabelledQuestion, ...]:
    """Replace what names answers by their ids; EvaluationFileError for a name of none.

    ``titles`` holds ids by normalised titles and questions.
    """
    known = frozenset(ids)

    def found(name: str) -> str | None:
        candidate = name if name in known else titles.get(normalise(name), name.strip().lower())
        return candidate if candidate in known else None

    def named(name: str, line: int) -> Iterator[str]:
        # A title may hold a comma, which otherwise stands between two names.
        for part in [name] if found(name) else _parts(name):
            if (id_ := found(part)) is None:
                raise EvaluationFileError(line, "unknown", part)
            yield id_

    return tuple(
        replace(each, expected=tuple(dict.fromkeys(chain(*(named(n, each.line) for n in names)))))
        for each in questions
        for names in [each.expected]
    )


def _of_lines(text: str) -> Iterator[LabelledQuestion]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _of_json(line, number)


def _of_json(line: str, number: int) -> LabelledQuestion:
    try:
        raw = json_text.read(line)
        text, expected, style = raw["q"], raw["expect"], raw.get("style", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EvaluationFileError(number) from error
    if not isinstance(text, str) or not isinstance(expected, list):
        raise EvaluationFileError(number)
    return LabelledQuestion(text, tuple(map(str, expected)), str(style), number)


def _of_yaml(content: bytes, name: str) -> Iterator[LabelledQuestion]:
    document, problems = parse(content, name)
    faults = [*problems, *(check_schema(document, "questions") if document else ())]
    if faults:
        found = faults[0]
        raise EvaluationFileError(found.line, "bad_yaml", f"{found.message} {found.remedy}")
    for each in expectations(document):
        yield LabelledQuestion(each.question, each.entries, "", each.line)


def _rows(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows of a spreadsheet that hold anything, each with its number from 1."""
    read = _of_book if content.startswith(_BOOKS) else _of_csv
    for number, row in enumerate(read(content), 1):
        cells = [cell.replace("\u00a0", " ").strip() for cell in row]
        if any(cells):
            yield number, cells


def _of_csv(content: bytes) -> Iterator[Sequence[str]]:
    text = _decoded(content)
    # The separator may be a tab, which is not to be cut off.
    first = text.split("\n", 1)[0].strip("\r ").lower()
    # Excel may announce its separator on a line of its own, which it does not show.
    is_announced = first.startswith("sep=") and first[4:] in tuple(_SEPARATORS)
    announced = first[4:] if is_announced else ""
    body = text.split("\n", 1)[-1] if announced else text
    reader = csv.reader(
        io.StringIO(body, newline=""), delimiter=announced or _separator(body), strict=True
    )
    number = 0
    try:
        for number, row in enumerate(reader, 1):  # noqa: B007 - told where the reader stops
            yield row
    except csv.Error as error:
        raise EvaluationFileError(number + 1, "bad_quotes") from error


def _separator(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_SEPARATORS, key=header.count)


def _of_book(content: bytes) -> Iterator[Sequence[str]]:
    """Yield the rows of the first sheet."""
    # Imported here: it is needed for this alone, and takes a third of a second.
    from openpyxl import load_workbook  # noqa: PLC0415

    if _unpacked_bytes(content) > _LARGEST_BOOK:
        raise EvaluationFileError(0, "too_large", str(_LARGEST_BOOK // 1_000_000))
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(max_col=_MOST_COLUMNS, values_only=True)
        for row in islice(rows, _MOST_ROWS):
            yield [_cell(value) for value in row]
        is_longer = next(rows, None) is not None
        book.close()
    # Whatever a damaged or foreign book raises, at any row; its errors have no type of their own.
    except Exception as error:
        raise EvaluationFileError(0, "bad_book") from error
    if is_longer:
        raise EvaluationFileError(_MOST_ROWS + 1, "too_long", str(_MOST_ROWS))


def _unpacked_bytes(content: bytes) -> int:
    """Return how large a book is in memory: no more is read of a part than it announces."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return sum(part.file_size for part in book.infolist())
    # An old book, which is not packed, is the library's to refuse.
    except zipfile.BadZipFile:
        return 0


def _cell(value: object) -> str:
    # Excel keeps the identifier 12 as the number 12.0.
    whole = isinstance(value, float) and value.is_integer()
    return "" if value is None else str(int(value) if whole else value)  # type: ignore[call-overload]  # a float here


def _of_table(rows: Iterator[tuple[int, Sequence[str]]]) -> Iterator[LabelledQuestion]:
    number, header = next(rows, (0, ()))
    if not header:
        raise EvaluationFileError(0, "empty")
    names = [normalise(name.replace("_", " ")) for name in header]
    question = _column(names, _QUESTION, lambda: EvaluationFileError(number, "no_question"))
    expected = _column(names, _EXPECTED, lambda: EvaluationFileError(number, "no_expected"))
    style = next((names.index(name) for name in _STYLE if name in names), None)
    for line, row in rows:
        cells = [*row, *[""] * (len(names) - len(row))]
        if not cells[question]:
            raise EvaluationFileError(line, "blank_question")
        manner = cells[style] if style is not None else ""
        answer = () if normalise(cells[expected]) in _OUT_OF_SCOPE else (cells[expected],)
        yield LabelledQuestion(cells[question], answer, manner, line)


def _column(
    names: Sequence[str], wanted: Sequence[str], missing: Callable[[], EvaluationFileError]
) -> int:
    found = next((names.index(name) for name in wanted if name in names), None)
    if found is None:
        raise missing()
    return found


def _parts(names: str) -> tuple[str, ...]:
    parts = [part.strip(" \"'«»\u00a0") for part in _BETWEEN.split(names.strip("[] "))]
    return tuple(filter(None, parts)) or (names,)


def _decoded(content: bytes) -> str:
    """Decode what Excel, Windows and editors write: UTF-8, UTF-16 or Windows-1252."""
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ["utf-16"] if is_utf16 else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise EvaluationFileError(0, "encoding")
