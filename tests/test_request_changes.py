"""A change of a request is told as one: what it was, what it is, to both sides; or that none is."""

import pytest
from dialogue import Speaker, Stage, number_in
from sqlalchemy import select
from test_dialogue_interest import registers

from handlers.core import caps
from storage.engine.schema import interest_events, interests


async def opens(sme: Speaker, number: str) -> None:
    await sme.says(number)
    await sme.taps("Modifier ma demande")


async def changes(sme: Speaker, number: str, answer: str, text: str) -> None:
    await opens(sme, number)
    await sme.taps(answer)
    await sme.says(text)
    await sme.taps("Enregistrer mes changements")


async def test_administrators_read_which_answer_changed_and_contacts_only_under_details(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    stage.clock.passes(minutes=5)
    await changes(sme, number, "Le message", "Un tour libre le jeudi, 06 12 34 56 78")
    sme.sees(f"Votre demande {number} est modifiée", "message, de « Nous avons un tour")
    told = administrator.messages()[-1]
    assert f"modifié sa demande {number}" in told["text"]
    assert "message, de « Nous avons un tour" in told["text"]
    assert "à « Un tour libre le jeudi" in told["text"]
    assert "06 12 34 56 78" not in told["text"]
    assert told["reply_to_message"]["text"].startswith("Nouvelle demande")

    await changes(sme, number, "Le message", "Un tour libre le vendredi")
    told = administrator.messages()[-1]["text"]
    assert "de « Un tour libre le jeudi" in told
    assert "à « Un tour libre le vendredi »" in told

    await changes(sme, number, "L'entreprise", "Tôlerie Martin")
    await changes(sme, number, "Le numéro ou l'adresse", "jeanne@exemple.fr")
    told = administrator.messages()[-1]["text"]
    assert "contact, changé" in told
    assert "jeanne@exemple.fr" not in str(administrator.messages())
    await administrator.taps("Détails")
    administrator.sees("Ce que la personne a changé", "jeanne@exemple.fr", "« Tôlerie Martin »")


async def test_the_person_reads_the_changes_in_their_card(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    await administrator.taps("Pris en charge")
    stage.clock.passes(hours=1)
    await changes(sme, number, "L'entreprise", "Tôlerie Martin")
    await sme.taps("Voir ma demande")
    sme.sees("3. 23 novembre 2026, 12:00 : modifiée par vous : entreprise, de « ", "Tôlerie Martin")
    # A change of answers is no other act of the administrators.
    assert "Prise en charge par" in administrator.messages()[0]["text"]
    await administrator.taps("Annuler la prise en charge")
    await sme.says(number)
    sme.sees("remise à disposition de l'équipe")


async def test_where_nothing_changed_nobody_is_told(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    before = administrator.messages()
    events = await stage.rows(select(interest_events))
    await opens(sme, number)
    await sme.taps("L'entreprise")
    await sme.taps("Ne rien changer")
    await sme.taps("Enregistrer mes changements")
    sme.sees(f"Rien n'a changé dans votre demande {number}")
    assert administrator.messages() == before
    assert await stage.rows(select(interest_events)) == events
    await opens(sme, number)
    await sme.says("ne rien changer")
    sme.sees("reste telle que vous l'avez envoyée")


async def test_a_change_that_is_opened_again_goes_on_where_it_was(
    sme: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    await opens(sme, number)
    message, data = sme.button("L'entreprise")
    await sme.says("changer le message")
    await sme.says("Un tour libre")
    await opens(sme, number)
    sme.sees("Message : Un tour libre (changé)")
    await sme.taps_data(message["message_id"], data)
    await sme.says("Tôlerie Martin")
    assert sme.text.count("(changé)") == 2
    await sme.says("enregistrer mes changements")
    sme.sees("est modifiée")
    stored = await stage.rows(select(interests.c.company, interests.c.message))
    assert stored == [("Tôlerie Martin", "Un tour libre")]


async def test_an_erasure_finds_the_messages_that_tell_changes(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    await changes(sme, number, "L'entreprise", "Tôlerie Martin")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert all("Martin" not in message["text"] for message in administrator.messages())
    assert all(not row[0] for row in await stage.rows(select(interest_events.c.changes)))


async def test_the_recap_of_a_change_says_later_what_became_of_it(
    sme: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    await opens(sme, number)
    await sme.says("le message")
    await sme.says("Un tour libre")
    message, data = sme.button("Enregistrer mes changements")
    await sme.taps_data(message["message_id"], data, times=2)
    assert number in sme.toast
    await sme.says(f"{number}")
    assert number_in(sme.text) == number


@pytest.mark.usefixtures("low_limits")
async def test_changes_have_a_limit(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    for turn in range(caps.CHANGES.most + 1):
        stage.clock.passes(minutes=1)
        await changes(sme, number, "L'entreprise", f"Tôlerie {turn}")
    sme.sees("Ce changement n'est pas fait")
