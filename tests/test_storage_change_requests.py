"""Changes asked for by facilitators: worked on by one process, decided once, forgotten in time."""

import asyncio
from dataclasses import replace

import pytest
from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    database_url,
    migrated_database,
    other_process,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.records.change_requests import (
    OPEN,
    ChangeKind,
    ChangeRequest,
    ChangeState,
    NewChangeRequest,
)
from storage.subject import Kind, Subject

ASKED = NewChangeRequest(ChangeKind.UPLOAD, 7, "Ada", -100, file="faq.yaml", subject="file-1")
NEW, PRINTS = {"faq.yaml": b"new"}, {"faq.yaml": ("base", "print")}
REPORT = {"confirm": True, "wrong": ["x"]}


async def ask(database: Database, asked: NewChangeRequest = ASKED) -> int:
    async with database.begin() as work:
        return await work.change_requests.ask(asked)


async def get(database: Database, number: int) -> ChangeRequest:
    async with database.begin() as work:
        change = await work.change_requests.get(number)
    assert change is not None
    return change


async def claimed(database: Database) -> int | None:
    async with database.begin() as work:
        change = await work.change_requests.claim(database.worker)
    return change.id if change else None


async def offered(database: Database) -> int:
    number = await ask(database)
    async with database.begin() as work:
        assert await work.change_requests.offer(number, NEW, PRINTS, REPORT)
    return number


async def published(database: Database, clock: Clock) -> int:
    number = await offered(database)
    async with database.begin() as work:
        assert await work.change_requests.want(number, 8, "Bob")
        assert await work.change_requests.published(number, "v1", clock())
    return number


@pytest.mark.parametrize(
    ("asked", "anywhere", "here"),
    [
        (ASKED, True, True),
        (replace(ASKED, chat_id=7), True, False),
        (replace(ASKED, topic_id=3), True, False),
        (replace(ASKED, subject="file-2"), False, False),
    ],
)
async def test_the_same_change_is_asked_for_once_or_once_in_each_chat(
    database: Database, asked: NewChangeRequest, *, anywhere: bool, here: bool
) -> None:
    await ask(database)
    async with database.begin() as work:
        assert await work.change_requests.is_asked(asked) is anywhere
        assert await work.change_requests.is_asked(asked, here=True) is here


async def test_one_process_works_on_a_change(database: Database, other: Database) -> None:
    first, second = await ask(database), await ask(database)
    assert await claimed(database) == first
    assert await claimed(other) == second
    third = await ask(database)
    # What it has not done comes again, before anything else.
    assert await claimed(database) == first
    async with database.begin() as work:
        await work.change_requests.end(first, ChangeState.REFUSED)
    assert await claimed(database) == third
    assert await claimed(other) == second


async def test_an_examination_that_ends_late_does_not_end_a_publication(
    database: Database, other: Database
) -> None:
    number = await offered(database)
    async with other.begin() as work:
        assert await work.change_requests.want(number, 8, "Bob")
        late = ChangeState.REFUSED
        assert not await work.change_requests.end(number, late, before=ChangeState.ASKED)
    assert (await get(database, number)).state is ChangeState.WANTED


async def test_of_two_who_claim_at_once_one_has_it(database: Database, other: Database) -> None:
    number = await ask(database)
    both = await asyncio.gather(claimed(database), claimed(other))
    assert {*both} == {number, None}


async def test_what_is_wanted_is_for_whoever_comes(database: Database, other: Database) -> None:
    number = await ask(database)
    assert await claimed(database) == number
    async with database.begin() as work:
        await work.change_requests.offer(number, NEW, PRINTS, REPORT)
        await work.change_requests.want(number, 8, "Bob")
    assert await claimed(other) == number
    assert await claimed(database) is None
    async with other.begin() as work:
        await work.change_requests.published(number, "v1", work.now)
    assert [row["claimed_by"] for row in await rows(database, "publications")] == [None]


async def test_the_first_who_decides_counts(database: Database) -> None:
    number = await offered(database)
    async with database.begin() as work:
        assert await work.change_requests.want(number, 8, "Bob")
        assert not await work.change_requests.abandon(number, 9, "Eve")
        assert not await work.change_requests.want(number, 9, "Eve")
        assert not await work.change_requests.offer(
            number, {"faq.yaml": b""}, {"faq.yaml": ("", "")}, {}
        )
    change = await get(database, number)
    assert (change.state, change.decided_by, change.needs_confirmation) == (
        ChangeState.WANTED,
        "Bob",
        True,
    )


async def test_what_waits_for_a_person_is_not_worked_on(database: Database) -> None:
    await offered(database)
    assert await claimed(database) is None


@pytest.mark.parametrize(
    "state", [ChangeState.REFUSED, ChangeState.FAILED, ChangeState.OVERTAKEN, ChangeState.SHOWN]
)
async def test_what_ends_keeps_no_content(database: Database, state: ChangeState) -> None:
    number = await ask(database)
    async with database.begin() as work:
        assert await work.change_requests.end(number, state)
        assert not await work.change_requests.end(number, ChangeState.REFUSED)
        assert await work.change_requests.contents(number) is None
    change = await get(database, number)
    assert change.state is state
    assert change.state not in OPEN


async def test_the_last_change_about_something_is_found(database: Database) -> None:
    for subject in ("a", "b"):
        await ask(database, replace(ASKED, subject=subject, about=Subject(Kind.GAP, 1)))
    async with database.begin() as work:
        change = await work.change_requests.about(Subject(Kind.GAP, 1))
        assert await work.change_requests.about(Subject(Kind.GAP, 2)) is None
    assert change is not None
    assert change.subject == "b"


async def test_other_processes_are_told_of_what_was_published(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        before = await work.change_requests.newest()
    first = await offered(database)
    number = await published(database, clock)
    async with database.begin() as work:
        after = await work.change_requests.newest()
        assert [one.id for one in await work.change_requests.all_published()] == [number]
        # Asked for before, and published after.
        await work.change_requests.want(first, 8, "Bob")
        await work.change_requests.published(first, "v2", clock())
        assert before != after != await work.change_requests.newest()


async def test_an_alarm_is_raised_once_for_all_processes(
    database: Database, other: Database
) -> None:
    async with database.begin() as work:
        assert await work.change_requests.raise_alarm("knowledge", "a")
    async with other.begin() as work:
        assert not await work.change_requests.raise_alarm("knowledge", "a")
        assert await work.change_requests.raise_alarm("knowledge", "b")
    async with database.begin() as work:
        assert await work.change_requests.clear_alarm("knowledge")
        assert not await work.change_requests.clear_alarm("knowledge")
        assert await work.change_requests.raise_alarm("knowledge", "b")


async def test_what_nobody_decides_on_is_given_up_after_a_week(
    database: Database, clock: Clock
) -> None:
    number = await offered(database)
    clock.advance(days=7)
    async with database.begin() as work:
        assert await work.change_requests.forget() == 0
    clock.advance(seconds=1)
    async with database.begin() as work:
        assert await work.change_requests.forget() == 1
        assert await work.change_requests.contents(number) is None
    assert (await get(database, number)).state is ChangeState.ABANDONED


async def test_a_publication_loses_its_content_then_goes(database: Database, clock: Clock) -> None:
    number = await published(database, clock)
    clock.advance(days=30)
    async with database.begin() as work:
        assert await work.change_requests.forget() == 0
        assert await work.change_requests.contents(number) == NEW
    clock.advance(seconds=1)
    async with database.begin() as work:
        assert await work.change_requests.forget() == 1
        assert await work.change_requests.contents(number) is None
    clock.advance(days=336)
    async with database.begin() as work:
        assert await work.change_requests.forget() == 1
    assert await rows(database, "publications") == []


async def test_a_facilitator_erases_what_they_did(database: Database, clock: Clock) -> None:
    number = await published(database, clock)
    async with database.begin() as work:
        assert await work.change_requests.forget_actor(7) == 1
        assert await work.change_requests.forget_actor(8) == 1
    change = await get(database, number)
    assert (change.actor_id, change.actor_name, change.decided_by) == (None, None, None)


async def test_files_of_one_person_are_joined_until_they_are_decided_on(
    database: Database, clock: Clock
) -> None:
    async def sent(file: str, actor: int = 7) -> tuple[str, ...]:
        asked = replace(ASKED, kind=ChangeKind.UPLOAD, file=file, subject=file, actor_id=actor)
        async with database.begin() as work:
            return await work.change_requests.join(asked)

    assert await sent("faq.yaml") == ()
    assert await sent("lexique.yaml", actor=8) == ()
    assert await sent("questions.yaml") == ("faq.yaml",)
    assert await sent("questions.yaml") == ("faq.yaml",)
    states = [row["state"] for row in await rows(database, "publications")]
    assert states == ["joined", "asked", "joined", "asked"]
    change = await get(database, 4)
    assert change.sent == {"faq.yaml": "faq.yaml", "questions.yaml": "questions.yaml"}
    async with database.begin() as work:
        both = {"faq.yaml": b"a", "questions.yaml": b"\xff"}
        prints = {"faq.yaml": ("1", "2"), "questions.yaml": ("3", "4")}
        assert await work.change_requests.offer(4, both, prints, {})
        assert await work.change_requests.contents(4) == both
        await work.change_requests.want(4, 7, "Ada")
        assert await work.change_requests.told_prints(clock()) == {
            ("faq.yaml", "2"),
            ("questions.yaml", "4"),
        }
    # What is being published is no longer joined, nor what was sent long ago.
    assert await sent("acronymes.yaml") == ()
    clock.advance(minutes=11)
    assert await sent("actes.yaml") == ()


async def test_a_change_is_extended_by_one_after_the_other(database: Database) -> None:
    first = await offered(database)
    more = replace(ASKED, kind=ChangeKind.PHRASING, wording="more")
    async with database.begin() as work:
        requests = work.change_requests
        second, third = await requests.extend(more, first), await requests.extend(more, first)
    for number, base in ((second, first), (third, second)):
        change = await get(database, number)
        assert change.extends == first
        async with database.begin() as work:
            former = await work.change_requests.extended(change)
            assert former is not None
            assert former.id == base
            assert await work.change_requests.offer(number, NEW, PRINTS, REPORT)
            assert await work.change_requests.take_place(former, number)
            assert not await work.change_requests.take_place(former, number)
    joined = await get(database, first)
    assert (joined.state, joined.prints) == (ChangeState.JOINED, PRINTS)
    async with database.begin() as work:
        assert await work.change_requests.contents(first) is None
        assert await work.change_requests.want(third, 8, "Bob")
        # What was decided on is extended no more.
        late = replace(joined, report={"extends": first})
        assert await work.change_requests.extended(late) is None
