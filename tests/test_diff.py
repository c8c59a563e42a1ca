"""Two versions of the files, told in words: what came, what went, what changed."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from knowledge_fixtures import ACTS, PROJECTS

import knowledge
from knowledge.curation.diff import Difference, DifferenceKind, differences
from knowledge.files.yaml_reader import Document, parse
from knowledge.loading import read_files

SHIPPED = Path(knowledge.__file__).parent
FAQ = """\
entrees:
  - id: financement
    question: "Comment financer ?"
    titre: "Le financement"
    reponse: "Pas directement."
    variantes: ["ya des sous ?", "fric"]
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
VOICES = """\
voix:
  - nom: "une"
    formulations: {talents: [des gars]}
    hors_sujet: [et la piscine]
"""
LEXICON = "abreviations: {pme: petite entreprise}\nidees: {argent: [sous]}\nlieux: [Aix]\n"
QUESTIONS = "questions:\n  - {question: des sous, attendu: [financement]}\n"


def read(name: str, text: str) -> dict[str, Document]:
    """Return a file as the comparison takes it."""
    document, problems = parse(text.encode(), name)
    assert document is not None
    assert problems == ()
    return {name: document}


def changes(name: str, before: str, after: str) -> list[Difference]:
    """Return what changes between two texts of a file."""
    return list(differences(read(name, before), read(name, after)))


def test_each_text_of_the_english_is_told_apart() -> None:
    english = "    en: {question: Money?, titre: Money, reponse: Not directly.}\n"
    before = FAQ.replace("    voir_aussi", english + "    voir_aussi")
    after = before.replace("Not directly.", "No.")
    (found,) = changes("faq.yaml", before, after)
    assert (found.field, found.before, found.after) == ("en.reponse", "Not directly.", "No.")
    assert {one.field for one in changes("faq.yaml", FAQ, before)} == {
        "en.question",
        "en.titre",
        "en.reponse",
    }


def test_the_same_content_has_no_difference_whatever_its_notes_and_writing() -> None:
    rewritten = "# note\n" + FAQ.replace('"Le financement"', "'Le financement'")
    assert changes("faq.yaml", FAQ, rewritten) == []
    shipped = read_files(SHIPPED, fictitious=True, questions=True).documents
    assert differences(shipped, shipped) == ()


def test_a_changed_answer_is_told_before_and_after() -> None:
    after = FAQ.replace("Pas directement.", "Par la <b>région</b>.")
    assert changes("faq.yaml", FAQ, after) == [
        Difference(
            DifferenceKind.CHANGED,
            "entry",
            "financement",
            "Le financement",
            "Pas directement.",
            "Par la <b>région</b>.",
            "reponse",
        )
    ]


def test_each_changed_field_is_told_and_a_key_that_comes_or_goes() -> None:
    after = FAQ.replace("    voir_aussi: [talents]\n", "    action: contact\n").replace(
        "Le financement", "Les sous"
    )
    told = [(one.field, one.before, one.after) for one in changes("faq.yaml", FAQ, after)]
    assert told == [
        ("titre", "Le financement", "Les sous"),
        ("action", None, "contact"),
        ("voir_aussi", "talents", None),
    ]


def test_phrasings_are_told_one_by_one() -> None:
    after = FAQ.replace('"fric"', '"flouze", "pèze"')
    told = changes("faq.yaml", FAQ, after)
    assert {(one.what, one.id, one.title) for one in told} == {
        ("phrasing", "financement", "Le financement")
    }
    assert [(one.kind, one.before, one.after) for one in told] == [
        (DifferenceKind.ADDED, None, "flouze"),
        (DifferenceKind.ADDED, None, "pèze"),
        (DifferenceKind.REMOVED, "fric", None),
    ]


def test_an_entry_that_comes_or_goes_is_told_with_its_answer_and_phrasings() -> None:
    without = FAQ[: FAQ.index("  - id: talents")]
    removed = changes("faq.yaml", FAQ, without)
    assert [(one.kind, one.what, one.id, one.title, one.before) for one in removed] == [
        (DifferenceKind.REMOVED, "entry", "talents", "Les talents", "Des partenariats."),
        (DifferenceKind.REMOVED, "phrasing", "talents", "Les talents", "des bras"),
    ]
    added = changes("faq.yaml", without, FAQ)
    assert [(one.kind, one.after) for one in added] == [
        (DifferenceKind.ADDED, "Des partenariats."),
        (DifferenceKind.ADDED, "des bras"),
    ]


def test_projects_and_small_talk_are_told_by_what_they_are() -> None:
    lead, sought = changes(
        "projets.yaml",
        PROJECTS,
        PROJECTS.replace("cherche_un_chef_de_file: oui", "chef_de_file: Usine du Rove"),
    )
    assert (lead.what, lead.field, lead.before, lead.after) == (
        "project",
        "chef_de_file",
        None,
        "Usine du Rove",
    )
    assert (sought.field, sought.before, sought.after) == ("cherche_un_chef_de_file", "oui", None)
    (reply,) = changes("actes.yaml", ACTS, ACTS.replace("Bonjour.", "Salut."))
    assert (reply.what, reply.before, reply.after) == ("act", "Bonjour.", "Salut.")


def test_voices_vocabulary_and_questions_are_told_too() -> None:
    told = [
        *changes("formulations.yaml", VOICES, VOICES.replace("gars", "filles")),
        *changes("formulations.yaml", VOICES, VOICES.replace("piscine", "plage")),
        *changes("lexique.yaml", LEXICON, LEXICON.replace("petite", "moyenne")),
        *changes("lexique.yaml", LEXICON, LEXICON.replace("[sous]", "[sous, fric]")),
        *changes("lexique.yaml", LEXICON, LEXICON.replace("[Aix]", "[]")),
        *changes("questions.yaml", QUESTIONS, QUESTIONS.replace("[financement]", "[]")),
    ]
    assert [(one.kind.value, one.what, one.id) for one in told] == [
        ("added", "phrasing", "talents"),
        ("removed", "phrasing", "talents"),
        ("added", "out_of_scope", ""),
        ("removed", "out_of_scope", ""),
        ("added", "short_form", "pme"),
        ("removed", "short_form", "pme"),
        ("added", "idea", "argent"),
        ("removed", "place", ""),
        ("added", "question", ""),
        ("removed", "question", "financement"),
    ]


@given(
    before=st.lists(st.sampled_from("abcdef"), max_size=5, unique=True),
    after=st.lists(st.sampled_from("abcdef"), max_size=5, unique=True),
)
def test_what_is_added_and_removed_is_what_sets_say(before: list[str], after: list[str]) -> None:
    def faq(texts: list[str]) -> str:
        return FAQ.replace('["des bras"]', f"[{', '.join(texts)}]")

    told = changes("faq.yaml", faq(before), faq(after))
    assert {one.after for one in told if one.kind is DifferenceKind.ADDED} == set(after) - set(
        before
    )
    assert {one.before for one in told if one.kind is DifferenceKind.REMOVED} == set(before) - set(
        after
    )


def test_a_file_of_another_shape_is_compared_as_far_as_it_goes() -> None:
    for text in ("entrees: rien\n", "- 1\n", "entrees: [1, {id: [2]}]\n", "abreviations: 1\n"):
        assert [one.kind for one in changes("faq.yaml", text, text)] == []


def test_what_the_file_says_of_the_initiative_changes_like_an_answer() -> None:
    named = 'initiative: {nom: "Crest à vélo", public: "aux habitants"}\n' + FAQ
    (added,) = changes("faq.yaml", FAQ, named)
    assert (added.kind, added.what, added.title) == ("added", "initiative", "Crest à vélo")
    (changed,) = changes("faq.yaml", named, named.replace("habitants", "cyclistes"))
    assert (changed.field, changed.after) == ("public", "aux cyclistes")
