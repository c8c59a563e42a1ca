"""An attacker among the people: the others are answered as fast as before, and nothing grows.

The rate limit of a chat is off: minutes do what hours would at the permitted pace. Facilitators
look at their lists meanwhile, as they would.
"""

import asyncio
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

import knowledge
from benchmarks.soak.attacker import Attacker
from benchmarks.soak.bots import ADMINISTRATORS, FACILITATORS, Bot
from benchmarks.soak.faulty_telegram import FaultyTelegram
from benchmarks.soak.halves import PROJECTS
from benchmarks.soak.mail import Mail
from benchmarks.soak.postgres import Postgres
from benchmarks.soak.record import Record
from benchmarks.soak.simulated_people import Crowd
from benchmarks.soak.weather import Weather
from storage.engine.engines import close_engine, open_engine

MOST_WAIT_SECONDS = 2.0
MOST_GROWTH = 0.10
_PEOPLE = 8
_THINK_SECONDS = 2.0
_ACTS_A_SECOND = 5.0
_LOOK_EVERY_SECONDS = 5.0
_FACILITATOR = 555_000_001
_LOOKS = ("/sansreponse", "/historique")
_TABLES = ("inbox", "outbox", "questions", "interests", "conversations", "conversation_messages")


@dataclass(frozen=True, slots=True)
class Siege:
    """What an attack did: ``waits`` in seconds and ``megabytes`` of memory, in order of time.

    ``team`` counts the messages to both groups, ``rows`` what the tables hold at the end.
    """

    database: str
    acts: int
    seconds: float
    waits: tuple[float, ...]
    megabytes: tuple[float, ...]
    team: int
    rows: dict[str, int]
    ended: int | None

    @property
    def growth(self) -> float:
        """The growth of the memory between the second and the last fifth, as a share."""
        fifth = max(1, len(self.megabytes) // 5)
        warm, last = self.megabytes[fifth : 2 * fifth], self.megabytes[-fifth:]
        return statistics.median(last) / statistics.median(warm) - 1

    @property
    def problems(self) -> list[str]:
        """Sentences about what is wrong."""
        slow = sum(wait > MOST_WAIT_SECONDS for wait in self.waits)
        found: list[str] = []
        if not self.waits:
            found.append("nobody else was answered")
        if slow:
            found.append(f"{slow} of {len(self.waits)} steps took over two seconds")
        if self.growth > MOST_GROWTH:
            found.append(f"the memory grew by {self.growth:.0%}")
        if self.ended:
            found.append(f"the bot ended with {self.ended}")
        return [f"attack on {self.database}: {each}" for each in found]

    def summary(self) -> str:
        """Return the figures, a line each kind."""
        waits = sorted(self.waits) or [0.0]
        middle, late = statistics.median(waits), waits[len(waits) * 99 // 100]
        rows = ", ".join(f"{name} {count:,}" for name, count in self.rows.items())
        return (
            f"{self.database}: {self.acts:,} updates of an attacker in {self.seconds:.0f} s\n"
            f"{len(waits):,} steps of others: half answered within {middle:.2f} s, "
            f"99 % within {late:.2f} s, all within {waits[-1]:.2f} s\n"
            f"memory {max(self.megabytes):.0f} MB at most, {self.growth:+.1%} since the second "
            f"fifth; {self.team:,} messages to the team\n"
            f"rows: {rows}"
        )


async def soak(seconds: float, seed: int, folder: Path, postgres: Postgres | None) -> Siege:
    """Run one bot, on SQLite or this server, people, facilitators and the attacker."""
    record, mail = Record(), Mail(seed)
    telegram = FaultyTelegram(record, mail, Weather(seed))
    await telegram.start()
    url = postgres.url if postgres else f"sqlite+aiosqlite:///{folder}/bot.db"
    bot = Bot("attack-1", "run", folder, _settings(folder, telegram.url) | {"DATABASE_URL": url})
    crowd, attacker = Crowd(record, mail, PROJECTS, seed), Attacker(record, mail, seed)
    bot.start()
    try:
        await crowd.rehearse()
        crowd.waits.clear()
        began = time.monotonic()
        ends = began + seconds
        megabytes: list[float] = []
        await asyncio.gather(
            attacker.attack(ends, _ACTS_A_SECOND),
            _facilitate(mail, ends),
            _watch(bot, megabytes, ends),
            *(crowd.perform(ends, _THINK_SECONDS) for _ in range(_PEOPLE)),
        )
        team = sum(len(record.chats[group].accepted) for group in (ADMINISTRATORS, FACILITATORS))
        took = time.monotonic() - began
    finally:
        await bot.stop()
        await mail.close()
        await telegram.stop()
    rows = await _rows(url)
    name, waits = make_url(url).get_backend_name(), tuple(crowd.waits)
    return Siege(name, attacker.sent, took, waits, tuple(megabytes), team, rows, bot.exit_code)


def _settings(folder: Path, api: str) -> dict[str, str]:
    ignore = shutil.ignore_patterns("*.py", "__pycache__", "history")
    shutil.copytree(Path(knowledge.__file__).parent, folder / "knowledge", ignore=ignore)
    return {
        "TELEGRAM_API_URL": api,
        "KNOWLEDGE_DIR": str(folder / "knowledge"),
        "XDG_CACHE_HOME": str(folder.parent / "cache"),
        "MESSAGES_PER_SECOND": "0",
    }


async def _facilitate(mail: Mail, ends: float) -> None:
    """Look at the facilitators' lists now and then."""
    number = 0
    while time.monotonic() < ends:
        number += 1
        look = _LOOKS[number % len(_LOOKS)]
        sender = {"id": _FACILITATOR, "is_bot": False, "first_name": "Facilitatrice"}
        chat = {"id": FACILITATORS, "type": "supergroup", "title": "X"}
        message = {"message_id": number, "date": 1_795_000_000, "chat": chat, "from": sender}
        entity = {"type": "bot_command", "offset": 0, "length": len(look)}
        mail.send(FACILITATORS, {"message": message | {"text": look, "entities": [entity]}})
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _watch(bot: Bot, megabytes: list[float], ends: float) -> None:
    while time.monotonic() < ends:
        megabytes.append(bot.megabytes)
        await asyncio.sleep(1)


async def _rows(url: str) -> dict[str, int]:
    engine = open_engine(make_url(url))
    try:
        async with engine.connect() as connection:
            counts: Sequence[int] = [
                int(await connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0)  # noqa: S608 - names of this module
                for name in _TABLES
            ]
    finally:
        await close_engine(engine)
    return dict(zip(_TABLES, counts, strict=True))
