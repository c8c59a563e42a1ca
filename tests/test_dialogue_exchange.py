"""Writing about a request, both ways: notes, messages, receipts, edits, ends, and mishaps."""

import pytest
from dialogue import Message, Speaker, Stage, buttons, inside
from sqlalchemy import func, select
from test_dialogue_handoff import card, edits, hands_over, replies
from test_dialogue_interest import open_project, registers
from test_dialogue_media import photo, sends
from test_dialogue_privacy import file_of

from handlers.administration.replies import LONGEST_NOTE, KeepNote
from handlers.core import caps
from handlers.handoff.threads import LONGEST
from storage.engine.schema import (
    conversation_messages,
    conversations,
    interest_events,
    interests,
    outbox,
)

QUESTION = "note pour l'équipe, ou message à l'entreprise ?"


@pytest.fixture
def second(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.administrators, 1)


def notification(administrator: Speaker) -> Message:
    """Return the message of the request in the group, as it stands."""
    written = [m for m in administrator.messages() if "text" in m]
    return [m for m in written if "emande TI-" in m["text"].partition("\n")[0]][-1]


async def writes(administrator: Speaker, text: str) -> Message:
    """Reply to the notification, and say that it is for the firm."""
    said = await replies(administrator, text, notification(administrator))
    await administrator.taps("Message à l'entreprise")
    return said


async def kinds(stage: Stage) -> list[str]:
    rows = await stage.rows(select(interest_events.c.kind).order_by(interest_events.c.id))
    return [row.kind for row in rows]


async def test_a_reply_is_asked_about_and_a_note_stays_in_the_team(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    told = len(sme.messages())
    said = await replies(administrator, "Appelé : <absent>", notification(administrator))
    administrator.sees(QUESTION, number)
    (question,) = administrator.new
    assert question["reply_to_message"]["message_id"] == said["message_id"]
    assert administrator.labels == ["Note pour l'équipe", "Message à l'entreprise", "Annuler"]
    assert await kinds(stage) == ["declare"]

    message, data = administrator.button("Note pour l'équipe")
    await administrator.taps_data(message["message_id"], data, times=2)
    assert administrator.toast == "C'est déjà fait."
    administrator.sees(f"{number} : note gardée")
    assert "1 note de l'équipe" in notification(administrator)["text"]
    assert await kinds(stage) == ["declare", "note"]
    assert (await stage.rows(select(interests.c.touched_at)))[0].touched_at == stage.clock.now
    await administrator.taps("Détails")
    administrator.sees(f"{administrator.user.name} : Appelé : <absent>")
    assert len(sme.messages()) == told
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    assert "absent" not in sme.text
    assert "note" not in sme.text


async def test_a_message_goes_to_the_firm_and_its_answer_comes_back(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    posted = notification(administrator)
    said = await writes(administrator, "Quel <b>atelier</b> & quand ?")
    relayed = sme.messages()[-1]
    assert relayed["text"].startswith("Message de l'équipe Territoires d'industrie")
    assert number in relayed["text"].splitlines()[0]
    assert "Quel <b>atelier</b> & quand ?" in relayed["text"]
    assert administrator.user.first_name not in relayed["text"]
    receipt = administrator.messages()[-1]
    assert receipt["text"] == f"{number} : message remis à l'entreprise."
    assert receipt["reply_to_message"]["message_id"] == said["message_id"]

    await sme.taps("Répondre")
    sme.sees("Que voulez-vous dire à l'équipe ?")
    await sme.says("Celui de Fos, mardi")
    sme.sees(f"{number} : votre message est transmis à l'équipe")
    answer = administrator.messages()[-1]
    assert answer["text"].startswith(number)
    assert "l'entreprise écrit" in answer["text"]
    assert "Celui de Fos, mardi" in answer["text"]
    assert answer["reply_to_message"]["message_id"] == posted["message_id"]
    assert await kinds(stage) == ["declare", "to_firm", "from_firm"]
    # The words are in the exchange alone.
    assert (
        await stage.rows(select(interest_events.c.note).where(interest_events.c.note != "")) == []
    )

    await replies(sme, "Ou mercredi", relayed)
    administrator.received("Ou mercredi")
    # A reply to what the firm wrote may be meant for colleagues.
    await replies(administrator, "Je m'en charge", administrator.messages()[-1])
    administrator.sees(QUESTION)
    assert "Je m'en charge" not in str(sme.messages())
    await administrator.taps("Message à l'entreprise")
    assert "Je m'en charge" in sme.messages()[-1]["text"]
    await replies(administrator, "Vu", receipt)
    administrator.sees(QUESTION)


async def test_an_unquoted_text_answers_the_question_of_the_team(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await writes(administrator, "Dans quelle zone êtes-vous ?")
    await sme.says("Zone des Paluds")
    sme.sees(number, "Zone des Paluds", "transmis à l'équipe")
    assert "Zone des Paluds" in administrator.messages()[-1]["text"]
    assert (await kinds(stage))[-1] == "from_firm"


async def test_the_text_is_read_as_it_stands_at_the_tap(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    said = await replies(administrator, "Demain à 9h", notification(administrator))
    await edits(administrator, said, "Demain à 10h")
    assert administrator.new == []
    await administrator.taps("Message à l'entreprise")
    assert "Demain à 10h" in sme.messages()[-1]["text"]
    assert "9h" not in str(sme.messages())


async def test_a_reply_deleted_before_the_tap_is_said_to_be_gone(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    told = len(sme.messages())
    said = await replies(administrator, "Oups", notification(administrator))
    inside(stage.messenger.chats, "messages")[administrator.chat_id].pop(said["message_id"])
    await administrator.taps("Message à l'entreprise")
    administrator.sees("Je ne retrouve plus votre texte")
    assert administrator.labels == []
    assert len(sme.messages()) == told
    assert await kinds(stage) == ["declare"]


async def test_only_who_wrote_a_reply_says_what_it_is_and_may_leave_it(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage)
    posted = notification(administrator)
    await replies(administrator, "De Camille", posted)
    await replies(second, "D'un autre", posted)
    # Each has a question of its own: the last button is that of the second.
    message, data = administrator.button("Message à l'entreprise")
    await administrator.taps_data(message["message_id"], data)
    assert "à la personne qui a écrit ce texte" in administrator.toast
    await second.taps("Annuler")
    second.sees("Rien n'est gardé, ni transmis")
    await administrator.taps("Message à l'entreprise")
    assert "De Camille" in sme.messages()[-1]["text"]
    assert "D'un autre" not in str(sme.messages())
    assert await kinds(stage) == ["declare", "to_firm"]


async def test_two_administrators_who_write_at_once_are_both_passed_on(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage)
    posted = notification(administrator)
    for speaker, text in ((administrator, "Premier"), (second, "Second")):
        stage.messenger.says(
            speaker.user, text, chat=speaker.chat_id, reply_to=posted["message_id"]
        )
    await stage.settles()
    questions = [m for m in administrator.messages() if QUESTION in m["text"]]
    for question in questions:
        author = question["reply_to_message"]["from"]["id"]
        speaker = administrator if author == administrator.user.id else second
        stage.messenger.taps(
            speaker.user,
            speaker.chat_id,
            question["message_id"],
            buttons(question)[1]["callback_data"],
        )
    await stage.settles()
    sme.received("Premier", "Second")
    assert await stage.rows(select(func.count()).select_from(conversations)) == [(1,)]
    assert await kinds(stage) == ["declare", "to_firm", "to_firm"]


async def test_a_double_tap_passes_on_once_and_both_taps_do_one_thing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await replies(administrator, "Une fois", notification(administrator))
    question, send = administrator.button("Message à l'entreprise")
    _, keep = administrator.button("Note pour l'équipe")
    await administrator.taps_data(question["message_id"], send, times=2)
    await administrator.taps_data(question["message_id"], keep)
    assert administrator.toast == "C'est déjà fait."
    assert [m["text"].count("Une fois") for m in sme.messages()].count(1) == 1
    assert await kinds(stage) == ["declare", "to_firm"]


@pytest.mark.parametrize("again", ["Note pour l'équipe", "Message à l'entreprise"])
@pytest.mark.parametrize(
    ("first", "taken"),
    [("Note pour l'équipe", "note"), ("Message à l'entreprise", "to_firm")],
)
async def test_a_copy_of_the_question_takes_a_reply_no_second_time_weeks_later(
    sme: Speaker, stage: Stage, administrator: Speaker, first: str, taken: str, again: str
) -> None:
    """A kill between Telegram's yes and ours leaves a copy, which the bot does not know of."""
    await registers(sme, stage)
    said = await replies(administrator, "Une seule fois", notification(administrator))
    (question,) = administrator.new
    content = {name: question[name] for name in ("text", "reply_markup")}
    copy = stage.messenger.posts(administrator.chat_id, content, said["message_id"])
    labels = {each["text"]: each["callback_data"] for each in buttons(question)}
    await administrator.taps_data(question["message_id"], labels[first])
    stage.clock.passes(days=30)
    await administrator.taps_data(copy["message_id"], labels[again])
    assert administrator.toast == "C'est déjà fait."
    assert await kinds(stage) == ["declare", taken]
    told = sum("Une seule fois" in message["text"] for message in sme.messages())
    assert told == (taken == "to_firm")


async def test_the_words_of_a_prompt_are_taken_once_too(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    for label in ("Pris en charge", "Suite…", "Écrire à l'entreprise"):
        await administrator.taps(label)
    said = await replies(administrator, "Bonjour", administrator.new[-1])
    content = {"text": "x", "reply_markup": {"inline_keyboard": []}}
    copy = stage.messenger.posts(administrator.chat_id, content, said["message_id"])
    stage.clock.passes(days=30)
    await administrator.taps_data(copy["message_id"], KeepNote(1).pack())
    assert administrator.toast == "C'est déjà fait."
    assert await kinds(stage) == ["declare", "take", "to_firm"]


async def test_both_sides_correct_what_they_wrote(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    said = await writes(administrator, "Mardi ?")
    relayed = sme.messages()[-1]
    await edits(administrator, said, "Mercredi ?")
    (shown,) = [m for m in sme.messages() if m["message_id"] == relayed["message_id"]]
    assert "Mercredi ?" in shown["text"]
    assert "Message corrigé le" in shown["text"]
    administrator.sees(f"{number} : correction remise à l'entreprise")

    stage.clock.passes(minutes=1)
    typed = await replies(sme, "Oui, 14h", relayed)
    arrived = administrator.messages()[-1]["message_id"]
    stage.clock.passes(minutes=1)
    await writes(administrator, "Parfait")
    await edits(sme, typed, "Oui, 15h")
    (shown,) = [m for m in administrator.messages() if m["message_id"] == arrived]
    assert "Oui, 15h" in shown["text"]
    administrator.received("vient de modifier ce message, après le vôtre")
    sme.received(f"{number} : votre correction est transmise à l'équipe")


async def test_a_note_stays_as_it_was(sme: Speaker, stage: Stage, administrator: Speaker) -> None:
    await registers(sme, stage)
    said = await replies(administrator, "Appelé", notification(administrator))
    await administrator.taps("Note pour l'équipe")
    await edits(administrator, said, "Appelé deux fois")
    administrator.sees("l'historique ne se modifie pas")
    notes = await stage.rows(select(interest_events.c.note).where(interest_events.c.kind == "note"))
    assert notes == [("Appelé",)]


async def test_the_button_posts_a_message_whose_replies_go_at_once(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    number = await registers(sme, stage)
    await administrator.taps("Pris en charge")
    await administrator.taps("Suite…")
    await administrator.taps("Écrire à l'entreprise")
    (prompt,) = administrator.new
    assert "lui sera remis aussitôt" in prompt["text"]
    await replies(second, "Bonjour", prompt)
    assert "Bonjour" in sme.messages()[-1]["text"]
    second.sees(f"{number} : message remis à l'entreprise")
    assert QUESTION not in second.text
    long = await replies(second, "x" * (LONGEST + 1), prompt)
    second.sees(f"{LONGEST + 1} caractères", "Rien n'est transmis")
    await edits(second, long, "Plus court")
    assert "Plus court" in sme.messages()[-1]["text"]
    await edits(second, long, "Encore plus court")
    assert "Encore plus court" in sme.messages()[-1]["text"]
    assert await kinds(stage) == ["declare", "take", "to_firm", "to_firm"]
    await administrator.says(f"/demande {number}")
    await administrator.taps("Suite…")
    message, data = administrator.button("Écrire à l'entreprise")
    stage.clock.passes(minutes=1)
    await administrator.taps_data(message["message_id"], data, times=2)
    assert len([m for m in administrator.new if "aussitôt" in m["text"]]) == 1


async def test_a_refused_reply_that_is_edited_too_late_is_not_passed_on(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.taps("Pris en charge")
    await administrator.taps("Suite…")
    await administrator.taps("Écrire à l'entreprise")
    long = await replies(administrator, "x" * (LONGEST + 1), administrator.new[-1])
    told = len(sme.messages())
    stage.clock.passes(days=400)
    await edits(administrator, long, "Trop tard")
    administrator.sees("plus de deux jours")
    assert len(sme.messages()) == told


async def test_an_album_is_asked_about_once(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    told, posted = len(sme.messages()), notification(administrator)["message_id"]
    album = (photo("Le plan de l'atelier", album="7"), photo(album="7"))
    await sends(administrator, *album, reply_to=posted)
    assert len(administrator.new) == 1
    administrator.sees(QUESTION, "Seul le texte compte ici")
    await administrator.taps("Message à l'entreprise")
    assert "Le plan de l'atelier" in sme.messages()[-1]["text"]
    assert len(sme.messages()) == told + 1


async def test_the_firm_adds_a_word_to_its_request(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    await sme.taps("Ajouter un mot")
    sme.sees("Que voulez-vous dire à l'équipe ?")
    await sme.says("Nous avons aussi un four")
    sme.sees(f"{number} : votre message est transmis à l'équipe")
    word = administrator.messages()[-1]
    assert "Nous avons aussi un four" in word["text"]
    assert word["reply_to_message"]["message_id"] == notification(administrator)["message_id"]
    # It is part of the request, and no question that was handed over.
    await sme.says("/mesdemandes")
    assert sme.text.count(number) == 1
    await sme.taps(f"1. {number}")
    assert sme.text.count("un four") == 1


async def test_what_is_too_long_or_no_text_is_refused_and_can_be_put_right(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    told = len(sme.messages())
    long = await replies(administrator, "x" * (LONGEST + 1), notification(administrator))
    await administrator.taps("Message à l'entreprise")
    assert f"{LONGEST} au plus" in administrator.toast
    await administrator.taps("Note pour l'équipe")
    assert f"{LONGEST_NOTE} au plus" in administrator.toast
    assert len(sme.messages()) == told
    await edits(administrator, long, "Plus court")
    await administrator.taps("Message à l'entreprise")
    assert "Plus court" in sme.messages()[-1]["text"]

    await administrator.sends("photo", reply_to=notification(administrator)["message_id"])
    administrator.sees("Seul un texte peut être gardé ou transmis")
    await replies(administrator, "/inconnue", notification(administrator))
    administrator.sees("est une commande")


async def test_notes_are_capped(
    sme: Speaker, stage: Stage, administrator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registers(sme, stage)
    monkeypatch.setattr(caps, "NOTES", caps.Cap("notes", 1))
    for text in ("Un", "Deux"):
        await replies(administrator, text, notification(administrator))
        await administrator.taps("Note pour l'équipe")
    administrator.sees("déjà reçu 1 notes en un jour")
    assert await kinds(stage) == ["declare", "note"]


async def test_a_firm_that_blocked_the_bot_is_told_of_in_the_group(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    stage.messenger.blocks(sme.user)
    await stage.settles()
    said = await writes(administrator, "Êtes-vous là ?")
    told = administrator.messages()[-1]
    assert told["text"].startswith(f"{number} : message non remis. L'entreprise a bloqué le bot")
    assert told["reply_to_message"]["message_id"] == said["message_id"]
    assert "Un message du bot n'a pas pu être remis" not in str(administrator.messages())


async def test_a_message_that_telegram_refuses_is_said_on_all_sides(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await replies(administrator, "Perdu", notification(administrator))
    stage.messenger.faults.next("sendMessage", status=400, description="Bad Request: no")
    await administrator.taps("Message à l'entreprise")
    administrator.received(f"{number} : message non remis. La raison", "Il concerne un message sur")
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    await sme.taps("Ajouter un mot")
    stage.messenger.faults.next("sendMessage", status=400, description="Bad Request: no", times=2)
    await sme.says("Perdu aussi")
    sme.received(f"Votre message sur la demande {number} n'a pas pu être remis à l'équipe")


async def test_a_deleted_message_of_the_firm_comes_back_with_its_correction(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await writes(administrator, "Quand ?")
    typed = await replies(sme, "Lundi", sme.messages()[-1])
    stage.messenger.deletes(administrator.chat_id, administrator.messages()[-1]["message_id"])
    await edits(sme, typed, "Mardi")
    administrator.received("avait été supprimé de ce groupe")
    assert "Mardi" in administrator.messages()[-1]["text"]


async def test_a_deleted_notification_stops_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await writes(administrator, "Quand ?")
    stage.messenger.deletes(administrator.chat_id, notification(administrator)["message_id"])
    await replies(sme, "Lundi", sme.messages()[-1])
    assert "Lundi" in administrator.messages()[-1]["text"]


async def test_the_exchange_follows_a_group_that_becomes_a_supergroup(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await administrator.taps("Pris en charge")
    old = notification(administrator)
    await writes(administrator, "Quand ?")
    relayed = sme.messages()[-1]
    administrator.chat_id = stage.messenger.upgrades(stage.messenger.administrators)
    await stage.settles()
    await replies(sme, "Lundi", relayed)
    answer = administrator.messages()[-1]
    assert answer["text"].startswith(number)
    assert "Lundi" in answer["text"]
    await replies(administrator, "Merci", answer)
    await administrator.taps("Message à l'entreprise")
    assert "Merci" in sme.messages()[-1]["text"]
    # A reply to a message from before the move is known as well.
    message = {
        "message_id": 900_000_001,
        "date": 1,
        "chat": stage.messenger.chats.as_json(administrator.chat_id),
        "from": administrator.user.as_json(),
        "text": "Sous l'ancien message",
        "reply_to_message": old,
    }
    administrator.mark()
    stage.messenger.delivers({"message": message})
    await stage.settles()
    administrator.sees(QUESTION)


async def test_a_group_with_both_roles_keeps_both_kinds_of_replies_apart(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await stage.stops()
    stage.overrides = {"facilitator_chat_id": administrator.chat_id}
    await stage.starts()
    number = await registers(sme, stage)
    await hands_over(sme)
    await replies(administrator, "Le 2 à 1", card(administrator))
    sme.received("Le 2 à 1")
    await replies(administrator, "Pour la demande", notification(administrator))
    administrator.sees(QUESTION)
    said = await writes(administrator, "Pour l'entreprise")
    sme.received(f"au sujet de votre demande {number}")
    await edits(administrator, said, "Pour l'entreprise, corrigé")
    sme.received("Pour l'entreprise, corrigé")
    await replies(sme, "Reçu", sme.messages()[-1])
    administrator.received("l'entreprise écrit", "Reçu")
    # Closing the question does not close the request, nor the other way round.
    await administrator.taps("Clore")
    await replies(sme, "Encore", [m for m in sme.messages() if "corrigé" in m.get("text", "")][-1])
    administrator.received("Encore")


async def test_after_the_withdrawal_nothing_more_is_passed_on(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    said = await writes(administrator, "Quand ?")
    relayed = sme.messages()[-1]
    await replies(administrator, "Trop tard", notification(administrator))
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    told = len(sme.messages())
    await administrator.taps("Message à l'entreprise")
    assert "l'entreprise a retiré sa demande" in administrator.toast
    administrator.sees("garder ceci comme note")
    assert "Message à l'entreprise" not in administrator.labels
    await administrator.taps("Note pour l'équipe")
    administrator.sees("note gardée")
    await edits(administrator, said, "Quand donc ?")
    administrator.sees("la demande est terminée, votre modification n'a pas été transmise")
    assert len(sme.messages()) == told
    await replies(sme, "Finalement", relayed)
    sme.sees(f"Votre demande {number} est terminée", "n'a pas été transmis")
    assert "Finalement" not in str(administrator.messages())
    await sme.taps("Répondre")
    sme.sees("est terminée")


async def test_a_request_made_again_has_its_exchange_again(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await writes(administrator, "Quand ?")
    relayed = sme.messages()[-1]
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("Ça m'intéresse")
    await sme.taps("J'ai compris")
    for _ in range(3):
        await sme.taps("Passer")
    await sme.taps("Oui, j'accepte et j'envoie")
    sme.sees(number)
    await replies(sme, "Me revoici", relayed)
    assert "Me revoici" in administrator.messages()[-1]["text"]


async def test_the_export_and_the_erasure_cover_it(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await writes(administrator, "Demande du marqueur-un")
    await replies(sme, "Réponse du marqueur-deux", sme.messages()[-1])
    await replies(administrator, "Note du marqueur-trois", notification(administrator))
    await administrator.taps("Note pour l'équipe")
    await administrator.taps("Détails")
    await replies(administrator, "Pas encore décidé", notification(administrator))
    await sme.says("/mesdonnees")
    page = await file_of(sme, stage)
    for words in ("marqueur-un", "marqueur-deux", "marqueur-trois", "au sujet de cette demande"):
        assert words in page
    assert administrator.user.first_name not in page
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    of_bot = [m["text"] for m in administrator.messages() if m["from"]["is_bot"]]
    assert all("a été effacée" in text for text in of_bot)
    assert f"La demande {number} a été effacée" in of_bot[0]
    for table in (conversations, conversation_messages):
        assert await stage.rows(select(func.count()).select_from(table)) == [(0,)]
    notes = await stage.rows(select(interest_events.c.note).where(interest_events.c.note != ""))
    assert notes == []
    assert await stage.rows(select(outbox.c.id).where(outbox.c.about.like("exchange%"))) == []
    question = [m for m in administrator.messages() if m["from"]["is_bot"]][-1]
    await replies(administrator, "Encore là ?", question)
    assert "Encore là" not in str(sme.messages())


async def test_the_exchange_of_a_request_is_not_closed_as_a_question_is(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await writes(administrator, "Quand ?")
    told = len(sme.messages())
    facilitator = stage.member(stage.messenger.facilitators)
    await facilitator.says("/aide")
    await facilitator.taps_data(facilitator.messages()[-1]["message_id"], "hc:1:1")
    assert len(sme.messages()) == told
    assert await stage.rows(select(conversations.c.closed_at)) == [(None,)]


async def test_who_tries_with_another_s_request_gets_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await writes(administrator, "Quand ?")
    other = stage.person(stage.messenger.second_sme)
    await other.says("/start")
    for data in ("hr:1", "hw:1", "ym:1", "yn:1", "yw:1"):
        await other.taps_data(other.messages()[-1]["message_id"], data)
        assert number not in other.text
        assert other.toast
    assert await kinds(stage) == ["declare", "to_firm"]
