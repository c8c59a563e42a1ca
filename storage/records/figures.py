"""The figures over a period: counted by the database, which returns no row of a person.

Questions count on the day on which they were asked, deleted ones too (`tallies`). A request counts
in the period in which it was first made, by where it stands now; requests made anonymous count on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select

from storage.engine.repository import Repository
from storage.engine.schema import interest_events, interests, questions, tallies
from storage.records.arrivals import ArrivalFigures, Arrivals
from storage.records.days import PARIS, Days, seconds_between
from storage.records.lifecycle import Ending, EventKind, Reason, Status
from storage.records.tallies import ACTS, IS_ASKED, counts_of

# What a list of entries or of projects shows at most.
_MOST = 10
_REFERRAL = "referral"
# The kind of a request that is an interest in a project; the others are known by their role.
INTEREST = "interest"
# What a firm says of a contact that helped.
HELPED = "helped"


@dataclass(frozen=True, slots=True)
class PeriodPart:
    """The questions of one week or month, of which the period may hold only some days."""

    days: Days
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something with an id was counted; ``title`` is the one stored with it, if any."""

    id: str
    count: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """The questions of a period; ``referred`` of the answered ones led to another service.

    ``entries``: what was answered most, by the entry's id.
    """

    parts: tuple[PeriodPart, ...] = ()
    referred: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    entries: tuple[Counted, ...] = ()

    @property
    def asked(self) -> int:
        """How many questions there were, without what people wanted done."""
        return sum(part.asked for part in self.parts)

    @property
    def answered(self) -> int:
        """How many of them were answered well, as far as the bot knows."""
        return sum(part.answered for part in self.parts)

    @property
    def share(self) -> float | None:
        """The share of questions answered, from 0 to 1; None for no question."""
        return self.answered / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """The requests first made in a period, by where they stand now.

    The medians are in days, None where nobody was taken in charge, or put in touch; ``taken`` and
    ``introduced`` say of how many. ``helped``: what firms said of the contact, by their word.
    """

    made: int = 0
    states: Mapping[Status, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    projects: tuple[Counted, ...] = ()
    outcomes: Mapping[Ending, int] = field(default_factory=dict)
    reasons: Mapping[Reason, int] = field(default_factory=dict)
    helped: Mapping[str, int] = field(default_factory=dict)
    taken: int = 0
    introduced: int = 0
    days_to_take: float | None = None
    days_to_contact: float | None = None

    @property
    def answers(self) -> int:
        """How many firms said whether the contact helped."""
        return sum(self.helped.values())

    @property
    def helped_share(self) -> float | None:
        """The share of these that say it helped, from 0 to 1; None where none said anything."""
        return self.helped.get(HELPED, 0) / self.answers if self.answers else None

    @property
    def in_order(self) -> tuple[tuple[Status, int], ...]:
        """The states in which there are requests, in the order of the life of one."""
        return tuple((one, self.states[one]) for one in Status if one in self.states)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits now, whatever the period; ``since`` is when the oldest of these was made."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a period."""

    days: Days
    questions: QuestionFigures
    requests: RequestFigures
    waiting: Waiting
    arrivals: ArrivalFigures = field(default_factory=ArrivalFigures)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked or opened in the period, and no request made."""
        return not (self.questions.asked or self.requests.made or self.arrivals.total)


class FiguresReader(Repository):
    """Counts over `questions`, `tallies`, `interests` and `interest_events`."""

    async def read(self, days: Days) -> Figures:
        """Return the figures of a period."""
        await self._changes.write(questions)
        return Figures(
            days,
            await self._asked(days),
            await self._requests(days),
            await self._wait(),
            await self._beside(Arrivals).read(days),
        )

    async def _asked(self, days: Days) -> QuestionFigures:
        # One row a day, outcome and entry: the calendar bounds them, not the people.
        rows = (await self._connection.execute(counts_of(days, self._dialect))).all()
        by_day, well_by_day = Counter[date](), Counter[date]()
        outcomes, entries = Counter[str](), Counter[str]()
        referred = 0
        for day, outcome, answered, entry, count in rows:
            if outcome in ACTS:
                continue
            by_day[day] += count
            outcomes[outcome] += count
            if answered:
                well_by_day[day] += count
                entries[entry] += count
                referred += count if outcome == _REFERRAL else 0
        began = await self._began()
        parts = tuple(
            PeriodPart(one, _within(one, by_day), _within(one, well_by_day))
            for one in days.parts
            # Before the service began, there is nothing to show.
            if began is not None and one.end > began
        )
        del entries[""]
        return QuestionFigures(parts, referred, dict(outcomes), _most(entries))

    async def _began(self) -> date | None:
        """Return the day, in Paris, of the first question or request; None before it."""
        counted = await self._connection.scalar(select(func.min(tallies.c.day)))
        first = select(questions.c.asked_at).where(IS_ASKED).order_by(questions.c.asked_at).limit(1)
        asked = await self._connection.scalar(first)
        made = await self._connection.scalar(select(func.min(interests.c.created_at)))
        moments = (each.astimezone(PARIS).date() for each in (asked, made) if each is not None)
        return min(filter(None, (counted, *moments)), default=None)

    async def _requests(self, days: Days) -> RequestFigures:
        within = (interests.c.created_at >= days.begins_at) & (
            interests.c.created_at < days.ends_at
        )
        states = await self._counts(interests.c.status, within)
        taken, days_to_take = await self._median(within, EventKind.TAKE)
        introduced, days_to_contact = await self._median(within, EventKind.INTRODUCE)
        return RequestFigures(
            made=sum(states.values()),
            states={Status(name): count for name, count in states.items()},
            kinds=await self._counts(_KIND, within),
            projects=await self._projects(within),
            outcomes={
                Ending(name): count
                for name, count in (await self._counts(interests.c.outcome, within)).items()
            },
            reasons={
                Reason(name): count
                for name, count in (await self._counts(interests.c.reason, within)).items()
            },
            helped=await self._counts(interests.c.helped, within),
            taken=taken,
            introduced=introduced,
            days_to_take=days_to_take,
            days_to_contact=days_to_contact,
        )

    async def _counts(
        self, what: ColumnElement[str], within: ColumnElement[bool]
    ) -> dict[str, int]:
        """Count by the values of a column, where there is one."""
        named = select(what.label("name")).where(within, what.is_not(None)).subquery()
        result = await self._connection.execute(
            select(named.c.name, func.count().label("total"))
            .group_by(named.c.name)
            .order_by(named.c.name)
        )
        return {row.name: row.total for row in result}

    async def _projects(self, within: ColumnElement[bool]) -> tuple[Counted, ...]:
        """Return the projects with most requests, each under its latest title."""
        count = func.count().label("count")
        result = await self._connection.execute(
            select(interests.c.project_id, count, func.max(interests.c.project_title))
            .where(within, interests.c.project_id.is_not(None))
            .group_by(interests.c.project_id)
            .order_by(count.desc(), interests.c.project_id)
            .limit(_MOST)
        )
        return tuple(Counted(*row) for row in result)

    async def _median(
        self, within: ColumnElement[bool], kind: EventKind
    ) -> tuple[int, float | None]:
        """Return how many requests had such an event, and after how many days, by the median."""
        firsts = (
            select(interests.c.created_at, func.min(interest_events.c.at).label("at"))
            .join_from(interests, interest_events)
            .where(within, interest_events.c.kind == kind)
            .group_by(interests.c.id, interests.c.created_at)
            .subquery()
        )
        seconds = seconds_between(firsts.c.at, firsts.c.created_at, self._dialect)
        waits = select(
            seconds.label("seconds"),
            func.row_number().over(order_by=seconds).label("place"),
            func.count().over().label("count"),
        ).subquery()
        # The one in the middle, or the two.
        twice = waits.c.place * 2
        middle = and_(twice >= waits.c.count, twice <= waits.c.count + 2)
        result = await self._connection.execute(
            select(func.max(waits.c.count), func.avg(waits.c.seconds)).where(middle)
        )
        count, average = result.one()
        return count or 0, _in_days(average)

    async def _wait(self) -> Waiting:
        result = await self._connection.execute(
            select(func.count(), func.min(interests.c.created_at)).where(
                interests.c.status == Status.RECEIVED, interests.c.person_id.is_not(None)
            )
        )
        return Waiting(*result.one())


_KIND: ColumnElement[str] = case(
    (interests.c.project_id.is_not(None), INTEREST),
    else_=func.coalesce(interests.c.role, "idea"),
)


def _in_days(seconds: float | None) -> float | None:
    return None if seconds is None else max(0.0, float(seconds)) / timedelta(days=1).total_seconds()


def _within(days: Days, counted: Mapping[date, int]) -> int:
    return sum(count for day, count in counted.items() if days.first <= day < days.end)


def _most(counted: Mapping[str, int]) -> tuple[Counted, ...]:
    best: Sequence[tuple[str, int]] = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Counted(*one) for one in best[:_MOST])
