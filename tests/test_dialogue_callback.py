"""To be called back: a number or an address typed anywhere, its recap, its request, its life."""

import pytest
from dialogue import Speaker, Stage, number_in
from sqlalchemy import select

from storage.engine.schema import drafts, interests, questions

NUMBER = "06 39 98 00 11"


async def requested(stage: Stage) -> list[tuple[str, ...]]:
    """Return contact, moment, subject, firm and name of all requests."""
    columns = ("contact", "contact_note", "message", "company", "contact_name")
    rows = await stage.rows(select(*(interests.c[name] for name in columns)))
    return [tuple(value or "" for value in row) for row in rows]


async def test_a_number_typed_is_read_back_with_the_information_owed(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says(f"{NUMBER}, après 18 h svp")
    assert len(sme.new) == 1
    sme.sees(f"Vous rappeler au {NUMBER}, après 18 h ?")
    sme.sees("12 mois", "48 heures", "/confidentialite", "/mesdonnees", "/supprimer")
    assert sme.labels == ["Oui, rappelez-moi", "Modifier", "Non"]
    assert await requested(stage) == []


@pytest.mark.parametrize("yes", ["oui", "Oui, rappelez-moi", "ok"])
async def test_one_yes_makes_a_request_that_the_team_sees_as_a_call(
    yes: str, sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await sme.says(f"rappelez-moi au {NUMBER} mardi après 18 h, c'est pour un four à partager")
    await sme.says(yes)
    number = number_in(sme.text)
    sme.sees("C'est enregistré", NUMBER, "mardi après 18 h", "/mesdemandes")
    administrator.received(f"Nouvelle demande {number}, être rappelé")
    administrator.received(f"À rappeler : {NUMBER}, mardi après 18 h")
    await administrator.taps("Détails")
    administrator.sees("+33 6 39 98 00 11", "nom non précisé", "un four à partager")
    ((contact, moment, message, firm, name),) = await requested(stage)
    assert (contact, moment, firm, name) == ("+33 6 39 98 00 11", "mardi après 18 h", "", "")
    assert "un four à partager" in message
    assert "98 00 11" not in message


async def test_who_says_who_they_are_is_not_asked(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"Je suis Samira Costa de Mécanique du Delta, {NUMBER}")
    sme.sees("Samira Costa", "Mécanique du Delta")
    await sme.taps("Oui, rappelez-moi")
    assert await requested(stage) == [
        ("+33 6 39 98 00 11", "", "", "Mécanique du Delta", "Samira Costa")
    ]


async def test_what_was_asked_before_is_the_subject_and_stays_masked(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("qui peut participer ?")
    await sme.says(NUMBER)
    sme.sees("Sujet : qui peut participer ?")
    await sme.says("oui")
    assert [row[2] for row in await requested(stage)] == ["qui peut participer ?"]
    kept = " ".join(str(row) for row in await stage.rows(select(questions.c.text)))
    assert "98 00 11" not in kept


@pytest.mark.parametrize("no", ["non", "non merci", "tap"])
async def test_a_no_erases_the_number_at_once(no: str, sme: Speaker, stage: Stage) -> None:
    await sme.says(f"mon numéro {NUMBER}")
    await (sme.taps("Non") if no == "tap" else sme.says(no))
    sme.sees("rien n'est transmis", "effacé")
    assert await requested(stage) == []
    assert await stage.rows(select(drafts.c.form)) == []


async def test_everything_can_be_changed_before_the_yes(sme: Speaker, stage: Stage) -> None:
    await sme.says(NUMBER)
    await sme.says("plutôt mercredi matin")
    sme.sees(f"Vous rappeler au {NUMBER}, plutôt mercredi matin")
    await sme.says("en fait 07 98 76 54 32")
    sme.sees("Vous rappeler au 07 98 76 54 32, plutôt mercredi matin")
    await sme.taps("Modifier")
    assert set(sme.labels) >= {"Le moment", "Le sujet", "L'entreprise", "Le nom"}
    await sme.taps("Le nom")
    await sme.says("Samira Costa")
    await sme.taps("Modifier")
    await sme.taps("Le sujet")
    await sme.says("Le projet de conteneurs")
    sme.sees("07 98 76 54 32", "Nom : Samira Costa", "Sujet : Le projet de conteneurs")
    await sme.taps("Oui, rappelez-moi")
    assert await requested(stage) == [
        (
            "+33 7 98 76 54 32",
            "plutôt mercredi matin",
            "Le projet de conteneurs",
            "",
            "Samira Costa",
        )
    ]


async def test_the_button_asks_for_the_number_first(sme: Speaker, stage: Stage) -> None:
    await sme.says("/contact")
    await sme.taps("Être rappelé")
    sme.sees("À quel numéro", "/confidentialite")
    await sme.says("demain matin")
    sme.sees("À quel numéro")
    await sme.says("0639980011 demandez Paul")
    sme.sees(f"Vous rappeler au {NUMBER}, demain matin", "demandez Paul")
    await sme.says("oui")
    assert len(await requested(stage)) == 1


async def test_the_number_of_an_earlier_request_is_offered(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"Je suis Samira Costa, {NUMBER}")
    await sme.says("oui")
    stage.clock.passes(days=2)
    await sme.says("/contact")
    await sme.taps("Être rappelé")
    sme.sees(f"Vous rappeler au {NUMBER}", "Samira Costa")


async def test_a_second_call_to_the_same_number_within_a_day_is_the_first(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says(NUMBER)
    await sme.says("oui")
    number = number_in(sme.text)
    await sme.says(NUMBER)
    sme.sees("déjà demandé", number)
    # What is new in the words is not lost: it is offered as a change of the same request.
    await sme.says(f"{NUMBER} mais pas le lundi")
    sme.sees(number, "pas le lundi")
    await sme.says("oui")
    sme.sees(number, "modifiée")
    assert [row[1] for row in await requested(stage)] == ["mais pas le lundi"]
    stage.clock.passes(days=1, seconds=1)
    await sme.says(NUMBER)
    await sme.says("oui")
    assert len(await requested(stage)) == 2


async def test_the_request_lives_like_any_other(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says(f"{NUMBER} mardi")
    await sme.says("oui")
    number = number_in(sme.text)
    await sme.says("/mesdemandes")
    sme.sees(number, "Être rappelé")
    await sme.taps(f"1. {number}")
    sme.sees("Demande : Être rappelé", "Entreprise : non précisée", "Quand : mardi")
    await administrator.taps("Pris en charge")
    sme.received(f"Votre demande {number} est prise en charge")
    await sme.taps("Modifier ma demande")
    await sme.says("plutôt jeudi")
    await sme.says("oui")
    await administrator.taps("Détails")
    administrator.sees("plutôt jeudi")
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    administrator.received("La personne a retiré sa demande")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert await requested(stage) == [("", "", "", "", "")]


async def test_an_edit_of_the_number_is_taken(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"{NUMBER} mardi")
    typed = next(m for m in reversed(sme.messages()) if not m["from"]["is_bot"])
    sme.mark()
    stage.messenger.edits(sme.user, typed["message_id"], "06 39 98 00 12 mardi", chat=sme.chat_id)
    await stage.settles()
    sme.sees("Vous rappeler au 06 39 98 00 12, mardi")


async def test_a_number_with_a_slip_is_asked_again(sme: Speaker) -> None:
    await sme.says("06 39 98 00 1")
    sme.sees("9 chiffres dans ce numéro", "À quel numéro")
    await sme.says(NUMBER)
    sme.sees(f"Vous rappeler au {NUMBER}")


async def test_an_address_is_written_to(sme: Speaker, stage: Stage) -> None:
    await sme.says("samira.costa@exemple.fr mais plutôt le matin")
    sme.sees("Vous écrire à samira.costa@exemple.fr, mais plutôt le matin ?")
    await sme.says("oui")
    sme.sees("vous écrira à samira.costa@exemple.fr")


async def test_of_several_contacts_none_is_lost(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"{NUMBER} ou 07 98 76 54 32, sinon samira@exemple.fr")
    sme.sees(f"Vous rappeler au {NUMBER}", "07 98 76 54 32", "samira@exemple.fr")
    await sme.says("oui")
    ((contact, _moment, message, _firm, _name),) = await requested(stage)
    assert contact == "+33 6 39 98 00 11"
    assert "07 98 76 54 32" in message
    assert "samira@exemple.fr" in message


async def test_a_slip_in_the_domain_is_asked_about_once(sme: Speaker, stage: Stage) -> None:
    await sme.says("samira.costa@gmial.com")
    sme.sees("Avez-vous voulu dire samira.costa@gmail.com ?")
    assert sme.labels == ["Oui, corriger", "Non, garder"]
    await sme.taps("Oui, corriger")
    sme.sees("Vous écrire à samira.costa@gmail.com ?")
    await sme.says("non")
    await sme.says("samira.costa@gmial.com")
    await sme.says("non")
    sme.sees("Vous écrire à samira.costa@gmial.com ?")
    await sme.says("samira.costa@gmial.com")
    sme.sees("Vous écrire à samira.costa@gmial.com ?")


async def test_english_is_answered_in_english(sme: Speaker, administrator: Speaker) -> None:
    await sme.says(f"Hello, please call me back tomorrow after 6pm, my number is {NUMBER}")
    sme.sees("Shall we call you back", NUMBER, "tomorrow after 6pm")
    await sme.says("yes")
    sme.sees("It is recorded")
    administrator.received("être rappelé", "tomorrow after 6pm")


async def test_a_shared_contact_is_taken_where_it_is_the_person_s_own(
    sme: Speaker, stage: Stage
) -> None:
    await sme.sends("contact", phone_number="33639980011", user_id=sme.user.id + 5)
    sme.sees("que votre propre numéro")
    assert await stage.rows(select(drafts.c.form)) == []
    await sme.sends("contact", phone_number="33639980011", user_id=sme.user.id)
    sme.sees(f"Vous rappeler au {NUMBER} ?")
    await sme.taps("Oui, rappelez-moi")
    assert [row[0] for row in await requested(stage)] == ["+33 6 39 98 00 11"]


@pytest.mark.parametrize(
    "written", ["0692 11 22 33", "262692112233", "00262692112233", "+262 (0)692 11 22 33"]
)
async def test_a_shared_contact_is_read_as_somebody_s_list_writes_it(
    sme: Speaker, written: str
) -> None:
    await sme.sends("contact", phone_number=written, user_id=sme.user.id)
    sme.sees("Vous rappeler au +262 692 11 22 33 ?")


async def test_a_shared_contact_is_the_answer_of_a_form(sme: Speaker, stage: Stage) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris, commencer")
    await sme.sends("contact", phone_number="+33639980011", user_id=sme.user.id)
    sme.sees("Que proposez-vous")
    ((answers,),) = await stage.rows(select(drafts.c.answers))
    assert answers["contact"] == "+33 6 39 98 00 11"


OTHERS = (
    "mon siret est 732 829 320 00074",
    "SIREN 732829320",
    "nous sommes à 13127 Vitrolles depuis 2012",
    "notre chiffre d'affaires est de 12 500 000 euros",
    "la réunion du 01.02.2026 à 14h",
    "TI-2026-0639",
    "Q-2026-0001",
    "faut-il écrire à contact@exemple.fr ?",
    "on produit 120 000 000 pièces",
    "IBAN FR76 3000 6000 0112 3456 7890 189",
    "suivez @territoires sur le réseau",
)


@pytest.mark.parametrize("text", OTHERS)
async def test_digits_that_are_no_contact_begin_nothing(
    text: str, sme: Speaker, stage: Stage
) -> None:
    await sme.says(text)
    assert sme.new
    assert "Vous rappeler" not in sme.text
    assert "Vous écrire à" not in sme.text
    assert await stage.rows(select(drafts.c.form)) == []


async def test_a_call_made_is_said_on_the_card_that_was_tapped(
    sme: Speaker, administrator: Speaker
) -> None:
    await sme.says(f"rappelez-moi au {NUMBER}")
    await sme.says("oui")
    await administrator.says("/demande 1")
    await administrator.taps("Pris en charge")
    await administrator.taps("C'est fait : rappelée")
    administrator.sees(", close", "a abouti")
    assert "C'est fait : rappelée" not in administrator.labels


async def test_a_number_to_call_is_shown_in_private_alone_where_contacts_are(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await stage.stops()
    stage.overrides = {"admin_details": "private"}
    await stage.starts()
    await sme.says(f"rappelez-moi au {NUMBER} mardi après 18 h")
    await sme.says("oui")
    await administrator.says("/demande 1")
    await administrator.taps("Pris en charge")
    administrator.received("À rappeler : mardi après 18 h")
    for secret in (NUMBER, "98 00 11"):
        assert secret not in str(administrator.messages())
