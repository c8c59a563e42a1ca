"""The life of requests under a clock, holidays, restarts and a Telegram that fails, interleaved.

Firms, two administrators, one who leaves, and the clock do what they may in any order, on a real
database and with the real moves and reminders. After each step, what must always hold is checked.
"""

import asyncio
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from dialogue import inside
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from test_project_news import PROJECT as _PROJECT

from benchmarks.office import GROUP, TROUBLE, Message, World, administrator
from handlers.messages import PARIS
from knowledge.model import Project
from storage.engine.schema import outbox
from storage.records.deadlines import DeadlineKind
from storage.records.interests import Event, EventKind, Interest, Party, Status
from storage.records.lifecycle import MOVES, OPEN

T = TypeVar("T")
FIRMS = (10_000, 10_001)
_NUMBER = re.compile(r"TI-\d{4}-\d{4,}")
# Where there is such a folder, nothing waits for a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it has a name of its own
# When the clock is looked at, Paris time: in the morning, and when nobody is at work.
_LOOKS = (time(10), time(22, 30))
# The team's free days as they are in the law, said here anew.
_FREE = {
    date(2026, *day) for day in [(5, 1), (5, 8), (5, 14), (5, 25), (7, 14), (11, 11), (12, 25)]
} | {date(2027, *day) for day in [(1, 1), (3, 29), (5, 6), (5, 17), (7, 14), (11, 1), (11, 11)]}
_LEADS = ["CCI", "Pôle", None]
# Words of the messages that the clock causes, about a request that waits.
_WAITS, _IN_CHARGE = ("attend encore", "attendent encore"), "toujours en charge"
# After how many working days what must have happened; said here anew, not read from the product.
_DUE = {
    Status.RECEIVED: {DeadlineKind.UNTAKEN: 3, DeadlineKind.UNTAKEN_LONG: 9},
    Status.TAKEN: {DeadlineKind.UNTOUCHED: 5},
    # A firm is asked about one contact a day, after what it must know: that puts off some.
    Status.INTRODUCED: {DeadlineKind.FOLLOW_UP: 11, DeadlineKind.UNCLOSED: 20},
}
_FOR_THE_TEAM = {DeadlineKind.UNTOUCHED, DeadlineKind.UNCLOSED}
_MOVES = [
    EventKind.TAKE,
    EventKind.RETURN,
    EventKind.CLOSE,
    EventKind.REFUSE,
    EventKind.REOPEN,
    EventKind.HAND_OVER,
]


class DiedError(Exception):
    """The process died after a transaction."""


class Row:
    """A message that the bot owed at some time, as it was queued."""

    def __init__(self, row: Any, *, by_clock: bool) -> None:
        self.chat_id = row.chat_id or GROUP
        self.text = str(row.payload.get("text"))
        self.at: datetime = row.created_at
        self.number: int = row.id
        self.keeps_hours: bool = row.keeps_hours
        self.by_clock = by_clock

    @property
    def is_reminder(self) -> bool:
        return any(words in self.text for words in (*_WAITS, "Rappel"))

    @property
    def is_list(self) -> bool:
        return "Demandes à reprendre" in self.text


def is_open(moment: datetime) -> bool:
    """Tell whether the team is at work; said here anew, not asked of the product."""
    local = moment.astimezone(PARIS)
    is_free = local.weekday() in {5, 6} or local.date() in _FREE
    return not is_free and time(9) <= local.time() < time(18)


class Census:
    """The projects, as far as an introduction looks at them: each has the same lead."""

    lead: str | None = "CCI"
    projects = (_PROJECT,)

    def project(self, id_: str) -> Project:
        return replace(_PROJECT, id=id_, lead=self.lead)


class Life(RuleBasedStateMachine):
    """What may happen to the requests of two firms."""

    requests = Bundle("requests")
    blank: Path

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)
        shutil.copy(self.blank, Path(self.folder.name) / "bot.db")
        self.world = World(Path(self.folder.name))
        self.owed: list[Row] = []
        self.last_row = 0
        self.is_running, self.is_caught_up = True, True
        self.telegram_works = True
        self.blockers: set[int] = set()
        self.troubled: set[int] = set()
        self.world.refuses = self._refuses
        self.census: Any = Census()
        self.world.services.knowledge = cast("Any", self.census)
        self.told_of_waits: set[tuple[int, int]] = set()
        # The clock was never later than this.
        self.latest = self.world.now

    def does(self, step: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(step)

    @initialize()
    def opens(self) -> None:
        """The clock is looked at for the first time; one administrator wrote to the bot."""
        self.does(self.world.catches_up())
        self.does(self._meet())

    async def _meet(self) -> None:
        async with self.world.database.begin() as work:
            await work.people.seen(administrator(0).id or 0)

    @precondition(lambda self: self.is_running)
    @rule(target=requests, firm=some.sampled_from(FIRMS), project=some.sampled_from(["a", None]))
    def declares(self, firm: int, project: str | None) -> Any:
        """A firm that uses the bot does not block it."""
        if firm in self.blockers:
            return multiple()
        lead = self.census.lead if project else None
        declared = self.does(self.world.declares(firm, project, lead))
        self._note(by_clock=False)
        return multiple() if declared is None else declared.id

    @precondition(lambda self: self.is_running)
    @rule(request=requests, kind=some.sampled_from(_MOVES), who=some.sampled_from([0, 1]))
    def moves(self, request: int, kind: EventKind, who: int) -> None:
        before = self._request(request).status
        won = self.does(self.world.makes(request, kind, administrator(who)))
        assert won == (before in MOVES[kind].sources)
        self._note(by_clock=False)

    @precondition(lambda self: self.is_running)
    @rule(request=requests)
    def two_take_at_once(self, request: int) -> None:
        """Of two administrators who take a request at once, one has it."""
        is_free = self._request(request).status is Status.RECEIVED

        async def take() -> list[bool]:
            who = [administrator(number) for number in (0, 1)]
            takes = [self.world.makes(request, EventKind.TAKE, one) for one in who]
            return await asyncio.gather(*takes)

        assert sum(self.does(take())) == is_free
        self._note(by_clock=False)

    @precondition(lambda self: self.is_running)
    @rule(request=requests, who=some.sampled_from([0, 1]))
    def introduces(self, request: int, who: int) -> None:
        """A firm is put in touch with the lead that it agreed to, and with nobody else."""
        standing = self._request(request)
        is_agreed = standing.project_id is None or (
            self.census.lead is not None and self.census.lead == standing.project_lead
        )
        won = self.does(self.world.introduces(standing, administrator(who)))
        assert won == (is_agreed and standing.status is Status.TAKEN)
        if won and standing.project_id is not None:
            assert self._events(standing)[-1].note == standing.project_lead
        self._note(by_clock=False)

    @rule(lead=some.sampled_from(_LEADS))
    def lead_leaves(self, lead: str | None) -> None:
        """A project loses its lead, or has another."""
        self.census.lead = lead

    @precondition(lambda self: self.is_running)
    @rule(request=requests)
    def withdraws(self, request: int) -> None:
        standing = self._request(request)
        won = self.does(self.world.withdraws(request, standing.person_id or 0))
        assert won == (standing.status in OPEN)
        self._note(by_clock=False)

    @precondition(lambda self: self.is_running)
    @rule(request=requests, who=some.sampled_from([0, 1]))
    def notes(self, request: int, who: int) -> None:
        standing = self._request(request)
        if standing.status in OPEN:
            self.does(self.world.notes(standing, administrator(who)))
            self._note(by_clock=False)

    @rule(days=some.integers(0, 6), hours=some.integers(1, 23))
    def time_passes(self, days: int, hours: int) -> None:
        for moment in _moments(self.world.now, timedelta(days=days, hours=hours)):
            self._comes(moment)
            if self.is_running:
                self._look()
                self._deliver()

    @rule(weeks=some.integers(1, 3))
    def weeks_pass(self, weeks: int) -> None:
        self.time_passes(7 * weeks, 1)

    @rule(minutes=some.integers(1, 90))
    def clock_jumps_back(self, minutes: int) -> None:
        self.world.now -= timedelta(minutes=minutes)
        if self.is_running:
            self._look()
            self._deliver()

    @precondition(lambda self: self.is_running)
    @rule()
    def restarts(self) -> None:
        self.does(self.world.database.close())
        self.world.reopen()

    @precondition(lambda self: self.is_running)
    @rule(after=some.integers(1, 3), days=some.integers(1, 4))
    def dies_on_the_way(self, after: int, days: int) -> None:
        """The process dies once some of the morning's transactions are done."""
        left = iter(range(after - 1))

        def announce() -> None:
            if next(left, None) is None:
                raise DiedError

        self._comes(self.world.now + timedelta(days=days))
        try:
            self.does(self.world.catches_up(announce))
        except DiedError:
            self.is_running = self.is_caught_up = False
        else:
            self._has_looked()
        self._note(by_clock=True)

    @precondition(lambda self: self.is_running)
    @rule(days=some.integers(1, 12), hours=some.integers(0, 23))
    def is_away(self, days: int, hours: int) -> None:
        """The machine is off for days, and comes back at any hour."""
        self._comes(self.world.now + timedelta(days=days, hours=hours))
        self._look()

    @precondition(lambda self: not self.is_running)
    @rule()
    def starts(self) -> None:
        self.does(self.world.database.close())
        self.world.reopen()
        self.is_running = True

    @rule()
    def telegram_fails_or_mends(self) -> None:
        self.telegram_works = not self.telegram_works

    @rule(chat=some.sampled_from([*FIRMS, administrator(0).id]))
    def somebody_blocks_or_comes_back(self, chat: int) -> None:
        self.blockers ^= {chat}
        if chat not in self.blockers:
            self.does(self._unblock(chat))

    @rule(chat=some.sampled_from([*FIRMS, GROUP]))
    def one_message_meets_trouble(self, chat: int) -> None:
        """The next call to a chat fails, and is made again later."""
        self.troubled |= {chat}

    def _refuses(self, chat: int) -> str | None:
        if chat in self.blockers:
            return "blocked"
        if chat in self.troubled:
            self.troubled.discard(chat)
            return TROUBLE
        return None

    def _comes(self, moment: datetime) -> None:
        self.world.now = moment
        self.latest = max(self.latest, moment)

    def _has_looked(self) -> None:
        # Until a clock that jumped back is where it was, nothing more is due.
        self.is_caught_up = is_open(self.world.now) and self.world.now >= self.latest

    async def _unblock(self, chat: int) -> None:
        async with self.world.database.begin() as work:
            await work.people.unblocked(chat)

    def _look(self) -> None:
        self.does(self.world.catches_up())
        self._has_looked()
        self._note(by_clock=True)

    def _deliver(self) -> None:
        if self.telegram_works:
            count = len(self.world.delivered)
            self.does(self.world.delivers())
            self._note(by_clock=False)
            for message in self.world.delivered[count:]:
                if any(words in message.text for words in _WAITS) and message.chat_id in FIRMS:
                    self._holds_while_it_arrives(message)

    def _holds_while_it_arrives(self, message: Message) -> None:
        """What a firm is told of a wait arrives while it lasts, and once."""
        for interest in self._requests():
            if interest.number in message.text:
                assert interest.status is Status.RECEIVED, message
                moves = [event for event in self._events(interest) if event.kind in MOVES]
                wait = interest.id, len(moves)
                assert wait not in self.told_of_waits, message
                self.told_of_waits.add(wait)

    def _note(self, *, by_clock: bool) -> None:
        """Keep each new message that the bot owes, before it is sent."""
        for row in self.does(self._rows()):
            self.last_row = row.id
            if row.method == "sendMessage" and row.payload:
                self.owed.append(Row(row, by_clock=by_clock))

    async def _rows(self) -> Sequence[Any]:
        async with self.world.database.begin() as work:
            new = select(outbox).where(outbox.c.id > self.last_row).order_by(outbox.c.id)
            found: Sequence[Any] = (await inside(work.outbox, "connection").execute(new)).all()
            return found

    def _request(self, number: int) -> Interest:
        return next(each for each in self._requests() if each.id == number)

    def _requests(self) -> Sequence[Interest]:
        return self.does(self.world.requests())

    def _events(self, interest: Interest) -> Sequence[Event]:
        async def read() -> Sequence[Event]:
            async with self.world.database.begin() as work:
                return await work.interests.events(interest.id)

        return self.does(read())

    @invariant()
    def what_must_hold(self) -> None:
        for interest in self._requests():
            events = self._events(interest)
            self._holds_one_legal_state(interest, events)
            self._each_move_was_told_once(interest, events)
            self._no_reminder_came_after_the_end(events)
            if self.is_running and self.is_caught_up:
                self._nobody_waits_in_silence(interest, events)
        self._nothing_came_at_a_quiet_hour()
        self._nobody_was_reminded_twice_a_day()

    def _holds_one_legal_state(self, interest: Interest, events: Sequence[Event]) -> None:
        status: Status | None = None
        for event in events:
            move = MOVES.get(event.kind)
            if move is not None:
                assert event.actor.side in move.by
                assert status is None if not move.sources else status in move.sources
                status = move.target or status
            assert event.status is status
        assert interest.status is status

    def _each_move_was_told_once(self, interest: Interest, events: Sequence[Event]) -> None:
        """Each move that a firm is told of gave one message that names the request."""
        wanted = [event for event in events if event.kind in MOVES and MOVES[event.kind].tells_firm]
        told = [
            row
            for row in self.owed
            if row.chat_id in FIRMS and interest.number in row.text and not row.is_reminder
            if _IN_CHARGE not in row.text
        ]
        assert len(told) == len(wanted), (interest.number, [row.text for row in told], wanted)
        assert [row.at for row in told] == [event.at for event in wanted]
        arrived = Counter(message.number for message in self.world.delivered)
        assert all(arrived[row.number] <= 1 for row in told)

    def _no_reminder_came_after_the_end(self, events: Sequence[Event]) -> None:
        assert all(event.status in OPEN for event in events if event.kind is EventKind.REMINDED)

    def _nothing_came_at_a_quiet_hour(self) -> None:
        by_clock = {row.number for row in self.owed if row.by_clock}
        assert all(row.keeps_hours for row in self.owed if row.by_clock)
        assert all(is_open(row.at) for row in self.owed if row.by_clock)
        for message in self.world.delivered:
            assert message.number not in by_clock or is_open(message.at), message

    def _nobody_was_reminded_twice_a_day(self) -> None:
        days = Counter(
            (row.chat_id, row.at.astimezone(PARIS).date())
            for row in self.owed
            if row.is_reminder or row.is_list or _IN_CHARGE in row.text
        )
        assert all(count == 1 for count in days.values()), days

    def _nobody_waits_in_silence(self, interest: Interest, events: Sequence[Event]) -> None:
        """Whatever should have been done by now was done."""
        since = next(
            event.at
            for event in reversed(events)
            if event.kind in MOVES and MOVES[event.kind].target is not None
        )
        acts = [event.at for event in events if event.actor.side is Party.ADMINISTRATOR]
        for kind, days in _DUE.get(interest.status, {}).items():
            # What waits for the team begins anew with each thing that the team does.
            begun = max(acts) if kind in _FOR_THE_TEAM else since
            after = [event for event in events if event.at > begun]
            if self.world.now >= self.world.office.due(begun, days):
                assert self._is_answered(kind, interest, begun, after), (kind, interest, begun)
        if interest.status is Status.TAKEN:
            self._returns_unless_touched(interest, max(acts), events)
        assert (interest.status in OPEN) == bool(self.does(self._planned(interest)))

    def _returns_unless_touched(
        self, interest: Interest, since: datetime, events: Sequence[Event]
    ) -> None:
        """Once its owner was reminded, a request is theirs for five working days more at most."""
        # A firm that only notes are written about is told so: that is no reminder of the owner.
        untouched = self.world.office.due(since, 5)
        reminders = [event.at for event in events if event.kind is EventKind.REMINDED]
        reminded = [at for at in reminders if at > since and at >= untouched]
        if reminded:
            assert self.world.now < self.world.office.due(reminded[0], 5), (interest, reminded)

    def _is_answered(
        self, kind: DeadlineKind, interest: Interest, since: datetime, after: Sequence[Event]
    ) -> bool:
        """Tell whether what was due about a request since it moved was done."""
        if kind is DeadlineKind.FOLLOW_UP:
            return any(asked == interest.id and at > since for at, asked in self.world.asked)
        is_told = kind is not DeadlineKind.UNTAKEN_LONG or any(
            row.is_reminder and interest.number in row.text
            for row in self.owed
            if row.chat_id in FIRMS and row.at > since
        )
        return is_told and any(event.kind is EventKind.REMINDED for event in after)

    async def _planned(self, interest: Interest) -> Sequence[object]:
        async with self.world.database.begin() as work:
            return await work.deadlines.of(interest.id)

    def teardown(self) -> None:
        self.does(self.world.database.close())
        self.loop.close()
        self.folder.cleanup()


def _moments(now: datetime, duration: timedelta) -> Iterator[datetime]:
    """Give when the clock is looked at while time passes, and its end."""
    end = now + duration
    for days in range(duration.days + 2):
        day = now.astimezone(PARIS).date() + timedelta(days=days)
        looks = [datetime.combine(day, at, PARIS).astimezone(UTC) for at in _LOOKS]
        yield from (at for at in looks if now < at < end)
    yield end


def _lives(blank: Path, examples: int, steps: int, *phases: Phase) -> None:
    Life.blank = blank
    deep = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.reuse, Phase.generate, *phases),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=deep)


def takes(life: Life) -> None:
    life.moves(1, EventKind.TAKE, 0)


def refuses(life: Life) -> None:
    life.moves(1, EventKind.REFUSE, 0)


def passes(days: int) -> Callable[[Life], None]:
    return lambda life: life.time_passes(days, 1)


def loses_lead(life: Life) -> None:
    life.lead_leaves(None)


def at_once(life: Life) -> None:
    life.two_take_at_once(1)


def introduced(life: Life) -> None:
    life.introduces(1, 0)


# Lives that chance comes to seldom.
LIVES: dict[str, list[Callable[[Life], None]]] = {
    "nobody takes it": [passes(7), passes(14), passes(35)],
    "its owner forgets it": [at_once, passes(3), passes(14), passes(21)],
    "refused after a reminder": [passes(7), refuses, passes(21)],
    "refused while a reminder waits": [
        passes(13),
        Life.telegram_fails_or_mends,
        passes(2),
        refuses,
        Life.telegram_fails_or_mends,
        passes(7),
    ],
    "an outage ends at night": [
        Life.telegram_fails_or_mends,
        lambda life: life.time_passes(15, 8),
        Life.telegram_fails_or_mends,
        lambda life: life.time_passes(0, 6),
        passes(2),
    ],
    "its lead leaves": [
        takes,
        loses_lead,
        introduced,
        lambda life: life.lead_leaves("Pôle"),
        introduced,
        lambda life: life.lead_leaves("CCI"),
        introduced,
        introduced,
        passes(14),
        passes(21),
    ],
}


@pytest.mark.parametrize("life", LIVES)
def test_a_life_that_chance_comes_to_seldom(blank_file: Path, life: str) -> None:
    Life.blank = blank_file
    lived = Life()
    try:
        lived.opens()
        lived.declares(FIRMS[0], "a")
        for step in LIVES[life]:
            step(lived)
            lived.what_must_hold()
    finally:
        lived.teardown()


def test_lives_hold_what_they_must(blank_file: Path) -> None:
    # A failure is told as it was found: to shorten it takes minutes.
    _lives(blank_file, 8, 20)


@pytest.mark.long
def test_many_long_lives_hold_what_they_must(blank_file: Path) -> None:
    _lives(blank_file, 150, 50, Phase.shrink)
