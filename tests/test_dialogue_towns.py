"""Towns: each gets a verdict, the date of the list, and something to do next."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, inside, staged

from knowledge.knowledge import Knowledge
from knowledge.territories.town_list import TownList

PERSON = "Parler à une personne"
# Counted without the line that dates the list.
MOST_WORDS = 60


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("on est 8 à Istres", "Oui : Istres (13)"),
        ("13800", "Oui : Istres (13)"),
        ("et à Toulon ?", "Oui : Toulon (83)"),
        ("Arles c'est dedans ?", "Non : Arles (13)"),
        ("13004", "Oui : Marseille (13)"),
        ("marseille 13ème arrondissement", "Oui : Marseille (13)"),
        ("je suis a fos", "Oui : Fos-sur-Mer (13)"),
        ("Saint-Denis 30", "Oui : Saint-Denis (30)"),
        ("et à Trifouilly ?", "Je ne trouve pas Trifouilly"),
        ("99999", "Je ne trouve pas 99999"),
    ],
)
async def test_a_town_gets_its_verdict(sme: Speaker, text: str, verdict: str) -> None:
    await sme.says(text)
    sme.sees(verdict, "Liste d'exemple")
    assert PERSON in sme.labels
    assert len(sme.labels) <= 4
    assert len(sme.text.split()) <= MOST_WORDS


async def test_projects_of_the_place_come_first(sme: Speaker) -> None:
    await sme.says("on est 8 à Istres")
    await sme.taps("Voir les projets : Istres")
    sme.sees("Usinage de secours à Istres")


async def test_two_towns_get_both_verdicts(sme: Speaker) -> None:
    await sme.says("Istres et Arles, c'est dedans ?")
    sme.sees("Oui : Istres (13)", "Non : Arles (13)")


async def test_what_else_is_asked_is_a_button(sme: Speaker) -> None:
    await sme.says("on est à Istres, quel est le degré d'implication des PME, on est éligibles ?")
    sme.sees("Oui : Istres (13)")


async def test_a_name_of_many_towns_is_asked_once(sme: Speaker) -> None:
    await sme.says("et à Saint-Denis ?")
    sme.sees("Plusieurs communes répondent à Saint-Denis", "1. Saint-Denis (11)")
    await sme.taps("3. Saint-Denis (93)")
    sme.sees("Non : Saint-Denis (93)")
    assert len(sme.new) == 1


async def test_a_number_typed_chooses_the_town(sme: Speaker) -> None:
    await sme.says("et à Saint-Denis ?")
    await sme.says("2")
    sme.sees("Oui : Saint-Denis (30)")


async def test_a_postal_code_with_two_answers_is_asked_once(sme: Speaker) -> None:
    await sme.says("84120")
    await sme.taps("1. Pertuis (84)")
    sme.sees("Oui : Pertuis (84)", "Vous pouvez voir les projets")


async def test_a_postal_code_with_one_answer_is_not_asked(sme: Speaker) -> None:
    await sme.says("93210")
    sme.sees("Non : Saint-Denis (93)")


@pytest.mark.parametrize("text", ["resto à Istres", "qui dirige le projet de Fos ?", "15000 euros"])
async def test_other_questions_name_places_too(sme: Speaker, text: str) -> None:
    await sme.says(text)
    assert "Liste d'exemple" not in sme.text


async def test_a_town_is_answered_within_a_form(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris, commencer")
    await sme.says("Est-ce que Miramas est éligible ?")
    sme.sees("Oui : Miramas (13)")


async def test_an_edited_town_gets_its_own_verdict(stage: Stage, sme: Speaker) -> None:
    await sme.says("on est à Arles")
    message = [each for each in sme.messages() if not each["from"]["is_bot"]][-1]
    stage.messenger.edits(sme.user, message["message_id"], "on est à Istres", chat=sme.chat_id)
    sme.mark()
    await stage.settles()
    sme.sees("Oui : Istres (13)")


async def test_a_position_is_refused_kindly(sme: Speaker) -> None:
    await sme.sends("location")
    sme.sees("le nom de votre commune, ou son code postal")


async def test_english(sme: Speaker) -> None:
    await sme.says("We are based in Martigues, are we inside the area covered?")
    sme.sees("Yes: Martigues (13)")


async def test_a_button_of_a_town_that_is_gone(stage: Stage, sme: Speaker) -> None:
    await sme.says("et à Saint-Denis ?")
    stage.running.parts.services.town_list = TownList()
    await sme.taps("1. Saint-Denis (11)")
    sme.sees("n'est plus dans la liste")


@pytest.fixture
async def bare(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Speaker]:
    """Somebody who talks to a bot without a list of communes."""
    shutil.copy(blank_file, tmp_path / "bot.db")
    async with staged(shipped, tmp_path / "bot.db") as stage:
        await inside(stage.running.parts.hot_reload, "one_at_a_time").acquire()
        stage.running.parts.services.town_list = TownList()
        yield stage.person()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("on est 8 à Istres", "Oui, la table ronde nomme Istres"),
        ("on bosse à Fos", "Oui, la table ronde nomme Fos-sur-Mer"),
        ("et à Toulon ?", "La table ronde ne nomme pas Toulon"),
        ("13800", "La table ronde ne nomme pas 13800"),
    ],
)
async def test_without_a_list_the_round_table_is_what_is_known(
    bare: Speaker, text: str, words: str
) -> None:
    await bare.says(text)
    bare.sees(words)
    assert PERSON in bare.labels
