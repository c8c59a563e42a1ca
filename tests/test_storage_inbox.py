"""What Telegram sent is kept once, handled in each chat's order, and erased when handled."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_fixtures import (  # noqa: F401 (fixtures)
    START,
    Clock,
    database_url,
    migrated_database,
    other_process,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.queues.inbox import Received, WaitingUpdate


def received(update_id: int, chat_id: int = 7) -> Received:
    return Received(update_id, chat_id, f'{{"update_id": {update_id}}}')


def numbers(waiting: tuple[WaitingUpdate, ...]) -> list[int]:
    return [one.update_id for one in waiting]


async def test_a_batch_comes_back_as_it_was_received(database: Database) -> None:
    async with database.begin() as work:
        assert await work.inbox.add([received(2, 8), received(1, -100_123_456_789)]) == 2
        first, second = await work.inbox.claim("here", [], 10)
    assert first == WaitingUpdate(1, -100_123_456_789, '{"update_id": 1}', START, 0)
    assert second.chat_id == 8


async def test_an_empty_batch_is_nothing(database: Database) -> None:
    async with database.begin() as work:
        assert await work.inbox.add([]) == 0
        assert await work.inbox.claim("here", [], 10) == ()
        assert await work.inbox.cursor() is None
        assert await work.inbox.next_due() is None


async def test_a_redelivery_is_ignored_even_once_handled(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1), received(2)])
        await work.inbox.done([1])
    async with database.begin() as work:
        assert await work.inbox.add([received(1), received(2), received(3), received(3)]) == 1
        assert await work.inbox.backlog() == 2
        assert numbers(await work.inbox.claim("here", [], 10)) == [2]


async def test_two_pollers_keep_one_of_each(database: Database, other: Database) -> None:
    async def add(through: Database) -> int:
        async with through.begin() as work:
            return await work.inbox.add([received(number) for number in range(50)])

    assert sorted(await asyncio.gather(add(database), add(other))) == [0, 50]


async def test_a_chat_is_served_in_order_and_others_do_not_wait(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1, 7), received(2, 7), received(3, 8), received(4, 9)])
        assert numbers(await work.inbox.claim("here", [], 10)) == [1, 3, 4]
        assert numbers(await work.inbox.claim("here", [7], 10)) == [3, 4]
        assert numbers(await work.inbox.claim("here", [], 2)) == [1, 3]
        await work.inbox.done([1])
        assert numbers(await work.inbox.claim("here", [8], 10)) == [2, 4]


async def test_handled_means_erased(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1)])
        await work.inbox.done([1])
    (row,) = await rows(database, "inbox")
    assert (row["state"], row["body"]) == ("done", None)


async def test_a_postponed_update_holds_back_its_whole_chat(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1, 7), received(2, 7), received(3, 8)])
        await work.inbox.postpone(1, START + timedelta(seconds=30))
        assert numbers(await work.inbox.claim("here", [], 10)) == [3]
        assert await work.inbox.next_due() == START + timedelta(seconds=30)
    clock.advance(seconds=30)
    async with database.begin() as work:
        first, _ = await work.inbox.claim("here", [], 10)
        assert (first.update_id, first.attempts) == (1, 1)
        assert await work.inbox.next_due() is None


async def test_only_the_head_of_a_chat_tells_when_it_is_due(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1, 7), received(2, 7), received(3, 8)])
        await work.inbox.postpone(1, START + timedelta(seconds=30))
        await work.inbox.postpone(2, START + timedelta(seconds=10))
        await work.inbox.postpone(3, START + timedelta(seconds=40))
        assert await work.inbox.next_due() == START + timedelta(seconds=30)


async def test_what_cannot_be_handled_is_set_aside_with_its_text(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(1), received(2)])
        await work.inbox.postpone(1, START)
        await work.inbox.set_aside(1, "E-1234")
        assert numbers(await work.inbox.claim("here", [], 10)) == [2]
    row = (await rows(database, "inbox"))[0]
    assert (row["state"], row["reference"], row["attempts"]) == ("aside", "E-1234", 1)
    assert row["body"] == '{"update_id": 1}'


async def test_polling_goes_on_after_the_last_update_kept(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([received(41), received(43), received(42)])
        await work.inbox.done([43])
        assert await work.inbox.cursor() == 43


async def test_a_number_of_long_ago_is_no_cursor(database: Database, clock: Clock) -> None:
    """After a week of silence Telegram may begin anew, lower: nothing may be skipped then."""
    async with database.begin() as work:
        await work.inbox.add([received(900)])
        await work.inbox.set_aside(900, "E-1")
    clock.advance(days=7)
    async with database.begin() as work:
        assert await work.inbox.cursor() is None
        await work.inbox.add([received(5)])
        assert await work.inbox.cursor() == 5


@settings(max_examples=15, deadline=None)
@given(chats=st.lists(st.integers(1, 3), min_size=1, max_size=12), lanes=st.integers(1, 4))
async def test_whatever_comes_each_chat_is_handled_whole_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, chats: list[int], lanes: int
) -> None:
    folder = tmp_path_factory.mktemp("inbox")
    database = Database(f"sqlite+aiosqlite:///{folder}/bot.db")
    await database.migrate()
    handled: list[int] = []
    async with database.begin() as work:
        await work.inbox.add([received(number, chat) for number, chat in enumerate(chats)])
        while waiting := await work.inbox.claim("here", [], lanes):
            assert len({one.chat_id for one in waiting}) == len(waiting)
            for one in waiting:
                await work.inbox.done([one.update_id])
                handled.append(one.update_id)
    await database.close()
    for chat in set(chats):
        own = [number for number in handled if chats[number] == chat]
        assert own == [number for number, other in enumerate(chats) if other == chat]


@pytest.mark.parametrize("known", [True, False])
async def test_a_former_checksum_tells_whether_an_edit_changes_words(
    database: Database, known: bool
) -> None:
    async with database.begin() as work:
        if known:
            await work.inbox.add([Received(1, 7, "{}", 5, 11), Received(2, 7, "{}", 5, 11)])
            assert await work.inbox.changes_words(7, 5, 2) is False
        await work.inbox.add([Received(3, 7, "{}", 5, 12), Received(4, 8, "{}", 5, 11)])
        assert await work.inbox.changes_words(7, 5, 3) is (True if known else None)
        assert await work.inbox.changes_words(8, 5, 4) is None
