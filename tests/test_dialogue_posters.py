"""/affiche in the facilitators' group, and the codes of posters typed by firms."""

from dataclasses import replace
from datetime import date

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import pytest
import zxingcpp
from dialogue import Speaker, Stage
from test_project_codes import TWINS

from handlers.core import caps
from handlers.curation.posters import SendPoster
from knowledge.model import Project
from knowledge.projects import Census, code_of
from knowledge.text.project_codes import code_of_id


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


def project_of(stage: Stage, number: int = 0) -> Project:
    return stage.knowledge.census.listed(stage.running.parts.services.today())[number]


def puts(stage: Stage, *projects: Project, hidden: tuple[Project, ...] = ()) -> None:
    """Put these projects in service, and no others."""
    services = stage.running.parts.services
    services.knowledge = replace(
        services.knowledge, projects=projects, census=Census(projects), hidden_projects=hidden
    )


def files_of(speaker: Speaker, stage: Stage) -> dict[str, bytes]:
    """Return the new files of a chat by name."""
    sent = [message["document"] for message in speaker.new if "document" in message]
    return {each["file_name"]: stage.messenger.file(each["file_id"]) for each in sent}


@pytest.mark.parametrize("written", ["{}", "p {}", "projet {}", "{} svp", "/projets {}"])
async def test_a_code_typed_from_a_poster_opens_the_card(
    sme: Speaker, stage: Stage, written: str
) -> None:
    project = project_of(stage)
    code = code_of(project) if "{} svp" in written or "/" in written else code_of(project)[1:]
    code = code_of(project) if written == "{}" else code
    await sme.says(written.format(code))
    sme.sees(project.title, "Fiche mise à jour")
    assert "Ça m'intéresse" in sme.labels


async def test_a_closed_project_says_so_and_an_open_form_keeps_the_text(
    sme: Speaker, stage: Stage
) -> None:
    first, second = project_of(stage), project_of(stage, 1)
    puts(stage, replace(first, withdrawn_on=date(2026, 11, 1)), second)
    await sme.says(code_of(first))
    sme.sees(first.title, "retiré du recensement")
    await sme.says("/proposer")
    await sme.taps(sme.labels[0])
    before = len(sme.messages())
    await sme.says(code_of(second))
    assert len(sme.messages()) > before
    assert "Fiche mise à jour" not in sme.text


async def test_an_unknown_code_gets_a_kind_word_and_what_is_near(
    sme: Speaker, stage: Stage
) -> None:
    project = project_of(stage)
    puts(stage, project)
    code = code_of(project)
    await sme.says(f"P{'9' if code[1] != '9' else '8'}{code[2:]}")
    sme.sees("Je ne trouve pas de projet", "Est-ce celui-ci")
    await sme.taps(project.title[:20])
    sme.sees("Fiche mise à jour")
    await sme.says("P1")
    sme.sees("sous le code P1", "les projets ouverts")
    assert sme.labels[0] == "Voir les projets ouverts"


async def test_the_draft_of_a_project_is_shown_to_nobody(sme: Speaker, stage: Stage) -> None:
    first, second = project_of(stage), project_of(stage, 1)
    puts(stage, second, hidden=(first,))
    await sme.says(code_of(first))
    sme.sees("ne figure plus au recensement")
    assert first.title not in sme.text


async def test_one_code_of_two_projects_asks_which(sme: Speaker, stage: Stage) -> None:
    twins = [
        replace(project_of(stage, number), id=id_, title=f"Jumeau {number}")
        for number, id_ in enumerate(TWINS)
    ]
    puts(stage, *twins)
    await sme.says(code_of_id(TWINS[0]))
    sme.sees("2 projets portent le code")
    await sme.says("le 2")
    sme.sees("Jumeau 1", "Fiche mise à jour")


async def test_a_number_in_sight_is_not_a_code(sme: Speaker, stage: Stage) -> None:
    listed = project_of(stage, 1)
    puts(stage, replace(project_of(stage), written_code="P2"), listed)
    await sme.says("/projets")
    await sme.says("projet 2")
    sme.sees("Fiche mise à jour")
    seen = sme.text
    await sme.says("P2")
    assert sme.text != seen


@pytest.mark.parametrize("text", ["projet 2026", "affiche 12", "13110", "04 42 12 34 56"])
async def test_what_is_no_code_is_read_as_before(sme: Speaker, text: str) -> None:
    await sme.says(text)
    assert "sous le code" not in sme.text


async def test_a_facilitator_gets_the_files_of_a_poster(facilitator: Speaker, stage: Stage) -> None:
    project = project_of(stage)
    await facilitator.says(f"/affiche {code_of(project).lower()}")
    files = files_of(facilitator, stage)
    name = f"affiche-{code_of(project)}-{project.id}"
    assert list(files) == [f"{name}-A4.pdf", f"{name}-A5.pdf", f"{name}.svg"]
    page = pypdfium2.PdfDocument(files[f"{name}-A4.pdf"])[0]
    (read,) = zxingcpp.read_barcodes(page.render(scale=1.5).to_pil().convert("L"))
    bot = stage.running.parts.services.bot_username
    assert read.text == f"https://t.me/{bot}?start=p_{project.id}_a"
    assert b"<text" in files[f"{name}.svg"]
    facilitator.sees(project.title, "prête à imprimer", "en A5", "en SVG")


async def test_all_open_projects_are_offered_a_page_at_a_time(
    facilitator: Speaker, stage: Stage
) -> None:
    first = project_of(stage)
    many = [replace(first, id=f"projet-{n}", title=f"Projet n° {n}") for n in range(18)]
    puts(stage, *many, replace(first, id="clos", title="Clos", withdrawn_on=date(2026, 11, 1)))
    await facilitator.says("/affiche")
    seen = facilitator.labels
    await facilitator.taps("Suivant ›")
    seen += facilitator.labels
    assert len([label for label in seen if "Projet n°" in label]) == 18
    assert not [label for label in seen if "Clos" in label]
    await facilitator.taps(f"{code_of(many[9])} ")
    assert len(files_of(facilitator, stage)) == 3
    assert facilitator.toast


async def test_words_find_a_project_and_nonsense_is_answered_with_the_list(
    facilitator: Speaker, stage: Stage
) -> None:
    first, second = project_of(stage), project_of(stage, 1)
    puts(stage, replace(first, title="Soudure un"), replace(second, title="Soudure deux"))
    await facilitator.says("/affiche soudure")
    facilitator.sees("2 projets pour « soudure »")
    await facilitator.says("/affiche xylophone <b>")
    facilitator.sees("pas de projet ouvert pour « xylophone <b> »", "Affiches")
    puts(stage)
    await facilitator.says("/affiche")
    facilitator.sees("Aucun projet n'est ouvert")


async def test_no_poster_of_a_closed_project_or_of_one_that_is_gone(
    facilitator: Speaker, stage: Stage
) -> None:
    first, second = project_of(stage), project_of(stage, 1)
    await facilitator.says("/affiche")
    listing = facilitator.new[-1]["message_id"]
    puts(stage, replace(first, withdrawn_on=date(2026, 11, 1)))
    await facilitator.taps_data(listing, SendPoster(second.id).pack())
    assert "ne figure plus" in facilitator.toast
    await facilitator.taps_data(listing, SendPoster(first.id).pack())
    facilitator.sees("pas d'affiche", "retiré du recensement")
    assert files_of(facilitator, stage) == {}


async def test_nobody_else_gets_a_poster_and_nobody_too_many(
    sme: Speaker,
    administrator: Speaker,
    facilitator: Speaker,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = project_of(stage)
    for other in (sme, administrator):
        await other.says(f"/affiche {code_of(project)}")
        assert files_of(other, stage) == {}
    monkeypatch.setattr(caps, "POSTERS", replace(caps.POSTERS, most=1))
    await facilitator.says(f"/affiche {project.id}")
    assert len(files_of(facilitator, stage)) == 3
    await facilitator.says(f"/affiche {project.id}")
    facilitator.sees("1 affiches en une heure")
    assert files_of(facilitator, stage) == {}
