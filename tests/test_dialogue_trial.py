"""/tester: what the bot would answer, and why."""

import pytest
from dialogue import Speaker, Stage

from storage.engine.schema import questions


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


async def test_a_question_is_explained(facilitator: Speaker) -> None:
    await facilitator.says("/tester peut-on se prêter une machine entre voisins ?")
    facilitator.sees("« peut-on se prêter une machine entre voisins ? »", "Pourquoi :")
    facilitator.sees("Classement", "1. ", "0,", "Formulation la plus proche", "« machine » ≈")


async def test_a_known_phrasing_is_told_as_such(facilitator: Speaker, stage: Stage) -> None:
    known = stage.knowledge.entries[0]
    await facilitator.says(f"/tester {known.phrasings[0]}")
    facilitator.sees(f"Réponse directe : {known.title}", "mot pour mot")


async def test_a_theme_put_first_says_why(facilitator: Speaker) -> None:
    await facilitator.says("/tester qui finance et qui est le chef de file")
    facilitator.sees("(mis en avant car une partie du message porte sûrement sur ce sujet)")
    assert "\n2. " in facilitator.text
    assert "\n\n2. " not in facilitator.text


async def test_an_act_and_what_nobody_knows_are_told(facilitator: Speaker) -> None:
    await facilitator.says("/tester bonjour")
    facilitator.sees("Acte")
    await facilitator.says("/tester quel temps fera-t-il demain à Tokyo ?")
    facilitator.sees("Aucune réponse")


async def test_markup_in_a_question_stays_text(facilitator: Speaker) -> None:
    await facilitator.says("/tester 1 < 2 & <i>machine</i>\nsur deux lignes")
    facilitator.sees("<")


async def test_nothing_is_kept_of_a_trial(facilitator: Speaker, stage: Stage) -> None:
    await facilitator.says("/tester comment recruter ?")
    await facilitator.says("/tester")
    facilitator.sees("Écrivez la question après la commande")
    assert await stage.rows(questions.select()) == []


async def test_a_private_person_is_refused(sme: Speaker) -> None:
    await sme.says("/tester machine")
    sme.sees("réservée à une autre équipe")
