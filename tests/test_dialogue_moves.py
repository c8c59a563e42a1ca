"""The way of a request through all its states, as administrators tap it and the firm reads it."""

import pytest
from dialogue import Speaker, Stage, buttons
from requests_fixtures import moves_by
from sqlalchemy import select
from test_dialogue_handoff import replies
from test_dialogue_interest import number_of_led, registers
from test_put_in_touch import CONTACT, led

from storage.engine.schema import colleagues, interest_events, interests, outbox
from storage.records.interests import Ending, EventKind, Particulars, Reason


@pytest.fixture
def second(stage: Stage) -> Speaker:
    """Another administrator, in the same group."""
    return stage.member(stage.messenger.administrators, 1)


async def takes(administrator: Speaker) -> None:
    await administrator.taps("Pris en charge")


async def introduces(administrator: Speaker) -> None:
    await takes(administrator)
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")


async def closes(administrator: Speaker, outcome: str = "Elle a abouti") -> None:
    await introduces(administrator)
    await administrator.taps("Clore")
    await administrator.taps(outcome)
    await administrator.taps("Oui, clore")


async def refuses(administrator: Speaker, reason: str = "Projet complet") -> None:
    await administrator.taps("Suite…")
    await administrator.taps("Refuser")
    await administrator.taps(reason)
    await administrator.taps("Oui, refuser")


async def kinds(stage: Stage) -> list[str]:
    rows = await stage.rows(select(interest_events.c.kind).order_by(interest_events.c.id))
    return [row.kind for row in rows]


async def test_from_received_to_closed(sme: Speaker, stage: Stage, administrator: Speaker) -> None:
    number = await registers(sme, stage, number_of_led(stage))
    notification = administrator.messages()[-1]["message_id"]
    await closes(administrator)
    name = administrator.user.first_name
    administrator.sees("close", "Prise en charge par", "Mise en relation le", "a abouti", name)
    # All of it in the one message that the group got, beside the one that was confirmed.
    assert administrator.messages()[0]["message_id"] == notification
    assert len(administrator.messages()) == 2
    sme.received("Vous êtes mis en relation", f"Votre demande {number} est close : elle a abouti")
    assert await stage.rows(select(interests.c.status, interests.c.outcome)) == [
        ("closed", "success")
    ]
    assert name not in "".join(m.get("text", "") for m in sme.messages())


async def test_nothing_that_cannot_be_undone_is_done_by_one_tap(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    told = len(sme.messages())
    await administrator.taps("Mettre en relation", times=2)
    await administrator.taps("Ne rien envoyer")
    await administrator.taps("Suite…")
    await administrator.taps("Clore")
    await administrator.taps("Sans suite")
    administrator.sees("L'entreprise lira ceci", "est close, sans suite")
    await administrator.taps("‹ Retour")
    assert "Oui, clore" not in administrator.labels
    assert await stage.rows(select(interests.c.status)) == [("taken",)]
    assert len(sme.messages()) == told


async def test_a_refusal_is_told_in_the_words_that_were_shown(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage, number_of_led(stage))
    await administrator.taps("Suite…")
    await administrator.taps("Refuser")
    administrator.sees("pour quelle raison")
    await administrator.taps("Projet complet")
    administrator.sees("le projet a déjà toutes les entreprises qu'il cherchait")
    assert await stage.rows(select(interests.c.status)) == [("received",)]
    await administrator.taps("Oui, refuser")
    sme.received(
        f"Votre demande {number} n'est pas retenue", "le projet a déjà toutes les entreprises"
    )
    administrator.sees("Refusée par", administrator.user.first_name, "projet complet")


async def test_a_refusal_in_ones_own_words(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await administrator.taps("Suite…")
    await administrator.taps("Refuser")
    await administrator.taps("Avec mes mots")
    question = administrator.new[-1]
    assert "Répondez à ce message" in question["text"]
    # Anybody of the team may type it, and nothing is sent before it was confirmed.
    await replies(
        second, "  \u202eVotre\u200b machine est <trop> grande pour l'atelier.  ", question
    )
    second.sees("L'entreprise lira cette raison", "Votre machine est <trop> grande")
    assert await stage.rows(select(interests.c.status)) == [("received",)]
    await administrator.taps("Refuser avec ces mots")
    sme.received("Votre machine est <trop> grande pour l'atelier.")
    administrator.received("« Votre machine est <trop> grande pour l'atelier. »")
    (row,) = await stage.rows(select(interests.c.status, interests.c.reason))
    assert row == ("refused", "other")


async def test_a_reason_that_cannot_be_taken_changes_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await administrator.taps("Suite…")
    await administrator.taps("Refuser")
    await administrator.taps("Avec mes mots")
    question = administrator.new[-1]
    await replies(administrator, "x" * 401, question)
    administrator.sees("trop long", "401", "400")
    administrator.mark()
    stage.messenger.sends(
        administrator.user, "photo", chat=administrator.chat_id, reply_to=question["message_id"]
    )
    await stage.settles()
    administrator.sees("Il me faut une raison écrite")
    await administrator.taps("Ne pas refuser")
    administrator.sees("n'est pas refusée")
    # The question has no button any more: a reply to it is no reason.
    await replies(administrator, "Trop tard", administrator.new[-1])
    assert "lira cette raison" not in administrator.text
    assert await kinds(stage) == ["declare"]


async def test_the_same_words_are_no_reason_elsewhere(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await replies(administrator, "Machine trop grande", administrator.messages()[-1])
    assert "lira cette raison" not in administrator.text


async def test_what_was_ended_is_reopened(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    number = await registers(sme, stage, number_of_led(stage))
    await refuses(administrator)
    assert administrator.labels == ["Détails", "Rouvrir", "Suite…"]
    await second.taps("Rouvrir")
    second.sees("Rouvrir cette demande ?")
    await second.taps("Oui, rouvrir")
    second.sees("Prise en charge par", second.user.first_name)
    assert "Refusée" not in second.text
    sme.received(f"Votre demande {number} est rouverte")
    assert await stage.rows(select(interests.c.status, interests.c.reason)) == [("taken", None)]


async def test_a_request_is_handed_over_to_a_colleague_whom_the_bot_has_met(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    told = len(sme.messages())
    await administrator.taps("Suite…")
    await administrator.taps("Confier à un collègue")
    administrator.sees("ne connais encore aucun autre collègue")
    await second.says("/demandes")
    await administrator.taps("‹ Retour")
    await administrator.taps("Suite…")
    await administrator.taps("Confier à un collègue")
    await administrator.taps(second.user.name)
    administrator.sees(f"Confiée à {second.user.name} le", "a confié la demande")
    # A mention by id: Telegram notifies the colleague.
    (said,) = [v["text"] for _, v in stage.messenger.calls if "a confié" in v.get("text", "")]
    assert f'<a href="tg://user?id={second.user.id}">' in said
    assert await stage.rows(select(interests.c.owner_id)) == [(second.user.id,)]
    assert len(sme.messages()) == told
    await administrator.taps("Suite…")
    await administrator.taps("Historique")
    administrator.sees(
        "1. 23 novembre 2026, 11:00 : demande reçue",
        f"2. 23 novembre 2026, 11:00 : prise en charge par {administrator.user.name}",
        f"confiée à {second.user.name} par {administrator.user.name}",
    )
    # What the firm gets of it names nobody.
    await sme.says("/mesdonnees")
    assert second.user.last_name not in str(sme.new)


async def test_a_colleague_who_is_erased_is_named_nowhere(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    await second.says("/demandes")
    await administrator.taps("Suite…")
    await administrator.taps("Confier")
    await administrator.taps(second.user.name)
    alone = stage.person(second.user)
    await alone.says("/start")
    await alone.says("/supprimer")
    await alone.taps("Oui, tout effacer")
    assert await stage.rows(select(colleagues.c.telegram_id)) == [(administrator.user.id,)]
    notes = await stage.rows(select(interest_events.c.note))
    assert second.user.name not in str(notes)


@pytest.mark.parametrize("doing", ["refuse", "close"])
async def test_of_two_administrators_one_wins_and_the_other_sees_who(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker, doing: str
) -> None:
    await registers(sme, stage, number_of_led(stage))
    if doing == "close":
        await introduces(administrator)
        await second.taps("Clore")
        await second.taps("Sans suite")
        message, data = second.button("Oui, clore")
    else:
        await second.taps("Suite…")
        await second.taps("Refuser")
        await second.taps("Autre territoire")
        message, data = second.button("Oui, refuser")
    await administrator.taps_data(message["message_id"], data)
    told = len(sme.messages())
    await second.taps_data(message["message_id"], data)
    assert administrator.user.name in second.toast
    assert "ne peut pas être" in second.toast
    assert len(sme.messages()) == told


async def test_a_second_tap_on_a_confirmation_says_that_it_is_done(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    await administrator.taps("Mettre en relation")
    message, data = administrator.button("Oui, mettre en relation")
    await administrator.taps_data(message["message_id"], data, times=2)
    assert "déjà mise en relation" in administrator.toast
    assert (await kinds(stage)).count("introduce") == 1
    assert sum("mis en relation" in m.get("text", "") for m in sme.messages()) == 1


async def every_button(stage: Stage, administrator: Speaker) -> dict[str, str]:
    """Tap through every face of a request, and return all its buttons by their data."""
    found: dict[str, str] = {}
    message = administrator.messages()[0]
    first, _ = administrator.button("Détails")
    assert first["message_id"] == message["message_id"]
    waiting = buttons(message)
    while waiting:
        button = waiting.pop()
        data = button["callback_data"]
        if data in found:
            continue
        found[data] = button["text"]
        if data.partition(":")[0] in ("am", "ab", "aq", "ai", "ay", "ad"):
            await administrator.taps_data(message["message_id"], data)
            waiting += buttons(administrator.messages()[0])
    await administrator.taps_data(message["message_id"], "ab:1:0")
    return found


async def test_old_buttons_of_every_state_do_what_is_legal_now_or_say_why(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await second.says("/demandes")
    old = await every_button(stage, administrator)
    await takes(administrator)
    old |= await every_button(stage, administrator)
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")
    old |= await every_button(stage, administrator)
    await administrator.taps("Clore")
    await administrator.taps("Elle a abouti")
    await administrator.taps("Oui, clore")
    old |= await every_button(stage, administrator)
    assert len(old) > 15
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    before, message = await kinds(stage), administrator.messages()[0]
    for data in old:
        await administrator.taps_data(message["message_id"], data)
        shown = str([m.get("text") for m in administrator.messages()])
        assert "Delta" not in shown, old[data]
    assert await kinds(stage) == before
    assert all("effacée" in m["text"] for m in administrator.messages()[:1])


async def test_old_buttons_of_a_withdrawn_request_change_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    old = await every_button(stage, administrator)
    message = administrator.messages()[0]["message_id"]
    await sme.says("/mesdemandes")
    await sme.taps("1. TI-")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    before = await kinds(stage)
    for data in old:
        stage.clock.passes(minutes=1)
        await administrator.taps_data(message, data)
    assert await kinds(stage) == before
    (shown,) = [m for m in administrator.messages() if m["message_id"] == message]
    assert "retirée par la personne" in shown["text"]
    assert "+33" not in shown["text"]


async def test_moves_made_before_the_edit_is_sent_are_one_edit(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    message, data = administrator.button("Pris en charge")
    calls = stage.messenger.calls
    calls.clear()
    await administrator.taps_data(message["message_id"], data)
    edits = [values for method, values in calls if method == "editMessageText"]
    assert len(edits) == 1
    states = await stage.rows(
        select(outbox.c.state).where(
            outbox.c.method == "editMessageText", outbox.c.about.is_not(None)
        )
    )
    assert states == [("sent",)]


async def test_an_edit_that_changes_nothing_counts_as_done(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    # A former tap drew the same: Telegram says that nothing is modified.
    message, data = administrator.messages()[0], "ab:1:0"
    await administrator.taps_data(message["message_id"], data, times=2)
    assert administrator.new == []
    assert "waiting" not in str(await stage.outbox_states())
    assert "parked" not in str(await stage.outbox_states())


async def test_a_deleted_notification_is_posted_anew_once(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage, number_of_led(stage))
    stage.messenger.deletes(administrator.chat_id, administrator.messages()[-1]["message_id"])
    await administrator.says("/demande 1")
    card, _ = administrator.button("Pris en charge")
    await takes(administrator)
    shown = [m for m in administrator.messages() if number in m["text"]]
    assert len(shown) == 2
    assert all("prise en charge" in m["text"] for m in shown)
    # From then on that one is edited.
    stage.clock.passes(minutes=1)
    message, data = administrator.button("Annuler la prise en charge")
    assert message["message_id"] != card["message_id"]
    await administrator.taps_data(message["message_id"], data)
    assert len([m for m in administrator.messages() if number in m["text"]]) == 2
    administrator.sees("Nouvelle demande")


async def test_a_firm_that_blocked_the_bot_is_told_of_to_the_group(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage, number_of_led(stage))
    stage.messenger.blocks(sme.user)
    await stage.settles()
    await refuses(administrator)
    administrator.sees(f"{number} : la personne n'a pas reçu le message du bot")


async def test_moves_go_on_in_a_supergroup(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    administrator.chat_id = stage.messenger.upgrades(stage.messenger.administrators)
    await stage.settles()
    await administrator.says("/demande 1")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")
    administrator.sees("mise en relation faite")


@pytest.mark.parametrize("known", ["yes", "never wrote", "blocked"])
async def test_details_in_private_to_whoever_asks(
    sme: Speaker, stage: Stage, administrator: Speaker, known: str
) -> None:
    await stage.stops()
    stage.overrides = {"admin_details": "private"}
    await stage.starts()
    alone = stage.person(administrator.user)
    if known != "never wrote":
        await alone.says("/start")
    if known == "blocked":
        stage.messenger.blocks(administrator.user)
        await stage.settles()
    number = await registers(sme, stage, number_of_led(stage))
    alone.mark()
    await administrator.taps("Détails")
    assert "+33 6 12 34 56 78" not in str(administrator.messages())
    if known != "yes":
        assert "touchez « Démarrer »" in administrator.toast
        assert alone.new == []
        return
    assert "en privé" in administrator.toast
    alone.sees(number, "Samira Costa", "+33 6 12 34 56 78")
    # Nobody acts there.
    assert alone.labels == []
    # What was shown to them alone is blanked with the rest.
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert "Samira" not in str(alone.messages())


SECRETS = ("+33 6 12 34 56 78", "06 12 34 56 78", "Samira Costa")


async def in_private(stage: Stage) -> None:
    """Show contacts in private alone from now on."""
    await stage.stops()
    stage.overrides = {"admin_details": "private"}
    await stage.starts()


@pytest.mark.parametrize("mailed", [True, False], ids=["by e-mail", "to copy"])
async def test_what_both_will_read_is_shown_in_private_where_contacts_are(
    sme: Speaker, stage: Stage, administrator: Speaker, *, mailed: bool
) -> None:
    await in_private(stage)
    stage.running.parts.services.can_mail = mailed
    led(stage, CONTACT)
    alone = stage.person(administrator.user)
    await alone.says("/start")
    number = await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    alone.mark()
    await administrator.taps("Mettre en relation")
    administrator.sees(number, "en privé", "Relisez-les avant de confirmer")
    alone.received(number, *SECRETS, "L'entreprise lira")
    assert alone.labels == []
    await administrator.taps("Oui, mettre en relation")
    administrator.sees("mise en relation faite")
    if not mailed:
        alone.received("message à envoyer", "+33 6 12 34 56 78")
        alone.mark()
        await administrator.taps("Voir le message à copier")
        alone.received("message à envoyer", "+33 6 12 34 56 78")
    group = str(administrator.messages())
    assert not [secret for secret in SECRETS if secret in group]


async def test_who_cannot_be_written_to_confirms_nothing_unread(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await in_private(stage)
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    await administrator.taps("Mettre en relation")
    administrator.sees("je ne peux pas encore vous écrire en privé", "touchez « Démarrer »")
    assert "Oui, mettre en relation" not in administrator.labels
    await stage.person(administrator.user).says("/start")
    await administrator.taps("Mettre en relation")
    assert "Oui, mettre en relation" in administrator.labels


async def test_who_took_a_request_over_has_not_had_it_since_the_first_did(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    await takes(administrator)
    await second.says("/demande 1")
    await second.taps("Suite…")
    await second.taps("Confier à un collègue")
    await second.taps(f"{second.user.name} (moi)")
    assert "vous l'avez en charge" in second.toast
    second.received(f"Confiée à {second.user.name} le")
    assert f"Prise en charge par {second.user.name}" not in str(second.messages())


async def test_an_administrator_has_no_authority_in_private(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage, number_of_led(stage))
    alone = stage.person(administrator.user)
    await alone.says("/start")
    message = alone.messages()[-1]
    for data in (
        "ar:1:project_full:1",
        "ac:1:success:1",
        "yc:1:0",
        "ah:1:2101",
        "al:a::0",
        "ay:1:0",
    ):
        await alone.taps_data(message["message_id"], data)
        assert "réservée" in alone.toast, data
    await alone.says("/demandes")
    alone.sees("réservée à une autre équipe")
    assert await kinds(stage) == ["declare"]


async def test_the_history_says_of_each_end_how_it_was_once_the_request_was_reopened(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    refused = Particulars(reason=Reason.PROJECT_FULL)
    await moves_by(stage, EventKind.TAKE, EventKind.REFUSE, particulars=refused)
    ended = Particulars(outcome=Ending.SUCCESS)
    await moves_by(stage, EventKind.REOPEN, EventKind.CLOSE, particulars=ended)
    ended = Particulars(outcome=Ending.NOTHING)
    await moves_by(stage, EventKind.REOPEN, EventKind.CLOSE, particulars=ended)
    await moves_by(stage, EventKind.REOPEN)
    await sme.says(number)
    sme.sees("non retenue : ", "close : elle a abouti", "close, sans suite")
    await administrator.says(f"/demande {number}")
    # What the team answered is no answer that the firm changed.
    await administrator.taps("Détails")
    assert "Changé le" not in administrator.text
    await administrator.taps("Suite…")
    await administrator.taps("Historique")
    administrator.sees("refusée par Ada Lovelace : projet complet", "Ada Lovelace : a abouti")
    administrator.sees("Ada Lovelace : sans suite")
