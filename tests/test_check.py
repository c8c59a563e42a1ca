"""What the checks find beyond the shape of the files, and files made to do harm."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml
from dialogue import inside, tune
from hypothesis import given
from hypothesis import strategies as st
from knowledge_fixtures import ACTS, PROJECTS
from rapidfuzz import fuzz
from small_library import small_folder

import knowledge
from handlers.core.paging import TEXT_ITEMS, ListPage
from handlers.messages import Catalogue
from handlers.questions.answer import ReadOn, Vote
from knowledge.curation.check import check, check_whole
from knowledge.files import near_duplicates, yaml_reader
from knowledge.files.duplicate_phrasings import ASKED, Phrasing
from knowledge.files.problems import Place, Problem, Severity
from knowledge.files.rules import LONGEST_ANSWER, LONGEST_CARD, LONGEST_LISTING
from knowledge.files.telegram_html import length
from knowledge.files.yaml_reader import LARGEST_BYTES, parse, read
from knowledge.loading import Compiling, Parsed, read_files
from knowledge.model import Entry, Project, Stage
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.model_store import ModelStore
from knowledge.text.length import units
from knowledge.text.normalise import normalise

SHIPPED = Path(knowledge.__file__).parent
TODAY = date(2026, 11, 23)
FAQ = """\
entrees:
  - id: financement
    question: "Comment financer ?"
    titre: "Le financement"
    reponse: "Pas directement."
    variantes: ["ya des sous pour les petits ateliers"]
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
QUESTIONS = """\
questions:
  - question: "comment se financer"
    attendu: [financement]
  - question: "DES BRAS !"
    attendu: [talents]
  - question: "et la piscine ?"
    attendu: [talent]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder without a fault."""
    return folder_of(tmp_path)


def folder_of(folder: Path, faq: str = FAQ, **others: str) -> Path:
    """Write a folder; other files by their names without an ending."""
    texts = {"faq": faq, "projets": PROJECTS, "actes": ACTS, **others}
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return folder


def told(problems: tuple[Problem, ...]) -> list[tuple[str, int, str]]:
    """Return where and what, in the order told."""
    return [(one.file, one.line, one.code) for one in problems]


def codes(folder: Path) -> list[str]:
    """Return what is wrong with the files of a folder."""
    return [one.code for one in check(folder, today=TODAY)]


def only(problems: tuple[Problem, ...], code: str) -> Problem:
    """Return the one problem of a code."""
    (found,) = [one for one in problems if one.code == code]
    return found


def test_nearly_the_same_phrasing_in_two_entries_is_a_warning(tmp_path: Path) -> None:
    faq = FAQ.replace('["des bras"]', '["ya des sous pour les petit atelier"]')
    (found,) = check(folder_of(tmp_path, faq), today=TODAY)
    assert (found.code, found.line, found.entry) == ("near_phrasing", 13, "talents")
    assert found.severity is Severity.WARNING
    assert "« financement » (faq.yaml, ligne 6)" in found.message


def test_phrasings_alike_in_one_entry_or_in_small_talk_are_none_of_the_checks_business(
    tmp_path: Path,
) -> None:
    faq = FAQ.replace('["des bras"]', '["des bras", "de bras", "bonjours"]')
    assert codes(folder_of(tmp_path, faq)) == []


@given(texts=st.lists(st.text(alphabet="abc ", min_size=4, max_size=30), min_size=2, max_size=12))
def test_blocks_of_lengths_miss_no_pair_that_is_alike(texts: list[str]) -> None:
    written = [Phrasing(ASKED, str(i), Place("f", i + 1), text) for i, text in enumerate(texts)]
    listed = sorted(inside(near_duplicates, "first_of_each")(written), key=lambda one: len(one[0]))
    quick = {
        frozenset((one.place.line, two.place.line))
        for one, two in inside(near_duplicates, "pairs")(listed, 2)
    }
    plain = {
        frozenset((one.place.line, two.place.line))
        for said, one in listed
        for other, two in listed
        if one is not two and fuzz.ratio(said, other) >= 90
    }
    assert quick == plain
    assert all(normalise(said) == said for said, _ in listed)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Voyez la CCI.", ["CCI"]),
        ("Voyez la CCI, et PIICTO, et encore la CCI.", ["CCI", "PIICTO"]),
        ("La chambre de commerce et d'industrie (CCI) aide. La CCI est là.", []),
        ("ZIBaC (zone industrielle bas carbone) est un projet.", []),
        ("La ZIBaC est un projet.", ["ZIBaC"]),
        ("Une PME paie la TVA sur STMicroelectronics, I et II.", ["PME", "II"]),
        ("La plateforme (CCI) aide.", ["CCI"]),
        ("IMPORTANT", []),
        ("<b>CC</b>I", ["CCI"]),
    ],
)
def test_an_acronym_that_is_written_out_nowhere_is_told_once(
    tmp_path: Path, answer: str, expected: list[str]
) -> None:
    folder = folder_of(tmp_path, FAQ.replace("Pas directement.", answer))
    found = check(folder, today=TODAY)
    assert [one.code for one in found] == ["acronym"] * len(expected)
    assert all(f"« {sign} »" in " ".join(one.message for one in found) for sign in expected)


def test_the_vocabulary_writes_acronyms_out(tmp_path: Path) -> None:
    faq = FAQ.replace("Pas directement.", "Une PME peut aider.")
    lexicon = "abreviations: {pme: petite entreprise}\nidees: {a: [b]}\nlieux: []\n"
    assert codes(folder_of(tmp_path, faq, lexique=lexicon)) == []


def test_a_date_that_comes_within_a_month_is_told_before_it_has_passed(tmp_path: Path) -> None:
    faq = FAQ.replace("    source", "    valable_jusqu_au: 2026-12-23\n    source", 1)
    projects = PROJECTS.replace("    mis_a", "    date_limite: 2026-11-23\n    mis_a")
    found = check(folder_of(tmp_path, faq, projets=projects), today=TODAY)
    assert [one.code for one in found] == ["soon_date", "soon_deadline"]
    assert {one.severity for one in found} == {Severity.WARNING}
    later = check(tmp_path, today=date(2026, 11, 22))
    assert "soon_date" not in [one.code for one in later]


ENGLISH = """\
    en:
      question: "How is it funded?"
      titre: "Funding"
      reponse: "Not directly."
"""


def test_an_answer_of_many_words_is_told_in_each_language(tmp_path: Path) -> None:
    faq = FAQ.replace("Pas directement.", "<b>Pas</b> " + "mot " * 59)
    assert codes(folder_of(tmp_path, faq)) == []
    (found,) = check(folder_of(tmp_path, faq.replace("mot ", "un mot ", 1)), today=TODAY)
    assert (found.code, found.line, found.severity) == ("many_words", 5, Severity.WARNING)
    assert "61 mots" in found.message
    assert "suite" in found.remedy
    english = FAQ + ENGLISH.replace("Not directly.", "word " * 61)
    assert "many_words" in codes(folder_of(tmp_path, english))


def test_the_answer_and_its_rest_fit_in_a_message_together(tmp_path: Path) -> None:
    rest = "    suite: |\n" + "      mot\n" * ((LONGEST_ANSWER - len("Pas directement.")) // 4)
    faq = FAQ.replace("    variantes", rest + "    variantes", 1)
    assert codes(folder_of(tmp_path, faq)) == []
    longer = faq.replace("Pas directement.", "Pas directement, non.")
    assert codes(folder_of(tmp_path, longer)) == ["answer_too_long"]
    marked = FAQ.replace("    variantes", '    suite: "<b>gras"\n    variantes', 1)
    found = only(check(folder_of(tmp_path, marked), today=TODAY), "bad_html")
    assert "rubrique « suite »" in found.where
    translated = FAQ + ENGLISH.replace("Not directly.", "<gras>Not")
    assert only(check(folder_of(tmp_path, translated), today=TODAY), "bad_html").line == 19


def test_what_has_no_english_is_told_on_one_line_where_something_has(tmp_path: Path) -> None:
    assert codes(folder_of(tmp_path)) == []
    found = only(check(folder_of(tmp_path, FAQ + ENGLISH), today=TODAY), "no_english")
    assert found.severity is Severity.WARNING
    assert "financement, bonjour" in found.message
    many = "".join(
        f'  - {{id: e{n}, question: "q{n}", titre: "t{n}", reponse: r, variantes: [],'
        f" source: s, verifie_le: 2026-11-23}}\n"
        for n in range(12)
    )
    found = only(check(folder_of(tmp_path, FAQ + ENGLISH + many), today=TODAY), "no_english")
    assert "et 4 autres" in found.message


def test_a_draft_is_told_with_what_remains_to_be_done(tmp_path: Path) -> None:
    for note, said in (("oui", "à personne."), ("appelez d'abord", "(appelez d'abord)")):
        drafted = FAQ + f'    brouillon: "{note}"\n'
        (found,) = check(folder_of(tmp_path, drafted), today=TODAY)
        assert (found.code, found.entry, found.severity) == ("draft", "talents", Severity.WARNING)
        assert said in found.message
    assert codes(folder_of(tmp_path, FAQ + "    brouillon: non\n")) == []
    all_of_them = FAQ.replace("    source", "    brouillon: oui\n    source")
    assert "all_drafts" in codes(folder_of(tmp_path, all_of_them))


def test_an_answer_that_leads_to_a_project_that_is_not_there_is_told(tmp_path: Path) -> None:
    link = '<a href=\\"https://t.me/bot?start=p_{}\\">le projet</a>'
    right = FAQ.replace("Pas directement.", link.format("partage"))
    assert codes(folder_of(tmp_path, right)) == []
    wrong = FAQ.replace("Pas directement.", link.format("partages"))
    found = only(check(folder_of(tmp_path, wrong), today=TODAY), "unknown_project")
    assert found.severity is Severity.ERROR
    assert "vouliez-vous écrire « partage »" in found.message
    # Where the link stands is no part of the id.
    assert (
        codes(folder_of(tmp_path, FAQ.replace("Pas directement.", link.format("partage_a")))) == []
    )


def test_an_answer_that_leads_to_an_answer_that_is_not_there_is_told(tmp_path: Path) -> None:
    link = '<a href=\\"https://t.me/bot?start=q_{}\\">la réponse</a>'
    known = yaml.safe_load(FAQ)["entrees"][0]["id"]
    assert (
        codes(folder_of(tmp_path, FAQ.replace("Pas directement.", link.format(f"{known}_w")))) == []
    )
    wrong = FAQ.replace("Pas directement.", link.format(f"{known}s"))
    found = only(check(folder_of(tmp_path, wrong), today=TODAY), "unknown_answer")
    assert f"vouliez-vous écrire « {known} »" in found.message


def test_questions_of_control_are_checked_and_keep_nothing_from_use(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, questions=QUESTIONS)
    found = check(folder, today=TODAY)
    assert told(found) == [
        ("questions.yaml", 4, "idle_question"),
        ("questions.yaml", 7, "unknown_expected"),
    ]
    assert {one.severity for one in found} == {Severity.WARNING}
    (folder / "questions.yaml").write_text("questions: 1\n", "utf-8")
    assert codes(folder) == ["list_wanted"]
    assert read_files(folder, fictitious=False).problems == ()


def test_the_shipped_files_hold_forty_questions_and_name_their_schema() -> None:
    document, problems = parse((SHIPPED / "questions.yaml").read_bytes(), "questions.yaml")
    assert document is not None
    assert problems == ()
    listed = document.data["questions"]
    assert len(listed) >= 40
    assert sum(not one["attendu"] for one in listed) >= 10
    first, *_ = (SHIPPED / "questions.yaml").read_text("utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=files/schema/questions.schema.json"


def test_a_misplaced_phrasing_is_told_with_who_takes_it_even_beside_errors(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "k")
    (folder / "questions.yaml").unlink()
    faq = (folder / "faq.yaml").read_text("utf-8")
    share = '      - "mutualiser ou partager une machine"\n'
    faq = faq.replace('      - "recruter un soudeur"\n', share)
    # One that stands under two entries is an error, and is not told a second time.
    faq = faq.replace('"à quoi sert ce programme"', '"Embaucher des apprentis !"')
    (folder / "faq.yaml").write_text(faq.replace("Oui, entre", "Oui, <b>entre"), "utf-8")
    compiling = Compiling()
    quick = check_whole(folder, today=TODAY, compiling=compiling)
    assert [one.code for one in quick.problems] == ["bad_html", "duplicate_phrasing"]
    assert quick.knowledge is None
    found = check_whole(folder, today=TODAY, compiling=compiling, despite_errors=True).problems
    taken = next(one for one in found if "mutualiser ou" in one.message)
    assert (taken.code, taken.entry, taken.severity) == (
        "taken_phrasing",
        "talents",
        Severity.WARNING,
    )
    assert "ressemble davantage à « mutualisation »" in taken.message
    told_twice = [one.code for one in found if "mbaucher des apprentis" in one.message]
    assert told_twice == ["duplicate_phrasing"]
    assert (folder / "faq.yaml").read_text("utf-8").splitlines()[taken.line - 1] == share.rstrip()


def test_no_phrasing_is_encoded_twice(tmp_path: Path) -> None:
    encoded: Counter[str] = Counter()

    class Noted:
        name = "noted"

        def encode(self, texts: Sequence[str]) -> Vectors:
            encoded.update(texts)
            return np.ones((len(texts), 1), dtype=np.float32)

    compiling = Compiling(Noted(), store=ModelStore(tmp_path / "models"))
    checked = check_whole(folder_of(tmp_path), today=TODAY, compiling=compiling)
    assert checked.knowledge is not None
    assert {"des bras", "bonjour"} <= set(encoded)
    assert set(encoded.values()) == {1}


def test_a_question_that_the_matcher_gets_wrong_is_told_with_what_it_says(tmp_path: Path) -> None:
    questions = (
        'questions:\n  - question: "les sous pour les petits ateliers"\n    attendu: [talents]\n'
        '  - question: "avez vous des sous pour des petits ateliers"\n    attendu: []\n'
    )
    folder = folder_of(tmp_path, questions=questions)
    checked = check_whole(folder, today=TODAY, compiling=Compiling())
    assert checked.knowledge is not None
    wrong = [one for one in checked.problems if one.code == "wrong_question"]
    assert wrong
    assert {one.severity for one in wrong} == {Severity.WARNING}
    assert "il faut « talents », et le bot donne" in wrong[0].message


def test_lengths_count_what_telegram_counts(tmp_path: Path) -> None:
    assert units("é😀") == 3
    faq = FAQ.replace("Les talents", "a" + "😀" * 21)
    found = only(check(folder_of(tmp_path, faq), today=TODAY), "too_long")
    assert "compte 43 signes, et la place est de 40" in found.message


def test_a_project_that_does_not_fit_on_its_card_or_on_a_page_is_told(tmp_path: Path) -> None:
    many = ", ".join(f'"{"v" * 55} {number}"' for number in range(12))
    folder = folder_of(tmp_path, projets=PROJECTS.replace("[Istres]", f"[{many}]"))
    assert codes(folder) == ["listing_too_long"]
    long = PROJECTS.replace("Partager.", "r" * 1200).replace("Des machines.", "c" * 600)
    assert codes(folder_of(tmp_path, projets=long)) == []


def project(**values: object) -> Project:
    """Return a project as long as the files may make it."""
    raw: dict[str, object] = {
        "id": "p" * 32,
        "title": "T" * 60,
        "summary": "r" * 1200,
        "seeks": "s" * 600,
        "lead": "l" * 120,
        "territories": ("t" * 60,),
        "sectors": ("s" * 60,),
        "stage": Stage.SETUP,
        "deadline": date(2026, 9, 23),
        "updated_on": date(2026, 9, 23),
        "withdrawn_on": date(2026, 9, 23),
        "keywords": (),
        "fictitious": True,
    }
    return Project(**(raw | values))  # type: ignore[arg-type]  # a table of values


def test_what_the_bot_adds_to_the_longest_texts_still_fits_in_a_message() -> None:
    entry = Entry(
        "i" * 32,
        "q" * 300,
        "t" * 40,
        "A" * LONGEST_ANSWER,
        (),
        (),
        None,
        "😀" * 100,
        date(2026, 9, 23),
        date(2026, 9, 23),
    )
    text = Catalogue.of("questions")
    for vote in ("ask", "yes", "no"):
        shown = text(
            "answer",
            entry=entry,
            said=entry.said_in("fr"),
            rest="",
            named=("€" * 40,) * 5,
            projects=3,
            expired=True,
            vote=vote,
        )
        assert length(shown) <= 4096


def test_the_longest_card_and_the_longest_page_fit_in_a_message() -> None:
    class Interest:
        number = "TI-2026-0042"

    text = Catalogue.of("projects")
    room = LONGEST_CARD - (60 + 1200 + 600 + 120)
    longest = project(territories=("t" * room,), sectors=("",))
    link = f"https://t.me/{'b' * 32}?start=p_{'p' * 32}"
    closed = text.label("withdrawn", project=longest)
    card = text("card", project=longest, closed=closed, link=link, interest=Interest())
    assert length(card) <= 4096
    listed = [project(territories=("t" * (LONGEST_LISTING - 120),))] * 5000
    page = text(
        "page",
        page=ListPage.of(listed, 999, TEXT_ITEMS),
        filters=["t" * 60, "s" * 60, text.label("seeking_lead")],
        words="w" * 30,
        searched=9,
        complete=4000,
    )
    assert length(page) <= 4096


def test_the_longest_id_fits_in_a_button_with_the_longest_number() -> None:
    number, entry = 2**63 - 1, "i" * 32
    for tapped in (Vote(number, entry, helpful=True, whole=True), ReadOn(number, entry)):
        assert len(tapped.pack().encode()) <= 64


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: &a [x, x]\nb: *a\n", "reserved_sign"),
        ("entrees: !!python/object/apply:os.system ['echo']\n", "reserved_sign"),
        ("entrees: !<tag:yaml.org,2002:python/name:os.system> x\n", "reserved_sign"),
        ("entrees: " + "[" * 100_000, "too_deep"),
        ("entrees:\n" + "".join(" " * n + "a:\n" for n in range(1, 30)), "too_deep"),
        ("%TAG !a! tag:x,1:\n" * 200_000 + "--- a\n", "syntax"),
        ("entrees:\n" + "- \n" * 40_100, "too_many_values"),
        ("entrees: [" + "a," * 40_100 + "a]\n", "too_many_values"),
        ("x" * (LARGEST_BYTES + 1), "too_large"),
        ("entrees: [a]\nentrees: [b]\n", "duplicate_list"),
        ("entrees: [a]\x00\n", "hidden_character"),
        ("{[a]: b}\n", "syntax"),
        ("--- a\n--- b\n", "syntax"),
    ],
)  # fmt: skip
def test_files_made_to_do_harm_are_refused(
    content: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tenth of the values that a file may have: to read all of them takes seconds.
    tune(monkeypatch, yaml_reader, MOST_EVENTS=inside(yaml_reader, "MOST_EVENTS") // 10)
    _, problems = parse(content.encode(), "faq.yaml")
    assert {one.code for one in problems} == {expected}
    assert len(problems) <= 2


def test_a_file_of_nothing_but_faults_is_told_within_bounds(tmp_path: Path) -> None:
    entry = "  - {id: A!, voir_aussi: [%s], variantes: [a, a, '?'], faux: 1}\n"
    related = ", ".join(f"inconnu-{number}" for number in range(40))
    faq = "entrees:\n" + "".join(entry % related for _ in range(400))
    found = check(folder_of(tmp_path, faq), today=TODAY)
    assert "too_many_problems" in {one.code for one in found}
    assert len(found) < 1_000


def test_a_syntax_fault_in_one_file_hides_nothing_of_the_others(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        FAQ.replace("Des partenariats.", "<b>Des bras"),
        projets="projets: [\n",
        questions=QUESTIONS,
    )
    found = check(folder, today=TODAY)
    assert {one.code for one in found} >= {"open_bracket", "bad_html", "idle_question"}


def test_a_problem_names_its_entry_for_programs(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FAQ.replace("Des partenariats.", "<b>Des bras"))
    assert only(check(folder, today=TODAY), "bad_html").entry == "talents"


def test_two_readings_of_one_moment_parse_each_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, parsed = list[str](), dict[str, Parsed]()

    def counted(path: Path, name: str) -> Parsed:
        names.append(name)
        return read(path, name)

    monkeypatch.setattr("knowledge.loading.read", counted)
    folder = folder_of(tmp_path)
    whole = check_whole(folder, today=TODAY, compiling=Compiling(), parsed=parsed)
    both = check(folder, today=TODAY, parsed=parsed)
    assert len(names) == len(set(names)) == len(parsed) >= 3
    assert both == check(folder, today=TODAY)
    assert whole.problems == check_whole(folder, today=TODAY, compiling=Compiling()).problems
