"""What a firm that left a telephone number alone says of somebody named, noted by the team."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dialogue import Speaker, Stage
from test_dialogue_handoff import replies
from test_mail_dispatcher import given, mailing
from test_page_introduction import shown
from test_request_page import history, reader, standing
from test_visitor_pages import following
from test_visitor_team import asks_about, calls_only, moves_on

from knowledge.knowledge import Knowledge
from storage.records.interests import EventKind, Status
from storage.records.introductions import Agreement

YES, NO = "Elle a dit oui au téléphone", "Elle a dit non au téléphone"


@pytest.fixture(name="stage")
async def _stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    async with mailing(shipped, tmp_path, blank_file, **given(1, listen_port=0)) as stage:
        yield stage


async def agreement_of(stage: Stage) -> Agreement:
    async with stage.running.parts.database.begin() as work:
        return (await work.introductions.of(1))[-1].state


async def test_it_is_noted_in_the_group_and_what_follows_is_shown_at_once(
    stage: Stage, administrator: Speaker
) -> None:
    visitor = await calls_only(stage)
    found = re.search(r"/suivi/[^\s\"<]+", visitor.answer.text)
    assert found is not None
    await administrator.taps("Pris en charge")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Choisir")
    await administrator.taps("Nommer une autre personne")
    await replies(administrator, "Fonderie Roux", administrator.new[-1])
    administrator.sees("À lui dire par téléphone. Vous noterez sa réponse ici")
    await administrator.taps("Demander son accord")
    administrator.sees("est à poser à l'entreprise par téléphone", "Notez ici ce qu'elle dit")
    assert await agreement_of(stage) is Agreement.ASKED
    await administrator.taps(NO)
    administrator.sees("l'entreprise a refusé", "Rien n'a été transmis")
    assert await agreement_of(stage) is Agreement.REFUSED
    assert NO not in administrator.labels
    await administrator.taps(YES)
    # The firm may still be on the line.
    administrator.sees("À dire à l'entreprise par téléphone", "Fonderie Roux lira")
    assert await agreement_of(stage) is Agreement.AGREED
    claire = reader(stage)
    await claire.opens()
    claire.sees("réponse de l'entreprise, notée par", "Non, dit par téléphone", "Oui, dit par")
    await administrator.taps("Oui, mettre en relation")
    assert (await standing(stage)).status is Status.INTRODUCED
    await visitor.opens(found[0])
    visitor.sees("Oui, dit par téléphone : transmettre mes coordonnées à Fonderie Roux")


async def test_it_is_noted_on_the_page_and_the_group_is_told(
    stage: Stage, administrator: Speaker
) -> None:
    await calls_only(stage)
    await moves_on(stage, EventKind.TAKE)
    await asks_about(stage, "Fonderie Roux")
    claire = reader(stage)
    await claire.opens("introduce")
    claire.sees("Sa réponse n'est pas encore notée", YES, NO)
    asked = shown(claire)
    assert await claire.sends("introduce", **asked, reponse="peut-être") == 409
    assert await agreement_of(stage) is Agreement.ASKED
    assert await claire.sends("introduce", **asked, reponse="oui") == 303
    claire.sees("La réponse de l'entreprise est notée")
    assert await agreement_of(stage) is Agreement.AGREED
    await claire.sends("introduce", **asked, reponse="oui")
    assert [step[0] for step in await history(stage)].count("from_firm") == 1
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    administrator.received("accepte", "par téléphone, noté par Claire Aubert")


async def test_an_old_button_notes_nothing_about_somebody_named_since(
    stage: Stage, administrator: Speaker
) -> None:
    await calls_only(stage)
    await administrator.taps("Pris en charge")
    await asks_about(stage, "Fonderie Roux")
    await administrator.taps("Mettre en relation")
    await asks_about(stage, "Atelier Blanc")
    await administrator.taps(YES)
    assert await agreement_of(stage) is Agreement.ASKED
    administrator.sees("Sa réponse n'est pas encore notée", "Atelier Blanc")


async def test_who_can_be_written_to_answers_alone(stage: Stage, administrator: Speaker) -> None:
    await following(stage)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    await administrator.taps("Pris en charge")
    await asks_about(stage, "Fonderie Roux")
    await administrator.taps("Mettre en relation")
    administrator.sees("Elle n'a pas encore répondu")
    assert not any("téléphone" in label for label in administrator.labels)
    claire = reader(stage)
    await claire.opens("introduce")
    assert "<button" not in claire.answer.text
