"""What people who know Word write into the files: told at its line, or understood, never silent."""

import io
import itertools
import random
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_mistakes import PLANTINGS, planted
from yaml_files import data_of

import knowledge
from knowledge.curation.check import check
from knowledge.files.problems import Problem, Severity, beyond
from knowledge.files.schema_check import check_schema
from knowledge.files.written_checks import check_written
from knowledge.files.written_lines import meant
from knowledge.files.yaml_reader import Document, parse
from knowledge.loading import read_files

SHIPPED = Path(knowledge.__file__).parent
TODAY = date(2026, 11, 23)
TABLE: dict[str, Any] = data_of(
    Path(__file__).with_name("written_mistakes.yaml").read_text("utf-8")
)
FILES: dict[str, str] = TABLE["files"]
CASES: list[dict[str, Any]] = TABLE["cases"]
KINDS = {
    "faq.yaml": "faq",
    "actes.yaml": "actes",
    "projets.yaml": "projets",
    "lexique.yaml": "lexique",
    "questions.yaml": "questions",
    "fictifs/projets.yaml": "projets",
}
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument.text"
# Any key may stand in the vocabulary, and no mapping of it has keys of its own.
FREE_KEYS = ("capital",)


def folder_of(folder: Path, contents: dict[str, bytes]) -> Path:
    """Write the right files of the table, and others in their place."""
    for name, content in ({n: t.encode() for n, t in FILES.items()} | contents).items():
        (folder / name).write_bytes(content)
    return folder


def spoilt(case: dict[str, Any]) -> str:
    """Return the text of a file with the mistake of a case."""
    text = FILES[case["file"]]
    assert case["replace"] in text
    return text.replace(case["replace"], case["by"], 1)


def told(folder: Path, file: str, text: str) -> tuple[Problem, ...]:
    """Return what is told of a folder with this text in place of a right one."""
    return check(folder_of(folder, {file: text.encode()}), today=TODAY)


def test_the_files_of_the_table_are_right_and_its_mistakes_are_many(tmp_path: Path) -> None:
    assert check(folder_of(tmp_path, {}), today=TODAY) == ()
    assert sum("line" in case for case in CASES) >= 200
    assert {case["file"] for case in CASES} == {*FILES}


@pytest.mark.parametrize("case", [c for c in CASES if "line" in c], ids=lambda c: c["mistake"])
def test_a_mistake_is_told_once_at_its_line_with_what_to_do(
    tmp_path: Path, case: dict[str, Any]
) -> None:
    found = told(tmp_path, case["file"], spoilt(case))
    assert [(one.file, one.line, one.message, one.remedy) for one in found] == [
        (case.get("told_in", case["file"]), case["line"], case["message"], case["remedy"])
    ]


@pytest.mark.parametrize("case", [c for c in CASES if "line" not in c], ids=lambda c: c["mistake"])
def test_what_is_meant_beyond_doubt_is_understood(tmp_path: Path, case: dict[str, Any]) -> None:
    text = spoilt(case)
    assert told(tmp_path, case["file"], text) == ()
    document, _ = parse(text.encode(), case["file"])
    assert document is not None
    assert case.get("ok") or case["value"] in set(_texts(document.data))


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _texts(value)


@pytest.mark.parametrize("name", PLANTINGS)
def test_a_mistake_anywhere_in_the_shipped_files_is_told_alone_at_its_line(name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - places of mistakes are no secret
    count = 0
    for file, kind in KINDS.items():
        if kind == "lexique" and name in FREE_KEYS:
            continue
        spoil = planted((SHIPPED / file).read_text("utf-8"), name, chance)
        if spoil is None:
            continue
        count += 1
        document, problems = parse(spoil.text.encode(), file)
        found = list(problems)
        if document is not None:
            found = beyond(beyond(found, check_written(document)), check_schema(document, kind))
        assert [one.line for one in found] == [spoil.line], (file, found)
    assert count


@pytest.mark.parametrize("file", [*KINDS, "formulations.yaml"])
def test_the_shipped_files_mean_what_they_show(file: str) -> None:
    text = (SHIPPED / file).read_text("utf-8")
    assert meant(text, file) == (text, (), ())


def test_several_mistakes_of_one_file_are_all_told(tmp_path: Path) -> None:
    text = FILES["faq.yaml"]
    for old, new in (
        ('"Comment financer un projet ?"', '"Comment financer un projet ?'),
        ("      Une banque", "Une **banque**"),
        ("      - subvention", "      • subvention"),
        ("source: Table ronde\n", "source: Réunion #3\n"),
        ("id: coordination\n", "id: Coordination !\n"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    lines = {one.line for one in told(tmp_path, "faq.yaml", text)}
    assert {3, 8, 14, 33} <= lines


def _zip(*members: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for member in members:
            archive.writestr(member, _OPEN_DOCUMENT if member == "mimetype" else "x")
    return body.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_zip("[Content_Types].xml", "word/document.xml"), "un document Word"),
        (_zip("[Content_Types].xml", "xl/workbook.xml"), "un classeur Excel"),
        (_zip("mimetype", "content.xml"), "un document LibreOffice"),
        (_zip("autre.txt"), "une archive"),
        (b"%PDF-1.7\n", "un PDF"),
        (b"{\\rtf1 entrees}", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ancien document Word"),
        (b"<!DOCTYPE html><html>", "une page web"),
        (FILES["faq.yaml"].encode("utf-16"), "UTF-16"),
        (FILES["faq.yaml"].encode("utf-16-le"), "UTF-16"),
    ],
)
def test_a_file_of_another_program_is_named_with_how_to_save_it(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (found,) = check(folder_of(tmp_path, {"faq.yaml": content}), today=TODAY)
    assert (found.file, found.line, found.code) == ("faq.yaml", 1, "foreign_file")
    assert words in found.message
    assert found.remedy


def test_the_accents_of_windows_are_told_at_their_line(tmp_path: Path) -> None:
    content = FILES["faq.yaml"].encode("cp1252")
    (found,) = check(folder_of(tmp_path, {"faq.yaml": content}), today=TODAY)
    assert (found.line, found.code) == (9, "windows_encoding")
    assert "Bloc-notes" in found.remedy


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_change_nothing(
    tmp_path: Path, end: str, mark: str
) -> None:
    text = FILES["faq.yaml"].replace('"Les talents"', "Les talents : oui")
    (found,) = told(tmp_path, "faq.yaml", mark + text.replace("\n", end))
    assert (found.line, found.code) == (28, "colon_inside")


@pytest.mark.parametrize(
    "name",
    [
        "faq.yml",
        "faq (1).yaml",
        "faq - Copie.yaml",
        "Copie de faq.yaml",
        "faq.yaml.bak",
        "faq.yaml.txt",
    ],
)
def test_a_copy_is_told_beside_its_file_and_in_place_of_it(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path, {name: b"entrees: []"})
    (beside,) = check(folder, today=TODAY)
    assert (beside.file, beside.code) == (name, "stray_file")
    (folder / "faq.yaml").unlink()
    problems = read_files(folder, fictitious=False).problems
    (missing,) = [one for one in problems if one.file == "faq.yaml"]
    assert missing.code == "named_otherwise"
    assert f"« {name} »" in missing.message


def test_a_long_line_of_signs_takes_no_time() -> None:
    for sign in ("[", '["', " #", "“", " : "):
        mistakes = meant("entrees:\n  - id: " + sign * 300_000, "faq.yaml").mistakes
        assert mistakes == ()


SLOW = {
    "spaces inside": "question" + " " * 4_800 + "x",
    "spaces before a sign": "question: a" + " " * 4_800 + "x",
    "spaces around a key": " " * 2_400 + "a" + " " * 2_400 + "x",
    "words": "question: " + "mot " * 1_200,
    "words between tabs": "question: " + "mot\t" * 1_200,
    "words before a note": "question: " + "mot # " * 800,
    "an open list": 'voir_aussi: ["a' + " " * 4_800 + "x",
}


def seconds(line: str) -> float:
    start = time.process_time()
    parse((line + "\n").encode() * 20, "faq.yaml")
    return time.process_time() - start


@pytest.mark.parametrize("line", SLOW.values(), ids=SLOW.keys())
def test_lines_made_to_be_slow_to_read_cost_no_more_than_others(line: str) -> None:
    assert seconds(line) < 20 * seconds("question: " + "a" * 4_800)


def test_a_value_of_a_megabyte_is_too_long_and_nothing_else() -> None:
    for sign in ("[", "[a](https:", "~~a", "<a"):
        data = {"entrees": [{"reponse": sign * 300_000}]}
        assert list(check_written(Document("faq.yaml", data, {}))) == []


def test_a_key_written_ten_thousand_times_is_told_a_hundred_times_at_most() -> None:
    _, found = parse(b"a: b\n" * 10_000, "faq.yaml")
    assert 1 <= len(found) <= 140


@pytest.mark.parametrize("file", [*FILES])
@pytest.mark.parametrize("content", ["un texte tout seul\n", "- une\n- liste\n", "12\n", "a;b;c\n"])
def test_a_file_that_is_no_mapping_at_all_is_told_and_stops_nothing(
    tmp_path: Path, file: str, content: str
) -> None:
    found = told(tmp_path, file, content)
    code = "empty_census" if file == "projets.yaml" else "empty"
    assert (file, 1, code) in [(one.file, one.line, one.code) for one in found]


@pytest.mark.parametrize("written", ["é", "à", "’", "«", "œ", "…", "ê"])
def test_letters_that_a_program_has_broken_are_told_at_their_line(
    tmp_path: Path, written: str
) -> None:
    broken = written.encode().decode("cp1252", errors="replace")
    text = FILES["faq.yaml"].replace("Une banque", f"Une {broken} banque")
    (found,) = told(tmp_path, "faq.yaml", text)
    assert (found.line, found.code) == (8, "broken_accent")


def test_a_whole_file_whose_accents_are_broken_is_refused(tmp_path: Path) -> None:
    right = FILES["faq.yaml"].replace("Une banque", "Une banque" + " é" * 20)
    (found,) = told(tmp_path, "faq.yaml", right.encode().decode("cp1252", errors="replace"))
    assert (found.line, found.code, found.severity) == (8, "broken_accents", Severity.ERROR)


@given(
    texts=st.lists(
        st.sampled_from(["a", "a # b", "ya quoi : des sous # ou pas ?", "l'été", "# a"])
    ),
    breaks=st.lists(st.sampled_from([" ", "\n        ", "  # note\n        ", ' # "n\n        '])),
    quote=st.sampled_from(['"', "'"]),
    note=st.sampled_from(["", "  # note", " # ] note"]),
)
def test_a_list_of_several_lines_is_told_nothing_of(
    texts: list[str], breaks: list[str], quote: str, note: str
) -> None:
    escaped = (text.replace(quote, "''") for text in texts)
    between = itertools.chain(breaks, itertools.repeat(" "))
    written = ",".join(
        f"{sep}{quote}{text}{quote}" for text, sep in zip(escaped, between, strict=False)
    )
    faq = f"entrees:\n  - id: argent\n    variantes: [{written}]{note}\n    titre: 't'\n"
    document, problems = parse(faq.encode(), "faq.yaml")
    assert problems == ()
    assert document is not None
    assert document.data["entrees"][0]["variantes"] == texts


@pytest.mark.parametrize("file", [*FILES])
def test_any_line_left_out_stops_no_check(file: str) -> None:
    lines = FILES[file].split("\n")
    for number in range(len(lines)):
        document, _ = parse("\n".join(lines[:number] + lines[number + 1 :]).encode(), file)
        if document is not None:
            list(check_schema(document, Path(file).stem))


def found_in(text: str, file: str) -> list[Problem]:
    """Return what is told of one file alone, whatever the others hold."""
    document, problems = parse(text.encode(), file)
    found = list(problems)
    if document is not None:
        written = check_written(document)
        found = beyond(beyond(found, written), check_schema(document, Path(file).stem))
    return found


@pytest.mark.parametrize("move", ["left", "-2", "+2", "tab"])
@pytest.mark.parametrize("file", [*FILES])
def test_a_line_moved_is_told_once_or_changes_nothing(file: str, move: str) -> None:
    lines = FILES[file].split("\n")
    data = data_of(FILES[file])
    told_here = 0
    for number, line in enumerate(lines):
        rest = line.lstrip()
        indent = len(line) - len(rest)
        if not indent or not KEY_OR_DASH.match(rest):
            continue
        columns = {"left": 0, "-2": indent - 2, "+2": indent + 2}
        space = "\t" if move == "tab" else " " * columns[move]
        moved = space + rest
        text = "\n".join([*lines[:number], moved, *lines[number + 1 :]])
        found = found_in(text, file)
        assert len(found) == 1 or (not found and data_of(text) == data), (moved, found)
        told_here += any(each.line == number + 1 for each in found)
    assert told_here


KEY_OR_DASH = re.compile(r"- |[a-z_]+:")


def beginning(file: str, between: str, count: int) -> str:
    """Return the first items of a shipped file, for speed; ``between`` is what begins each."""
    return between.join((SHIPPED / file).read_text("utf-8").split(between)[: count + 1]) + "\n"


# What is done to a whole file is done to each line of it alike.
SOME_OF_FAQ = beginning("faq.yaml", "\n  - id: ", 15)
SOME_VOICES = beginning("formulations.yaml", "\n  - nom: ", 2)


def shipped_in(folder: Path) -> Path:
    """Copy the shipped files, with some of the answers and of the voices."""
    for name in FILES:
        (folder / name).write_bytes((SHIPPED / name).read_bytes())
    (folder / "faq.yaml").write_text(SOME_OF_FAQ, "utf-8")
    (folder / "formulations.yaml").write_text(SOME_VOICES, "utf-8")
    return folder


@pytest.fixture(scope="module")
def told_of_shipped(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """What is told of the shipped files as they are."""
    found = check(shipped_in(tmp_path_factory.mktemp("shipped")), today=TODAY)
    return {(one.file, one.message) for one in found}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (
            lambda text: re.sub("(?m)^ +", lambda space: "\t" * (len(space[0]) // 2), text),
            "odd_indent",
        ),
        (
            lambda text: re.sub("(?m)^ +", lambda space: "\u00a0" * len(space[0]), text),
            "odd_indent",
        ),
        (lambda text: re.sub("(?m)^( *(?:- )?[a-z_]+):", "\\1\u00a0:", text), "odd_space"),
        (lambda text: text.replace("\n", ";;;\n"), "foreign_file"),
        (lambda text: re.sub('(?m)^.*".*$', _as_cell, text), "foreign_file"),
        (lambda text: re.sub("(?m)^", "> ", text), "mail_quote"),
        (lambda text: text + text, "pasted_twice"),
        (lambda _: (SHIPPED / "actes.yaml").read_text("utf-8"), "other_file"),
    ],
    ids=["tabs", "no-break", "before colons", "semicolons", "cells", "mail", "twice", "other"],
)
def test_what_a_program_does_to_a_whole_file_is_told_once(
    tmp_path: Path,
    told_of_shipped: set[tuple[str, str]],
    spoil: Callable[[str], str],
    code: str,
) -> None:
    shipped_in(tmp_path)
    (tmp_path / "faq.yaml").write_text(spoil(SOME_OF_FAQ), "utf-8")
    errors = [one for one in check(tmp_path, today=TODAY) if one.severity is Severity.ERROR]
    new = [one for one in errors if (one.file, one.message) not in told_of_shipped]
    assert [(one.file, one.code) for one in new] == [("faq.yaml", code)]


def _as_cell(line: re.Match[str]) -> str:
    doubled = line[0].replace('"', '""')
    return f'"{doubled}"'
