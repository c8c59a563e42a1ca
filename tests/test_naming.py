"""Naming somebody to pass a contact to: by a reply, and the firm's answers about them."""

from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_proposal import proposes
from test_put_in_touch import CONTACT, changes, led, mails

from storage.engine.schema import interest_events, introductions

IDEA = "Une idée de projet"


async def asks_for_a_name(sme: Speaker, administrator: Speaker) -> str:
    """Come to the message that asks for a name; return the number of the request."""
    number = await proposes(sme, IDEA, "Reprendre nos chutes de PVC à quatre ateliers.")
    await administrator.taps("Pris en charge")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Choisir à qui transmettre")
    await administrator.taps("Nommer une autre personne")
    administrator.sees(f"{number} : répondez à ce message")
    return number


async def replies(speaker: Speaker, text: str, words: str = "répondez à ce message") -> None:
    """Reply to the last message of the group that holds these words."""
    asking = next(m for m in reversed(speaker.messages()) if words in m.get("text", ""))
    speaker.mark()
    speaker.stage.messenger.says(
        speaker.user, text, chat=speaker.chat_id, reply_to=asking["message_id"]
    )
    await speaker.stage.settles()


async def test_somebody_typed_gets_the_contact_once_the_firm_agrees(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    stage.running.parts.services.can_mail = True
    number = await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud, CCI Aix, paul.giraud@exemple.fr")
    administrator.sees("il faut d'abord l'accord", "Paul Giraud, CCI Aix")
    await administrator.taps("Demander son accord")
    sme.received("Paul Giraud, CCI Aix", "pour votre idée", "Rien n'est transmis sans votre accord")
    assert "paul.giraud" not in str(sme.messages())
    assert administrator.user.first_name not in str(sme.messages())
    await sme.taps("Oui, d'accord", times=2)
    told = [m for m in administrator.messages() if "l'entreprise accepte" in m["text"]]
    assert len(told) == 1
    await administrator.taps("Mettre en relation")
    administrator.sees("paul.giraud@exemple.fr", "propose une idée de projet")
    await administrator.taps("Oui, mettre en relation")
    ((address, content),) = await mails(stage)
    assert address == "paul.giraud@exemple.fr"
    assert number in content["text"]
    kinds = await stage.rows(select(interest_events.c.kind).order_by(interest_events.c.id))
    assert [row.kind for row in kinds] == ["declare", "take", "to_firm", "from_firm", "introduce"]


async def test_a_name_pasted_with_labels_is_read_without_them(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await asks_for_a_name(sme, administrator)
    pasted = "Nom\u00a0: \u202ePaul\u200b Giraud, mail\u00a0: <paul.giraud@exemple.fr>"
    await replies(administrator, pasted)
    ((name, email),) = await stage.rows(select(introductions.c.name, introductions.c.email))
    assert (name, email) == ("Paul Giraud", "paul.giraud@exemple.fr")


async def test_a_reply_without_a_name_is_asked_again(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await asks_for_a_name(sme, administrator)
    for text, said in (("paul@exemple.fr", "Je n'ai pas lu de nom"), ("a" * 200, "120 signes")):
        await replies(administrator, text)
        administrator.sees(said)
    assert await stage.rows(select(introductions.c.id)) == []


async def test_a_reply_to_another_message_names_nobody(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud", words="Demande TI-")
    assert await stage.rows(select(introductions.c.id)) == []


async def test_a_name_for_a_request_that_was_put_back_is_too_late(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await asks_for_a_name(sme, administrator)
    stage.clock.passes(minutes=1)
    await administrator.taps("Annuler la prise en charge")
    await replies(administrator, "Paul Giraud")
    administrator.sees("n'est plus possible")
    assert await stage.rows(select(introductions.c.id)) == []


async def test_after_the_group_moved_the_firm_s_answer_arrives_and_names_can_be_given(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud")
    await administrator.taps("Demander son accord")
    administrator.chat_id = stage.messenger.upgrades(stage.messenger.administrators)
    await stage.settles()
    await sme.taps("Non, ne pas transmettre")
    administrator.received(f"{number} : l'entreprise refuse", "Paul Giraud")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Choisir quelqu'un d'autre")
    await administrator.taps("Nommer une autre personne")
    await replies(administrator, "Marie Petit")
    administrator.sees("il faut d'abord l'accord", "Marie Petit")


async def test_the_question_about_somebody_replaced_counts_no_more(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    project = led(stage, CONTACT)
    assert project.lead is not None
    await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud")
    await administrator.taps("Demander son accord")
    question, data = sme.button("Oui, d'accord")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Choisir quelqu'un d'autre")
    await administrator.taps(project.lead)
    await sme.taps_data(question["message_id"], data)
    sme.sees("n'est plus d'actualité")
    states = await stage.rows(select(introductions.c.state).order_by(introductions.c.id))
    assert [row.state for row in states] == ["asked", "named"]


async def test_the_question_of_another_person_is_answered_by_nobody(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud")
    await administrator.taps("Demander son accord")
    _question, data = sme.button("Oui, d'accord")
    await other_sme.says("bonjour")
    await other_sme.taps_data(other_sme.messages()[-1]["message_id"], data)
    assert "pas dans votre liste" in other_sme.toast
    (row,) = await stage.rows(select(introductions.c.state))
    assert row.state == "asked"


async def test_a_withdrawn_request_takes_no_answer(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud")
    await administrator.taps("Demander son accord")
    await sme.says(number)
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await sme.taps("Oui, d'accord")
    sme.sees(f"Votre demande {number} est retirée")
    (row,) = await stage.rows(select(introductions.c.state))
    assert row.state == "asked"


async def test_a_blocked_firm_cannot_be_asked_and_the_group_knows(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud")
    stage.messenger.blocks(sme.user)
    await stage.settles()
    await administrator.taps("Demander son accord")
    administrator.received(f"{number} : la personne n'a pas reçu le message du bot")


async def test_a_lead_who_is_no_longer_one_when_tapped_is_not_named(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    project = led(stage, CONTACT)
    assert project.lead is not None
    await proposes(sme, IDEA, "Reprendre nos chutes de PVC à quatre ateliers.")
    await administrator.taps("Pris en charge")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Choisir à qui transmettre")
    changes(stage, project.id, lead=None)
    await administrator.taps(project.lead)
    assert "ne nomme plus de chef de file" in administrator.toast


async def test_the_answer_may_be_typed(sme: Speaker, stage: Stage, administrator: Speaker) -> None:
    await asks_for_a_name(sme, administrator)
    await replies(administrator, "Paul Giraud")
    await administrator.taps("Demander son accord")
    await sme.says("oui d'accord")
    sme.sees("C'est noté : oui")
