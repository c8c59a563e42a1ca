"""What is counted of questions: of those stored, and of those that are no longer stored.

Questions are deleted after some months, or when a person is erased. Whoever deletes them first adds
their counts to the table `tallies`, in the same transaction: so a period has the same figures
before and after. A count names a day, an outcome and an entry, and nobody.
"""

import functools
from datetime import date

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)

from storage.engine.repository import Upsert, insert_into
from storage.engine.schema import questions, tallies
from storage.records.days import Days, day_in_paris

# The value of `chosen` when the person said that none of the choices was right.
NONE_CHOSEN = "-"
# Outcomes of what people want done rather than ask; the second one is of version 0.1.
ACTS = ("act", "smalltalk")
# Outcomes that show no entry as the answer.
_WITHOUT_ENTRY = (*ACTS, "none", "choices")
# The longest id that the column holds.
_LONGEST = 128

# An answer opened by a link or a button is kept without words, for its vote: nothing was asked.
IS_ASKED: ColumnElement[bool] = questions.c.text != ""
IS_UNANSWERED: ColumnElement[bool] = or_(
    questions.c.outcome == "none",
    questions.c.chosen_at.is_not(None)
    & (questions.c.chosen.is_(None) | (questions.c.chosen == NONE_CHOSEN)),
    questions.c.helpful.is_(False),
)
IS_LEFT: ColumnElement[bool] = (questions.c.outcome == "choices") & questions.c.chosen_at.is_(None)
IS_ANSWERED: ColumnElement[bool] = not_(or_(IS_UNANSWERED, IS_LEFT))

_KEY = (tallies.c.day, tallies.c.outcome, tallies.c.answered, tallies.c.entry)


def keeping(condition: ColumnElement[bool], dialect: str) -> Upsert:
    """Return the statement that adds the counts of these questions to the table.

    It locks their rows, so that two transactions that delete the same question count it once.
    """
    added = insert_into(tallies, dialect).from_select(
        [*(column.name for column in _KEY), "asked"], _counted(condition, dialect, locks=True)
    )
    return added.on_conflict_do_update(
        index_elements=list(_KEY), set_={"asked": tallies.c.asked + added.excluded.asked}
    )


def counts_of(days: Days, dialect: str) -> Select[date, str, bool, str, int]:
    """Return the counts of all questions of a period by day, outcome and entry."""
    within = (questions.c.asked_at >= days.begins_at) & (questions.c.asked_at < days.ends_at)
    kept = select(*_KEY, tallies.c.asked).where(
        tallies.c.day >= days.first, tallies.c.day < days.end
    )
    both = _counted(within, dialect).union_all(kept).subquery()
    return select(
        both.c.day,
        both.c.outcome,
        both.c.answered,
        both.c.entry,
        type_coerce(func.sum(both.c.asked), BigInteger).label("asked"),
    ).group_by(both.c.day, both.c.outcome, both.c.answered, both.c.entry)


def _counted(
    condition: ColumnElement[bool], dialect: str, *, locks: bool = False
) -> Select[date, str, bool, str, int]:
    described = select(
        day_in_paris(questions.c.asked_at, dialect).label("day"),
        questions.c.outcome,
        # A comparison with what is absent is neither true nor false.
        func.coalesce(IS_ANSWERED, literal(value=False)).label("answered"),
        _entry(dialect).label("entry"),
    ).where(condition, IS_ASKED)
    if locks:
        described = described.with_for_update(of=questions)
    each = described.subquery()
    key = (each.c.day, each.c.outcome, each.c.answered, each.c.entry)
    # WHERE: SQLite would take the ON of "ON CONFLICT" for that of a join.
    counted = select(*key, func.count().label("asked")).where(literal(value=True))
    return counted.group_by(*key)


@functools.cache
def _entry(dialect: str) -> ColumnElement[str]:
    """Return the id of what answered: the choice, or what was shown first; else an empty text."""
    shown = type_coerce(questions.c.shown, JSON)[0].as_string()
    if dialect != "postgresql":
        # SQLite stores any text, and one that is no JSON would end the statement.
        shown = case((func.json_valid(questions.c.shown) == 1, shown))
    has_chosen = and_(questions.c.chosen.is_not(None), questions.c.chosen != NONE_CHOSEN)
    found = case(
        (has_chosen, questions.c.chosen),
        (questions.c.outcome.not_in(_WITHOUT_ENTRY), shown),
    )
    return func.substr(func.coalesce(found, ""), 1, _LONGEST)
