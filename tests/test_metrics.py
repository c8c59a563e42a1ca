"""What the bot counts, after dialogues that make it count; and nothing that grows with people."""

import asyncio
import re

import pytest
from dialogue import Speaker, Stage, tune
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete
from telegram.error import BadRequest, RetryAfter, TelegramError
from test_dialogue_interest import registers

from bot.runtime import metrics
from storage.engine.schema import inbox

Sample = tuple[str, tuple[tuple[str, str], ...]]


def values() -> dict[Sample, float]:
    """Return all samples, by name and labels."""
    families = text_string_to_metric_families(metrics.exposed().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


class Growth:
    """What has been counted since."""

    def __init__(self) -> None:
        self._before = values()

    def __call__(self, name: str, **labels: str) -> float:
        sample = (f"bot_{name}", tuple(sorted(labels.items())))
        return values().get(sample, 0.0) - self._before.get(sample, 0.0)


async def test_an_update_is_counted_from_its_coming_to_its_answer(
    sme: Speaker, stage: Stage
) -> None:
    growth = Growth()
    await sme.says("/aide")
    assert growth("updates_received_total") == 1
    assert growth("updates_handled_total") == 1
    assert growth("messages_sent_total") == 1
    assert growth("handling_seconds_count") == 1
    assert growth("waiting_seconds_count") == 1
    assert 0 < growth("handling_seconds_sum") < 60


async def test_questions_are_counted_by_outcome(sme: Speaker) -> None:
    growth = Growth()
    await sme.says("c'est quoi territoires d'industrie ?")
    await sme.says("quel temps fait-il sur Mars ?")
    await sme.says("bonjour")
    counted = {
        kind: growth("events_total", event="question", kind=kind)
        for kind in ("answer", "choices", "none", "act")
    }
    assert sum(counted.values()) == 3
    assert counted["answer"] >= 1
    assert counted["act"] == 1


async def test_interests_are_counted_once(sme: Speaker, stage: Stage) -> None:
    growth = Growth()
    await registers(sme, stage)
    stage.messenger.delivers(stage.messenger.last_update())
    await stage.settles()
    assert growth("events_total", event="request", kind="interest") == 1


async def test_what_is_set_aside_is_counted_and_is_not_handled(sme: Speaker, stage: Stage) -> None:
    growth = Growth()
    stage.messenger.delivers({"message": {"message_id": "no"}})
    await stage.settles()
    assert growth("updates_set_aside_total") == 1
    assert growth("updates_handled_total") == 0
    await stage.rows(delete(inbox).where(inbox.c.state == "aside").returning(inbox.c.update_id))


@pytest.mark.parametrize(
    ("status", "kind", "parked"),
    [(400, "BadRequest", 1), (403, "Forbidden", 1), (502, "NetworkError", 0)],
)
async def test_failed_deliveries_are_counted_by_kind(
    sme: Speaker, stage: Stage, status: int, kind: str, parked: int
) -> None:
    growth = Growth()
    stage.messenger.faults.next("sendMessage", status=status, description="why")
    stage.messenger.says(sme.user, "/aide")
    async with asyncio.timeout(10):
        while not growth("deliveries_failed_total", kind=kind):
            await stage.messenger.changed_or(0.01)
    await stage.settles()
    assert growth("deliveries_failed_total", kind=kind) == 1
    assert growth("deliveries_parked_total") == parked


async def test_pauses_are_counted_with_their_length(sme: Speaker, stage: Stage) -> None:
    growth = Growth()
    stage.messenger.faults.next("sendMessage", status=429, parameters={"retry_after": 7})
    stage.messenger.says(sme.user, "/aide")
    async with asyncio.timeout(10):
        while not growth("telegram_pauses_total"):
            await stage.messenger.changed_or(0.01)
    assert growth("telegram_pause_seconds_total") == 7


async def test_what_waits_is_a_gauge(sme: Speaker, stage: Stage) -> None:
    await stage.running.parts.backlog.look()
    assert values()["bot_backlog", (("table", "inbox"),)] == 0
    stage.messenger.faults.next("sendMessage", status=429, parameters={"retry_after": 7})
    stage.messenger.says(sme.user, "/aide")
    async with asyncio.timeout(10):
        while not values()["bot_backlog", (("table", "outbox"),)]:
            await stage.messenger.changed_or(0.01)
            await stage.running.parts.backlog.look()


async def test_the_lag_of_the_event_loop_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    growth = Growth()
    tune(monkeypatch, metrics, LAG_EVERY_SECONDS=0.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await metrics.watch_loop()
    assert growth("event_loop_lag_seconds_count") > 0


def test_errors_have_few_names() -> None:
    class InventedError(TelegramError):
        pass

    assert metrics.kind_of(BadRequest("x")) == "BadRequest"
    assert metrics.kind_of(RetryAfter(1)) == "RetryAfter"
    assert metrics.kind_of(InventedError("x")) == "other"


async def test_no_label_names_a_person_or_grows_with_them(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await sme.says("une question")
    before = set(values())
    await other_sme.says("une question")
    assert set(values()) == before
    labels = {text for _, pairs in before for pair in pairs for text in pair}
    assert not [text for text in labels if re.search(r"(?<!\.)\d{4,}", text)]
