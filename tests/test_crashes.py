"""A row that processes die of is worked on alone, then set aside: nobody else waits for it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from dialogue import Stage, inside, put_inside
from small_library import small_folder
from sqlalchemy import update
from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    database_url,
    migrated_database,
    rows,
    stopped_clock,
    to_person,
)

from bot.outbox.bot_api import call
from bot.preview.personas import User
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running
from storage.database import Database
from storage.engine.claims import ALL, Which
from storage.engine.schema import inbox, metadata, outbox, publications
from storage.queues.inbox import Received
from storage.queues.outbox import Audience, Outbox, Outgoing, Pending
from storage.records.change_requests import ChangeKind, ChangeState, NewChangeRequest

ROOT = Path(__file__).parent.parent
# The bot, but that two texts kill the process: one where it is handled, one where it is sent.
BOT = """
import os, sys
from handlers.questions import ask
from bot.outbox import dispatcher

told, sent = ask.decide, dispatcher.call

def decide(services, text, after=""):
    if text == "boum":
        os._exit(9)
    return told(services, text, after)

async def call(bot, item, chat_id, file=None):
    if item.makes:
        os._exit(9)
    return await sent(bot, item, chat_id, file)

ask.decide, dispatcher.call = decide, call
from bot.cli import main
sys.exit(main(["run"]))
"""


class Process:
    """The bot as a process of its own."""

    def __init__(self, server: PreviewServer, folder: Path) -> None:
        self._environment = os.environ | {
            "SEMANTIC_MATCHING": "false",
            # What it answers is nothing here, and the shipped files take seconds at each start.
            "KNOWLEDGE_DIR": str(small_folder(folder / "knowledge")),
            "TELEGRAM_BOT_TOKEN": PREVIEW_TOKEN,
            "TELEGRAM_API_URL": server.url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bot.db'}",
            "ADMIN_CHAT_ID": str(server.messenger.administrators.id),
            "PYTHONPATH": str(ROOT),
        }
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def starts(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", BOT], cwd=self._folder, env=self._environment
        )

    async def dies(self) -> int:
        """Wait until it has ended by itself."""
        assert self._process
        return await asyncio.to_thread(self._process.wait, 30)

    async def ends(self) -> int:
        """Stop it as a service manager does."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return await self.dies()

    def clears(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
async def server() -> AsyncIterator[PreviewServer]:
    async with running(PreviewServer()) as server:
        yield server


@pytest.fixture
def bot(server: PreviewServer, tmp_path: Path) -> Iterator[Process]:
    process = Process(server, tmp_path)
    yield process
    process.clears()


async def sees(server: PreviewServer, chat: int, words: str) -> str:
    """Wait until the bot has written these words in a chat."""
    async with asyncio.timeout(30):
        while not (found := [text for text in told(server, chat) if words in text]):
            await server.messenger.changed_or(0.02)
    return found[-1]


def told(server: PreviewServer, chat: int) -> list[str]:
    said = (message for message in server.messenger.messages(chat) if message["from"]["is_bot"])
    return [(message.get("text") or "").replace("\u00a0", " ") for message in said]


@pytest.mark.parametrize(
    ("deadly", "apology", "alert"),
    [
        ("boum", "Une erreur s'est produite", "La personne a reçu des excuses"),
        pytest.param(
            "/mesdonnees", "n'a pas pu partir", "Message non remis", marks=pytest.mark.long
        ),
    ],
)
async def test_what_kills_the_process_twice_is_set_aside_and_said(
    server: PreviewServer, bot: Process, deadly: str, apology: str, alert: str
) -> None:
    messenger = server.messenger
    killer = messenger.sme
    others = [messenger.second_sme, User(9000, "Autre", "Personne")]
    messenger.joins(others[1])
    messenger.says(killer, deadly)
    for other in others:
        messenger.says(other, "/aide")
    for _ in range(2):
        bot.starts()
        assert await bot.dies() == 9
    bot.starts()
    reference = re.search(r"E-[0-9A-F]{6}", await sees(server, killer.id, apology))
    assert reference
    assert alert in await sees(server, messenger.administrators.id, reference[0])
    for other in others:
        await sees(server, other.id, "Ce que vous pouvez faire ici")
    # The same person is served again.
    messenger.says(killer, "/aide")
    await sees(server, killer.id, "Ce que vous pouvez faire ici")
    assert await bot.ends() == 0


async def start(database: Database) -> Any:
    """Claim as the loops of the bot do, until a row is to be worked on."""
    isolation = database.isolation
    async with isolation.claiming(), database.begin() as work:
        which = await isolation.choose("inbox", work.workers, lambda: work.inbox.has_suspect([]))
        limit = 1 if which is Which.SUSPECT else 10
        found = await work.inbox.claim(database.worker, [], limit, which)
    return [one.update_id for one in found]


async def send(database: Database) -> list[int]:
    isolation, audiences = database.isolation, list(Audience)
    async with isolation.claiming(), database.begin() as work:

        async def is_due() -> bool:
            return await work.outbox.has_suspect([], audiences)

        which = await isolation.choose("dispatcher", work.workers, is_due)
        limit = 1 if which is Which.SUSPECT else 10
        found = await work.outbox.claim(database.worker, [], limit, audiences, which)
    return [one.id for one in found]


async def fill(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([Received(number, number, "{}") for number in (1, 2, 3)])
        for chat in (7, 8):
            await work.outbox.add(to_person(chat))


async def dies(database: Database) -> None:
    """The process dies, and the next run of the same name begins."""
    put_inside(database, "has_joined", value=False)
    await database.join()


async def test_a_suspect_is_alone_in_its_process(database: Database) -> None:
    await fill(database)
    await database.join()
    assert await start(database) == [1, 2, 3]
    await dies(database)
    assert database.isolation.suspects == 3
    async with database.begin() as work:
        await work.inbox.add([Received(4, 4, "{}")])
    # What waits without a crash waits until each suspect was alone.
    for suspect in (1, 2, 3):
        assert await start(database) == [suspect]
        assert await send(database) == []
        assert await start(database) == [suspect]
        async with database.begin() as work:
            await work.inbox.done([suspect], database.worker)
    assert await start(database) == [4]
    assert len(await send(database)) == 2
    assert database.isolation.suspects == 0


async def test_only_the_guilty_is_blamed_twice(database: Database) -> None:
    await fill(database)
    await database.join()
    await start(database)
    await send(database)
    await dies(database)
    await start(database)
    await dies(database)
    crashes = {row["update_id"]: row["crashes"] for row in await rows(database, "inbox")}
    assert crashes == {1: 2, 2: 1, 3: 1}
    assert [row["crashes"] for row in await rows(database, "outbox")] == [1, 1]


async def test_once_the_last_suspect_is_done_every_loop_goes_on_at_once(
    database: Database,
) -> None:
    """Nobody wakes a loop for it: what it does not claim now, it would leave."""
    await fill(database)
    await database.join()
    sending = await send(database)
    await dies(database)
    suspects = [(await send(database))[0]]
    async with database.begin() as work:
        await work.outbox.forget(suspects)
    suspects += await send(database)
    assert suspects == sending
    async with database.begin() as work:
        await work.outbox.forget(suspects)
    assert await start(database) == [1, 2, 3]


async def test_what_is_under_way_ends_before_a_suspect_begins(database: Database) -> None:
    await fill(database)
    await database.join()
    await start(database)
    await dies(database)
    database.isolation.suspects = 0
    sending = await send(database)
    assert len(sending) == 2
    database.isolation.suspects = 3
    assert await start(database) == []
    async with database.begin() as work:
        await work.outbox.forget(sending)
    assert await start(database) == [1]


async def test_a_suspect_that_cannot_be_worked_on_keeps_nobody_waiting(
    database: Database, clock: Clock
) -> None:
    await fill(database)
    await database.join()
    await start(database)
    await dies(database)
    async with database.begin() as work:
        for number in (1, 2, 3):
            await work.inbox.postpone(number, clock.now.replace(minute=20))
    assert len(await send(database)) == 2
    assert await start(database) == []


async def test_an_orderly_end_is_no_crash(database: Database, url: str) -> None:
    await fill(database)
    await database.join()
    await start(database)
    await send(database)
    async with database.begin() as work:
        await work.change_requests.ask(NewChangeRequest(ChangeKind.UPLOAD, 7, "Ada", -100))
        await work.change_requests.claim(database.worker)
    await database.close()
    again = Database(url, worker=database.worker)
    await again.join()
    for table in ("inbox", "outbox", "publications"):
        for row in await rows(again, table):
            assert (row["crashes"], row["claimed_by"]) == (0, None)
    await again.close()


def test_every_table_that_is_claimed_counts_crashes() -> None:
    claimed = {table.name for table in metadata.sorted_tables if "claimed_by" in table.c}
    assert {claims.key.table.name for claims in ALL} == claimed
    for name in claimed:
        assert "crashes" in metadata.tables[name].c


async def test_a_change_of_the_files_that_processes_died_of_is_given_up(stage: Stage) -> None:
    facilitators = stage.messenger.facilitators
    asked = NewChangeRequest(
        ChangeKind.UPLOAD, facilitators.members[0].id, "Ada", facilitators.id, "faq.yaml", "file"
    )
    async with stage.running.parts.database.begin() as work:
        number = await work.change_requests.ask(asked)
        crashed = update(publications).where(publications.c.id == number).values(crashes=2)
        await inside(work.change_requests, "connection").execute(crashed)
    await stage.stops()
    await stage.starts()
    await sees(stage.server, facilitators.id, "sous la référence E-")
    async with stage.running.parts.database.begin() as work:
        change = await work.change_requests.get(number)
    assert change is not None
    assert change.state is ChangeState.FAILED


async def test_a_suspect_that_is_not_due_makes_no_loop_look_again_and_again(stage: Stage) -> None:
    parts = stage.running.parts
    async with parts.database.begin() as work:
        number = await work.outbox.add(to_person(stage.messenger.sme.id))
        values = {"crashes": 1, "not_before": stage.clock() + timedelta(minutes=20)}
        crashed = update(outbox).where(outbox.c.id == number).values(values)
        await inside(work.outbox, "connection").execute(crashed)
    await stage.stops()
    await stage.starts()
    await stage.person(stage.messenger.second_sme).says("/aide")
    parts = stage.running.parts
    assert parts.database.isolation.suspects == 1
    assert parts.inbox_worker.due is None
    assert parts.dispatcher.due is None or parts.dispatcher.due > stage.clock() + timedelta(
        minutes=9
    )


async def test_nobody_apologises_where_a_channel_may_read_it(stage: Stage) -> None:
    """An update that processes died of is not parsed: what its chat is, is not known."""
    someone = stage.person()
    await someone.says("/aide")
    channel, numbers = -1_001_000_000_009, (900_001, 900_002)
    async with stage.running.parts.database.begin() as work:
        chats = zip(numbers, (channel, someone.chat_id), strict=True)
        await work.inbox.add([Received(number, chat, "{}") for number, chat in chats])
        crashed = update(inbox).where(inbox.c.update_id.in_(numbers)).values(crashes=2)
        await inside(work.inbox, "connection").execute(crashed)
    await stage.stops()
    await stage.starts()
    await sees(stage.server, someone.chat_id, "Une erreur s'est produite")
    kept = {row["update_id"]: row for row in await rows(stage.running.parts.database, "inbox")}
    assert [kept[number]["state"] for number in numbers] == ["aside", "aside"]
    owed = await rows(stage.running.parts.database, "outbox")
    assert channel not in {row["chat_id"] for row in owed}
    # Its updates stay aside: nothing is to be checked of them at the end.
    await stage.stops()


async def test_stored_files_are_read_one_at_a_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that a former version queued for many people would not fit in memory together."""
    people = [User(9000 + number, "Autre", "Personne") for number in range(8)]
    reading: list[int] = []
    most: list[int] = []
    files: list[IO[bytes]] = []
    read, send = Outbox.attachment, call

    async def counted(self: Outbox, outgoing_id: int) -> bytes | None:
        reading.append(outgoing_id)
        most.append(len(reading))
        return await read(self, outgoing_id)

    async def sent(bot: Any, item: Pending, chat_id: int, file: IO[bytes]) -> Any:
        files.append(file)
        try:
            return await send(bot, item, chat_id, file)
        finally:
            reading.remove(item.id)

    for person in people:
        stage.messenger.joins(person)
        await stage.person(person).says("/aide")
    monkeypatch.setattr(Outbox, "attachment", counted)
    monkeypatch.setattr("bot.outbox.dispatcher.call", sent)
    async with stage.running.parts.database.begin() as work:
        for person in people:
            file = Outgoing(
                Audience.PERSON,
                "sendDocument",
                {},
                chat_id=person.id,
                attachment=b"a",
                filename="a.html",
            )
            await work.outbox.add(file)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert most == [1] * len(people)
    # The traceback of a refused call would keep what is open.
    assert [file.closed for file in files] == [True] * len(people)
    for person in people:
        (document,) = [
            m["document"] for m in stage.messenger.messages(person.id) if "document" in m
        ]
        assert stage.messenger.file(document["file_id"]) == b"a"
