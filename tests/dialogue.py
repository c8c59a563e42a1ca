"""Dialogues: people of the preview talk to the real bot over real HTTP.

``await sme.says("…")`` sends and waits until the bot has nothing left to do;
``sme.sees("…")`` asserts on what the bot answered since; ``await sme.taps("label")`` taps.
"""

import asyncio
import functools
import importlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, NullPool, Select, create_engine, func, select

from bot.content.library import Documents, Library
from bot.preview.messenger import Messenger
from bot.preview.personas import Group, User
from bot.preview.server import PreviewServer
from bot.preview_mode import for_preview
from bot.service import Service
from bot.settings import Settings
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Matcher, Outcome
from storage.engine.repository import moments
from storage.engine.schema import INBOX_WAITING, OUTBOX_WAITING, inbox, outbox
from storage.queues.outbox_statements import _FOR_AUDIENCES, _IS_DUE, _has_earlier

Message = dict[str, Any]
TIMEOUT_SECONDS = 20
_WAITS = select(outbox.c.id).where(OUTBOX_WAITING, _IS_DUE, _FOR_AUDIENCES).limit(1)
_RECEIVED = select(inbox.c.update_id).where(INBOX_WAITING).limit(1)
# A call that could be made now, by whether the office is open.
_DUE = {
    True: _WAITS.where(~_has_earlier(in_hours=True)),
    False: _WAITS.where(~_has_earlier(in_hours=False), ~outbox.c.keeps_hours),
}


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def passes(self, **duration: float) -> None:
        """Move on."""
        self.now += timedelta(**duration)


def _environment() -> frozenset[tuple[str, str]]:
    # Without the name of the test, by which no two would be alike.
    return frozenset(each for each in os.environ.items() if not each[0].startswith("PYTEST_"))


@functools.lru_cache(maxsize=4)
def _settings_in(_environment: frozenset[tuple[str, str]]) -> Settings:
    # To read them takes as long as two messages, and a preview reads them twice.
    return for_preview(Settings.read(_env_file=None, log_level="WARNING"), PreviewServer())


async def _does_nothing(*_: object) -> None:
    """Stand in for what is left out."""


_looked_at: ContextVar[Path] = ContextVar("looked_at")
# In the thread of the test: the bot's own way takes four hops to another thread for each look.
_FILES = create_engine(
    "sqlite://",
    creator=lambda: sqlite3.connect(_looked_at.get(), isolation_level=None),
    poolclass=NullPool,
)


def _look_at(file: Path) -> Connection:
    """Open a database file to look at what is committed."""
    _looked_at.set(file)
    return _FILES.connect()


def inside(owner: object, name: str) -> Any:
    """Return a private attribute of the product: here alone, so that a search finds them all."""
    return getattr(owner, f"_{name}")


def put_inside(owner: object, name: str, value: object) -> None:
    """Set one."""
    setattr(owner, f"_{name}", value)


def tune(patch: pytest.MonkeyPatch, owner: object, **private: object) -> None:
    """Set private constants or methods, of a module by its name too, until the test ends."""
    place = importlib.import_module(owner) if isinstance(owner, str) else owner
    for name, value in private.items():
        patch.setattr(place, f"_{name}", value)


def decides(patch: pytest.MonkeyPatch, decisions: Mapping[str, Decision]) -> None:
    """Let the matcher decide so on these texts, and as ever on all others, until the test ends."""
    genuine = Matcher.match

    def match(self: Matcher, question: str, **context: Any) -> Decision:
        return decisions.get(question) or genuine(self, question, **context)

    patch.setattr(Matcher, "match", match)


def choice_of(*shown: str) -> Decision:
    """Return the decision to offer these entries and acts."""
    return Decision(Outcome.CHOICES, shown, ())


@dataclass
class Stage:
    """A preview, a bot that runs against it, and the people who talk."""

    server: PreviewServer
    knowledge: Knowledge
    database: Path
    clock: Clock = field(default_factory=Clock)
    overrides: dict[str, object] = field(default_factory=dict)
    to_learn: Documents | None = None
    posted: bool = False
    library: Library | None = None
    url: str | None = None
    service: Service | None = None
    # The first start leaves out what has tests of its own and takes as long as some messages do:
    # looking whether the tables are there, and telling Telegram the menus.
    starts_briefly: bool = False
    _look: Connection | None = None

    @property
    def messenger(self) -> Messenger:
        return self.server.messenger

    def person(self, user: User | None = None) -> "Speaker":
        user = user or self.messenger.sme
        return Speaker(self, user, user.id)

    def member(self, group: Group, number: int = 0) -> "Speaker":
        return Speaker(self, group.members[number], group.id)

    @property
    def database_url(self) -> str:
        return self.url or f"sqlite+aiosqlite:///{self.database}"

    @property
    def running(self) -> Service:
        assert self.service is not None
        return self.service

    async def starts(self) -> None:
        """Start the bot, as after a restart of the machine."""
        places = {
            "telegram_api_url": self.server.url,
            "database_url": self.database_url,
            "admin_chat_id": self.messenger.administrators.id,
            "facilitator_chat_id": self.messenger.facilitators.id,
        }
        settings = _settings_in(_environment()).model_copy(update=places | self.overrides)
        self.service = Service(
            settings,
            self.knowledge,
            clock=self.clock,
            to_learn=self.to_learn,
            by_webhook=self.posted,
            library=self.library,
        )
        with pytest.MonkeyPatch.context() as patch:
            if self.starts_briefly:
                patch.setattr("bot.service.introduce", _does_nothing)
                patch.setattr(self.service.parts.database, "migrate", _does_nothing)
                self.starts_briefly = False
            await self.service.start()

    async def stops(self) -> None:
        """Stop the bot cleanly."""
        service, self.service = self.running, None
        self.looks_away()
        await service.stop()

    def looks_away(self) -> None:
        """Close the connection by which the queues are looked at."""
        if self._look is not None:
            self._look.close()
            self._look = None

    async def settles(self) -> None:
        """Wait until every update is handled, and every message that can go is sent."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not await self._is_quiet():
                await self.messenger.changed_or(0.002)

    async def _is_quiet(self) -> bool:
        if self.messenger.pending_updates() or self.messenger.unanswered_taps():
            return False
        parts = self.running.parts
        if not parts.inline_desk.is_idle:
            return False
        # To ask the database costs as much as to answer: only once nobody is at work.
        if parts.inbox_worker._busy or parts.dispatcher._busy:
            return False
        if self.url is None:
            if self._look is None:
                self._look = _look_at(self.database)
            # After whoever writes, and whoever waits to write.
            async with parts.database._turn():
                waits, due = self._owed()
                return not self._look.scalar(waits) and self._look.scalar(*due) is None
        async with parts.database.begin() as work:
            waits, due = self._owed()
            connection = work.outbox._connection
            return not await connection.scalar(waits) and await connection.scalar(*due) is None

    def _owed(self) -> tuple[Select[Any], tuple[Select[Any], dict[str, Any]]]:
        """Return what asks for updates that wait, and for a call that could be made now."""
        parts, now = self.running.parts, self.clock()
        audiences = parts.dispatcher._addresses.audiences()
        known = {"audiences": list(audiences)} | moments(now)
        return _RECEIVED, (_DUE[parts.services.office.is_open(now)], known)

    async def rows(self, statement: Any) -> list[Any]:
        """Read the database as it is."""
        async with self.running.parts.database.begin() as work:
            return list((await work.outbox._connection.execute(statement)).all())

    async def outbox_states(self) -> list[tuple[str, str]]:
        return [tuple(row) for row in await self.rows(select(outbox.c.audience, outbox.c.state))]

    async def inbox_count(self, state: str) -> int:
        rows = await self.rows(select(func.count()).where(inbox.c.state == state))
        return int(rows[0][0])


class Speaker:
    """Somebody in a chat of the preview."""

    def __init__(self, stage: Stage, user: User, chat_id: int) -> None:
        self.stage = stage
        self.user = user
        self.chat_id = chat_id
        self._read = 0

    async def says(self, text: str) -> None:
        """Send a text and wait for all that follows from it."""
        self.mark()
        self.stage.messenger.says(self.user, text, chat=self.chat_id)
        await self.stage.settles()

    async def sends(self, kind: str, **content: object) -> None:
        """Send something else than a text."""
        self.mark()
        self.stage.messenger.sends(self.user, kind, chat=self.chat_id, **content)
        await self.stage.settles()

    async def searches(self, words: str, offset: str = "") -> Message:
        """Type words behind the bot's name in this chat; return the bot's answer."""
        messenger = self.stage.messenger
        self.query = messenger.searches(self.user, words, chat=self.chat_id, offset=offset)
        await self.stage.settles()
        answer = messenger.inline.answered(self.query)
        assert answer is not None, "the bot did not answer"
        # With the spaces that tests are typed with.
        told: Message = json.loads(json.dumps(answer, ensure_ascii=False).replace("\u00a0", " "))
        return told

    async def chooses(self, result_id: str) -> Message:
        """Send a result of the last search; return the message."""
        self.mark()
        messenger = self.stage.messenger
        sent = messenger.chooses(self.user, self.query, result_id, chat=self.chat_id)
        await self.stage.settles()
        return sent

    async def taps(self, label: str, *, times: int = 1) -> None:
        """Tap the last button with this label (or that begins with it)."""
        message, data = self.button(label)
        await self.taps_data(message["message_id"], data, times=times)

    async def taps_data(self, message_id: int, data: str, *, times: int = 1) -> None:
        """Tap a button as it was once shown, even if the message has changed since."""
        self.mark()
        for _ in range(times):
            self.query = self.stage.messenger.taps(
                self.user, self.chat_id, message_id, data, force=True
            )
        await self.stage.settles()

    def button(self, label: str) -> tuple[Message, str]:
        """Return the message and the data of the last button with this label, numbered or not."""
        for message in reversed(self.messages()):
            for button in buttons(message):
                if button["text"].startswith(label) or unnumbered(button["text"]).startswith(label):
                    return message, button.get("callback_data", "")
        shown = [[b["text"] for b in buttons(m)] for m in self.messages()[-4:]]
        raise AssertionError(f"no button {label!r} in {shown}")

    def messages(self) -> list[Message]:
        """Return the chat, with the spaces that tests are typed with."""
        return typed(self.stage.messenger.messages(self.chat_id))

    @property
    def new(self) -> list[Message]:
        """What the bot said, or said differently, since the last act."""
        chat = self.stage.messenger.messages(self.chat_id)
        said = (message for message in chat if message["from"]["is_bot"])
        return typed([message for message in said if fingerprint(message) not in self._before])

    @property
    def text(self) -> str:
        """All the new words."""
        return "\n\n".join(m.get("text") or m.get("caption") or "" for m in self.new)

    @property
    def labels(self) -> list[str]:
        """The labels of all the new buttons."""
        return [button["text"] for message in self.new for button in buttons(message)]

    def sees(self, *words: str) -> None:
        """Assert that the bot's new messages hold these words."""
        for word in words:
            assert word in self.text, f"{word!r} not in:\n{self.text}"

    def received(self, *words: str) -> None:
        """Assert that the chat holds these words, however long ago."""
        everything = "\n".join(m.get("text", "") for m in self.messages())
        for word in words:
            assert word in everything, f"{word!r} not in:\n{everything}"

    @property
    def toast(self) -> str:
        """What answered the last tap."""
        answer = self.stage.messenger.answers[self.query] if self.query else {}
        return str(answer.get("text") or "").replace("\u00a0", " ")

    _before: frozenset[str] = frozenset()
    query: str = ""

    def mark(self) -> None:
        self._before = frozenset(map(fingerprint, self.stage.messenger.messages(self.chat_id)))


def typed(messages: list[Message]) -> list[Message]:
    """Return messages with the spaces that tests are typed with."""
    chat = json.dumps(messages, ensure_ascii=False)
    found: list[Message] = json.loads(chat.replace("\u00a0", " "))
    return found


_SEEN = ("message_id", "text", "caption", "reply_markup", "document")


def fingerprint(message: Message) -> str:
    """Return what a person would see of a message."""
    return repr([message.get(each) for each in _SEEN])


def buttons(message: Message) -> list[dict[str, str]]:
    """Return the inline buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def unnumbered(label: str) -> str:
    """Return a label without the number that it begins with."""
    return re.sub(r"^\d+\. ", "", label)


def number_in(text: str) -> str:
    """Return the request's number that a text names."""
    found = re.search(r"TI-\d{4}-\d{4,}", text)
    assert found, f"no number in:\n{text}"
    return found[0]


@asynccontextmanager
async def staged(
    knowledge: Knowledge,
    database: Path,
    *,
    url: str | None = None,
    messenger: Messenger | None = None,
    clock: Clock | None = None,
    briefly: bool = False,
    **overrides: object,
) -> AsyncIterator[Stage]:
    """Give a stage with the bot running, on a database of its own or at a URL; stop all after."""
    server = PreviewServer(messenger)
    await server.start()
    stage = Stage(server, knowledge, database, clock=clock or Clock(), overrides=overrides, url=url)
    stage.starts_briefly = briefly
    await stage.starts()
    try:
        yield stage
    finally:
        if stage.service:
            await stage.stops()
        # Where a test ended the bot as a crash does.
        stage.looks_away()
        await server.stop()


@asynccontextmanager
async def unfailing(
    knowledge: Knowledge, folder: Path, blank_file: Path, *, briefly: bool = False
) -> AsyncIterator[Stage]:
    """Give a stage on a database without a row; a handler that fails is a failure of the test."""
    shutil.copy(blank_file, folder / "bot.db")
    async with staged(knowledge, folder / "bot.db", briefly=briefly) as stage:
        yield stage
        if stage.service:
            assert await stage.inbox_count("aside") == 0, "a handler failed"
        assert not stage.messenger.ignored, "the bot sends what Telegram does not read"
