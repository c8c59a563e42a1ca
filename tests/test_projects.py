"""The census: what is open, in which order, and what words find."""

from datetime import date, timedelta

import pytest
from effort import effort
from hypothesis import given
from hypothesis import strategies as st

from knowledge.knowledge import Knowledge
from knowledge.model import Project, Stage
from knowledge.projects import Census, SearchResult

TODAY = date(2026, 11, 23)


def project(project_id: str, **changes: object) -> Project:
    """Return an open project."""
    values: dict[str, object] = {
        "id": project_id,
        "title": f"Projet {project_id}",
        "summary": "",
        "seeks": "",
        "lead": "Quelqu'un",
        "territories": ("Istres",),
        "sectors": ("Chimie",),
        "stage": Stage.RUNNING,
        "deadline": None,
        "updated_on": TODAY,
        "withdrawn_on": None,
        "keywords": (),
        "fictitious": True,
    }
    return Project(**(values | changes))  # type: ignore[arg-type]  # a test's own values


def ids(projects: tuple[Project, ...]) -> list[str]:
    """Return the ids, in order."""
    return [one.id for one in projects]


def test_what_is_closed_late_or_withdrawn_is_not_listed() -> None:
    yesterday = TODAY - timedelta(days=1)
    census = Census(
        [
            project("open"),
            project("last-day", deadline=TODAY),
            project("late", deadline=yesterday),
            project("closed", stage=Stage.CLOSED),
            project("withdrawn", withdrawn_on=TODAY),
            project("withdrawn-soon", withdrawn_on=TODAY + timedelta(days=1)),
        ]
    )
    assert ids(census.listed(TODAY)) == ["last-day", "open", "withdrawn-soon"]


def test_the_order_is_the_latest_first_then_by_id() -> None:
    old = TODAY - timedelta(days=9)
    census = Census([project("b"), project("z", updated_on=old), project("a")])
    assert ids(census.listed(TODAY)) == ["a", "b", "z"]


def test_filters_combine() -> None:
    census = Census(
        [
            project("a", territories=("Istres", "Fos-sur-Mer"), lead=None, seeks_lead=True),
            project("b", territories=("Istres",), sectors=("Bois",), lead=None, seeks_lead=True),
            project("c", sectors=("Bois",)),
            project("d", territories=(), sectors=(), lead=None),
        ]
    )
    assert ids(census.listed(TODAY, territory="Istres", sector="Bois")) == ["b", "c"]
    assert ids(census.listed(TODAY, territory="Istres", seeks_lead=True)) == ["a", "b"]
    assert census.territories(TODAY) == ("Fos-sur-Mer", "Istres")
    assert census.sectors(TODAY) == ("Bois", "Chimie")


def test_search_tolerates_typos_plurals_and_accents(shipped: Knowledge) -> None:
    right = ids(shipped.census.search("hydrogène", TODAY).projects)
    assert right[0] == "fictif-hydrogene-martigues"
    for typed in ("hydrogene", "HYDROGENE", "hidrogene", "hydrogène ?"):
        assert ids(shipped.census.search(typed, TODAY).projects)[0] == right[0]
    assert ids(shipped.census.search("soudeurs", TODAY).projects) == ids(
        shipped.census.search("soudeur", TODAY).projects
    )


def test_search_finds_nothing_where_there_is_nothing(shipped: Knowledge) -> None:
    for words in ("", "xylophone", "de la", "projet"):
        assert shipped.census.search(words, TODAY).projects == ()


def test_more_words_are_more_to_the_point(shipped: Knowledge) -> None:
    found = shipped.census.search("solvants Berre", TODAY).projects
    assert found[0].id == "fictif-solvants-berre"


def test_a_place_names_projects_only_when_asked(shipped: Knowledge) -> None:
    assert shipped.census.named_by("mon atelier est à Martigues") == ()
    assert shipped.census.named_by("mon atelier est à Martigues", places=True)


def test_an_ordinary_word_finds_projects_but_does_not_name_them(shipped: Knowledge) -> None:
    assert shipped.census.search("atelier", TODAY).projects
    assert shipped.census.search("PME", TODAY).projects
    assert shipped.census.named_by("je cherche un atelier, je suis une PME") == ()


def test_search_finds_only_what_is_open() -> None:
    census = Census([project("a", keywords=("soudure",), stage=Stage.CLOSED)])
    assert census.search("soudure", TODAY).projects == ()
    assert census.named_by("soudure") == ("a",)


def test_title_and_keywords_count_more_than_the_text_of_the_card() -> None:
    census = Census(
        [
            project("a-text", summary="On y parle de soudure."),
            project("b-sector", sectors=("Soudure",)),
            project("c-keyword", keywords=("soudure",)),
            project("d-title", title="Soudure"),
        ]
    )
    found = ids(census.search("soudure", TODAY).projects)
    assert found == ["c-keyword", "d-title", "b-sector", "a-text"]
    assert ids(census.search("soudur", TODAY).projects) == found


@pytest.mark.parametrize("typed", ["eau", "eaux", "EAU !", "l'eau"])
def test_short_words_are_found_whole_only(typed: str) -> None:
    census = Census([project("a", keywords=("eau",)), project("b", keywords=("beau", "peau"))])
    assert ids(census.search(typed, TODAY).projects) == ["a"]


def test_projects_that_hold_all_words_come_first_and_are_counted() -> None:
    census = Census(
        [
            project("a-title", title="Soudure", keywords=("soudure",)),
            project("b-both", summary="On soude à Fos : soudure."),
            project("c-place", territories=("Fos-sur-Mer",)),
        ]
    )
    found = census.search("soudure fos", TODAY)
    assert ids(found.projects) == ["b-both", "a-title", "c-place"]
    assert (found.words, found.complete) == (2, 1)
    # A word that no card has is held by none.
    partly = census.search("soudure xylophone", TODAY)
    assert (ids(partly.projects), partly.complete) == (["a-title", "b-both"], 0)


def test_a_search_keeps_to_the_filters() -> None:
    census = Census(
        [
            project("a", keywords=("soudure",), sectors=("Bois",), lead=None, seeks_lead=True),
            project("b", keywords=("soudure",), territories=("Rousset",)),
        ]
    )
    assert ids(census.search("soudure", TODAY, sector="Bois").projects) == ["a"]
    assert ids(census.search("soudure", TODAY, territory="Rousset").projects) == ["b"]
    assert ids(census.search("soudure", TODAY, seeks_lead=True).projects) == ["a"]


@pytest.mark.parametrize("label", ["Toutes filières", "toutes les filières"])
def test_a_project_of_every_sector_is_in_each_and_names_none(label: str) -> None:
    census = Census([project("a", sectors=(label,)), project("b"), project("c", sectors=("Bois",))])
    assert ids(census.listed(TODAY, sector="Bois")) == ["c", "a"]
    assert ids(census.listed(TODAY, sector="Chimie")) == ["b", "a"]
    assert census.sectors(TODAY) == ("Bois", "Chimie")


def test_a_word_said_twice_counts_once() -> None:
    census = Census(
        [project("a", keywords=("bois", "fer")), project("b", title="Bois", summary="bois")]
    )
    assert ids(census.search("bois bois bois bois fer", TODAY).projects)[0] == "a"


def test_a_word_of_two_signs_with_a_digit_is_a_name() -> None:
    census = Census([project("a", title="Impression 3D"), project("b", title="Cuve H2, lot 12")])
    assert census.named_by("un projet 3d") == ("a",)
    assert census.named_by("h2") == ("b",)
    assert census.says_nothing_else("impression 3D")
    # A number alone may be anything: a department, a day.
    assert census.named_by("12") == ()


def test_what_is_nothing_but_names_is_told_from_a_question() -> None:
    census = Census([project("a", title="Hydrogène", territories=("Fos-sur-Mer",))])
    for words in ("hydrogène", "l'hydrogène à Fos ?", "projet hydrogene"):
        assert census.says_nothing_else(words), words
    for words in ("", "projet", "Fos", "hydrogène et chaudières", "prix de l'hydrogène"):
        assert not census.says_nothing_else(words), words


def test_names_are_in_the_order_of_french_readers() -> None:
    names = ("Évenos", "Zone", "Étang de Berre", "Aix", "Éguilles", "Fos", "eaux")
    census = Census([project("a", territories=names)])
    expected = ("Aix", "eaux", "Éguilles", "Étang de Berre", "Évenos", "Fos", "Zone")
    assert census.territories(TODAY) == expected


def test_without_projects_there_is_nothing() -> None:
    empty = Census(())
    assert empty.listed(TODAY) == ()
    assert empty.search("soudure", TODAY) == SearchResult((), 1, 0)
    assert empty.named_by("un projet de soudure", places=True) == ()
    assert empty.territories(TODAY) == empty.sectors(TODAY) == ()


@given(st.text(max_size=200))
def test_any_words_find_open_projects_in_an_order_that_is_always_the_same(
    shipped: Knowledge, words: str
) -> None:
    found = shipped.census.search(words, TODAY)
    assert len(set(found.projects)) == len(found.projects) >= found.complete
    assert set(found.projects) <= set(shipped.census.listed(TODAY))
    assert found == shipped.census.search(words, TODAY)


def test_the_effort_of_a_search_is_bounded_however_many_the_words() -> None:
    many = [
        project(f"p{n}", title=f"Projet numéro {n} soudure{n}", keywords=(f"clé{n}", "robot"))
        for n in range(500)
    ]
    census = Census(many)
    assert len(census.named_by("robot")) == len(many)
    few, all_of_them = (" ".join(f"mot{n}" for n in range(count)) for count in (100, 3000))
    assert effort(lambda: census.search(all_of_them, TODAY)) < 2 * effort(
        lambda: census.search(few, TODAY)
    )


def test_what_names_a_sector_comes_before_what_concerns_every_sector(shipped: Knowledge) -> None:
    listed = shipped.census.listed(date(2026, 11, 23), sector="Mécanique")
    named = ["Mécanique" in project.sectors for project in listed]
    assert named == sorted(named, reverse=True)
    assert {True, False} == set(named)
