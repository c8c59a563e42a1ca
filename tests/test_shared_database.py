"""Several workers share one database: each row is handled once, each chat by one at a time."""

import asyncio
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from dialogue import inside
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    START,
    Clock,
    database_url,
    migrated_database,
    other_process,
    rows,
    sqlite_url,
    stopped_clock,
    to_administrators,
    to_person,
)

from storage.database import Database
from storage.engine.claims import Which
from storage.engine.errors import ClaimLostError
from storage.heartbeat import LEASE, Heartbeat
from storage.queues.inbox import Received, WaitingUpdate
from storage.queues.outbox import Audience, Outgoing, Pending, Priority
from storage.queues.send_pauses import SendPause
from storage.records.change_requests import ChangeKind, NewChangeRequest
from storage.unit_of_work import UnitOfWork

ALL = frozenset(Audience)
HERE, THERE = "here", "there"
# How the one process on an SQLite file is called.
ONLY = "only"
CHANGE = NewChangeRequest(ChangeKind.UPLOAD, 7, "Ada", -100, file="faq.yaml", subject="file-1")


def received(update_id: int, chat_id: int = 7) -> Received:
    return Received(update_id, chat_id, str(update_id))


async def claims(
    work: UnitOfWork, worker: str, *, limit: int = 10, which: Which = Which.SOUND
) -> list[int]:
    return [one.update_id for one in await work.inbox.claim(worker, (), limit, which)]


async def sends(
    work: UnitOfWork, worker: str, *, limit: int = 10, which: Which = Which.SOUND
) -> list[str]:
    found: tuple[Pending, ...] = await work.outbox.claim(worker, (), limit, ALL, which)
    return [one.payload["text"] for one in found]


async def test_what_one_worker_claimed_is_not_for_another(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1, 7), received(2, 8), received(3, 9)])
        assert await claims(work, HERE, limit=2) == [1, 2]
        assert await claims(work, THERE) == [3]


async def test_a_chat_being_handled_is_for_nobody_else(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1), received(2)])
        assert await claims(work, HERE) == [1]
        assert await claims(work, THERE) == []
        await work.inbox.done([1], HERE)
        assert await claims(work, THERE) == [2]


async def test_a_lane_being_served_is_for_nobody_else(database: Database) -> None:
    async with database.begin() as work:
        first = await work.outbox.add(to_person(7, "a1"))
        await work.outbox.add(to_person(7, "a2"))
        await work.outbox.add(to_administrators("b1"))
        assert await sends(work, HERE, limit=1) == ["a1"]
        assert await sends(work, THERE) == ["b1"]
        await work.outbox.sent(first, 7, 100)
        assert await sends(work, THERE) == ["a2", "b1"]


async def test_an_update_that_arrives_late_waits_for_the_one_under_way(database: Database) -> None:
    """A webhook may deliver a chat's updates in any order."""
    async with database.begin() as work:
        await work.inbox.add([received(5)])
        assert await claims(work, HERE) == [5]
        await work.inbox.add([received(4)])
        assert await claims(work, THERE) == []
        assert await claims(work, HERE) == [5]
        await work.inbox.done([5], HERE)
        assert await claims(work, THERE) == [4]


@ON_POSTGRESQL
async def test_two_claims_at_once_share_the_chats(database: Database, other: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(number, number % 4) for number in range(12)])
        await work.outbox.add(to_person(7, "a1"))
        await work.outbox.add(to_person(7, "a2"))
        await work.outbox.add(to_person(8, "b1"))
    async with database.begin() as work, other.begin() as at_once:
        assert await claims(work, HERE, limit=2) == [0, 1]
        assert await sends(work, HERE, limit=1) == ["a1"]
        assert await claims(at_once, THERE) == [2, 3]
        assert await sends(at_once, THERE) == ["b1"]


@ON_POSTGRESQL
async def test_two_claims_of_one_chat_at_once_end_with_one(
    database: Database, other: Database
) -> None:
    """What neither of the two transactions can see: the index decides."""
    async with database.begin() as work:
        await work.inbox.add([received(5)])

    async def take_the_late_one() -> list[int]:
        async with other.begin() as at_once:
            await at_once.inbox.add([received(4)])
            return await claims(at_once, THERE)

    async with database.begin() as work:
        assert await claims(work, HERE) == [5]
        taking = asyncio.create_task(take_the_late_one())
        await until_blocked(database)
    with pytest.raises(ClaimLostError):
        await taking


async def until_blocked(database: Database) -> None:
    """Wait until a transaction waits for another one."""
    blocked = "SELECT 1 FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(10), inside(database, "engine").connect() as connection:
        while not (await connection.exec_driver_sql(blocked)).all():
            pass


@pytest.mark.parametrize("ending", ["done", "set_aside"])
async def test_who_lost_a_claim_changes_nothing(database: Database, ending: str) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1)])
        await claims(work, HERE)
    await dies(database, HERE)
    async with database.begin() as work:
        assert await claims(work, THERE) == []
        assert await claims(work, THERE, which=Which.SUSPECT) == [1]

    async def finish() -> None:
        async with database.begin() as work:
            await work.outbox.add(to_person(7, "too late"))
            if ending == "done":
                await work.inbox.done([1], HERE)
            else:
                await work.inbox.set_aside(1, "E-1", HERE)

    with pytest.raises(ClaimLostError):
        await finish()
    assert await rows(database, "outbox") == []
    async with database.begin() as work:
        await work.inbox.postpone(1, START + timedelta(minutes=20), HERE)
        await work.inbox.done([1], THERE)
    with pytest.raises(ClaimLostError):
        await finish()


async def test_who_lost_a_call_leaves_it_to_the_other(database: Database) -> None:
    async with database.begin() as work:
        number = await work.outbox.add(to_person(7, "a1"))
        await sends(work, HERE)
    await dies(database, HERE)
    async with database.begin() as work:
        assert await sends(work, THERE) == []
        assert await sends(work, THERE, which=Which.SUSPECT) == ["a1"]
        await work.outbox.postpone(number, START + timedelta(minutes=20), "429", HERE)
        await work.outbox.park(number, "403", HERE)
        assert await sends(work, THERE) == ["a1"]
        # But what Telegram took must not be sent again, whoever gave it.
        assert await work.outbox.sent(number, 7, 100)
    assert await rows(database, "outbox") == []


async def test_postponed_means_free_for_all(database: Database, clock: Clock) -> None:
    later = START + timedelta(seconds=5)
    async with database.begin() as work:
        await work.inbox.add([received(1)])
        number = await work.outbox.add(to_person(7, "a1"))
        await claims(work, HERE)
        await sends(work, HERE)
        await work.inbox.postpone(1, later, HERE)
        await work.outbox.postpone(number, later, "500", HERE)
    clock.advance(seconds=5)
    async with database.begin() as work:
        assert await claims(work, THERE) == [1]
        assert await sends(work, THERE) == ["a1"]


async def dies(database: Database, worker: str) -> None:
    """A worker stops beating, and another one sees it for a whole lease."""
    async with database.begin() as work:
        await work.workers.beat(worker)
    seconds = [0.0]
    heartbeat = Heartbeat(database.begin, "observer", monotonic=lambda: seconds[0])
    await heartbeat.beat()
    seconds[0] = LEASE.total_seconds()
    await heartbeat.beat()


async def test_what_a_dead_worker_claimed_is_freed_after_its_lease(database: Database) -> None:
    seconds = 0.0
    observer = Heartbeat(database.begin, THERE, monotonic=lambda: seconds)
    dying = Heartbeat(database.begin, HERE)
    await dying.beat()
    async with database.begin() as work:
        await work.inbox.add([received(1), received(2)])
        await work.outbox.add(to_person(7, "a1"))
        await claims(work, HERE)
        await sends(work, HERE)
        change = await work.change_requests.ask(CHANGE)
        assert await work.change_requests.claim(HERE) is not None
    await observer.beat()
    assert observer.count == 2
    seconds = LEASE.total_seconds() - 1
    await observer.beat()
    async with database.begin() as work:
        assert await claims(work, THERE) == []
        assert await work.change_requests.claim(THERE) is None
    seconds = LEASE.total_seconds()
    await observer.beat()
    assert observer.count == 1
    async with database.begin() as work:
        assert await work.workers.suspects() == 3
        assert await claims(work, THERE, which=Which.SUSPECT) == [1]
        assert await sends(work, THERE, which=Which.SUSPECT) == ["a1"]
        assert await work.change_requests.claim(THERE) is None
        taken_over = await work.change_requests.claim(THERE, Which.SUSPECT)
    assert taken_over is not None
    assert (taken_over.id, taken_over.crashes) == (change, 1)


async def test_a_worker_that_beats_keeps_its_claims_however_long(database: Database) -> None:
    seconds = 0.0
    observer = Heartbeat(database.begin, THERE, monotonic=lambda: seconds)
    living = Heartbeat(database.begin, HERE)
    await living.beat()
    async with database.begin() as work:
        await work.inbox.add([received(1)])
        await claims(work, HERE)
    for _ in range(5):
        await observer.beat()
        await living.beat()
        seconds += LEASE.total_seconds()
    async with database.begin() as work:
        assert await claims(work, THERE) == []
        await work.inbox.done([1], HERE)


async def test_a_jump_of_the_wall_clock_frees_nothing(database: Database, clock: Clock) -> None:
    observer, living = Heartbeat(database.begin, THERE), Heartbeat(database.begin, HERE)
    await living.beat()
    async with database.begin() as work:
        await work.inbox.add([received(1)])
        await claims(work, HERE)
    for hours in (5, -10):
        clock.advance(hours=hours)
        await observer.beat()
    async with database.begin() as work:
        assert await claims(work, THERE) == []


async def test_who_was_thought_dead_comes_back(database: Database) -> None:
    await dies(database, HERE)
    again = Heartbeat(database.begin, HERE)
    await again.beat()
    async with database.begin() as work:
        await work.inbox.add([received(1)])
        await claims(work, HERE)
    await Heartbeat(database.begin, THERE).beat()
    async with database.begin() as work:
        assert await claims(work, THERE) == []


async def test_who_ends_leaves_its_claims_to_others(database: Database) -> None:
    ending = Heartbeat(database.begin, HERE)
    await ending.beat()
    async with database.begin() as work:
        await work.inbox.add([received(1)])
        await claims(work, HERE)
    await ending.leave()
    async with database.begin() as work:
        assert await claims(work, THERE) == [1]


async def test_what_nobody_alive_holds_is_freed_and_counted(database: Database) -> None:
    await Heartbeat(database.begin, THERE).beat()
    async with database.begin() as work:
        await work.inbox.add([received(1), received(2, 8)])
        await work.outbox.add(to_person(7, "a1"))
        await work.change_requests.ask(CHANGE)
        assert await claims(work, HERE, limit=1) == [1]
        assert await claims(work, THERE) == [2]
        await sends(work, HERE)
        await work.change_requests.claim(HERE)
        assert await work.workers.free() == 3
        assert await work.workers.free() == 0


async def test_a_restart_takes_up_what_its_former_self_left(database: Database, url: str) -> None:
    """Of an SQLite file there is one worker: it waits for no lease."""
    async with database.begin() as work:
        await work.inbox.add([received(1), received(2, 8)])
        await claims(work, ONLY, limit=1)
        change = await work.change_requests.ask(CHANGE)
        await work.change_requests.claim(ONLY)
    restarted = Database(url, clock=lambda: START)
    await restarted.join()
    assert restarted.isolation.suspects == 2
    async with restarted.begin() as work:
        assert await claims(work, restarted.worker) == [2]
        assert await claims(work, restarted.worker, which=Which.SUSPECT) == [1, 2]
        taken_up = await work.change_requests.claim(restarted.worker, Which.SUSPECT)
    assert taken_up is not None
    assert taken_up.id == change
    await restarted.close()


async def test_answers_pass_before_broadcasts(database: Database) -> None:
    def broadcast(chat_id: int, words: str) -> Outgoing:
        return to_person(chat_id, words, priority=Priority.BROADCAST)

    async with database.begin() as work:
        for chat in (7, 8, 9):
            await work.outbox.add(broadcast(chat, f"news {chat}"))
        answer = await work.outbox.add(to_person(8, "answer"))
        assert await sends(work, HERE, limit=1) == ["answer"]
        await work.outbox.sent(answer, 8, 100)
        assert await sends(work, HERE) == ["news 7", "news 8", "news 9"]


async def test_a_lane_at_rest_waits_for_every_worker(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        await work.outbox.add(to_person(7, "a1"))
        await work.outbox.add(to_person(8, "b1"))
        await work.send_pauses.keep([SendPause("person:7", (1.5,), START + timedelta(seconds=1))])
        assert await work.send_pauses.sent(["person:7", "person:8"]) == {"person:7": (1.5,)}
        assert await sends(work, THERE) == ["b1"]
    clock.advance(seconds=1)
    async with database.begin() as work:
        assert await sends(work, HERE) == ["a1"]


async def test_a_halt_is_for_every_worker_and_survives(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        assert await work.send_pauses.halted_until() is None
        await work.send_pauses.halt(START + timedelta(seconds=30))
        await work.send_pauses.halt(START + timedelta(seconds=20))
    async with database.begin() as work:
        assert await work.send_pauses.halted_until() == START + timedelta(seconds=20)
        await work.outbox.add(to_person(7, "a1"))
        assert await sends(work, HERE) == await sends(work, THERE) == []
    clock.advance(seconds=20)
    async with database.begin() as work:
        assert await work.send_pauses.halted_until() is None
        assert await sends(work, HERE) == ["a1"]


async def test_a_halt_does_not_outlast_a_clock_put_back(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        await work.send_pauses.halt(START + timedelta(seconds=30))
        await work.outbox.add(to_person(7, "a1"))
    clock.advance(hours=-1)
    async with database.begin() as work:
        assert await work.send_pauses.halted_until() is None
        assert await sends(work, HERE) == ["a1"]


async def test_rests_are_forgotten_within_minutes(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        await work.send_pauses.keep([SendPause("person:7", (), START + timedelta(seconds=1))])
    clock.advance(minutes=3)
    await Heartbeat(database.begin, HERE).beat()
    assert await rows(database, "rests") == []


@settings(max_examples=15, deadline=None)
@given(
    chats=st.lists(st.integers(1, 3), min_size=1, max_size=12),
    acts=st.lists(st.tuples(st.sampled_from([HERE, THERE]), st.integers(0, 3)), max_size=40),
)
async def test_however_two_workers_take_turns_each_chat_is_in_order(
    tmp_path_factory: pytest.TempPathFactory, chats: list[int], acts: list[tuple[str, int]]
) -> None:
    database = Database(sqlite_url(tmp_path_factory.mktemp("claims")))
    await database.migrate()
    held: dict[str, dict[int, WaitingUpdate]] = {HERE: {}, THERE: {}}
    handled: list[int] = []
    async with database.begin() as work:
        await work.inbox.add([received(number, chat) for number, chat in enumerate(chats)])
        for worker, limit in acts + [(HERE, 3), (THERE, 0)] * len(chats):
            mine = held[worker]
            for one in await work.inbox.claim(worker, list(mine), limit):
                assert all(one.chat_id not in others for others in held.values())
                mine[one.chat_id] = one
            if mine:
                _, one = mine.popitem()
                await work.inbox.done([one.update_id], worker)
                handled.append(one.update_id)
    await database.close()
    for chat in set(chats):
        own = [number for number in handled if chats[number] == chat]
        assert own == [number for number, other in enumerate(chats) if other == chat]


_WORKER = """
import asyncio, sys
from storage.database import Database
from storage.engine.errors import ClaimLostError
from storage.queues.outbox import Audience, Outgoing

async def main(url, name, stops_after):
    database = Database(url, worker=name)
    await database.join()
    beating = asyncio.create_task(database.keep_beating())
    handled = 0
    while True:
        try:
            async with database.isolation.claiming(), database.begin() as work:
                due = lambda: work.inbox.has_suspect(())
                which = await database.isolation.choose("inbox", work.workers, due)
                found = await work.inbox.claim(database.worker, (), 4, which)
        except ClaimLostError:
            continue
        for one in found:
            if handled == stops_after:
                print("claimed", flush=True)
                await asyncio.Event().wait()
            handled += 1
            try:
                async with database.begin() as work:
                    said = Outgoing(Audience.PERSON, "sendMessage", {"text": one.body}, one.chat_id)
                    await work.outbox.add(said)
                    await work.inbox.done([one.update_id], database.worker)
            except ClaimLostError:
                pass
        if not found:
            async with database.begin() as work:
                if not await work.inbox.backlog():
                    break
            await asyncio.sleep(0.01)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@contextmanager
def worker(url: str, name: str, *, stops_after: int = -1) -> Iterator[subprocess.Popen[str]]:
    """A process that handles what it can get, and perhaps stops with claims in its hands."""
    command = [sys.executable, "-c", _WORKER, url, name, str(stops_after)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()


@ON_POSTGRESQL
async def test_processes_share_the_work_and_one_may_be_killed(database: Database, url: str) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(number, number % 20) for number in range(300)])
    with worker(url, "w3", stops_after=5) as dying:
        assert dying.stdout is not None
        assert await asyncio.to_thread(dying.stdout.readline) == "claimed\n"
    with worker(url, "w1"), worker(url, "w2") as second:
        # The others may be taken for dead as well, between two of their beats: no harm is done.
        await dies(database, "w3")
        assert await asyncio.to_thread(second.wait, 30) == 0
    handled = defaultdict(list)
    for row in await rows(database, "outbox"):
        handled[row["chat_id"]].append(int(row["payload"]["text"]))
    assert handled == {chat: list(range(chat, 300, 20)) for chat in range(20)}


async def test_what_a_clock_that_ran_ahead_put_off_is_taken_now(database: Database) -> None:
    ahead = START + timedelta(hours=1, seconds=2)
    async with database.begin() as work:
        await work.inbox.add([Received(1, 7, "{}")])
        await work.inbox.postpone(1, ahead)
        number = await work.outbox.add(to_person(7))
        await work.outbox.postpone(number, ahead, "NetworkError")
    async with database.begin() as work:
        assert await work.inbox.next_due() is None
        assert await work.outbox.next_due(tuple(Audience)) is None
        assert [one.update_id for one in await work.inbox.claim(HERE, [], 9)] == [1]
        claimed = await work.outbox.claim(HERE, [], 9, tuple(Audience))
        assert [one.id for one in claimed] == [number]
