"""Files of questions with known answers, as facilitators keep them: YAML, CSV and XLSX."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest

import knowledge
from bot.commands import labelled_questions
from bot.commands.evaluation import as_page
from bot.commands.labelled_questions import EvaluationFileError, read_questions, with_ids
from bot.messages import TEXT

SHIPPED = Path(knowledge.__file__).parent
IDS = ("financement", "talents", "presentation")
TITLES = {"le financement": "financement", "des talents et des metiers": "talents"}
TABLE = (
    ("Question", "Réponse attendue", "Manière"),
    ("ya des sous ?", "financement", "sms"),
    ("c'est où, « là » ?", "Talents ou PRESENTATION", ""),
    ("et la piscine", "", "oral"),
    ("qui aide", "Le financement", "oral"),
)
READ = [
    ("ya des sous ?", ("financement",), "sms", 2),
    ("c'est où, « là » ?", ("talents", "presentation"), "", 3),
    ("et la piscine", (), "oral", 4),
    ("qui aide", ("financement",), "oral", 5),
]


def csv_of(separator: str, rows: Iterable[Iterable[str]] = TABLE, end: str = "\r\n") -> str:
    """Return a table as programs write it: in quotes where a cell needs them."""

    def cell(text: str) -> str:
        return f'"{text}"' if separator in text else text

    return end.join(separator.join(map(cell, row)) for row in rows) + end


def book_of(rows: Iterable[Iterable[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def read(folder: Path, name: str, content: bytes) -> list[tuple[str, tuple[str, ...], str, int]]:
    path = folder / name
    path.write_bytes(content)
    found = with_ids(read_questions(path), IDS, TITLES)
    return [(each.text, each.expected, each.style, each.line) for each in found]


def refusal(folder: Path, name: str, content: bytes) -> tuple[str, int, str]:
    """Return why a file is refused: the reason, the line, and what people read."""
    with pytest.raises(EvaluationFileError) as refused:
        read(folder, name, content)
    error = refused.value
    values = {"file": name, "line": error.line, "found": error.found}
    return error.reason, error.line, TEXT.label(f"evaluate_{error.reason}", **values)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_table_is_read_as_programs_write_it(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    assert read(tmp_path, "q.csv", csv_of(separator).encode(encoding)) == READ
    announced = f"sep={separator}\r\n{csv_of(separator)}"
    assert read(tmp_path, "q.csv", announced.encode(encoding)) == READ


def test_a_workbook_is_read_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    for name in ("q.xlsx", "q.csv", "questions"):
        assert read(tmp_path, name, book_of(TABLE)) == READ


@pytest.mark.parametrize(
    "header",
    [
        ("QUESTION", "Reponse_attendue"),
        ("question posée", "réponses attendues"),
        ("Phrase", "Identifiant"),
        ("q", "expect"),
    ],
)
def test_columns_are_called_as_a_facilitator_would(tmp_path: Path, header: tuple[str, str]) -> None:
    rows = [("n°", *header), ("1", "ya des sous", "financement")]
    expected = [("ya des sous", ("financement",), "", 2)]
    assert read(tmp_path, "q.csv", csv_of(";", rows).encode()) == expected


@pytest.mark.parametrize("empty", ["", "hors sujet", "Hors-sujet", "-", "aucune"])
def test_out_of_scope_is_left_empty_or_said(tmp_path: Path, empty: str) -> None:
    rows = [("Question", "Réponse attendue"), ("la piscine", empty), ("", "")]
    assert read(tmp_path, "q.csv", csv_of(";", rows).encode()) == [("la piscine", (), "", 2)]


@pytest.mark.parametrize(
    ("rows", "reason", "line"),
    [
        ([("Demande", "Réponse attendue"), ("a", "b")], "no_question", 1),
        ([("Question", "Bot"), ("a", "b")], "no_expected", 1),
        ([*TABLE, ("", "financement", "")], "blank_question", 6),
        ([*TABLE, ("des sous", "finansement", "")], "unknown", 6),
        ([], "empty", 0),
    ],
)
def test_what_is_wrong_is_told_with_its_row(
    tmp_path: Path, rows: list[tuple[str, ...]], reason: str, line: int
) -> None:
    for name, content in (("q.csv", csv_of(";", rows).encode()), ("q.xlsx", book_of(rows))):
        found, at, message = refusal(tmp_path, name, content)
        assert (found, at) == (reason, line)
        assert not line or f"ligne {line}" in message


def test_files_that_are_no_tables_are_told(tmp_path: Path) -> None:
    assert refusal(tmp_path, "q.xlsx", b"PK\x03\x04 not a book")[0] == "bad_book"
    assert refusal(tmp_path, "q.xls", b"\xd0\xcf\x11\xe0 an old one")[0] == "bad_book"
    assert refusal(tmp_path, "q.csv", b'Question;id\n"a"b;c\n')[:2] == ("bad_quotes", 2)
    assert refusal(tmp_path, "q.csv", b"\x00\x01" * 9)[0] == "encoding"
    assert refusal(tmp_path, "q.yaml", b"questions:\n  - {question: a}\n")[:2] == ("bad_yaml", 2)


SHEET = "xl/worksheets/sheet1.xml"


def with_sheet(sheet: bytes) -> bytes:
    """Return a book whose first sheet is these bytes, whatever they are."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book_of(TABLE))) as book,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as other,
    ):
        for part in book.infolist():
            other.writestr(part.filename, sheet if part.filename == SHEET else book.read(part))
    return made.getvalue()


@pytest.mark.parametrize(
    "sheet",
    [
        b"no XML",
        b"<worksheet><sheetData><row><c t='s'><v>999</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row r='no'><c r='?'><v>1</v></c></row></sheetData></worksheet>",
        b"",
    ],
)
def test_a_book_with_a_damaged_sheet_is_told(tmp_path: Path, sheet: bytes) -> None:
    head = b'<?xml version="1.0"?>' if sheet.startswith(b"<") else b""
    namespace = b"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
    content = with_sheet(head + sheet.replace(b"<worksheet>", namespace))
    assert refusal(tmp_path, "q.xlsx", content)[0] in {"bad_book", "empty"}


def test_a_book_that_unpacks_to_far_more_is_refused_before_it_is_read(tmp_path: Path) -> None:
    content = with_sheet(b" " * 201_000_000)
    assert len(content) < 1_000_000
    assert refusal(tmp_path, "q.xlsx", content)[0] == "too_large"


def test_a_cell_typed_by_mistake_in_the_last_row_costs_no_million_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelled_questions, "_MOST_ROWS", 100)
    reason, line, message = refusal(tmp_path, "q.xlsx", book_of([*TABLE, *[("",)] * 100, ("a",)]))
    assert (reason, line) == ("too_long", 101)
    assert "100 lignes" in message


@pytest.mark.parametrize("announced", ["ab", '"', "é", ";;"])
def test_a_separator_that_is_none_is_not_taken_for_one(tmp_path: Path, announced: str) -> None:
    content = f"sep={announced}\r\n{csv_of(';')}".encode()
    assert refusal(tmp_path, "q.csv", content)[0] in {"no_question", "bad_quotes"}


def test_the_questions_of_control_are_read() -> None:
    found = read_questions(SHIPPED / "questions.yaml")
    assert len(found) > 50
    assert found[0].expected == ("presentation",)
    assert any(each.expected == () for each in found)


def test_a_page_of_a_hundred_answers_has_no_table_as_wide_as_it_is_long() -> None:
    figures = dict.fromkeys(
        "right_first right_shown wrong_direct out_of_scope_answered out_of_scope_referred"  # noqa: SIM905
        " out_of_scope_acts out_of_scope_choices".split()
    )
    names = [f"reponse-{number}" for number in range(100)]
    answers = [
        {"name": name, "count": 8, "right": number * 8 // 99, "missed": []}
        for number, name in enumerate(names)
    ]
    report: dict[str, object] = {
        "all": figures | {"in_scope": 800, "out_of_scope": 0},
        "answers": answers,
        "confusions": [],
        "styles": {"-": {}},
    }
    page = as_page(report, "questions.csv")
    places = [page.index(f'id="{"reponse-" + name}"') for name in names]
    assert places == sorted(places)
    assert page.count("<td") < 20
    assert 'href="#reponse-reponse-0"' in page
