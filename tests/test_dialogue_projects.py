"""The census in a conversation: pages, filters, search, cards, links, what is closed or gone."""

import re

from dialogue import Speaker, Stage

from handlers.navigation import DeclareInterest, ListProjects, ShowProject


def numbered(labels: list[str]) -> list[str]:
    """Return the labels of projects, which begin with their number."""
    return [label for label in labels if re.match(r"\d+\. ", label)]


async def test_five_a_page_in_a_stable_order_without_repetition(sme: Speaker, stage: Stage) -> None:
    await sme.says("/projets")
    total = len(stage.knowledge.census.listed(stage.running.parts.services.today()))
    seen = numbered(sme.labels)
    assert len(seen) == 5
    for _ in range((total - 1) // 5):
        await sme.taps("Page suivante")
        seen += numbered(sme.labels)
    assert len(seen) == total
    assert [int(label.split(".")[0]) for label in seen] == list(range(1, total + 1))
    assert "Page suivante" not in sme.labels
    await sme.taps("Page précédente")
    assert "Page suivante" in sme.labels


async def test_a_page_beyond_the_last_shows_the_last(sme: Speaker) -> None:
    await sme.says("/projets")
    message = sme.messages()[-1]
    await sme.taps_data(message["message_id"], ListProjects(page=99).pack())
    assert numbered(sme.labels)


async def test_filters_by_territory_sector_and_lead_combine(sme: Speaker, stage: Stage) -> None:
    today = stage.running.parts.services.today()
    census = stage.knowledge.census
    territory = census.territories(today)[0]
    await sme.says("/projets")
    await sme.taps("Par territoire")
    assert sme.labels[1:] == list(census.territories(today))
    await sme.taps(territory)
    sme.sees("Filtre :", territory)
    await sme.taps("Seulement ceux qui cherchent un chef de file")
    expected = census.listed(today, territory=territory, seeks_lead=True)
    assert len(numbered(sme.labels)) == min(5, len(expected))
    await sme.taps("Par filière")
    sector = sme.labels[1]
    await sme.taps(sector)
    sme.sees(territory, sector, "cherche un chef de file")
    await sme.taps("Tous les projets ouverts")
    assert "Filtre" not in sme.text


async def test_search_by_words_with_a_typo(sme: Speaker) -> None:
    await sme.says("/projets hydrogene")
    right = numbered(sme.labels)
    assert right
    await sme.says("/projets hydrogne")
    assert numbered(sme.labels)[0] == right[0]
    sme.sees("Filtre : le mot « hydrogne »")


async def test_a_search_that_finds_nothing_says_what_to_do(sme: Speaker) -> None:
    await sme.says("/projets xylophone quantique")
    sme.sees("Aucun projet ouvert ne correspond")
    await sme.taps("Tous les projets ouverts")
    assert numbered(sme.labels)


async def test_a_very_long_search_is_cut_not_refused(sme: Speaker) -> None:
    await sme.says("/projets " + "hydrogène " * 100)
    assert sme.text


async def test_the_card_holds_all_that_is_known(sme: Speaker, stage: Stage) -> None:
    for project in stage.knowledge.census.listed(stage.running.parts.services.today()):
        await sme.says(f"/start p_{project.id}")
        sme.sees(project.title, project.stage.value, f"start=p_{project.id}", "Chef de file :")
        assert "Ça m'intéresse" in sme.labels


async def test_closed_projects_say_so_from_link_and_from_old_button(
    sme: Speaker, stage: Stage
) -> None:
    today = stage.running.parts.services.today()
    closed = [p for p in stage.knowledge.projects if not p.open_on(today)]
    assert len(closed) == 3
    for project in closed:
        await sme.says(f"/start p_{project.id}")
        sme.sees("Il ne prend plus de nouvelle demande")
        assert "Ça m'intéresse" not in sme.labels
        message = sme.messages()[-1]
        await sme.taps_data(message["message_id"], DeclareInterest(project.id).pack())
        sme.sees("Il ne prend plus de nouvelle demande")


async def test_a_vanished_project_is_said_to_be_gone(sme: Speaker) -> None:
    await sme.says("/start p_disparu")
    sme.sees("ne figure plus au recensement")
    message = sme.messages()[-1]
    for tap in (ShowProject("disparu"), DeclareInterest("disparu")):
        await sme.taps_data(message["message_id"], tap.pack())
        sme.sees("ne figure plus au recensement")


async def test_a_deep_link_that_means_nothing_is_a_welcome(sme: Speaker) -> None:
    await sme.says("/start n_importe-quoi")
    sme.sees("assistant automatique")


async def test_a_question_about_projects_shows_them(sme: Speaker) -> None:
    await sme.says("un projet sur l'hydrogène ?")
    assert any("hydrog" in label.lower() for label in sme.labels)
