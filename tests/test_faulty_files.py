"""Files with many faults, or with unforeseen ones: all is told, and nothing else is raised."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge_fixtures import ACTS, PROJECTS

from knowledge.curation.check import check
from knowledge.files.problems import KnowledgeError, Problem, Severity
from knowledge.files.rules import LONGEST_ANSWER
from knowledge.files.yaml_reader import LARGEST_BYTES
from knowledge.loading import load

TODAY = date(2026, 11, 23)
FAQ = """\
entrees:
  - id: financement
    question: "Comment financer ?"
    titre: "Le financement"
    reponse: "Pas directement."
    variantes: ["ya des sous ?"]
    source: "Table ronde"
    verifie_le: 2026-11-23
  - id: talents
    question: "Et les talents ?"
    titre: "Les talents"
    reponse: "Des partenariats."
    variantes: ["des bras"]
    source: "Table ronde"
    verifie_le: 2026-11-23
"""
# Each line that has a fault says which; the lines are found by reading this very text.
FAULTY_FAQ = f"""\
entrees:
  - id: financement
    question: "Comment financer ?"
    titre: "Un titre bien trop long pour tenir sur un bouton"  # too_long
    reponse: "Des <gras>sous</gras>."  # bad_html
    variantes:
      - "ya des sous ?"
      - "Y'A DES SOUS"
      - "Ya des SOUS !"  # repeated_phrasing
      - "..."  # blank_phrasing
    voir_aussi: [talent, financement]  # unknown_related own_related
    source: "Table ronde"
    verifie_le: 23/11/2026  # date_otherwise
  - id: financement  # duplicate_id
    question: ""  # blank
    titre: "Les talents"
    titre: "Des bras"  # duplicate_key
    reponse: "{"x" * (LONGEST_ANSWER + 1)}"  # answer_too_long
    variantes: des bras  # list_wanted
    sources: "Table ronde"  # unknown_key
    source: "Table ronde"
    action: danser  # enum
    verifie_le: 2027-01-01  # future_check
  - id: Coordination  # pattern
    question: "Qui coordonne, et comment ?"
    titre: "ya des sous"  # duplicate_phrasing
    reponse: "Personne."
    variantes: []
    source: "Table ronde"
    verifie_le: 2026-11-23
    valable_jusqu_au: 2026-11-22  # passed_date
  - id: sans-source  # required
    question: |  # several_lines
      Une
      ou deux ?
    titre: "Sans source"
    reponse: "Voici."
    variantes: ["bonjour"]
    verifie_le: 2026-02-31  # no_such_day
"""
FAULTY_PROJECTS = """\
projets:
  - id: partage
    titre: "Partage"
    resume: "Partager."
    recherche: "Des bras."
    chef_de_file: null  # blank_lead
    territoires: []  # too_few
    filieres: [Chimie]
    etape: en cours
    date_limite: 2026-11-22  # passed_deadline
    mis_a_jour_le: 2026-11-23
  - pas un projet  # element_without_key
"""
FAULTY_ACTS = """\
actes:
  - id: bonjour
    variantes:
      - "Bonjour"  # duplicate_phrasing
    reponse: "Bon <b>jour"  # bad_html
"""


def folder_of(folder: Path, faq: str, projects: str = PROJECTS, talk: str = ACTS) -> Path:
    """Write the three files."""
    (folder / "faq.yaml").write_text(faq, "utf-8")
    (folder / "projets.yaml").write_text(projects, "utf-8")
    (folder / "actes.yaml").write_text(talk, "utf-8")
    return folder


def announced(file: str, text: str) -> set[tuple[str, int, str]]:
    """Return the faults that the comments of a text announce."""
    return {
        (file, number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in line.partition("  # ")[2].split()
    }


def told(problems: tuple[Problem, ...]) -> list[tuple[str, int, str]]:
    """Return where and what, in the order told."""
    return [(one.file, one.line, one.code) for one in problems]


def refusals(folder: Path) -> tuple[Problem, ...]:
    """Return why a folder does not load; nothing where it does."""
    try:
        load(folder)
    except KnowledgeError as error:
        return error.problems
    return ()


def codes(folder: Path) -> set[str]:
    """Return what is wrong with a folder."""
    return {one.code for one in check(folder, today=TODAY)}


def test_all_faults_of_all_files_are_told_at_once_each_on_its_line(tmp_path: Path) -> None:
    expected = (
        announced("faq.yaml", FAULTY_FAQ)
        | announced("projets.yaml", FAULTY_PROJECTS)
        | announced("actes.yaml", FAULTY_ACTS)
    )
    folder = folder_of(tmp_path, FAULTY_FAQ, FAULTY_PROJECTS, FAULTY_ACTS)
    found = check(folder, today=TODAY)
    assert set(told(found)) == expected
    assert len({code for _, _, code in expected}) >= 20
    assert told(found) == sorted(told(found), key=lambda one: one[:2])


def test_loading_refuses_with_the_errors_and_without_the_warnings(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FAULTY_FAQ, FAULTY_PROJECTS, FAULTY_ACTS)
    errors = {one for one in check(folder, today=TODAY) if one.severity is Severity.ERROR}
    assert set(refusals(folder)) == errors


def test_a_problem_reads_as_one_french_line_with_its_place_and_remedy(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FAQ.replace("Des partenariats.", "Des <h>"))
    (found,) = check(folder, today=TODAY)
    assert str(found).startswith(
        "faq.yaml, ligne 12, réponse « talents », rubrique « reponse » : Telegram n'affiche pas"
    )
    assert "Sont permises : <b>gras</b>" in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: talents", "id: 2026-01-01", set()),
        ('titre: "Les talents"', "titre: 2026-11-23", set()),
        ('titre: "Les talents"', "titre: on", set()),
        ('["des bras"]', "[13, 1:30, 0x1F, no, 1e400]", set()),
        ('["des bras"]', "[" + "9" * 5000 + "]", {"too_long"}),
        ('["des bras"]', "[~]", {"type"}),
        ('["des bras"]', "[[des, bras]]", {"type"}),
        ("id: talents", "id: |\n      talents", {"pattern"}),
        ("2026-11-23", "2026-11-23 10:00:00", {"date_otherwise"}),
        ("2026-11-23", "20261123", {"date"}),
        ("2026-11-23", '"2026-11-23"', set()),
        ("id: talents", "<<: {id: talents}", {"unknown_key", "required"}),
        (
            "id: talents",
            "? [a, b]\n    : c",
            {"reserved_sign", "key_column", "loose_line", "unknown_key"},
        ),
        ("id: talents", "1: x\n    id: talents", {"unknown_key"}),
        ("id: talents", "~: x\n    id: talents", {"unknown_key"}),
        ("entrees:", "%YAML 9.9", {"syntax"}),
        ("des bras", "des\x07bras", {"hidden_character"}),
        ("des bras", "des\u200bbras", {"hidden_character"}),
        ("des bras", "des\u00adbras\u00a0!", set()),
        ('["des bras"]', "[" * 3000, {"open_bracket"}),
        ('["des bras"]', "[" * 200 + "]" * 200, {"too_deep"}),
        ('["des bras"]', "*bras", {"reserved_sign"}),
        ("Des partenariats.", "&lt;b&gt;", {"shown_tag"}),
        ("talents ?", "talents ? {0} {x} %s", set()),
    ],
)
def test_what_yaml_makes_of_things_is_told_or_harmless(
    tmp_path: Path, old: str, new: str, expected: set[str]
) -> None:
    # The last of its kind, so that the rest of the file is before it.
    before, found, after = FAQ.rpartition(old)
    assert found
    assert codes(folder_of(tmp_path, before + new + after)) == expected


@pytest.mark.parametrize(
    ("faq", "expected"),
    [
        ("", {"empty"}),
        ("# rien\n", {"empty"}),
        ("entrees:\n", {"empty"}),
        ("entrees: {}\n", {"empty"}),
        ("- id: a\n", {"empty"}),
        ("entrees:\n  -\n  - []\n  - texte\n", {"type", "element_without_key"}),
        ("entrees: []\n---\nentrees: []\n", {"document_mark", "duplicate_list", "empty"}),
        ("entrees: []\nautres: []\n", {"empty"}),
        ('entrees: ["a]\n', {"unclosed_quote"}),
        ("entrees: [a\n", {"open_bracket"}),
    ],
)
def test_a_file_that_is_no_list_of_entries_is_told(
    tmp_path: Path, faq: str, expected: set[str]
) -> None:
    assert codes(folder_of(tmp_path, faq)) == expected


def test_aliases_that_would_grow_without_end_are_refused_at_once(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for new, old in zip("bcdefghi", "abcdefgh", strict=True):
        bomb += f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    assert codes(folder_of(tmp_path, bomb)) == {"reserved_sign"}


def test_the_same_id_in_the_invented_projects_is_told_with_the_other_file(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FAQ)
    (folder / "fictifs").mkdir()
    (folder / "fictifs" / "projets.yaml").write_text(PROJECTS, "utf-8")
    (found,) = check(folder, today=TODAY)
    assert (found.file, found.code) == ("fictifs/projets.yaml", "duplicate_id")
    assert "projets.yaml, ligne 2" in found.message
    assert check(folder, today=TODAY, fictitious=False) == ()
    assert load(folder).project("partage") is not None


def test_the_voices_are_held_against_the_entries_and_each_other(tmp_path: Path) -> None:
    voices = """\
voix:
  - nom: "une repreneuse"
    formulations:
      financement:
        - "y'a quoi comme sous"
        - "des bras"  # duplicate_phrasing
      financemen:  # unknown_entry
        - "et des prêts"
    hors_sujet:
      - "et le stade"
      - "Y A QUOI COMME SOUS"  # answered_phrasing
      - "ET LE STADE"  # repeated_phrasing
  - nom: "un artisan"
    formulations:
      talents:
        - "et le stade ?"  # answered_phrasing
    hors_sujet: []
"""
    folder = folder_of(tmp_path, FAQ)
    (folder / "formulations.yaml").write_text(voices, "utf-8")
    found = check(folder, today=TODAY)
    assert set(told(found)) == announced("formulations.yaml", voices)
    answered = [one.message for one in found if one.code == "answered_phrasing"]
    assert ["« financement »" in answered[0], "« talents »" in answered[1]] == [True, True]
    (unknown,) = [one.message for one in found if one.code == "unknown_entry"]
    assert "vouliez-vous écrire « financement »" in unknown


def test_the_lines_count_a_byte_order_mark_and_windows_line_ends_for_nothing(
    tmp_path: Path,
) -> None:
    folder = folder_of(tmp_path, FAQ)
    windows = FAQ.replace("Des partenariats.", "<h>").replace("\n", "\r\n")
    (folder / "faq.yaml").write_bytes(b"\xef\xbb\xbf" + windows.encode())
    assert told(check(folder, today=TODAY)) == [("faq.yaml", 12, "bad_html")]


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FAQ)
    (folder / "faq.yaml").unlink()
    (folder / "faq.yaml").mkdir()
    assert codes(folder) == {"missing_file"}


def test_no_more_is_read_than_the_limit(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FAQ)
    with (folder / "faq.yaml").open("ab") as file:
        file.truncate(LARGEST_BYTES * 100)
    assert codes(folder) == {"too_large"}


@given(edits=st.lists(st.tuples(st.integers(0, 400), st.text(max_size=8)), min_size=1, max_size=6))
def test_whatever_is_typed_into_a_file_it_loads_or_its_problems_are_told(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, str]]
) -> None:
    text = FAQ
    for position, typed in edits:
        text = text[:position] + typed + text[position + len(typed) :]
    folder = folder_of(tmp_path_factory.mktemp("typed"), "")
    (folder / "faq.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    errors = [one for one in check(folder, today=TODAY) if one.severity is Severity.ERROR]
    assert all(one.message and one.remedy and one.line >= 1 for one in errors)
    assert set(refusals(folder)) == set(errors)
