"""Nothing is silent: the group's list of a morning, the owner, the firm, through any outage."""

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from dialogue import Message, Speaker, Stage, tune
from sqlalchemy import delete, select, update
from test_dialogue_interest import registers
from test_dialogue_request_lists import several

from bot.recurring.reminders import Reminders
from handlers.administration import basket
from handlers.core.posting import Posting
from handlers.requests import due, moves
from storage.engine.schema import deadlines, interest_events, interests, outbox
from storage.records.deadlines import DeadlineKind
from storage.records.interests import Actor, EventKind, Interest, NewInterest, Party

Asked = list[int]
NUMBERS = re.compile(r"TI-\d{4}-\d{4}")


def reminders(stage: Stage, asked: Asked | None = None) -> Reminders:
    async def ask(posting: Posting, interest: Interest) -> None:
        if asked is not None:
            asked.append(interest.id)

    parts = stage.running.parts
    return Reminders(parts.database, parts.services, parts.dispatcher.wake, ask)


async def mornings(stage: Stage, count: int, asked: Asked | None = None) -> None:
    """Let so many days pass; on each, the clock is looked at once at ten, Paris time."""
    for _ in range(count):
        stage.clock.now = (stage.clock.now + timedelta(days=1)).replace(hour=9)
        await reminders(stage, asked).catch_up()
    await stage.settles()
    # A list that a later look found still waiting was put off for a moment.
    stage.clock.passes(seconds=10)
    stage.running.parts.dispatcher.wake()
    await stage.settles()


async def looks(stage: Stage) -> None:
    """Look at the clock now; what was put off a moment for that is sent."""
    await reminders(stage).catch_up()
    stage.clock.passes(seconds=10)
    stage.running.parts.dispatcher.wake()
    await stage.settles()


class DiedError(Exception):
    """The process died once its list was queued."""


async def dies_after_its_list(stage: Stage) -> None:
    """On the next day at ten, queue the list and do nothing of what it names."""

    def die() -> None:
        raise DiedError

    async def ask(_posting: Posting, _interest: Interest) -> None:
        """Nobody is asked."""

    stage.clock.now = (stage.clock.now + timedelta(days=1)).replace(hour=9)
    parts = stage.running.parts
    with pytest.raises(DiedError):
        await Reminders(parts.database, parts.services, die, ask).catch_up()
    parts.dispatcher.wake()


async def planned(stage: Stage, *due_in: tuple[int, DeadlineKind, int]) -> None:
    """Let only this be due: of which request, what, and in how many days."""
    async with stage.running.parts.database.begin() as work:
        for interest_id in {each[0] for each in due_in}:
            await work.deadlines.drop(interest_id)
        for interest_id, kind, days in due_in:
            due_at = (stage.clock.now + timedelta(days=days)).replace(hour=8)
            await work.deadlines.plan(interest_id, kind, due_at)


def lists(speaker: Speaker) -> list[Message]:
    """Return the lists that a group got."""
    return [m for m in speaker.messages() if "Demandes à reprendre" in m.get("text", "")]


async def kinds(stage: Stage) -> list[str]:
    rows = await stage.rows(select(deadlines.c.kind).order_by(deadlines.c.kind))
    return [row[0] for row in rows]


async def reminded(stage: Stage) -> int:
    found = select(interest_events.c.id).where(interest_events.c.kind == EventKind.REMINDED)
    return len(await stage.rows(found))


@pytest.fixture(autouse=True)
async def _has_run_before(stage: Stage) -> None:
    # The first look ever only notes the time.
    await reminders(stage).catch_up()


async def test_a_request_that_nobody_takes_is_listed_and_its_firm_is_told(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    # Monday is the day of the request: the third working day after it is Thursday.
    await mornings(stage, 2)
    assert lists(administrator) == []
    await mornings(stage, 1)
    (first,) = lists(administrator)
    assert "Personne ne les a prises en charge (1)" in first["text"]
    assert f"{number}" in first["text"]
    assert "3 jours ouvrés" in first["text"]
    assert "Samira" not in first["text"]
    told = len(sme.messages())
    await mornings(stage, 7)
    assert len(lists(administrator)) == 1
    assert len(sme.messages()) == told
    await mornings(stage, 1)
    assert len(lists(administrator)) == 2
    sme.received(f"Votre demande {number} attend encore", "9 jours ouvrés")
    assert len(sme.messages()) == told + 1
    # The group goes on being reminded, and the firm is not told again.
    await mornings(stage, 14)
    assert len(lists(administrator)) == 3
    assert len(sme.messages()) == told + 1
    assert await reminded(stage) == 3


async def test_an_owner_who_does_nothing_is_reminded_and_the_request_returns(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    alone = stage.person(administrator.user)
    await alone.says("/start")
    await administrator.taps("Pris en charge")
    await mornings(stage, 7)
    assert lists(administrator) == []
    alone.received("vous avez cette demande en charge", number, "le 7 décembre 2026")
    await mornings(stage, 7)
    (listed,) = lists(administrator)
    assert "De nouveau à prendre (1)" in listed["text"]
    assert administrator.user.first_name in listed["text"]
    sme.received("attend de nouveau qu'une personne")
    assert await kinds(stage) == [DeadlineKind.UNTAKEN, DeadlineKind.UNTAKEN_LONG]


@pytest.mark.parametrize("at_once", [1, 5, 12])
async def test_an_owner_of_very_many_gets_one_message_that_counts_them_all(
    sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    tune(monkeypatch, "handlers.administration.reminders", MOST_AT_ONCE=at_once)
    await registers(sme, stage)
    alone = stage.person(administrator.user)
    await alone.says("/start")
    await administrator.taps("Pris en charge")
    await several(stage, 11)
    stage.clock.now = datetime(2026, 12, 8, 17, tzinfo=UTC)
    numbers = await stage.rows(select(interests.c.id))
    async with stage.running.parts.database.begin() as work:
        for (number,) in numbers:
            await work.deadlines.plan(number, DeadlineKind.UNTOUCHED, work.now)
            await work.deadlines.drop(number, [DeadlineKind.UNHEARD])
    before = len(alone.messages())
    await mornings(stage, 1)
    (told,) = alone.messages()[before:]
    assert told["text"].count("rien de nouveau depuis") == 8
    assert "- et 4 autres" in told["text"]
    assert await kinds(stage) == [DeadlineKind.FORGOTTEN] * 12
    assert await reminded(stage) == 12
    await mornings(stage, 1)
    assert len(alone.messages()) == before + 1


async def test_a_firm_with_many_requests_reads_the_first_and_how_many_more(
    sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    await several(stage, 10)
    await stage.rows(
        update(interests).values(person_id=1, project_id=None).returning(interests.c.id)
    )
    stage.clock.now = datetime(2026, 12, 8, 17, tzinfo=UTC)
    numbers = await stage.rows(select(interests.c.id))
    async with stage.running.parts.database.begin() as work:
        for (number,) in numbers:
            await work.deadlines.drop(number)
            await work.deadlines.plan(number, DeadlineKind.UNTAKEN_LONG, work.now)
    before = len(sme.messages())
    await mornings(stage, 1)
    (told,) = sme.messages()[before:]
    assert told["text"].count("- TI-2026-") == 8
    assert "- et 3 autres" in told["text"]


async def test_a_firm_with_very_many_requests_gets_one_message_a_day(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, "handlers.administration.reminders", MOST_AT_ONCE=4)
    await registers(sme, stage)
    await several(stage, 9)
    await stage.rows(
        update(interests).values(person_id=1, project_id=None).returning(interests.c.id)
    )
    stage.clock.now = datetime(2026, 12, 7, 17, tzinfo=UTC)
    numbers = await stage.rows(select(interests.c.id))
    async with stage.running.parts.database.begin() as work:
        for (number,) in numbers:
            await work.deadlines.drop(number)
            await work.deadlines.plan(number, DeadlineKind.UNTAKEN_LONG, work.now)
    told: list[str] = []
    for _ in range(3):
        before = len(sme.messages())
        await mornings(stage, 1)
        (message,) = sme.messages()[before:]
        told += NUMBERS.findall(message["text"])
    assert len(told) == len(set(told)) == 10
    assert DeadlineKind.UNTAKEN_LONG not in await kinds(stage)


async def test_the_list_names_an_owner_whom_the_bot_cannot_write_to(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await administrator.taps("Pris en charge")
    alone = stage.person(administrator.user)
    await alone.says("/start")
    stage.messenger.blocks(administrator.user)
    await stage.settles()
    await mornings(stage, 7)
    (listed,) = lists(administrator)
    assert "sans rien de nouveau (1)" in listed["text"]
    assert number in listed["text"]
    assert administrator.user.first_name in listed["text"]


async def test_the_group_learns_that_a_reminder_did_not_arrive(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await stage.person(administrator.user).says("/start")
    await administrator.taps("Pris en charge")
    stage.messenger.faults.next("sendMessage", status=403, description="Forbidden: bot was blocked")
    await mornings(stage, 7)
    assert lists(administrator) == []
    administrator.received("n'a pas reçu le rappel du bot", number)


async def test_what_the_team_does_begins_the_wait_anew(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.taps("Pris en charge")
    await mornings(stage, 4)
    await touch(stage)
    await mornings(stage, 4)
    assert await reminded(stage) == 0
    await mornings(stage, 3)
    assert await reminded(stage) == 1
    await touch(stage)
    assert await kinds(stage) == [DeadlineKind.UNHEARD, DeadlineKind.UNTOUCHED]


async def touch(stage: Stage) -> None:
    parts = stage.running.parts
    async with parts.database.begin() as work:
        interest = await work.interests.get(1)
        assert interest is not None
        await moves.touched(Posting(parts.services, work), interest)


async def test_a_withdrawal_ends_all_that_was_due(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await sme.says("/mesdemandes")
    await sme.taps("1. TI-")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    assert await kinds(stage) == []
    await mornings(stage, 14)
    assert lists(administrator) == []
    assert await reminded(stage) == 0


async def test_a_week_without_the_bot_gives_one_list(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await stage.stops()
    stage.clock.passes(days=18)
    await stage.starts()
    await reminders(stage).catch_up()
    await stage.settles()
    (listed,) = lists(administrator)
    assert listed["text"].count("TI-2026-") == 1
    sme.received("attend encore")
    await stage.stops()
    await stage.starts()
    await reminders(stage).catch_up()
    await stage.settles()
    assert len(lists(administrator)) == 1


async def test_a_group_out_of_reach_for_days_gets_one_list(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    stage.messenger.faults.next("sendMessage", status=502, times=1_000)
    await mornings(stage, 11)
    assert await reminded(stage) == 2
    stage.messenger.faults.clear()
    stage.clock.passes(hours=1)
    await stage.settles()
    (listed,) = lists(administrator)
    assert "9 jours ouvrés" in listed["text"]


async def test_nothing_comes_at_night_or_on_a_holiday(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    stage.clock.now = datetime(2026, 12, 25, 10, tzinfo=UTC)
    await reminders(stage).catch_up()
    stage.clock.now = datetime(2026, 12, 28, 7, 59, tzinfo=UTC)
    await reminders(stage).catch_up()
    await stage.settles()
    assert lists(administrator) == []
    stage.clock.now = datetime(2026, 12, 28, 8, 0, tzinfo=UTC)
    await reminders(stage).catch_up()
    await stage.settles()
    assert len(lists(administrator)) == 1


async def test_requests_older_than_the_deadlines_go_into_one_list(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await registers(other_sme, stage)
    await stage.rows(delete(deadlines).returning(deadlines.c.id))
    old = stage.clock.now - timedelta(days=60)
    await stage.rows(update(interests).values(updated_at=old).returning(interests.c.id))
    await mornings(stage, 1)
    (listed,) = lists(administrator)
    assert "prises en charge (2)" in listed["text"]
    for firm in (sme, other_sme):
        firm.received("attend encore")


async def test_a_firm_is_asked_about_one_contact_a_day(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    async with stage.running.parts.database.begin() as work:
        standing = await work.interests.get(1)
        assert standing is not None
        assert standing.person_id is not None
        same = {field.name: getattr(standing, field.name) for field in fields(NewInterest)}
        another = NewInterest(**same | {"project_id": None})
        await work.interests.register(standing.person_id, another)
    for interest_id in (1, 2):
        await moved(stage, interest_id, EventKind.TAKE, EventKind.INTRODUCE)
    asked: Asked = []
    # Monday of the next week, five working days after the contact.
    await mornings(stage, 7, asked)
    assert asked == [1]
    await mornings(stage, 1, asked)
    assert asked == [1, 2]
    assert await kinds(stage) == [DeadlineKind.UNCLOSED] * 2


async def test_the_group_is_asked_whether_an_old_contact_can_be_closed(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await moved(stage, 1, EventKind.TAKE, EventKind.INTRODUCE)
    await mornings(stage, 27)
    assert lists(administrator) == []
    # The twentieth working day.
    await mornings(stage, 1)
    (listed,) = lists(administrator)
    assert "peut-on les clore" in listed["text"]
    assert number in listed["text"]
    await moved(stage, 1, EventKind.CLOSE)
    assert await kinds(stage) == []


async def moved(stage: Stage, interest_id: int, *kinds: EventKind) -> None:
    """Let an administrator make moves whose buttons are elsewhere."""
    parts = stage.running.parts
    actor = Actor(Party.ADMINISTRATOR, stage.messenger.administrators.members[0].id, "Ada")
    async with parts.database.begin() as work:
        for kind in kinds:
            assert (await moves.make(Posting(parts.services, work), interest_id, kind, actor)).won
    parts.dispatcher.wake()
    await stage.settles()


@pytest.mark.parametrize("is_weekend", [True, False])
async def test_an_outage_that_ends_at_night_lets_answers_through_and_keeps_reminders(
    sme: Speaker, stage: Stage, administrator: Speaker, is_weekend: bool
) -> None:
    number = await registers(sme, stage)
    await mornings(stage, 10)
    stage.messenger.faults.next("sendMessage", status=502, times=1_000)
    await mornings(stage, 1)
    # The ninth working day is a Friday; Telegram is back in the evening, or on the day after.
    stage.clock.passes(hours=26 if is_weekend else 9)
    stage.messenger.faults.clear()
    before = len(sme.messages()), len(lists(administrator))
    await stage.settles()
    assert (len(sme.messages()), len(lists(administrator))) == before
    await sme.says("/mesdemandes")
    sme.received(number)
    assert not [m for m in sme.messages() if "attend encore" in m["text"]]
    stage.clock.now = datetime(2026, 12, 7, 8, tzinfo=UTC)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    sme.received(f"Votre demande {number} attend encore")
    await looks(stage)
    assert len(lists(administrator)) == before[1] + 1


@pytest.mark.parametrize("ends", [EventKind.REFUSE, EventKind.TAKE, EventKind.WITHDRAW])
async def test_a_reminder_that_waits_does_not_outlive_its_reason(
    sme: Speaker, stage: Stage, ends: EventKind
) -> None:
    await registers(sme, stage)
    await until_a_reminder_is_kept(stage)
    if ends is EventKind.WITHDRAW:
        await withdrawn(stage)
    else:
        await moved(stage, 1, ends)
    await at_the_next_opening(stage)
    assert not [m for m in sme.messages() if "attend encore" in m["text"]]


async def test_of_several_requests_those_that_still_wait_are_told_of_later(
    sme: Speaker, stage: Stage
) -> None:
    first = await registers(sme, stage)
    second = await another_request(stage)
    await until_a_reminder_is_kept(stage)
    await moved(stage, 1, EventKind.REFUSE)
    await at_the_next_opening(stage)
    assert not [m for m in sme.messages() if "attend" in m["text"] and "encore" in m["text"]]
    await mornings(stage, 2)
    (told,) = [m for m in sme.messages() if "attend encore" in m["text"]]
    assert second in told["text"]
    assert first not in told["text"]


async def test_of_several_requests_in_charge_those_not_refused_are_reminded_of_later(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    first = await registers(sme, stage)
    second = await another_request(stage)
    alone = stage.person(administrator.user)
    await alone.says("/start")
    for interest_id in (1, 2):
        await moved(stage, interest_id, EventKind.TAKE)
    await mornings(stage, 6)
    await kept_until_night(stage)
    await moved(stage, 1, EventKind.REFUSE)
    await at_the_next_opening(stage)
    assert not [m for m in alone.messages() if "en charge" in m["text"]]
    assert await kinds(stage) == [DeadlineKind.UNHEARD, DeadlineKind.UNTOUCHED]
    # The bot is away for longer than an owner has after a reminder: it still comes first.
    stage.clock.passes(days=9)
    await mornings(stage, 1)
    (told,) = [m for m in alone.messages() if "en charge" in m["text"]]
    assert second in told["text"]
    assert first not in told["text"]
    assert not [each for each in lists(administrator) if "De nouveau" in each["text"]]
    await mornings(stage, 7)
    (listed,) = [each["text"] for each in lists(administrator) if "De nouveau" in each["text"]]
    assert second in listed


async def until_a_reminder_is_kept(stage: Stage) -> None:
    """Let nine working days pass; what is due on the last is not sent before the night."""
    await mornings(stage, 10)
    await kept_until_night(stage)


async def kept_until_night(stage: Stage) -> None:
    stage.messenger.faults.next("sendMessage", status=502, times=1_000)
    await mornings(stage, 1)
    stage.clock.passes(hours=9)
    stage.messenger.faults.clear()
    await stage.settles()


async def at_the_next_opening(stage: Stage) -> None:
    services = stage.running.parts.services
    stage.clock.now = services.office.next_opening(stage.clock.now)
    stage.running.parts.dispatcher.wake()
    await stage.settles()


async def another_request(stage: Stage) -> str:
    """Register a second request of the same firm; return its number."""
    parts = stage.running.parts
    async with parts.database.begin() as work:
        standing = await work.interests.get(1)
        assert standing is not None
        assert standing.person_id is not None
        same = {field.name: getattr(standing, field.name) for field in fields(NewInterest)}
        another = NewInterest(**same | {"project_id": None})
        interest = (await work.interests.register(standing.person_id, another)).interest
        await due.follow(Posting(parts.services, work), interest, EventKind.DECLARE)
    return interest.number


async def withdrawn(stage: Stage) -> None:
    parts = stage.running.parts
    async with parts.database.begin() as work:
        interest = await work.interests.get(1)
        assert interest is not None
        assert interest.person_id is not None
        await moves.withdraw(Posting(parts.services, work), 1, interest.person_id)
    parts.dispatcher.wake()
    await stage.settles()


async def test_what_a_list_left_undone_is_done_with_that_of_the_next_day(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    """A process died after its list: the firm hears of both its requests at once, and once."""
    first = await registers(sme, stage)
    second = await another_request(stage)
    kind = DeadlineKind.UNTAKEN_LONG
    await planned(stage, (1, kind, 1), (2, kind, 2))
    await dies_after_its_list(stage)
    await stage.settles()
    await mornings(stage, 1)
    yesterday, today = (each["text"] for each in lists(administrator))
    assert (first in yesterday, second in yesterday) == (True, False)
    assert (first in today, second in today) == (False, True)
    (told,) = [m["text"] for m in sme.messages() if "attendent encore" in m["text"]]
    assert first in told
    assert second in told
    assert await reminded(stage) == 2


async def test_a_request_is_reminded_of_once_where_its_next_wait_ends_the_day_after_a_kill(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await planned(stage, (1, DeadlineKind.UNTAKEN, 1), (1, DeadlineKind.UNTAKEN_LONG, 2))
    await dies_after_its_list(stage)
    await mornings(stage, 1)
    assert await reminded(stage) == 1
    assert len([m for m in sme.messages() if "attend encore" in m["text"]]) == 1
    assert await kinds(stage) == [DeadlineKind.STILL_UNTAKEN]
    assert lists(administrator)


async def test_an_owner_gets_one_reminder_the_day_after_a_kill(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    first = await registers(sme, stage)
    second = await another_request(stage)
    alone = stage.person(administrator.user)
    await alone.says("/start")
    for interest_id in (1, 2):
        await moved(stage, interest_id, EventKind.TAKE)
    third = await another_request(stage)
    untouched = DeadlineKind.UNTOUCHED
    await planned(stage, (1, untouched, 1), (2, untouched, 2), (3, DeadlineKind.UNTAKEN, 1))
    await dies_after_its_list(stage)
    await mornings(stage, 1)
    assert third in lists(administrator)[0]["text"]
    (told,) = [m["text"] for m in alone.messages() if "Rappel" in m["text"]]
    assert first in told
    assert second in told


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("is_claimed", [True, False])
async def test_a_list_that_waits_till_the_next_day_gives_way_to_one_that_names_all(
    sme: Speaker, stage: Stage, administrator: Speaker, is_done: bool, is_claimed: bool
) -> None:
    first = await registers(sme, stage)
    second = await another_request(stage)
    await planned(stage, (1, DeadlineKind.UNTAKEN, 1), (2, DeadlineKind.UNTAKEN, 2))
    stage.messenger.faults.next("sendMessage", status=502, times=1_000)
    await dies_after_its_list(stage)
    if is_done:
        await reminders(stage).catch_up()
    await stage.settles()
    stage.messenger.faults.clear()
    # Telegram is back when the office opens, before the clock is looked at.
    stage.clock.now = (stage.clock.now + timedelta(days=1)).replace(hour=8, minute=1)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert lists(administrator) == []
    if is_claimed:
        await stage.rows(
            update(outbox)
            .where(outbox.c.about == basket.ABOUT.pack())
            .values(claimed_by="dead")
            .returning(outbox.c.id)
        )
    await looks(stage)
    (listed,) = lists(administrator)
    assert "prises en charge (2)" in listed["text"]
    assert first in listed["text"]
    assert second in listed["text"]
    assert await reminded(stage) == 2
