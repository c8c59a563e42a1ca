"""A Telegram reply to what the bot said of a request goes to the team, whatever form is open."""

import pytest
from dialogue import Message, Speaker, Stage
from requests_fixtures import asks, declares, moves_by
from sqlalchemy import func, select
from test_dialogue_handoff import replies

from storage.engine.schema import conversations, drafts, interests
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
