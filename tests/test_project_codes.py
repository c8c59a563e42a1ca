"""The short codes of projects: stable, read as people type them, and checked."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge_fixtures import ACTS, PROJECTS
from test_loading import FAQ

from knowledge.curation.check import check
from knowledge.loading import load
from knowledge.projects import code_of
from knowledge.text.project_codes import TypedCode, code_of_id, typed_code, written_code

TODAY = date(2026, 11, 23)
IDS = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,3}", fullmatch=True)
# Two ids that agree, found by trying.
TWINS = next(
    (f"projet-{first}", f"projet-{second}")
    for second in range(1, 1000)
    for first in range(second)
    if code_of_id(f"projet-{first}") == code_of_id(f"projet-{second}")
)


def folder_of(path: Path, projects: str) -> Path:
    for name, text in (("faq.yaml", FAQ), ("actes.yaml", ACTS), ("projets.yaml", projects)):
        (path / name).write_text(text, "utf-8")
    return path


def two(first: str, second: str) -> str:
    one = PROJECTS.removeprefix("projets:\n")
    return "projets:\n" + one.replace("id: partage", first) + one.replace("id: partage", second)


def told(folder: Path) -> list[tuple[str, str]]:
    return [(each.code, each.remedy) for each in check(folder, today=TODAY) if "code" in each.code]


def test_a_computed_code_never_changes() -> None:
    # Posters with these hang on walls.
    assert code_of_id("mutualisation-ressources") == "P7056"
    assert code_of_id("recensement-public-projets") == "P5965"


@given(IDS)
def test_every_code_is_read_back_however_it_is_typed(project_id: str) -> None:
    code = code_of_id(project_id)
    digits = code[1:]
    for text in (code, code.lower(), f"p {digits}", f"P-{digits}", f"{code} svp", f"#{code}"):
        assert typed_code(text) == TypedCode(code, is_sure=True)
    assert typed_code(digits) is None


@pytest.mark.parametrize(
    "text",
    [
        "P12",
        "p 12",
        "p.12",
        "projet 12",
        "Projet n° 12",
        "le projet numéro 12",
        "P12 svp",
        "bonjour, projet P12 s'il vous plaît",
        "je veux voir le projet p 12, merci",
        "code P12",
        "project 12 please",
        "Ｐ１２",
    ],
)
def test_a_code_is_read_in_the_words_around_it(text: str) -> None:
    assert typed_code(text) == TypedCode("P12", is_sure=True)


@pytest.mark.parametrize("text", ["projet 2026", "affiche 12", "code 12", "fiche n° 12"])
def test_what_may_be_something_else_is_a_code_only_where_there_is_one(text: str) -> None:
    typed = typed_code(text)
    assert typed is not None
    assert not typed.is_sure


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "12",
        "n° 12",
        "13110",
        "p 13110",
        "projet",
        "page 2",
        "P 2 et P 3",
        "nous avons 12 projets",
        "projet hydrogène 2",
        "le 12",
        "p12 c'est quoi comme machine ?",
        "TI-2026-0012",
        "04 42 12 34 56",
        "P012345",
        "projet " * 50 + "12",
    ],
)
def test_other_texts_are_no_codes(text: str) -> None:
    assert typed_code(text) is None


@given(st.text(max_size=100))
def test_any_text_is_read_without_harm(text: str) -> None:
    typed = typed_code(text)
    assert typed is None or written_code(typed.code) == typed.code


def test_a_code_depends_on_nothing_but_the_id(tmp_path: Path) -> None:
    before = load(folder_of(tmp_path, two("id: un", "id: deux")), fictitious=False)
    other = two("id: deux", "id: un").replace('"Partage"', '"Tout autre titre"')
    after = load(folder_of(tmp_path, other), fictitious=False)
    codes = [{each.id: code_of(each) for each in one.projects} for one in (before, after)]
    assert codes[0] == codes[1]
    assert set(codes[0]) == {"un", "deux"}


@pytest.mark.parametrize("written", ["P12", "p12", "12", "P 12"])
def test_a_code_of_the_file_is_shown_and_the_computed_one_goes_on(
    tmp_path: Path, written: str
) -> None:
    knowledge = load(
        folder_of(tmp_path, two(f"id: un\n    code: {written}", "id: deux")), fictitious=False
    )
    first, second = knowledge.projects
    assert code_of(first) == "P12"
    assert knowledge.projects_coded("P12") == (first,)
    assert knowledge.projects_coded(code_of_id("un")) == (first,)
    assert knowledge.projects_coded(code_of_id("deux")) == (second,)
    assert knowledge.projects_coded("P9") == ()
    assert told(tmp_path) == []


@pytest.mark.parametrize("written", ["12a", "P0", "P12345", "Q12", "douze"])
def test_a_code_that_nobody_could_type_is_an_error(tmp_path: Path, written: str) -> None:
    folder_of(tmp_path, two(f"id: un\n    code: {written}", "id: deux"))
    ((code, remedy),) = told(tmp_path)
    assert code == "bad_code"
    assert "P12" in remedy


def test_two_projects_of_one_code_are_told_and_both_are_meant(tmp_path: Path) -> None:
    first, second = TWINS
    folder_of(tmp_path, two(f"id: {first}", f"id: {second}"))
    ((code, remedy),) = told(tmp_path)
    assert code == "same_code"
    assert "code: P1," in remedy.replace(".", ",")
    knowledge = load(tmp_path, fictitious=False)
    assert knowledge.projects_coded(code_of_id(first)) == knowledge.projects


def test_a_written_code_that_is_already_another_ones_is_told(tmp_path: Path) -> None:
    folder_of(tmp_path, two("id: un\n    code: P1", "id: deux\n    code: P1"))
    ((code, remedy),) = told(tmp_path)
    assert code == "same_code"
    assert "code: P2" in remedy
