"""What is typed instead of tapped: numbers, words of a title, labels, yes and no."""

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_handoff import card, hands_over, replies
from test_dialogue_interest import begins

from storage.engine.schema import contexts, people, questions

FOUND = "Usinage de secours à Istres"
# In the card of a project alone, whatever the language.
CARD = "?start=p_"


async def lists_projects(who: Speaker) -> list[str]:
    """Show the first page of the projects; return their titles."""
    await who.says("/projets")
    return [label.partition(". ")[2] for label in who.labels if label[0].isdigit()]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("2", 2),
        ("2.", 2),
        ("n°2", 2),
        ("N° 2 svp", 2),
        ("le 2", 2),
        ("le n° 2 s'il vous plaît", 2),
        ("deux", 2),
        ("le deuxième", 2),
        ("la seconde", 2),
        ("le 2ème projet", 2),
        ("je prends le 3", 3),
        ("projet 1", 1),
        ("the first one", 1),
        ("1er", 1),
        ("le dernier", 5),
        ("la dernière", 5),
    ],
)
async def test_a_number_chooses_in_the_list(sme: Speaker, typed: str, number: int) -> None:
    titles = await lists_projects(sme)
    await sme.says(typed)
    sme.sees(titles[number - 1], CARD)


@pytest.mark.parametrize(
    "typed", ["une question", "2 projets", "on est 2", "deux questions", "200"]
)
async def test_a_number_within_other_words_is_no_choice(sme: Speaker, typed: str) -> None:
    await lists_projects(sme)
    await sme.says(typed)
    assert CARD not in sme.text


@pytest.mark.parametrize("typed", ["celui des conteneurs", "les conteneurs", "conteneurs"])
async def test_words_of_one_title_choose(sme: Speaker, typed: str) -> None:
    await sme.says("/projets conteneurs")
    title = next(label for label in sme.labels if label.startswith("1. "))
    assert "onteneurs" in title
    await sme.says(typed)
    sme.sees(CARD, title.partition(". ")[2])


async def test_the_place_of_a_project_chooses_it(sme: Speaker) -> None:
    await sme.says("/projets")
    await sme.says("celui de Marignane")
    sme.sees(FOUND, CARD)


async def test_several_projects_of_a_place_are_asked_about(sme: Speaker) -> None:
    await sme.says("/projets")
    await sme.says("celui de Martigues")
    sme.sees("Lequel voulez-vous voir ?", "1. ", "2. ")
    await sme.says("le dernier")
    sme.sees(CARD)


@pytest.mark.parametrize(
    "typed",
    ["comment est financé le partage ?", "qui peut participer ?", "c'est quoi un chef de file ?"],
)
async def test_an_ordinary_question_is_no_choice(sme: Speaker, typed: str) -> None:
    await sme.says("/projets")
    await sme.says(typed)
    assert CARD not in sme.text


async def test_a_theme_is_chosen_by_its_number_and_by_its_word(sme: Speaker, stage: Stage) -> None:
    await sme.says("/themes")
    entries = stage.knowledge.entries
    sme.sees(f"2. {entries[1].title}")
    await sme.says("2")
    sme.sees(entries[1].title, "Source")
    await sme.says("/themes")
    await sme.says(entries[2].title.upper())
    sme.sees(entries[2].title, "Source")


async def test_what_was_shown_is_out_of_date_after_ten_minutes(sme: Speaker, stage: Stage) -> None:
    await sme.says("/projets")
    stage.clock.passes(minutes=10)
    await sme.says("2")
    assert CARD not in sme.text


async def test_a_yes_does_the_one_thing_offered(sme: Speaker) -> None:
    await lists_projects(sme)
    await sme.says("4")
    await sme.says("oui")
    assert "J'ai compris, commencer" in sme.labels


@pytest.mark.parametrize("typed", ["oui", "Oui, elle m'aide", "oui ça m'aide", "yes"])
async def test_a_yes_under_an_answer_is_the_vote(sme: Speaker, stage: Stage, typed: str) -> None:
    await sme.says("/themes")
    await sme.says("1")
    await sme.says(typed)
    assert sme.text == "Merci, c'est noté."
    assert await votes(stage) == [True]


async def test_a_no_under_an_answer_is_the_vote_and_leads_to_help(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("/themes")
    await sme.says("1")
    await sme.says("non")
    sme.sees("Je suis désolé")
    assert "Parler à une personne" in sme.labels
    assert await votes(stage) == [False]


@pytest.mark.parametrize("typed", ["non merci", "ça ira", "pas maintenant"])
async def test_a_polite_refusal_is_no_vote(sme: Speaker, stage: Stage, typed: str) -> None:
    await sme.says("/themes")
    await sme.says("1")
    await sme.says(typed)
    sme.sees("on en reste là")
    assert await votes(stage) == [None]


async def test_ok_under_an_answer_is_no_vote(sme: Speaker, stage: Stage) -> None:
    await sme.says("/themes")
    await sme.says("1")
    await sme.says("ok")
    assert True not in await votes(stage)


async def test_a_yes_to_several_things_is_asked_about(sme: Speaker) -> None:
    await sme.says("/start")
    await sme.says("oui")
    sme.sees("pour quoi ?", "1. Voir les projets ouverts", "2. Choisir un thème")
    await sme.says("2")
    sme.sees("Ce que je sais")


async def test_both_of_several_things_are_asked_about(sme: Speaker) -> None:
    await sme.says("/projets")
    await sme.says("les deux")
    sme.sees("Laquelle d'abord ?", "1. ", "2. ")


async def test_a_no_keeps_what_was_to_be_erased(sme: Speaker) -> None:
    await sme.says("/supprimer")
    await sme.says("non")
    sme.sees("Rien n'est effacé.")


async def test_a_yes_erases_what_was_to_be_erased_and_nothing_is_kept_of_it(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("/themes")
    await sme.says("/supprimer")
    await sme.says("oui")
    sme.sees("Tout est effacé.")
    for table in (people, contexts, questions):
        assert await stage.rows(select(table)) == []


async def test_a_yes_after_another_message_does_not_do_what_was_offered_before(
    sme: Speaker,
) -> None:
    await sme.says("/supprimer")
    await sme.says("/confidentialite")
    await sme.says("oui")
    assert "Tout est effacé." not in sme.text


async def test_a_form_hears_its_own_numbers_and_yes(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("/projets")
    await sme.says("2")
    assert CARD not in sme.text


async def test_labels_are_understood_within_a_form(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Abandonner")
    sme.sees("Abandonner et effacer vos réponses ?")


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("Voir les projets ouverts", "Projets ouverts"),
        ("voir les projets ouverts", "Projets ouverts"),
        ("Parler à une personne", "Parler à une personne"),
        ("Choisir un thème", "Ce que je sais"),
        ("Choose a subject", "Ce que je sais"),
        ("Toutes mes demandes", "Vos demandes"),
        ("Par territoire", "Filtrer par territoire"),
        ("Ça m'intéresse", "Pour quel projet ?"),
        ("Retirer ma demande", "De quelle demande s'agit-il ?"),
        ("Passer", "Aucun formulaire n'est en cours"),
        ("Oui, tout effacer", "Tout effacer ?"),
        ("Oui, elle m'aide", "pas de réponse en attente"),
        ("Suivant ›", "Aucune liste numérotée"),
        ("Répondre", "touchez « Répondre »"),
    ],
)
async def test_a_label_typed_with_nothing_in_sight(sme: Speaker, typed: str, seen: str) -> None:
    await sme.says(typed)
    sme.sees(seen)


async def test_an_edited_choice_is_not_followed_again(sme: Speaker, stage: Stage) -> None:
    await sme.says("/themes")
    await sme.says("2")
    message_id = next(m for m in reversed(sme.messages()) if m.get("text") == "2")["message_id"]
    sme.mark()
    stage.messenger.edits(sme.user, message_id, "3", chat=sme.chat_id)
    await stage.settles()
    sme.sees("Vous avez modifié un choix")


@pytest.mark.parametrize(("act_id", "begins_form"), [("oui", True), ("non", False)])
async def test_each_yes_and_no_of_the_acts_is_heard(
    sme: Speaker, stage: Stage, act_id: str, *, begins_form: bool
) -> None:
    act = stage.knowledge.act(act_id)
    assert act is not None
    wrong = []
    for phrasing in act.phrasings:
        await sme.says("/projets")
        await sme.says("4")
        await sme.says(phrasing)
        if ("J'ai compris, commencer" in sme.labels) != begins_form:
            wrong.append(phrasing)
        await sme.says("/annuler")
        stage.clock.passes(minutes=1)
    assert wrong == []


async def votes(stage: Stage) -> list[bool | None]:
    """Return the opinions on the answers given, oldest first."""
    rows = await stage.rows(
        select(questions.c.helpful).where(questions.c.outcome == "answer").order_by(questions.c.id)
    )
    return [row.helpful for row in rows]


async def test_a_message_of_the_team_offers_nothing_to_say_yes_to(
    sme: Speaker, stage: Stage
) -> None:
    facilitator = stage.member(stage.messenger.facilitators)
    await hands_over(sme)
    await replies(facilitator, "Depuis quand cherchez-vous ?", card(facilitator))
    sme.received("Depuis quand cherchez-vous ?")
    ((offer, options),) = await stage.rows(select(contexts.c.offer, contexts.c.options))
    assert offer is None
    assert [label for label, _ in options] == ["Répondre"]
    await sme.says("répondre")
    sme.sees("réponse")
    assert "touchez « Répondre »" not in sme.text
