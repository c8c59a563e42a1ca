"""The bot's handlers in this process, on a database file, with a Telegram that is never called."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot
from telegram.request import BaseRequest, RequestData

import handlers.table
from bot.inbox.raw_updates import understood
from bot.inbox.worker import remember_failure
from bot.preview.personas import BOT_ID, bot_as_json
from handlers.core.ahead import done_ahead
from handlers.core.services import Identity, Services
from handlers.core.turn import CURRENT, BotContext, Turn
from handlers.prefetch import match_texts
from handlers.questions.ask import UnmatchedError
from knowledge.knowledge import Knowledge
from storage.database import Database

Json: TypeAlias = Any
Row: TypeAlias = dict[str, Any]
ADMINISTRATORS, FACILITATORS = -1001, -1002
LISTED_FACILITATOR = 4_004
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_IDENTITY = Identity("la Métropole", "contact@exemple.fr", "04 91 00 00 00", "Marseille", "")


class UncalledTelegram(BaseRequest):
    """Answers who the bot is; any other call is a mistake of a handler."""

    @property
    def read_timeout(self) -> float | None:
        """No answer is waited for."""
        return None

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002 - PTB's contract
        request_data: RequestData | None = None,  # noqa: ARG002 - the same
        *_timeouts: object,
        **_named: object,
    ) -> tuple[int, bytes]:
        """Return the bot's account; RuntimeError for any other call."""
        if not url.endswith("/getMe"):
            raise RuntimeError("a handler called Telegram")
        return 200, json.dumps({"ok": True, "result": bot_as_json()}).encode()


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of an update: the turn, and the calls that the bot owes since."""

    turn: Turn
    owed: tuple[Row, ...]


class OfflineBot:
    """Handles updates one by one, each in a transaction of its own."""

    def __init__(self, knowledge: Knowledge, path: Path, clock: Callable[[], datetime]) -> None:
        self.database = Database(f"sqlite+aiosqlite:///{path}", clock=clock)
        request = UncalledTelegram()
        bot = ExtBot(f"{BOT_ID}:fuzz", request=request, get_updates_request=request)
        context = ContextTypes(context=BotContext)
        builder = ApplicationBuilder().bot(bot).updater(None).context_types(context)
        self.application = builder.build()
        self.application.add_handlers(handlers.table.ALL)
        self.application.add_error_handler(remember_failure)
        self.services = Services(
            knowledge=knowledge,
            identity=_IDENTITY,
            clock=clock,
            bot_username=bot_as_json()["username"],
            admin_chat_id=ADMINISTRATORS,
            facilitator_chat_id=FACILITATORS,
            facilitator_ids=frozenset({LISTED_FACILITATOR}),
            knowledge_dir=path.parent,
            forms={form.name: form for form in handlers.table.FORMS},
        )
        self._file = sqlite3.connect(path)
        self._file.row_factory = sqlite3.Row

    @classmethod
    @asynccontextmanager
    async def running(cls, knowledge: Knowledge, path: Path) -> AsyncIterator["OfflineBot"]:
        """Give a bot on this database file; the file is migrated if it is empty."""
        bot = cls(knowledge, path, lambda: NOW)
        await bot.database.migrate()
        await bot.application.initialize()
        try:
            yield bot
        finally:
            await bot.application.shutdown()
            await bot.database.close()
            bot.close()

    def close(self) -> None:
        """Close the second connection."""
        self._file.close()

    def rows(self, query: str, *values: object) -> list[Row]:
        """Return the rows of a query on what is committed."""
        return [dict(row) for row in self._file.execute(query, values)]

    async def handle(self, update: Json) -> Handled:
        """Handle a raw update; raises what its handler raised."""
        last = self.rows("SELECT coalesce(max(id), 0) AS id FROM outbox")[0]["id"]
        read = understood(json.dumps(update), self.application.bot)
        ahead = await done_ahead(handlers.table.AHEAD, self.database, self.services, read)
        try:
            turn = await self._handle(read, ahead)
        except UnmatchedError as unmatched:
            await match_texts(self.services, [(unmatched.text, unmatched.after)])
            turn = await self._handle(read, ahead)
        owed = self.rows("SELECT * FROM outbox WHERE id > ? ORDER BY id", last)
        return Handled(turn, tuple({**row, "payload": json.loads(row["payload"])} for row in owed))

    async def _handle(self, update: Update, ahead: object) -> Turn:
        async with self.database.begin() as work:
            turn = Turn(self.services, work, update)
            turn.ahead = ahead
            CURRENT.set(turn)
            await self.application.process_update(update)
            if turn.failure is not None:
                raise turn.failure
            await turn.keep_context()
        return turn
