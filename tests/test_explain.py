"""Why the bot answers what it answers, in words."""

import re
from pathlib import Path

import pytest

import knowledge
from knowledge.curation.explain import WordMatch, explain
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import FIND_PROJECTS, Outcome

SHIPPED = Path(knowledge.__file__).parent


def test_a_direct_answer_says_how_sure_it_is_and_what_it_is_like(shipped: Knowledge) -> None:
    told = explain(shipped, "on pourrait partager notre matos entre voisins de la zone")
    assert told.outcome is Outcome.ANSWER
    assert told.ranking[0].id == told.shown[0] == "mutualisation"
    assert told.ranking[0].title == "Partager des équipements"
    scores = [one.score for one in told.ranking]
    assert scores == sorted(scores, reverse=True)
    assert told.sure is not None
    assert told.sure >= told.thresholds.answer
    assert told.nearest
    assert re.search(r"jugée bonne à \d+ %, et 80 % suffisent", told.reason)


@pytest.mark.parametrize(
    ("question", "outcome", "words"),
    [
        ("Mutualisation !", Outcome.ANSWER, "mot pour mot"),
        ("bonjour", Outcome.ACT, "acte"),
        ("bonjour madame, merci d'avance", Outcome.ACT, "politesse"),
        ("?!", Outcome.NONE, "aucun mot"),
        ("un projet de solvants", Outcome.PROJECTS, "nomme des projets du recensement"),
        ("qui finance et qui est le chef de file", Outcome.SEVERAL, "plusieurs questions"),
        ("machines", Outcome.CHOICES, ""),
        ("Il va pleuvoir samedi à Nice ?", Outcome.NONE, "il en faut 20"),
    ],
)
def test_each_outcome_has_its_reason_in_french(
    shipped: Knowledge, question: str, outcome: Outcome, words: str
) -> None:
    told = explain(shipped, question)
    assert told.outcome is outcome
    assert words in told.reason
    assert told.reason


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("un projet de solvants", "la question nomme des projets"),
        ("solvants", "la question nomme des projets"),
    ],
)
def test_what_the_census_puts_first_is_told(shipped: Knowledge, question: str, why: str) -> None:
    first, *others = explain(shipped, question).ranking
    assert first.id == FIND_PROJECTS
    assert first.promoted.startswith(f"mis en avant car {why}")
    assert {one.promoted for one in others} == {""}


def test_themes_before_what_scores_higher_are_told(shipped: Knowledge) -> None:
    told = explain(shipped, "qui finance et qui est le chef de file")
    promoted = {one.id for one in told.ranking if one.promoted}
    assert promoted == set(told.shown)
    assert all("une partie du message" in one.promoted for one in told.ranking[:2])


@pytest.mark.parametrize("question", ["Mutualisation !", "machines", "bonjour", "demain il pleut"])
def test_what_stands_by_its_score_has_no_mark(shipped: Knowledge, question: str) -> None:
    told = explain(shipped, question)
    scores = [one.score for one in told.ranking]
    assert scores == sorted(scores, reverse=True)
    assert {one.promoted for one in told.ranking} <= {""}


def test_every_reason_of_the_matcher_has_its_french() -> None:
    """The matcher gives its reasons in English; a new one must be put into words here."""
    written = (SHIPPED / "matcher" / "matcher.py").read_text("utf-8")
    french = (SHIPPED / "curation" / "explain.yaml").read_text("utf-8")
    # A sentence in quotes that a decision may give; docstrings have three quotes.
    reasons = set(re.findall(r'(?<!")"([a-z]+(?: [a-z]+)+)"(?!")', written))
    assert len(reasons) >= 7
    assert {reason for reason in reasons if f'"{reason}"' not in french} == set()


def test_the_pairs_of_words_say_how_they_are_alike(shipped: Knowledge) -> None:
    kinds: dict[WordMatch, str] = {}
    for question in (
        "partager une fraiseuse avec les voisins",
        "kel finansement pour mon projet",
        "koi comme accompagnement projet industriel",
        "accompagnemment projet industriel",
        "emprunter un équipement au voisin",
    ):
        for pair in explain(shipped, question).pairs:
            kinds.setdefault(pair.alike, str(pair))
    assert set(kinds) >= {WordMatch.SAME, WordMatch.IDEA}
    assert len(kinds) >= 3
    assert all(re.fullmatch("« .+ » ≈ « .+ »", text) for text in kinds.values())


def test_no_word_is_paired_twice_and_none_that_says_nothing(shipped: Knowledge) -> None:
    told = explain(shipped, "est-ce que la machine et la machine et l'équipement de la zone")
    assert len({pair.written for pair in told.pairs}) == len(told.pairs)
    assert not {pair.asked for pair in told.pairs} & {"la", "et", "de"}
