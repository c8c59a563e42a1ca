"""The census in a conversation: pages, filters, search, cards, links, what is closed or gone."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from dialogue import Speaker, Stage, buttons, unnumbered
from test_dialogue_interest import fills
from test_put_in_touch import puts

from handlers.core.buttons import DeclareInterest, ListProjects, ShowProject
from handlers.core.paging import BUTTON_ITEMS
from handlers.messages import speaking
from handlers.projects.browse import TEXT, ChooseFilter
from knowledge.knowledge import Knowledge
from knowledge.model import Project
from knowledge.text.normalise import normalise


def numbered(labels: list[str]) -> list[str]:
    """Return the labels of projects, which begin with their number."""
    return [label for label in labels if re.match(r"\d+\. ", label)]


async def test_five_a_page_in_a_stable_order_without_repetition(sme: Speaker, stage: Stage) -> None:
    await sme.says("/projets")
    total = len(stage.knowledge.census.listed(stage.running.parts.services.today()))
    seen = numbered(sme.labels)
    assert len(seen) == 5
    for _ in range((total - 1) // 5):
        await sme.taps("Suivant ›")
        seen += numbered(sme.labels)
    assert len(seen) == total
    assert [int(label.split(".")[0]) for label in seen] == list(range(1, total + 1))
    await sme.taps("‹ Précédent")
    assert numbered(sme.labels)[-1] == seen[(total - 1) // 5 * 5 - 1]


async def test_no_step_leads_beyond_the_ends_of_the_list(sme: Speaker) -> None:
    await sme.says("/projets")
    assert "‹ Précédent" not in sme.labels
    while "Suivant ›" in sme.labels:
        await sme.taps("Suivant ›")
        assert "‹ Précédent" in sme.labels


async def test_the_example_of_a_search_is_no_link_to_the_bare_command(sme: Speaker) -> None:
    for asked in ("/projets", "/projets xylophone"):
        await sme.says(asked)
        kinds = {entity["type"]: entity for entity in sme.new[-1]["entities"]}
        assert "code" in kinds
        links = [e for e in sme.new[-1]["entities"] if e["type"] == "bot_command"]
        text = sme.new[-1]["text"]
        assert {text[e["offset"] : e["offset"] + e["length"]] for e in links} <= {"/proposer"}


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
    names = list(census.territories(today))[:BUTTON_ITEMS]
    assert [*map(unnumbered, sme.labels[1 : len(names) + 1])] == names
    sme.sees(f"2. {names[1]}")
    await sme.taps(territory)
    sme.sees("Filtre :", territory)
    await sme.taps("Seulement ceux qui cherchent un chef de file")
    expected = census.listed(today, territory=territory, seeks_lead=True)
    assert len(numbered(sme.labels)) == min(5, len(expected))
    await sme.taps("Par filière")
    sector = unnumbered(sme.labels[1])
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
    sme.sees("Le mot : « hydrogne »")


async def test_a_search_by_several_words_puts_those_that_hold_all_first(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("/projets solvants Berre")
    sme.sees("Les mots : « solvants berre »", "tous ces mots ; ")
    project = stage.knowledge.project("fictif-solvants-berre")
    assert project is not None
    assert sme.labels[0] == f"1. {project.title}"
    await sme.says("/projets hydrogène xylophone")
    sme.sees("Aucun projet n'a tous ces mots ; voici ")
    assert numbered(sme.labels)


async def test_a_search_is_filtered_too(sme: Speaker, stage: Stage) -> None:
    services = stage.running.parts.services
    found = stage.knowledge.census.search("hydrogene", services.today()).projects
    others = [
        name
        for name in stage.knowledge.census.territories(services.today())
        if not any(name in project.territories for project in found)
    ]
    await sme.says("/projets hydrogène")
    await sme.taps("Par territoire")
    await sme.taps(found[0].territories[0])
    sme.sees("Le mot : « hydrogene »", f"Filtre : {found[0].territories[0]}")
    assert any(found[0].title[:20] in label for label in sme.labels)
    assert others
    await sme.taps("Par territoire")
    await sme.taps(others[0])
    sme.sees("Aucun projet ouvert ne correspond. Cherchez sans filtre")
    await sme.taps("Mêmes mots, sans filtre")
    sme.sees("Le mot : « hydrogene »")
    assert "Filtre" not in sme.text
    assert len(numbered(sme.labels)) == min(5, len(found))


async def test_a_search_that_finds_nothing_says_what_to_do(sme: Speaker) -> None:
    await sme.says("/projets xylophone quantique")
    sme.sees("Aucun projet ouvert ne correspond", "Essayez un autre mot", "/proposer")
    assert "filtre" not in sme.text
    assert sme.labels == [
        "Tous les projets ouverts",
        "Être prévenu des nouveaux projets",
        "Proposer une idée ou une ressource",
        "Parler à une personne",
    ]
    await sme.taps("Tous les projets ouverts")
    assert numbered(sme.labels)


async def test_a_filter_that_has_gone_is_named_in_words(sme: Speaker) -> None:
    await sme.says("/projets")
    message = sme.messages()[-1]
    await sme.taps_data(message["message_id"], ListProjects(territory="deadbeef").pack())
    sme.sees("Filtre : un choix qui n'est plus au recensement", "Changez ou retirez un filtre")
    assert "Proposer une idée ou une ressource" in sme.labels
    assert "Par territoire" in sme.labels


async def test_a_sector_shows_the_projects_of_every_sector_too(sme: Speaker, stage: Stage) -> None:
    today = stage.running.parts.services.today()
    sector = stage.knowledge.census.sectors(today)[0]
    await sme.says("/projets")
    await sme.taps("Par filière")
    sectors = stage.knowledge.census.sectors(today)
    listed = ["Toutes les filières", *sectors[:BUTTON_ITEMS]]
    assert [*map(unnumbered, sme.labels[: len(listed)])] == listed
    assert "Toutes filières" not in sectors
    await sme.taps(sector)
    sme.sees("Toutes filières")


def test_the_longest_filtered_search_fits_a_button() -> None:
    query = ListProjects(9999, "f" * 8, "f" * 8, seeks_lead=True, words="x" * 30)
    assert ListProjects.unpack(query.pack()) == query
    assert ChooseFilter("s", "f" * 8, "f" * 8, seeks_lead=True, words="x" * 30, page=9999).pack()


async def test_a_very_long_search_is_cut_not_refused(sme: Speaker) -> None:
    await sme.says("/projets " + "hydrogène " * 100)
    assert sme.text


async def test_the_card_holds_all_that_is_known(sme: Speaker, stage: Stage) -> None:
    for project in stage.knowledge.census.listed(stage.running.parts.services.today()):
        await sme.says(f"/start p_{project.id}")
        stage_name = project.stage.value if project.stage else ""
        sme.sees(project.title, stage_name, f"start=p_{project.id}")
        is_said = project.lead is not None or project.seeks_lead
        card = sme.text.replace("\xa0", " ")
        assert ("Chef de file :" in card) == is_said
        assert ("Recherche :" in card) == bool(project.seeks)
        assert "Ça m'intéresse" in sme.labels


# What a card may say; each is left out where the file does not say it.
SAID = (
    "Recherche :",
    "Chef de file :",
    "Territoire :",
    "Filières :",
    "Étape :",
    "Date limite :",
    "Looking for:",
    "Lead firm:",
    "Territory:",
    "Industries:",
    "Stage:",
    "Deadline:",
)


def silent(project: Project) -> Project:
    """Return a project whose file says nothing but what it is."""
    unsaid = {"seeks": "", "lead": None, "stage": None, "deadline": None, "seeks_lead": False}
    return replace(project, territories=(), sectors=(), **unsaid)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_card_says_nothing_of_what_its_file_does_not_say(
    shipped: Knowledge, language: str
) -> None:
    full = next(each for each in shipped.projects if each.deadline and each.lead)
    values = {"closed": None, "link": "", "interest": None}
    with speaking(language):
        whole, bare = (
            TEXT("card", project=each, **values).replace("\xa0", " ")
            for each in (full, silent(full))
        )
    assert sum(word in whole for word in SAID) == len(SAID) / 2
    assert [word for word in SAID if word in bare] == []


async def test_what_is_asked_of_a_silent_card_is_not_made_up(sme: Speaker, stage: Stage) -> None:
    services = stage.running.parts.services
    first = stage.knowledge.census.listed(services.today(), seeks_lead=True)[0]
    puts(stage, silent(first))
    await sme.says("/projets")
    line = sme.text.split(first.title)[1].split("Touchez")[0]
    assert line.strip() == ""
    # Each project stands apart from the one before, whether or not more is said of it.
    puts(stage, silent(first), replace(first, id="autre", title="Un autre"))
    await sme.says("/projets")
    assert len(re.findall(r"(?<=[^\n]\n\n)\d\. ", sme.text)) == 2
    await sme.says(f"/start p_{first.id}")
    await sme.says("qui s'en occupe ?")
    sme.sees("ne dit pas qui le mène")
    await sme.says("c'est où ?")
    sme.sees("ne dit pas où")
    # A silent file is no refusal either: whoever would lead the project may say so.
    await fills(sme, stage)
    sme.sees("La fiche de ce projet ne nomme pas de chef de file")


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


async def test_an_old_link_leads_to_what_comes_near(sme: Speaker, stage: Stage) -> None:
    today = stage.running.parts.services.today()
    project = next(each for each in stage.knowledge.projects if each.open_on(today))
    word = normalise(project.title).split()[0]
    await sme.says(f"/start p_{word}-de-jadis_a")
    sme.sees("ne figure plus au recensement", "s'en approche", project.title)
    await sme.taps(project.title)
    sme.sees(project.summary[:40])


async def test_a_link_to_an_answer_that_is_gone_leads_to_what_its_id_says(
    sme: Speaker, stage: Stage
) -> None:
    entry = stage.knowledge.entries[0]
    await sme.says(f"/start q_{entry.id}-vieux")
    sme.sees("n'est plus donnée", entry.title)
    await sme.taps(entry.title)
    sme.sees(entry.source)
    await sme.says("/start q_zzz-qqq")
    sme.sees("Voici les sujets d'aujourd'hui")


@pytest.mark.parametrize(
    ("former", "now"), [("xqzw", "xqzw-publiques"), ("publiques-xqzw-locales", "xqzw-publiques")]
)
async def test_a_link_to_an_answer_whose_id_gained_or_lost_a_word_leads_to_it(
    sme: Speaker, stage: Stage, former: str, now: str
) -> None:
    services = stage.running.parts.services
    first, *others = services.knowledge.entries
    renamed = replace(first, id=now)
    services.knowledge = replace(services.knowledge, entries=(renamed, *others))
    await sme.says(f"/start q_{former}_a")
    sme.sees("n'est plus donnée", f"1. {renamed.title}")


async def test_a_hidden_answer_gives_way_to_what_it_refers_to(sme: Speaker, stage: Stage) -> None:
    hidden, *others = stage.knowledge.entries[:3]
    seen_instead = tuple(each.id for each in others)
    services = stage.running.parts.services
    services.knowledge = replace(
        services.knowledge,
        entries=tuple(others),
        hidden_entries=(replace(hidden, see_also=seen_instead),),
    )
    await sme.says(f"/start q_{hidden.id}_w")
    sme.sees("n'est plus donnée", *(each.title for each in others))
    assert hidden.answer[:40] not in sme.text


async def test_what_was_shown_is_shared_by_its_link(sme: Speaker, stage: Stage) -> None:
    entry, project = stage.knowledge.entries[0], stage.knowledge.projects[0]
    await sme.says("Partager")
    sme.sees("Ouvrez d'abord")
    for kind, one in (("q", entry), ("p", project)):
        await sme.says(f"/start {kind}_{one.id}")
        shared = next(b for b in buttons(sme.new[-1]) if b["text"] == "Partager")
        query = parse_qs(urlsplit(shared["url"]).query)
        assert query["text"] == [one.title.replace("\xa0", " ")]
        assert query["url"][0].endswith(f"?start={kind}_{one.id}_s")
        await sme.says("partager")
        sme.sees(query["url"][0])


async def test_a_deep_link_that_means_nothing_is_a_welcome(sme: Speaker) -> None:
    await sme.says("/start n_importe-quoi")
    sme.sees("assistant automatique")


async def test_a_question_about_projects_shows_them(sme: Speaker) -> None:
    await sme.says("un projet sur l'hydrogène ?")
    assert any("hydrog" in label.lower() for label in sme.labels)
