"""Forged taps and generated updates at every step of every form: seconds of the soak's fuzz."""

import json
import logging
import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak.forged import PERSON, Forger
from benchmarks.soak.fuzz import Fuzz
from benchmarks.soak.offline_bot import OfflineBot
from handlers.core.callback_data import CallbackData
from handlers.forms.form_buttons import NOTICE, RECAP
from handlers.table import FORMS
from knowledge.knowledge import Knowledge
from storage.records.drafts import Draft

SECONDS = 10.0


def forger() -> Forger:
    return Forger(random.Random(7), ["p"], ["e"])  # noqa: S311 - no secret


async def test_nothing_forged_or_generated_breaks_a_rule(
    shipped: Knowledge, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        tally = await Fuzz(shipped, tmp_path, seed=1).run(SECONDS)
    assert tally.problems == []
    assert caplog.text == ""
    assert tally.handled["forged callback_query"] > 100
    assert tally.handled["forged message"] > 30
    assert tally.handled["generated"] > 100


def test_the_same_seed_forges_the_same() -> None:
    def some() -> list[Any]:
        made = forger()
        return [(made.update(), made.draft(1)) for _ in range(200)]

    assert some() == some()


def test_every_button_is_forged() -> None:
    made = forger()
    prefixes = {made.data().partition(":")[0] for _ in range(5_000)}
    assert {kind.PREFIX for kind in CallbackData.__subclasses__()} - {"sample", "grown"} <= prefixes


def forged_tap(data: str, number: int) -> dict[str, Any]:
    user = {"id": PERSON, "is_bot": False, "first_name": "X"}
    chat = {"id": PERSON, "type": "private", "first_name": "X"}
    message = {"message_id": 1, "date": 1, "chat": chat, "text": "…"}
    query = {"id": str(number), "from": user, "chat_instance": "1", "message": message}
    return {"update_id": number, "callback_query": query | {"data": data}}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
async def test_no_way_leads_past_a_required_step(
    form: Any, shipped: Knowledge, tmp_path: Path
) -> None:
    """Whatever is tapped or stored, the form is submitted only when it is complete."""
    project = shipped.projects[0].id
    required = [step.key for step in form.steps if not step.optional]
    taps = [f"fs:{key}" for key in form.by_key]
    taps += [f"fk:{key}" for key in (*form.by_key, NOTICE, RECAP)]
    taps += [f"fp:{key}:x" for key in form.by_key] + [f"fp:{key}:" for key in form.by_key]
    taps += [f"fc:{key}" for key in form.by_key] + [f"fe:{key}" for key in (*form.by_key, RECAP)]
    taps += ["fb", "fm", "fr", f"fv:{project}"]
    async with OfflineBot.running(shipped, tmp_path / "bot.db") as bot:
        number = 0
        for place in (NOTICE, RECAP, *form.by_key):
            for data in taps:
                number += 1
                async with bot.database.begin() as work:
                    person = await work.people.seen(PERSON)
                    work.drafts.save(Draft(person.id, form.name, place, project))
                handled = await bot.handle(forged_tap(data, number))
                assert handled.owed or handled.turn.toast_text, (place, data)
                assert bot.rows("SELECT id FROM interests") == [], (place, data)
                assert bot.rows("SELECT id FROM conversations") == [], (place, data)
                kept = bot.rows("SELECT step, answers FROM drafts")
                assert kept, (place, data)
                assert not set(required) & set(json.loads(kept[0]["answers"])), (place, data)
