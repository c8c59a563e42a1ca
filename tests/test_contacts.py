"""Numbers and addresses found in texts, slips in domains, moments and introductions."""

import pytest

from handlers.forms import contacts, slips
from handlers.requests import moments, self_introductions

FOUND = {
    "0612345678, après 18h svp": ("+33 6 12 34 56 78", "après 18h svp"),
    "06 39 98 00 11": ("+33 6 39 98 00 11", ""),
    "mon numéro est le 06.39.98.00.11.": ("+33 6 39 98 00 11", ""),
    "06 39 98 00 11 18h": ("+33 6 39 98 00 11", "18h"),
    "c'est le 06-39-98-00-11 demandez Paul": ("+33 6 39 98 00 11", "demandez Paul"),
    "04 91 00 00 00 poste 12": ("+33 4 91 00 00 00", "poste 12"),
    "O6 39 98 00 11": ("+33 6 39 98 00 11", ""),
    "0033 6 39 98 00 11 merci": ("+33 6 39 98 00 11", ""),
    "+32 470 12 34 56 in the morning": ("+32 470 12 34 56", "in the morning"),
    "mon mail : samira.costa@exemple.fr.": ("samira.costa@exemple.fr", ""),
    "<samira@exemple.fr> mais plutôt le matin": ("samira@exemple.fr", "mais plutôt le matin"),
    "06 39 98 00 11 07 98 76 54 32": ("+33 6 39 98 00 11", "07 98 76 54 32"),
    "06 39 98 00 11\n07 98 76 54 32": ("+33 6 39 98 00 11", "07 98 76 54 32"),
    "Paul Durand\n06 39 98 00 11\nMécanique": ("+33 6 39 98 00 11", "Paul Durand … Mécanique"),
    "06 39 98 00 11 ou 07 98 76 54 32": ("+33 6 39 98 00 11", "ou 07 98 76 54 32"),
}


@pytest.mark.parametrize("text", FOUND)
def test_a_contact_is_found_and_the_words_around_it_are_kept(text: str) -> None:
    first = contacts.find(text)[0]
    assert (first.value, contacts.beside(text, first)) == FOUND[text]


@pytest.mark.parametrize(
    "text",
    [
        "732 829 320 00074",
        "siret 73282932000074",
        "732829320",
        "13127 Vitrolles, 120 salariés",
        "le 01.02.2026 à 14h",
        "12 500 000 euros",
        "06 39 98 00 11 €",
        "120 000 000 pièces",
        "TI-2026-0639980011",
        "Q-2026-0001",
        "FR76 3000 6000 0112 3456 7890 189",
        "06 39 98",
        "@territoires",
        "samira@exemple",
        "https://www.exemple.fr/0639980011",
    ],
)
def test_other_digits_and_signs_are_no_contact(text: str) -> None:
    assert contacts.find(text) == ()


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.fr", "gmail.com"),
        ("ornage.fr", "orange.fr"),
        ("wanado.fr", "wanadoo.fr"),
        ("hotmial.fr", "hotmail.fr"),
        ("yaho.fr", "yahoo.fr"),
        ("lapost.net", "laposte.net"),
        ("iclod.com", "icloud.com"),
    ],
)
def test_a_slip_in_a_great_domain_is_seen(domain: str, meant: str) -> None:
    assert slips.meant(f"samira@{domain}") == f"samira@{meant}"
    assert slips.meant(f"samira@{meant}") is None


@pytest.mark.parametrize(
    "domain",
    [
        "mecanique-delta.fr",
        "exemple.fr",
        "mail.com",
        "ymail.com",
        "gmx.fr",
        "laposte.fr",
        "orange.com",
        "hotmail.co.uk",
        "fred.fr",
        "str.fr",
        "lire.fr",
        "delta.com",
    ],
)
def test_a_domain_that_is_another_is_left_alone(domain: str) -> None:
    assert slips.meant(f"samira@{domain}") is None


@pytest.mark.parametrize(
    "moment",
    [
        "mardi",
        "après 18 h",
        "demain matin",
        "entre midi et deux",
        "en fin de journée",
        "pas le lundi",
        "plutôt mardi ou jeudi après 18h",
        "vers 14:30 si possible",
        "le 12 janvier",
        "dès que possible",
        "on Tuesday afternoon",
        "tomorrow after 6pm",
    ],
)
def test_a_moment_is_read_in_its_own_words(moment: str) -> None:
    assert moments.said(f"Bonjour, {moment}, merci") == moment
    assert moments.holds(moment)
    assert not moments.holds(f"Que faites-vous {moment} ?")


@pytest.mark.parametrize(
    "text", ["nous avons 12 salariés", "je suis à Marseille", "un tour depuis 3 mois"]
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moments.said(text) == ""


@pytest.mark.parametrize(
    ("text", "name", "company"),
    [
        ("Je suis Samira Costa de Mécanique du Delta", "Samira Costa", "Mécanique du Delta"),
        ("moi c'est Nadia Benali, SARL Dupont & Fils", "Nadia Benali", "SARL Dupont & Fils"),
        ("I'm John Smith from Delta Works", "John Smith", "Delta Works"),
        ("de la société Fonderies du Rhône", "", "Fonderies du Rhône"),
        ("Je suis Samira Costa de Marseille", "Samira Costa", ""),
        ("je suis chaudronnier à Istres", "", ""),
        ("Je suis de Marseille", "", ""),
    ],
)
def test_who_writes_is_read_from_an_introduction(text: str, name: str, company: str) -> None:
    found = self_introductions.read(text, {"marseille"})
    assert (found.name, found.company) == (name, company)
