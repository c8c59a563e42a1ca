"""Handing a question over: both sides, receipts, edits, ends, and all that can go wrong."""

import pytest
from dialogue import Message, Speaker, Stage, buttons
from sqlalchemy import func, select
from test_dialogue_interest import begins
from test_dialogue_privacy import file_of

from bot.preview.api_errors import ApiError
from handlers.handoff.person import MOST_OPEN
from handlers.handoff.threads import LONGEST
from storage.engine.schema import conversation_messages, conversations, outbox, signatures

# No entry is about this, and masking has something to take out.
ODD = "Quelle heure est-il à Tokyo ? Notre SIRET est 732 829 320 00074"
PLAIN = "Qui a gagné le match hier soir"
NUMBER = "Q-2026-0001"


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


@pytest.fixture
def second(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators, 1)


async def replies(speaker: Speaker, text: str, to: Message) -> Message:
    """Reply by Telegram's function and wait for all that follows."""
    speaker.mark()
    said = speaker.stage.messenger.says(
        speaker.user, text, chat=speaker.chat_id, reply_to=to["message_id"]
    )
    await speaker.stage.settles()
    return said


async def edits(speaker: Speaker, message: Message, text: str) -> None:
    speaker.mark()
    speaker.stage.messenger.edits(speaker.user, message["message_id"], text, chat=speaker.chat_id)
    await speaker.stage.settles()


def card(facilitator: Speaker, number: str = NUMBER) -> Message:
    """The numbered message in the group, as it stands."""
    found = [
        m for m in facilitator.messages() if m.get("text", "").startswith(f"Question {number}")
    ]
    return found[-1]


async def hands_over(sme: Speaker, question: str = PLAIN) -> None:
    await sme.says(question)
    await sme.taps("Transmettre à un facilitateur")
    await sme.taps("Oui, transmettre")


async def closes(facilitator: Speaker) -> None:
    """Close an exchange in which the person got no reply."""
    await facilitator.taps("Clore")
    await facilitator.taps("Oui, clore quand même")


async def test_a_question_goes_to_the_group_and_the_reply_comes_back(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(ODD)
    assert stage.messenger.messages(sme.chat_id)[-1]["reply_to_message"]["text"] == ODD
    await sme.taps("Transmettre à un facilitateur")
    sme.sees("732 829 320 00074", "facilitateurs", "Ni votre nom", "elle arrive ici")
    assert facilitator.messages() == []
    await sme.taps("Oui, transmettre")
    sme.sees(NUMBER, "transmise")
    assert ODD in card(facilitator)["text"]
    assert str(sme.user.id) not in str(facilitator.messages())
    assert sme.user.first_name not in card(facilitator)["text"]

    said = await replies(facilitator, "Un <b>rosé</b> & rien d'autre.", card(facilitator))
    answer = sme.messages()[-1]["text"]
    assert answer.startswith("Réponse de l'équipe Territoires d'industrie (aperçu local)")
    assert NUMBER in answer.splitlines()[0]
    assert "Un <b>rosé</b> & rien d'autre." in answer
    assert facilitator.user.first_name not in answer
    facilitator.sees(f"{NUMBER} : réponse remise à la personne")
    assert facilitator.new[-1]["reply_to_message"]["message_id"] == said["message_id"]


async def test_the_card_says_that_a_reply_was_given_by_whom_and_when(
    sme: Speaker, facilitator: Speaker, second: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    question = card(facilitator)
    stage.messenger.faults.next("sendMessage", status=400, description="Bad Request: no")
    await replies(facilitator, "Perdue", question)
    assert card(facilitator) == question
    said = await replies(facilitator, "Marseille", question)
    answered = card(facilitator)
    assert answered["message_id"] == question["message_id"]
    assert "remise à la personne par l'équipe, le 23 novembre 2026, 11:00." in answered["text"]
    assert "Pour écrire de nouveau, utilisez « Répondre »" in answered["text"]
    assert buttons(answered) == buttons(question)
    assert facilitator.user.first_name not in answered["text"]

    stage.clock.passes(minutes=5)
    await second.says("/signature")
    await replies(second, "Marseille, oui", answered)
    assert f"par {second.user.name}, le 23 novembre 2026, 11:05." in card(facilitator)["text"]
    # A correction is no other reply; another one within the minute leaves the card as it reads.
    await edits(facilitator, said, "Marseille !")
    await replies(second, "Marseille, vraiment", answered)
    assert f"par {second.user.name}, le 23 novembre 2026, 11:05." in card(facilitator)["text"]
    cards = [m for m in facilitator.messages() if m["text"].startswith(f"Question {NUMBER}")]
    assert len(cards) == 1
    await facilitator.taps("Clore")
    assert "Échange clos par" in card(facilitator)["text"]
    assert "Dernière réponse" in card(facilitator)["text"]


async def test_the_person_answers_back_by_the_button_or_by_a_reply_until_it_is_closed(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    relayed = sme.messages()[-1]
    await sme.taps("Répondre")
    sme.sees("Votre réponse ?")
    await sme.says("Le blanc de Cassis ?")
    sme.sees(f"{NUMBER} : votre message est transmis")
    last = facilitator.messages()[-1]
    assert last["text"].startswith(f"{NUMBER}, la personne écrit")
    assert "Cassis" in last["text"]
    assert last["reply_to_message"]["message_id"] == card(facilitator)["message_id"]

    await replies(sme, "👍", relayed)
    facilitator.received("👍")
    await replies(facilitator, "Entendu.", facilitator.messages()[-1])
    sme.received("Entendu.")

    await facilitator.taps("Clore")
    sme.received("clos l'échange")
    assert "Échange clos par" in card(facilitator)["text"]
    before = await stage.rows(select(func.count()).select_from(conversation_messages))
    await replies(sme, "Encore un mot", relayed)
    sme.sees("est clos", "n'a pas été transmis")
    await sme.taps("Répondre")
    sme.sees("est clos")
    assert await stage.rows(select(func.count()).select_from(conversation_messages)) == before


async def test_words_that_would_stop_a_form_are_for_whoever_is_answered(
    sme: Speaker, facilitator: Speaker
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Voulez-vous continuer ?", card(facilitator))
    await sme.taps("Répondre")
    await sme.says("Je veux arrêter")
    assert "Je veux arrêter" in facilitator.messages()[-1]["text"]


async def test_none_of_these_answers_and_a_no_and_contact_offer_it(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(stage.knowledge.entries[0].question)
    await sme.taps("Non, pas vraiment")
    await sme.taps("Transmettre à un facilitateur")
    sme.sees(stage.knowledge.entries[0].question)
    await sme.taps("Abandonner")
    await sme.taps("Oui, abandonner")

    await sme.says("/contact")
    sme.sees("contact@exemple.fr")
    await sme.taps("Transmettre à un facilitateur")
    sme.sees("Quelle est votre question ?")
    await sme.says("!!!")
    sme.sees("Je n'ai pas vu de mots")
    await sme.says("Où déposer mon dossier ?")
    sme.sees("Transmettre cette question", "Où déposer mon dossier ?")
    await sme.says("oui")
    assert "Où déposer mon dossier ?" in card(facilitator)["text"]


async def test_choices_that_do_not_fit_lead_to_a_facilitator(
    sme: Speaker, facilitator: Speaker
) -> None:
    await sme.says("entreprise")
    await sme.taps("Aucune de ces réponses")
    await sme.taps("Transmettre à un facilitateur")
    await sme.taps("Oui, transmettre")
    assert "« entreprise »" in card(facilitator)["text"]


async def test_the_question_can_be_written_otherwise_before_it_goes(
    sme: Speaker, facilitator: Speaker
) -> None:
    await sme.says(PLAIN)
    await sme.taps("Transmettre à un facilitateur")
    await sme.taps("Modifier une réponse")
    # There is but one answer to change.
    sme.sees("Votre réponse pour l'instant", PLAIN)
    await sme.says("Et quel vin rouge ?")
    await sme.taps("Oui, transmettre")
    assert "Et quel vin rouge ?" in card(facilitator)["text"]
    assert "match" not in card(facilitator)["text"]


async def test_a_double_tap_hands_over_once_and_a_second_time_shows_the_number(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(PLAIN)
    offered, data = sme.button("Transmettre à un facilitateur")
    await sme.taps_data(offered["message_id"], data)
    message, yes = sme.button("Oui, transmettre")
    await sme.taps_data(message["message_id"], yes, times=2)
    assert await stage.rows(select(conversations.c.number)) == [(NUMBER,)]
    await sme.taps_data(offered["message_id"], data)
    sme.sees("déjà transmise", NUMBER)
    assert len(facilitator.messages()) == 1


async def test_too_many_open_questions_are_refused(sme: Speaker, stage: Stage) -> None:
    for number in range(MOST_OPEN):
        await hands_over(sme, f"{PLAIN} {number}")
    await sme.says(f"{PLAIN} encore")
    await sme.taps("Transmettre à un facilitateur")
    sme.sees("questions en attente", "contact@exemple.fr")


async def test_another_form_is_not_lost(sme: Speaker, stage: Stage, facilitator: Speaker) -> None:
    await begins(sme, stage, 1)
    await sme.says(PLAIN + " ?")
    offered, data = sme.button("Transmettre à un facilitateur")
    await sme.taps_data(offered["message_id"], data)
    sme.sees("formulaire en cours")
    assert facilitator.messages() == []


async def test_an_edited_reply_is_relayed_as_an_edit(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    said = await replies(facilitator, "Jamais le lundi", card(facilitator))
    count = len(sme.messages())
    stage.clock.passes(minutes=5)
    await edits(facilitator, said, "Jamais le mardi")
    assert len(sme.messages()) == count
    assert "Jamais le mardi" in sme.messages()[-1]["text"]
    assert "corrigée" in sme.messages()[-1]["text"]
    facilitator.sees("correction remise")
    await edits(facilitator, said, "x" * (LONGEST + 1))
    facilitator.sees("n'a pas été remise")
    assert "mardi" in sme.messages()[-1]["text"]


async def test_an_edit_made_before_the_reply_left_arrives_as_well(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    stage.messenger.faults.next("sendMessage", status=500)
    said = await replies(facilitator, "Première version", card(facilitator))
    await edits(facilitator, said, "Seconde version")
    assert "version" not in str(sme.messages())
    assert await stage.rows(select(conversation_messages.c.stale)) == [(True,)]
    stage.clock.passes(minutes=1)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    relayed = [m["text"] for m in sme.messages() if "version" in m["text"]]
    assert len(relayed) == 1
    assert "Seconde version" in sme.messages()[-1]["text"]
    assert await stage.rows(select(conversation_messages.c.stale)) == [(False,)]


async def test_the_person_s_edit_reaches_the_group(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    said = await replies(sme, "Le blan", sme.messages()[-1])
    await edits(sme, said, "Le blanc")
    texts = [m["text"] for m in facilitator.messages()]
    assert sum("Le blan" in text for text in texts[1:]) == 1
    assert "Le blanc" in texts[-1]


async def test_an_edited_command_runs_nothing(sme: Speaker, stage: Stage) -> None:
    said = stage.messenger.says(sme.user, "bonjour")
    await stage.settles()
    await edits(sme, said, "/supprimer")
    sme.sees("Je ne relis pas un message modifié")
    assert sme.labels == []
    assert len(sme.new) == 1


async def test_only_those_who_choose_to_sign_are_named(
    sme: Speaker, facilitator: Speaker, second: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await facilitator.says("/signature")
    facilitator.sees("signées de votre nom")
    await replies(facilitator, "Signé", card(facilitator))
    assert facilitator.user.name in sme.messages()[-1]["text"]
    facilitator.sees(f"signée {facilitator.user.name}")
    facilitator.mark()
    await replies(second, "Anonyme", card(facilitator))
    assert second.user.first_name not in sme.messages()[-1]["text"]
    facilitator.sees("réponse remise à la personne.")
    await facilitator.says("/signature")
    facilitator.sees("au nom de l'équipe seule")
    await replies(facilitator, "Anonyme aussi", card(facilitator))
    assert facilitator.user.first_name not in sme.messages()[-1]["text"]
    assert await stage.rows(select(signatures)) == []


async def test_of_two_facilitators_one_closes_and_the_other_is_told(
    sme: Speaker, facilitator: Speaker, second: Speaker
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Aucune idée", card(facilitator))
    message, data = facilitator.button("Clore")
    await facilitator.taps_data(message["message_id"], data)
    assert "Un message le dit à la personne" in facilitator.toast
    await second.taps_data(message["message_id"], data)
    assert "avant vous" in second.toast
    assert facilitator.user.name in card(facilitator)["text"]
    told = [m for m in sme.messages() if "clos l'échange" in m.get("text", "")]
    assert len(told) == 1


async def test_the_end_of_an_exchange_quotes_the_question_and_offers_another_one(
    sme: Speaker, facilitator: Speaker
) -> None:
    await hands_over(sme, " <b>&</b> ".join([PLAIN] * 9))
    await closes(facilitator)
    told = sme.messages()[-1]["text"]
    assert f"votre question {NUMBER} : « {PLAIN} <b>&</b> {PLAIN} <b>&" in told
    assert told.count(PLAIN) < 4
    await sme.taps("Transmettre à un facilitateur")
    sme.sees("Quelle est votre question ?")


async def test_a_reply_to_a_closed_thread_is_not_lost_and_can_be_sent_after_reopening(
    sme: Speaker, facilitator: Speaker
) -> None:
    await hands_over(sme)
    await closes(facilitator)
    count = len(sme.messages())
    await replies(facilitator, "Trop tard ?", card(facilitator))
    facilitator.sees("clos", "n'a pas été remise")
    assert len(sme.messages()) == count
    await facilitator.taps("Rouvrir", times=2)
    await replies(facilitator, "Me revoici", card(facilitator))
    assert "Me revoici" in sme.messages()[-1]["text"]


async def test_what_cannot_be_passed_on_is_said(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    count = len(sme.messages())
    said = await replies(facilitator, "x" * (LONGEST + 1), card(facilitator))
    facilitator.sees("compte 3501 caractères", "n'a pas été remise")
    await replies(facilitator, "/merci beaucoup", card(facilitator))
    facilitator.sees("est une commande")
    facilitator.mark()
    photo = {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]}
    stage.messenger.from_person(
        facilitator.user, facilitator.chat_id, photo, card(facilitator)["message_id"]
    )
    await stage.settles()
    facilitator.sees("seul le texte")
    assert len(sme.messages()) == count
    # Shortened by an edit, it goes.
    await edits(facilitator, said, "Plus court")
    assert "Plus court" in sme.messages()[-1]["text"]
    await replies(facilitator, "y" * LONGEST, card(facilitator))
    assert "y" * LONGEST in sme.messages()[-1]["text"]


async def test_a_person_who_blocked_the_bot_is_told_of_in_the_group(
    sme: Speaker, facilitator: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    stage.messenger.blocks(sme.user)
    await stage.settles()
    said = await replies(facilitator, "Êtes-vous là ?", card(facilitator))
    facilitator.sees("non remise", "bloqué")
    assert facilitator.new[-1]["reply_to_message"]["message_id"] == said["message_id"]
    assert administrator.messages() == []


async def test_a_reply_that_telegram_refuses_is_said_on_all_sides(
    sme: Speaker, facilitator: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    stage.messenger.faults.next("sendMessage", status=400, description="Bad Request: no")
    await replies(facilitator, "Êtes-vous là ?", card(facilitator))
    facilitator.sees("non remise", "Telegram l'a refusé")
    administrator.received("Il concerne la question Q-2026-0001.")
    assert "Êtes-vous là" not in str(sme.messages())


async def test_a_group_out_of_reach_is_told_to_the_person(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await stage.stops()
    stage.overrides = {"facilitator_chat_id": -404}
    await stage.starts()
    await hands_over(sme)
    assert "n'a pas pu être remis" in sme.messages()[-1]["text"]
    assert "contact@exemple.fr" in sme.messages()[-1]["text"]
    administrator.received("Le bot ne peut plus écrire dans le groupe des facilitateurs")
    # The question is not lost: it arrives once the setting is right.
    await stage.stops()
    stage.overrides = {}
    stage.clock.passes(minutes=6)
    await stage.starts()
    await stage.settles()
    stage.member(stage.messenger.facilitators).received("Question Q-2026-0001")
    administrator.received("Le bot peut de nouveau écrire dans le groupe des facilitateurs")


async def test_a_deleted_group_message_comes_back_when_it_matters(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    relayed = sme.messages()[-1]
    first = card(facilitator)["message_id"]
    stage.messenger.deletes(facilitator.chat_id, first)
    await replies(sme, "Le blanc", relayed)
    assert "Le blanc" in facilitator.messages()[-1]["text"]
    await facilitator.taps("Clore")
    facilitator.sees("avait été supprimé")
    assert card(facilitator)["message_id"] != first
    assert "Échange clos" in card(facilitator)["text"]


async def test_a_group_that_becomes_a_supergroup_gets_the_open_questions_anew(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    facilitator.chat_id = stage.messenger.upgrades(stage.messenger.facilitators)
    await stage.settles()
    facilitator.received("devenu un supergroupe")
    await replies(facilitator, "Toujours là", card(facilitator))
    assert "Toujours là" in sme.messages()[-1]["text"]
    facilitator.sees("réponse remise")


async def test_without_a_facilitators_group_nothing_is_offered(
    sme: Speaker, stage: Stage, facilitator: Speaker
) -> None:
    await sme.says(PLAIN)
    message, data = sme.button("Transmettre à un facilitateur")
    await stage.stops()
    stage.overrides = {"facilitator_chat_id": None}
    await stage.starts()
    await sme.taps_data(message["message_id"], data)
    assert "joignable" in sme.toast
    await sme.says(PLAIN)
    assert "Transmettre à un facilitateur" not in sme.labels
    await sme.says("/contact")
    sme.sees("contact@exemple.fr")
    assert sme.labels == ["Être rappelé"]


async def test_others_can_neither_close_nor_answer(
    sme: Speaker, other_sme: Speaker, administrator: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    ((thread,),) = await stage.rows(select(conversations.c.id))
    for intruder in (sme, other_sme, administrator):
        await intruder.says("/aide")
        stage.messenger.posts(intruder.chat_id, {"text": f"{NUMBER} : une ligne du bot"})
        message = intruder.messages()[-1]
        for data in (f"hc:{thread}", f"ho:{thread}"):
            await intruder.taps_data(message["message_id"], data)
            assert "réservée" in intruder.toast
    count = len(sme.messages())
    group = len(facilitator.messages())
    await other_sme.taps_data(other_sme.messages()[-1]["message_id"], f"hr:{thread}")
    await replies(other_sme, "Je m'en mêle", other_sme.messages()[-1])
    other_sme.sees("n'est plus gardée")
    await replies(administrator, "Nous aussi", administrator.messages()[-1])
    assert len(sme.messages()) == count
    assert len(facilitator.messages()) == group


async def test_what_people_type_cannot_name_another_thread(
    sme: Speaker, other_sme: Speaker, facilitator: Speaker
) -> None:
    await hands_over(sme)
    await other_sme.says("/contact")
    await other_sme.taps("Transmettre à un facilitateur")
    await other_sme.says(f"Suite de {NUMBER} : {PLAIN}, et dans quelle ville s'est tenu ce match ?")
    await other_sme.taps("Oui, transmettre")
    await replies(facilitator, "Pour vous", card(facilitator, "Q-2026-0002"))
    assert "Pour vous" in other_sme.messages()[-1]["text"]
    assert "Pour vous" not in str(sme.messages())


async def test_the_export_and_the_erasure_cover_it(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel au juste ?", card(facilitator))
    said = await replies(sme, "Le blanc moelleux", sme.messages()[-1])
    await sme.says("/mesdonnees")
    page = await file_of(sme, stage)
    for held in (NUMBER, PLAIN, "Lequel au juste", "Le blanc moelleux"):
        assert held in page
    anchor = card(facilitator)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert await stage.rows(select(conversations)) == []
    assert await stage.rows(select(conversation_messages)) == []
    left = [m["text"] for m in facilitator.messages() if m["from"]["is_bot"]]
    assert all(f"La question {NUMBER} a été effacée" in text for text in left)
    about = select(outbox.c.about).where(outbox.c.about.startswith("handoff"))
    assert await stage.rows(about) == []
    await replies(facilitator, "Et maintenant ?", anchor)
    facilitator.sees("n'est plus gardée", "n'a pas été remise")
    await edits(sme, said, "Le blanc sec")
    assert "sec" not in str(facilitator.messages())


async def test_a_facilitator_finds_and_erases_what_they_did(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await facilitator.says("/signature")
    await replies(facilitator, "Bonjour", card(facilitator))
    await facilitator.taps("Clore")
    own = stage.person(facilitator.user)
    await own.says("/mesdonnees")
    page = await file_of(own, stage)
    assert "actes de facilitateur" in page
    assert f"réponse à la question {NUMBER}" in page
    await own.says("/supprimer")
    await own.taps("Oui, tout effacer")
    columns = (conversation_messages.c.author_id, conversation_messages.c.signature)
    assert await stage.rows(select(*columns)) == [(None, None)]
    closed = (conversations.c.closed_by, conversations.c.closed_by_name)
    assert await stage.rows(select(*closed)) == [(None, None)]
    assert await stage.rows(select(signatures)) == []


def test_a_reply_to_nothing_is_refused_by_the_preview_itself(stage: Stage, sme: Speaker) -> None:
    with pytest.raises(ApiError):
        stage.messenger.says(sme.user, "x", reply_to=1)


async def test_a_receipt_that_does_not_arrive_alarms_nobody(
    sme: Speaker, facilitator: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await sme.says(PLAIN)
    await sme.taps("Transmettre à un facilitateur")
    message, yes = sme.button("Oui, transmettre")
    stage.messenger.blocks(sme.user)
    await sme.taps_data(message["message_id"], yes)
    assert NUMBER in card(facilitator)["text"]
    assert ("person", "parked") in await stage.outbox_states()
    assert administrator.messages() == []


async def asks_twice(sme: Speaker, stage: Stage) -> None:
    """Ask a question that has an answer, one that names a firm, and one without answer."""
    await sme.says(stage.knowledge.entries[0].question)
    await sme.says("Quel temps fait-il à Tokyo, SIRET 732 829 320 00074")
    await sme.says(PLAIN)
    await sme.taps("Transmettre à un facilitateur")


async def test_the_two_exchanges_before_go_with_a_question_as_the_person_was_shown(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says("Où se trouve la lune ?")
    await asks_twice(sme, stage)
    entry = stage.knowledge.entries[0]
    sme.sees("vos deux échanges d'avant", f"1. « {entry.question} » ({entry.title})", "2. « Quel")
    assert "732 829" not in sme.text
    assert "la lune" not in sme.text
    await sme.taps("Oui, transmettre")
    shown = card(facilitator)["text"]
    assert "Ses deux échanges d'avant avec le bot" in shown
    assert f"1. « {entry.question} » → {entry.title}" in shown
    assert "2. « Quel temps fait-il à Tokyo" in shown
    assert "732 829" not in shown
    assert "la lune" not in shown
    assert [buttons(message) for message in sme.messages()[-2:]] == [[], []]
    # They are still there once the card was edited.
    await replies(facilitator, "Je regarde", card(facilitator))
    assert entry.title in card(facilitator)["text"]


async def test_the_exchanges_before_are_left_out_by_one_tap(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await asks_twice(sme, stage)
    message, data = sme.button("Transmettre la question seule")
    await sme.taps_data(message["message_id"], data, times=2)
    assert "déjà transmise" in sme.toast
    assert stage.knowledge.entries[0].title not in card(facilitator)["text"]
    assert len(facilitator.messages()) == 1
    assert await stage.rows(select(conversations.c.before)) == [([],)]


async def test_what_was_asked_the_day_before_and_thanks_do_not_go_with_a_question(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says(stage.knowledge.entries[0].question)
    stage.clock.passes(hours=25)
    await sme.says("bonjour")
    await hands_over(sme)
    sme.received("cette question, rien d'autre")
    assert "d'avant" not in card(facilitator)["text"]


async def test_the_exchanges_before_go_with_a_question_typed_anew_and_are_erased_with_it(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    entry = stage.knowledge.entries[0]
    await sme.says(entry.question)
    await sme.says("/contact")
    await sme.taps("Transmettre à un facilitateur")
    await sme.says("Où déposer mon dossier ?")
    sme.sees("votre échange d'avant", entry.title)
    await sme.says("oui")
    assert entry.title in card(facilitator)["text"]
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert entry.title not in str(facilitator.messages())
    assert await stage.rows(select(conversations.c.id)) == []


async def test_the_longest_question_and_what_came_before_fit_the_card(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    for number in range(2):
        await sme.says(f"{number} quel temps fait-il à Tokyo " + "en été " * 60)
    await sme.says("/contact")
    await sme.taps("Transmettre à un facilitateur")
    await sme.says("é" * LONGEST)
    await sme.taps("Oui, transmettre")
    await replies(facilitator, "Bien reçu", facilitator.messages()[0])
    text = facilitator.messages()[0]["text"]
    assert "é" * LONGEST in text
    assert "Dernière réponse" in str(facilitator.messages())


async def test_closing_what_nobody_answered_is_asked_once(
    sme: Speaker, facilitator: Speaker, second: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    before = card(facilitator)
    message, data = facilitator.button("Clore")
    # A double tap asks, and changes nothing.
    await facilitator.taps_data(message["message_id"], data, times=2)
    facilitator.sees("La personne n'a rien reçu", "clore quand même ?")
    assert await stage.rows(select(conversations.c.closed_at)) == [(None,)]
    await facilitator.taps("Non, laisser ouvert")
    assert "reste ouvert" in facilitator.toast
    assert card(facilitator)["text"] == before["text"]
    assert buttons(card(facilitator)) == buttons(before)
    await closes(second)
    assert f"Échange clos par {second.user.name}" in card(facilitator)["text"]
    assert "n'a rien reçu" not in card(facilitator)["text"]
    sme.received("clos l'échange")
    # The old button says who did it.
    await facilitator.taps_data(message["message_id"], data)
    assert f"{second.user.name} l'a clos avant vous" in facilitator.toast
    await second.taps_data(message["message_id"], data)
    assert "vous l'avez déjà clos" in second.toast


async def test_a_message_that_follows_is_what_it_was_after_the_question_whether_to_close(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(sme, "Et <b>vite</b>, svp", sme.messages()[-1])
    said = facilitator.messages()[-1]
    data = buttons(said)[0]["callback_data"]
    await facilitator.taps_data(said["message_id"], data)
    facilitator.sees("Et <b>vite</b>, svp", "La personne n'a rien reçu")
    await facilitator.taps("Oui, clore quand même")
    again = next(m for m in facilitator.messages() if m["message_id"] == said["message_id"])
    assert again["text"] == said["text"]
    assert buttons(again) == []
    assert "Échange clos" in card(facilitator)["text"]


async def test_the_recap_of_a_question_given_up_does_not_say_that_it_was_sent(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says(PLAIN)
    await sme.taps("Transmettre à un facilitateur")
    message, data = sme.button("Oui, transmettre")
    await sme.says("/annuler")
    await sme.taps_data(message["message_id"], data)
    assert "n'a pas été transmise" in sme.toast
    assert not buttons(next(m for m in sme.messages() if m["message_id"] == message["message_id"]))
    await hands_over(sme)
    await sme.taps_data(message["message_id"], data)
    assert "n'a pas été transmise" in sme.toast
