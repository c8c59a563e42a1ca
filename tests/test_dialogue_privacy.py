"""Information, access, erasure: on all that is stored."""

import re

from dialogue import Speaker, Stage, buttons
from sqlalchemy import func, select
from test_dialogue_interest import begins, registers

from handlers.requests import interest
from handlers.requests.changes import STORED
from storage.engine.schema import drafts, inbox, interests, outbox, people, questions


async def file_of(sme: Speaker, stage: Stage) -> str:
    """Return the page that the bot sent last."""
    document = next(m["document"] for m in reversed(sme.messages()) if "document" in m)
    return stage.messenger.file(document["file_id"]).decode()


async def test_privacy_names_all_that_the_law_asks(sme: Speaker) -> None:
    for command in ("/confidentialite", "/privacy"):
        await sme.says(command)
        sme.sees("Qui les tient", "6-1-e", "chef de file", "90 jours", "cnil.fr", "/supprimer")
        # Openings are counted by where a link stood, and people are told so.
        sme.sees("L'assistant compte les ouvertures", "sans retenir qui les fait")
        assert len(sme.new) == 1, "the text no longer fits into one message"


async def test_the_file_holds_everything_at_once(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    await sme.says("comment financer ?")
    await sme.says(f"/start p_{stage.knowledge.projects[0].id}")
    await sme.says("/mesdonnees")
    page = await file_of(sme, stage)
    for held in (number, "Mécanique du Delta", "Samira Costa", "+33 6 12 34 56 78", "73282932"):
        assert held in page
    assert "comment financer" in page
    assert "&lt;b&gt;disponible&lt;/b&gt; &amp;" in page
    assert str(sme.user.id) in page


async def test_the_file_tells_the_form_under_way_in_french(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    for text in ("Mécanique du Delta", "Samira Costa", "06 12 34 56 78", "1"):
        await sme.says(text)
    await sme.says("/annuler")
    await sme.says("/mesdonnees")
    page = await file_of(sme, stage)
    assert "<dd>téléphone</dd>" in page
    assert "<dd>participer</dd>" in page
    for code in ("phone", "participate", "leaving", "Autre réponse"):
        assert f">{code}<" not in page


async def test_the_file_tells_what_the_form_asked_back_and_not_its_own_marks(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage)
    await sme.says("combien ca coute")
    await sme.says("/mesdonnees")
    page = await file_of(sme, stage)
    # The reminder after the command asks for the name anew: the doubt is not kept any more.
    assert await stage.rows(select(drafts.c.unsure)) == [(None,)]
    assert "Nom à confirmer" not in page
    for text in ("Mécanique du Delta", "Samira Costa", "1"):
        await sme.says(text)
    for _ in range(3):
        await sme.says("passer")
    for _ in range(2):
        await sme.says("/mesdonnees")
    assert "Autre réponse" not in await file_of(sme, stage)


async def test_the_file_tells_of_a_change_under_way_its_answers_only(
    sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    await sme.says("/mesdemandes")
    await sme.taps("1. TI-2026-0001")
    await sme.taps("Modifier")
    sme.sees("Que voulez-vous modifier", "votre demande TI-2026-0001")
    ((answers, changes),) = await stage.rows(select(drafts.c.answers, drafts.c.changes))
    # Beside the answers, the form carries a copy of the request as it stands.
    beside = set(answers) - set(interest.FORM.by_key)
    assert (beside, changes) == ({STORED}, "TI-2026-0001")
    await sme.says("/mesdonnees")
    assert "Autre réponse" not in await file_of(sme, stage)


async def test_privacy_begins_its_sentences_with_a_capital(sme: Speaker) -> None:
    await sme.says("/confidentialite")
    assert re.search(r"Qui les tient\. [A-ZÀ-Ý]", sme.text)


async def test_the_file_of_a_stranger_is_nearly_empty(sme: Speaker, stage: Stage) -> None:
    await sme.says("/mesdonnees")
    assert "Aucune." in await file_of(sme, stage)


async def test_nobody_else_s_data_is_in_the_file(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    await other_sme.says("/mesdonnees")
    assert "Delta" not in await file_of(other_sme, stage)


async def test_a_second_file_waits_for_the_first(sme: Speaker, stage: Stage) -> None:
    await sme.says("une question avant")
    stage.messenger.faults.next("sendDocument", status=500)
    await sme.says("/mesdonnees")
    for _ in range(3):
        await sme.says("/mesdonnees")
        sme.sees("déjà en préparation")
    assert await stage.rows(select(outbox.c.attachment)) == [(None,)]
    await passes(stage)
    assert files(sme) == 1
    # Made anew: the page tells what is kept when it leaves.
    assert "une question avant" in await file_of(sme, stage)
    await sme.says("/mesdonnees")
    assert files(sme) == 2


async def test_erasure_cancels_the_file_that_waits(sme: Speaker, stage: Stage) -> None:
    stage.messenger.faults.next("sendDocument", status=500)
    await sme.says("/mesdonnees")
    await sme.says("/supprimer")
    await passes(stage)
    assert files(sme) == 1
    stage.messenger.faults.next("sendDocument", status=500)
    await sme.says("/mesdonnees")
    await sme.says("/aide")
    assert await stage.rows(select(outbox.c.makes).where(outbox.c.makes.is_not(None)))
    question = next(m for m in reversed(sme.messages()) if "définitif" in m.get("text", ""))
    await sme.taps_data(question["message_id"], buttons(question)[1]["callback_data"])
    await passes(stage)
    assert files(sme) == 1


async def passes(stage: Stage) -> None:
    """Let the time pass until what failed is tried again."""
    stage.clock.passes(seconds=30)
    stage.running.parts.dispatcher.wake()
    await stage.settles()


def files(sme: Speaker) -> int:
    return sum("document" in message for message in sme.messages())


async def test_erasure_asks_once_then_leaves_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await administrator.taps("Détails")
    await begins(sme, stage, 1)
    await sme.says("/supprimer")
    sme.sees(number, "définitif")
    await sme.taps("Non, garder mes données")
    sme.sees("Rien n'est effacé")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    sme.sees("Tout est effacé")
    assert await stage.rows(select(people)) == []
    assert await stage.rows(select(drafts)) == []
    assert await stage.rows(select(func.count()).select_from(questions)) == [(0,)]
    ((company, contact, person),) = await stage.rows(
        select(interests.c.company, interests.c.contact, interests.c.person_id)
    )
    assert (company, contact, person) == ("", "", None)
    notification = administrator.messages()[0]["text"]
    assert "effacée" in notification
    assert "Samira" not in notification
    bodies = await stage.rows(select(inbox.c.body).where(inbox.c.chat_id == sme.chat_id))
    assert all(body is None for (body,) in bodies)


async def test_the_database_file_itself_forgets(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await stage.stops()
    left = b"".join(path.read_bytes() for path in stage.database.parent.glob("bot.db*"))
    assert b"Samira" not in left


async def test_erasure_before_the_notification_left_takes_it_back(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await stage.stops()
    stage.overrides = {"admin_chat_id": None}
    await stage.starts()
    await registers(sme, stage)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await stage.stops()
    stage.overrides = {}
    await stage.starts()
    await stage.settles()
    assert "Delta" not in str(administrator.messages())


async def test_after_erasure_one_starts_anew(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await sme.says("/mesdemandes")
    sme.sees("Il n'y en a pas encore dans cette conversation")
    assert await registers(sme, stage) == "TI-2026-0002"


async def test_details_shown_for_a_message_that_is_out_of_reach_go_with_the_person(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    """Telegram gives no content of an old message, only where it stands."""
    await registers(sme, stage)
    notice, details = administrator.button("Détails")
    stage.messenger.delivers(
        {
            "callback_query": {
                "id": "old",
                "from": administrator.user.as_json(),
                "message": {"message_id": notice["message_id"], "chat": notice["chat"], "date": 0},
                "chat_instance": "1",
                "data": details,
            }
        }
    )
    await stage.settles()
    assert "Samira Costa" in str(administrator.messages())
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert "Samira Costa" not in str(administrator.messages())
