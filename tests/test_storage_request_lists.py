"""Lists of requests, a page at a time, and the administrators who were met."""

from datetime import timedelta

from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    administrator,
    database_url,
    migrated_database,
    moved,
    new_interest,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.records.interests import Actor, EventKind, Particulars, Party, Status
from storage.records.request_lists import RequestGroup, Wanted

ADA, BOB = administrator("Ada"), Actor(Party.ADMINISTRATOR, 42, "Bob")


async def register(database: Database, project_id: str | None, telegram_id: int) -> int:
    someone = await person(database, telegram_id)
    async with database.begin() as work:
        recorded = await work.interests.register(someone, new_interest(project_id or ""))
        return recorded.interest.id


async def test_counts_and_pages(database: Database, clock: Clock) -> None:
    ids = [await register(database, f"p{number % 2}", 100 + number) for number in range(5)]
    async with database.begin() as work:
        await work.interests.move(ids[0], EventKind.TAKE, ADA)
        await work.interests.move(ids[1], EventKind.TAKE, BOB)
        await work.interests.move(ids[2], EventKind.REFUSE, ADA)
        lists = work.request_lists
        counts = await lists.counts()
        assert (counts[Status.RECEIVED], counts[Status.TAKEN], counts[Status.REFUSED]) == (2, 2, 1)
        assert counts[Status.CLOSED] == 0
        # Those received at one moment are still on one page each.
        pages = [await lists.page(Wanted(), first, 2) for first in (0, 2, 4)]
        assert [one.id for page in pages for one in page] == [ids[0], ids[1], ids[3], ids[4]]
        assert await lists.count(Wanted(owner_id=42)) == 1
        assert [one.id for one in await lists.page(Wanted(project_id="p1"), 0, 9)] == [
            ids[1],
            ids[3],
        ]
        projects = await lists.projects()
        assert [(group.key, group.count) for group in projects] == [("p0", 2), ("p1", 2)]
        assert await lists.owners() == (
            *sorted(
                (RequestGroup(str(ADA.id), "Ada", 1), RequestGroup("42", "Bob", 1)),
                key=lambda one: int(one.key),
            ),
        )


async def test_who_was_erased_is_in_no_list(database: Database) -> None:
    interest_id = await register(database, "p", 100)
    async with database.begin() as work:
        found = await work.request_lists.numbered(1, 3)
        assert [one.id for one in found] == [interest_id]
        (someone,) = {one.person_id for one in found}
        assert someone is not None
        await work.rights.erase(someone)
    async with database.begin() as work:
        lists = work.request_lists
        assert sum((await lists.counts()).values()) == 0
        assert await lists.numbered(1, 3) == ()
        assert await lists.firms(9) == ()
        assert await lists.page(Wanted(), 0, 9) == await lists.several([interest_id, 99]) == ()


async def test_colleagues_are_met_renamed_and_forgotten(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        await work.colleagues.meet(1, "Ada")
        await work.colleagues.meet(2, "Bob")
    clock.advance(hours=1)
    async with database.begin() as work:
        await work.colleagues.meet(1, "Ada")
        # Met again within a day under the same name: nothing is written.
        ada = await work.colleagues.get(1)
        assert ada is not None
        assert work.now - ada.seen_at == timedelta(hours=1)
        await work.colleagues.meet(1, "Ada L.")
        assert [one.name for one in await work.colleagues.latest(9)] == ["Ada L.", "Bob"]
        assert [one.name for one in await work.colleagues.latest(1)] == ["Ada L."]
        assert await work.colleagues.forget(2) == 1
        assert await work.colleagues.get(2) is None


async def test_an_erased_colleague_is_in_no_note_of_a_hand_over(database: Database) -> None:
    interest_id = await register(database, "p", 100)
    bob = await person(database, 42)
    async with database.begin() as work:
        await work.colleagues.meet(42, "Bob")
        await work.interests.move(interest_id, EventKind.TAKE, ADA)
        particulars = Particulars(owner=BOB, note="Bob")
        await work.interests.move(interest_id, EventKind.HAND_OVER, ADA, particulars)
        await work.rights.erase(bob)
    notes = [row["note"] for row in await rows(database, "interest_events")]
    assert "Bob" not in notes
