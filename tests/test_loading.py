"""Loading and checking the files: what is right loads, what is wrong is told with its line."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from knowledge_fixtures import ACTS, PROJECTS

import knowledge
from knowledge.curation.check import check
from knowledge.files.problems import KnowledgeError, Severity
from knowledge.files.rules import LONGEST_ANSWER
from knowledge.files.yaml_reader import LARGEST_BYTES
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling, load, material_of
from knowledge.matcher.matcher import Outcome
from knowledge.model import Wording
from knowledge.ranking.model_store import ModelStore

SHIPPED = Path(knowledge.__file__).parent
TODAY = date(2026, 11, 23)
IDS = [
    "presentation",
    "intervenants",
    "territoire",
    "implication-pme",
    "trouver-rejoindre-projets",
    "partenaires",
    "accompagnement",
    "fonctionnement-projet",
    "recrutement-projets",
    "mutualisation",
    "talents",
    "filieres",
    "financement",
    "coordination",
]
REFERRALS = [
    "aides-publiques",
    "recruter-former",
    "entreprise-en-difficulte",
    "creer-reprendre",
    "autorisations-terrain",
    "transition-ecologique",
    "conseil-entreprise",
    "chambre-cci",
    "pilote-local",
]

FAQ = """\
entrees:
  - id: financement
    question: "Comment financer ?"
    titre: "Le financement"
    reponse: |
      Les financements <b>ne sont pas directs</b>.
    variantes:
      - "ya des sous ?"
    voir_aussi: [talents]
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder without a fault."""
    (tmp_path / "faq.yaml").write_text(FAQ, "utf-8")
    (tmp_path / "projets.yaml").write_text(PROJECTS, "utf-8")
    (tmp_path / "actes.yaml").write_text(ACTS, "utf-8")
    return tmp_path


def spoil(folder: Path, old: str, new: str, file: str = "faq.yaml") -> None:
    """Put a fault in a file."""
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def test_the_shipped_files_have_no_problem_but_an_answer_that_waits() -> None:
    assert [(each.code, each.entry) for each in check(SHIPPED, today=TODAY)] == [("draft", "apesa")]


@pytest.mark.usefixtures("shipped")
def test_the_shipped_knowledge_is_what_was_asked_for(models: ModelStore) -> None:
    shipped = load(SHIPPED, compiling=Compiling(store=models))
    assert [entry.id for entry in shipped.entries] == [*IDS, *REFERRALS]
    assert {entry.id for entry in shipped.entries if entry.service} == {*REFERRALS}
    assert all(len(entry.phrasings) >= 8 for entry in shipped.entries if not entry.service)
    # The round table says of none who leads it, what it seeks, or for which sectors it is.
    for project in shipped.projects:
        assert not project.fictitious
        assert (project.lead, project.seeks_lead, project.seeks, project.sectors) == (
            None,
            False,
            "",
            (),
        )


def test_the_fictitious_projects_are_marked_and_kept_apart(
    shipped: Knowledge, models: ModelStore
) -> None:
    real = load(SHIPPED, compiling=Compiling(store=models))
    added = set(shipped.projects) - set(real.projects)
    assert len(added) >= 12
    assert all(project.fictitious and "fictif" in project.title for project in added)


def test_a_right_folder_loads(folder: Path) -> None:
    loaded = load(folder)
    assert [entry.id for entry in loaded.entries] == ["financement", "talents"]
    entry = loaded.entry("financement")
    assert entry is not None
    assert entry.answer == "Les financements <b>ne sont pas directs</b>."
    assert loaded.entry("inconnu") is None
    assert loaded.project("partage") is not None


def test_the_rest_the_service_and_the_english_of_an_entry_load(folder: Path) -> None:
    english = "    en: {question: Funding?, titre: Funding, reponse: Not directly., suite: More.}"
    spoil(
        folder,
        "    voir_aussi",
        f"    suite: La suite.\n    service: Un autre\n{english}\n    voir_aussi",
    )
    entry, other = load(folder).entries
    assert (entry.rest, entry.service) == ("La suite.", "Un autre")
    assert entry.said_in("en") == Wording("Funding?", "Funding", "Not directly.", "More.")
    assert entry.said_in("fr").title == entry.title
    assert (other.rest, other.service, other.en) == ("", None, None)


def test_a_draft_answers_nobody_and_keeps_its_voices_unread(folder: Path) -> None:
    voices = (
        "voix:\n  - {nom: une, formulations: {financement: [des ronds]}, hors_sujet: [la mer]}\n"
    )
    (folder / "formulations.yaml").write_text(voices, "utf-8")
    spoil(folder, "    voir_aussi", "    brouillon: oui\n    voir_aussi")
    loaded = load(folder)
    assert [entry.id for entry in loaded.entries] == ["talents"]
    learnt = {each.entry for each in material_of(folder).examples}
    assert {"talents", None} <= learnt
    assert "financement" not in learnt
    assert loaded.matcher.match("des ronds").outcome is Outcome.NONE
    spoil(folder, "brouillon: oui", "brouillon: non")
    assert load(folder).matcher.match("des ronds").shown == ("financement",)


def test_the_version_follows_the_content(folder: Path) -> None:
    before = load(folder).version
    assert load(folder).version == before
    spoil(folder, "des bras", "des mains")
    assert load(folder).version != before


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "line"),
    [
        ("faq.yaml", '    titre: "Le fin', '    titree: "Le fin', "unknown_key", 4),
        ("faq.yaml", '    source: "Table ronde"\n', "", "required", 2),
        ("faq.yaml", "id: talents", "id: financement", "duplicate_id", 12),
        ("faq.yaml", "id: talents", "id: Talents !", "pattern", 12),
        ("faq.yaml", "[talents]", "[talent]", "unknown_related", 9),
        ("faq.yaml", "[talents]", "[financement]", "own_related", 9),
        ("faq.yaml", "[talents]", "[" + "talents, " * 41 + "]", "too_many_related", 9),
        ("faq.yaml", "des bras", "Ya des SOUS !", "duplicate_phrasing", 16),
        ("faq.yaml", "des bras", "?!", "blank_phrasing", 16),
        ("faq.yaml", "2026-11-23\n  -", "le 23\n  -", "date", 11),
        ("faq.yaml", "<b>ne", "<gras>ne", "bad_html", 6),
        ("faq.yaml", "directs</b>", "directs", "bad_html", 6),
        ("faq.yaml", "Des partenariats.", "1 < 2", "bad_html", 15),
        ("faq.yaml", "Des partenariats.", "x" * (LONGEST_ANSWER + 1), "answer_too_long", 15),
        ("faq.yaml", "Le financement", "x" * 41, "too_long", 4),
        ("faq.yaml", "Des partenariats.", "", "blank", 15),
        ("faq.yaml", '["des bras"]', "des bras", "list_wanted", 16),
        ("faq.yaml", "    source:", "    action: danser\n    source:", "enum", 10),
        ("faq.yaml", '    titre: "Les', '    id: deux\n    titre: "Les', "duplicate_key", 14),
        ("faq.yaml", "[talents]", "&a [talents]", "reserved_sign", 9),
        ("faq.yaml", "[talents]", "!!python/name:os [talents]", "reserved_sign", 9),
        ("faq.yaml", "    titre", "\ttitre", "odd_indent", 4),
        ("faq.yaml", "entrees:", "reponses:", "empty", 1),
        ("projets.yaml", "etape: idée", "etape: rêve", "enum", 9),
        ("projets.yaml", "[Istres]", "[]", "too_few", 7),
        ("actes.yaml", "Bonjour.", "Bon <b>jour", "bad_html", 4),
    ],
)
def test_each_fault_is_told_with_its_file_line_and_remedy(
    folder: Path, file: str, old: str, new: str, code: str, line: int
) -> None:
    spoil(folder, old, new, file)
    found = check(folder, today=TODAY)
    assert (file, line, code) in [(one.file, one.line, one.code) for one in found]
    told = next(str(one) for one in found if one.code == code)
    assert f"{file}, ligne {line}" in told
    assert " → " in told
    with pytest.raises(KnowledgeError) as refused:
        load(folder)
    assert refused.value.problems


def test_ten_faults_are_told_at_once(folder: Path) -> None:
    spoil(folder, '    titre: "Le fin', '    titree: "Le fin')
    spoil(folder, "[talents]", "[personne]")
    spoil(folder, "id: talents", "id: Talents")
    spoil(folder, "2026-11-23\n  -", "hier\n  -")
    spoil(folder, "Des partenariats.", "")
    spoil(folder, "etape: idée", "etape: rêve", "projets.yaml")
    spoil(folder, "[Istres]", "[]", "projets.yaml")
    spoil(folder, "id: partage", "id: Partage", "projets.yaml")
    spoil(folder, '    titre: "Partage"\n', "", "projets.yaml")
    spoil(folder, "Bonjour.", "<b>Bonjour", "actes.yaml")
    found = check(folder, today=TODAY)
    codes = [(one.file, one.code) for one in found]
    assert len(codes) >= 10
    assert ("actes.yaml", "bad_html") in codes


def test_a_near_key_is_suggested(folder: Path) -> None:
    spoil(folder, '    titre: "Le fin', '    titree: "Le fin')
    (message,) = [one.message for one in check(folder, today=TODAY) if one.code == "unknown_key"]
    assert "« titre »" in message


def test_dates_and_leads_are_warnings_that_do_not_refuse(folder: Path) -> None:
    spoil(folder, "    verifie_le", "    valable_jusqu_au: 2026-01-31\n    verifie_le")
    spoil(folder, "etape: idée", "etape: en cours", "projets.yaml")
    spoil(folder, "    cherche_un_chef_de_file: oui\n", "", "projets.yaml")
    spoil(folder, "    mis_a", "    date_limite: 2026-01-31\n    mis_a", "projets.yaml")
    found = check(folder, today=TODAY)
    assert {one.code for one in found} == {"passed_date", "no_lead", "passed_deadline"}
    assert {one.severity for one in found} == {Severity.WARNING}
    load(folder)


def test_the_day_of_a_first_publication_is_read(folder: Path) -> None:
    assert {each.published_on for each in load(folder).projects} == {None}
    spoil(folder, "    mis_a", "    publie_le: 2026-11-02\n    mis_a", "projets.yaml")
    assert date(2026, 11, 2) in {each.published_on for each in load(folder).projects}
    assert not check(folder, today=TODAY)


def test_a_missing_unreadable_or_foreign_file_is_told(folder: Path) -> None:
    (folder / "faq.yaml").unlink()
    (folder / "projets.yaml").write_bytes("projets: é".encode("latin-1"))
    (folder / "actes.yaml").write_text("x" * (LARGEST_BYTES + 1), "utf-8")
    codes = {one.code for one in check(folder, today=TODAY)}
    assert codes == {"missing_file", "windows_encoding", "too_large"}


def test_a_repeated_phrasing_is_a_warning(folder: Path) -> None:
    spoil(folder, '["des bras"]', '["des bras", "DES BRAS"]')
    (found,) = check(folder, today=TODAY)
    assert (found.code, found.severity) == ("repeated_phrasing", Severity.WARNING)


def test_each_file_names_the_schema_that_its_editor_completes_it_with() -> None:
    for name, schema in [
        ("faq.yaml", "files/schema/faq.schema.json"),
        ("projets.yaml", "files/schema/projets.schema.json"),
        ("actes.yaml", "files/schema/actes.schema.json"),
        ("questions.yaml", "files/schema/questions.schema.json"),
        ("fictifs/projets.yaml", "../files/schema/projets.schema.json"),
    ]:
        first, *_ = (SHIPPED / name).read_text("utf-8").splitlines()
        assert first == f"# yaml-language-server: $schema={schema}"
        assert ((SHIPPED / name).parent / schema).is_file()


@pytest.mark.parametrize("name", ["faq", "projets", "actes", "questions"])
def test_the_schemas_are_right_and_explain_every_key_in_french(name: str) -> None:
    schema = json.loads((SHIPPED / "files" / "schema" / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    *others, entries = schema["properties"].values()
    assert [each["title"] for each in others] == (["Initiative"] if name == "faq" else [])
    assert entries["items"]["additionalProperties"] is False
    for key, value in entries["items"]["properties"].items():
        assert value["title"], key
        assert value["description"].endswith((".", "…")), key


def test_the_remedies_name_codes_that_the_catalogue_has_words_for(folder: Path) -> None:
    """Codes are written out in the code, so that a search finds both ends."""
    catalogue = yaml.safe_load((SHIPPED / "files" / "problems.yaml").read_text("utf-8"))
    known = {code for code, texts in catalogue.items() if "remede" in texts}
    written = {path.read_text("utf-8") for path in SHIPPED.rglob("*.py")}
    assert {code for code in known if not any(f'"{code}"' in text for text in written)} == set()
    assert check(folder, today=TODAY) == ()


def test_a_folder_with_the_former_file_of_acts_is_told_what_to_do(folder: Path) -> None:
    (folder / "actes.yaml").rename(folder / "politesses.yaml")
    with pytest.raises(KnowledgeError) as raised:
        load(folder)
    (only,) = raised.value.problems
    assert (only.file, only.code) == ("politesses.yaml", "former_acts")
    assert "actes.yaml" in only.remedy
