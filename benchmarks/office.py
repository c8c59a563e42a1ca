"""Weeks of an office: forty requests, three administrators of whom two forget.

``python -m benchmarks.office`` lives them on a real database, with the real moves and reminders,
until all requests are closed. It prints how many firms waited in silence longer than the settings
allow (none may), and how many messages each administrator got a day (at most six).
"""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from telegram import Update

from bot.recurring.reminders import Reminders
from handlers import deliveries
from handlers.administration.introduction_words import particulars_of
from handlers.administration.recipients import recipient_of
from handlers.core.office import Office
from handlers.core.posting import Posting
from handlers.core.services import Identity, Services
from handlers.core.turn import Turn
from handlers.messages import PARIS
from handlers.requests import moves
from storage.database import Database
from storage.queues.outbox import Audience, Pending
from storage.records.interests import (
    Actor,
    ContactKind,
    Ending,
    EventKind,
    Interest,
    NewInterest,
    Particulars,
    Party,
    Reason,
    Role,
    Status,
)
from storage.records.introductions import Agreement
from storage.unit_of_work import UnitOfWork

GROUP = -1_002_000
FIRMS, ADMINISTRATORS = 40, 3
MOST_MESSAGES_A_DAY = 6
_FIRST_FIRM, _FIRST_ADMINISTRATOR = 10_000, 500
_REQUESTS_A_DAY, _LONGEST_DAYS = 4, 250
# How often those who forget take a request, a day, and do something about one that they have.
_TAKES, _REMEMBERS = 0.5, 0.02
_MONDAY = datetime(2026, 4, 27, 7, 30, tzinfo=UTC)
# A refusal after which a call is made again, so much later.
TROUBLE = "trouble"
_PAUSE = timedelta(minutes=5)
_AUDIENCES = (Audience.PERSON, Audience.ADMINISTRATORS)


@dataclass(frozen=True, slots=True)
class Message:
    """A message that reached a person or the group."""

    at: datetime
    chat_id: int
    text: str
    # That of its row in the outbox.
    number: int


@dataclass(slots=True)
class World:
    """A database, the clock, and Telegram as far as an office sees it."""

    folder: Path
    now: datetime = _MONDAY
    url: str = ""
    office: Office = field(default_factory=Office)
    database: Database = field(init=False)
    services: Services = field(init=False)
    delivered: list[Message] = field(default_factory=list)
    asked: list[tuple[datetime, int]] = field(default_factory=list)
    # Telegram's refusal of a call, by the chat it goes to; none: it is delivered.
    refuses: Callable[[int], str | None] = lambda _chat_id: None
    _last_message: int = 0
    _last_update: int = 0

    def __post_init__(self) -> None:
        """Open the database, and say nothing yet."""
        identity = Identity("Territoires", "equipe@example.fr", "", "", "")
        # Nobody asks a question here; only whether there are projects is looked at.
        known: Any = SimpleNamespace(projects=("a project",))
        self.services = Services(known, identity, lambda: self.now, admin_chat_id=GROUP)
        self.services.office = self.office
        self.reopen()

    def reopen(self) -> None:
        """Take the database up as a process does that has just started."""
        self.database = self.another_process()

    def another_process(self) -> Database:
        """Return the database as one more process sees it; an SQLite file has but one."""
        url = self.url or f"sqlite+aiosqlite:///{self.folder}/bot.db"
        return Database(url, clock=lambda: self.now)

    async def declares(
        self, telegram_id: int, project: str | None, lead: str | None = None
    ) -> Interest | None:
        """Let a firm declare a request; None where that very one is known already."""
        async with self.database.begin() as work:
            person = await work.people.seen(telegram_id)
            recorded = await work.interests.register(person.id, _request(project, lead, self.now))
            if recorded.created:
                self._last_update += 1
                turn = Turn(self.services, work, Update(self._last_update))
                await moves.declared(turn, recorded.interest)
        return recorded.interest if recorded.created else None

    async def makes(self, interest_id: int, kind: EventKind, actor: Actor) -> bool:
        """Let somebody make a move; whether it was legal."""
        answers = {
            EventKind.CLOSE: Particulars(outcome=Ending.SUCCESS),
            EventKind.REFUSE: Particulars(reason=Reason.OTHER),
        }
        async with self.database.begin() as work:
            posting = Posting(self.services, work)
            particulars = answers.get(kind, Particulars())
            return (await moves.make(posting, interest_id, kind, actor, particulars)).won

    async def introduces(self, interest: Interest, actor: Actor) -> bool:
        """Put a firm in touch with the lead of its project, if it agreed to that; whether it was.

        A request without a project needs nobody else here.
        """
        async with self.database.begin() as work:
            posting, particulars = Posting(self.services, work), Particulars()
            if interest.project_id is not None:
                recipient = await recipient_of(posting, interest)
                if recipient is None or recipient.state is not Agreement.AGREED:
                    return False
                particulars = particulars_of(recipient)
            kind = EventKind.INTRODUCE
            return (await moves.make(posting, interest.id, kind, actor, particulars)).won

    async def withdraws(self, interest_id: int, person_id: int) -> bool:
        """Let a firm withdraw its request."""
        async with self.database.begin() as work:
            return (await moves.withdraw(Posting(self.services, work), interest_id, person_id)).won

    async def notes(self, interest: Interest, actor: Actor) -> None:
        """Let an administrator do something that is no move."""
        async with self.database.begin() as work:
            await work.interests.record(interest, EventKind.NOTE, actor, note="seen")
            await moves.touched(Posting(self.services, work), interest)

    async def requests(self) -> Sequence[Interest]:
        """Return all requests."""
        async with self.database.begin() as work:
            firms = [await work.people.of_account(_FIRST_FIRM + number) for number in range(FIRMS)]
            known = [firm.id for firm in firms if firm is not None]
            found = await work.interests.of_people(known)
        return [interest for of_firm in found.values() for interest in of_firm]

    async def catches_up(
        self, announce: Callable[[], None] = lambda: None, database: Database | None = None
    ) -> None:
        """Do what the clock of requests does every minute."""

        async def ask(_posting: Posting, interest: Interest) -> None:
            self.asked.append((self.now, interest.id))

        process = database or self.database
        await Reminders(process, self.services, announce, ask).catch_up()

    async def delivers(self) -> None:
        """Let Telegram take, or refuse, all that waits."""
        while True:
            async with self.database.begin() as work:
                claimed = await work.outbox.claim(
                    self.database.worker,
                    (),
                    100,
                    _AUDIENCES,
                    in_hours=self.office.is_open(self.now),
                )
                for item in claimed:
                    await self._deliver(work, item)
            if not claimed:
                return

    async def _deliver(self, work: UnitOfWork, item: Pending) -> None:
        chat_id = item.chat_id if item.chat_id is not None else GROUP
        why = self.refuses(chat_id)
        if why == TROUBLE:
            await work.outbox.postpone(item.id, self.now + _PAUSE, why, self.database.worker)
            return
        if why is not None:
            await work.people.blocked(chat_id)
            await work.outbox.park(item.id, why)
            await deliveries.failed(work, item, why, self.services)
            return
        self._last_message += 1
        await work.outbox.sent(item.id, chat_id, self._last_message)
        if not item.edits:
            text = str(item.payload.get("text"))
            self.delivered.append(Message(self.now, chat_id, text, item.id))


def _request(project: str | None, lead: str | None, now: datetime) -> NewInterest:
    return NewInterest(
        project_id=project,
        project_title=f"Projet {project}",
        project_lead=lead,
        company="Mécanique du Delta",
        contact_name="Samira Costa",
        contact_kind=ContactKind.EMAIL,
        contact="samira@example.fr",
        consent_at=now,
        role=Role.PARTICIPATE,
    )


def administrator(number: int) -> Actor:
    """Return an administrator: 0 does the work, the others forget."""
    return Actor(Party.ADMINISTRATOR, _FIRST_ADMINISTRATOR + number, f"Administrateur {number + 1}")


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of the weeks: ``most_a_day`` is of each administrator."""

    days: int
    closed: int
    silent: int
    most_a_day: tuple[int, ...]
    longest_wait: int


async def live(folder: Path, seed: int = 1) -> Figures:
    """Live the weeks until every request is closed; raises where that takes a year."""
    chance, world = random.Random(seed), World(folder)  # noqa: S311 - no secret
    await world.database.migrate()
    try:
        await world.catches_up()
        # The third administrator never wrote to the bot: it cannot write to them in private.
        async with world.database.begin() as work:
            for number in range(ADMINISTRATORS - 1):
                await work.people.seen(_FIRST_ADMINISTRATOR + number)
        silent: set[int] = set()
        longest = days = 0
        while days < _LONGEST_DAYS:
            days += 1
            world.now += timedelta(days=1)
            await _live_day(world, chance, days)
            found = await world.requests()
            waiting = [each for each in found if each.status in _WAITING]
            waits = await silences(world, waiting)
            longest = max([longest, *waits])
            late = [wait > _longest_silence(world.office) for wait in waits]
            silent |= {each.id for each, is_late in zip(waiting, late, strict=True) if is_late}
            if len(found) == FIRMS and all(each.status is Status.CLOSED for each in found):
                return Figures(days, len(found), len(silent), _most_a_day(world), longest)
        raise RuntimeError("some requests were never closed")
    finally:
        await world.database.close()


def _longest_silence(office: Office) -> int:
    """Return how many working days a firm may wait without a word, by the settings."""
    return max(office.second_reminder_days, 2 * office.untouched_days + 1)


_WAITING = frozenset({Status.RECEIVED, Status.TAKEN})


async def silences(world: World, waiting: Sequence[Interest]) -> list[int]:
    """Return for how many working days each firm that waits has heard nothing."""
    last: dict[int, datetime] = {}
    for message in world.delivered:
        last[message.chat_id] = message.at
    async with world.database.begin() as work:
        firms = [await work.people.get(each.person_id or 0) for each in waiting]
    told = [last.get(firm.telegram_id) if firm else None for firm in firms]
    return [
        world.office.waited(max(each.created_at, at or each.created_at), world.now)
        for each, at in zip(waiting, told, strict=True)
    ]


async def _live_day(world: World, chance: random.Random, day: int) -> None:
    await world.catches_up()
    await world.delivers()
    if not world.office.is_open(world.now):
        return
    known = await world.requests()
    for number in range(len(known), min(len(known) + _REQUESTS_A_DAY, FIRMS)):
        await world.declares(_FIRST_FIRM + number, f"p{number % 5}")
    await _work(world, await world.requests())
    if day % 7 == 0:
        # The process is restarted now and then.
        await world.database.close()
        world.reopen()
    await _forget(world, await world.requests(), chance)
    await world.delivers()


async def _work(world: World, requests: Collection[Interest]) -> None:
    """Let the one who works take two requests a day, and go on with those in hand."""
    me = administrator(0)
    for interest in [each for each in requests if each.owner_id == me.id]:
        step = {Status.TAKEN: EventKind.INTRODUCE, Status.INTRODUCED: EventKind.CLOSE}
        if interest.status in step and interest.updated_at < world.now - timedelta(days=2):
            await world.makes(interest.id, step[interest.status], me)
    for interest in [each for each in requests if each.status is Status.RECEIVED][:2]:
        await world.makes(interest.id, EventKind.TAKE, me)


async def _forget(world: World, requests: Collection[Interest], chance: random.Random) -> None:
    """Let the others take a request now and then, and think of it hardly ever."""
    for number in range(1, ADMINISTRATORS):
        me = administrator(number)
        waiting = [each for each in requests if each.status is Status.RECEIVED]
        if waiting and chance.random() < _TAKES:
            await world.makes(chance.choice(waiting).id, EventKind.TAKE, me)
        for interest in [each for each in requests if each.owner_id == me.id]:
            if interest.status is Status.TAKEN and chance.random() < _REMEMBERS:
                await world.notes(interest, me)


def _most_a_day(world: World) -> tuple[int, ...]:
    """Return the most messages that each administrator got in a day, the group's included."""
    days: Counter[tuple[int, date]] = Counter()
    for message in world.delivered:
        day = message.at.astimezone(PARIS).date()
        for number in range(ADMINISTRATORS):
            if message.chat_id in {GROUP, administrator(number).id}:
                days[number, day] += 1
    return tuple(
        max((count for (who, _), count in days.items() if who == number), default=0)
        for number in range(ADMINISTRATORS)
    )


def main() -> None:
    """Print the figures of some offices."""
    for seed in range(1, 4):
        with tempfile.TemporaryDirectory() as folder:
            figures = asyncio.run(live(Path(folder), seed))
        print(f"office {seed}: {figures.closed} requests closed in {figures.days} days")
        print(f"  firms that waited in silence: {figures.silent}")
        print(f"  longest time without a word (working days): {figures.longest_wait}")
        print(f"  most messages a day, by administrator: {figures.most_a_day}")


if __name__ == "__main__":
    main()
