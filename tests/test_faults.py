"""What fails outside: Telegram, the network, the process. Nothing is lost, nothing doubled."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, inside, tune
from small_library import small_folder
from sqlalchemy import delete, select
from test_dialogue_interest import fills, registers

from bot.outbox.dispatcher import Dispatcher
from bot.preview.server import PREVIEW_TOKEN, PreviewServer
from storage.database import utc_now
from storage.engine.errors import DatabaseUnavailableError
from storage.engine.schema import inbox, outbox
from storage.queues.outbox import Outbox

ROOT = Path(__file__).parent.parent
_ATTEMPTS = select(outbox.c.attempts)
_FORGET = delete(inbox).where(inbox.c.state == "aside")


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_an_answer_survives_telegram_s_refusals(
    sme: Speaker, stage: Stage, status: int
) -> None:
    parameters = {"retry_after": 1} if status == 429 else None
    stage.messenger.faults.next("sendMessage", status=status, parameters=parameters)
    stage.messenger.says(sme.user, "/aide")
    await asyncio.wait_for(_tried(stage), 10)
    stage.clock.passes(seconds=30)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert _answers(sme, "Ce que vous pouvez faire ici") == 1


async def test_what_fails_after_a_delivery_does_not_send_it_again(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slips(*_: object) -> None:
        raise RuntimeError("a slip")

    tune(monkeypatch, Dispatcher, tell_pace=slips)
    await sme.says("/aide")
    assert _answers(sme, "Ce que vous pouvez faire ici") == 1
    assert await stage.outbox_states() == []


async def test_nothing_more_is_sent_while_what_was_sent_cannot_be_marked(
    sme: Speaker,
    other_sme: Speaker,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Were the process to die now, each of these would be sent again."""
    forget = Outbox.forget
    is_full = True

    async def forgets(self: Outbox, sent: Collection[int]) -> None:
        if is_full:
            raise DatabaseUnavailableError("the disk is full")
        await forget(self, sent)

    monkeypatch.setattr(Outbox, "forget", forgets)
    stage.messenger.says(sme.user, "/aide")
    async with asyncio.timeout(10):
        while "waits to be marked" not in caplog.text:
            await stage.messenger.changed_or(0.01)
        stage.messenger.says(other_sme.user, "/aide")
        # The second message is claimed, and stands before the gate.
        while not inside(inside(stage.running.parts.dispatcher, "can_mark"), "waiters"):
            await stage.messenger.changed_or(0.01)
    assert _answers(other_sme, "Ce que vous pouvez faire ici") == 0
    is_full = False
    await stage.settles()
    for speaker in (sme, other_sme):
        assert _answers(speaker, "Ce que vous pouvez faire ici") == 1


async def test_a_cut_connection_is_tried_again(sme: Speaker, stage: Stage) -> None:
    stage.messenger.faults.cut("sendMessage")
    stage.messenger.says(sme.user, "/aide")
    await asyncio.wait_for(_tried(stage), 10)
    stage.clock.passes(seconds=30)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert _answers(sme, "Ce que vous pouvez faire ici") == 1


async def test_a_person_who_blocked_the_bot_does_not_hold_others_up(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await sme.says("/start")
    stage.messenger.says(sme.user, "/aide")
    stage.messenger.blocks(sme.user)
    await other_sme.says("/aide")
    other_sme.sees("Ce que vous pouvez faire ici")
    stage.messenger.unblocks(sme.user)
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")


async def test_a_message_that_the_person_deleted_is_said_anew(sme: Speaker, stage: Stage) -> None:
    await sme.says("/projets")
    message, data = sme.button("Suivant ›")
    stage.messenger.faults.next(
        "editMessageText", status=400, description="Bad Request: message to edit not found"
    )
    await sme.taps_data(message["message_id"], data)
    sme.sees("page 2")


async def test_an_update_that_cannot_be_parsed_is_set_aside(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    stage.messenger.delivers({"message": {"message_id": "no"}})
    await stage.settles()
    assert await stage.inbox_count("aside") == 1
    administrator.received("Erreur technique E-", "personne n'a pu être averti")
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    await _forget_aside(stage)


async def test_a_handler_that_fails_apologises_with_a_reference(
    sme: Speaker, stage: Stage, administrator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret question")

    monkeypatch.setattr(type(stage.knowledge.matcher), "match", fail)
    await sme.says("comment financer ?")
    sme.sees("Une erreur s'est produite")
    reference = re.search(r"E-[0-9A-F]{6}", sme.text)
    assert reference
    administrator.received(f"Erreur technique {reference[0]}")
    assert "RuntimeError" not in str(administrator.messages())
    assert "secret" not in str(administrator.messages())
    monkeypatch.undo()
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    await _forget_aside(stage)


async def test_the_same_update_twice_is_handled_once(sme: Speaker, stage: Stage) -> None:
    await sme.says("/aide")
    update = stage.messenger.last_update()
    stage.messenger.delivers(update)
    await stage.settles()
    assert _answers(sme, "Ce que vous pouvez faire ici") == 1


async def test_many_messages_of_one_chat_are_answered_in_order(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    for number in range(20):
        stage.messenger.says(sme.user, f"/inconnue{number}")
        stage.messenger.says(other_sme.user, f"/inconnue{number}")
    await stage.settles()
    for speaker in (sme, other_sme):
        told = re.findall(r"/inconnue(\d+)\.", "\n".join(m["text"] for m in _by_bot(speaker)))
        assert told == [str(number) for number in range(20)]


def _by_bot(speaker: Speaker) -> list[dict[str, str]]:
    return [m for m in speaker.messages() if m["from"]["is_bot"]]


def _answers(speaker: Speaker, words: str) -> int:
    return sum(words in message.get("text", "") for message in _by_bot(speaker))


async def _tried(stage: Stage) -> None:
    """Wait until a message was tried in vain."""
    while not any(attempts for (attempts,) in await stage.rows(_ATTEMPTS)):
        await stage.messenger.changed_or(0.01)


async def _forget_aside(stage: Stage) -> None:
    async with stage.running.parts.database.begin() as work:
        await inside(work.inbox, "connection").execute(_FORGET)


class Process:
    """The bot as a process of its own, killed and started again."""

    def __init__(self, server: PreviewServer, folder: Path, **environment: str) -> None:
        ours = {
            "SEMANTIC_MATCHING": "false",
            "TELEGRAM_BOT_TOKEN": PREVIEW_TOKEN,
            "TELEGRAM_API_URL": server.url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bot.db'}",
            "MESSAGES_PER_SECOND": "0",
            "ADMIN_CHAT_ID": str(server.messenger.administrators.id),
            "PYTHONPATH": str(ROOT),
        }
        self._environment = os.environ | ours | environment
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def starts(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=self._folder, env=self._environment
        )

    def dies(self) -> None:
        """Kill it at once, as a power cut would."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def ends(self) -> int:
        """Stop it cleanly and return its exit code."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(20)


async def test_killed_with_ten_questions_waiting(tmp_path: Path) -> None:
    server = PreviewServer()
    await server.start()
    # What it answers is nothing here, and the shipped files take seconds at each start.
    bot = Process(server, tmp_path, KNOWLEDGE_DIR=str(small_folder(tmp_path / "knowledge")))
    try:
        bot.starts()
        server.messenger.says(server.messenger.sme, "/start")
        await _until(server, lambda: len(_texts(server)) == 1)
        # Telegram is slow to take answers, so that questions wait when the process dies.
        server.messenger.faults.delay("sendMessage", 3600)
        for number in range(10):
            server.messenger.says(server.messenger.sme, f"/question{number}")
        await _until(server, lambda: server.messenger.pending_updates() == 0)
        bot.dies()
        await _heard(server)
        server.messenger.faults.clear()
        bot.starts()
        await _until(server, lambda: len(_texts(server)) >= 11)
        assert bot.ends() == 0
        told = re.findall(r"/question(\d+)\.", "\n".join(_texts(server)))
        assert sorted(map(int, told)) == list(range(10))
    finally:
        bot.dies()
        await server.stop()


@pytest.mark.long
async def test_killed_between_the_confirmation_and_the_notification(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    # The process that goes on with the form has the machine's clock, and forgets old forms.
    stage.clock.now = utc_now()
    await fills(sme, stage)
    message, data = sme.button("Oui, j'accepte et j'envoie")
    await stage.stops()
    bot = Process(stage.server, stage.database.parent)
    try:
        stage.messenger.faults.delay("sendMessage", 3600)
        stage.messenger.taps(sme.user, sme.chat_id, message["message_id"], data)
        bot.starts()
        await _until(stage.server, lambda: _registered(stage.database))
        bot.dies()
        await _heard(stage.server)
        stage.messenger.faults.clear()
        bot.starts()
        await _until(
            stage.server,
            lambda: bool(administrator.messages()) and _answers(sme, "C'est enregistré") > 0,
        )
        assert bot.ends() == 0
    finally:
        bot.dies()
    told = [m for m in administrator.messages() if "Nouvelle demande" in m["text"]]
    assert len(told) == 1
    assert _answers(sme, "C'est enregistré") == 1


def _registered(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute("SELECT count(*) FROM interests").fetchone()[0])


def _texts(server: PreviewServer) -> list[str]:
    messages = server.messenger.messages(server.messenger.sme.id)
    return [m["text"] for m in messages if m["from"]["is_bot"]]


async def _heard(server: PreviewServer) -> None:
    """Wait until all that a dead process sent has arrived: then its connections are closed."""
    # A process starts in ten seconds, where nobody else uses the machine.
    async with asyncio.timeout(90):
        while inside(server, "server").connections:
            await server.messenger.changed_or(0.05)
    # What came with the end is begun.
    await asyncio.sleep(0)


async def _until(server: PreviewServer, condition: Callable[[], bool]) -> None:
    # A process starts in ten seconds, where nobody else uses the machine.
    async with asyncio.timeout(90):
        while not condition():
            await server.messenger.changed_or(0.05)


async def test_registering_twice_in_a_row_gives_two_numbers(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    assert await registers(sme, stage) == "TI-2026-0001"
    assert await registers(other_sme, stage) == "TI-2026-0002"
