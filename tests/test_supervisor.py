"""Loops that fail: begun again, counted, told of; and the order in which they end."""

import asyncio
import gc
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from weakref import ref

import httpx
import pytest
from dialogue import Speaker, Stage, inside, put_inside, tune
from postgres import Server
from pydantic import SecretStr
from small_library import until
from sqlalchemy import func, select
from telegram.error import InvalidToken
from test_dialogue_webhook import WORD, free_port, url
from test_metrics import Growth

import bot.inbox.polling
import bot.runtime.lanes
import bot.runtime.supervisor
import storage.heartbeat
from bot.runtime.supervisor import Loop, LoopEndedError, LoopName, StopOrder, Supervisor
from bot.service import Service
from handlers.messages import Catalogue
from storage.engine.errors import DatabaseUnavailableError
from storage.engine.schema import questions, recurrences
from storage.heartbeat import Heartbeat
from storage.privacy.retention import Durations, Retention
from storage.queues.inbox import Inbox
from storage.queues.outbox import Outbox

Act = Callable[[], Coroutine[Any, Any, None]]
SEVERAL = inside(bot.runtime.supervisor, "TOLD_AFTER_FAILURES")
FAILS, WORKS = "Une tâche de fond échoue", "Une tâche de fond remarche"


class Time:
    """A clock and its sleepers, which pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, woken))
        await woken

    async def passes(self, seconds: float) -> None:
        """Wake each sleeper at its moment, and let it go on as far as it can."""
        end = self.now + seconds
        await turns()
        while due := sorted(moment for moment, _ in self._sleepers if moment <= end):
            self.now = due[0]
            woken = [one for one in self._sleepers if one[0] <= self.now]
            self._sleepers = [one for one in self._sleepers if one[0] > self.now]
            for _, sleeper in woken:
                if not sleeper.done():
                    sleeper.set_result(None)
            await turns()
        self.now = end


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class House:
    """A supervisor whose time is a test's, and what the administrators are told."""

    def __init__(self) -> None:
        self.time = Time()
        self.told: list[tuple[LoopName, bool]] = []
        self.deaf: list[BaseException] = []
        self.supervisor = Supervisor(self.tell, monotonic=self.time, sleep=self.time.sleep)

    async def tell(self, name: LoopName, *, fails: bool) -> None:
        if self.deaf:
            raise self.deaf.pop()
        self.told.append((name, fails))


@asynccontextmanager
async def housing(*loops: Loop) -> AsyncIterator[House]:
    house = House()
    house.supervisor.start(loops)
    await turns()
    yield house
    await house.supervisor.stop()


class Fragile:
    """A loop that fails as often as it is told to, and then runs."""

    def __init__(self, failures: int, error: BaseException | None = None) -> None:
        self.failures = failures
        self.error = error or RuntimeError("a slip")
        self.begun = 0

    async def run(self) -> None:
        self.begun += 1
        if self.failures:
            self.failures -= 1
            raise self.error
        await asyncio.Event().wait()


def pauses(caplog: pytest.LogCaptureFixture) -> list[float]:
    return [
        record.args[-1]  # type: ignore[misc]  # logging's own arguments
        for record in caplog.records
        if "begins again in" in record.message and isinstance(record.args, tuple)
    ]


async def test_pauses_grow_up_to_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    growth = Growth()
    fragile = Fragile(8)
    async with housing(Loop(LoopName.RETENTION, fragile.run)) as house:
        assert fragile.begun == 1
        await house.time.passes(0.9)
        assert fragile.begun == 1
        await house.time.passes(0.1)
        assert fragile.begun == 2
        await house.time.passes(1000)
    assert pauses(caplog) == [1, 2, 4, 8, 16, 32, 60, 60]
    assert fragile.begun == 9
    assert growth("loop_failures_total", loop="retention") == 8
    record = next(one for one in caplog.records if "begins again" in one.message)
    assert (record.levelname, "loop retention failed" in record.message) == ("ERROR", True)
    assert record.exc_info
    assert record.exc_info[1] is fragile.error


async def test_a_loop_may_have_a_longest_pause_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fragile = Fragile(5)
    async with housing(Loop(LoopName.HEARTBEAT, fragile.run, longest_pause=2)) as house:
        await house.time.passes(100)
    assert pauses(caplog) == [1, 2, 2, 2, 2]


async def test_a_loop_that_ran_well_for_a_while_is_begun_again_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    to_fail = asyncio.Event()

    async def run() -> None:
        await to_fail.wait()
        to_fail.clear()
        raise RuntimeError("a slip")

    async with housing(Loop(LoopName.RETENTION, run)) as house:
        for seconds in (1, 10, 59, 60):
            to_fail.set()
            await turns()
            await house.time.passes(pauses(caplog)[-1] + seconds)
        to_fail.set()
        await turns()
    assert pauses(caplog) == [1, 2, 4, 8, 1]


async def test_a_loop_that_keeps_failing_is_told_of_once_and_once_more_when_it_works() -> None:
    fragile = Fragile(SEVERAL + 2)
    async with housing(Loop(LoopName.RETENTION, fragile.run)) as house:
        await house.time.passes(14)
        assert not house.told
        assert not house.supervisor.failing
        await house.time.passes(7)
        assert house.supervisor.failing == (LoopName.RETENTION,)
        assert house.told == [(LoopName.RETENTION, True)]
        await house.time.passes(1 + 2 + 4 + 8 + 16 + 32 + 60 - 21)
        assert fragile.begun == SEVERAL + 3
        # It runs, and may fail again in a moment.
        assert len(house.told) == 1
        await house.time.passes(70)
        assert not house.supervisor.failing
        await house.time.passes(1000)
    assert house.told == [(LoopName.RETENTION, True), (LoopName.RETENTION, False)]


async def test_who_cannot_be_told_is_told_later(caplog: pytest.LogCaptureFixture) -> None:
    async with housing(Loop(LoopName.RETENTION, Fragile(SEVERAL).run)) as house:
        house.deaf = [DatabaseUnavailableError("away"), sqlite3.ProgrammingError("odd")]
        await house.time.passes(60)
        assert house.told == [(LoopName.RETENTION, True)]
        assert caplog.text.count("nobody is told yet of loop retention") == 2
        await house.time.passes(60)
    assert house.told[1:] == [(LoopName.RETENTION, False)]


async def test_what_was_not_told_in_time_is_not_told() -> None:
    async with housing(Loop(LoopName.RETENTION, Fragile(SEVERAL).run)) as house:
        house.deaf = [DatabaseUnavailableError("away") for _ in range(30)]
        await house.time.passes(1000)
        assert not house.told


async def test_a_loop_that_is_stuck_without_ending_is_told_of_as_well() -> None:
    is_stuck = True
    run = Fragile(0).run
    async with housing(Loop(LoopName.INBOX, run, is_stuck=lambda: is_stuck)) as house:
        assert house.supervisor.failing == (LoopName.INBOX,)
        await house.time.passes(5)
        is_stuck = False
        await house.time.passes(5)
    assert house.told == [(LoopName.INBOX, True), (LoopName.INBOX, False)]


async def test_the_end_of_an_essential_loop_ends_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    growth = Growth()
    fragile, other = Fragile(1, InvalidToken("no")), Fragile(0)
    loops = (
        Loop(LoopName.UPDATE_SOURCE, fragile.run, ends_process=True),
        Loop(LoopName.INBOX, other.run, ends_process=True),
    )
    async with housing(*loops) as house:
        with pytest.raises(InvalidToken):
            await asyncio.wait_for(house.supervisor.ended(), 10)
        await house.time.passes(1000)
        assert fragile.begun == 1
    assert growth("loop_failures_total", loop="update_source") == 1
    assert caplog.text.count("ends the process: InvalidToken") == 1


async def test_a_loop_that_runs_once_ends_when_it_succeeded() -> None:
    begun = 0

    async def run() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise RuntimeError("a slip")

    async with housing(Loop(LoopName.COMMAND_MENUS, run, runs_once=True)) as house:
        await house.time.passes(1000)
        assert house.supervisor.tasks[LoopName.COMMAND_MENUS].done()
    assert begun == 2


class Panic(BaseException):
    """What Rust raises in Python's name."""


@pytest.mark.parametrize("error", [None, asyncio.CancelledError(), Panic()])
async def test_no_end_is_taken_for_a_stop(
    caplog: pytest.LogCaptureFixture, error: BaseException | None
) -> None:
    ends = 3

    async def run() -> None:
        nonlocal ends
        ends -= 1
        if error is not None and ends >= 0:
            raise error
        if ends < 0:
            await asyncio.Event().wait()

    async with housing(Loop(LoopName.BACKLOG, run)) as house:
        await house.time.passes(1000)
        assert not house.supervisor.tasks[LoopName.BACKLOG].done()
    assert pauses(caplog) == [1, 2, 4]


async def test_an_essential_loop_that_simply_ends_is_an_error() -> None:
    async def run() -> None:
        """End at once."""

    async with housing(Loop(LoopName.INBOX, run, ends_process=True)) as house:
        with pytest.raises(LoopEndedError):
            await asyncio.wait_for(house.supervisor.ended(), 10)


async def test_loops_end_in_their_order_each_step_after_the_former() -> None:
    ended: list[StopOrder] = []

    def lasting(step: StopOrder) -> Act:
        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                # Those of a later step would be done by then, if they were told at once.
                for _ in range(10 * (len(StopOrder) - step)):
                    await asyncio.sleep(0)
                ended.append(step)

        return run

    names = (LoopName.HEARTBEAT, LoopName.DISPATCHER, LoopName.INBOX, LoopName.UPDATE_SOURCE)
    loops = zip(names, sorted(StopOrder, reverse=True), strict=True)
    async with housing(*(Loop(name, lasting(step), stops=step) for name, step in loops)):
        pass
    assert ended == [*StopOrder]


async def test_a_stray_cancellation_does_not_end_the_telling() -> None:
    async with housing(Loop(LoopName.BACKLOG, Fragile(1000).run)) as house:
        house.deaf = [asyncio.CancelledError()]
        await house.time.passes(60)
        assert house.told == [(LoopName.BACKLOG, True)]


async def test_a_loop_that_recovered_keeps_nothing_of_its_failure_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # pytest keeps what is logged, with its traceback.
    monkeypatch.setattr(bot.runtime.supervisor.logger, "disabled", True)

    class Held:
        pass

    held: list[ref[Held]] = []

    async def run() -> None:
        if not held:
            value = Held()
            held.append(ref(value))
            raise RuntimeError("a slip")
        await asyncio.Event().wait()

    async with housing(Loop(LoopName.BACKLOG, run)) as house:
        await house.time.passes(10)
        gc.collect()
        assert held[0]() is None


async def test_what_fails_while_it_stops_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("at the end")

    async with housing(Loop(LoopName.BACKLOG, run)):
        pass
    assert "loop backlog failed while it stopped" in caplog.text


def test_every_loop_has_its_words() -> None:
    words = {name for name in Catalogue.of("alerts").names if name.startswith("loop_")}
    assert words == {f"loop_{name}" for name in LoopName} | {"loop_fails", "loop_works"}


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, bot.runtime.supervisor, FIRST_PAUSE=0.001)
    tune(monkeypatch, bot.runtime.supervisor, LONGEST_PAUSE=0.01)
    tune(monkeypatch, bot.runtime.supervisor, LOOK_EVERY_SECONDS=0.01)
    # On a busy machine an attempt takes a while before it fails, and does not run well for that.
    tune(monkeypatch, bot.runtime.supervisor, WELL_AFTER_SECONDS=0.5)


class Troubled:
    """What stands in a repository's method and fails for a while."""

    def __init__(self, method: Callable[..., Awaitable[Any]], error: Exception) -> None:
        self.method = method
        self.error = error
        self.fails = True
        self.failures = 0

    def install(self, patch: pytest.MonkeyPatch, owner: type) -> None:
        async def troubled(repository: object, *given: Any, **named: Any) -> Any:
            if self.fails:
                self.failures += 1
                # A new one each time: its traceback would grow.
                raise type(self.error)(*self.error.args)
            return await self.method(repository, *given, **named)

        patch.setattr(owner, self.method.__name__, troubled)


@pytest.fixture(name="erasure")
def failing_erasure(monkeypatch: pytest.MonkeyPatch) -> Troubled:
    troubled = Troubled(Retention.apply, RuntimeError("a slip"))
    troubled.install(monkeypatch, Retention)
    return troubled


async def comes_to_a_sweep(stage: Stage) -> None:
    """Let the first start be noted, and the hour pass after which a sweep is due."""
    async with asyncio.timeout(10):
        while not await stage.rows(select(recurrences)):
            await stage.messenger.changed_or(0.01)
    stage.clock.passes(hours=2)


async def restarts(stage: Stage) -> None:
    await stage.stops()
    await stage.starts()


@pytest.mark.usefixtures("_hurried")
async def test_erasure_happens_after_it_has_failed(
    sme: Speaker, stage: Stage, erasure: Troubled, caplog: pytest.LogCaptureFixture
) -> None:
    growth = Growth()
    await sme.says("quel temps fait-il sur Mars ?")
    stage.clock.passes(days=Durations().question.days + 1)
    await restarts(stage)
    await until(stage, lambda: erasure.failures >= 3)
    assert await kept_questions(stage) == 1
    erasure.fails = False
    async with asyncio.timeout(10):
        while await kept_questions(stage):
            await stage.messenger.changed_or(0.01)
    assert growth("loop_failures_total", loop="retention") >= 3
    said = next(one for one in caplog.records if "loop retention failed" in one.message)
    assert said.exc_info
    assert isinstance(said.exc_info[1], RuntimeError)


async def kept_questions(stage: Stage) -> int:
    return int((await stage.rows(select(func.count()).select_from(questions)))[0][0])


@pytest.fixture
async def posted(stage: Stage) -> Stage:
    """The stage, to be restarted as a worker that Telegram posts to."""
    port = free_port()
    stage.posted = True
    stage.overrides = {
        "webhook_url": f"http://127.0.0.1:{port}/telegram",
        "webhook_secret": SecretStr(WORD),
        "listen_port": port,
    }
    return stage


@pytest.mark.usefixtures("_hurried")
async def test_administrators_and_readyz_learn_which_loop_keeps_failing(
    posted: Stage, administrator: Speaker, sme: Speaker, erasure: Troubled
) -> None:
    await comes_to_a_sweep(posted)
    await restarts(posted)
    await until(posted, lambda: told(administrator, FAILS) == 1)
    administrator.received("Effacer ce qui a été gardé assez longtemps", "référence E-")
    async with httpx.AsyncClient() as client:
        answer = await client.get(url(posted, "/readyz"))
        assert answer.status_code == 503
        assert answer.json()["checks"]["loops"] is False
        assert answer.json()["failing_loops"] == ["retention"]
        # Whoever asks is answered all the same.
        await sme.says("/aide")
        sme.sees("Ce que vous pouvez faire ici")
        erasure.fails = False
        # Alerts are told together, once a minute.
        await until(posted, lambda: not posted.running.parts.supervisor.failing)
        await until(posted, lambda: moves_on(posted) and told(administrator, WORKS) == 1)
        assert (await client.get(url(posted, "/readyz"))).json()["failing_loops"] == []
    assert told(administrator, FAILS) == 1


@pytest.mark.usefixtures("_hurried")
async def test_without_a_group_nothing_waits_to_be_told(stage: Stage, erasure: Troubled) -> None:
    await comes_to_a_sweep(stage)
    await stage.stops()
    stage.overrides = {"admin_chat_id": None}
    await stage.starts()
    supervisor = stage.running.parts.supervisor
    await until(stage, lambda: inside(supervisor, "courses")[LoopName.RETENTION].is_told)
    assert await stage.outbox_states() == []


def moves_on(stage: Stage) -> bool:
    """Let a minute pass, and have the outbox looked at."""
    stage.clock.passes(minutes=1)
    stage.running.parts.dispatcher.wake()
    return True


def told(speaker: Speaker, words: str) -> int:
    return sum(words in message.get("text", "") for message in speaker.messages())


async def test_a_token_that_is_refused_ends_the_service(stage: Stage) -> None:
    stage.messenger.faults.next("getUpdates", status=401, description="Unauthorized")
    stage.messenger.says(stage.messenger.sme, "/aide")
    with pytest.raises(InvalidToken):
        await asyncio.wait_for(stage.running.run(asyncio.Event()), 30)


async def test_a_server_that_does_not_know_a_method_is_asked_again(
    stage: Stage, sme: Speaker, caplog: pytest.LogCaptureFixture
) -> None:
    """PTB calls it a refused token as well."""
    stage.messenger.faults.next("getUpdates", status=404, description="Not Found")
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    await stage.stops()
    # A server without webhooks has none to remove.
    stage.messenger.faults.next("getWebhookInfo", status=404, description="Not Found")
    await stage.starts()
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    assert "this server knows no webhooks" in caplog.text


async def test_the_menus_are_told_once(stage: Stage) -> None:
    tasks = stage.running.parts.supervisor.tasks
    await asyncio.wait_for(tasks[LoopName.COMMAND_MENUS], 10)
    assert not any(task.done() for name, task in tasks.items() if name != LoopName.COMMAND_MENUS)


@pytest.mark.parametrize(
    "method",
    [Inbox.claim, Inbox.done, Outbox.claim, Outbox.forget],
    ids=lambda one: one.__qualname__,
)
async def test_a_driver_s_error_ends_one_piece_of_work(
    sme: Speaker,
    stage: Stage,
    method: Callable[..., Awaitable[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tune(monkeypatch, bot.runtime.lanes, PAUSE_AFTER_FAILURE=0.01)
    owner = Inbox if "Inbox" in method.__qualname__ else Outbox
    troubled = Troubled(method, sqlite3.ProgrammingError("not foreseen"))
    troubled.install(monkeypatch, owner)
    stage.messenger.says(sme.user, "/aide")
    await until(stage, lambda: troubled.failures > 0)
    troubled.fails = False
    await stage.settles()
    assert told(sme, "Ce que vous pouvez faire ici") + told(sme, "Une erreur s'est produite") >= 1
    tasks = stage.running.parts.supervisor.tasks
    assert not tasks[LoopName.INBOX].done()
    assert not tasks[LoopName.DISPATCHER].done()
    # What could not be marked as done is set aside.
    await stage.stops()


async def test_a_driver_s_error_in_setting_aside_or_postponing_ends_neither_worker(
    sme: Speaker, stage: Stage, administrator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.runtime.lanes, PAUSE_AFTER_FAILURE=0.01)
    setting_aside = Troubled(Inbox.set_aside, sqlite3.ProgrammingError("not foreseen"))
    postponing = Troubled(Outbox.postpone, sqlite3.ProgrammingError("not foreseen"))
    setting_aside.install(monkeypatch, Inbox)
    postponing.install(monkeypatch, Outbox)
    stage.messenger.delivers({"message": {"message_id": "no"}})
    stage.messenger.faults.next("sendMessage", status=502)
    stage.messenger.says(sme.user, "/aide")
    await until(stage, lambda: setting_aside.failures > 0 and postponing.failures > 0)
    setting_aside.fails = postponing.fails = False
    # What was put off meanwhile is tried again once its time has come.
    answer = "Ce que vous pouvez faire ici"
    await until(stage, lambda: moves_on(stage) and told(sme, answer) == 1)
    await stage.settles()
    sme.received("Ce que vous pouvez faire ici")
    administrator.received("Erreur technique E-")
    await stage.stops()


async def test_updates_that_cannot_be_kept_for_an_unknown_reason_come_again(
    sme: Speaker,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tune(monkeypatch, bot.inbox.polling, LONGEST_PAUSE=0.01)
    troubled = Troubled(Inbox.add, sqlite3.ProgrammingError("not foreseen"))
    troubled.install(monkeypatch, Inbox)
    stage.messenger.says(sme.user, "/aide")
    await until(stage, lambda: troubled.failures > 1)
    troubled.fails = False
    await stage.settles()
    sme.received("Ce que vous pouvez faire ici")
    said = next(one for one in caplog.records if "updates cannot be fetched" in one.message)
    assert (said.levelno, said.exc_info is not None) == (logging.ERROR, True)


class Beaten(Heartbeat):
    """A heartbeat whose beats do what a test says."""

    def __init__(self, beat: Act) -> None:
        super().__init__(_nowhere, "here")
        self._act = beat

    async def beat(self) -> None:
        await self._act()


def _nowhere() -> Any:
    raise LookupError("there is no database")


@pytest.fixture
def _fast_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.heartbeat, "BEAT", timedelta(0))


@pytest.mark.usefixtures("_fast_beats")
async def test_a_heartbeat_ends_once_the_beat_under_way_is_done() -> None:
    began, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def beat() -> None:
        began.set()
        await may_end.wait()
        ended.set()

    task = asyncio.create_task(Beaten(beat).run())
    await began.wait()
    task.cancel()
    await turns()
    assert not task.done()
    may_end.set()
    await asyncio.wait([task], timeout=10)
    assert (task.cancelled(), ended.is_set()) == (True, True)


@pytest.mark.usefixtures("_fast_beats")
async def test_a_heartbeat_leaves_what_it_does_not_know_to_its_supervisor() -> None:
    async def beat() -> None:
        raise sqlite3.ProgrammingError("not foreseen")

    heartbeat = Beaten(beat)
    put_inside(heartbeat, "seen", {"there": (1, 0.0)})
    with pytest.raises(sqlite3.ProgrammingError):
        await asyncio.wait_for(heartbeat.run(), 10)
    # While nobody could beat, nobody died of it.
    assert inside(heartbeat, "seen") == {}


async def test_only_who_shares_a_database_beats(stage: Stage) -> None:
    assert LoopName.HEARTBEAT not in stage.running.parts.supervisor.tasks


async def test_a_worker_shows_that_it_lives_while_it_waits_for_telegram(
    stage: Stage, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = asyncio.Event()
    tune(monkeypatch, Service, meet_telegram=lambda _service: met.wait())
    await stage.stops()
    stage.url = await postgres.create(migrated=True)
    starting = asyncio.create_task(stage.starts())
    await until(stage, lambda: bool(stage.service and running_loops(stage)))
    assert not starting.done()
    assert set(running_loops(stage)) == {LoopName.HEARTBEAT}
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await stage.stops()
    await postgres.drop(stage.url)


def running_loops(stage: Stage) -> Collection[LoopName]:
    return stage.running.parts.supervisor.tasks
