"""The shipped answers: short, faithful to the round table, and leading somewhere."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

import knowledge
from knowledge.files.rules import MOST_WORDS
from knowledge.files.telegram_html import plain
from knowledge.knowledge import Knowledge
from knowledge.model import Action, Entry
from knowledge.text.length import word_count
from knowledge.text.normalise import normalise

SHIPPED = Path(knowledge.__file__).parent
# What each answer says first, and all that the round table says on its subject, in its words.
FACTS = {
    "presentation": (
        "Une initiative qui fait des projets",
        ["met en relation", "créer ou recréer le tissu industriel", "innover, attirer, recruter"],
    ),
    "intervenants": (
        "Béatrice Aliphat",
        [
            "conseillère régionale",
            "maire de Saint-Mitre-les-Remparts",
            "Philippe Marc",
            "directeur du site STMicroelectronics de Rousset",
            "Jacques Lopez",
            "arts et métiers",
        ],
    ),
    "territoire": (
        "Les Bouches-du-Rhône",
        ["Aix", "Rousset", "Gardanne", "Istres", "Fos", "Martigues", "Étang de Berre"],
    ),
    "implication-pme": (
        "Oui, ",
        [
            "un grand nombre de petites et moyennes",
            "dimension",
            "domaine d'activité",
            "de grandes institutions",
            "d'envergure",
            "grands groupes",
        ],
    ),
    "trouver-rejoindre-projets": (
        "Ici même",
        ["bouche-à-oreille", "recensement", "rendre les projets publics"],
    ),
    "partenaires": (
        "Pas vraiment",
        ["la région et le ministère", "pas l'objectif", "nouveaux projets"],
    ),
    "accompagnement": (
        "Par une mise en relation",
        ["acteurs du territoire susceptibles d'aider", "facilitateurs", "tissu industriel"],
    ),
    "fonctionnement-projet": (
        "Un chef de file",
        ["chef de projet", "porte toujours le projet", "masse des entreprises locales"],
    ),
    "recrutement-projets": (
        "D'abord par le réseautage",
        ["vont vers les acteurs", "problématiques d'un territoire", "pour les résoudre"],
    ),
    "mutualisation": ("Oui, c'est une idée de projet", ["souhaiteraient porter", "équipements"]),
    "talents": (
        "En travaillant sur les relations entre les entreprises",
        [
            "TPE",
            "PME",
            "grands groupes",
            "dépasser la relation entre client et fournisseur",
            "partenariats",
        ],
    ),
    "filieres": (
        "Ce n'est pas la mission",
        ["fait des projets", "met en cohérence les acteurs locaux"],
    ),
    "financement": (
        "Non, pas directement",
        ["ne viennent pas de ceux qui portent la démarche", "« le fruit de la visibilité »"],
    ),
    "coordination": (
        "Oui, mais",
        ["tous différents", "autonomes dans leur gestion", "comité national", "une volonté"],
    ),
}
# The names that the round table names; no answer of ours names another.
NAMES = (
    "Béatrice Aliphat Saint-Mitre-les-Remparts Philippe Marc STMicroelectronics Rousset Jacques "
    "Lopez École Provence-Alpes-Côte d'Azur Bouches-du-Rhône Aix Gardanne Istres Fos Martigues "
    "Étang Berre Territoires TPE PME"
)
LEFT_OPEN = re.compile(r"ne (donne|décrit|cite|dit|nomme)|n'(explique|en donnait|indique)")
NO_PART = re.compile(r"[Nn]ous n'avons aucune part (à|aux) ")
OTHER = re.compile(r"[Aa]utres? (service|organisme)s?\b")
# A sum, a share or a delay: a word of measure after digits.
MEASURED = re.compile(r"\d[\d ]*(€|euros?|%|pour cent|jours?|semaines?|mois|ans?|k€|M€)")


def text(entry: Entry) -> str:
    """Return all that an answer says."""
    return plain(f"{entry.answer}\n\n{entry.rest}")


def named(said: str) -> list[str]:
    """Return the words with a capital that begin no sentence."""
    capitals = re.finditer(r"\b[A-ZÉ][\w-]+", said)
    return [each[0] for each in capitals if re.search(r"[^.?!\s]\s*\Z", said[: each.start()])]


def last_sentence(paragraphs: str) -> str:
    return re.split(r"(?<=[.?!»])\s+", plain(paragraphs).strip())[-1]


@pytest.fixture(scope="module")
def ours(shipped: Knowledge) -> list[Entry]:
    return [entry for entry in shipped.entries if entry.service is None]


@pytest.fixture(scope="module")
def referrals(shipped: Knowledge) -> list[Entry]:
    return [entry for entry in shipped.entries if entry.service]


def test_the_first_words_are_few_in_both_languages(shipped: Knowledge) -> None:
    for entry in shipped.entries:
        assert entry.en is not None
        assert word_count(plain(entry.answer)) <= MOST_WORDS, entry.id
        assert word_count(plain(entry.en.answer)) <= MOST_WORDS, entry.id
        assert bool(entry.en.rest) == bool(entry.rest), entry.id


def test_the_first_words_answer_and_every_fact_is_there(ours: list[Entry]) -> None:
    assert {entry.id for entry in ours} == {*FACTS}
    for entry in ours:
        first, facts = FACTS[entry.id]
        assert plain(entry.answer).startswith(first), entry.id
        assert [fact for fact in facts if fact not in text(entry)] == [], entry.id


def test_no_answer_of_ours_names_who_or_where_the_round_table_does_not(ours: list[Entry]) -> None:
    known = set(normalise(NAMES).split())
    titles = {title for entry in ours for title in re.findall("« [^»]+ »", text(entry))}
    for entry in ours:
        said = text(entry)
        for title in titles:
            said = said.replace(title, "")
        names = named(said)
        assert names or entry.id not in {"intervenants", "territoire"}
        assert [each for each in names if not set(normalise(each).split()) <= known] == [], entry.id
        assert not re.search(r"\d", said), entry.id


def test_what_is_left_open_is_said_once_and_never_last(shipped: Knowledge) -> None:
    for entry in shipped.entries:
        assert not LEFT_OPEN.search(plain(entry.answer)), entry.id
        sentences = re.split(r"(?<=[.?!])\s+", text(entry))
        assert sum(bool(re.match("La table ronde n", each)) for each in sentences) <= 1, entry.id
        for paragraphs in filter(None, (entry.answer, entry.rest)):
            assert not LEFT_OPEN.search(last_sentence(paragraphs)), entry.id


def test_no_sentence_tells_again_where_it_was_said(ours: list[Entry]) -> None:
    for entry in ours:
        assert "intervenants ont" not in text(entry)
        assert entry.source == "table ronde Territoires d'industrie (Bouches-du-Rhône)"
        assert plain(entry.answer).count("table ronde") <= 1


def test_an_answer_never_refuses_a_town_that_it_names(shipped: Knowledge) -> None:
    entry = shipped.entry("territoire")
    assert entry is not None
    assert "ne peux pas" not in text(entry)
    assert "nom de votre commune ou son code postal" in plain(entry.answer)


def test_a_referral_says_whose_it_is_and_promises_nothing(referrals: list[Entry]) -> None:
    assert len(referrals) == 9
    for entry in referrals:
        said = text(entry)
        assert NO_PART.search(said), entry.id
        assert OTHER.search(said), entry.id
        assert not MEASURED.search(said), entry.id
        assert entry.action is Action.CONTACT, entry.id
        assert entry.verified_on <= date(2026, 11, 27)
        assert entry.en is not None
        assert "no part in" in plain(entry.en.answer), entry.id
        for markup in (entry.answer, entry.en.answer):
            assert re.findall(r'href="(https://[^"]+)"', markup), entry.id


def test_both_languages_lead_to_the_same_pages(shipped: Knowledge) -> None:
    for entry in shipped.entries:
        links = [re.findall(r'href="([^"]+)"', each) for each in (entry.answer, _english(entry))]
        assert links[0] == links[1], entry.id


def _english(entry: Entry) -> str:
    return entry.said_in("en").answer


def test_who_creates_a_firm_is_not_sent_to_who_does_not_help_them(shipped: Knowledge) -> None:
    entry = shipped.entry("creer-reprendre")
    assert entry is not None
    created = plain(entry.answer).split("en créer une")[1]
    assert created.split(":")[0].strip() == ", il n'est pas fait"
    assert "CCI" in created


def test_the_line_for_owners_in_distress_waits_for_a_call() -> None:
    raw = yaml.safe_load((SHIPPED / "faq.yaml").read_text("utf-8"))["entrees"]
    (waiting,) = [entry for entry in raw if "brouillon" in entry]
    assert waiting["id"] == "apesa"
    assert "appelez d'abord" in waiting["brouillon"]
