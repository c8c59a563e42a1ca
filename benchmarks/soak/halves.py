"""The two halves of a soak: one polling bot on SQLite; two webhook workers on PostgreSQL."""

import asyncio
import shutil
import socket
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

import knowledge
from benchmarks.soak.bots import ADMINISTRATORS, FACILITATORS, Bot
from benchmarks.soak.chaos import Chaos, Scene
from benchmarks.soak.expectations import is_sound, speaker
from benchmarks.soak.faulty_telegram import FaultyTelegram
from benchmarks.soak.ledger import Facts, Generated, Ledger, LedgerConversation, Stored, settle
from benchmarks.soak.mail import SECRET, Mail
from benchmarks.soak.postgres import Postgres
from benchmarks.soak.record import Record
from benchmarks.soak.simulated_people import Crowd, Json
from benchmarks.soak.updates_from_schema import Maker
from benchmarks.soak.weather import Weather
from bot.runtime.error_reference import CrashedError
from storage.engine.engines import close_engine, open_engine
from storage.operations.inspect import inspect_database

KNOWLEDGE = Path(knowledge.__file__).parent
PROJECTS = (
    "mutualisation-ressources",
    "talents-relations-entreprises",
    "recensement-public-projets",
)
_PEOPLE = 24
_THINK_SECONDS = 1.0
_DRAIN_SECONDS = 120.0
_LOOK_EVERY_SECONDS = 5.0
_FIRST_CHAT = 900_000_000
_MARKS = text("SELECT company, message, status FROM interests")
_COUNT = "SELECT count(*) FROM {table} WHERE state = '{state}'"


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a half: ``seconds`` of chaos, ``made_up`` updates of each sort."""

    name: str
    seconds: float
    made_up: int
    seed: int


@dataclass(frozen=True, slots=True)
class HalfResult:
    """The results of a half: the ledger, the injected faults, the bots' log lines."""

    plan: Plan
    ledger: Ledger
    counts: dict[str, int]
    log_lines: Counter[str]
    seconds: float


class Half:
    """One half: a stand-in for Telegram, simulated people, the bots and their database."""

    def __init__(self, plan: Plan, folder: Path, bots: int, postgres: Postgres | None) -> None:
        self._plan = plan
        self._folder = folder
        self._postgres = postgres
        self._ports = [_free_port() for _ in range(bots)] if postgres else []
        self._weather = Weather(plan.seed)
        self._record = Record()
        self._mail = Mail(plan.seed, self._ports)
        self._telegram = FaultyTelegram(self._record, self._mail, self._weather)
        self._crowd = Crowd(self._record, self._mail, PROJECTS, plan.seed)
        self._generated: list[tuple[int, Json]] = []
        self._url = postgres.url if postgres else f"sqlite+aiosqlite:///{folder}/bot.db"
        self._knowledge = folder / "knowledge"
        self._bots: list[Bot] = []

    async def run(self) -> HalfResult:
        """Rehearse, inject faults, wait until all is handled, then draw up the ledger."""
        began = time.monotonic()
        await self._telegram.start()
        self._prepare()
        chaos = Chaos(Scene(self._bots, self._knowledge, self._postgres), self._plan.seed)
        try:
            for bot in self._bots:
                bot.start()
            await self._crowd.rehearse()
            self._say("rehearsed")
            await self._rage(chaos)
            self._say("chaos is over")
            await self._rest()
            facts = await self._facts()
        finally:
            await asyncio.gather(*(bot.stop() for bot in self._bots))
            await self._mail.close()
            await self._telegram.stop()
        ledger = settle(facts)
        ledger.blame("a bot did not end well", [b.name for b in self._bots if b.exit_code])
        return self._outcome(ledger, chaos, time.monotonic() - began)

    def _say(self, what: str) -> None:
        progress = f"{len(self._mail.sent)} updates, {self._mail.waiting} not confirmed"
        print(f"{self._plan.name}: {what}; {progress}", flush=True)

    def _prepare(self) -> None:
        shutil.copytree(
            KNOWLEDGE,
            self._knowledge,
            ignore=shutil.ignore_patterns("*.py", "__pycache__", "history"),
        )
        settings = {
            "TELEGRAM_API_URL": self._telegram.url,
            "DATABASE_URL": self._url,
            "KNOWLEDGE_DIR": str(self._knowledge),
            "XDG_CACHE_HOME": str(self._folder.parent / "cache"),
            "MESSAGES_PER_SECOND": "0",
            "WEBHOOK_SECRET": SECRET,
        }
        if not self._ports:
            self._bots = [Bot(f"{self._plan.name}-1", "run", self._folder, settings)]
        for number, port in enumerate(self._ports, 1):
            # One address for all workers, as behind a load balancer; ``Mail`` picks a worker
            # itself.
            address = f"http://127.0.0.1:{self._ports[0]}/telegram"
            own = {"WEBHOOK_URL": address, "LISTEN_PORT": str(port)}
            name = f"{self._plan.name}-{number}"
            self._bots.append(Bot(name, "serve", self._folder, settings | own))

    async def _rage(self, chaos: Chaos) -> None:
        self._foul(foul=True)
        ends = time.monotonic() + self._plan.seconds
        people = [self._crowd.perform(ends, _THINK_SECONDS) for _ in range(_PEOPLE)]
        performing = asyncio.gather(*people)
        await asyncio.gather(chaos.rage(self._plan.seconds), self._make_up())
        self._foul(foul=False)
        self._say("the last people finish")
        await performing

    def _foul(self, *, foul: bool) -> None:
        self._weather.is_foul = foul
        self._mail.is_foul = foul

    async def _make_up(self) -> None:
        """Send generated updates, evenly over the time of the half."""
        count = self._plan.made_up
        maker = Maker(self._plan.seed, first_chat=_FIRST_CHAT)
        for number, update in enumerate((*maker.valid(count), *maker.spoilt(count)), 1):
            await asyncio.sleep(self._plan.seconds / (2 * count))
            update_id = self._mail.send(_FIRST_CHAT + number, update)
            self._generated.append((_FIRST_CHAT + number, {"update_id": update_id} | update))

    async def _rest(self) -> None:
        """Wait until no work is left, or time is up; the ledger reports what is left."""
        ends = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < ends:
            left = await self._left()
            self._say(f"rows that wait: {left}")
            if not any(left) and not self._mail.waiting:
                return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _left(self) -> tuple[int, ...]:
        """Count the rows that wait in the inbox and in the outbox."""
        counts = await self._read(
            *(text(_COUNT.format(table=table, state="waiting")) for table in ("inbox", "outbox"))
        )
        return tuple(rows[0][0] for rows in counts)

    async def _read(self, *statements: Json) -> list[Json]:
        engine = open_engine(make_url(self._url))
        try:
            async with engine.connect() as connection:
                return [(await connection.execute(statement)).all() for statement in statements]
        finally:
            await close_engine(engine)

    async def _facts(self) -> Facts:
        chats = self._record.chats
        return Facts(
            sent=frozenset(self._mail.sent),
            conversations=[
                LedgerConversation(
                    person.mark,
                    chats[person.chat].accepted,
                    self._crowd.shapes(person),
                    person.finished,
                    person.entrusted,
                    person.withdrew,
                )
                for person in self._crowd.people
            ],
            generated=[self._made_up(chat, update) for chat, update in self._generated],
            administrators=chats[ADMINISTRATORS].accepted,
            facilitators=chats[FACILITATORS].accepted,
            stored=await self._stored(),
            kills=[kill for bot in self._bots for kill in bot.kills],
            unforeseen=[line for bot in self._bots for line in bot.unforeseen],
        )

    def _made_up(self, chat: int, update: Json) -> Generated:
        return Generated(
            update["update_id"],
            is_sound(update),
            speaker(update) == chat,
            [call for own in (chat, -chat) for call in self._record.chats[own].accepted],
        )

    async def _stored(self) -> Stored:
        inbox, marks, waiting, parked = await self._read(
            text("SELECT update_id, state, reference FROM inbox"),
            _MARKS,
            text(_COUNT.format(table="outbox", state="waiting")),
            text("SELECT error FROM outbox WHERE state = 'parked'"),
        )
        crashed = sum(row.error.startswith(CrashedError.__name__) for row in parked)
        return Stored(
            states={row.update_id: row.state for row in inbox},
            references={row.update_id: row.reference for row in inbox if row.reference},
            waiting=waiting[0][0],
            parked=len(parked) - crashed,
            crashed=crashed,
            marks=[_agreed(row.company, row.message) for row in marks],
            withdrawn=[
                _agreed(row.company, row.message) for row in marks if row.status == "withdrawn"
            ],
            faults=[str(fault) for fault in await inspect_database(self._url)],
        )

    def _outcome(self, ledger: Ledger, chaos: Chaos, seconds: float) -> HalfResult:
        counts = Counter(chaos.counts) + self._mail.counts
        counts += Counter({f"calls: {fault.value}": n for fault, n in self._weather.counts.items()})
        counts["acts that people repeated"] = self._crowd.retries
        counts["starts that failed"] = sum(bot.failed_starts for bot in self._bots)
        lines: Counter[str] = sum((bot.log_lines for bot in self._bots), Counter())
        return HalfResult(self._plan, ledger, dict(counts), lines, seconds)


def _agreed(company: str, message: str) -> str:
    """Return the mark of a request: the company and the message must have the same mark."""
    mark = company.rsplit(maxsplit=1)[-1]
    return mark if mark in message else f"{mark} with the message of another"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
