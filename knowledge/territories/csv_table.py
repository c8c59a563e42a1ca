"""Reads the table of a list of communes in the encodings and separators that ministries send."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from knowledge.files.problems import Place, Problem, problem
from knowledge.territories.towns import Row
from knowledge.text.normalise import normalise
from knowledge.text.signs import plain_signs

COLUMNS = ("insee_com", "lib_com", "codes_postaux", "id_ti", "lib_ti")
_OPTIONAL = frozenset({"codes_postaux"})
# Ten times the file of all communes; more is no list of communes.
LARGEST_BYTES = 20_000_000
_MOST_PROBLEMS = 20
_MOST_CODES = 60
_LONGEST_NAME = 80
_LONGEST_TERRITORY = 160
_SEPARATORS = ",;\t"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_INSEE = re.compile(r"[0-9][0-9AB][0-9]{3}")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
# Four digits: see the INSEE code below.
_CODE = re.compile(r"[0-9]{4,5}")
_BETWEEN_CODES = re.compile(r"[\s,;/|]+")
_NOTHING = frozenset({"", "-", "na", "nan", "null", "none", "nr", "nc"})
# The arrondissements of Paris, Lyon and Marseille, which are parts of a commune.
_PARTS = re.compile(r"751[0-2]\d|6938\d|132[01]\d")


class _QuotesError(Exception):
    """The table cannot be followed further than this line, for its quotation marks."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


def read_table(content: bytes, file: str) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """Return the communes of a file, and its problems (lines count from 1)."""
    text, unreadable = _text(content, file)
    if text is None:
        return (), unreadable
    problems: list[Problem] = []
    rows: dict[str, tuple[int, Row]] = {}
    try:
        records = _records(text)
        number, header = next(records, (1, []))
        names = [_column(name) for name in header]
        if faults := _header_problems(names, Place(file, number)):
            return (), faults
        for number, fields in records:
            if len(problems) == _MOST_PROBLEMS:
                problems.append(problem("towns_more", Place(file, number)))
                break
            _take(names, fields, Place(file, number), rows, problems)
    except _QuotesError as error:
        return (), (problem("towns_quotes", Place(file, error.line)),)
    if not problems and not any(row.territory_id for _, row in rows.values()):
        problems.append(problem("towns_none_in", Place(file)))
    return tuple(row for _, row in rows.values()), tuple(problems)


def _text(content: bytes, file: str) -> tuple[str | None, tuple[Problem, ...]]:
    at = Place(file)
    if len(content) > LARGEST_BYTES:
        return None, (problem("towns_large", at, limit=LARGEST_BYTES // 10**6),)
    if content.startswith(_WORKBOOKS):
        return None, (problem("towns_workbook", at),)
    text = _decoded(content)
    if text is None or "\0" in text:
        return None, (problem("towns_encoding", at),)
    if not text.strip():
        return None, (problem("towns_empty", at),)
    return text, ()


def _decoded(content: bytes) -> str | None:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in content[:200]:
        # Some programs leave the mark out; the header is ASCII, so every second byte is zero.
        encodings = ["utf-16-be" if content[:1] == b"\0" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _separator(text: str) -> str:
    """Return the separator by which most known columns are found in the header."""
    first = next((line for line in text.splitlines() if line.strip() and line[0] != "#"), "")
    return max(_SEPARATORS, key=lambda sign: sum(_column(n) in COLUMNS for n in first.split(sign)))


def _column(name: str) -> str:
    return normalise(name.replace("_", " ")).replace(" ", "_")


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of the table, each with its number; neither blank ones nor remarks."""
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=_separator(text), strict=True)
    try:
        for fields in reader:
            if any(map(str.strip, fields)) and not fields[0].startswith("#"):
                yield reader.line_num, fields
    except csv.Error as error:
        raise _QuotesError(reader.line_num) from error


def _header_problems(names: Sequence[str], at: Place) -> tuple[Problem, ...]:
    missing = [name for name in COLUMNS if name not in names and name not in _OPTIONAL]
    doubled = [name for name in COLUMNS if names.count(name) > 1]
    found = {"towns_missing": missing, "towns_doubled": doubled}
    return tuple(
        problem(code, at, columns=", ".join(columns), wanted=", ".join(COLUMNS))
        for code, columns in found.items()
        if columns
    )


def _take(
    names: Sequence[str],
    fields: Sequence[str],
    at: Place,
    rows: dict[str, tuple[int, Row]],
    problems: list[Problem],
) -> None:
    """File the commune of a line, or what is wrong with it."""
    if len(fields) != len(names):
        problems.append(problem("towns_fields", at, found=len(fields), wanted=len(names)))
        return
    given = {
        name: " ".join(plain_signs(value).split())
        for name, value in zip(names, fields, strict=True)
    }
    line = {name: "" if _is_nothing(given.get(name, "")) else given[name] for name in COLUMNS}
    # Spreadsheets drop the zero that a code begins with.
    insee = line["insee_com"].upper().zfill(5)
    if _PARTS.fullmatch(insee):
        return
    if wrong := _wrong(line, insee, at):
        problems.append(wrong)
        return
    codes = tuple(dict.fromkeys(map(int, _codes(line))))
    row = Row(insee, line["lib_com"], codes, line["id_ti"], line["lib_ti"])
    before = rows.setdefault(insee, (at.line, row))
    if before[1].territory_id != row.territory_id:
        problems.append(problem("towns_twice", at, insee=insee, line=before[0]))


def _wrong(line: Mapping[str, str], insee: str, at: Place) -> Problem | None:
    name, ti, label = line["lib_com"], line["id_ti"], line["lib_ti"]
    if not _INSEE.fullmatch(insee):
        return problem("towns_insee", at, value=line["insee_com"][:20])
    if not normalise(name) or len(name) > _LONGEST_NAME:
        return problem("towns_name", at)
    is_whole = bool(ti) == bool(label) and len(label) <= _LONGEST_TERRITORY
    if not is_whole or (ti and not _ID.fullmatch(ti)):
        return problem("towns_label", at)
    codes = _codes(line)
    if len(codes) > _MOST_CODES or not all(map(_CODE.fullmatch, codes)):
        return problem("towns_code", at, value=line["codes_postaux"][:40])
    return None


def _codes(line: Mapping[str, str]) -> list[str]:
    return [*filter(None, _BETWEEN_CODES.split(line["codes_postaux"]))]


def _is_nothing(value: str) -> bool:
    return value.lower() in _NOTHING
