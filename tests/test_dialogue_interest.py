"""Declaring an interest: the form with its bad inputs, the receipt, changes, and restarts."""

import re

import pytest
from dialogue import Speaker, Stage, number_in
from sqlalchemy import select

from storage.engine.schema import drafts, interests, outbox

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
    assert sme.labels == [
        "Voir ma demande",
        "Voir les autres projets",
        "Être prévenu des nouveaux projets",
        "Parler à une personne",
    ]
    administrator.received("Nouvelle demande TI-2026-0001", "Mécanique du Delta", "participer")
    for private in ("Samira", "6 12 34", "disponible", "73282932"):
        assert private not in administrator.messages()[-1]["text"]


async def test_a_number_that_is_typed_shows_the_request(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    number = await registers(sme, stage)
    for typed in (number, f"{number.lower()} ?", number.replace("-", " ")):
        await sme.says(typed)
        sme.sees(number, "Projet")
        assert sme.button("Retirer ma demande")
    # Anybody else's is as if it did not exist.
    await other_sme.says(number)
    other_sme.sees("Je ne vois pas de demande")


BAD_INPUT = {
    "company": {
        "!!!": "nom d'entreprise",
        "x" * 200: "200 caractères",
        "😀😀": "nom d'entreprise",
    },
    "name": {".": "Écrivez vos prénom et nom"},
    "contact_kind": {
        "par pigeon": "Touchez l'un des trois boutons",
        "nadia@benali": "Il manque la fin",
        "06 12 34": "06 12 34 56 78",
    },
    "phone": {
        "06 12": "06 12 34 56 78",
        "00 00 00 00 00": "06 12 34 56 78",
        "zero six douze": "en chiffres",
        "nadia@benali": "Il manque la fin",
    },
    "role": {"patron": "tapez 1, 2 ou 3"},
    "message": {"z" * 1001: "1001 caractères"},
    "siret": {
        "123": "14 chiffres",
        "732 829 320 00075": "un chiffre est sans doute faux",
        "12345678901234": "un chiffre est sans doute faux",
        "732829320": "SIREN",
    },
}
GOOD_INPUT = {
    "company": "Mécanique du Delta",
    "name": "Samira Costa",
    "contact_kind": "2",
    "phone": "06 12 34 56 78",
    "role": "1",
    "message": "Bonjour.",
    "siret": "Passer",
}


async def test_bad_input_is_asked_again_and_nothing_is_lost(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    for step, good in GOOD_INPUT.items():
        for bad, complaint in BAD_INPUT[step].items():
            # Who types so much in one instant would be told to slow down.
            stage.clock.passes(seconds=10)
            await sme.says(bad)
            sme.sees(complaint, "Le reste est gardé")
        await sme.says(good)
    sme.sees("Récapitulatif", "Mécanique du Delta", "Samira Costa", "+33 6 12 34 56 78")


async def test_a_bad_address_is_asked_again(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.taps("Par e-mail")
    for bad in ("samira", "samira@", "@exemple.fr", "a b@exemple.fr", "a@b"):
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


@pytest.mark.parametrize(
    ("chosen", "typed", "kept"),
    [
        ("Par téléphone", "Samira.Costa@Exemple.fr", "Samira.Costa@exemple.fr"),
        ("Par e-mail", "06 12 34 56 78", "+33 6 12 34 56 78"),
        ("Par téléphone", "+33 6 12 34 56 78 (le matin)", "+33 6 12 34 56 78"),
    ],
)
async def test_the_other_sort_of_contact_is_taken_as_well(
    sme: Speaker, stage: Stage, chosen: str, typed: str, kept: str
) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.taps(chosen)
    await sme.says(typed)
    sme.sees("Que souhaitez-vous")
    for _ in range(3):
        await sme.taps("Passer")
    sme.sees("Récapitulatif", f"Contact : {kept}")


async def test_the_sort_of_contact_is_chosen_anew(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    await sme.taps("Par téléphone")
    await sme.taps("Choisir un autre moyen de contact")
    sme.sees("Comment préférez-vous être contacté")
    await sme.taps("Par e-mail")
    sme.sees("Quelle est votre adresse e-mail")


async def test_each_question_says_its_place(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    sme.sees("Question 1 sur 7")
    await sme.says("Mécanique du Delta")
    sme.sees("Question 2 sur 7")
    await sme.says("Samira Costa")
    sme.sees("Question 3 sur 7")
    await sme.taps("Par ce compte Telegram")
    sme.sees("Question 4 sur 6")
    for _ in range(3):
        await sme.taps("Passer")
    await sme.taps("Modifier une réponse")
    await sme.taps("Le nom")
    assert "Question" not in sme.text


async def test_the_form_is_named_where_others_came_between(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    stage.clock.passes(minutes=1)
    await sme.says("Mécanique du Delta")
    assert "Pour votre demande sur" not in sme.text
    stage.clock.passes(minutes=1)
    await sme.taps("Voir les projets ouverts")
    stage.clock.passes(minutes=1)
    await sme.says("Samira Costa")
    sme.sees("Pour votre demande sur « ", "Comment préférez-vous")


async def test_the_form_is_named_where_an_answer_is_refused(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("!!!")
    sme.sees("Pour votre demande sur « ", "nom d'entreprise")


@pytest.mark.parametrize("mark", ["?", "??", " ? "])
async def test_a_lone_question_mark_explains_the_step(
    sme: Speaker, stage: Stage, mark: str
) -> None:
    await begins(sme, stage)
    await sme.says(mark)
    sme.sees("le nom de votre entreprise", "pour que l'équipe", "Mécanique du Delta", "/annuler")
    assert "en une phrase" not in sme.text
    await sme.says("Mécanique du Delta")
    sme.sees("Quels sont vos prénom et nom")


async def test_a_passed_step_says_so(sme: Speaker, stage: Stage) -> None:
    await answers_three(sme, stage)
    await sme.taps("Passer")
    sme.sees("Étape passée.")
    assert "sans réponse" not in sme.text


def number_of_led(stage: Stage) -> int:
    """Return the place of an open project that somebody leads."""
    listed = stage.knowledge.census.listed(stage.running.parts.services.today())
    return next(i for i, project in enumerate(listed) if project.lead)


async def test_leading_is_not_offered_where_somebody_leads(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage, number_of_led(stage))
    for text in ("Mécanique du Delta", "Samira Costa", "06 12 34 56 78"):
        await sme.says(text)
    assert "Être chef de file" not in sme.labels
    await sme.says("être chef de file")
    sme.sees("déjà un chef de file")
    await sme.taps_data(sme.messages()[-1]["message_id"], "fp:role:lead")
    assert "déjà un chef de file" in sme.toast
    await sme.says("2")
    await sme.says("passer")
    await sme.says("passer")
    sme.sees("Souhait : en savoir plus")


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


@pytest.mark.parametrize(
    "words", ["je veux arreter", "Stop", "j'arrête", "laisse tomber", "abandonner", "Annuler !"]
)
async def test_words_that_say_stop_ask_whether_to_give_up(
    sme: Speaker, stage: Stage, words: str
) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says(words)
    sme.sees("Abandonner et effacer vos réponses ?")
    await sme.says("non")
    sme.sees("Quels sont vos prénom et nom")
    assert "Votre réponse pour l'instant" not in sme.text
    await sme.says(words)
    await sme.says("oui")
    sme.sees("vos réponses sont effacées")
    assert await stage.rows(select(drafts)) == []


async def test_a_form_without_any_answer_is_left_at_once(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("mince, je me suis trompé, annulez")
    sme.sees("Le formulaire est abandonné")
    assert await stage.rows(select(drafts)) == []


async def test_words_that_say_stop_are_heard_at_the_recap_and_send_nothing(
    sme: Speaker, stage: Stage
) -> None:
    await fills(sme, stage)
    for way_on in ("non", "continuer le formulaire"):
        await sme.says("annuler")
        sme.sees("Abandonner et effacer vos réponses ?")
        await sme.says(way_on)
        sme.sees("Récapitulatif", "Mécanique du Delta")
    assert await stage.rows(select(interests.c.id)) == []


@pytest.mark.parametrize("words", ["est ce que c payant", "combien ca coute", "Qui Vive"])
async def test_what_begins_like_a_question_is_a_company_only_after_a_yes(
    sme: Speaker, stage: Stage, words: str
) -> None:
    await begins(sme, stage)
    await sme.says(words)
    sme.sees("Est-ce bien le nom de votre entreprise ?", words)
    await sme.taps("Non")
    sme.sees("Quel est le nom de votre entreprise")
    await sme.says(words)
    await sme.says("non")
    sme.sees("Quel est le nom de votre entreprise")
    await sme.says(words)
    await sme.says(words)
    sme.sees("Est-ce bien le nom de votre entreprise ?")
    old, confirm = sme.button("Oui, c'est son nom")
    await sme.taps("Oui, c'est son nom")
    sme.sees("Quels sont vos prénom et nom")
    await sme.says("retour")
    sme.sees(f"Votre réponse pour l'instant : {words}")
    await sme.says("Mécanique du Delta")
    await sme.taps_data(old["message_id"], confirm)
    assert "déjà passée" in sme.toast
    await sme.says("retour")
    sme.sees("Mécanique du Delta")


async def test_a_typed_yes_confirms_a_name_that_begins_like_a_question(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage)
    for words in ("Comment faire", "Que Choisir"):
        await sme.says(words)
        sme.sees("Est-ce bien le nom de votre entreprise ?", words)
    await sme.says("oui")
    sme.sees("Quels sont vos prénom et nom")
    await sme.says("Qui Nguyen")
    sme.sees("Est-ce bien votre nom ?", "Qui Nguyen")
    await sme.says("oui, c'est mon nom")
    sme.sees("Comment préférez-vous")
    await sme.taps("Par ce compte Telegram")
    for _ in range(3):
        await sme.taps("Passer")
    sme.sees("Récapitulatif", "Entreprise : Que Choisir", "Nom : Qui Nguyen")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Comment financer de tels projets", "Source :"),
        ("je veux parler a quelqu'un", "Parler à une personne"),
    ],
)
async def test_a_question_that_is_surely_one_needs_no_mark_and_said_twice_is_a_name(
    sme: Speaker, stage: Stage, words: str, answer: str
) -> None:
    await begins(sme, stage)
    await sme.says(words)
    assert answer in sme.text + str(sme.labels)
    sme.sees("Pour votre demande sur « ", "Quel est le nom de votre entreprise")
    await sme.says(words)
    sme.sees("Est-ce bien le nom de votre entreprise ?")
    await sme.says("oui")
    sme.sees("Quels sont vos prénom et nom")


@pytest.mark.parametrize(
    "command",
    [
        "/start",
        "/aide",
        "/contact",
        "/projets",
        "/themes",
        "/mesdemandes",
        "/confidentialite",
        "/mesdonnees",
    ],
)
async def test_a_command_in_the_middle_is_followed_by_the_form(
    sme: Speaker, stage: Stage, command: str
) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says(command)
    assert len(sme.new) == 2
    sme.sees("Pour votre demande sur « ", "Question 2 sur 7", "Quels sont vos prénom et nom")
    assert sme.labels[-1] == "Abandonner"
    await sme.says("Samira Costa")
    sme.sees("Comment préférez-vous")
    await sme.taps("Abandonner")
    await sme.taps("Oui, abandonner")
    await sme.says(command)
    assert len(sme.new) == 1


async def test_a_command_at_the_recap_is_followed_by_the_way_back(
    sme: Speaker, stage: Stage
) -> None:
    await fills(sme, stage)
    await sme.says("/start")
    sme.sees("Bonjour", "vous attend", "Rien n'est perdu")
    await sme.taps("Continuer le formulaire")
    sme.sees("Récapitulatif", "Mécanique du Delta")


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


async def answers_three(sme: Speaker, stage: Stage) -> None:
    """Give three answers: more than few."""
    await begins(sme, stage)
    for text in ("Mécanique du Delta", "Samira Costa", "06 12 34 56 78"):
        await sme.says(text)


async def test_cancel_asks_once_where_much_was_answered(sme: Speaker, stage: Stage) -> None:
    await answers_three(sme, stage)
    await sme.says("/annuler")
    sme.sees("Abandonner et effacer vos réponses ?")
    await sme.taps("Continuer le formulaire")
    sme.sees("Que souhaitez-vous")
    await sme.says("/annuler")
    sme.sees("Abandonner et effacer vos réponses ?")
    await sme.taps("Oui, abandonner")
    sme.sees("vos réponses sont effacées")
    assert await stage.rows(select(drafts)) == []


async def test_a_second_cancel_abandons(sme: Speaker, stage: Stage) -> None:
    await answers_three(sme, stage)
    await sme.says("/annuler")
    assert len(await stage.rows(select(drafts))) == 1
    await sme.says("/annuler")
    sme.sees("vos réponses sont effacées")
    assert await stage.rows(select(drafts)) == []


async def test_a_yes_to_giving_up_is_no_yes_to_the_recap(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    await sme.says("/annuler")
    await sme.says("oui")
    sme.sees("vos réponses sont effacées")
    assert await stage.rows(select(interests.c.id)) == []


async def test_the_cancel_button_asks_once(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.taps("Abandonner")
    sme.sees("Abandonner et effacer vos réponses ?")
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
    sme.sees("Mécanique du Delta", "+33 6 12 34 56 78", f"repris de votre demande {number}")
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


async def test_an_answer_shown_again_can_stay(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    await sme.taps("Modifier une réponse")
    await sme.taps("Le souhait")
    sme.sees("Votre réponse pour l'instant : Participer au projet")
    await sme.taps("Ne rien changer")
    sme.sees("Récapitulatif", "Souhait : participer au projet")
    await sme.taps("Modifier une réponse")
    menu, back = sme.button("Revenir au récapitulatif")
    await sme.taps("Le nom")
    sme.sees("Samira Costa")
    assert "‹ Question précédente" not in sme.labels
    await sme.says("retour")
    sme.sees("Récapitulatif", "Nom : Samira Costa")
    await sme.taps("Modifier une réponse")
    await sme.taps("Le nom")
    await sme.taps_data(menu["message_id"], back)
    sme.sees("Récapitulatif", "Nom : Samira Costa")


async def test_giving_up_can_be_undone_while_an_answer_is_changed(
    sme: Speaker, stage: Stage
) -> None:
    await fills(sme, stage)
    await sme.taps("Modifier une réponse")
    await sme.taps("Le nom")
    await sme.taps("Abandonner")
    await sme.taps("Continuer le formulaire")
    sme.sees("Quels sont vos prénom et nom")
    await sme.says("Nadia Benali")
    sme.sees("Récapitulatif", "Nom : Nadia Benali")


async def test_the_question_before_can_be_asked_again(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    assert "‹ Question précédente" not in sme.labels
    await sme.says("Mécanique du Delta")
    await sme.taps("‹ Question précédente")
    sme.sees("nom de votre entreprise", "Votre réponse pour l'instant : Mécanique du Delta")
    old, keep = sme.button("Ne rien changer")
    await sme.taps("Ne rien changer")
    sme.sees("Quels sont vos prénom et nom")
    for words in ("Retour", "question précédente", "revenir en arrière"):
        await sme.says(words)
        sme.sees("nom de votre entreprise")
        await sme.says("Mécanique de la Crau")
        sme.sees("Quels sont vos prénom et nom")
    await sme.says("Samira Costa")
    await sme.taps_data(old["message_id"], keep)
    assert "déjà passée" in sme.toast
    assert await stage.rows(select(drafts.c.step)) == [("contact_kind",)]


@pytest.mark.parametrize("typed", [False, True])
async def test_one_goes_back_as_far_as_one_wants_and_loses_nothing(
    sme: Speaker, stage: Stage, *, typed: bool
) -> None:
    await answers_three(sme, stage)
    sme.sees("Question 5 sur 7")
    answered = [
        ("Question 4 sur 7", "+33 6 12 34 56 78"),
        ("Question 3 sur 7", "Par téléphone"),
        ("Question 2 sur 7", "Samira Costa"),
        ("Question 1 sur 7", "Mécanique du Delta"),
    ]
    back = "‹ Question précédente"
    for place, given in answered:
        if typed:
            await sme.says("retour")
        else:
            # Under the number, the way back says where it leads.
            await sme.taps("Choisir un autre" if "3 sur" in place else back)
        sme.sees(place, f"Votre réponse pour l'instant : {given}")
        assert "Ne rien changer" in sme.labels
    assert back not in sme.labels
    await sme.says("retour")
    sme.sees("Question 1 sur 7", "Mécanique du Delta")
    await (sme.says("ne rien changer") if typed else sme.taps("Ne rien changer"))
    sme.sees("Question 5 sur 7", "Que souhaitez-vous")
    for _ in range(3):
        await sme.taps("Passer")
    sme.sees("Récapitulatif", "Mécanique du Delta", "Samira Costa", "+33 6 12 34 56 78")


async def test_a_wrong_name_is_put_right_two_questions_later(sme: Speaker, stage: Stage) -> None:
    await answers_three(sme, stage)
    for _ in range(4):
        await sme.says("retour")
    await sme.says("Mécanique de la Crau")
    sme.sees("Question 5 sur 7")
    # The same choice again leaves the number that goes with it.
    await sme.taps("‹ Question précédente")
    await sme.says("retour")
    await sme.taps("Par téléphone")
    sme.sees("Question 5 sur 7")
    for _ in range(3):
        await sme.taps("Passer")
    sme.sees("Récapitulatif", "Mécanique de la Crau", "Samira Costa", "+33 6 12 34 56 78")


async def test_back_from_the_recap_is_the_last_question(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    await sme.says("retour")
    sme.sees("Quel est votre numéro SIRET", "73282932000074")
    await sme.says("retour")
    sme.sees("Question 6 sur 7", "un tour <b>disponible</b> & deux fraiseurs.")
    await sme.says("suivant")
    sme.sees("Récapitulatif", "73282932000074", "deux fraiseurs.")


async def test_before_the_first_question_there_is_none(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("Ça m'intéresse")
    await sme.says("retour")
    assert await stage.rows(select(drafts.c.step)) == [("notice",)]
    await sme.taps("J'ai compris")
    await sme.says("retour")
    sme.sees("nom de votre entreprise")
    assert await stage.rows(select(drafts.c.step)) == [("company",)]


async def test_after_a_question_the_recap_is_not_said_again_nor_sent_by_a_yes(
    sme: Speaker, stage: Stage
) -> None:
    await fills(sme, stage)
    await sme.says("Qui peut participer aux projets ?")
    sme.sees("vous attend", "Rien n'est perdu")
    assert "Récapitulatif" not in sme.text
    # It may be the answer to "Cette réponse vous aide-t-elle ?".
    await sme.says("oui")
    sme.sees("Récapitulatif", "Mécanique du Delta")
    assert await stage.rows(select(interests.c.id)) == []
    await sme.says("oui, d'accord")
    sme.sees("C'est enregistré")


async def test_a_yes_after_a_question_does_not_give_the_form_up(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    await sme.taps("Abandonner")
    await sme.says("Qui peut participer aux projets ?")
    await sme.says("oui")
    sme.sees("Récapitulatif", "Mécanique du Delta")
    assert len(await stage.rows(select(drafts))) == 1


async def test_giving_a_change_up_leaves_the_request(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    await sme.taps("Voir ma demande")
    await sme.taps("Modifier ma demande")
    sme.sees(f"Que voulez-vous modifier dans votre demande {number}", "Rien ne change avant")
    await sme.says("le message")
    await sme.says("Un tour libre le jeudi")
    sme.sees(f"Récapitulatif, votre demande {number}", "Rien n'est changé avant")
    sme.sees("Message : Un tour libre le jeudi (changé)")
    assert sme.text.count("(changé)") == 1
    assert sme.labels[0] == "Enregistrer mes changements"
    assert "j'accepte et j'envoie" not in sme.text
    await sme.taps("Abandonner")
    sme.sees(f"Votre demande {number} restera telle que vous l'avez envoyée")
    await sme.taps("Oui, abandonner")
    sme.sees(f"Votre demande {number} reste telle que vous l'avez envoyée")
    assert "transmis" not in sme.text
    assert await stage.rows(select(interests.c.status)) == [("received",)]
    assert await stage.rows(select(drafts)) == []


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
    await sme.taps(f"1. {number}")
    sme.sees("Mécanique du Delta", "reçue")
    await sme.taps("Modifier ma demande")
    await sme.taps("Le nom")
    await sme.says("Samir Costa")
    await sme.taps("Enregistrer mes changements")
    sme.sees(f"Votre demande {number} est modifiée")
    administrator.received(f"modifié sa demande {number}")
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
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
