"""The exchange about a request: one a request, ended and kept with it."""

from datetime import timedelta

from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    database_url,
    migrated_database,
    new_interest,
    other_process,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.privacy.notices import SentNotice
from storage.privacy.retention import Durations
from storage.queues.outbox import Audience, Delivery, Outgoing
from storage.records.conversation_values import Conversation, NewMessage, Side
from storage.records.interests import Actor, EventKind, Interest, Party
from storage.subject import Kind, Subject
from storage.unit_of_work import UnitOfWork

GROUP = -100
ADA = Actor(Party.ADMINISTRATOR, 9, "Ada")


async def exchange(work: UnitOfWork, someone: int) -> tuple[Interest, Conversation]:
    interest = (await work.interests.register(someone, new_interest())).interest
    return interest, await work.conversations.open_about(interest, Side.FACILITATORS)


async def shown_in_group(work: UnitOfWork, about: Subject, message_id: int) -> None:
    row = await work.outbox.add(
        Outgoing(Audience.ADMINISTRATORS, "sendMessage", {"text": "x"}, about=about)
    )
    await work.outbox.sent(row, GROUP, message_id)


async def test_a_request_has_one_exchange_under_its_number(
    database: Database, other: Database
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        interest, first = await exchange(work, someone)
    async with other.begin() as work:
        second = await work.conversations.open_about(interest, Side.PERSON)
        assert second == first
        assert (first.number, first.interest_id) == (interest.number, interest.id)
        assert first.about == interest.about
        assert first.about_aside == interest.about_note
        # It is no question that somebody waits for an answer to.
        assert await work.conversations.unfinished() == ()
        await work.conversations.say(NewMessage(first.id, Side.PERSON, "a word", 1, 1))
        assert await work.conversations.open_count(someone) == 0


async def test_an_exchange_ends_and_begins_again_with_its_request(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        interest, _ = await exchange(work, someone)
    for kind, is_open in (
        (EventKind.TAKE, True),
        (EventKind.CLOSE, False),
        (EventKind.REOPEN, True),
        (EventKind.REFUSE, False),
    ):
        async with database.begin() as work:
            await work.interests.move(interest.id, kind, ADA)
            found = await work.conversations.about_request(interest.id)
            assert found is not None
            assert (found.closed_at is None) is is_open, kind


async def test_the_last_word_is_one_that_the_person_knows(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        interest, about = await exchange(work, someone)
        assert await work.conversations.last_words([interest.id]) == {}
        own = await work.conversations.say(NewMessage(about.id, Side.PERSON, "when?", 1, 1))
        reply = await work.conversations.say(
            NewMessage(about.id, Side.FACILITATORS, "soon", GROUP, 2)
        )
        assert await work.conversations.last_words([interest.id, 999]) == {interest.id: own}
        arrived = await work.conversations.arrived(reply.id)
        assert await work.conversations.last_words([interest.id]) == {interest.id: arrived}
        assert await work.conversations.last_words([]) == {}


async def test_an_exchange_is_kept_as_long_as_its_request(database: Database, clock: Clock) -> None:
    someone = await person(database)
    async with database.begin() as work:
        interest, about = await exchange(work, someone)
        word = await work.conversations.say(NewMessage(about.id, Side.PERSON, "a word", 1, 1))
        await shown_in_group(work, about.about_copy(word.id), 20)
    clock.advance(days=100)
    async with database.begin() as work:
        await work.retention.apply(Durations())
        assert await work.conversations.about_request(interest.id) is not None
    clock.advance(days=266)
    async with database.begin() as work:
        await work.retention.apply(Durations())
        assert work.retention.notices == (SentNotice(GROUP, 20, interest.number),)
    assert await rows(database, "conversations") == []
    assert await rows(database, "conversation_messages") == []
    assert await rows(database, "outbox") == []


async def test_a_closed_exchange_outlives_the_time_of_questions(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        interest, _ = await exchange(work, someone)
        await work.interests.move(interest.id, EventKind.REFUSE, ADA)
    clock.advance(days=91)
    async with database.begin() as work:
        await work.retention.apply(Durations(conversation=timedelta(days=90)))
        assert await work.conversations.about_request(interest.id) is not None


async def test_an_erasure_finds_all_that_the_group_was_shown(database: Database) -> None:
    someone, other = await person(database), await person(database, 2)
    async with database.begin() as work:
        interest, about = await exchange(work, someone)
        _, another = await exchange(work, other)
        shown = (interest.about, interest.about_note, about.about_note, about.about_copy(1))
        for number, subject in enumerate(shown, start=20):
            await shown_in_group(work, subject, number)
        await shown_in_group(work, another.about_copy(2), 99)
    async with database.begin() as work:
        erased = await work.rights.erase(someone)
        assert {one.message_id for one in erased.deliveries} == {20, 21, 22, 23}
        assert {one.number for one in erased.deliveries} == {interest.number}
        assert not any(one.of_conversation for one in erased.deliveries)
    (left,) = await rows(database, "outbox")
    assert left["message_id"] == 99


async def test_a_message_is_known_as_the_part_of_a_record_that_it_shows(
    database: Database,
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        interest, about = await exchange(work, someone)
        await shown_in_group(work, about.about_note, 20)
        assert await work.outbox.subject_of(Delivery(GROUP, 20)) == about.about_note
        # Shown again otherwise, it is about the whole.
        await shown_in_group(work, about.about_copy(1), 20)
        whole = Subject(Kind.EXCHANGE, about.id)
        assert await work.outbox.subject_of(Delivery(GROUP, 20)) == whole
        await shown_in_group(work, interest.about, 20)
        assert await work.outbox.subject_of(Delivery(GROUP, 20)) is None
