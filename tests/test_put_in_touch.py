"""Putting a firm in touch: shown, confirmed, sent once; and what is said where it cannot be."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from dialogue import Speaker, Stage, buttons
from sqlalchemy import select
from test_dialogue_interest import begins, number_of_led, registers
from test_dialogue_proposal import proposes

from handlers.administration.introduction_words import copy_buttons
from handlers.core.keyboards import LONGEST_COPY
from handlers.requests import notification
from knowledge.model import LeadContact, Project
from knowledge.projects import Census
from knowledge.text.length import units
from storage.engine.schema import interest_events, interests, outbox
from storage.queues.outbox import Audience, Pending
from storage.records.interests import Interest
from storage.subject import Kind, Subject

LEAD_EMAIL, LEAD_PHONE = "chef@exemple.fr", "04 91 11 11 11"


def projects_of(stage: Stage) -> tuple[Project, ...]:
    return tuple(stage.running.parts.services.knowledge.projects)


def puts(stage: Stage, *projects: Project) -> None:
    """Let the files hold these projects from now on."""
    services = stage.running.parts.services
    services.knowledge = replace(services.knowledge, projects=projects, census=Census(projects))


def changes(stage: Stage, project_id: str, **values: object) -> Project:
    """Change one project of the files; return it."""
    changed = [
        replace(each, **values) if each.id == project_id else each  # type: ignore[arg-type]  # fields by name
        for each in projects_of(stage)
    ]
    puts(stage, *changed)
    return next(each for each in changed if each.id == project_id)


def led(stage: Stage, contact: LeadContact | None = None) -> Project:
    """Return the led project of these tests, whose lead has this contact."""
    listed = stage.knowledge.census.listed(stage.running.parts.services.today())
    return changes(stage, listed[number_of_led(stage)].id, lead_contact=contact)


CONTACT = LeadContact("Jeanne Martin", LEAD_EMAIL, LEAD_PHONE)


@pytest.fixture
async def taken(sme: Speaker, stage: Stage, administrator: Speaker) -> str:
    """A request of a led project that was taken in charge: its number."""
    led(stage, CONTACT)
    number = await registers(sme, stage, number_of_led(stage))
    await administrator.taps("Pris en charge")
    return number


async def mails(stage: Stage) -> list[tuple[str, dict[str, str]]]:
    """Return the e-mails that are owed: address and content."""
    mailed = select(outbox.c.address, outbox.c.payload).where(outbox.c.audience == Audience.EMAIL)
    return [(row.address, row.payload) for row in await stage.rows(mailed)]


async def statuses(stage: Stage) -> list[str]:
    return [row.status for row in await stage.rows(select(interests.c.status))]


def copied(speaker: Speaker) -> str:
    """Return all that the buttons of the last messages copy."""
    shown = [button for message in speaker.new for button in buttons(message)]
    texts = [button.get("copy_text") for button in shown]
    return "\n".join(str(text) for text in texts if text)


async def test_both_messages_are_shown_then_sent_as_they_were_shown(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    stage.running.parts.services.can_mail = True
    before = len(sme.messages())
    await administrator.taps("Mettre en relation")
    administrator.sees(taken, "par téléphone, au 06 12 34 56 78", LEAD_EMAIL, "Samira Costa")
    shown = administrator.text
    assert len(sme.messages()) == before
    assert await mails(stage) == []
    await administrator.taps("Oui, mettre en relation")
    told = sme.messages()[-1]["text"]
    assert told in shown
    lead = led(stage, CONTACT).lead
    assert lead is not None
    assert lead in told
    for private in (LEAD_EMAIL, LEAD_PHONE, "Jeanne", administrator.user.first_name):
        assert private not in str(sme.messages())
    ((address, content),) = await mails(stage)
    assert address == LEAD_EMAIL
    assert content["text"].replace("\u00a0", " ") in shown
    for needed in ("Jeanne Martin", "Samira Costa", "+33 6 12 34 56 78", "Mécanique", taken):
        assert needed in content["text"]
    assert taken in content["subject"]
    administrator.sees("mise en relation faite", LEAD_EMAIL)
    # The contact leaves the group's message once it is with the lead.
    assert "Samira" not in administrator.text
    assert await statuses(stage) == ["introduced"]
    (event,) = await stage.rows(
        select(interest_events.c.note).where(interest_events.c.kind == "introduce")
    )
    assert event.note == lead


async def test_without_a_mail_server_the_administrator_copies_the_message(
    stage: Stage, administrator: Speaker, taken: str
) -> None:
    await administrator.taps("Mettre en relation")
    administrator.sees("L'envoi d'e-mails n'est pas réglé", LEAD_PHONE)
    await administrator.taps("Oui, mettre en relation")
    administrator.sees("Il vous reste à envoyer ce message", LEAD_EMAIL, LEAD_PHONE)
    for needed in ("Jeanne Martin", "Samira Costa", "+33 6 12 34 56 78", taken):
        assert needed in copied(administrator)
    assert await mails(stage) == []


async def test_a_lead_whose_contact_is_not_known_is_written_to_by_the_team(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    led(stage)
    stage.running.parts.services.can_mail = True
    await administrator.taps("Mettre en relation")
    administrator.sees("Son adresse e-mail n'est pas connue")
    await administrator.taps("Oui, mettre en relation")
    assert taken in copied(administrator)
    sme.received(f"Vous êtes mis en relation pour votre demande {taken}")


async def test_cancelling_sends_nothing_and_takes_the_contact_away(
    stage: Stage, administrator: Speaker, taken: str
) -> None:
    await administrator.taps("Mettre en relation")
    await administrator.taps("Ne rien envoyer")
    administrator.sees(f"{taken} : rien n'a été envoyé")
    assert await statuses(stage) == ["taken"]
    assert all("Samira" not in message.get("text", "") for message in administrator.messages())


async def test_a_double_tap_introduces_once(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    stage.running.parts.services.can_mail = True
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation", times=2)
    assert len(await mails(stage)) == 1
    told = [m for m in sme.messages() if f"mis en relation pour votre demande {taken}" in m["text"]]
    assert len(told) == 1


async def test_of_two_administrators_one_introduces_and_the_other_is_told(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    second = stage.member(stage.messenger.administrators, 1)
    await administrator.taps("Mettre en relation")
    first_shown, data = administrator.button("Oui, mettre en relation")
    await second.taps("Mettre en relation")
    await second.taps("Oui, mettre en relation")
    await administrator.taps_data(first_shown["message_id"], data)
    assert "déjà mise en relation" in administrator.toast
    told = [m for m in sme.messages() if f"mis en relation pour votre demande {taken}" in m["text"]]
    assert len(told) == 1


async def test_what_changes_after_it_was_shown_is_shown_anew(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    await administrator.taps("Mettre en relation")
    await sme.says(taken)
    await sme.taps("Modifier ma demande")
    await sme.taps("Le nom")
    await sme.says("Karim Diallo")
    await sme.taps("Enregistrer mes changements")
    await administrator.taps("Oui, mettre en relation")
    administrator.sees("a changé depuis", "Karim Diallo")
    assert await statuses(stage) == ["taken"]
    await administrator.taps("Oui, mettre en relation")
    assert await statuses(stage) == ["introduced"]


async def test_a_firm_that_blocked_the_bot_is_told_of_in_the_group(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    stage.messenger.blocks(sme.user)
    await stage.settles()
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")
    administrator.received(f"{taken} : la personne n'a pas reçu le message du bot")
    assert await statuses(stage) == ["introduced"]


async def test_a_new_lead_is_passed_nothing_before_the_firm_agrees(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    project = led(stage, CONTACT)
    assert project.lead is not None
    changes(stage, project.id, lead="Nouvelle Maison", lead_contact=CONTACT)
    await administrator.taps("Mettre en relation")
    administrator.sees("il faut d'abord l'accord", project.lead, "Nouvelle Maison")
    assert "Oui, mettre en relation" not in administrator.labels
    await administrator.taps("Demander son accord")
    sme.received(f"Votre demande {taken} : êtes-vous d'accord ?", "Nouvelle Maison")
    await administrator.taps("Mettre en relation")
    administrator.sees("n'a pas encore répondu")
    await sme.taps("Oui, d'accord")
    sme.sees("C'est noté : oui", "Nouvelle Maison")
    administrator.received("accepte", "Nouvelle Maison")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")
    sme.received("Nouvelle Maison reçoit vos coordonnées")


async def test_consent_to_one_lead_is_no_consent_to_the_next(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    project = led(stage, CONTACT)
    await administrator.taps("Mettre en relation")
    changes(stage, project.id, lead="Nouvelle Maison")
    await administrator.taps("Oui, mettre en relation")
    administrator.sees("il faut d'abord l'accord")
    assert await statuses(stage) == ["taken"]
    assert f"mis en relation pour votre demande {taken}" not in str(sme.messages())


@pytest.mark.parametrize("next_lead", [None, "Troisième Maison"])
@pytest.mark.parametrize("leaves", ["before the answer", "after the answer"])
async def test_who_leaves_a_project_after_the_firm_was_asked_gets_nothing(
    sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    taken: str,
    next_lead: str | None,
    leaves: str,
) -> None:
    stage.running.parts.services.can_mail = True
    project = led(stage, CONTACT)
    changes(stage, project.id, lead="Nouvelle Maison", lead_contact=CONTACT)
    await administrator.taps("Mettre en relation")
    await administrator.taps("Demander son accord")
    if leaves == "before the answer":
        changes(stage, project.id, lead=next_lead, lead_contact=None)
        await sme.taps("Oui, d'accord")
        sme.sees("Nouvelle Maison n'est plus chef de file", "rien ne lui est transmis")
        administrator.received("la fiche du projet ne nomme plus Nouvelle Maison")
    else:
        await sme.taps("Oui, d'accord")
        sme.sees("peut transmettre vos coordonnées à Nouvelle Maison")
        administrator.received("Vous pouvez la mettre en relation")
        await administrator.taps("Mettre en relation")
        changes(stage, project.id, lead=next_lead, lead_contact=None)
        await administrator.taps("Oui, mettre en relation")
    await administrator.taps("Mettre en relation")
    administrator.sees("il faut d'abord l'accord" if next_lead else "ne nomme pas de chef de file")
    assert "Oui, mettre en relation" not in administrator.labels
    assert await mails(stage) == []
    assert await statuses(stage) == ["taken"]
    assert f"mis en relation pour votre demande {taken}" not in str(sme.messages())


async def test_a_hidden_project_names_nobody(
    stage: Stage, administrator: Speaker, taken: str
) -> None:
    hidden = led(stage, CONTACT)
    puts(stage, *(each for each in projects_of(stage) if each.id != hidden.id))
    services = stage.running.parts.services
    services.knowledge = replace(services.knowledge, hidden_projects=(hidden,))
    await administrator.taps("Mettre en relation")
    administrator.sees("est masquée en ce moment", taken)
    assert "recensement" not in administrator.text


async def test_a_project_without_a_lead_says_what_to_do(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    changes(stage, led(stage).id, lead=None)
    await administrator.taps("Mettre en relation")
    administrator.sees("ne nomme pas de chef de file", "un facilitateur")
    assert administrator.labels == ["Choisir à qui transmettre", "Ne rien envoyer"]


async def test_a_deleted_project_says_so(stage: Stage, administrator: Speaker, taken: str) -> None:
    gone = led(stage).id
    puts(stage, *(each for each in projects_of(stage) if each.id != gone))
    await administrator.taps("Mettre en relation")
    administrator.sees("n'est plus au recensement", taken)


async def test_a_project_that_closed_meanwhile_is_a_warning(
    stage: Stage, administrator: Speaker, taken: str
) -> None:
    changes(stage, led(stage, CONTACT).id, withdrawn_on=date(2026, 11, 23))
    await administrator.taps("Mettre en relation")
    administrator.sees("ce projet ne prend plus de demande")
    await administrator.taps("Oui, mettre en relation")
    assert await statuses(stage) == ["introduced"]


async def test_an_account_without_a_public_name_is_a_warning(
    other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    led(stage, CONTACT)
    await begins(other_sme, stage, number_of_led(stage))
    for text in ("Mécanique du Delta", "Samira Costa"):
        await other_sme.says(text)
    await other_sme.taps("Par ce compte Telegram")
    for _ in range(3):
        await other_sme.taps("Passer")
    await other_sme.taps("Oui, j'accepte")
    await administrator.taps("Pris en charge")
    await administrator.taps("Mettre en relation")
    assert other_sme.user.username is None
    administrator.sees("qui n'a pas de nom public", "passez par l'équipe")


async def test_an_erased_request_is_put_in_touch_with_nobody(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    await administrator.taps("Mettre en relation")
    shown, data = administrator.button("Oui, mettre en relation")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert all("Samira" not in message.get("text", "") for message in administrator.messages())
    await administrator.taps_data(shown["message_id"], data)
    administrator.received(f"La demande {taken} a été effacée")
    assert await mails(stage) == []


async def test_who_was_put_in_touch_is_told_what_an_erasure_cannot_take_back(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    stage.running.parts.services.can_mail = True
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")
    assert len(await mails(stage)) == 1
    lead = str(led(stage, CONTACT).lead)
    await sme.says("/supprimer")
    sme.sees(f"{taken} : vos coordonnées, à {lead}", "Je ne peux pas reprendre")
    administrator.mark()
    await sme.taps("Oui, tout effacer")
    # What the lead has not got yet, it never gets.
    assert await mails(stage) == []
    administrator.received(f"{taken}, à {lead}", "Demandez-leur d'effacer")
    for private in ("Samira", "Mécanique", "12 34 56"):
        assert private not in str(administrator.new[-1])


async def test_a_withdrawn_request_is_put_in_touch_with_nobody(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    await administrator.taps("Mettre en relation")
    await sme.says(taken)
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await administrator.taps("Oui, mettre en relation")
    assert "retirée par l'entreprise" in administrator.toast
    assert await statuses(stage) == ["withdrawn"]


async def test_an_e_mail_that_fails_is_told_and_can_be_copied(
    stage: Stage, administrator: Speaker, taken: str
) -> None:
    stage.running.parts.services.can_mail = True
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")
    async with stage.running.parts.database.begin() as work:
        assert await notification.undelivered(work, failed(work.now), "refused")
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    administrator.received(f"{taken} : l'e-mail au chef de file n'est pas parti")
    await administrator.taps("Voir le message à copier")
    administrator.sees(taken, LEAD_PHONE)
    assert "+33 6 12 34 56 78" in copied(administrator)
    # Whoever leads the project by then was not agreed to.
    project = led(stage, CONTACT)
    changes(stage, project.id, lead="Nouvelle Maison")
    shown = administrator.messages()[-1]["message_id"]
    await administrator.taps_data(shown, "yl:1")
    administrator.sees("Rien n'est à copier")


def failed(now: datetime) -> Pending:
    """Return the e-mail of the first request, as the sender gives up on it."""
    about = Subject(Kind.INTEREST, 1, is_note=True)
    return Pending(
        id=1,
        lane="email",
        audience=Audience.EMAIL,
        chat_id=None,
        update_id=None,
        method="email",
        payload={},
        has_attachment=False,
        filename=None,
        about=about,
        attempts=1,
        created_at=now,
        leaves_trace=True,
    )


async def test_a_firm_that_writes_english_is_told_in_english(
    sme: Speaker, stage: Stage, administrator: Speaker, taken: str
) -> None:
    await sme.says("/langue")
    await sme.taps("English")
    await administrator.taps("Mettre en relation")
    administrator.sees("You are put in touch for your request", "Bonjour Jeanne Martin")
    await administrator.taps("Oui, mettre en relation")
    sme.received(f"You are put in touch for your request {taken}")


async def test_a_call_that_was_made_closes_its_request(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says("rappelez-moi au 06 12 34 56 78")
    await sme.taps("Oui, rappelez-moi")
    await administrator.taps("Pris en charge")
    assert "Mettre en relation" not in administrator.labels
    await administrator.taps("C'est fait : rappelée", times=2)
    assert await statuses(stage) == ["closed"]
    (row,) = await stage.rows(select(interests.c.outcome))
    assert row.outcome == "success"
    assert sme.messages()[-1]["text"].count("est close") == 1


@pytest.mark.parametrize("kind", ["Une idée de projet", "Une ressource à partager"])
async def test_a_proposal_asks_the_firm_at_that_moment(
    sme: Speaker, stage: Stage, administrator: Speaker, kind: str
) -> None:
    project = led(stage, CONTACT)
    assert project.lead is not None
    number = await proposes(sme, kind, "Reprendre nos chutes de PVC à quatre ateliers.")
    await administrator.taps("Pris en charge")
    await administrator.taps("Mettre en relation")
    administrator.sees("C'est une proposition")
    await administrator.taps("Choisir à qui transmettre")
    await administrator.taps(project.lead)
    administrator.sees("il faut d'abord l'accord", project.lead)
    await administrator.taps("Demander son accord", times=2)
    asked = [m for m in sme.messages() if "êtes-vous d'accord" in m["text"]]
    assert len(asked) == 1
    await sme.taps("Non, ne pas transmettre")
    sme.sees("C'est noté : non")
    administrator.received(f"{number} : l'entreprise refuse")
    await administrator.taps("Mettre en relation")
    administrator.sees("a refusé", "Rien n'a été transmis")
    assert "Oui, mettre en relation" not in administrator.labels
    # People change their minds.
    await sme.taps("Oui, d'accord")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Oui, mettre en relation")
    title = "Idée de projet" if "idée" in kind else "Ressource à partager"
    sme.received(f"Proposition : {title}", f"{project.lead} reçoit vos coordonnées")


@pytest.mark.parametrize("length", [10, 300, 700, 1000])
def test_all_is_copied_in_parts_that_telegram_takes(length: int) -> None:
    message = "En-tête\n" + "mot " * (length // 4 - 2) + "\U0001f600"
    interest = object.__new__(Interest)
    for name in ("number", "company", "contact_name", "contact"):
        object.__setattr__(interest, name, name * 40)
    shown = list(copy_buttons(interest, message))
    texts = [each["copy_text"]["text"] for each in shown]
    assert all(1 <= units(text) <= LONGEST_COPY for text in texts)
    if length <= 700:
        assert " ".join(texts).split() == message.split()
    else:
        assert [text.startswith("contact") for text in texts] == [True]
