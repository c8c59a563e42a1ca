"""Conversations: one a question, one winner, edits in flight, and an end to everything."""

import asyncio
from datetime import timedelta

import pytest
from storage_fixtures import (  # noqa: F401 (fixtures)
    START,
    Clock,
    database_url,
    migrated_database,
    other_process,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.engine.errors import NotFoundError
from storage.privacy.retention import Durations
from storage.queues.outbox import Audience, Outgoing
from storage.records.conversation_values import (
    Conversation,
    Message,
    NewConversation,
    NewMessage,
    Side,
)
from storage.records.questions import Treatment
from storage.unit_of_work import UnitOfWork

GROUP = -100


async def opened(work: UnitOfWork, person_id: int, question_id: int | None = None) -> Conversation:
    new = NewConversation(person_id, "which wine?", Side.PERSON, question_id)
    return (await work.conversations.open(new)).conversation


async def said(work: UnitOfWork, conversation: Conversation, message_id: int = 1) -> Message:
    new = NewMessage(conversation.id, Side.FACILITATORS, "white", GROUP, message_id, author_id=9)
    return await work.conversations.say(new)


async def test_a_reply_waits_for_an_answer_until_there_is_one(
    database: Database, clock: Clock
) -> None:
    someone, other = await person(database), await person(database, 2)
    async with database.begin() as work:
        thread = await opened(work, someone)
        reply = await said(work, thread)
        assert await work.conversations.awaiting([someone], START) == {someone: ()}
        arrived = await work.conversations.arrived(reply.id)
    async with database.begin() as work:
        found = await work.conversations.awaiting([someone, other], START)
        assert [one.reply for one in found[someone]] == [arrived]
        assert found[someone][0].conversation.id == thread.id
        assert found[other] == ()
        later = START + timedelta(seconds=1)
        assert await work.conversations.awaiting([someone], later) == {someone: ()}
        await work.conversations.say(NewMessage(thread.id, Side.PERSON, "red", 1, 9))
        (after,) = (await work.conversations.awaiting([someone], START))[someone]
        assert (found[someone][0].answered_at, after.answered_at) == (None, START)
        await work.conversations.close(thread.id, 1, "Ada")
        assert await work.conversations.awaiting([someone], START) == {someone: ()}


async def test_what_a_person_was_asked_about_is_kept_until_they_say_or_two_days(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        thread = await opened(work, someone)
        await work.conversations.offer(thread.id, "Marseille", 7)
        offered = await work.conversations.get(thread.id)
        assert offered is not None
        assert (offered.offered, offered.offered_in) == ("Marseille", 7)
        assert offered.offered_at == START
        await work.conversations.settle_offer(thread.id)
        assert await work.conversations.get(thread.id) == thread
        await work.conversations.offer(thread.id, "Marseille", 7)
    clock.advance(hours=49)
    async with database.begin() as work:
        await work.retention.apply(Durations())
        assert await work.conversations.get(thread.id) == thread


async def test_numbers_are_a_series_of_their_own(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        first, second = await opened(work, someone), await opened(work, someone)
        assert (first.number, second.number) == ("Q-2026-0001", "Q-2026-0002")
        assert await work.conversations.by_number("Q-2026-0002") == second
        assert await work.conversations.by_number("TI-2026-0001") is None


async def test_a_question_is_handed_over_once(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        question = await work.questions.record(1, someone, "wine", "none", [])
        new = NewConversation(someone, "wine", Side.PERSON, question)
        first = await work.conversations.open(new)
        again = await work.conversations.open(new)
    assert (first.created, again.created) == (True, False)
    assert again.conversation == first.conversation


async def test_two_processes_hand_the_same_question_over_once(
    database: Database, other: Database
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        question = await work.questions.record(1, someone, "wine", "none", [])

    async def once(which: Database) -> bool:
        async with which.begin() as work:
            new = NewConversation(someone, "wine", Side.FACILITATORS, question)
            return (await work.conversations.open(new)).created

    assert sorted(await asyncio.gather(once(database), once(other))) == [False, True]
    assert len(await rows(database, "conversations")) == 1


async def test_of_two_who_close_one_wins_and_so_for_reopening(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        thread = await opened(work, someone)
        first = await work.conversations.close(thread.id, 1, "Ada")
        second = await work.conversations.close(thread.id, 2, "Grace")
        assert (first.won, second.won) == (True, False)
        assert second.conversation.closed_by_name == "Ada"
        assert [(await work.conversations.reopen(thread.id)).won for _ in range(2)] == [True, False]
        assert await work.conversations.unfinished() != ()
        with pytest.raises(NotFoundError):
            await work.conversations.close(404, 1, "Ada")


async def test_what_was_typed_is_found_by_its_message_alone(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        message = await said(work, await opened(work, someone))
        assert await work.conversations.typed_as(GROUP, 1) == message
        assert await work.conversations.typed_as(-200, 1) is None
        assert await work.conversations.typed_as(GROUP, 2) is None


async def test_an_edit_in_flight_is_stale_until_it_arrives(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        message = await said(work, await opened(work, someone))
        edited = await work.conversations.correct(message.id, "red", stale=True)
        assert (edited.text, edited.stale, edited.edited_at) == ("red", True, START)
        arrived = await work.conversations.arrived(message.id)
    assert (arrived.stale, arrived.delivered_at) == (False, START)


async def test_only_open_questions_of_the_person_s_own_count(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        await opened(work, someone)
        closed = await opened(work, someone)
        await work.conversations.close(closed.id, 1, "Ada")
        await work.conversations.open(NewConversation(someone, "x", Side.FACILITATORS))
        assert await work.conversations.open_count(someone) == 1


async def test_a_signature_is_switched_and_its_use_is_noted(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        assert not await work.conversations.signs(9)
        assert await work.conversations.switch_signature(9)
    clock.advance(days=1)
    async with database.begin() as work:
        assert await work.conversations.signs(9)
    (row,) = await rows(database, "signatures")
    assert "2026-03-03" in str(row["used_at"])
    async with database.begin() as work:
        assert not await work.conversations.switch_signature(9)
        assert not await work.conversations.signs(9)


async def sent_lines(work: UnitOfWork, thread: Conversation, message: Message) -> None:
    for about in (thread.about, thread.about_copy(message.id), thread.about_note):
        row = await work.outbox.add(
            Outgoing(Audience.FACILITATORS, "sendMessage", {"text": "x"}, about=about)
        )
        await work.outbox.sent(row, GROUP, row)


@pytest.mark.parametrize("closed", [True, False])
async def test_a_conversation_goes_90_days_after_its_end_or_its_last_word(
    database: Database, clock: Clock, closed: bool
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        thread = await opened(work, someone)
        # One whose id begins with the same digit must be spared.
        for _ in range(10):
            last = await opened(work, someone)
        await sent_lines(work, thread, await said(work, thread))
    clock.advance(days=1)
    async with database.begin() as work:
        await said(work, last, 2)
        if closed:
            await work.conversations.close(last.id, 1, "Ada")
        await sent_lines(work, last, await said(work, last, 3))
    clock.now = START + timedelta(days=90, seconds=1)
    async with database.begin() as work:
        counts = await work.retention.apply(Durations())
    assert (counts["conversations"], counts["outbox"]) == (10, 3)
    assert [row["id"] for row in await rows(database, "conversations")] == [last.id]
    clock.advance(days=1)
    async with database.begin() as work:
        await work.retention.apply(Durations())
    assert await rows(database, "conversation_messages") == []
    assert await rows(database, "outbox") == []


async def test_questions_without_a_good_answer_are_found_until_treated(database: Database) -> None:
    someone = await person(database)
    async with database.begin() as work:
        asked = work.questions
        none = await asked.record(1, someone, "none", "none", [])
        refused = await asked.record(2, someone, "refused", "choices", ["a"])
        await asked.chosen(refused, someone, "-")
        useless = await asked.record(3, someone, "useless", "answer", ["a"])
        await asked.voted(useless, someone, helpful=False)
        left = await asked.record(4, someone, "left", "choices", ["a"])
        good = await asked.record(5, someone, "good", "answer", ["a"])
        await asked.record(6, someone, "hello", "act", ["b"])
        from_a_list = await asked.record(7, someone, "", "answer", ["a"])
        await asked.voted(from_a_list, someone, helpful=False)
        assert {left, good}.isdisjoint(one.id for one in await asked.unanswered(10))
        assert [one.id for one in await asked.unanswered(10)] == [useless, refused, none]
        assert [one.id for one in await asked.unanswered(1)] == [useless]
        tally = await asked.tally(START)
        # Neither the act nor the answer that was opened without a question.
        assert (tally.asked, tally.answered) == (5, 1)

        assert await asked.treat([none, refused], Treatment.ASIDE, 9) == (none, refused)
        assert await asked.treat([none, useless], Treatment.ANSWERED, 8) == (useless,)
        assert await asked.unanswered(10) == ()


async def test_questions_wait_for_their_publication_then_are_settled_or_open_again(
    database: Database,
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        asked = work.questions
        one, two = [await asked.record(n, someone, f"q{n}", "none", []) for n in (1, 2)]
        await asked.treat([one], Treatment.PHRASING, 9, publication_id=5)
        await asked.treat([two], Treatment.OUT_OF_SCOPE, 9, publication_id=6)
        assert await asked.change_request_ids() == (5, 6)
        await asked.settle(5)
        await asked.release(6)
        assert await asked.change_request_ids() == ()
        assert [left.id for left in await asked.unanswered(10)] == [two]
