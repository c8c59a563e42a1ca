"""A form in progress is one row a person, and comes back exactly as it was left."""

from dataclasses import replace

from storage_fixtures import (  # noqa: F401 (fixtures)
    START,
    database_url,
    migrated_database,
    person,
    stopped_clock,
)

from storage.database import Database
from storage.records.drafts import Draft


async def test_a_form_comes_back_as_it_was_left(database: Database) -> None:
    someone = await person(database)
    answers = {"company": "\u00c7a & <b>", "role": None}
    left = Draft(
        someone,
        "interest",
        "contact",
        "hydrogen",
        answers,
        editing=True,
        changes="TI-2026-0001",
        reuses="TI-2026-0002",
        leaving=True,
        reminded=True,
        unsure="\u00e0 quoi ?",
    )
    async with database.begin() as work:
        work.drafts.save(left)
    async with database.begin() as work:
        found = await work.drafts.of(someone)
    assert found == replace(left, updated_at=START)


async def test_a_person_has_one_form(database: Database) -> None:
    someone, other = await person(database), await person(database, 8)
    async with database.begin() as work:
        work.drafts.save(Draft(someone, "interest", "company", "a", {"company": "x"}))
        work.drafts.save(Draft(other, "interest", "company", "b"))
        work.drafts.save(Draft(someone, "proposal", "title"))
        found, others = await work.drafts.of(someone), await work.drafts.of(other)
    assert found == Draft(someone, "proposal", "title", updated_at=START)
    assert others is not None
    assert others.subject == "b"


async def test_discarding_tells_whether_there_was_one(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        work.drafts.save(Draft(someone, "interest", "company"))
        assert await work.drafts.discard(someone)
        assert not await work.drafts.discard(someone)
        assert await work.drafts.of(someone) is None


async def test_forms_of_several_people_are_given_as_they_are(database: Database) -> None:
    first, second, third = [await person(database, number) for number in (7, 8, 9)]
    begun = Draft(first, "interest", "company", "a", updated_at=START)
    async with database.begin() as work:
        work.drafts.save(begun)
        work.drafts.save(replace(begun, person_id=third))
        assert await work.drafts.of_people([]) == {}
        found = await work.drafts.of_people([first, second])
        assert found == {first: begun, second: None}
        assert await work.drafts.writers([]) == frozenset()
        assert await work.drafts.writers([7, 8, 9, 10]) == {7, 9}
