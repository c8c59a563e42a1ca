"""Administrators: details, taking in charge, races, other people's hands, a group that moves."""

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_interest import registers

from storage.engine.schema import interest_events, interests, outbox
from storage.queues.outbox import Audience


async def test_details_are_shown_and_hidden_again(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.taps("Détails")
    administrator.sees("Samira Costa", "+33 6 12 34 56 78", "73282932000074", "un tour")
    await administrator.taps("Masquer les détails")
    assert "Samira" not in administrator.text


async def test_taking_in_charge_tells_the_person(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await administrator.taps("Pris en charge")
    name = administrator.user.first_name
    administrator.sees("Prise en charge par", name)
    assert "Pris en charge" not in administrator.labels
    assert number in administrator.toast
    sme.received(f"Votre demande {number} est prise en charge")
    assert name not in sme.messages()[-1]["text"]
    await sme.taps("Voir ma demande")
    sme.sees("prise en charge par l'équipe")


async def test_the_group_is_told_that_the_person_who_blocked_the_bot_got_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    notification = administrator.messages()[-1]["message_id"]
    stage.messenger.blocks(sme.user)
    await stage.settles()
    await administrator.taps("Pris en charge")
    assert "Un message le dit à l'entreprise" in administrator.toast
    assert administrator.new[-1]["text"] == (
        f"{number} : la personne n'a pas reçu le message du bot. La raison : la personne a bloqué "
        "le bot. Ses coordonnées sont sous « Détails »."
    )
    assert administrator.new[-1]["reply_to_message"]["message_id"] == notification
    stage.clock.passes(minutes=1)
    await administrator.taps("Annuler la prise en charge")
    told = [m for m in administrator.messages() if "n'a pas reçu" in m["text"]]
    assert len(told) == 2
    assert "Message non remis" not in str(administrator.messages())
    # What is known of the request is still changed where it stands.
    stage.messenger.unblocks(sme.user)
    await sme.says("/mesdemandes")
    await sme.taps(f"1. {number}")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    (shown,) = [m for m in administrator.messages() if m["message_id"] == notification]
    assert "retirée par la personne" in shown["text"]
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert all("a été effacée" in m["text"] for m in administrator.messages())
    about = select(outbox.c.about).where(outbox.c.about.like("%:note"))
    assert await stage.rows(about) == []


async def test_the_group_is_told_that_telegram_refused_what_the_person_is_told(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    stage.messenger.faults.next("sendMessage", status=400, description="Bad Request: no")
    await administrator.taps("Pris en charge")
    administrator.sees("n'a pas reçu le message du bot. La raison : Telegram l'a refusé.")
    sme.received("Un message que je devais vous envoyer n'a pas pu partir")


async def test_what_is_not_delivered_is_named_as_the_group_knows_it(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    stage.messenger.faults.next("editMessageText", status=400, description="Bad Request: no")
    await administrator.taps("Pris en charge")
    administrator.received(f"Il concerne la demande {number}.")


async def test_a_message_that_arrives_is_forgotten_with_the_person(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.taps("Pris en charge")
    sme.received("est prise en charge")
    traces = select(outbox.c.state).where(outbox.c.about.like("%:note"))
    # The receipt and the news of the move.
    assert await stage.rows(traces) == [("sent",), ("sent",)]
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    administrator.received("effacée")
    assert await stage.rows(traces) == []


async def test_details_stay_shown_when_the_request_is_taken(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.taps("Détails")
    await administrator.taps("Pris en charge")
    administrator.sees("Prise en charge par", "Samira Costa", "+33 6 12 34 56 78")
    assert administrator.labels == [
        "Masquer les détails",
        "Mettre en relation",
        "Annuler la prise en charge",
        "Suite…",
    ]
    stage.clock.passes(seconds=5)
    await administrator.taps("Annuler la prise en charge")
    administrator.sees("Nouvelle demande", "Samira Costa")
    assert administrator.labels == ["Masquer les détails", "Pris en charge", "Suite…"]


async def test_a_request_taken_by_mistake_is_put_back_as_it_was(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    message, _ = administrator.button("Pris en charge")
    await administrator.taps("Pris en charge")
    stage.clock.passes(minutes=1)
    second = stage.member(stage.messenger.administrators, 1)
    await second.taps("Annuler la prise en charge")
    assert "vous l'avez remise à disposition" in second.toast
    shown = next(m for m in second.messages() if m["message_id"] == message["message_id"])
    assert {key: shown[key] for key in ("text", "reply_markup")} == {
        key: message[key] for key in ("text", "reply_markup")
    }
    sme.received(f"Votre demande {number}", "attend de nouveau qu'une personne de l'équipe")
    await sme.says("/mesdemandes")
    sme.sees("pas encore prise en charge")
    # Who did what, and when, stays; and it can be taken again, by anybody.
    stage.clock.passes(minutes=1)
    await second.taps("Pris en charge")
    second.sees("Prise en charge par", second.user.first_name)
    assert administrator.user.first_name not in second.text
    steps = await stage.rows(
        select(interest_events.c.status, interest_events.c.actor_id).order_by(interest_events.c.id)
    )
    assert steps == [
        ("received", None),
        ("taken", administrator.user.id),
        ("received", second.user.id),
        ("taken", second.user.id),
    ]
    await sme.taps("Voir ma demande")
    sme.sees("3. 23 novembre 2026, 11:01 : remise à disposition de l'équipe")


@pytest.mark.parametrize(
    ("first", "slip", "said"),
    [
        ("Pris en charge", "Annuler la prise en charge", "Vous venez de prendre"),
        ("Annuler la prise en charge", "Pris en charge", "Vous venez de remettre"),
    ],
)
async def test_a_second_press_that_hits_the_other_button_changes_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker, first: str, slip: str, said: str
) -> None:
    await registers(sme, stage)
    second = stage.member(stage.messenger.administrators, 1)
    if first != "Pris en charge":
        await second.taps("Pris en charge")
    await administrator.taps(first)
    told, known = len(sme.messages()), await stage.rows(select(interest_events.c.id))
    stage.clock.passes(seconds=4.9)
    await administrator.taps(slip)
    assert said in administrator.toast
    assert "de nouveau" in administrator.toast
    assert administrator.new == []
    assert len(sme.messages()) == told
    assert await stage.rows(select(interest_events.c.id)) == known
    stage.clock.passes(seconds=0.1)
    await administrator.taps(slip)
    assert len(sme.messages()) == told + 1


async def test_a_colleague_may_undo_at_once(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.taps("Pris en charge")
    second = stage.member(stage.messenger.administrators, 1)
    await second.taps("Annuler la prise en charge")
    assert "vous l'avez remise à disposition" in second.toast


async def test_what_nobody_holds_is_not_put_back(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.taps("Pris en charge")
    message, data = administrator.button("Annuler la prise en charge")
    stage.clock.passes(minutes=1)
    await administrator.taps_data(message["message_id"], data)
    await administrator.taps_data(message["message_id"], data)
    assert "il n'y a rien à annuler" in administrator.toast
    assert len(await stage.rows(select(interest_events.c.id))) == 3
    stage.clock.passes(minutes=1)
    await administrator.taps("Pris en charge")
    await sme.taps("Voir ma demande")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await administrator.taps_data(message["message_id"], data)
    assert "il n'y a rien à annuler" in administrator.toast
    assert await stage.rows(select(interests.c.status)) == [("withdrawn",)]


async def test_the_withdrawal_names_the_firm_until_it_is_erased(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await sme.taps("Voir ma demande")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    administrator.received(f"Mécanique du Delta a retiré sa demande {number}")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    administrator.received("effacée")
    assert "Delta" not in str(administrator.messages())


async def test_of_two_administrators_one_wins_and_the_other_is_told(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    second = stage.member(stage.messenger.administrators, 1)
    message, data = administrator.button("Pris en charge")
    await administrator.taps_data(message["message_id"], data)
    await second.taps_data(message["message_id"], data)
    assert "déjà prise en charge par" in second.toast
    assert administrator.user.first_name in second.toast
    taken = await stage.rows(
        select(interest_events.c.actor_id).where(interest_events.c.status == "taken")
    )
    assert taken == [(administrator.user.id,)]
    told = [m for m in sme.messages() if "est prise en charge" in m.get("text", "")]
    assert len(told) == 1


async def test_others_cannot_use_the_administrators_buttons(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    ((interest_id,),) = await stage.rows(select(interests.c.id))
    facilitator = stage.member(stage.messenger.facilitators)
    for intruder in (other_sme, facilitator, sme):
        await intruder.says("/start")
        message = intruder.messages()[-1]
        for data in (f"ad:{interest_id}:1", f"at:{interest_id}", f"au:{interest_id}"):
            await intruder.taps_data(message["message_id"], data)
            assert "réservée" in intruder.toast
            assert "+33" not in intruder.text
    assert await stage.rows(select(interests.c.status)) == [("received",)]


async def test_without_a_group_the_notification_waits_for_one(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await stage.stops()
    stage.overrides = {"admin_chat_id": None}
    await stage.starts()
    number = await registers(sme, stage)
    assert administrator.messages() == []
    async with stage.running.parts.database.begin() as work:
        assert await work.outbox.waiting_count(Audience.ADMINISTRATORS) == 1
    await stage.stops()
    stage.overrides = {}
    await stage.starts()
    await stage.settles()
    administrator.received(f"Nouvelle demande {number}")


async def test_a_group_that_becomes_a_supergroup_is_followed(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    group = stage.messenger.administrators
    new_id = stage.messenger.upgrades(group)
    await stage.settles()
    number = await registers(sme, stage)
    administrator.chat_id = new_id
    administrator.received(f"Nouvelle demande {number}")
    await administrator.taps("Pris en charge")
    administrator.sees("Prise en charge par")


async def test_a_withdrawn_request_cannot_be_taken(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    message, data = administrator.button("Pris en charge")
    await sme.taps("Voir ma demande")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await administrator.taps_data(message["message_id"], data)
    assert "a été retirée par la personne" in administrator.toast
    assert await stage.rows(select(interests.c.status)) == [("withdrawn",)]


async def test_a_notification_waits_for_the_group_that_a_setting_names_wrongly(
    sme: Speaker, administrator: Speaker, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.stops()
    right = administrator.chat_id
    stage.overrides = {"admin_chat_id": -404}
    await stage.starts()
    number = await registers(sme, stage)
    assert "the group of the administrators cannot be written to (Chat not found)" in caplog.text
    to_the_group = select(outbox.c.state).where(outbox.c.audience == "administrators")
    assert await stage.rows(to_the_group) == [("waiting",)]
    await stage.stops()
    # However long nobody notices.
    stage.clock.passes(days=5)
    await stage.starts()
    await stage.settles()
    await stage.stops()
    stage.overrides = {"admin_chat_id": right}
    stage.clock.passes(minutes=6)
    await stage.starts()
    await stage.settles()
    administrator.received(f"Nouvelle demande {number}")


async def test_a_former_group_of_administrators_sees_nothing_more_of_a_request(
    sme: Speaker, administrator: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    await stage.stops()
    stage.overrides = {"admin_chat_id": stage.messenger.facilitators.id}
    await stage.starts()
    before = administrator.messages()
    await sme.says("/mesdemandes")
    await sme.taps("1. TI-")
    await sme.taps("Retirer")
    await sme.taps("Oui, retirer")
    assert administrator.messages() == before
    stage.member(stage.messenger.facilitators).received("TI-2026-0001")
