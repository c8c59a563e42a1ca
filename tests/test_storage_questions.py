"""Questions are kept masked, once, and each is reached only by who asked it."""

import pytest
from dialogue import inside
from sqlalchemy import select, text
from storage_fixtures import (  # noqa: F401 (fixtures)
    START,
    Clock,
    database_url,
    migrated_database,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.engine.schema import questions
from storage.read_ahead import Prefetch
from storage.records.conversation_values import NewConversation, Side
from storage.records.questions import (
    COLUMNS,
    MOST_OF_ONE,
    NONE_CHOSEN,
    TIME_TO_CHOOSE,
    Question,
    QuestionLimits,
    Treatment,
    question_of,
)
from storage.unit_of_work import UnitOfWork


async def all_of(work: UnitOfWork, person_id: int) -> list[Question]:
    """A person's questions, oldest first."""
    await work.changes.write_all()
    rows = await inside(work.questions, "connection").execute(
        select(*COLUMNS).where(questions.c.person_id == person_id).order_by(questions.c.id)
    )
    return [question_of(row) for row in rows]


async def test_a_question_comes_back_masked(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        number = await work.questions.record(
            1, someone, "qui aide les PME ? 06 12 34 56 78", "choices", ["a", "b"]
        )
        found = await work.questions.get(number, someone)
    assert found is not None
    assert found.text.startswith("qui aide les PME ? [")
    assert "12" not in found.text
    assert found == Question(number, START, found.text, "choices", ("a", "b"), None, None, None)
    assert "06 12" not in str(await rows(database, "questions"))


async def test_the_same_update_records_once(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        first = await work.questions.record(1, someone, "one", "none", [])
        await work.questions.voted(first, someone, helpful=False)
    async with database.begin() as work:
        await work.questions.record(1, someone, "one again", "answer", ["a"])
        (kept,) = await all_of(work, someone)
    assert (kept.id, kept.text, kept.outcome, kept.helpful) == (first, "one", "none", False)


async def test_reserved_ids_are_never_given_twice(database: Database) -> None:
    someone = await person(database)
    given = []
    async with database.begin() as work:
        given.append(await work.questions.record(1, someone, "a", "none", []))
        work.read_ahead.use(Prefetch())
        given += [await work.questions.record(2, someone, "b", "none", [])]
        # Two at once; of the others, only the first is used.
        work.read_ahead.use(Prefetch(questions=2))
        given += [await work.questions.record(n, someone, "b", "none", []) for n in (3, 4)]
        work.read_ahead.use(Prefetch(questions=5))
        given += [await work.questions.record(5, someone, "b", "none", [])]
    async with database.begin() as work:
        given.append(await work.questions.record(6, someone, "c", "none", []))
        kept = await all_of(work, someone)
    assert len(set(given)) == len(given)
    assert [(one.id, one.text) for one in kept] == list(zip(given, "abbbbc", strict=True))


async def test_what_was_recorded_and_is_undone_is_not_kept(database: Database) -> None:
    someone = await person(database)

    async def fails() -> None:
        async with database.begin() as work:
            await work.questions.record(1, someone, "a", "none", [])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    async with database.begin() as work:
        assert await all_of(work, someone) == []


async def test_questions_without_an_update_are_all_kept(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        ids = [await work.questions.record(None, someone, "x", "none", []) for _ in range(2)]
        assert len(set(ids)) == 2
        assert [one.id for one in await all_of(work, someone)] == ids
        assert await work.questions.record(None, None, "x", "none", []) not in ids


async def test_choosing_and_choosing_none_are_told_apart(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        chosen = await work.questions.record(1, someone, "x", "choices", ["a", "b"])
        none = await work.questions.record(2, someone, "y", "choices", ["a", "b"])
        assert await work.questions.chosen(chosen, someone, "b")
        assert await work.questions.chosen(none, someone, None)
        first = await work.questions.get(chosen, someone)
        second = await work.questions.get(none, someone)
    assert first is not None
    assert (first.chosen, first.chosen_at) == ("b", START)
    assert second is not None
    assert (second.chosen, second.chosen_at) == (None, START)


async def test_choices_left_alone_are_unanswered_after_a_while_until_one_is_chosen(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)

    async def unanswered() -> list[int]:
        async with database.begin() as work:
            return [one.id for one in await work.questions.unanswered(10)]

    async with database.begin() as work:
        asked = work.questions
        left, refused, chosen = [
            await asked.record(n, someone, f"q{n}", "choices", ["a", "b"]) for n in (1, 2, 3)
        ]
        await asked.chosen(refused, someone, NONE_CHOSEN)
        await asked.chosen(chosen, someone, "a")
        assert (await asked.tally(START)).answered == 1
    assert await unanswered() == [refused]
    clock.advance(seconds=TIME_TO_CHOOSE.total_seconds() - 1)
    assert await unanswered() == [refused]
    clock.advance(seconds=1)
    assert await unanswered() == [refused, left]
    async with database.begin() as work:
        # Left and refused are each counted once.
        assert (await work.questions.tally(START)).answered == 1
        await work.questions.chosen(left, someone, "b")
    assert await unanswered() == [refused]


async def test_a_vote_is_kept_and_may_change(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        number = await work.questions.record(1, someone, "x", "answer", ["a"])
        for helpful in (True, False):
            assert await work.questions.voted(number, someone, helpful)
            found = await work.questions.get(number, someone)
            assert found is not None
            assert found.helpful is helpful


async def test_somebody_elses_question_is_out_of_reach(database: Database) -> None:
    someone, other = await person(database), await person(database, 8)
    async with database.begin() as work:
        number = await work.questions.record(1, someone, "x", "answer", ["a"])
        assert not await work.questions.voted(number, other, helpful=True)
        assert not await work.questions.chosen(number, other, "a")
        assert await work.questions.get(number, other) is None
        assert await work.questions.latest(other) is None
        untouched = await work.questions.get(number, someone)
    assert untouched is not None
    assert (untouched.helpful, untouched.chosen_at) == (None, None)


async def test_a_question_is_found_again_by_the_message_it_was_typed_in(
    database: Database,
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        await work.questions.record(1, someone, "Bonjour", "answer", [], message_id=77)
        latest = await work.questions.latest(someone)
        assert latest is not None
        assert latest.message_id == 77


async def test_the_latest_question_is_the_last_recorded(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        assert await work.questions.latest(someone) is None
        for update_id in (5, 3):
            last = await work.questions.record(update_id, someone, f"q{update_id}", "none", [])
        latest = await work.questions.latest(someone)
    assert latest is not None
    assert (latest.id, latest.text) == (last, "q3")


async def test_one_person_s_questions_do_not_push_out_the_others(database: Database) -> None:
    asker, other = await person(database), await person(database, 7)
    async with database.begin() as work:
        first = await work.questions.record(1, other, "mine", "none", [])
        for number in range(MOST_OF_ONE + 5):
            await work.questions.record(2 + number, asker, "again", "none", [])
        listed = await work.questions.unanswered(2 * MOST_OF_ONE)
    assert [one.person_id for one in listed].count(asker) == MOST_OF_ONE
    assert listed[-1].id == first


async def test_only_the_beginning_of_a_long_question_is_kept_and_masked_first(
    database: Database,
) -> None:
    someone = await person(database)
    limits = QuestionLimits(length=100)
    async with database.begin() as work:
        secret = "x" * 90 + " 06 12 34 56 78 " + "y" * 4000
        await work.questions.record(1, someone, secret, "none", [], limits)
        await work.questions.record(2, someone, "z" * 100, "none", [], limits)
        cut, whole = await all_of(work, someone)
    assert len(cut.text) == 100
    assert cut.text.endswith("\u2026")
    assert "06" not in cut.text
    assert whole.text == "z" * 100


async def test_a_day_s_questions_are_limited_for_each_person(
    database: Database, clock: Clock
) -> None:
    someone, other = await person(database), await person(database, 8)
    limits = QuestionLimits(a_day=3)
    async with database.begin() as work:
        for number in range(5):
            await work.questions.record(number, someone, f"{number}", "none", [], limits)
        await work.questions.record(10, other, "mine", "none", [], limits)
        assert [one.text for one in await all_of(work, someone)] == ["0", "1", "2"]
        assert len(await all_of(work, other)) == 1
    async with database.begin() as work:
        beyond = await work.questions.record(11, someone, "beyond", "choices", ["a"], limits)
        assert not await work.questions.chosen(beyond, someone, "a")
    clock.advance(days=1)
    async with database.begin() as work:
        await work.questions.record(12, someone, "tomorrow", "none", [], limits)
        assert [one.text for one in await all_of(work, someone)] == ["0", "1", "2", "tomorrow"]


async def test_the_oldest_go_first_but_nothing_that_facilitators_work_on(
    database: Database,
) -> None:
    someone, other = await person(database), await person(database, 8)
    async with database.begin() as work:
        ids = [await work.questions.record(n, someone, f"{n}", "none", []) for n in range(6)]
        await work.questions.record(10, other, "mine", "none", [])
        await work.questions.treat(ids[:1], Treatment.ANSWERED, 42)
        await work.questions.treat(ids[1:2], Treatment.PHRASING, 42, publication_id=7)
        await work.conversations.open(NewConversation(someone, "2", Side.PERSON, ids[2]))
        assert await work.questions.thin_out(QuestionLimits(in_all=2)) == 1
        assert [one.text for one in await all_of(work, someone)] == ["0", "1", "2", "4", "5"]
        assert len(await all_of(work, other)) == 1
        assert await work.questions.thin_out(QuestionLimits(in_all=2)) == 0


@pytest.mark.parametrize("shown", ["null", "5", '{"a": 1}', '"abc"'])
async def test_a_question_whose_entries_are_no_list_is_read(database: Database, shown: str) -> None:
    someone = await person(database)
    async with database.begin() as work:
        await work.questions.record(1, someone, "one", "none", ["a"])
        await work.changes.write_all()
        spoilt = text("UPDATE questions SET shown = :shown")
        await inside(work.questions, "connection").execute(spoilt, {"shown": shown})
        assert [one.shown for one in await all_of(work, someone)] == [()]
