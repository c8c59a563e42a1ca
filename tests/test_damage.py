"""Damage to the database file under a running bot ends it in words, whichever loop meets it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dialogue import staged
from test_run_modes import spoil

from bot.inbox.webhook import Health
from knowledge.knowledge import Knowledge
from storage.engine.errors import DatabaseUnavailableError
from storage.engine.faults import Fault, fault_of

# What a message needs, and an index that only the publisher reads.
TABLES = ["inbox", "questions", "ix_publications_state", "outbox"]


def damage(database: Path, table: str) -> None:
    """Spoil a page of the file, and have the bot read all pages from it again."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        spoil(database, table)
        # A change of another process: what the bot holds in memory is out of date.
        connection.execute("PRAGMA user_version = 5")


@pytest.mark.parametrize("table", TABLES)
async def test_a_running_bot_says_it_and_ends(
    shipped: Knowledge, tmp_path: Path, table: str
) -> None:
    async with staged(shipped, tmp_path / "bot.db") as stage:
        running = asyncio.create_task(stage.running.run(asyncio.Event()))
        await stage.settles()
        database = stage.running.parts.database
        health = Health(stage.running.parts.backlog, stage.running.parts.services)
        assert (await health.checks())["database"]
        damage(stage.database, table)
        stage.messenger.says(stage.messenger.sme, "Qui a gagné le match hier soir ?")
        async with asyncio.timeout(20):
            with pytest.raises(DatabaseUnavailableError) as raised:
                await running
        assert fault_of(raised.value) is Fault.DAMAGED
        assert database.is_damaged
        assert not (await health.checks())["database"]
        administrators = stage.messenger.messages(stage.messenger.administrators.id)
        told = [message["text"] for message in administrators if "abîmée" in message["text"]]
        assert len(told) == 1
        assert "restore FICHIER" in told[0]
