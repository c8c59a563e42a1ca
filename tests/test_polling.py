"""Fetching from servers that do not do as Telegram does: never faster than once a second."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from storage_fixtures import database_url, migrated_database, stopped_clock  # noqa: F401 (fixtures)
from telegram.error import (
    BadRequest,
    Conflict,
    EndPointNotFound,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.inbox.backlog import Backlog
from bot.inbox.polling import PollingSource
from storage.database import Database

POLLS = 20


class Time:
    """A clock that only the pauses of the polling loop move."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.timeout = asyncio.timeout

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Server:
    """A server that answers at once, in the same way each time."""

    base_url = "http://here/bot"

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.polls = 0

    async def get_webhook_info(self) -> Any:
        return SimpleNamespace(url="")

    async def retrieve(self, *_: object, **__: object) -> bytes:
        self.polls += 1
        if self.polls > POLLS:
            raise asyncio.CancelledError
        answer = self.answer(self.polls) if callable(self.answer) else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bytes) else json.dumps({"result": answer}).encode()


async def polled(
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    answer: object,
    server: Server | None = None,
) -> tuple[float, int]:
    """Return how long twenty polls took, and how many updates are kept."""
    clock, server = Time(), server or Server(answer)
    monkeypatch.setattr("bot.inbox.polling.time", clock)
    monkeypatch.setattr("bot.inbox.polling.asyncio", clock)
    source: Any = PollingSource
    loop = source(
        server,
        server,
        database,
        Backlog(database, 100),
        lambda _added: None,
        lambda: datetime(2026, 11, 23, tzinfo=UTC),
        lambda _raw: None,
    )
    with pytest.raises(asyncio.CancelledError):
        await loop.run()
    async with database.begin() as work:
        return clock.seconds, await work.inbox.backlog()


def update(number: int) -> dict[str, object]:
    return {"update_id": number, "message": {"chat": {"id": 5}}}


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [update(7)],
        lambda polls: [update(1000 - polls)],
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"result": null}',
        b'{"result": 5}',
        b'{"result": [5]}',
        b'{"result": {"update_id": 5}}',
        b"[" * 100_000,
        NetworkError("no"),
        TelegramError("no"),
        RetryAfter(0),
        RetryAfter(timedelta(seconds=-5)),
        ZeroDivisionError(),
    ],
    ids=lambda answer: "a former number" if callable(answer) else repr(answer)[:30],
)
async def test_no_server_is_asked_more_than_once_a_second(
    monkeypatch: pytest.MonkeyPatch, database: Database, answer: object
) -> None:
    seconds, _ = await polled(monkeypatch, database, answer)
    assert seconds >= POLLS - 2


async def test_updates_are_fetched_without_a_pause(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    assert await polled(monkeypatch, database, lambda polls: [update(polls)]) == (0.0, POLLS)


async def test_no_pause_is_endless(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    seconds, _ = await polled(monkeypatch, database, RetryAfter(10**9))
    assert seconds == POLLS * 3600


class Hooked(Server):
    """A server that is asked for its webhook, and says what it is told to."""

    def __init__(self, *told: object) -> None:
        super().__init__(None)
        self.told = list(told)
        self.has_webhook = True

    async def get_webhook_info(self) -> Any:
        told = self.told.pop(0)
        if isinstance(told, Exception):
            raise told
        return SimpleNamespace(url=told)

    async def delete_webhook(self, *, drop_pending_updates: bool) -> None:
        assert not drop_pending_updates
        self.has_webhook = False


TROUBLES = [
    BadRequest("no such method"),
    NetworkError("no"),
    Conflict("no"),
    Forbidden("no"),
    EndPointNotFound("no"),
    KeyError("result"),
    TypeError(),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=repr)
async def test_a_server_that_tells_no_webhook_is_fetched_from(
    monkeypatch: pytest.MonkeyPatch, database: Database, trouble: Exception
) -> None:
    server = Hooked(trouble)
    server.answer = lambda polls: [update(polls)]
    assert await polled(monkeypatch, database, None, server) == (0.0, POLLS)


async def test_a_webhook_that_was_not_told_is_left_at_the_first_conflict(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    server = Hooked(NetworkError("no"), NetworkError("no"), "https://left.example")
    server.answer = lambda polls: (
        Conflict("webhook is active") if server.has_webhook else [update(polls)]
    )
    _, kept = await polled(monkeypatch, database, None, server)
    assert kept == POLLS - 2


async def test_a_conflict_with_another_bot_removes_no_webhook_later(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    server = Hooked("")
    server.answer = Conflict("terminated by other getUpdates request")
    await polled(monkeypatch, database, None, server)
    assert server.has_webhook
