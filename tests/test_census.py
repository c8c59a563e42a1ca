"""The census: what is open, in which order, and what words find."""

from datetime import date, timedelta

from knowledge.census import Census
from knowledge.model import Knowledge, Project, Stage

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
            project("a", territories=("Istres", "Fos-sur-Mer"), lead=None),
            project("b", territories=("Istres",), sectors=("Bois",), lead=None),
            project("c", sectors=("Bois",)),
        ]
    )
    assert ids(census.listed(TODAY, territory="Istres", sector="Bois")) == ["b", "c"]
    assert ids(census.listed(TODAY, territory="Istres", seeks_lead=True)) == ["a", "b"]
    assert census.territories(TODAY) == ("Fos-sur-Mer", "Istres")
    assert census.sectors(TODAY) == ("Bois", "Chimie")


def test_search_tolerates_typos_plurals_and_accents(shipped: Knowledge) -> None:
    right = ids(shipped.census.search("hydrogène", TODAY))
    assert right[0] == "fictif-hydrogene-martigues"
    for typed in ("hydrogene", "HYDROGENE", "hidrogene", "hydrogène ?"):
        assert ids(shipped.census.search(typed, TODAY))[0] == right[0]
    assert ids(shipped.census.search("soudeurs", TODAY)) == ids(
        shipped.census.search("soudeur", TODAY)
    )


def test_search_finds_nothing_where_there_is_nothing(shipped: Knowledge) -> None:
    for words in ("", "xylophone", "de la", "projet"):
        assert shipped.census.search(words, TODAY) == ()


def test_more_words_are_more_to_the_point(shipped: Knowledge) -> None:
    found = shipped.census.search("solvants Berre", TODAY)
    assert found[0].id == "fictif-solvants-berre"


def test_a_place_names_projects_only_when_asked(shipped: Knowledge) -> None:
    assert shipped.census.named_by("mon atelier est à Martigues") == ()
    assert shipped.census.named_by("mon atelier est à Martigues", places=True)
