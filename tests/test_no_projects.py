"""An initiative without any project: every screen says so, and none leads to an empty list."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dialogue import Speaker, Stage
from small_library import library_of, staged_library
from test_check import TODAY

from bot.command_menus import COMMANDS
from bot.commands import new_folder
from bot.preview.personas import User
from bot.runtime.supervisor import LoopName
from handlers.core.buttons import ListProjects, ShowProject
from handlers.core.services import Identity
from handlers.general.start_and_help import TEXT
from handlers.projects.browse import ChooseFilter
from knowledge.knowledge import Knowledge
from knowledge.ranking.model_store import ModelStore

# What speaks of projects that are there to be seen.
_PROMISED = re.compile(
    r"(?<!Être prévenu des nouveaux )(?:voir|montre|choisi\w*|regard\w*|parcour\w*)"
    r"[^.]{0,30}\bprojets?\b(?! ouverts \(aucun)",
    re.IGNORECASE,
)
_NAME = "Crest à vélo"


@pytest.fixture(name="stage")
async def stage_of_a_test(
    tmp_path: Path, models: ModelStore, blank_file: Path
) -> AsyncIterator[Stage]:
    """A bot that serves a new folder, of which the name is written."""
    folder = tmp_path / "knowledge"
    new_folder.begin(folder, today=TODAY)
    faq = (folder / "faq.yaml").read_text("utf-8")
    named = faq.replace("[à compléter : le nom de votre initiative]", _NAME)
    (folder / "faq.yaml").write_text(named, "utf-8")
    shutil.copy(blank_file, tmp_path / "bot.db")
    async with staged_library(library_of(folder, models), tmp_path / "bot.db") as stage:
        yield stage
        if stage.service:
            assert await stage.inbox_count("aside") == 0, "a handler failed"


@pytest.fixture(name="sme")
def first_person(stage: Stage) -> Speaker:
    """Somebody who writes to the bot."""
    return stage.person()


def promises_nothing(who: Speaker) -> None:
    """Assert that what was just said names no project to see, and nothing of the shipped FAQ."""
    assert who.new, "the bot said nothing"
    assert not _PROMISED.search(who.text), who.text
    assert "industrie" not in who.text.lower()
    assert "table ronde" not in who.text.lower()
    assert not [label for label in who.labels if "projets ouverts" in label.lower()]


def test_a_promise_is_seen_where_there_is_one(shipped: Knowledge) -> None:
    said = shipped.initiative.said_in("fr")
    identity = Identity("l'équipe", "", "", "", "")
    values = {"name": shipped.initiative.name, "said": said, "identity": identity}
    assert _PROMISED.search(TEXT("welcome", has_projects=True, **values))
    assert not _PROMISED.search(TEXT("welcome", has_projects=False, **values))


async def test_no_command_promises_a_project(stage: Stage) -> None:
    for number, command in enumerate(["start", *COMMANDS, "start p_partage", "projets soudure"]):
        # Each by somebody who has not written before.
        user = User(50_000 + number, "Camille", f"Essai{number}")
        stage.messenger.joins(user)
        who = stage.person(user)
        await who.says(f"/{command}")
        promises_nothing(who)


async def test_the_list_says_that_there_is_none_yet_and_what_to_do(sme: Speaker) -> None:
    for typed in ("/projets", "/projets soudure", "voir les projets", "Voir les projets ouverts"):
        await sme.says(typed)
        sme.sees("Il n'y a pas encore de projet ici", "/proposer")
        assert sme.labels == [
            "Être prévenu des nouveaux projets",
            "Proposer une idée ou une ressource",
            "Parler à une personne",
        ]


async def test_the_list_says_it_in_english_too(sme: Speaker) -> None:
    await sme.says("/langue")
    await sme.taps("English")
    for command in ("/projets", "/start", "/aide", "/start p_partage", "/mesdemandes"):
        await sme.says(command)
        assert "see the open projects" not in sme.text.lower()
        assert "See the open projects" not in sme.labels
    await sme.says("/projets")
    sme.sees("There is no project here yet")


async def test_every_button_from_every_menu_leads_somewhere_true(sme: Speaker) -> None:
    """Walk: each button of each screen is tapped once, as far as menus go."""
    tapped: set[str] = set()
    for command in ("/start", "/aide", "/projets", "/themes", "/alertes", "/mesdemandes"):
        await sme.says(command)
        waiting = set(sme.labels) - tapped
        while waiting:
            label = waiting.pop()
            tapped.add(label)
            await sme.says("/annuler")
            await sme.says(command)
            if label not in sme.labels:
                continue
            await sme.taps(label)
            if sme.new:
                promises_nothing(sme)
    assert {
        "Choisir un thème",
        "Parler à une personne",
        "Être prévenu des nouveaux projets",
    } <= tapped


@pytest.mark.parametrize(
    "typed",
    [
        "les projets ouverts",
        "je voudrais proposer une idée",
        "que savez-vous faire ?",
        "oui",
        "ça m'intéresse",
        "Seulement ceux qui cherchent un chef de file",
        "Par territoire",
        "continuer",
        "à Istres",
        "et à Martigues ?",
        "notre atelier est à Gardanne, sommes-nous dans le périmètre ?",
    ],
)
async def test_nothing_that_is_typed_promises_a_project(sme: Speaker, typed: str) -> None:
    await sme.says(typed)
    promises_nothing(sme)


async def test_buttons_of_former_projects_say_what_is_left(sme: Speaker) -> None:
    await sme.says("/start")
    message = sme.messages()[-1]["message_id"]
    for data in (ListProjects(page=3, seeks_lead=True), ShowProject("partage"), ChooseFilter("t")):
        await sme.taps_data(message, data.pack())
        assert sme.new
        assert not [label for label in sme.labels if "projets ouverts" in label.lower()]


async def test_who_asks_to_be_told_of_projects_is_not_asked_which(sme: Speaker) -> None:
    await sme.says("/alertes")
    assert not [label for label in sme.labels if "territoire" in label or "filière" in label]
    await sme.taps("Oui")
    sme.sees("C'est noté")
    promises_nothing(sme)


async def test_the_team_is_told_so_too(stage: Stage) -> None:
    administrator = stage.member(stage.messenger.administrators)
    await administrator.says("/chefs")
    administrator.sees("Il n'y a pas encore de projet au recensement")
    for command in ("/demandes", "/stats"):
        await administrator.says(command)
        assert administrator.new
    facilitator = stage.member(stage.messenger.facilitators)
    await facilitator.says("/faq")
    await facilitator.taps("Masquer ou retirer une réponse")
    await facilitator.taps("Les projets")
    facilitator.sees("Il n'y en a pas encore", "/faq projets.yaml")


async def test_it_speaks_for_the_initiative_of_its_files(sme: Speaker) -> None:
    await sme.says("/start")
    sme.sees(f"l'initiative {_NAME}.", "Est-ce que vos réponses sont fiables ?")
    sme.sees(f"tenu par l'équipe {_NAME} (aperçu local)")
    assert "[à compléter" not in sme.text


async def test_telegram_shows_it_so_before_anybody_writes(stage: Stage) -> None:
    parts = stage.running.parts
    await parts.supervisor.tasks[LoopName.COMMAND_MENUS]
    bot = parts.application.bot
    for language in (None, "en"):
        long = (await bot.get_my_description(language_code=language)).description
        short = (await bot.get_my_short_description(language_code=language)).short_description
        assert _NAME in long
        assert "ouverts" not in long + short
        assert "open projects" not in long + short
