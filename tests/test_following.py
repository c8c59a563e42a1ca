"""What goes on with what is in sight: a project, a part of several questions, a verdict."""

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select

from handlers.general import privacy
from handlers.projects.asked_about import About, asked_about
from storage.engine.schema import drafts
from storage.privacy.retention import Durations

CARD = "Chef de file"


@pytest.fixture
async def reader(sme: Speaker) -> Speaker:
    """Somebody who has just read the card of a project with a lead."""
    await sme.says("/projets soudage")
    await sme.taps("1. École de soudage itinérante (fictif)")
    sme.sees(CARD)
    return sme


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("c'est qui le responsable ?", About.LEAD),
        ("et qui gère ça", About.LEAD),
        ("who runs it?", About.LEAD),
        ("c'est loin de Marseille ?", About.PLACE),
        ("ça se passe où exactement", About.PLACE),
        ("jusqu'à quand je peux répondre", About.TIME),
        ("ça coûte cher, combien ?", About.UNSAID),
        ("inscrivez-nous", About.JOINING),
        ("ok je participe", About.JOINING),
        ("how can we join?", About.JOINING),
        ("ça ne m'intéresse pas", None),
        ("notez-moi quand même", About.JOINING),
        ("et en alternance ?", None),
        ("bonjour", None),
    ],
)
def test_what_a_text_wants_of_a_project(text: str, about: About | None) -> None:
    assert asked_about(text) is about


async def test_the_card_answers_who_leads_and_where(reader: Speaker) -> None:
    await reader.says("et qui gère ça ?")
    reader.sees("École de soudage itinérante", "chef de file")
    assert "Ça m'intéresse" in reader.labels
    await reader.says("c'est loin d'Istres ?")
    reader.sees("Port-Saint-Louis-du-Rhône", "ni adresse ni distance")


async def test_what_a_card_does_not_say_leads_to_a_person(reader: Speaker) -> None:
    await reader.says("ça rapporte combien")
    reader.sees("ne le dit pas", "contact@exemple.fr")
    assert "Parler à une personne" in reader.labels


async def test_the_wish_to_join_begins_the_form_of_the_project(
    reader: Speaker, stage: Stage
) -> None:
    await reader.says("inscrivez-nous alors")
    reader.sees("Avant de commencer")
    assert [row.form for row in await stage.rows(select(drafts.c.form))] == ["interest"]


async def test_without_a_project_in_sight_the_list_is_shown(sme: Speaker, stage: Stage) -> None:
    await sme.says("je suis intéressé")
    sme.sees("Choisissez le projet", "1. ")
    assert await stage.rows(select(drafts.c.form)) == []


async def test_a_number_begins_nothing_on_a_card_that_came_alone(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("école de soudage itinérante")
    await sme.says("1")
    sme.sees(CARD)
    assert await stage.rows(select(drafts.c.form)) == []


async def test_a_number_with_no_list_in_sight_says_how_to_find_one(sme: Speaker) -> None:
    await sme.says("3")
    sme.sees("Aucune liste numérotée")
    assert "Voir les projets ouverts" in sme.labels


async def test_the_list_above_a_card_can_still_be_chosen_from(sme: Speaker) -> None:
    await sme.says("/projets")
    await sme.says("4")
    sme.sees("École de soudage itinérante", CARD)
    await sme.says("et le 5")
    sme.sees("Usinage de secours", CARD)


async def test_a_choice_that_corrects_itself_is_its_last_word(sme: Speaker) -> None:
    await sme.says("/projets")
    await sme.says("le premier. ah non, le quatrième plutôt")
    sme.sees("École de soudage itinérante", CARD)
    await sme.says("non pas ça, celui sur l'usinage")
    sme.sees("Usinage de secours", CARD)


async def test_a_project_of_another_page_is_found_by_its_words(sme: Speaker) -> None:
    await sme.says("/projets")
    await sme.says("1")
    await sme.says("plutôt celui avec les conteneurs")
    sme.sees("Conteneurs")


async def test_a_plain_yes_or_no_wanted_repeats_the_verdict(sme: Speaker, stage: Stage) -> None:
    await sme.says("notre atelier est à Istres, ça marche ?")
    verdict = sme.text.splitlines()[0]
    assert "Istres" in verdict
    await sme.says("alors c'est oui ou c'est non ?")
    assert sme.text.splitlines()[0] == verdict
    assert await stage.rows(select(drafts.c.form)) == []


async def test_a_part_of_several_is_gone_on_with_by_its_place(sme: Speaker) -> None:
    await sme.says("comment sont financés les projets ? et qui peut participer ?")
    first = sme.text
    assert "financement" in first.lower()
    await sme.says("et la deuxième question ?")
    sme.sees("Cette réponse vous aide-t-elle")
    assert "financement des projets" not in sme.text.splitlines()[0].lower()


async def test_a_town_among_several_questions_gets_its_verdict(sme: Speaker) -> None:
    await sme.says("Istres, on est dedans ? et comment sont financés les projets ?")
    sme.sees("Istres")
    assert "financ" in sme.text.lower()


async def test_a_form_is_left_kindly_and_shown_again(sme: Speaker, stage: Stage) -> None:
    await sme.says("/proposer")
    await sme.says("vous pouvez répéter ? j'étais au téléphone")
    sme.sees("Avant de commencer")
    await sme.says("non attendez, je dois en parler à mon associé")
    sme.sees("abandonné", "Rien n'a été transmis")
    assert await stage.rows(select(drafts.c.form)) == []


async def test_words_run_together_still_begin(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.says("jai compris commencer")
    sme.sees("Question 1")


async def test_another_wish_at_the_notice_is_served_and_the_form_waits(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.says("qui peut participer ?")
    sme.sees("Votre formulaire", "vous attend")
    await sme.says("bon je reprends")
    sme.sees("Avant de commencer")


async def test_erasing_is_stopped_by_words(sme: Speaker) -> None:
    await sme.says("/supprimer")
    await sme.says("attendez non, pas maintenant")
    sme.sees("Rien n'est effacé")


async def test_the_title_of_an_act_typed_in_full_does_what_its_button_does(sme: Speaker) -> None:
    await sme.says("Proposer un projet")
    sme.sees("Avant de commencer")


async def test_who_waits_for_an_answer_gets_human_words(sme: Speaker) -> None:
    await sme.says("j'attends toujours")
    sme.sees("désolé de cette attente", "contact@exemple.fr")
    assert "Être rappelé" in sme.labels


async def test_the_end_of_a_number_is_looked_for(sme: Speaker) -> None:
    await sme.says("0932 j'ai dit")
    sme.sees("Je ne vois pas de demande n° 932", "contact@exemple.fr")


async def test_whoever_asks_for_their_number_gets_it(sme: Speaker) -> None:
    await sme.says("06 39 98 00 11")
    await sme.says("oui")
    await sme.says("c'est quoi la référence de ma demande")
    sme.sees("TI-2026-0001")


async def test_a_question_beside_a_number_is_answered_too(sme: Speaker) -> None:
    await sme.says("comment sont financés les projets ? et rappelez-moi au 06 39 98 00 11")
    assert "Vous rappeler au 06 39 98 00 11" in sme.text


async def test_without_a_free_telephone_the_address_is_given(sme: Speaker) -> None:
    await sme.says("et votre adresse mail, au cas où")
    sme.sees("contact@exemple.fr")


async def test_a_moment_refused_at_the_recap_gives_way_to_the_next(
    sme: Speaker, administrator: Speaker
) -> None:
    await sme.says("rappelez-moi au 06 39 98 00 11 demain matin")
    await sme.says("ah non, demain je peux pas, vendredi après 16h plutôt")
    sme.sees("Vous rappeler au 06 39 98 00 11, vendredi après 16h")
    await sme.says("demandez Nadia")
    sme.sees("Nom : Nadia", "vendredi après 16h")
    await sme.says("oui, cela me convient")
    administrator.received("06 39 98 00 11", "vendredi après 16h")


async def test_the_recap_is_short_and_the_rest_is_kept(sme: Speaker) -> None:
    story = "notre four est tombé en panne et nous cherchons quelqu'un qui en ait un. " * 5
    await sme.says(f"{story} 06 39 98 00 11 mardi matin, Samira Costa")
    assert len(sme.text.split()) <= 90
    sme.sees("…")


async def test_who_is_erased_leaves_no_number_in_the_group(
    sme: Speaker, administrator: Speaker
) -> None:
    await sme.says("06 39 98 00 11")
    await sme.says("oui")
    assert "98 00 11" in administrator.messages()[-1]["text"]
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert all("98 00 11" not in each.get("text", "") for each in administrator.messages())


async def test_a_request_made_anonymous_leaves_no_number_in_the_group(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await sme.says("06 39 98 00 11")
    await sme.says("oui")
    assert "98 00 11" in administrator.messages()[-1]["text"]
    stage.clock.passes(days=366)
    async with stage.running.parts.database.begin() as work:
        await work.retention.apply(Durations())
        privacy.blank(work, work.retention.notices)
    # Whatever comes next wakes the sender, which else looks by itself after a while.
    await sme.says("bonjour")
    assert all("98 00 11" not in each.get("text", "") for each in administrator.messages())
