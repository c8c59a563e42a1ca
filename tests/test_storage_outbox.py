"""What the bot owes is sent in order, survives what it meets, and leaves only a trace."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copy

import orjson
import pytest
from dialogue import inside
from sqlalchemy import text
from storage_fixtures import (  # noqa: F401 (fixtures)
    START,
    TELEGRAM_ID,
    Clock,
    database_url,
    migrated_database,
    rows,
    stopped_clock,
    to_administrators,
    to_person,
)

from storage.database import Database
from storage.queues.inbox import Received
from storage.queues.outbox import Audience, Delivery, Outgoing, Pending, Priority
from storage.subject import Kind, Subject

ALL = frozenset(Audience)


def words(pending: tuple[Pending, ...]) -> list[str]:
    return [one.payload["text"] for one in pending]


async def test_a_message_comes_back_as_it_was_owed(database: Database) -> None:
    outgoing = to_person(
        words="\u00c9\U0001f600",
        attachment=b"\x00\xff",
        filename="data.html",
        about=Subject(Kind.GAP, 1),
    )
    async with database.begin() as work:
        number = await work.outbox.add(outgoing)
    async with database.begin() as work:
        (pending,) = await work.outbox.claim("here", [], 10, ALL)
        assert await work.outbox.attachment(number) == b"\x00\xff"
    assert pending == Pending(
        id=number,
        lane=f"person:{TELEGRAM_ID}",
        audience=Audience.PERSON,
        chat_id=TELEGRAM_ID,
        update_id=None,
        method="sendMessage",
        payload={"text": "\u00c9\U0001f600"},
        has_attachment=True,
        filename="data.html",
        about=Subject(Kind.GAP, 1),
        attempts=0,
        created_at=START,
        leaves_trace=True,
    )


@pytest.mark.parametrize(
    ("audience", "chat_id"),
    [(Audience.PERSON, None), (Audience.ADMINISTRATORS, 7), (Audience.FACILITATORS, 7)],
)
def test_a_person_has_a_chat_and_a_group_is_a_setting(
    audience: Audience, chat_id: int | None
) -> None:
    with pytest.raises(ValueError, match="chat_id"):
        Outgoing(audience, "sendMessage", {}, chat_id=chat_id)


async def test_a_lane_is_served_in_order_and_others_do_not_wait(database: Database) -> None:
    async with database.begin() as work:
        first = await work.outbox.add(to_person(7, "a1"))
        await work.outbox.add(to_person(7, "a2"))
        await work.outbox.add(to_person(8, "b1"))
        await work.outbox.add(to_administrators("c1"))
        await work.outbox.add(to_administrators("c2"))
        assert words(await work.outbox.claim("here", [], 10, ALL)) == ["a1", "b1", "c1"]
        assert words(await work.outbox.claim("here", [], 2, ALL)) == ["a1", "b1"]
        assert words(await work.outbox.claim("here", ["administrators"], 10, ALL)) == ["a1", "b1"]
        assert words(await work.outbox.claim("here", ["person:7"], 10, ALL)) == ["b1", "c1"]
        assert await work.outbox.sent(first, 7, 100)
        assert words(await work.outbox.claim("here", [], 1, ALL)) == ["a2"]


async def test_what_is_owed_to_a_group_waits_until_there_is_one(database: Database) -> None:
    async with database.begin() as work:
        await work.outbox.add(to_administrators("c1"))
        await work.outbox.add(to_person(7, "a1"))
        assert words(await work.outbox.claim("here", [], 10, [Audience.PERSON])) == ["a1"]
        assert await work.outbox.claim("here", [], 10, []) == ()
        assert await work.outbox.waiting_count(Audience.ADMINISTRATORS) == 1
        assert await work.outbox.waiting_count() == 2


async def test_a_postponed_message_holds_back_its_lane(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        first = await work.outbox.add(to_person(7, "a1"))
        await work.outbox.add(to_person(7, "a2"))
        await work.outbox.postpone(first, START + timedelta(seconds=30), "429")
        assert await work.outbox.claim("here", [], 10, ALL) == ()
        assert await work.outbox.next_due(ALL) == START + timedelta(seconds=30)
        assert await work.outbox.next_due([Audience.ADMINISTRATORS]) is None
    clock.advance(seconds=30)
    async with database.begin() as work:
        (pending,) = await work.outbox.claim("here", [], 10, ALL)
        assert (pending.id, pending.attempts) == (first, 1)
        assert await work.outbox.next_due(ALL) is None


async def test_a_message_may_be_owed_for_later(database: Database) -> None:
    async with database.begin() as work:
        await work.outbox.add(to_person(7, "a1", not_before=START + timedelta(minutes=20)))
        assert await work.outbox.claim("here", [], 10, ALL) == ()
        assert await work.outbox.next_due(ALL) == START + timedelta(minutes=20)


async def test_a_parked_message_frees_its_lane(database: Database) -> None:
    async with database.begin() as work:
        first = await work.outbox.add(to_person(7, "a1"))
        await work.outbox.add(to_person(7, "a2"))
        await work.outbox.park(first, "403: bot was blocked by the user")
        assert words(await work.outbox.claim("here", [], 10, ALL)) == ["a2"]
        assert await work.outbox.waiting_count() == 1
    row = (await rows(database, "outbox"))[0]
    assert (row["state"], row["error"]) == ("parked", "403: bot was blocked by the user")


async def test_what_keeps_hours_is_passed_by_others_until_the_office_opens(
    database: Database,
) -> None:
    async with database.begin() as work:
        reminder = await work.outbox.add(to_person(7, "reminder", keeps_hours=True))
        await work.outbox.add(to_person(8, "alone", keeps_hours=True))
        answer = await work.outbox.add(to_person(7, "answer"))
        await work.outbox.postpone(reminder, START + timedelta(minutes=5), "429")
        assert await work.outbox.next_due(ALL, in_hours=False) is None
        assert await work.outbox.next_due(ALL) == START + timedelta(minutes=5)
        assert words(await work.outbox.claim("here", [], 10, ALL, in_hours=False)) == ["answer"]
        assert await work.outbox.keeps_any(ALL)
        assert not await work.outbox.keeps_any([Audience.ADMINISTRATORS])
        await work.outbox.sent(answer, 7, 100)
        await work.outbox.defer(reminder, START)
        assert await work.outbox.claim("here", [], 10, ALL, in_hours=False) == ()
        claimed = await work.outbox.claim("here", [], 10, ALL)
        assert words(claimed) == ["reminder", "alone"]
        assert all(item.keeps_hours for item in claimed)


async def test_what_keeps_hours_and_was_in_a_crash_waits_for_them_too(
    database: Database,
) -> None:
    async with database.begin() as work:
        number = await work.outbox.add(to_person(7, "reminder", keeps_hours=True))
        await work.outbox.defer(number, START, crashes=1)
        assert not await work.outbox.has_suspect([], ALL, in_hours=False)
        assert await work.outbox.has_suspect([], ALL)


async def test_what_takes_the_place_of_a_kept_message_keeps_hours_only_if_both_do(
    database: Database,
) -> None:
    about = Subject(Kind.INTEREST, 1)
    for keeps in (True, False):
        async with database.begin() as work:
            number = await work.outbox.add(to_administrators("old", about=about, keeps_hours=True))
            content = {"text": "new"}
            assert await work.outbox.reword(
                about, Audience.ADMINISTRATORS, content, keeps_hours=keeps
            )
            claimed = await work.outbox.claim("here", [], 10, ALL, in_hours=False)
            assert words(claimed) == ([] if keeps else ["new"])
            await work.outbox.park(number, "done")


async def test_what_waits_for_the_hours_is_dropped_with_its_reason(database: Database) -> None:
    about, several = Subject(Kind.INTEREST, 1).note, Subject(Kind.REMINDER, 5)
    kept: dict[str, object] = {"about": about, "keeps_hours": True}
    async with database.begin() as work:
        await work.outbox.add(to_person(7, "reminder", **kept))
        await work.outbox.add(to_person(7, "news", priority=Priority.BROADCAST, **kept))
        await work.outbox.add(to_person(7, "answer", about=about))
        await work.outbox.add(to_person(8, "TI-1, TI-2", about=several, keeps_hours=True))
        await work.outbox.drop_kept(about, news_too=False)
        assert await work.outbox.waiting_count() == 3
        await work.outbox.drop_kept(about, news_too=True)
        assert await work.outbox.drop_kept_naming(Kind.REMINDER, "TI-3") == ()
        assert await work.outbox.drop_kept_naming(Kind.REMINDER, "TI-2") == ((several, START),)
        assert words(await work.outbox.claim("here", [], 10, ALL)) == ["answer"]


async def test_what_is_being_sent_is_not_dropped(database: Database) -> None:
    about = Subject(Kind.INTEREST, 1).note
    async with database.begin() as work:
        await work.outbox.add(to_person(7, "reminder", about=about, keeps_hours=True))
        assert len(await work.outbox.claim("here", [], 10, ALL)) == 1
        await work.outbox.drop_kept(about, news_too=True)
        assert words(await work.outbox.claim("here", [], 10, ALL)) == ["reminder"]


async def test_a_sent_message_is_forgotten(database: Database) -> None:
    async with database.begin() as work:
        assert await work.outbox.sent(await work.outbox.add(to_person(7)), 7, 100)
    assert await rows(database, "outbox") == []


async def test_a_message_about_something_leaves_a_trace_without_its_content(
    database: Database,
) -> None:
    owed = to_administrators(
        "secret", about=Subject(Kind.INTEREST, 1), attachment=b"secret", filename="secret"
    )
    async with database.begin() as work:
        number = await work.outbox.add(owed)
        assert await work.outbox.delivery(Subject(Kind.INTEREST, 1)) is None
        assert await work.outbox.sent(number, -100, 55)
        assert await work.outbox.claim("here", [], 10, ALL) == ()
        assert await work.outbox.delivery(Subject(Kind.INTEREST, 1)) == Delivery(-100, 55)
    (row,) = await rows(database, "outbox")
    assert (row["state"], row["payload"], row["attachment"]) == ("sent", None, None)
    assert "secret" not in str(row)


async def test_the_last_message_sent_about_something_is_found(database: Database) -> None:
    async with database.begin() as work:
        outbox = work.outbox
        first = await outbox.add(to_administrators(about=Subject(Kind.INTEREST, 1)))
        person = await outbox.add(to_person(7, about=Subject(Kind.INTEREST, 1)))
        other = await outbox.add(to_administrators(about=Subject(Kind.INTEREST, 2)))
        edit = await outbox.add(
            Outgoing(
                Audience.ADMINISTRATORS, "editMessageText", {}, about=Subject(Kind.INTEREST, 1)
            )
        )
        await outbox.sent(first, -100, 55)
        await outbox.sent(person, 7, 56)
        await outbox.sent(other, -100, 57)
        await outbox.sent(edit, -100, 55)
        assert await outbox.delivery(Subject(Kind.INTEREST, 1)) == Delivery(7, 56)
        assert await outbox.delivery(
            Subject(Kind.INTEREST, 1), Audience.ADMINISTRATORS
        ) == Delivery(-100, 55)
        assert await outbox.delivery(Subject(Kind.INTEREST, 3)) is None


async def test_what_was_erased_while_it_was_sent_is_told(database: Database) -> None:
    async with database.begin() as work:
        person = await work.people.seen(7)
        number = await work.outbox.add(to_person(7, about=Subject(Kind.INTEREST, 1)))
        await work.rights.erase(person.id)
        assert not await work.outbox.sent(number, 7, 100)
        await work.outbox.postpone(number, START, "429")
        await work.outbox.park(number, "403")
    assert await rows(database, "outbox") == []


async def test_a_group_that_became_a_supergroup_is_followed(database: Database) -> None:
    async with database.begin() as work:
        outbox = work.outbox
        gone = await outbox.add(to_person(-5, "before"))
        await outbox.sent(gone, -5, 1)
        await outbox.add(to_person(-5, "hello"))
        await outbox.add(to_person(7, "other"))
        assert await outbox.current_chat(-5) == -5
        await outbox.moved(-5, -1005)
        assert await outbox.current_chat(-5) == -1005
        assert await outbox.current_chat(7) == 7
        waiting = await outbox.claim("here", [], 10, ALL)
    assert [(one.lane, one.chat_id) for one in waiting] == [
        ("person:-1005", -1005),
        ("person:7", 7),
    ]


async def test_moves_follow_one_another_and_may_be_told_twice(database: Database) -> None:
    async with database.begin() as work:
        for old, new in ((-5, -6), (-6, -7), (-6, -7)):
            await work.outbox.moved(old, new)
        assert await work.outbox.current_chat(-5) == -7
        assert await work.outbox.current_chat(-6) == -7
        await work.outbox.moved(-7, -5)
        for chat in (-5, -6, -7):
            assert await work.outbox.current_chat(chat) == -5


@pytest.mark.parametrize(
    "method", ["editMessageText", "editMessageReplyMarkup", "deleteMessage", "editMessageCaption"]
)
async def test_a_message_s_number_does_not_follow_its_group(
    database: Database, method: str
) -> None:
    async with database.begin() as work:
        number = {"message_id": 5}
        await work.outbox.add(Outgoing(Audience.PERSON, method, number, chat_id=-5))
        await work.outbox.moved(-5, -1005)
        (waiting,) = await work.outbox.claim("here", [], 10, ALL)
    assert (waiting.chat_id, waiting.edits) == (-5, True)


async def test_a_message_that_waits_is_reworded_once_it_is_known_better(
    database: Database,
) -> None:
    about, group = Subject(Kind.INTEREST, 1), Audience.ADMINISTRATORS
    async with database.begin() as work:
        outbox = work.outbox
        assert not await outbox.reword(about, group, {"text": "new"})
        outbox.owe(to_administrators("old", about=about))
        assert await outbox.reword(about, group, {"text": "new"})
        assert not await outbox.reword(about, Audience.FACILITATORS, {"text": "other"})
        (claimed,) = await outbox.claim("here", [], 10, ALL)
        # Too late: it may be on its way already.
        assert not await outbox.reword(about, group, {"text": "late"})
    assert claimed.payload == {"text": "new"}


async def test_of_a_long_lane_some_are_named_at_a_time(database: Database) -> None:
    """Each of them is told in the same transaction."""
    async with database.begin() as work:
        for number in range(60):
            work.outbox.owe(to_administrators(about=Subject(Kind.INTEREST, number + 1)))
        await work.changes.write_all()
        named = [await work.outbox.hold("administrators", "held") for _ in range(3)]
    assert [len(each) for each in named] == [50, 10, 0]
    assert len({*named[0], *named[1]}) == 60


async def test_who_waits_in_a_held_lane_is_named_once(database: Database) -> None:
    async with database.begin() as work:
        outbox = work.outbox
        about = Subject(Kind.HANDOFF, 1)
        await outbox.add(to_administrators(about=Subject(Kind.INTEREST, 1)))
        outbox.owe(to_administrators(about=about))
        await outbox.add(to_administrators())
        assert set(await outbox.hold("administrators", "held")) == {
            Subject(Kind.INTEREST, 1),
            about,
        }
        assert await outbox.hold("administrators", "held") == ()
        await outbox.add(to_administrators(about=about.note))
        assert await outbox.hold("administrators", "held") == (about.note,)


async def test_stranded_is_what_stands_in_another_chat_and_is_not_on_its_way(
    database: Database,
) -> None:
    left, stays, waits, unsent = (Subject(Kind.INTEREST, number) for number in range(1, 5))
    group = Outgoing(Audience.ADMINISTRATORS, "sendMessage", {"text": "x"})
    async with database.begin() as work:
        for about, chat_id in ((left, -1), (stays, -100), (waits, -1)):
            number = await work.outbox.add(replace(group, about=about))
            await work.outbox.sent(number, chat_id, 7)
        for about in (waits, unsent, left.note):
            work.outbox.owe(replace(group, about=about))
        assert await work.outbox.stranded([left, stays, waits, unsent], -100) == {left}
        assert await work.outbox.stranded([], -100) == frozenset()


NO_TIMES = ["", "x", "2026-11-23", "2026-11-23T10:00:00Z", "9" * 30, 5, 5.5, b"\xff"]


@pytest.mark.parametrize("value", NO_TIMES)
async def test_a_time_that_cannot_be_read_keeps_no_other_row(
    tmp_path: Path, blank_file: Path, value: object
) -> None:
    # PostgreSQL stores nothing but times.
    opened = Database(f"sqlite+aiosqlite:///{copy(blank_file, tmp_path / 'bot.db')}")
    async with opened.begin() as work:
        await work.outbox.add(to_person(7, "a"))
        await work.inbox.add([Received(1, 7, "{}")])
        for column in ("outbox SET created_at", "inbox SET received_at"):
            spoilt = text(f"UPDATE {column} = :value")
            await inside(work.outbox, "connection").execute(spoilt, {"value": value})
        await work.outbox.add(to_person(8, "b"))
        await work.inbox.add([Received(2, 8, "{}")])
    async with opened.begin() as work:
        assert words(await work.outbox.claim("here", [], 10, ALL)) == ["a", "b"]
        assert [one.update_id for one in await work.inbox.claim("here", [], 10)] == [1, 2]
    await opened.close()


@pytest.mark.parametrize("value", [-2, 4, 99])
async def test_a_priority_of_another_version_keeps_no_other_row(
    database: Database, value: int
) -> None:
    async with database.begin() as work:
        await work.outbox.add(to_person(7, "a"))
        changed = text("UPDATE outbox SET priority = :value")
        await inside(work.outbox, "connection").execute(changed, {"value": value})
        await work.outbox.add(to_person(8, "b"))
        claimed = await work.outbox.claim("here", [], 10, ALL)
    assert [(one.payload["text"], one.priority) for one in claimed] == [
        ("b", Priority.ANSWER),
        ("a", Priority.HELD),
    ]


@pytest.mark.parametrize("written", ["\\ud800", "\\udcff", "\\ude00\\ud83d"])
async def test_what_no_call_can_hold_is_replaced(database: Database, written: str) -> None:
    async with database.begin() as work:
        await work.outbox.add(to_person(7, "a"))
        changed = text("UPDATE outbox SET payload = :value")
        value = f'{{"text": "\U0001f600 {written}"}}'
        await inside(work.outbox, "connection").execute(changed, {"value": value})
        (pending,) = await work.outbox.claim("here", [], 10, ALL)
    assert orjson.loads(orjson.dumps(pending.payload)) == pending.payload
    assert pending.payload["text"].startswith("\U0001f600 \ufffd")


async def test_moves_that_are_told_out_of_order_lead_to_the_last_chat(database: Database) -> None:
    async with database.begin() as work:
        await work.outbox.add(to_person(-5))
        await work.outbox.moved(-1005, -1006)
        await work.outbox.moved(-5, -1005)
        assert [await work.outbox.current_chat(chat) for chat in (-5, -1005, -1006)] == [-1006] * 3
        (waiting,) = await work.outbox.claim("here", [], 10, ALL)
    assert waiting.chat_id == -1006
