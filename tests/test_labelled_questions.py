"""Files of questions with known answers, as facilitators keep them: YAML, CSV and XLSX."""

import io
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest

import knowledge
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


def test_without_the_library_a_workbook_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    reason, _, message = refusal(tmp_path, "q.xlsx", book_of(TABLE))
    assert reason == "no_reader"
    assert "CSV UTF-8" in message


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
