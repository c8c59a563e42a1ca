"""Putting in touch on the page of a request: what the group shows, confirmed by a form."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_interest import number_of_led, registers
from test_dialogue_proposal import proposes
from test_mail_dispatcher import given, mailing
from test_put_in_touch import CONTACT, LEAD_EMAIL, changes, led, statuses
from test_request_page import Reader, history, moves_elsewhere, reader, standing

from bot.pages.rendering import TEXT
from handlers.administration.recipients import name
from handlers.core.posting import Posting
from handlers.deliveries import failed
from knowledge.knowledge import Knowledge
from storage.engine.schema import outbox
from storage.queues.outbox import Audience, Pending
from storage.records.interests import EventKind, Status
from storage.records.introductions import NamedPerson
from storage.subject import Kind, Subject


@pytest.fixture(name="stage")
async def _stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    async with mailing(shipped, tmp_path, blank_file, **given(1, listen_port=0)) as stage:
        yield stage


@pytest.fixture
async def claire(sme: Speaker, stage: Stage) -> Reader:
    """An administrator who has taken a request of a led project in charge, on its page."""
    led(stage, CONTACT)
    await registers(sme, stage, number_of_led(stage))
    claire = reader(stage)
    assert await claire.does("take") == 303
    return claire


def shown(page: Reader) -> dict[str, str]:
    """Return the fields that the form brings back unseen."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.answer.text))


async def introduces(page: Reader) -> int:
    await page.opens("introduce")
    return await page.sends("introduce", **shown(page))


async def mails_to_lead(stage: Stage) -> list[dict[str, str]]:
    mailed = select(outbox.c.payload).where(
        outbox.c.audience == Audience.EMAIL, outbox.c.address == LEAD_EMAIL
    )
    return [row.payload for row in await stage.rows(mailed)]


async def test_both_messages_are_shown_then_sent_as_they_were_shown(
    sme: Speaker, stage: Stage, claire: Reader
) -> None:
    assert await claire.opens("introduce") == 200
    page = claire.text
    claire.sees("par téléphone, au 06 12 34 56 78", LEAD_EMAIL, "Samira Costa")
    assert await mails_to_lead(stage) == []
    fields = shown(claire)
    assert await claire.sends("introduce", **fields) == 303
    claire.sees("La mise en relation est faite", "avec", "par Claire Aubert")
    await stage.settles()
    told = str(sme.messages()[-1]["text"])
    assert " ".join(told.split()) in page
    (mailed,) = await mails_to_lead(stage)
    assert " ".join(mailed["text"].split()) in page
    assert (await standing(stage)).status is Status.INTRODUCED
    assert await claire.sends("introduce", **fields) == 303, "a second click is done already"
    assert len(await mails_to_lead(stage)) == 1


async def test_what_changes_after_it_was_shown_is_shown_anew(stage: Stage, claire: Reader) -> None:
    await claire.opens("introduce")
    changes(stage, led(stage, CONTACT).id, lead_contact=None)
    assert await claire.sends("introduce", **shown(claire)) == 409
    claire.sees("Un des messages a changé depuis")
    assert await statuses(stage) == ["taken"]
    assert await claire.sends("introduce", **shown(claire)) == 303
    # Nothing is mailed to who has no address: the page keeps the message for who sends it.
    claire.sees("Message à envoyer à", "Samira Costa")
    assert await mails_to_lead(stage) == []


async def test_a_colleague_was_first(stage: Stage, claire: Reader) -> None:
    await claire.opens("introduce")
    fields = shown(claire)
    await moves_elsewhere(stage, EventKind.RETURN)
    assert await claire.sends("introduce", **fields) == 409
    claire.sees("a changé entre-temps", "Paul Roux")
    assert await mails_to_lead(stage) == []


async def test_a_firm_is_asked_before_its_contact_goes_to_somebody_else(
    sme: Speaker, stage: Stage, claire: Reader
) -> None:
    async with stage.running.parts.database.begin() as work:
        posting = Posting(stage.running.parts.services, work)
        interest = await work.interests.get(1)
        assert interest is not None
        await name(posting, interest, NamedPerson("Maison des Ateliers", email=LEAD_EMAIL))
    await claire.opens("introduce")
    claire.sees("il faut d'abord l'accord de l'entreprise", "Demander son accord")
    asked = shown(claire)
    assert await claire.sends("introduce", **asked) == 303
    claire.sees(TEXT.label("done_to_firm", reach="chat"))
    assert await claire.sends("introduce", **asked) == 303, "a second click is done already"
    assert [step[0] for step in await history(stage)].count("to_firm") == 1
    await claire.opens("introduce")
    claire.sees("Elle n'a pas encore répondu")
    assert "<button" not in claire.answer.text
    await stage.settles()
    await sme.taps("Oui, d'accord")
    assert await introduces(claire) == 303
    assert await statuses(stage) == ["introduced"]


async def test_where_nobody_is_known_the_page_says_what_to_do(sme: Speaker, stage: Stage) -> None:
    await proposes(sme, "Une ressource à partager", "Nos chutes de PVC.")
    claire = reader(stage)
    await claire.does("take")
    await claire.opens("introduce")
    claire.sees("à qui transmettre", "dans le groupe Telegram des administrateurs")
    assert "<button" not in claire.answer.text


@pytest.mark.parametrize("to_team", [True, False])
async def test_a_lead_who_is_of_the_team_too_is_known_by_the_e_mail(
    stage: Stage, claire: Reader, *, to_team: bool
) -> None:
    services = stage.running.parts.services
    address = services.correspondents[0].address
    async with stage.running.parts.database.begin() as work:
        payload = {"subject": "S", "text": "T", "to_team": to_team}
        about = Subject(Kind.INTEREST, 1, is_note=True)
        item = Pending(
            id=1,
            lane="email",
            audience=Audience.EMAIL,
            chat_id=None,
            update_id=None,
            method="email",
            payload=payload,
            has_attachment=False,
            filename=None,
            about=about,
            attempts=1,
            created_at=work.now,
            leaves_trace=True,
            address=address,
        )
        # Of a lead's contact the group is told with the message to copy, at each failure.
        assert await failed(work, item, "refused", services) is not to_team
