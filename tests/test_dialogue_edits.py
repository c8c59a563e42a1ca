"""Edits: what they may still change, on both sides, and what becomes of each of a person's."""

from typing import Any

import pytest
from dialogue import Message, Speaker, Stage, fingerprint, inside
from sqlalchemy import select, update
from telegram import Update
from test_dialogue_handoff import NUMBER, PLAIN, card, edits, hands_over, replies
from test_dialogue_interest import begins
from test_dialogue_replies import moves_to_other_group

from handlers.core import caps
from handlers.handoff.threads import LONGEST
from handlers.table import ALL
from storage.engine.schema import conversation_messages, conversations, drafts, inbox, questions


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


def seen(speaker: Speaker) -> list[str]:
    """What the bot's messages say in a chat."""
    return [fingerprint(m) for m in speaker.messages() if m["from"]["is_bot"]]


async def edited_raw(speaker: Speaker, message: Message, **content: Any) -> None:
    """Send the update of an edit with any content, as for the preview of a link."""
    speaker.mark()
    speaker.stage.messenger.delivers({"edited_message": message | {"edit_date": 2} | content})
    await speaker.stage.settles()


async def types(speaker: Speaker, text: str) -> Message:
    """Send a text, wait for all that follows, and return the message."""
    speaker.mark()
    said = speaker.stage.messenger.says(speaker.user, text, chat=speaker.chat_id)
    await speaker.stage.settles()
    return said


@pytest.mark.parametrize("chat", ["private", "group"])
@pytest.mark.parametrize(
    "content",
    [
        {"text": "Bonjour"},
        {"caption": "/faq", "document": {"file_id": "d", "file_unique_id": "d"}},
        {"migrate_to_chat_id": -5},
        *(
            {"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": len(text)}]}
            for text in ("/start", "/supprimer", "/sansreponse", "/faq", "/signature", "/inconnue")
        ),
    ],
    ids=str,
)
async def test_whatever_is_edited_one_handler_alone_takes_it(
    stage: Stage, chat: str, content: dict[str, Any]
) -> None:
    message = {"message_id": 1, "date": 1, "edit_date": 2, "chat": {"id": 7, "type": chat}}
    author = {"id": 7, "is_bot": False, "first_name": "X"}
    raw = {"update_id": 1, "edited_message": message | {"from": author} | content}
    bot = inside(stage.running.parts.inbox_worker, "application").bot
    edit = Update.de_json(raw, bot)
    taking = [h for h in ALL if h.check_update(edit) not in (None, False)]
    assert [h.callback.__name__ for h in taking[:1]] == ["take_edit"]


@pytest.mark.parametrize("side", ["person", "facilitator", "question"])
@pytest.mark.parametrize("state", ["elsewhere", "closed", "late", "long", "command", "erased"])
async def test_an_edit_that_comes_too_late_changes_nothing_and_is_said(
    sme: Speaker, facilitator: Speaker, stage: Stage, side: str, state: str
) -> None:
    asked = await types(sme, "Faut-il 1200 degrés hier soir à Tokyo ?")
    await sme.taps("Transmettre à un facilitateur")
    await sme.taps("Oui, transmettre")
    answered = await replies(facilitator, "À 120 degrés", card(facilitator))
    said = await replies(sme, "Entendu, 1200", sme.messages()[-1])
    author = facilitator if side == "facilitator" else sme
    message = {"person": said, "facilitator": answered, "question": asked}[side]
    text = "Autre chose"
    if state == "elsewhere":
        await moves_to_other_group(stage)
    elif state == "closed":
        await facilitator.taps("Clore")
    elif state == "late":
        stage.clock.passes(days=60)
    elif state == "erased":
        await sme.says("/supprimer")
        await sme.taps("Oui, tout effacer")
    else:
        text = "x" * (LONGEST + 1) if state == "long" else "/supprimer"
    before = {speaker: seen(speaker) for speaker in (sme, facilitator)}
    await edits(author, message, text)
    if state == "elsewhere" and side != "facilitator":
        # The person goes on with whoever facilitates now; the former group sees nothing of it.
        assert seen(facilitator) == before[facilitator]
        return
    if state != "erased" or side == "facilitator":
        assert len(author.new) <= 1
    if state != "erased":
        author.sees(NUMBER, "modification")
        assert author.new[-1]["reply_to_message"]["message_id"] == message["message_id"]
    for speaker in (sme, facilitator):
        assert before[speaker] == seen(speaker)[: len(before[speaker])]
        assert "Autre chose" not in str(seen(speaker))


async def test_what_was_handed_over_is_corrected_in_the_group(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    asked = await types(sme, "Faut-il 1200 degrés hier soir à Tokyo ?")
    await sme.taps("Transmettre à un facilitateur")
    await sme.taps("Oui, transmettre")
    await edits(sme, asked, "Faut-il 120 degrés hier soir à Tokyo ?")
    sme.sees(NUMBER, "correction est transmise")
    assert "1200" not in card(facilitator)["text"]
    assert "120 degrés" in card(facilitator)["text"]
    assert "modifiée le" in card(facilitator)["text"]
    assert len(facilitator.messages()) == 1
    stage.clock.passes(minutes=1)
    await replies(facilitator, "Oui", card(facilitator))
    stage.clock.passes(minutes=1)
    count = len(facilitator.messages())
    await edits(sme, asked, "Faut-il 12 degrés hier soir à Tokyo ?")
    note = facilitator.messages()[-1]
    assert "après votre réponse" in note["text"]
    assert note["reply_to_message"]["message_id"] == card(facilitator)["message_id"]
    stage.clock.passes(minutes=1)
    await edits(sme, asked, "Faut-il 13 degrés hier soir à Tokyo ?")
    assert len(facilitator.messages()) == count + 1
    assert "13 degrés" in card(facilitator)["text"]


async def test_a_corrected_message_says_so_and_is_noted_after_an_answer(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Combien ?", card(facilitator))
    said = await replies(sme, "1200 degrés", sme.messages()[-1])
    relayed = facilitator.messages()[-1]
    stage.clock.passes(minutes=1)
    await replies(facilitator, "Merci", relayed)
    stage.clock.passes(minutes=1)
    await edits(sme, said, "120 degrés")
    now = next(m for m in facilitator.messages() if m["message_id"] == relayed["message_id"])
    assert "120 degrés" in now["text"]
    assert "message modifié le" in now["text"]
    assert facilitator.messages()[-1]["reply_to_message"]["message_id"] == relayed["message_id"]


async def test_what_is_noted_in_the_group_is_in_no_topic_of_the_private_chat(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    asked = await types(sme, PLAIN)
    await sme.taps("Transmettre à un facilitateur")
    await sme.taps("Oui, transmettre")
    stage.clock.passes(minutes=1)
    await replies(facilitator, "Marseille", card(facilitator))
    stage.clock.passes(minutes=1)
    topic = {"message_thread_id": 77, "is_topic_message": True}
    await edited_raw(sme, asked, text=f"{PLAIN} à Aix", **topic)
    (note,) = [values for _, values in stage.messenger.calls if "après votre" in str(values)]
    assert "message_thread_id" not in note


async def test_a_question_typed_in_the_form_is_corrected_before_and_after_it_goes(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await sme.says("/contact")
    await sme.taps("Transmettre à un facilitateur")
    said = await types(sme, "À 1200 degrés ?")
    await edits(sme, said, "À 120 degrés ?")
    sme.sees("Transmettre cette question", "À 120 degrés ?")
    await sme.taps("Oui, transmettre")
    assert "À 120 degrés ?" in card(facilitator)["text"]
    await edits(sme, said, "À 12 degrés ?")
    assert "À 12 degrés ?" in card(facilitator)["text"]


async def test_the_question_under_an_open_recap_is_corrected_there(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    asked = await types(sme, PLAIN)
    await sme.taps("Transmettre à un facilitateur")
    await edits(sme, asked, f"{PLAIN} à Marseille")
    sme.sees("Transmettre cette question", f"{PLAIN} à Marseille")
    await sme.taps("Oui, transmettre")
    assert f"« {PLAIN} à Marseille »" in card(facilitator)["text"]


async def test_a_card_on_its_way_arrives_as_edited_and_once(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    asked = await types(sme, PLAIN)
    await sme.taps("Transmettre à un facilitateur")
    for _ in range(2):
        stage.messenger.faults.next("sendMessage", status=500)
    await sme.taps("Oui, transmettre")
    await edits(sme, asked, f"{PLAIN} à Marseille")
    stage.clock.passes(minutes=1)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert [m["text"].count("à Marseille") for m in facilitator.messages()] == [1]


async def test_the_last_answer_of_a_form_is_taken_as_edited(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage, 1)
    await sme.taps("J'ai compris")
    said = await types(sme, "Chaudronnerie Martn")
    sme_question = sme.messages()[-1]["text"]
    await edits(sme, said, "Chaudronnerie Martin")
    # The step under way is asked again.
    assert sme.messages()[-1]["text"].split("\n")[-1] == sme_question.split("\n")[-1]
    ((answers,),) = await stage.rows(select(drafts.c.answers))
    assert answers["company"] == "Chaudronnerie Martin"
    # What is refused leaves the answer as it was, and is asked again.
    await edits(sme, said, "!")
    ((answers,),) = await stage.rows(select(drafts.c.answers))
    assert answers["company"] == "Chaudronnerie Martin"
    await edits(sme, said, "Chaudronnerie Martin et fils")
    ((answers, step),) = await stage.rows(select(drafts.c.answers, drafts.c.step))
    assert answers["company"] == "Chaudronnerie Martin et fils"
    assert step == "name"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("?", "prénom et nom"),
        ("annuler", "Abandonner"),
        ("retour", "Quel est le nom de votre entreprise"),
    ],
)
async def test_an_answer_edited_to_a_word_for_the_form_is_no_answer(
    sme: Speaker, stage: Stage, text: str, words: str
) -> None:
    await begins(sme, stage, 1)
    said = await types(sme, "Chaudronnerie Martin")
    await edits(sme, said, text)
    assert words in f"{sme.text} {sme.labels}"
    ((answers,),) = await stage.rows(select(drafts.c.answers))
    assert answers == {"company": "Chaudronnerie Martin"}


async def test_the_preview_of_a_link_in_a_long_question_is_no_new_question(
    sme: Speaker, stage: Stage
) -> None:
    """Of which only the beginning is kept, and nothing to tell an edit by, after two days."""
    text = f"{PLAIN} https://exemple.fr {'et aussi ' * 200}"
    said = await types(sme, text)
    async with stage.running.parts.database.begin() as work:
        await inside(work.inbox, "connection").execute(update(inbox).values(checksum=None))
    await edited_raw(sme, said)
    assert sme.new == []


async def test_a_refused_reply_that_is_edited_too_late_is_answered_under_it(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    said = await replies(facilitator, "x" * (LONGEST + 1), card(facilitator))
    # The date of a message is the messenger's, whose clock the test does not move.
    await edited_raw(facilitator, said | {"date": 1}, text="Court")
    facilitator.sees(NUMBER, "plus de deux jours")
    assert facilitator.new[-1]["reply_to_message"]["message_id"] == said["message_id"]


async def test_the_last_question_is_answered_anew_an_earlier_one_is_said_not_to_be(
    sme: Speaker, stage: Stage
) -> None:
    one, two = (entry.question for entry in stage.knowledge.entries[:2])
    first, last = await types(sme, one), await types(sme, PLAIN)
    await edits(sme, last, two)
    assert "Non, pas vraiment" in sme.labels
    asked = await stage.rows(select(questions.c.message_id).order_by(questions.c.id))
    assert asked == [(m["message_id"],) for m in (first, last, last)]
    await edits(sme, first, two)
    sme.sees("Je ne relis pas un message modifié", "/mesdemandes")
    assert len(sme.new) == 1


async def test_the_last_message_that_was_no_question_is_one_once_edited(
    sme: Speaker, stage: Stage
) -> None:
    question = stage.knowledge.entries[0].question
    for text in ("!!!", "/proejts"):
        said = await types(sme, text)
        await edits(sme, said, question)
        assert "Non, pas vraiment" in sme.labels


async def test_choices_of_a_question_do_not_stand_against_its_own_edit(sme: Speaker) -> None:
    said = await types(sme, "entreprise")
    assert "Aucune de ces réponses" in sme.labels
    await edits(sme, said, "industrie")
    assert "Aucune de ces réponses" in sme.labels


async def test_a_question_edited_during_a_form_brings_the_form_back(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage, 1)
    said = await types(sme, PLAIN + " ?")
    await edits(sme, said, stage.knowledge.entries[0].question)
    assert "Non, pas vraiment" in sme.labels
    sme.sees("Quel est le nom de votre entreprise")


async def test_what_cannot_be_taken_as_edited_is_said_once(sme: Speaker, stage: Stage) -> None:
    command = await types(sme, "/proejts")
    photo = {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]}
    picture = stage.messenger.from_person(sme.user, sme.chat_id, photo | {"caption": "à"}, None)
    await stage.settles()
    for message, content in ((command, {"text": "/projets"}), (picture, {"caption": "/faq"})):
        await edited_raw(sme, message, **content)
        sme.sees("Je ne relis pas un message modifié")
        assert len(sme.new) == 1
        await edited_raw(sme, message, **content)
        assert sme.new == []


async def test_an_edit_that_changes_no_word_stays_silent(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    """Telegram reports the preview of a link as an edit."""
    asked = await types(sme, PLAIN)
    await sme.taps("Transmettre à un facilitateur")
    await sme.taps("Oui, transmettre")
    answered = await replies(facilitator, "Voyez https://exemple.fr", card(facilitator))
    said = await replies(sme, "Vu https://exemple.fr", sme.messages()[-1])
    command = await types(sme, "/inconnue")
    await facilitator.taps("Clore")
    before = (seen(sme), seen(facilitator))
    for speaker, message in ((sme, asked), (facilitator, answered), (sme, said), (sme, command)):
        preview = {"link_preview_options": {"url": "https://exemple.fr"}}
        await edited_raw(speaker, message, **preview)
    assert (seen(sme), seen(facilitator)) == before


async def test_a_reply_refused_for_its_length_goes_once_it_is_shortened(
    sme: Speaker, facilitator: Speaker
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    said = await replies(sme, "x" * (LONGEST + 1), sme.messages()[-1])
    sme.sees("Rien n'a été transmis")
    await edits(sme, said, "Le blanc")
    facilitator.received("Le blanc")
    await edits(sme, said, "Le blanc sec")
    facilitator.received("Le blanc sec")


@pytest.mark.usefixtures("low_limits")
async def test_edits_in_a_loop_are_told_once_and_change_nothing_more(
    sme: Speaker, facilitator: Speaker, stage: Stage
) -> None:
    await hands_over(sme)
    await replies(facilitator, "Lequel ?", card(facilitator))
    said = await replies(sme, "Version", sme.messages()[-1])
    for number in range(caps.EDITS.most):
        await edits(sme, said, f"Version {number}")
        stage.clock.passes(seconds=2)
    await edits(sme, said, "Version de trop")
    sme.sees("pas prises en compte")
    await edits(sme, said, "Version encore de trop")
    assert sme.new == []
    assert "de trop" not in str(facilitator.messages())
    stage.clock.passes(hours=1)
    await edits(sme, said, "Version finale")
    facilitator.received("Version finale")


async def test_colleagues_edit_what_they_say_to_each_other(
    facilitator: Speaker, stage: Stage
) -> None:
    stage.messenger.privacy = False
    said = await types(facilitator, "Qui répond ?")
    await edits(facilitator, said, "Qui répond à la Q-2026-0001 ?")
    assert facilitator.new == []


async def test_what_is_kept_of_an_edit_goes_with_the_person(sme: Speaker, stage: Stage) -> None:
    await hands_over(sme)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    for table in (questions, conversations, conversation_messages, drafts):
        assert await stage.rows(select(table)) == []
