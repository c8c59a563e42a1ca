"""Declaring an interest: the form with its bad inputs, the receipt, changes, and restarts."""

import re

import pytest
from dialogue import Speaker, Stage, number_in
from sqlalchemy import select

from storage.schema import drafts, interests, outbox

PROJECT = "p_"


def open_project(stage: Stage, number: int = 0) -> str:
    """Return the id of an open project."""
    return stage.knowledge.census.listed(stage.running.parts.services.today())[number].id


async def begins(sme: Speaker, stage: Stage, number: int = 0) -> None:
    """Go to the first question of the form."""
    await sme.says(f"/start p_{open_project(stage, number)}")
    await sme.taps("Ça m'intéresse")
    await sme.taps("J'ai compris, commencer")


async def fills(sme: Speaker, stage: Stage, number: int = 0) -> None:
    """Answer everything up to the recap."""
    await begins(sme, stage, number)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.taps("Par téléphone")
    await sme.says("06 12 34 56 78")
    await sme.taps("Participer au projet")
    await sme.says("Nous avons un tour <b>disponible</b> & deux fraiseurs.")
    await sme.says("732 829 320 00074")


async def registers(sme: Speaker, stage: Stage, number: int = 0) -> str:
    """Register an interest and return its number."""
    await fills(sme, stage, number)
    await sme.taps("Oui, j'accepte et j'envoie")
    return number_in(sme.text)


async def test_the_notice_comes_before_the_first_personal_field(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("Ça m'intéresse")
    sme.sees("12 mois", "48 heures", "/confidentialite", "/supprimer")
    assert "Quel est le nom" not in sme.text


async def test_from_the_card_to_the_receipt_and_the_notification(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await fills(sme, stage)
    sme.sees(
        "Récapitulatif",
        "Mécanique du Delta",
        "+33 6 12 34 56 78",
        "<b>disponible</b> &",
        "73282932000074",
        "transmises",
    )
    await sme.taps("Oui, j'accepte et j'envoie")
    sme.sees("C'est enregistré", "TI-2026-0001")
    administrator.received("Nouvelle demande TI-2026-0001", "Mécanique du Delta", "participer")
    for private in ("Samira", "6 12 34", "disponible", "73282932"):
        assert private not in administrator.messages()[-1]["text"]


@pytest.mark.parametrize(
    ("step", "bad", "complaint"),
    [
        ("company", "!!!", "nom d'entreprise"),
        ("company", "x" * 200, "200 caractères"),
        ("company", "😀😀", "nom d'entreprise"),
        ("name", ".", "Écrivez vos prénom et nom"),
        ("contact_kind", "par pigeon", "Touchez l'un des trois boutons"),
        ("phone", "06 12", "06 12 34 56 78"),
        ("phone", "00 00 00 00 00", "06 12 34 56 78"),
        ("role", "patron", "tapez 1, 2 ou 3"),
        ("message", "z" * 1001, "1001 caractères"),
        ("siret", "123", "14 chiffres"),
        ("siret", "732 829 320 00075", "14 chiffres"),
        ("siret", "732829320", "SIREN"),
    ],
)
async def test_bad_input_is_asked_again_and_nothing_is_lost(
    sme: Speaker, stage: Stage, step: str, bad: str, complaint: str
) -> None:
    good = ["Mécanique du Delta", "Samira Costa", "2", "06 12 34 56 78", "1", "Bonjour.", "Passer"]
    order = ["company", "name", "contact_kind", "phone", "role", "message", "siret"]
    await begins(sme, stage)
    for key, answer in zip(order, good, strict=True):
        if key == step:
            await sme.says(bad)
            sme.sees(complaint, "Le reste est gardé")
        await sme.says(answer)
    sme.sees("Récapitulatif", "Mécanique du Delta", "Samira Costa", "+33 6 12 34 56 78")


@pytest.mark.parametrize("bad", ["samira", "samira@", "@exemple.fr", "a b@exemple.fr", "a@b"])
async def test_a_bad_address_is_asked_again(sme: Speaker, stage: Stage, bad: str) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.taps("Par e-mail")
    await sme.says(bad)
    sme.sees("samira.costa@exemple.fr")
    await sme.says("Samira.Costa@Exemple.fr")
    sme.sees("Que souhaitez-vous")


async def test_an_address_typed_where_the_sort_was_asked_is_taken(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.says("samira.costa@exemple.fr")
    sme.sees("Que souhaitez-vous")


async def test_everything_can_be_typed_instead_of_tapped(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("Ça m'intéresse")
    for text in ("ok", "Mécanique du Delta", "Samira Costa", "par téléphone", "0612345678"):
        await sme.says(text)
    for text in ("participer au projet", "passer", "passer", "oui"):
        await sme.says(text)
    sme.sees("C'est enregistré")


async def test_telegram_as_contact_needs_nothing_more(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.taps("Par ce compte Telegram")
    sme.sees("Que souhaitez-vous")
    for _ in range(3):
        await sme.taps("Passer")
    sme.sees("Récapitulatif", "ce compte Telegram")


async def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage)
    await sme.says("Comment financer de tels projets ?")
    sme.sees("Source :", "Quel est le nom de votre entreprise")
    await sme.says("Mécanique du Delta")
    sme.sees("Quels sont vos prénom et nom")


async def test_a_voice_message_in_the_middle_loses_nothing(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.sends("voice")
    sme.sees("Rien de ce que vous avez écrit n'est perdu", "Quels sont vos prénom et nom")


async def test_a_restart_in_the_middle_of_a_form(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await stage.stops()
    await stage.starts()
    await sme.says("Samira Costa")
    sme.sees("Comment préférez-vous être contacté")
    await stage.stops()
    await stage.starts()
    await sme.taps("Par téléphone")
    sme.sees("Quel est votre numéro")


async def test_cancel_always_works_and_erases_the_draft(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("/annuler")
    sme.sees("Rien n'a été transmis")
    assert await stage.rows(select(drafts)) == []
    await sme.says("/annuler")
    sme.sees("aucun formulaire en cours")


async def test_the_cancel_button_asks_once(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.taps("Abandonner")
    sme.sees("sera effacé")
    await sme.taps("Continuer le formulaire")
    sme.sees("Quels sont vos prénom et nom")
    await sme.taps("Abandonner")
    await sme.taps("Oui, abandonner")
    assert await stage.rows(select(drafts)) == []


async def test_a_form_ends_after_48_hours(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    stage.clock.passes(hours=49)
    await stage.stops()
    await stage.starts()
    async with stage.running.parts.database.begin() as work:
        assert await work.inbox.backlog() == 0
    await sme.taps("Abandonner")
    assert "n'est plus en cours" in sme.toast


async def test_a_double_tap_records_once(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await fills(sme, stage)
    message, data = sme.button("Oui, j'accepte et j'envoie")
    await sme.taps_data(message["message_id"], data, times=3)
    assert len(await stage.rows(select(interests.c.id))) == 1
    heard = [m for m in administrator.messages() if "Nouvelle demande" in m.get("text", "")]
    assert len(heard) == 1
    assert "déjà enregistré" in sme.toast


async def test_a_second_attempt_shows_the_first(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    old = sme.messages()
    await sme.says(f"/start p_{open_project(stage)}")
    sme.sees("Vous avez déjà une demande", number)
    assert "Ça m'intéresse" not in sme.labels
    card = next(m for m in old if "Ça m'intéresse" in str(m.get("reply_markup")))
    await sme.taps_data(card["message_id"], f"i:{open_project(stage)}")
    sme.sees("Vous avez déjà une demande", number)


async def test_a_second_project_reuses_the_contact(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    await sme.says(f"/start p_{open_project(stage, 1)}")
    await sme.taps("Ça m'intéresse")
    sme.sees(f"coordonnées de votre demande {number}")
    await sme.taps("J'ai compris")
    sme.sees("Que souhaitez-vous")
    for _ in range(3):
        await sme.taps("Passer")
    sme.sees("Mécanique du Delta", "+33 6 12 34 56 78")
    await sme.taps("Oui, j'accepte")
    sme.sees("TI-2026-0002")


async def test_an_answer_is_changed_from_the_recap(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    await sme.taps("Modifier une réponse")
    await sme.taps("L'entreprise")
    await sme.says("Mécanique de la Crau")
    sme.sees("Récapitulatif", "Mécanique de la Crau", "Samira Costa")
    await sme.taps("Modifier une réponse")
    await sme.taps("La manière d'être contacté")
    await sme.taps("Par e-mail")
    sme.sees("Quelle est votre adresse e-mail")
    await sme.says("s.costa@exemple.fr")
    sme.sees("Récapitulatif", "s.costa@exemple.fr")
    assert "+33" not in sme.text


async def test_a_form_for_another_project_is_offered_the_one_under_way(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says(f"/start p_{open_project(stage, 1)}")
    await sme.taps("Ça m'intéresse")
    sme.sees("Vous avez un formulaire en cours", "Rien n'est perdu")
    await sme.taps("Continuer le formulaire")
    sme.sees("Quels sont vos prénom et nom")


async def test_an_old_button_of_a_passed_step_changes_nothing(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    message = next(m for m in sme.messages() if "Comment préférez-vous" in m.get("text", ""))
    await sme.taps_data(message["message_id"], "fp:contact_kind:email")
    assert "déjà passée" in sme.toast


async def test_requests_are_listed_changed_and_withdrawn(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await sme.says("/mesdemandes")
    sme.sees(number, "pas encore prise en charge")
    await sme.taps(number)
    sme.sees("Mécanique du Delta", "reçue")
    await sme.taps("Modifier ma demande")
    await sme.taps("Modifier une réponse")
    await sme.taps("Le nom")
    await sme.says("Samir Costa")
    await sme.taps("Oui, j'accepte")
    sme.sees(f"Votre demande {number} est modifiée")
    administrator.received(f"modifié sa demande {number}")
    await sme.says("/mesdemandes")
    await sme.taps(number)
    await sme.taps("Retirer ma demande")
    sme.sees("L'équipe en sera avertie")
    await sme.taps("Oui, retirer")
    sme.sees(f"Votre demande {number} est retirée")
    administrator.received(
        f"Demande {number} retirée par la personne", f"retiré sa demande {number}"
    )


async def test_a_withdrawn_request_comes_back_under_its_number(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    await sme.taps("Voir ma demande")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("Ça m'intéresse")
    await sme.taps("J'ai compris")
    for _ in range(3):
        await sme.taps("Passer")
    await sme.taps("Oui, j'accepte")
    sme.sees(number)


async def test_nobody_reaches_another_person_s_request(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    ((interest_id,),) = await stage.rows(select(interests.c.id))
    await other_sme.says("/start")
    message = other_sme.messages()[-1]
    for data in (f"r:{interest_id}", f"rm:{interest_id}", f"rw:{interest_id}:1"):
        await other_sme.taps_data(message["message_id"], data)
        assert "pas dans votre liste" in other_sme.toast
        assert "Delta" not in other_sme.text
    assert await stage.rows(select(interests.c.status)) == [("received",)]


async def test_no_text_of_the_person_is_left_in_the_outbox(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    payloads = await stage.rows(select(outbox.c.payload))
    assert not re.search("Delta|Samira", str(payloads))
