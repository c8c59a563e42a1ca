"""A need finds the project that it fits, and what is said of anything else finds none."""

from pathlib import Path

import pytest

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Outcome
from knowledge.ranking.encoder import UniversalSentenceEncoder
from knowledge.ranking.model_store import ModelStore

# What people tell, and the project that it fits: none of these words was used to tune anything.
FITTING = {
    "notre centre d'usinage est immobilisé et la commande part vendredi": "usinage",
    "le broyage de nos copeaux d'acier, on le paye, un voisin les prendrait ?": "copeaux",
    "nos étuves rejettent de l'air brûlant, ça pourrait chauffer les bureaux d'à côté": "chaleur",
    "la remorque revient à vide du terminal portuaire chaque semaine": "conteneurs",
    "we would like our apprentices to learn welding on site": "soudeurs",
    "remplacer nos fenwick thermiques par de l'hydrogène, qui a essayé ?": "hydrogene",
    "our rinse water could be treated and used again by a neighbour": "eau",
    "faire vérifier des cartes électroniques en chambre climatique": "bancs",
}
FOREIGN = (
    "quelle heure est-il à Tokyo",
    "vous avez une recette de ratatouille",
    "mon voisin fait du bruit la nuit",
    "who won the rugby on saturday",
    "où s'achète un abonnement de train",
    "votre numéro de téléphone",
)


def test_most_needs_lead_to_their_project(understood: Knowledge) -> None:
    found = {text: understood.matcher.match(text).projects[:1] for text in FITTING}
    right = [text for text, (*ids,) in found.items() if ids and FITTING[text] in ids[0]]
    assert len(right) >= len(FITTING) - 1, found


@pytest.mark.parametrize("text", FOREIGN)
def test_what_is_about_anything_else_leads_to_no_project(understood: Knowledge, text: str) -> None:
    decision = understood.matcher.match(text)
    assert decision.outcome is not Outcome.PROJECTS
    assert decision.projects == ()


def test_words_and_trades_find_projects_without_an_encoder(shipped: Knowledge) -> None:
    decision = shipped.matcher.match("notre centre d'usinage est immobilisé, qui peut dépanner ?")
    assert "usinage" in decision.projects[0]


def test_who_lends_something_is_told_of_the_project_that_wants_it(understood: Knowledge) -> None:
    decision = understood.matcher.match("je prête mon banc d'essai électronique, il ne sert pas")
    assert "bancs-essai" in decision.projects[0]


def test_the_vectors_of_cards_are_kept_beside_those_of_phrasings(
    understood: Knowledge, models: ModelStore, tmp_path: Path
) -> None:
    assert understood.projects
    encoder = UniversalSentenceEncoder(tmp_path)
    first = models.encoded(encoder, ["une carte"], ".projects")
    again = ModelStore(tmp_path)
    assert again.encoded(encoder, ["une carte"], ".projects").shape == first.shape
    assert not list(tmp_path.glob(f"{encoder.name}.vectors"))
    assert list(tmp_path.glob(f"{encoder.name}.projects.vectors"))
