"""The firm reminds the team: once, from the tenth day without news, and never of what has ended."""

import pytest
from dialogue import Speaker, Stage
from requests_fixtures import KINDS, declares, moves_by
from sqlalchemy import select
from test_dialogue_interest import open_project

from storage.engine.schema import interest_events, interests
from storage.records.interests import Ending, EventKind, Reason
from storage.records.lifecycle import Particulars

RELAUNCH = "Relancer l'équipe"
TOLD = "L'entreprise relance l'équipe"


async def relaunches(stage: Stage) -> int:
    found = select(interest_events.c.id).where(interest_events.c.kind == EventKind.RELAUNCHED)
    return len(await stage.rows(found))


async def opens(sme: Speaker, number: str) -> None:
    await sme.says(number)


async def test_before_its_day_the_button_says_when(sme: Speaker, stage: Stage) -> None:
    number = await declares(sme, stage, "interest")
    stage.clock.passes(days=9)
    await opens(sme, number)
    await sme.taps(RELAUNCH)
    assert sme.toast == (
        "Il est encore tôt : vous pourrez relancer l'équipe pour TI-2026-0001 à partir du jeudi "
        "3 décembre."
    )
    assert await relaunches(stage) == 0
    await sme.says(RELAUNCH)
    sme.sees("à partir du jeudi 3 décembre")


@pytest.mark.parametrize("kind", KINDS)
async def test_on_its_day_the_group_is_told_once_in_reply_to_the_notification(
    sme: Speaker, stage: Stage, administrator: Speaker, kind: str
) -> None:
    number = await declares(sme, stage, kind)
    notification = administrator.messages()[-1]["message_id"]
    stage.clock.passes(days=10)
    await opens(sme, number)
    message, data = sme.button(RELAUNCH)
    await sme.taps_data(message["message_id"], data, times=2)
    sme.sees("L'équipe est relancée", number)
    assert "vient d'être relancée" in sme.toast
    (told,) = [m for m in administrator.messages() if TOLD in m["text"]]
    assert told["reply_to_message"]["message_id"] == notification
    assert "personne ne s'en occupe" in told["text"]
    assert "06" not in told["text"].replace(number, "").replace("2026", "")
    assert await relaunches(stage) == 1
    # A second time is refused kindly, with how else to reach somebody.
    stage.clock.passes(days=30)
    await sme.taps_data(message["message_id"], data)
    sme.sees("Vous avez déjà relancé l'équipe", "le 3 décembre 2026")
    assert sme.labels == ["Être rappelé", "Toutes mes demandes", "Parler à une personne"]
    assert await relaunches(stage) == 1
    await opens(sme, number)
    assert RELAUNCH not in sme.labels
    sme.sees("équipe relancée par vous")


async def test_news_of_the_team_put_the_day_off(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await declares(sme, stage, "interest")
    stage.clock.passes(days=8)
    await moves_by(stage, EventKind.TAKE)
    stage.clock.passes(days=8)
    await opens(sme, number)
    await sme.taps(RELAUNCH)
    assert "à partir du vendredi 11 décembre" in sme.toast
    # That it was put back is no news that helps: it counts from when it was taken.
    await moves_by(stage, EventKind.RETURN)
    stage.clock.passes(days=2)
    await sme.taps(RELAUNCH)
    sme.sees("L'équipe est relancée")
    administrator.received(TOLD)


@pytest.mark.parametrize(
    ("ways", "particulars"),
    [
        ((EventKind.REFUSE,), Particulars(reason=Reason.DUPLICATE)),
        ((EventKind.TAKE, EventKind.CLOSE), Particulars(outcome=Ending.NOTHING)),
    ],
)
async def test_what_has_ended_is_not_reminded_of_by_an_old_button(
    sme: Speaker, stage: Stage, ways: tuple[EventKind, ...], particulars: Particulars
) -> None:
    number = await declares(sme, stage, "interest")
    await opens(sme, number)
    message, data = sme.button(RELAUNCH)
    await moves_by(stage, *ways, particulars=particulars)
    stage.clock.passes(days=20)
    await sme.taps_data(message["message_id"], data)
    sme.sees("il n'y a rien à relancer", f"Demande {number}")
    assert await relaunches(stage) == 0
    assert RELAUNCH not in sme.labels


async def test_a_request_made_again_may_be_reminded_of_again(sme: Speaker, stage: Stage) -> None:
    number = await declares(sme, stage, "interest")
    stage.clock.passes(days=10)
    await opens(sme, number)
    await sme.taps(RELAUNCH)
    await opens(sme, number)
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("Ça m'intéresse")
    await sme.taps("J'ai compris, commencer")
    for _ in range(3):
        await sme.taps("Passer")
    await sme.taps("Oui, j'accepte et j'envoie")
    assert await stage.rows(select(interests.c.relaunched_at)) == [(None,)]
    await opens(sme, number)
    assert RELAUNCH in sme.labels


async def test_another_person_cannot_remind_of_it(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    number = await declares(sme, stage, "interest")
    stage.clock.passes(days=10)
    await opens(sme, number)
    _, data = sme.button(RELAUNCH)
    await other_sme.says("/aide")
    await other_sme.taps_data(other_sme.messages()[-1]["message_id"], data)
    assert "n'est pas dans votre liste" in other_sme.toast
    assert await relaunches(stage) == 0
