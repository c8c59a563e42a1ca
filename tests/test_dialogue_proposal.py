"""Proposing an idea, a resource, or to lead: same manners, same receipt, same notification."""

import pytest
from dialogue import Speaker, Stage, number_in
from sqlalchemy import select

from storage.engine.schema import interests


async def proposes(sme: Speaker, kind: str, description: str) -> str:
    """Make a proposal and return its number."""
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.taps(kind)
    await sme.says(description)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.says("samira.costa@exemple.fr")
    sme.sees("Récapitulatif", description, "samira.costa@exemple.fr")
    await sme.taps("Oui, j'accepte")
    return number_in(sme.text)


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("Une idée de projet", "Idée de projet"),
        ("Une ressource à partager", "Ressource à partager"),
        ("Être chef de file", "Être chef de file"),
    ],
)
async def test_a_proposal_reaches_the_administrators(
    sme: Speaker, administrator: Speaker, kind: str, title: str
) -> None:
    number = await proposes(sme, kind, "Reprendre nos chutes de PVC à quatre ateliers.")
    administrator.received(f"Nouvelle demande {number}", title, "Mécanique du Delta")
    await administrator.taps("Détails")
    administrator.sees("chutes de PVC", "samira.costa@exemple.fr")
    await administrator.taps("Pris en charge")
    sme.received(f"Votre demande {number} est prise en charge")


async def test_the_answer_that_invites_a_proposal_leads_to_it(sme: Speaker) -> None:
    await sme.says("Comment recrutez-vous de nouveaux projets ?")
    await sme.taps("Proposer une idée")
    sme.sees("Proposer une idée, une ressource", "48 heures")


async def test_several_proposals_are_several_requests(sme: Speaker, stage: Stage) -> None:
    first = await proposes(sme, "Une idée de projet", "Une navette entre les zones.")
    await sme.says("/proposer")
    sme.sees(f"coordonnées de votre demande {first}")
    await sme.taps("J'ai compris")
    await sme.says("2")
    await sme.says("Un four libre le jeudi.")
    await sme.taps("Oui, j'accepte")
    assert number_in(sme.messages()[-1]["text"]) != first
    assert len(await stage.rows(select(interests.c.id))) == 2


async def test_the_contact_of_a_withdrawn_request_is_said_and_can_be_changed(sme: Speaker) -> None:
    number = await proposes(sme, "Une idée de projet", "Une navette entre les zones.")
    await sme.taps("Voir ma demande")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await sme.says("/proposer")
    sme.sees(f"coordonnées de votre demande {number} : Mécanique du Delta, Samira Costa")
    await sme.taps("J'ai compris")
    sme.sees("Question 1 sur 2")
    await sme.says("2")
    await sme.says("Un four libre le jeudi.")
    sme.sees(f"repris de votre demande {number}", "Modifier une réponse")
    await sme.taps("Modifier une réponse")
    await sme.taps("Le nom")
    await sme.says("Samir Costa")
    sme.sees("Samir Costa")
    assert "repris de" not in sme.text


async def test_a_proposal_is_changed_and_withdrawn(sme: Speaker, administrator: Speaker) -> None:
    number = await proposes(sme, "Une idée de projet", "Une navette entre les zones.")
    await sme.taps("Voir ma demande")
    sme.sees("Proposition : Idée de projet", "navette")
    assert "Voir la fiche du projet" not in sme.labels
    await sme.taps("Modifier ma demande")
    await sme.taps("La description")
    await sme.says("Une navette et un local à vélos.")
    await sme.taps("Enregistrer mes changements")
    sme.sees(f"Votre demande {number} est modifiée")
    await administrator.taps("Détails")
    administrator.sees("local à vélos")
    await sme.taps("Voir ma demande")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    administrator.received(f"Demande {number} retirée")


async def test_an_empty_description_is_asked_again(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.says("quelque chose")
    sme.sees("Touchez l'un des trois boutons")
    await sme.taps("Une idée de projet")
    await sme.says("…")
    sme.sees("Je n'ai pas vu de mots")
    await sme.says("z" * 1501)
    sme.sees("1501 caractères")


async def test_a_proposal_is_gone_back_through_and_asks_back_as_well(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.taps("Une idée de projet")
    await sme.says("Une navette entre les zones.")
    await sme.says("combien ca coute")
    sme.sees("Est-ce bien le nom de votre entreprise ?")
    await sme.says("retour")
    sme.sees("Question 2 sur 6", "Une navette entre les zones.")
    await sme.says("retour")
    sme.sees("Question 1 sur 6", "Votre réponse pour l'instant : Une idée de projet")
    await sme.taps("Une ressource à partager")
    sme.sees("Question 3 sur 6", "Quel est le nom de votre entreprise")
    await sme.says("/aide")
    sme.sees("Pour votre proposition", "Question 3 sur 6")
