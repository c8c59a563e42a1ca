"""The pace that Telegram asks for is kept, whatever comes at once, and answers wait in order."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dialogue
from dialogue import inside
from hypothesis import given
from hypothesis import strategies as st

from bot.outbox.rate_limits import Limit, Limits, SendRate, limits_of
from bot.preview.messenger import Messenger
from bot.runtime import metrics
from knowledge.knowledge import Knowledge

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TELEGRAM = Limits(chat=Limit(1, 1.0))
PERSON, GROUP = 7, -100


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Passing(dialogue.Clock):
    """The time, as it passes."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


async def send(pace: SendRate, chat_id: int, times: int = 1) -> None:
    for _ in range(times):
        async with pace.turn(chat_id):
            pass


def test_no_limit_is_no_pace() -> None:
    pace = SendRate(limits_of(0, 3), Clock())
    assert not pace.is_kept
    assert pace.room(500, 2) > 1000
    assert pace.paused() == {}
    assert pace.next_room() is None


async def test_a_second_holds_so_many_messages_in_all() -> None:
    clock = Clock()
    pace = SendRate(TELEGRAM, clock)
    assert pace.room(0, 1) == 30
    assert pace.next_room() is None
    for chat_id in range(28):
        await send(pace, chat_id)
    assert pace.room(under_way=2, workers=1) == 0
    assert pace.next_room() == START + timedelta(seconds=1)
    clock.advance(1)
    assert pace.room(under_way=2, workers=1) == 28


def test_workers_share_what_is_allowed() -> None:
    pace = SendRate(TELEGRAM, Clock())
    assert [pace.room(0, workers) for workers in (1, 2, 4, 100)] == [30, 15, 7, 1]


async def test_a_chat_rests_after_a_burst() -> None:
    clock = Clock()
    pace = SendRate(limits_of(30, 3), clock)
    await send(pace, PERSON, 2)
    assert pace.paused() == {}
    await send(pace, PERSON)
    assert pace.paused() == {PERSON: START + timedelta(seconds=3)}
    clock.advance(3)
    assert pace.paused() == {}
    assert pace.sent(PERSON) == ()


async def test_a_group_gets_twenty_a_minute() -> None:
    clock = Clock()
    pace = SendRate(Limits(), clock)
    for _ in range(20):
        await send(pace, GROUP)
        clock.advance(1)
    assert pace.paused() == {GROUP: START + timedelta(seconds=60)}
    clock.advance(40)
    assert pace.paused() == {}


async def test_what_another_worker_sent_counts() -> None:
    clock = Clock()
    pace = SendRate(limits_of(30, 3), clock)
    await send(pace, PERSON)
    pace.learn(PERSON, [START.timestamp() - 1, START.timestamp() - 1, START.timestamp() - 2])
    assert pace.free_at(PERSON) == START + timedelta(seconds=1)


async def test_a_clock_put_back_makes_nobody_wait_for_it() -> None:
    clock = Clock()
    pace = SendRate(TELEGRAM, clock)
    for chat_id in range(30):
        await send(pace, chat_id)
    clock.advance(-3600)
    assert pace.room(0, 1) == 30
    assert pace.paused() == {}
    await send(pace, 0)


@given(
    pauses=st.lists(st.sampled_from([0.0, 0.05, 0.3, 1.0, 7.0]), max_size=120),
    burst=st.integers(1, 4),
)
def test_no_window_ever_holds_more_than_allowed(pauses: list[float], burst: int) -> None:
    """However messages come, those who wait until they may go keep every limit."""
    clock = Clock()
    limits = Limits(chat=Limit(burst, float(burst)))
    pace = SendRate(limits, clock)
    sent: list[float] = []

    async def run() -> None:
        for pause in pauses:
            clock.advance(pause)
            clock.now = max(clock.now, pace.free_at(GROUP))
            async with asyncio.timeout(1):
                await send(pace, GROUP)
            sent.append(clock.now.timestamp())

    asyncio.run(run())
    for limit in limits.of(GROUP):
        for first, beyond in zip(sent, sent[limit.most :], strict=False):
            assert beyond - first >= limit.seconds - 1e-6


async def test_a_burst_draws_no_refusal_and_keeps_its_order(
    shipped: Knowledge, tmp_path: Path
) -> None:
    messenger = Messenger(enforce_rates=True)
    people = [messenger.sme, messenger.second_sme]
    async with dialogue.staged(
        shipped,
        tmp_path / "bot.db",
        messenger=messenger,
        messages_per_second=30,
        clock=Passing(),
        chat_burst=1,
    ) as stage:
        pauses = inside(metrics.PAUSES, "value").get()
        for number in range(3):
            for user in people:
                messenger.says(user, f"/inconnue{number}")
        await stage.settles()
    assert inside(metrics.PAUSES, "value").get() == pauses
    for user in people:
        said = "\n".join(m["text"] for m in messenger.messages(user.id) if m["from"]["is_bot"])
        assert re.findall(r"/inconnue(\d+)\.", said) == ["0", "1", "2"]
