"""What all tests share: the shipped knowledge, loaded once, and a stage for dialogues."""

import asyncio
import fcntl
import gc
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from compiled_once import compiled_once  # noqa: F401 (a fixture)
from dialogue import Speaker, Stage, inside, tune, unfailing
from hypothesis import settings
from learnt_models import LearntModels, NotingStore
from lower_limits import low_limits  # noqa: F401 (a fixture)
from postgres import postgres_server  # noqa: F401 (a fixture)
from storage_fixtures import blank_file  # noqa: F401 (a fixture)

import knowledge.loading
from bot.content.compiler import cache_folder
from bot.runtime import event_loop
from bot.runtime.supervisor import LoopName
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling
from knowledge.ranking.encoder import Encoder, UniversalSentenceEncoder
from knowledge.ranking.model_store import ModelStore
from storage.database import Database
from storage.queues.measure import Mistakes
from storage.unit_of_work import UnitOfWork

SHIPPED = Path(knowledge.__file__).parent
_A_DAY = 86_400
# A busy machine is slow, and that is no fault of what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the bot runs on."""
    return {"bot": event_loop.factory()}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what needs meaning: it takes longest to learn, and the others go on meanwhile."""
    items.sort(key=lambda item: "understood" not in getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Let the collector pass over the tests themselves, and as rarely as in the bot."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*inside(event_loop, "BETWEEN_COLLECTIONS"))


@pytest.fixture(scope="session", autouse=True)
def _frozen_once() -> Iterator[None]:
    # Each bot that starts freezes all there is, and so the circles of each test before it for ever.
    with pytest.MonkeyPatch.context() as patch:
        tune(patch, "bot.service", spare_from_collection=lambda: None)
        yield


async def _sleep_briefly(seconds: float) -> None:
    await asyncio.sleep(min(seconds, 0.01))


@pytest.fixture(scope="session", autouse=True)
def _no_thread_within_a_transaction() -> Iterator[None]:
    """Whoever waits for a thread holds a transaction open meanwhile, and everybody waits."""
    genuine_begin, genuine_to_thread = Database.begin, asyncio.to_thread
    holder: ContextVar[asyncio.Task[Any] | None] = ContextVar("holder", default=None)

    @asynccontextmanager
    async def begin(self: Database) -> AsyncIterator[UnitOfWork]:
        async with genuine_begin(self) as work:
            holder.set(asyncio.current_task())
            try:
                yield work
            finally:
                holder.set(None)

    async def to_thread(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        assert holder.get() is not asyncio.current_task(), f"{function} within a transaction"
        return await genuine_to_thread(function, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "begin", begin)
        patch.setattr(asyncio, "to_thread", to_thread)
        yield


@pytest.fixture(scope="session", autouse=True)
def _prompt_servers() -> Iterator[None]:
    # uvicorn looks every tenth of a second whether it is to stop: each test of a server would wait.
    brief = SimpleNamespace(**vars(asyncio) | {"sleep": _sleep_briefly})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uvicorn.server.asyncio", brief)
        yield


@pytest.fixture(autouse=True)
def _no_logs_of_others() -> Iterator[None]:
    # Who runs a command sets logs up, onto a stream that is closed after the test.
    root, hook = logging.getLogger(), sys.excepthook
    before, level = root.handlers[:], root.level
    yield
    sys.excepthook = hook
    root.setLevel(level)
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)


@pytest.fixture(scope="session", autouse=True)
def _no_call_that_telegram_would_refuse() -> None:
    """A message that no division makes right fails the test, where a person would get it cut."""
    Mistakes.are_raised = True


@pytest.fixture(scope="session", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """Compiled models of this run, for all its processes: each is learnt once."""
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    cache = run / "cache"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    cache.mkdir(exist_ok=True)
    return ModelStore(cache / "territoires-industrie-bot")


@pytest.fixture(scope="session")
def learnt(pytestconfig: pytest.Config) -> LearntModels:
    """What earlier runs learnt of the shipped knowledge, beside what pytest itself remembers."""
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    return LearntModels(cache and cache.mkdir("learnt"))


def learnt_once(learnt: LearntModels, encoder: Encoder | None = None) -> Knowledge:
    """Load the shipped knowledge: one process of the run learns, the others read what it kept."""
    name, cache = encoder.name if encoder else "letters", cache_folder()
    with (Path(os.environ["XDG_CACHE_HOME"]) / f"{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_first = not lock.tell()
        if is_first:
            learnt.bring(name, cache)
        store = NotingStore(cache)
        compiling = Compiling(encoder, store=store)
        found = knowledge.loading.load(SHIPPED, fictitious=True, compiling=compiling)
        if is_first and store.asked:
            learnt.keep(name, cache, store.asked)
            # Only the latest models are kept, and tests learn small ones by the dozen.
            os.utime(cache / f"{store.asked}.npz", (time.time() + _A_DAY,) * 2)
            lock.write("kept")
        return found


@pytest.fixture(scope="session")
def shipped(models: ModelStore, learnt: LearntModels) -> Knowledge:
    """The shipped knowledge, with the fictitious projects."""
    del models
    return learnt_once(learnt)


@pytest.fixture(scope="session")
def understood(models: ModelStore, learnt: LearntModels) -> Knowledge:
    """The shipped knowledge as it serves: with the encoder of meaning."""
    del models
    return learnt_once(learnt, UniversalSentenceEncoder(cache_folder()))


@pytest.fixture(scope="session")
def _read() -> dict[Path, Knowledge]:
    return {}


@pytest.fixture
def _read_once(
    shipped: Knowledge, _read: dict[Path, Knowledge], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let commands find the shipped files read, but for the first: to read them takes seconds."""
    # And learnt: two that learn at once would each learn all of it.
    del shipped

    def load(directory: Path, *, compiling: Compiling) -> Knowledge:
        if directory != SHIPPED or compiling.encoder:
            return knowledge.loading.load(directory, compiling=compiling)
        if directory not in _read:
            _read[directory] = knowledge.loading.load(directory, compiling=compiling)
        return _read[directory]

    monkeypatch.setattr("bot.commands.ask_and_check.load", load)


@pytest.fixture
async def stage(
    shipped: Knowledge,
    tmp_path: Path,
    blank_file: Path,  # noqa: F811 (a fixture)
) -> AsyncIterator[Stage]:
    """A preview and a bot; fails where a handler failed and the test did not expect it."""
    async with unfailing(shipped, tmp_path, blank_file, briefly=True) as stage:
        yield stage


@pytest.fixture
async def whole_stage(
    shipped: Knowledge,
    tmp_path: Path,
    blank_file: Path,  # noqa: F811 (a fixture)
) -> AsyncIterator[Stage]:
    """A stage whose bot has told Telegram its menus."""
    async with unfailing(shipped, tmp_path, blank_file) as stage:
        await stage.running.parts.supervisor.tasks[LoopName.COMMAND_MENUS]
        yield stage


@pytest.fixture
def sme(stage: Stage) -> Speaker:
    """The boss of a small firm, in a private chat."""
    return stage.person()


@pytest.fixture
def other_sme(stage: Stage) -> Speaker:
    """Another one."""
    return stage.person(stage.messenger.second_sme)


@pytest.fixture
def administrator(stage: Stage) -> Speaker:
    """One of the administrators, in their group."""
    return stage.member(stage.messenger.administrators)
