"""The questions asked, with personal data masked, and how they were answered or treated."""

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    MappingResult,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)

from storage.engine.repository import Repository, Upsert, insert_into
from storage.engine.schema import conversations, questions
from storage.masking.masking import mask
from storage.records.tallies import (
    ACTS,
    IS_ANSWERED,
    IS_ASKED,
    IS_LEFT,
    IS_UNANSWERED,
    NONE_CHOSEN,
    keeping,
)

# Re-exported: callers import the values and their repository from one module.
__all__ = ["COLUMNS", "NONE_CHOSEN", "Question", "QuestionLimits", "Questions", "Tally"]
__all__ += ["Treatment", "Unanswered", "as_kept", "question_of"]
# After this time, a question whose choices nobody tapped counts as unanswered; the row alone shows
# it, whether or not the person asked again. A later tap on a choice still makes it answered.
TIME_TO_CHOOSE = timedelta(minutes=5)

# So many of a person's questions are listed at once: a person asks far fewer.
MOST_OF_ONE = 50


# The end of a text of which only the beginning is kept.
_CUT = "\u2026"


@dataclass(frozen=True, slots=True)
class QuestionLimits:
    """How much is kept of one person's questions; beyond it they are answered all the same.

    `length`: signs of a question's text. `a_day`: questions within 24 hours; what comes then is
    not recorded. `in_all`: questions at any time; the oldest go first (`Questions.thin_out`).
    """

    length: int = 1000
    a_day: int = 200
    in_all: int = 1000


_LIMITS = QuestionLimits()
_A_DAY = timedelta(days=1)


class Treatment(StrEnum):
    """How facilitators treated a question without a good answer."""

    PHRASING = "phrasing"
    ANSWERED = "answered"
    ASIDE = "aside"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Question:
    """A stored question: masked, with the entries shown and the person's reaction to them.

    `chosen_at` without `chosen` means that none of the choices was right. `message_id` is the
    message in the person's chat in which it was typed.
    """

    id: int
    asked_at: datetime
    text: str
    outcome: str
    shown: tuple[str, ...]
    chosen: str | None
    chosen_at: datetime | None
    helpful: bool | None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question without a good answer, masked; `person_id` is the person to answer."""

    id: int
    person_id: int | None
    asked_at: datetime
    text: str
    outcome: str
    shown: tuple[str, ...]
    helpful: bool | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many questions were asked, and how many of them were answered.

    ``referred`` of these answers lead to another service.
    """

    asked: int
    answered: int
    referred: int = 0


class Questions(Repository):
    """The table `questions`: a person reaches only their own."""

    async def record(  # noqa: PLR0913 - the fields of a row
        self,
        update_id: int | None,
        person_id: int | None,
        text: str,
        outcome: str,
        shown: Sequence[str],
        limits: QuestionLimits = _LIMITS,
        *,
        message_id: int | None = None,
    ) -> int:
        """Mask and store a question and return its id; an update stores only its first.

        The id returned for another one, or beyond the day's limit, has no row. Rows are put off,
        and written together at the end or before a read.
        """
        number = await self._next_id()
        row: dict[str, object] = {
            "id": number,
            "update_id": update_id,
            "person_id": person_id,
            "asked_at": self._now,
            "text": as_kept(text, limits),
            "outcome": outcome,
            "shown": list(shown),
            "message_id": message_id,
            "since": self._now - _A_DAY,
            "a_day": limits.a_day,
        }
        self._changes.put_off(questions, _recording(self._dialect), number, row)
        return number

    async def chosen(self, question_id: int, person_id: int, entry_id: str | None) -> bool:
        """Record which choice was right, None for none; False if the question is not theirs."""
        return await self._change(question_id, person_id, chosen=entry_id, chosen_at=self._now)

    async def voted(self, question_id: int, person_id: int, helpful: bool) -> bool:  # noqa: FBT001 (a vote is a boolean)
        """Record whether the answer helped; False if the question is not theirs."""
        return await self._change(question_id, person_id, helpful=helpful)

    async def get(self, question_id: int, person_id: int) -> Question | None:
        """Give the person's own question."""
        await self._changes.write(questions)
        result = await self._connection.execute(
            select(*COLUMNS).where(
                questions.c.id == question_id, questions.c.person_id == person_id
            )
        )
        row = result.one_or_none()
        return None if row is None else question_of(row)

    async def latest(self, person_id: int) -> Question | None:
        """Give the person's last question."""
        if any(row["person_id"] == person_id for row in self._changes.rows(questions).values()):
            await self._changes.write(questions)
        row = (await self._connection.execute(_LATEST, {"person": person_id})).one_or_none()
        return None if row is None else question_of(row)

    async def before(
        self, person_id: int, question_id: int | None, since: datetime, limit: int
    ) -> tuple[Question, ...]:
        """Give the person's last questions with words before this one (or now), oldest first."""
        await self._changes.write(questions)
        conditions = [
            questions.c.person_id == person_id,
            questions.c.asked_at >= since,
            IS_ASKED,
        ]
        if question_id is not None:
            conditions.append(questions.c.id < question_id)
        result = await self._connection.execute(
            select(*COLUMNS).where(*conditions).order_by(questions.c.id.desc()).limit(limit)
        )
        return tuple(question_of(row) for row in result)[::-1]

    async def thin_out(self, limits: QuestionLimits) -> int:
        """Delete the oldest questions of whoever has too many; returns how many were deleted.

        What facilitators treated, answer in a conversation or are about to publish stays.
        """
        return await self.delete(_IS_TOO_MANY, in_all=limits.in_all)

    async def delete(self, condition: ColumnElement[bool], **parameters: object) -> int:
        """Delete questions and leave their counts, so that figures stay; returns how many."""
        await self._changes.write(questions)
        await self._connection.execute(keeping(condition, self._dialect), parameters)
        result = await self._connection.execute(delete(questions).where(condition), parameters)
        return result.rowcount

    async def unanswered(
        self, limit: int, since: datetime | None = None, *, length: int = 4096
    ) -> tuple[Unanswered, ...]:
        """Give the newest questions without a good answer that nobody has treated yet.

        Of one person at most `MOST_OF_ONE`: nobody's questions push those of the others out. Only
        the first ``length`` characters of each text are read.
        """
        columns = [questions.c[name] for name in Unanswered.__slots__ if name != "text"]
        start = func.substr(questions.c.text, 1, length).label("text")
        result = await self._untreated([*columns, start], limit, since)
        return tuple(Unanswered(**{**row, "shown": tuple(row["shown"])}) for row in result)

    async def unanswered_texts(self, limit: int, length: int) -> dict[int, str]:
        """Give the first ``length`` characters of the same questions, by id."""
        start = func.substr(questions.c.text, 1, length).label("text")
        result = await self._untreated([questions.c.id, start], limit, None)
        return {row["id"]: row["text"] for row in result}

    async def _untreated(
        self, columns: Sequence[ColumnElement[Any]], limit: int, since: datetime | None
    ) -> MappingResult:
        await self._changes.write(questions)
        left = IS_LEFT & (questions.c.asked_at <= self._now - TIME_TO_CHOOSE)
        unanswered = or_(IS_UNANSWERED, left)
        conditions = [unanswered, questions.c.treated_at.is_(None), IS_ASKED]
        if since is not None:
            conditions.append(questions.c.asked_at >= since)
        place = func.row_number().over(
            partition_by=questions.c.person_id, order_by=questions.c.id.desc()
        )
        placed = select(questions.c.id, questions.c.person_id, place.label("place"))
        ranked = placed.where(*conditions).subquery()
        is_anonymous = ranked.c.person_id.is_(None)
        shown = select(ranked.c.id).where((ranked.c.place <= MOST_OF_ONE) | is_anonymous)
        result = await self._connection.execute(
            select(*columns)
            .where(questions.c.id.in_(shown))
            .order_by(questions.c.id.desc())
            .limit(limit)
        )
        return result.mappings()

    async def treat(
        self,
        question_ids: Collection[int],
        how: Treatment,
        by: int | None,
        *,
        publication_id: int | None = None,
    ) -> tuple[int, ...]:
        """Record how these questions were treated; returns those that were untreated before.

        With a publication, they stay pending until it is published (`settle`) or given up
        (`release`).
        """
        await self._changes.write(questions)
        result = await self._connection.execute(
            update(questions)
            .where(questions.c.id.in_(question_ids), questions.c.treated_at.is_(None))
            .values(
                treated_at=self._now,
                treated_how=how,
                treated_by=by,
                publication_id=publication_id,
            )
            .returning(questions.c.id)
        )
        return tuple(sorted(result.scalars()))

    async def put_back(self, question_id: int) -> int:
        """Reopen the questions set aside in the same act as this one; returns how many."""
        await self._changes.write(questions)
        same_act = select(questions.c.treated_at, questions.c.treated_by).where(
            questions.c.id == question_id, questions.c.treated_how == Treatment.ASIDE
        )
        act = (await self._connection.execute(same_act)).one_or_none()
        if act is None:
            return 0
        result = await self._connection.execute(
            update(questions)
            .where(
                questions.c.treated_how == Treatment.ASIDE,
                questions.c.treated_at == act.treated_at,
                questions.c.treated_by == act.treated_by,
            )
            .values(treated_at=None, treated_how=None, treated_by=None)
        )
        return result.rowcount

    async def change_request_ids(self) -> tuple[int, ...]:
        """Give the ids of the change requests that questions still wait for."""
        await self._changes.write(questions)
        waited_for = questions.c.publication_id
        result = await self._connection.scalars(
            select(waited_for).distinct().where(waited_for.is_not(None)).order_by(waited_for)
        )
        return tuple(id_ for id_ in result if id_ is not None)

    async def settle(self, publication_id: int) -> None:
        """Confirm the treatment of the questions that waited for a publication, now done."""
        await self._free(publication_id)

    async def release(self, publication_id: int) -> None:
        """Reopen the questions that waited for a publication, now given up."""
        await self._free(publication_id, treated_at=None, treated_how=None, treated_by=None)

    async def follow(self, publication_id: int, into: int) -> None:
        """Let the questions that wait for a publication wait for the one that takes its place."""
        await self._changes.write(questions)
        await self._connection.execute(
            update(questions)
            .where(questions.c.publication_id == publication_id)
            .values(publication_id=into)
        )

    async def _free(self, publication_id: int, **values: object) -> None:
        await self._changes.write(questions)
        await self._connection.execute(
            update(questions)
            .where(questions.c.publication_id == publication_id)
            .values(publication_id=None, **values)
        )

    async def tally(self, since: datetime) -> Tally:
        """Count the questions asked since then, acts apart, and those answered well."""
        await self._changes.write(questions)
        is_question = IS_ASKED & questions.c.outcome.not_in(ACTS)
        is_counted = (questions.c.asked_at >= since) & is_question
        counts = select(func.count()).select_from(questions)
        unwell = await self._connection.scalar(counts.where(is_counted, ~IS_ANSWERED))
        total = await self._connection.scalar(counts.where(is_counted)) or 0
        referred = questions.c.outcome == "referral", questions.c.helpful.is_not(False)
        led_on = await self._connection.scalar(counts.where(is_counted, *referred)) or 0
        return Tally(total, total - (unwell or 0), led_on)

    async def _change(self, question_id: int, person_id: int, **values: object) -> bool:
        await self._changes.write(questions)
        result = await self._connection.execute(
            update(questions)
            .where(questions.c.id == question_id, questions.c.person_id == person_id)
            .values(**values)
        )
        return result.rowcount > 0

    async def _next_id(self) -> int:
        changes = self._changes
        if not changes.question_ids:
            count, changes.questions_expected = changes.questions_expected, 1
            changes.question_ids += await self._reserve(count)
        return changes.question_ids.popleft()

    async def _reserve(self, count: int) -> Sequence[int]:
        if self._dialect == "postgresql":
            parameters = {"table": questions.name, "count": count}
            return (await self._connection.scalars(_NEXT_NUMBERS, parameters)).all()
        # SQLite: nobody else writes before this transaction ends, so these ids stay free.
        last = await self._connection.scalar(_LAST_NUMBER, {"table": questions.name}) or 0
        first = max(last, self._changes.last_question_id) + 1
        self._changes.last_question_id = first + count - 1
        return range(first, first + count)


COLUMNS = (
    questions.c.id,
    questions.c.asked_at,
    questions.c.text,
    questions.c.outcome,
    questions.c.shown,
    questions.c.chosen,
    questions.c.chosen_at,
    questions.c.helpful,
    questions.c.message_id,
)


_LATEST = (
    select(*COLUMNS)
    .where(questions.c.person_id == bindparam("person"))
    .order_by(questions.c.id.desc())
    .limit(1)
)


def question_of(row: Row[*tuple[Any, ...]]) -> Question:
    """Build a question from a row of `COLUMNS`."""
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)
    return Question(**{**values, "shown": tuple(values["shown"])})


_LAST_NUMBER = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
# asyncpg needs explicit types: these functions take text and an integer.
_NEXT_NUMBERS = text(
    "SELECT nextval(CAST(pg_get_serial_sequence(CAST(:table AS text), 'id') AS regclass))"
    " FROM generate_series(1, CAST(:count AS integer))"
)


def as_kept(text: str, limits: QuestionLimits = _LIMITS) -> str:
    """Return what is kept of a question: masked first, so that no mask is cut through."""
    masked = mask(text)
    return masked if len(masked) <= limits.length else masked[: limits.length - 1] + _CUT


_RECORDED = ("id", "update_id", "person_id", "asked_at", "text", "outcome", "shown", "message_id")
_ranked = select(
    questions.c.id,
    func.row_number()
    .over(partition_by=questions.c.person_id, order_by=questions.c.id.desc())
    .label("rank"),
).where(questions.c.person_id.is_not(None))
_too_many = _ranked.subquery()
_IS_TOO_MANY = and_(
    questions.c.id.in_(select(_too_many.c.id).where(_too_many.c.rank > bindparam("in_all"))),
    questions.c.treated_at.is_(None),
    questions.c.publication_id.is_(None),
    ~exists().where(conversations.c.question_id == questions.c.id),
)


@functools.cache
def _recording(dialect: str) -> Upsert:
    """Insert a question unless its person has reached the day's limit: one statement does both."""
    recent = questions.alias("recent")
    count = (
        select(func.count())
        .where(
            recent.c.person_id == bindparam("person_id", type_=questions.c.person_id.type),
            recent.c.asked_at > bindparam("since", type_=questions.c.asked_at.type),
        )
        .scalar_subquery()
    )
    row = select(*(bindparam(name, type_=questions.c[name].type) for name in _RECORDED))
    return (
        insert_into(questions, dialect)
        .from_select(list(_RECORDED), row.where(count < bindparam("a_day", type_=Integer())))
        .on_conflict_do_nothing(index_elements=[questions.c.update_id])
    )
