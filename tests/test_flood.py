"""Somebody who writes too fast is told once, and loses nothing."""

import asyncio
import re

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select
from storage_fixtures import known
from test_dialogue_interest import begins, registers

from storage.engine.schema import outbox
from storage.queues.outbox import Priority

TOLD = "Vous écrivez très vite"
LIMIT = 30


async def floods(speaker: Speaker, stage: Stage, count: int) -> None:
    """Send so many messages at once."""
    for number in range(count):
        stage.messenger.says(speaker.user, f"/inconnue{number}", chat=speaker.chat_id)
    await stage.settles()


def answered(speaker: Speaker) -> list[str]:
    """Return what was answered, in order: the number of the command, or that it was too fast."""
    said = [m["text"] for m in speaker.messages() if m["from"]["is_bot"]]
    found = (re.search(r"/inconnue(\d+)|" + TOLD, text) for text in said)
    return [match[1] or TOLD for match in found if match]


async def test_too_much_is_told_once_and_then_left_unanswered(sme: Speaker, stage: Stage) -> None:
    await floods(sme, stage, LIMIT + 20)
    assert answered(sme) == [*map(str, range(LIMIT)), TOLD]
    assert "formulaire" not in sme.text


async def test_it_is_told_before_the_answers_that_wait(sme: Speaker, stage: Stage) -> None:
    await stage.stops()
    # The stage's clock stands still: what does not go at once, waits.
    stage.overrides = {"messages_per_second": 30, "chat_burst": 3}
    await stage.starts()
    for number in range(LIMIT + 1):
        stage.messenger.says(sme.user, f"/inconnue{number}", chat=sme.chat_id)
    async with asyncio.timeout(20):
        while await stage.inbox_count("done") <= LIMIT:
            await stage.messenger.changed_or(0.02)
    waiting = await stage.rows(select(outbox.c.priority).order_by(outbox.c.priority, outbox.c.id))
    assert waiting[:2] == [(Priority.URGENT,), (Priority.ANSWER,)]


async def test_who_calms_down_is_answered_again_and_may_be_told_again(
    sme: Speaker, stage: Stage
) -> None:
    await floods(sme, stage, LIMIT + 5)
    stage.clock.passes(seconds=31)
    await floods(sme, stage, LIMIT + 5)
    once = [*map(str, range(LIMIT)), TOLD]
    assert answered(sme) == once + once


async def test_who_goes_on_hears_nothing_more(sme: Speaker, stage: Stage) -> None:
    await floods(sme, stage, LIMIT + 1)
    for _ in range(6):
        stage.clock.passes(seconds=10)
        await floods(sme, stage, LIMIT + 1)
    assert answered(sme).count(TOLD) == 1


async def test_just_as_fast_as_the_limit_is_never_told_twice(sme: Speaker, stage: Stage) -> None:
    await floods(sme, stage, LIMIT)
    for _ in range(40):
        stage.clock.passes(seconds=0.98)
        await floods(sme, stage, 1)
    assert answered(sme).count(TOLD) == 1


async def test_a_form_under_way_is_kept(sme: Speaker, stage: Stage) -> None:
    await begins(sme, stage)
    await floods(sme, stage, LIMIT + 5)
    await sme.says("Mécanique du Delta")
    assert sme.new == []
    sme.received("Le formulaire que vous aviez commencé est gardé")
    stage.clock.passes(seconds=31)
    await sme.says("Mécanique du Delta")
    sme.sees("nom")
    await sme.says("Samira Costa")
    sme.sees("Comment")


async def test_a_tap_is_held_with_a_word_on_the_button(sme: Speaker, stage: Stage) -> None:
    await sme.says("/projets")
    message, data = sme.button("Suivant ›")
    await floods(sme, stage, LIMIT + 1)
    await sme.taps_data(message["message_id"], data)
    assert "je reprends dans 30 secondes" in sme.toast
    assert sme.new == []


async def test_others_are_not_held(sme: Speaker, other_sme: Speaker, stage: Stage) -> None:
    await floods(sme, stage, LIMIT + 5)
    await other_sme.says("/aide")
    other_sme.sees("Ce que vous pouvez faire ici")


async def test_administrators_tap_as_fast_as_they_work(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    message, data = administrator.button("Détails")
    await administrator.taps_data(message["message_id"], data, times=LIMIT + 5)
    assert "reprends" not in administrator.toast
    await administrator.taps("Pris en charge")
    sme.received("est prise en charge")


async def test_a_restart_does_not_begin_the_count_anew(sme: Speaker, stage: Stage) -> None:
    await floods(sme, stage, LIMIT + 1)
    await stage.stops()
    await stage.starts()
    await sme.says("/aide")
    assert sme.new == []


async def test_blocking_the_bot_is_noticed_all_the_same(sme: Speaker, stage: Stage) -> None:
    await sme.says("bonjour")
    await floods(sme, stage, LIMIT + 1)
    stage.messenger.blocks(sme.user)
    await stage.settles()
    async with stage.running.parts.database.begin() as work:
        person = await known(work, sme.user.id)
    assert person
    assert person.blocked_at


@pytest.mark.parametrize("limit", [0, 5])
async def test_the_limit_is_a_setting(sme: Speaker, stage: Stage, limit: int) -> None:
    await stage.stops()
    stage.overrides = {"flood_limit": limit}
    await stage.starts()
    await floods(sme, stage, LIMIT + 5)
    expected = [*map(str, range(5)), TOLD] if limit else [*map(str, range(LIMIT + 5))]
    assert answered(sme) == expected
