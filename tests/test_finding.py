"""How often each entry is found, what stands in its way, and which questions resemble it."""

import json
from datetime import date
from pathlib import Path

import pytest
from knowledge_fixtures import ACTS, PROJECTS
from yaml_files import data_of

import knowledge
from knowledge.curation.check import check_whole
from knowledge.curation.confusable_phrasings import JUDGED_FROM
from knowledge.curation.finding import (
    SHOWN_BY_PHRASINGS,
    Finding,
    newcomers_of,
    shown_with,
)
from knowledge.curation.resembling import resembling
from knowledge.curation.versions import Candidate, examine
from knowledge.files.problems import Severity
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling

SHIPPED = Path(knowledge.__file__).parent
TODAY = date(2026, 11, 24)
ENTRY = """\
  - id: {id}
    question: "{question}"
    titre: "{title}"
    reponse: "Écrivez-nous, nous vous répondrons."
    variantes: [{phrasings}]
    source: "Table ronde"
    verifie_le: 2026-11-01
"""
# Each phrasing says the same with one other word: left out, it is found by the others.
THINGS = ("tour", "four", "banc", "pont", "laser", "robot", "moule", "quai", "camion", "fraiseuse")
SHARED = [f"partager {a} {thing} avec un voisin" for thing in THINGS for a in ("un", "notre", "ce")]
OTHER_THINGS = [
    "toit",
    "wagon",
    "pelle",
    "grue",
    "cuve",
    "forge",
    "étau",
    "presse",
    "benne",
    "treuil",
    "câble",
    "tuyau",
    "pompe",
    "vanne",
    "vitre",
    "porte",
    "mur",
    "sol",
    "plan",
    "vis",
    "écrou",
    "carton",
    "palette",
    "clé",
    "gant",
    "casque",
    "lampe",
    "cadre",
    "chaîne",
    "roue",
]
VERBS = [
    "acheter",
    "vendre",
    "réparer",
    "assurer",
    "nettoyer",
    "déplacer",
    "peindre",
    "livrer",
    "filmer",
    "vider",
    "graver",
    "souder",
    "chauffer",
    "tester",
    "ranger",
    "laver",
    "percer",
    "démonter",
    "importer",
    "exporter",
    "garer",
    "louer",
    "dessiner",
    "couper",
    "sécher",
    "plier",
    "signaler",
    "mesurer",
    "emballer",
    "brancher",
]
STAGE = ["accueillir un stagiaire", "prendre un élève en stage", "une convention de stage"]


def entry(id_: str, question: str, title: str, phrasings: list[str]) -> str:
    listed = ", ".join(f'"{each}"' for each in phrasings)
    return ENTRY.format(id=id_, question=question, title=title, phrasings=listed)


SHARE = entry("partage", "Peut-on partager une machine ?", "Partager une machine", SHARED)
FEW = entry("stage", "Comment accueillir un stagiaire ?", "Accueillir un stagiaire", STAGE)


def voice(*outside: str, entry_id: str = "partage", says: str = "emprunter un palan") -> str:
    listed = ", ".join(f'"{each}"' for each in outside)
    return (
        f'voix:\n  - nom: "soudeur"\n    formulations:\n      {entry_id}: ["{says}"]\n'
        f"    hors_sujet: [{listed}]\n"
    )


def folder_of(tmp_path: Path, faq: str, voices: str = "") -> Path:
    folder = tmp_path / "k"
    folder.mkdir()
    contents = {"faq": f"entrees:\n{faq}", "projets": PROJECTS, "actes": ACTS}
    for name, content in contents.items():
        (folder / f"{name}.yaml").write_text(content, "utf-8")
    if voices:
        (folder / "formulations.yaml").write_text(voices, "utf-8")
    return folder


def found_in(folder: Path) -> dict[str, Finding]:
    checked = check_whole(folder, today=TODAY, compiling=Compiling())
    assert checked.knowledge is not None, checked.problems
    tenths = [each.tenths for each in checked.findings]
    assert tenths == sorted(tenths)
    return {each.id: each for each in checked.findings}


def knowledge_in(folder: Path) -> Knowledge:
    knowledge = check_whole(folder, today=TODAY, compiling=Compiling()).knowledge
    assert knowledge is not None
    return knowledge


def test_the_measured_curve_rises_and_never_promises_all() -> None:
    shown = [shown_with(count) for count in range(JUDGED_FROM)]
    assert shown == sorted(shown)
    assert {shown[least] for least, _ in SHOWN_BY_PHRASINGS} == {6, 7, 8}
    assert (shown[4], shown[5], shown[7], shown[8]) == (6, 7, 7, 8)


@pytest.mark.parametrize("voices", ["", voice("la météo de demain", "acheter un vélo")])
def test_many_phrasings_are_judged_by_themselves_and_few_by_the_curve(
    tmp_path: Path, voices: str
) -> None:
    found = found_in(folder_of(tmp_path, SHARE + FEW, voices))
    many, few = found["partage"], found["stage"]
    assert (many.is_new, many.is_weak, many.tenths) == (False, False, 9)
    assert many.phrasings == len(SHARED) + (1 if voices else 0)
    assert (few.is_new, few.is_weak, few.tenths, few.phrasings) == (True, True, 6, 3)
    assert few.more == (8, 8)
    assert few.outside == ()


def test_an_example_out_of_scope_that_says_the_same_is_quoted(tmp_path: Path) -> None:
    hindering = "mon fils veut prendre un élève en stage"
    outside = ["la météo de demain", "acheter un vélo", "le match de foot", hindering]
    few = found_in(folder_of(tmp_path, SHARE + FEW, voice(*outside)))["stage"]
    (example,) = few.outside
    assert (example.text, example.id) == (hindering, "stage")
    assert few.tenths < shown_with(few.phrasings)
    assert few.neighbour is None


def test_shipped_examples_that_a_new_answer_answers_are_named_with_their_lines(
    tmp_path: Path,
) -> None:
    shipped = data_of((SHIPPED / "formulations.yaml").read_text("utf-8"))["voix"]
    outside = [text for one in shipped[::6] for text in one.get("hors_sujet", ())]
    asking = [text for text in outside if "stage de troisieme" in text or "3e" in text]
    assert 0 < len(asking) < len(outside) / 50
    listed = "".join(f"\n      - {json.dumps(text, ensure_ascii=False)}" for text in outside)
    voices = voice().replace("hors_sujet: []", f"hors_sujet:{listed}")
    new = entry(
        "troisieme",
        "Comment accueillir un élève de troisième en stage ?",
        "Le stage de troisième",
        ["prendre un stage de troisième", "quelle convention pour un stage de troisième"],
    )
    folder = folder_of(tmp_path, SHARE + new, voices)
    checked = check_whole(folder, today=TODAY, compiling=Compiling())
    aged = [each for each in checked.problems if each.code == "aged_example"]
    lines = (folder / "formulations.yaml").read_text("utf-8").splitlines()
    assert aged
    for each in aged:
        named = next(
            text for text in outside if json.dumps(text, ensure_ascii=False) in lines[each.line - 1]
        )
        assert (each.file, each.severity) == ("formulations.yaml", Severity.WARNING)
        assert named in asking
        assert named in each.message
        assert "« troisieme »" in each.message
        assert "supprimez cette ligne, ou mettez-la sous troisieme" in each.remedy
    (few,) = (each for each in checked.findings if each.is_new)
    assert {each.place.line for each in few.outside} == {each.line for each in aged}
    # The same files without the new answer: the others have no such example.
    (folder / "faq.yaml").write_text(f"entrees:\n{SHARE}", "utf-8")
    before = check_whole(folder, today=TODAY, compiling=Compiling())
    assert not [each for each in before.problems if each.code == "aged_example"]


def test_the_neighbour_that_takes_a_phrasing_is_told_with_its_own_words(tmp_path: Path) -> None:
    misplaced = entry(
        "stage",
        "Comment accueillir un stagiaire ?",
        "Accueillir un stagiaire",
        [*STAGE[:2], "partager mon tour avec un voisin"],
    )
    few = found_in(folder_of(tmp_path, SHARE + misplaced))["stage"]
    neighbour = few.neighbour
    assert neighbour is not None
    assert (neighbour.owner, neighbour.title) == ("partage", "Partager une machine")
    assert neighbour.phrasing == "partager mon tour avec un voisin"
    assert (neighbour.text in SHARED, neighbour.takes) == (True, True)
    assert few.tenths == 5


def test_where_all_answers_are_new_what_is_still_a_choice_counts(tmp_path: Path) -> None:
    # All speak of the same things: left out, most phrasings are as near to others' as to their own.
    others = [
        entry(f"x{n}", f"Puis-je {verb} ?", verb, [f"{verb} {one}" for one in THINGS[:8]])
        for n, verb in enumerate(VERBS)
    ]
    scattered = [" ".join(VERBS[n : n + 4]) for n in range(0, 32, 4)]
    mixed = entry("stage", "Comment accueillir un stagiaire ?", "Accueillir", scattered)
    found = found_in(folder_of(tmp_path, mixed + "".join(others)))
    assert all(each.is_new for each in found.values())
    stage = found.pop("stage")
    assert {each.tenths for each in found.values()} == {shown_with(8)}
    assert stage.tenths < shown_with(8)
    assert stage.neighbour is not None


def test_an_entry_with_many_phrasings_of_something_else_is_found_less(tmp_path: Path) -> None:
    # Each is said as another neighbour's are, and like none of its own.
    neighbours = [
        entry(f"x{n}", f"Puis-je {verb} ?", verb, [f"{verb} {thing}" for thing in THINGS])
        for n, verb in enumerate(VERBS)
    ]
    scattered = [f"{verb} {thing}" for verb, thing in zip(VERBS, OTHER_THINGS, strict=True)]
    mixed = entry("stage", "Comment accueillir un stagiaire ?", "Accueillir", scattered)
    found = found_in(folder_of(tmp_path, SHARE + mixed + "".join(neighbours)))
    stage = found["stage"]
    assert (stage.is_new, stage.is_weak, stage.more) == (False, True, None)
    assert 1 <= stage.tenths < found["partage"].tenths
    assert stage.neighbour is not None
    assert stage.neighbour.phrasing.split()[0] == stage.neighbour.title


def test_an_entry_of_its_own_words_alone_is_never_surely_lost(tmp_path: Path) -> None:
    alone = entry("stage", "Comment accueillir un stagiaire ?", "Accueil", STAGE[:1])
    found = found_in(folder_of(tmp_path, alone))
    assert found["stage"].tenths >= 1


def test_files_with_errors_are_not_judged(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, SHARE + FEW.replace("titre:", "tire:"))
    checked = check_whole(folder, today=TODAY, compiling=Compiling(), despite_errors=True)
    assert (checked.knowledge, checked.findings) == (None, ())


def test_newcomers_are_told_with_their_phrasings(tmp_path: Path) -> None:
    knowledge = knowledge_in(folder_of(tmp_path, SHARE + FEW))
    assert newcomers_of(knowledge) == {"stage": 3}


def test_questions_that_resemble_an_entry_come_the_most_alike_first(tmp_path: Path) -> None:
    knowledge = knowledge_in(folder_of(tmp_path, SHARE + FEW, voice("la météo", "un vélo")))
    asked = ["quel temps demain", "un élève chez nous en stage", "", "prendre un élève en stage ?"]
    found = resembling(knowledge, {"stage"}, asked)
    assert [asked[each.place] for each in found] == [asked[3], asked[1]]
    assert {each.id for each in found} == {"stage"}
    assert resembling(knowledge, (), asked) == ()


def changed(folder: Path, before: str, after: str) -> Candidate:
    content = (folder / "faq.yaml").read_text("utf-8").replace(before, after).encode()
    return examine(
        folder,
        {"faq.yaml": content},
        knowledge_in(folder),
        compiling=Compiling(),
        fictitious=False,
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("prendre un élève en stage", "prendre un apprenti", ["stage"]),
        ("Comment accueillir", "Comment recevoir", ["stage"]),
        ("verifie_le: 2026-11-01", "verifie_le: 2026-11-02", []),
        (FEW, "", []),
        (FEW, FEW + FEW.replace("stag", "chass"), ["chasse"]),
    ],
)
def test_a_change_is_judged_for_what_entries_are_found_by(
    tmp_path: Path, before: str, after: str, told: list[str]
) -> None:
    folder = folder_of(tmp_path, SHARE + FEW)
    assert [each.id for each in changed(folder, before, after).findings] == told
