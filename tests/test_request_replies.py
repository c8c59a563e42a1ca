"""A Telegram reply to what the bot said of a request goes to the team, whatever form is open."""

import pytest
from dialogue import Message, Speaker, Stage
from requests_fixtures import KINDS, asks, declares, moves_by
from sqlalchemy import func, select
from test_dialogue_handoff import replies

from storage.engine.schema import conversations, drafts, interests
from storage.queues.outbox import Delivery
from storage.records.interests import Ending, EventKind
from storage.records.lifecycle import Particulars


def said(speaker: Speaker, words: str) -> Message:
    """Return the last message that holds these words."""
    return next(m for m in reversed(speaker.messages()) if words in m.get("text", ""))


async def opens_a_form(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris, commencer")
    await sme.taps("Une idée de projet")


async def answers_of_form(stage: Stage) -> dict[str, str]:
    """Return what the form under way holds so far."""
    ((answers,),) = await stage.rows(select(drafts.c.answers))
    return dict(answers)


@pytest.mark.parametrize("typed", ["Je suis absent vendredi", "oui", "1", "stop", "06 12 34 56 79"])
@pytest.mark.parametrize("quoted", ["est prise en charge", "mis en relation"])
async def test_a_reply_about_a_request_is_for_the_team_and_the_form_goes_on(
    sme: Speaker, stage: Stage, administrator: Speaker, typed: str, quoted: str
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    await opens_a_form(sme)
    before = await answers_of_form(stage)
    await replies(sme, typed, said(sme, quoted))
    sme.sees("TI-2026-0001 : votre message est transmis à l'équipe", "Décrivez votre idée")
    administrator.received("l'entreprise écrit", typed)
    assert await answers_of_form(stage) == before


async def test_a_reply_about_a_request_that_has_ended_says_what_can_be_done(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    ends = Particulars(outcome=Ending.SUCCESS)
    await moves_by(stage, EventKind.TAKE, EventKind.CLOSE, particulars=ends)
    await opens_a_form(sme)
    before = await answers_of_form(stage)
    await replies(sme, "Non, rien n'a abouti", said(sme, "elle a abouti"))
    sme.sees("ce message n'a pas été transmis", "/contact", "Décrivez votre idée")
    assert await answers_of_form(stage) == before


async def test_a_reply_without_a_form_is_for_the_team_too(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE)
    await replies(sme, "Appelez plutôt le matin", said(sme, "est prise en charge"))
    administrator.received("Appelez plutôt le matin")
    # What the bot knows for sure is answered by it.
    question = stage.knowledge.entries[0].question
    await replies(sme, question, said(sme, "est prise en charge"))
    assert question not in str(administrator.messages())


async def test_a_reply_to_the_question_about_the_contact_answers_it(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    stage.clock.passes(days=7)
    await asks(stage)
    await opens_a_form(sme)
    await replies(sme, "non, personne", said(sme, "Le contact a-t-il eu lieu"))
    assert await stage.rows(select(interests.c.helped)) == [("no_contact",)]
    sme.sees("C'est noté", "Décrivez votre idée")
    administrator.received("Personne n'a contacté l'entreprise")


async def test_a_reply_about_the_request_of_somebody_else_is_not_passed_on(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE)
    forged = said(sme, "est prise en charge") | {"text": "TI-2026-0001"}
    async with stage.running.parts.database.begin() as work:
        await work.rights.erase(1)
    await replies(sme, "Bonjour à tous", forged)
    assert await stage.rows(select(func.count()).select_from(conversations)) == [(0,)]
    assert "Bonjour à tous" not in str(administrator.messages())


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reply_to_a_receipt_is_for_the_team_and_the_form_goes_on(
    sme: Speaker, stage: Stage, administrator: Speaker, kind: str
) -> None:
    number = await declares(sme, stage, kind)
    receipt = said(sme, number)
    await opens_a_form(sme)
    before = await answers_of_form(stage)
    await replies(sme, "Plutôt le matin", receipt)
    sme.sees(f"{number} : votre message est transmis à l'équipe", "Décrivez votre idée")
    administrator.received("Plutôt le matin")
    assert await answers_of_form(stage) == before


async def test_all_that_is_said_of_one_request_is_known_to_be_about_it(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await declares(sme, stage, "interest")
    await sme.says(number)
    await sme.taps("Retirer ma demande")
    await moves_by(stage, EventKind.TAKE)
    stage.clock.passes(days=11)
    await sme.says(number)
    await sme.taps("Relancer l'équipe")
    await moves_by(stage, EventKind.INTRODUCE)
    await sme.says(number)
    await sme.taps("Dire si le contact a eu lieu")
    await sme.taps("Non, personne ne m'a contacté")
    stage.clock.passes(days=7)
    await asks(stage)
    await sme.taps("Oui, et cela m'a aidé")
    await replies(sme, "Un devis signé", sme.messages()[-1])
    ours = [m for m in sme.messages() if m["from"]["is_bot"] and number in m.get("text", "")]
    assert len(ours) > 8
    async with stage.running.parts.database.begin() as work:
        for message in ours:
            sent = Delivery(message["chat"]["id"], message["message_id"])
            assert await work.outbox.subject_of(sent) is not None, message["text"]
    administrator.received("Un mot de l'entreprise", "Un devis signé")


@pytest.mark.parametrize(("typed", "status"), [("oui", "withdrawn"), ("non", "received")])
async def test_a_reply_to_what_the_bot_asks_of_a_request_answers_it(
    sme: Speaker, stage: Stage, administrator: Speaker, typed: str, status: str
) -> None:
    number = await declares(sme, stage, "interest")
    await sme.says(number)
    # The label of a button is no message to the team either.
    await replies(sme, "retirer ma demande", sme.messages()[-1])
    question = sme.messages()[-1]
    await opens_a_form(sme)
    await replies(sme, typed, question)
    assert await stage.rows(select(interests.c.status)) == [(status,)]
    assert "l'entreprise écrit" not in str(administrator.messages())
