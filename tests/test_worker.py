"""Updates handled together: in one transaction, and each by itself where one of them fails."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import pytest
from dialogue import Speaker, Stage, tune

import bot.inbox.worker
from bot.inbox.raw_updates import received
from bot.inbox.worker import InboxWorker
from bot.preview.personas import User
from handlers.core.services import Services
from handlers.core.turn import Turn
from handlers.prefetch import UpcomingText, match_texts
from storage.engine.errors import ClaimLostError
from storage.queues.inbox import Inbox
from storage.queues.outbox import Outbox, Outgoing

_PEOPLE = 12
HELP = "Ce que vous pouvez faire ici"


def crowd(stage: Stage) -> list[Speaker]:
    """People who write while the bot is stopped, so that it finds them all at once."""
    users = [User(5000 + n, f"P{n}", "X") for n in range(_PEOPLE)]
    for user in users:
        stage.messenger.joins(user)
    return [stage.person(user) for user in users]


async def write_at_once(
    stage: Stage, people: Collection[Speaker], text: Callable[[int], str]
) -> None:
    await stage.stops()
    for number, person in enumerate(people):
        stage.messenger.says(person.user, text(number))
    await stage.starts()
    await stage.settles()


def answers(person: Speaker) -> list[str]:
    return [m["text"] for m in person.messages() if m["from"]["is_bot"]]


@pytest.fixture(name="units")
def noted_units(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The numbers marked as done, by transaction."""
    found: list[list[int]] = []
    marked = Inbox.done

    async def done(self: Inbox, update_ids: Collection[int], worker: str | None = None) -> None:
        await marked(self, update_ids, worker)
        found.append(list(update_ids))

    monkeypatch.setattr(Inbox, "done", done)
    return found


async def test_people_who_write_at_once_share_transactions(
    stage: Stage, units: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.inbox.worker, TOGETHER_SECONDS=3600.0)
    people = crowd(stage)
    await write_at_once(stage, people, lambda _: "/aide")
    assert [len(answers(person)) for person in people] == [1] * _PEOPLE
    numbers = [number for unit in units for number in unit]
    assert sorted(numbers) == sorted(set(numbers))
    assert len(numbers) == _PEOPLE
    # They come in one answer of Telegram's, and the inbox may be looked into at any moment of it.
    assert len(units) <= 2


async def test_a_transaction_that_lasts_is_ended_between_two(
    stage: Stage, units: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.inbox.worker, TOGETHER_SECONDS=-1.0)
    people = crowd(stage)
    await write_at_once(stage, people, lambda _: "/aide")
    assert [len(answers(person)) for person in people] == [1] * _PEOPLE
    assert [len(unit) for unit in units] == [1] * _PEOPLE


async def test_whose_handling_fails_spoils_it_for_nobody_else(
    stage: Stage, units: list[list[int]], administrator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, unlucky = crowd(stage), 5
    asked = Turn.person

    async def person(self: Turn) -> object:
        found = await asked(self)
        if self.chat_id == people[unlucky].chat_id:
            raise RuntimeError("no luck")
        return found

    monkeypatch.setattr(Turn, "person", person)
    await write_at_once(stage, people, lambda _: "/mesdemandes")
    told = [answers(one) for one in people]
    assert [len(one) for one in told] == [1] * _PEOPLE
    assert ["Une erreur s'est produite" in one[0] for one in told] == [
        number == unlucky for number in range(_PEOPLE)
    ]
    administrator.received("Erreur technique E-", "La personne a reçu des excuses")
    assert await stage.inbox_count("aside") == 1
    assert sum(len(unit) for unit in units) == _PEOPLE - 1
    await stage.stops()


async def test_what_was_handled_in_vain_is_handled_anew(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked, refused = Inbox.done, []

    async def done(self: Inbox, update_ids: Collection[int], worker: str | None = None) -> None:
        await marked(self, update_ids, worker)
        if len(update_ids) > 1:
            refused.append(len(update_ids))
            raise ClaimLostError("another worker has one of them")

    monkeypatch.setattr(Inbox, "done", done)
    people = crowd(stage)
    await write_at_once(stage, people, lambda n: f"ma question {n} porte sur le financement")
    assert refused
    assert [len(answers(person)) for person in people] == [1] * _PEOPLE
    assert await stage.inbox_count("done") == _PEOPLE


async def test_a_failure_in_a_channel_is_not_said_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise LookupError("of ours")

    monkeypatch.setattr(InboxWorker, "_mark_done", fails)
    owed: list[Outgoing] = []
    monkeypatch.setattr(Outbox, "owe", lambda _outbox, outgoing: owed.append(outgoing))
    channel = {"id": -1_001_000_000_009, "type": "channel", "title": "C"}
    post = {"message_id": 1, "date": 1, "chat": channel, "text": "x"}
    worker = stage.running.parts.inbox_worker
    database = stage.running.parts.database
    async with database.begin() as work:
        await work.inbox.add([received({"update_id": 900_001, "channel_post": post})])
    worker.wake()
    await stage.settles()
    assert owed == []
    async with database.begin() as work:
        assert await work.inbox.backlog() == 0
    # Its update stays aside: nothing is to be checked of it at the end.
    await stage.stops()


async def test_files_that_change_again_and_again_lose_no_question(
    stage: Stage, sme: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, genuine = stage.running.parts.services, match_texts
    changes = 10

    async def matched_too_late(given: Services, asked: Sequence[tuple[str, str]]) -> None:
        nonlocal changes
        await genuine(given, asked)
        if changes:
            changes -= 1
            services.knowledge = replace(services.knowledge)

    async def matches_nothing(_services: Services, asked: Sequence[UpcomingText]) -> int:
        return len(asked)

    monkeypatch.setattr("bot.inbox.worker.match_ahead", matches_nothing)
    monkeypatch.setattr("bot.inbox.worker.match_texts", matched_too_late)
    await sme.says("c'est quoi un territoire d'industrie")
    assert changes == 0
    assert await stage.inbox_count("aside") == 0
    sme.sees("Territoires d'industrie")
