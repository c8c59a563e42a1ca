"""Projects that seek a lead, beside the firms that would be one, for the administrators."""

from dialogue import Speaker, Stage
from test_dialogue_interest import begins
from test_dialogue_proposal import proposes
from test_put_in_touch import changes

from knowledge.model import Project


def seeking(stage: Stage) -> list[Project]:
    services = stage.running.parts.services
    return list(services.knowledge.census.listed(services.today(), seeks_lead=True))


async def leads(sme: Speaker, stage: Stage, project: Project) -> None:
    """Ask to lead a project that seeks a lead."""
    listed = stage.knowledge.census.listed(stage.running.parts.services.today())
    await begins(sme, stage, [each.id for each in listed].index(project.id))
    for text in ("Mécanique du Delta", "Samira Costa", "06 12 34 56 78"):
        await sme.says(text)
    await sme.taps("Être chef de file")
    await sme.taps("Passer")
    await sme.taps("Passer")
    await sme.taps("Oui, j'accepte")


async def test_an_offer_to_lead_shows_the_projects_that_seek_one_the_likeliest_first(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    wanted = seeking(stage)[-1]
    await proposes(sme, "Être chef de file", f"{wanted.title}. {wanted.summary}")
    await administrator.taps("Projets qui cherchent un chef de file")
    administrator.sees("veut être chef de file", f"1. {wanted.title}")


async def test_a_project_that_seeks_a_lead_shows_who_would_be_it(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    project = seeking(stage)[0]
    await proposes(other_sme, "Être chef de file", "Coordonner des achats.")
    await leads(sme, stage, project)
    await administrator.says("/chefs")
    administrator.sees(f"1. {project.title} : 1 entreprise veut l'être", "1 entreprise propose")
    await administrator.taps(f"1. {project.title}")
    shown = administrator.text
    assert shown.index("Pour ce projet") < shown.index("Sans nommer de projet")
    administrator.sees("TI-2026-0001", "TI-2026-0002")
    # What an erasure could not find again is not written here.
    for private in ("Samira", "6 12 34", "samira.costa", "Delta", "Coordonner"):
        assert private not in shown
    await administrator.taps("2. TI-2026-0001")
    administrator.sees("TI-2026-0001", "Mécanique du Delta")
    await administrator.says("/chefs")
    await administrator.taps(f"1. {project.title}")
    await administrator.taps("Tous les projets qui cherchent")
    administrator.sees("Projets qui cherchent un chef de file")


async def test_a_project_that_found_its_lead_seeks_no_more(
    stage: Stage, administrator: Speaker
) -> None:
    project = seeking(stage)[0]
    await administrator.says("/chefs")
    changes(stage, project.id, lead="Nouvelle Maison", seeks_lead=False)
    await administrator.taps(project.title)
    assert "a maintenant un chef de file" in administrator.toast


async def test_nobody_outside_the_group_sees_the_offers(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await proposes(sme, "Être chef de file", "Coordonner des achats.")
    await sme.says("/chefs")
    assert "TI-" not in sme.text
    await sme.taps_data(sme.messages()[-1]["message_id"], f"yk:{seeking(stage)[0].id}:0")
    assert "TI-" not in sme.text


async def test_a_withdrawn_offer_is_offered_no_more(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await proposes(sme, "Être chef de file", "Coordonner des achats.")
    await sme.says(number)
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await administrator.says("/chefs")
    administrator.sees("Aucune entreprise ne propose")
