"""The worker's HTTP answers, over a real database: kept before the 200, or Telegram comes back."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from dialogue import inside, tune
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.responses import PlainTextResponse

import bot.inbox.backlog
import bot.inbox.webhook
from bot.inbox.backlog import Backlog
from bot.inbox.raw_updates import numbered, parsed
from bot.inbox.webhook import LARGEST_BODY, Health, Mailbox, Webhook
from bot.runtime import metrics
from storage.database import Database
from storage.engine.errors import DatabaseUnavailableError
from storage.queues.inbox import Capacity, Inbox, Received

WORD = "a-word_of-1"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": WORD}
LIMIT = 3


class Worker:
    """The application of a worker, and what stands behind it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(f"sqlite+aiosqlite:///{path}")
        self.backlog = Backlog(self.database, LIMIT)
        self.announced = 0
        services: Any = SimpleNamespace(knowledge=SimpleNamespace(entries=("one",)))
        self.health = Health(self.backlog, services)
        self.mailbox = Mailbox(self.database, self.backlog, self._announce)
        transport = httpx.ASGITransport(Webhook(WORD, self.mailbox, self.health).app())
        self.client = httpx.AsyncClient(transport=transport, base_url="http://worker")

    def _announce(self, added: int) -> None:
        self.announced += added

    async def post(self, content: object, headers: dict[str, str] | None = None) -> int:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        answer = await self.client.post("/telegram", content=body, headers=headers or HEADERS)
        return answer.status_code

    def kept(self) -> list[tuple[int, int, str]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute("SELECT update_id, chat_id, body FROM inbox").fetchall()

    async def settle(self) -> None:
        """Have everything that waits done, and counted."""
        async with self.database.begin() as work:
            for update_id, _, _ in self.kept():
                await work.inbox.done([update_id])
        await self.backlog.look()


@pytest.fixture(name="worker")
async def working(tmp_path: Path) -> AsyncIterator[Worker]:
    worker = Worker(tmp_path / "bot.db")
    await worker.database.migrate()
    yield worker
    await worker.client.aclose()
    await worker.database.close()


def update(number: int, text: str = "bonjour") -> dict[str, Any]:
    message = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": text}
    return {"update_id": number, "message": message}


async def test_an_update_is_kept_before_the_yes(worker: Worker) -> None:
    assert await worker.post(update(7)) == 200
    assert [row[:2] for row in worker.kept()] == [(7, 5)]
    assert worker.announced == 1


async def test_the_same_update_twice_is_kept_once(worker: Worker) -> None:
    received = inside(metrics.RECEIVED, "value").get()
    assert await worker.post(update(7)) == 200
    assert await worker.post(update(7, "other words")) == 200
    assert len(worker.kept()) == 1
    assert worker.announced == 1
    assert inside(metrics.RECEIVED, "value").get() - received == 1


async def test_the_same_update_twice_at_once_is_kept_once(worker: Worker) -> None:
    statuses = await asyncio.gather(*(worker.post(update(number // 2)) for number in range(6)))
    assert statuses == [200] * 6
    assert sorted(row[0] for row in worker.kept()) == [0, 1, 2]


async def test_posts_that_follow_each_other_closely_share_a_commit(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    add = Inbox.add

    async def noted(self: Inbox, rows: Sequence[Received], within: Capacity | None = None) -> int:
        commits.append(len(rows))
        return await add(self, rows, within)

    async def trickle(first: int) -> None:
        posts = []
        for number in range(first, first + 5):
            posts.append(asyncio.create_task(worker.mailbox.keep(Received(number, 5, "{}"))))
            await asyncio.sleep(0)
        await asyncio.gather(*posts)

    monkeypatch.setattr(Inbox, "add", noted)
    # Long enough for a busy machine.
    tune(monkeypatch, bot.inbox.webhook, GATHER_SECONDS=0.3)
    worker.backlog.room = Capacity(100)
    await trickle(10)
    # Until several have come at once, nobody waits for others.
    assert commits[0] == 1
    commits.clear()
    await trickle(20)
    assert commits == [5]
    await worker.mailbox.keep(Received(30, 5, "{}"))
    await worker.mailbox.keep(Received(31, 5, "{}"))
    assert commits == [5, 1, 1]


@pytest.mark.parametrize(
    "given", ["", "a-word_of-2", WORD + "x", WORD.upper(), "é", WORD.encode().hex()]
)
async def test_without_the_secret_nothing_is_kept(worker: Worker, given: str) -> None:
    name = b"X-Telegram-Bot-Api-Secret-Token"
    answer = await worker.client.post(
        "/telegram", json=update(7), headers=[(name, given.encode())] if given else []
    )
    assert answer.status_code == 403
    assert worker.kept() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"12",
        b"{}",
        b'{"update_id": "7"}',
        b'{"update_id": true}',
        b'{"update_id": -1}',
        b'{"update_id": 9223372036854775808}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_update_is_refused_once(
    worker: Worker, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await worker.post(body) == 400
    assert worker.kept() == []
    assert "no update" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"update_id": 7, "of_the_future": {"x": [1]}}',
        b'{"update_id": 7, "message": null}',
        b'{"update_id": 7, "message": {"chat": {"id": 1e99}}}',
        b'{"update_id": 7, "message": {"chat": {"id": 99999999999999999999}}}',
    ],
)
async def test_an_update_that_nobody_understands_is_kept(worker: Worker, body: bytes) -> None:
    assert await worker.post(body) == 200
    assert worker.kept() == [(7, 7, body.decode())]


async def test_what_no_database_keeps_is_replaced(worker: Worker) -> None:
    body = b'{"update_id": 7, "message": {"text": "a\\ud800b\\u0000c \\ud83d\\ude00"}}'
    assert await worker.post(body) == 200
    ((number, _chat, kept),) = worker.kept()
    assert number == 7
    lost = "\N{REPLACEMENT CHARACTER}"
    assert json.loads(kept)["message"]["text"] == f"a{lost}b{lost}c \N{GRINNING FACE}"


async def test_a_body_over_the_limit_is_not_read(worker: Worker) -> None:
    assert await worker.post(b" " * (LARGEST_BODY + 1)) == 413
    assert await worker.post(b" " * LARGEST_BODY) == 400

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    answer = await worker.client.post("/telegram", content=endless(), headers=HEADERS)
    assert answer.status_code == 413


async def test_a_body_that_comes_in_parts_is_kept_whole(worker: Worker) -> None:
    body = json.dumps(update(7, "un deux trois")).encode()

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10):
            yield body[start : start + 10]

    answer = await worker.client.post("/telegram", content=parts(), headers=HEADERS)
    assert answer.status_code == 200
    assert worker.kept() == [(7, 5, body.decode())]


async def test_nothing_is_kept_of_a_body_that_breaks_off(worker: Worker) -> None:
    body = json.dumps(update(7)).encode()
    arriving: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": True},
        {"type": "http.disconnect"},
    ]
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return arriving.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(dict(message))

    secret = (b"x-telegram-bot-api-secret-token", WORD.encode())
    scope = {"type": "http", "method": "POST", "path": "/telegram", "headers": [secret]}
    await Webhook(WORD, worker.mailbox, worker.health).app()(scope, receive, send)
    assert said[0]["status"] == 400
    assert worker.kept() == []


@pytest.mark.parametrize("length", ["-1", "1e3", "1000001", "9" * 5000])
async def test_a_length_that_is_none_or_too_much_is_refused(worker: Worker, length: str) -> None:
    answer = await worker.client.post(
        "/telegram", content=b"{}", headers=HEADERS | {"Content-Length": length}
    )
    assert answer.status_code == 413


async def test_a_full_inbox_has_telegram_come_back(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(LIMIT):
        assert await worker.post(update(number)) == 200
    answer = await worker.client.post("/telegram", json=update(9), headers=HEADERS)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await worker.client.get("/readyz")).json()["checks"]["inbox"] is False
    assert "the inbox is full" in caplog.text
    await worker.settle()
    assert await worker.post(update(9)) == 200


async def test_a_full_inbox_is_said_at_once_and_once(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr(bot.inbox.backlog, "monotonic", lambda: now)
    for number in range(LIMIT + 5):
        await worker.post(update(number))
    assert caplog.text.count("the inbox is full (3 updates)") == 1
    await worker.settle()
    # Telegram comes back in a while: until then, nobody knows that there is room for long.
    assert not worker.backlog.takes_more
    now += 31
    await worker.backlog.look()
    assert "takes updates again" in caplog.text
    assert (await worker.client.get("/readyz")).json()["checks"]["inbox"] is True


async def test_a_full_disk_is_said_in_words_and_to_the_load_balancer(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr(bot.inbox.backlog, "monotonic", lambda: now)
    async with worker.database.begin() as work:
        connection = inside(work.inbox, "connection")
        size = await connection.scalar(text("PRAGMA page_count"))
        await connection.execute(text(f"PRAGMA max_page_count = {size}"))
    large = update(1)
    large["message"]["text"] = "x" * 100_000
    for _ in range(3):
        assert await worker.post(large) == 503
    assert caplog.text.count("updates cannot be kept") == 1
    assert "the disk is full" in caplog.text
    assert "Traceback" not in caplog.text
    assert (await worker.client.get("/readyz")).json()["checks"]["inbox"] is False
    # Telegram comes back after a minute at most: between two posts, it is not ready either.
    now += 100
    assert (await worker.client.get("/readyz")).json()["checks"]["inbox"] is False
    now += 21
    assert (await worker.client.get("/readyz")).json()["checks"]["inbox"] is True
    async with worker.database.begin() as work:
        await inside(work.inbox, "connection").execute(text("PRAGMA max_page_count = 100000"))
    assert await worker.post(large) == 200
    assert "updates are kept again" in caplog.text


async def test_a_database_that_fails_has_telegram_come_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(tmp_path / "never-migrated.db")
    assert await worker.post(update(7)) == 503
    await worker.database.migrate()
    assert await worker.post(update(7)) == 200
    await worker.client.aclose()
    await worker.database.close()
    assert "bonjour" not in caplog.text


async def test_it_lives_before_it_is_ready(worker: Worker) -> None:
    assert (await worker.client.get("/healthz")).status_code == 200
    answer = await worker.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "checks": {
            "database": True,
            "inbox": True,
            "knowledge": True,
            "telegram": False,
            "loops": True,
        },
        "failing_loops": [],
    }
    worker.health.has_met_telegram = True
    answer = await worker.client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


async def test_without_its_database_it_is_not_ready(worker: Worker) -> None:
    worker.health.has_met_telegram = True
    with closing(sqlite3.connect(worker.path)) as connection:
        connection.execute("ALTER TABLE inbox RENAME TO gone")
    answer = await worker.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] is False


async def test_while_telegram_refuses_to_post_here_it_is_not_ready(worker: Worker) -> None:
    refused = True
    health = Health(worker.backlog, inside(worker.health, "services"), lambda: refused)
    health.has_met_telegram = True
    assert (await health.checks())["telegram"] is False
    refused = False
    assert (await health.checks())["telegram"] is True


async def test_where_nothing_can_be_written_it_is_not_ready_though_nobody_posts(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker.health.has_met_telegram = True
    assert (await worker.client.get("/readyz")).status_code == 200

    async def full() -> None:
        raise DatabaseUnavailableError("the disk is full")

    async def pause(_seconds: float) -> None:
        pauses.append(None)
        if len(pauses) == 3:
            raise asyncio.CancelledError

    pauses: list[None] = []
    monkeypatch.setattr(worker.database, "beat", full)
    answer = await worker.client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, False)
    monkeypatch.setattr("bot.inbox.backlog.asyncio", SimpleNamespace(sleep=pause))
    with pytest.raises(asyncio.CancelledError):
        await worker.backlog.watch()
    assert caplog.text.count("updates cannot be kept, Telegram keeps them: the disk is full") == 1


async def test_metrics_are_in_prometheus_form(worker: Worker) -> None:
    await worker.post(update(7))
    await worker.post(b"{")
    # A worker counts what waits for its readiness, and every few seconds.
    await worker.client.get("/readyz")
    answer = await worker.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "\nbot_updates_received_total " in answer.text
    assert '\nbot_updates_refused_total{reason="body"} ' in answer.text
    assert '\nbot_backlog{table="inbox"} ' in answer.text


async def test_other_methods_and_paths_are_none(worker: Worker) -> None:
    assert (await worker.client.get("/telegram")).status_code == 405
    assert (await worker.client.get("/")).status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=40)
@given(
    st.integers(0, 2**63 - 1),
    st.dictionaries(st.sampled_from(["message", "callback_query", "chat"]) | st.text(), JSON),
)
def test_any_object_with_a_number_makes_a_row(number: int, content: dict[str, Any]) -> None:
    raw = content | {"update_id": number}
    for row in (parsed(json.dumps(raw).encode()), *numbered([raw])):
        assert row.update_id == number
        assert abs(row.chat_id) < 2**63
        row.body.encode()
        kept = json.loads(row.body)
        assert kept["update_id"] == number
        "".join(kept).encode()
        assert "\x00" not in "".join(kept)


def test_one_without_a_number_does_not_stop_its_batch(caplog: pytest.LogCaptureFixture) -> None:
    assert [row.update_id for row in numbered([{"x": 1}, update(3)])] == [3]
    assert "cannot be kept" in caplog.text
    with pytest.raises(ValueError, match="no update"):
        numbered([{"x": 1}])


async def test_a_database_that_is_silent_has_telegram_come_back(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tune(monkeypatch, bot.inbox.webhook, PATIENCE_SECONDS=0.05)
    async with worker.database.begin():
        assert await worker.post(update(7)) == 503
    assert "was not kept in time" in caplog.text
    assert await worker.post(update(8)) == 200


async def test_pages_are_served_beside_and_hide_nothing_of_ours(worker: Worker) -> None:
    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(f"page {scope['path']}")(scope, receive, send)

    webhook = Webhook(WORD, worker.mailbox, worker.health, pages=pages)
    transport = httpx.ASGITransport(webhook.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
        assert (await client.get("/demande/x")).text == "page /demande/x"
        assert (await client.get("/healthz")).text == "ok"
        assert (await client.post("/telegram", json=update(7))).status_code == 403
    assert (await worker.client.get("/demande/x")).status_code == 404
