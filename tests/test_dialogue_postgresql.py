"""The same bot on PostgreSQL: one worker, then two that share everything."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, inside, number_in, staged, tune
from postgres import Server
from sqlalchemy import func, select, text
from test_dialogue_interest import registers
from test_mail_dispatcher import given
from test_request_page import moves_elsewhere
from test_visitor_pages import FIRM, Visitor, following, letters

from knowledge.knowledge import Knowledge
from storage.database import Database
from storage.engine.errors import UndoneError
from storage.engine.schema import inbox, interests, outbox, people, workers
from storage.records.interests import EventKind


@pytest.fixture(name="stage")
async def stage_on_postgresql(
    shipped: Knowledge, tmp_path: Path, postgres: Server
) -> AsyncIterator[Stage]:
    url = await postgres.create(migrated=False)
    async with staged(shipped, tmp_path, url=url) as stage:
        yield stage
    await postgres.drop(url)


async def test_question_answer_interest_and_notification(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says("c koi territoire d'industrie ?")
    sme.sees("Source", "Territoires d'industrie")
    number = await registers(sme, stage)
    administrator.received(number)
    await sme.says("/mesdemandes")
    assert number_in(sme.text) == number


async def test_a_second_worker_shares_the_work_and_takes_over(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    second = Stage(stage.server, stage.knowledge, stage.database, url=stage.url, posted=False)
    await second.starts()
    assert len(await stage.rows(select(workers))) == 2
    for number in range(10):
        for speaker in (sme, other_sme):
            stage.messenger.says(speaker.user, f"/inconnue{number}")
    await stage.settles()
    await stage.stops()
    stage.service, second.service = second.service, None
    await sme.says("/inconnue10")
    for speaker, expected in ((sme, 11), (other_sme, 10)):
        said = "\n".join(m["text"] for m in speaker.messages() if m["from"]["is_bot"])
        told = re.findall(r"/inconnue(\d+)\.", said)
        assert told == [str(number) for number in range(expected)]
    assert await stage.rows(select(inbox.c.state, func.count()).group_by(inbox.c.state)) == [
        ("done", 21)
    ]


async def test_a_server_that_stands_still_is_said_and_does_not_keep_the_bot_from_ending(
    sme: Speaker,
    stage: Stage,
    postgres: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await sme.says("/start")
    monkeypatch.setattr("storage.heartbeat.LEASE", timedelta(seconds=1))
    tune(monkeypatch, "storage.database", FAREWELL_SECONDS=0.2)
    tune(monkeypatch, "bot.runtime.lanes", DRAIN_SECONDS=0.2)
    postgres.freeze()
    try:
        stage.messenger.says(sme.user, "/inconnue1")
        async with asyncio.timeout(60):
            while "the database does not answer: not within" not in caplog.text:
                await stage.messenger.changed_or(0.01)
            await stage.stops()
    finally:
        postgres.thaw()
        monkeypatch.undo()
    await stage.starts()
    await stage.settles()
    said = "\n".join(m["text"] for m in sme.messages() if m["from"]["is_bot"])
    assert re.findall(r"/inconnue(\d+)\.", said) == ["1"]


async def test_a_server_that_goes_while_messages_are_sent(
    sme: Speaker, stage: Stage, postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """What Telegram took is marked when the database is back: it is not said twice."""
    await sme.says("/start")
    stage.messenger.faults.delay("sendMessage", 1)
    stage.messenger.says(sme.user, "/inconnue1")
    async with asyncio.timeout(10):
        while not await stage.rows(select(outbox.c.id).where(outbox.c.claimed_by.is_not(None))):
            await stage.messenger.changed_or(0.01)
        postgres.stop()
        stage.messenger.faults.clear()
        stage.messenger.says(sme.user, "/inconnue2")
        try:
            while "waits to be marked" not in caplog.text:
                await stage.messenger.changed_or(0.01)
        finally:
            postgres.start()
    await stage.settles()
    said = "\n".join(m["text"] for m in sme.messages() if m["from"]["is_bot"])
    assert re.findall(r"/inconnue(\d+)\.", said) == ["1", "2"]


async def administer(stage: Stage, statement: str) -> None:
    """Do as another client of the database, with a session of its own."""
    other = Database(stage.url or "")
    async with other.begin() as work:
        connection = inside(work.people, "connection")
        await connection.execute(text("SET TRANSACTION READ WRITE"))
        name = await connection.scalar(text("SELECT current_database()"))
        await connection.execute(text(statement.format(name=name)))
    await other.close()


CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = '{name}' AND pid <> pg_backend_pid()"
)


async def test_a_failover_is_waited_for_by_every_loop(
    sme: Speaker, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """A standby that takes no changes yet ends nothing, and loses nothing."""
    await sme.says("/start")
    await administer(stage, "ALTER DATABASE {name} SET default_transaction_read_only = on")
    await administer(stage, CUT)
    try:
        stage.messenger.says(sme.user, "/inconnue1")
        async with asyncio.timeout(20):
            while caplog.text.count("the server takes no changes") < 3:
                await stage.messenger.changed_or(0.02)
    finally:
        await administer(stage, "ALTER DATABASE {name} RESET default_transaction_read_only")
    await administer(stage, CUT)
    await stage.settles()
    await sme.says("/inconnue2")
    assert answered(sme) == ["1", "2"]
    tasks = stage.running.parts.supervisor.tasks
    assert not [name for name, task in tasks.items() if task.done() and name != "command_menus"]


async def test_tables_that_change_meanwhile_stop_nobody(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plans that the bot has prepared are made stale: their results have other types."""
    met: list[str] = []

    class NotedError(UndoneError):
        def __init__(self, reason: str) -> None:
            super().__init__(reason)
            met.append(reason)

    monkeypatch.setattr("storage.database.UndoneError", NotedError)
    await sme.says("/inconnue1")
    sent = 1
    # Which of the pool's connections has prepared what is chance: several rounds meet one.
    while not met and sent < 20:
        sent += 1
        for column in ("inbox ALTER body", "outbox ALTER method", "outbox ALTER lane"):
            await administer(stage, f"ALTER TABLE {column} TYPE varchar({90000 + sent})")
        await sme.says(f"/inconnue{sent}")
    assert met
    assert answered(sme) == [str(number) for number in range(1, sent + 1)]
    assert await stage.inbox_count("aside") == 0


def answered(sme: Speaker) -> list[str]:
    said = "\n".join(m["text"] for m in sme.messages() if m["from"]["is_bot"])
    return re.findall(r"/inconnue(\d+)\.", said)


@pytest.fixture(name="mailing_stage")
async def _mailing_stage(
    shipped: Knowledge, tmp_path: Path, postgres: Server
) -> AsyncIterator[Stage]:
    url = await postgres.create(migrated=False)
    async with staged(shipped, tmp_path, url=url, **given(1, listen_port=0)) as stage:
        yield stage
    await postgres.drop(url)


async def test_a_visitor_s_request_from_the_form_to_its_erasure(mailing_stage: Stage) -> None:
    stage = mailing_stage
    visitor, follow = await following(stage)
    for _ in range(2):
        await visitor.sends("/formulaires/lien-perdu", email=FIRM["contact"].upper())
    assert len(await letters(stage)) == 3
    await moves_elsewhere(stage, EventKind.TAKE)
    await visitor.opens(follow)
    assert await visitor.acts(follow, "mot", mot="Un four aussi.") == 303
    visitor.sees("prise en charge", "Un four aussi.")
    assert await visitor.opens(f"{follow}/donnees") == 200
    visitor.sees(FIRM["contact"], "E-mail à vous envoyer", "est prise en charge")
    await visitor.opens(f"{follow}/effacer")
    assert await visitor.acts(follow, "effacer") == 200
    assert await stage.rows(select(people)) == []
    assert await letters(stage) == []


async def test_a_form_that_two_taps_send_at_once_is_one_request(mailing_stage: Stage) -> None:
    stage = mailing_stage
    visitor, path = Visitor(stage), "/formulaires/rappel"
    await visitor.fills(path, contact=FIRM["contact"])
    fields = visitor.hidden | {"step": "send"}
    both = [visitor.client.post(path, data=fields) for _ in range(2)]
    answers = await asyncio.gather(*both)
    assert [each.status_code for each in answers] == [303, 303]
    assert len(await stage.rows(select(interests.c.id))) == 1
    assert len(await letters(stage)) == 1
