"""Answers hidden and removed, projects closed: in all files at once, and nothing else changes."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from yaml_files import data_of

import knowledge
from knowledge.curation.removal import (
    OF_AN_ENTRY,
    closed,
    file_of,
    hidden,
    named_in_texts,
    removed,
    shown,
    without_entry,
)
from knowledge.curation.yaml_edit import EditError
from knowledge.files.problems import Severity
from knowledge.loading import FAQ, PROJECTS, QUESTIONS, VOICES, read_files

SHIPPED = Path(knowledge.__file__).parent
TODAY = date(2026, 11, 27)
_VOICES = 1


def shipped(voices: int | None = None) -> dict[str, str]:
    """Return the shipped files; with so many voices, which are alike, for speed."""
    texts = {file: (SHIPPED / file).read_text("utf-8") for file in (*OF_AN_ENTRY, PROJECTS)}
    if voices is not None:
        head, *said = texts[VOICES].split("\n  - nom: ")
        texts[VOICES] = "\n  - nom: ".join([head, *said[:voices]]) + "\n"
    return texts


def ids(texts: dict[str, str], file: str = FAQ) -> list[str]:
    listed = next(each for each in data_of(texts[file]).values() if isinstance(each, list))
    return [each["id"] for each in listed]


def errors(texts: dict[str, str]) -> list[str]:
    contents = {file: text.encode() for file, text in texts.items()}
    files = read_files(SHIPPED, fictitious=False, questions=True, replacing=contents)
    listed = (each for each in files.problems if each.code not in {"near_phrasing", "draft"})
    return [str(each) for each in listed]


SHORT = shipped(_VOICES)


def some(listed: list[str]) -> list[Any]:
    """Return all as parameters; at every run the first, the draft, the last and each fifth."""
    kept = {*listed[::5], "apesa", listed[-1]}
    long = pytest.mark.long
    return [pytest.param(one, marks=[] if one in kept else long) for one in listed]


KEPT = """\
entrees:
  # Le partage.
  - id: partage
    question: "Q1 ?"  # note
    variantes: ["un"]
    voir_aussi: [argent, gens]

  - {id: gens, question: "Q2 ?", variantes: ["deux"], voir_aussi: [partage]}
  # L'argent, à revoir.
  - id: argent
    question: |
      Q3 ?

    voir_aussi:
      - gens
      - partage
    # fin de l'argent
# fin du fichier
"""


@pytest.mark.parametrize("entry_id", some(ids(SHORT)))
def test_every_shipped_answer_can_be_removed_and_the_rest_is_right(entry_id: str) -> None:
    texts = SHORT | without_entry(SHORT, entry_id)
    assert entry_id not in ids(texts)
    assert errors(texts) == []
    data = {file: data_of(text) for file, text in texts.items()}
    assert all(entry_id not in voice["formulations"] for voice in data[VOICES]["voix"])
    assert all(entry_id not in each["attendu"] for each in data[QUESTIONS]["questions"])
    assert entry_id not in str([each.get("voir_aussi") for each in data[FAQ]["entrees"]])
    for file, text in texts.items():
        # Every line that is left was there, but for the lists that the id was taken out of.
        new = set(text.splitlines()) - set(SHORT[file].splitlines())
        assert all("voir_aussi:" in line or "attendu:" in line for line in new)
        assert "\n\n\n" not in text


@pytest.mark.parametrize("entry_id", some(ids(SHORT)))
def test_every_shipped_answer_can_be_hidden_and_comes_back_as_it_was(entry_id: str) -> None:
    if "brouillon" in SHORT[FAQ].partition(f"- id: {entry_id}\n")[2].partition("  - id: ")[0]:
        with pytest.raises(EditError, match="déjà un brouillon"):
            hidden(SHORT, FAQ, entry_id)
        return
    texts = SHORT | hidden(SHORT, FAQ, entry_id)
    assert errors(texts) == []
    assert texts[FAQ].replace("    brouillon: oui\n", "", 1) == SHORT[FAQ]
    assert shown(texts, FAQ, entry_id)[FAQ] == SHORT[FAQ]


@pytest.mark.long
def test_all_voices_lose_what_belonged_to_an_answer() -> None:
    texts = shipped()
    changed = texts | without_entry(texts, "talents")
    assert errors(changed) == []


@pytest.mark.parametrize("project_id", ids(SHORT, PROJECTS))
def test_every_project_can_be_closed_or_hidden(project_id: str) -> None:
    texts = SHORT | closed(SHORT, project_id, TODAY)
    assert errors(texts) == []
    assert texts[PROJECTS].count("    retire_le: 2026-11-27\n") == 1
    assert removed(SHORT, PROJECTS, project_id, TODAY)[PROJECTS] == texts[PROJECTS]
    with pytest.raises(EditError, match="déjà retiré"):
        closed(texts, project_id, TODAY)
    prepared = SHORT | hidden(SHORT, PROJECTS, project_id)
    assert errors(prepared) == []
    assert shown(prepared, PROJECTS, project_id)[PROJECTS] == SHORT[PROJECTS]
    assert file_of(SHORT, project_id) == PROJECTS


def test_comments_go_with_what_they_are_about_and_all_else_stays() -> None:
    assert without_entry({FAQ: KEPT}, "argent")[FAQ] == (
        KEPT[: KEPT.index("  # L'argent")] + "# fin du fichier\n"
    ).replace("[argent, gens]", "[gens]")
    without_people = without_entry({FAQ: KEPT}, "gens")[FAQ]
    assert "  # L'argent, à revoir.\n  - id: argent" in without_people
    assert "voir_aussi: [argent]" in without_people
    assert "    voir_aussi:\n      - partage\n    # fin" in without_people
    # A list that held nothing else goes with its key.
    assert (
        '{id: gens, question: "Q2 ?", variantes: ["deux"]}'
        in (without_entry({FAQ: KEPT}, "partage")[FAQ])
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_any_writing_of_the_files_is_edited(newline: str, mark: str) -> None:
    text = mark + KEPT.replace("\n", newline)
    assert without_entry({FAQ: text}, "argent")[FAQ] == mark + without_entry({FAQ: KEPT}, "argent")[
        FAQ
    ].replace("\n", newline)
    for entry_id in ("partage", "gens", "argent"):
        assert shown(hidden({FAQ: text}, FAQ, entry_id), FAQ, entry_id) == {FAQ: text}


def test_a_heading_stays_while_a_question_below_it_does() -> None:
    questions = """\
questions:
  # L'argent
  - question: "a"
    attendu: [argent]
  - question: "b"
    attendu: [gens, argent]

  # Les gens
  - question: "c"
    attendu: [gens]
"""
    texts = {FAQ: KEPT, QUESTIONS: questions}
    assert without_entry(texts, "argent")[QUESTIONS] == questions.replace(
        '  - question: "a"\n    attendu: [argent]\n', ""
    ).replace("[gens, argent]", "[gens]")
    without_people = without_entry(texts, "gens")[QUESTIONS]
    assert "# Les gens" not in without_people
    assert without_people.endswith('  - question: "b"\n    attendu: [argent]\n')


def test_what_is_left_of_an_answer_removed_by_hand_is_one_problem_and_one_command() -> None:
    head, rest = SHORT[FAQ].split("  - id: partenaires\n")
    texts = SHORT | {FAQ: head + rest[rest.index("  - id: accompagnement") :]}
    (told,) = errors(texts)
    places = ("faq.yaml, ligne", "formulations.yaml, lignes", "questions.yaml, lignes")
    assert all(word in told for word in (*places, "supprimez ce bloc", "remove partenaires"))
    assert errors(texts | without_entry(texts, "partenaires")) == []


def test_control_questions_alone_are_a_warning() -> None:
    texts = SHORT | without_entry(SHORT, "partenaires") | {QUESTIONS: SHORT[QUESTIONS]}
    contents = {file: text.encode() for file, text in texts.items()}
    files = read_files(SHIPPED, fictitious=False, questions=True, replacing=contents)
    (gone,) = [each for each in files.problems if each.code == "gone_expected"]
    assert gone.severity is Severity.WARNING
    assert "3 questions de contrôle" in gone.message


def test_a_new_id_is_told_with_the_one_that_it_was() -> None:
    texts = SHORT | {FAQ: SHORT[FAQ].replace("- id: partenaires\n", "- id: partenaire\n")}
    (told,) = errors(texts)
    assert "son nouveau nom est-il « partenaire »" in told
    assert "remettez « partenaires » ici" in told


def test_texts_that_name_what_goes_are_told() -> None:
    assert "partenaires" in named_in_texts(SHORT, "talents")
    assert named_in_texts(SHORT, "nulle-part") == ()


def test_what_cannot_be_done_is_refused_in_french() -> None:
    with pytest.raises(EditError, match="aucun fichier ne parle"):
        without_entry(SHORT, "inconnu")
    only = KEPT[: KEPT.index("\n  - {id")] + "\n"
    with pytest.raises(EditError, match="la seule réponse"):
        without_entry({FAQ: only}, "partage")
    with pytest.raises(EditError, match="déjà en service"):
        shown(SHORT, FAQ, "talents")
    with pytest.raises(EditError, match="aucune réponse et aucun projet"):
        hidden(SHORT, PROJECTS, "talents")
    assert file_of(SHORT, "inconnu") is None
