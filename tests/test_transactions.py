"""No transaction is long, whatever a person does and however full the tables are.

Writers wait for each other; on SQLite, everybody waits for the one transaction. So the work of our
own within a transaction is bounded. It is measured as CPU time of the process, in which nothing
else runs: a busy machine does not count.
"""

import itertools
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from enum import Enum
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from dialogue import Clock, inside, put_inside
from sqlalchemy import insert
from telegram import Update
from telegram import User as TelegramUser

from bot.content.weekly_digest import WeeklyDigest
from bot.preview.server import PreviewServer
from bot.preview_mode import for_preview
from bot.service import Service
from bot.settings import Settings
from handlers.core.ahead import done_ahead
from handlers.core.callback_data import CallbackData
from handlers.prefetch import asked_anew, match_ahead, match_texts
from handlers.questions.ask import UnmatchedError
from handlers.table import AHEAD, ALL, FORMS
from knowledge.knowledge import Knowledge
from storage.engine import schema
from storage.privacy.retention import Durations
from storage.unit_of_work import UnitOfWork

# What the work in a transaction may take: seconds of CPU time.
LIMIT = 0.05
# Calls of the reference per second of the machine on which the limit was set.
REFERENCE_SECONDS = 0.02
PEOPLE, QUESTIONS, REQUESTS, EXCHANGES, CHANGES = 3000, 9000, 500, 1000, 2000
OPEN_EXCHANGES = 100
ADMINISTRATORS, FACILITATORS = -1001, -1002
# Telegram's ids: who has everything, and one person for each step of each form.
BUSY = 10_000
LONG = "est-ce que mon entreprise de chaudronnerie peut déposer un dossier de financement " * 45


class RolledBackError(Exception):
    """Ends a transaction that was measured, so that the next try finds the same rows."""


def reference() -> float:
    """Return how long a fixed piece of work takes here, in seconds of CPU time."""
    began = time.thread_time()
    sorted(str(number * 7919 % 100_003) for number in range(40_000))
    return time.thread_time() - began


@pytest.fixture(scope="module")
def limit() -> float:
    """The limit, for a machine as slow as this one; three times as much is no failure."""
    slowness = max(1.0, min(reference() for _ in range(5)) / REFERENCE_SECONDS)
    return 3 * LIMIT * slowness


@pytest.fixture(name="service")
async def full_service(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> AsyncIterator[Service]:
    """A bot on full tables, of which no loop runs."""
    copy(blank_file, tmp_path / "bot.db")
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    base = Settings.read(_env_file=None, database_url=url)
    groups = {"admin_chat_id": ADMINISTRATORS, "facilitator_chat_id": FACILITATORS}
    settings = for_preview(base, PreviewServer()).model_copy(update=groups)
    service = Service(settings, shipped, clock=Clock())
    application = service.parts.application
    put_inside(application, "initialized", value=True)
    me = TelegramUser(1, "Bot", is_bot=True, username="ti_bot")
    put_inside(application.bot, "bot_user", me)
    service.parts.services.bot_username = "ti_bot"
    await fill(service)
    yield service
    await service.parts.database.close()


async def fill(service: Service) -> None:
    """Fill the tables; the first person has asked, requested and handed over the most."""
    now = service.parts.services.clock()
    past = now - timedelta(days=2)
    project = service.parts.services.knowledge.projects[0]
    entry = service.parts.services.knowledge.entries[0].id
    people = [
        {"id": n, "telegram_id": BUSY + n - 1, "created_at": past, "last_seen_at": past}
        for n in range(1, PEOPLE + 1)
    ]
    questions = [
        {
            "id": n,
            "update_id": n,
            "person_id": 1 if n % 18 == 0 else n % PEOPLE + 1,
            "asked_at": past,
            "text": f"{n} {LONG}"[:4000],
            "outcome": ("none", "answer", "choices")[n % 3],
            "shown": [entry],
        }
        for n in range(1, QUESTIONS + 1)
    ]
    requests = [
        {
            "id": n,
            "number": f"TI-2025-{n:04}",
            "person_id": 1 if n <= REQUESTS // 5 else n,
            "project_id": project.id if n == 1 else f"p-{n}",
            "project_title": "Un projet " * 10,
            "company": "Chaudronnerie",
            "contact_name": "Jeanne",
            "contact_kind": "email",
            "contact": "jeanne@exemple.fr",
            "message": LONG[:1000],
            "consent_at": past,
            "status": "received",
            "created_at": past,
            "updated_at": past,
        }
        for n in range(1, REQUESTS + 1)
    ]
    events = [
        {"interest_id": n % REQUESTS + 1, "status": "received", "at": past, "actor_id": BUSY}
        for n in range(REQUESTS * 4)
    ]
    exchanges = [
        {
            "id": n,
            "number": f"Q-2025-{n:04}",
            "person_id": 1 if n <= EXCHANGES // 20 else n,
            "question_id": n,
            "opened_by": "person",
            "text": LONG[:3000],
            "opened_at": past,
            "updated_at": past,
            "closed_at": past if n > OPEN_EXCHANGES else None,
        }
        for n in range(1, EXCHANGES + 1)
    ]
    lines = [
        {
            "conversation_id": 1 + n % 20,
            "side": ("person", "facilitators")[n % 2],
            "text": LONG[:3000],
            "author_id": BUSY,
            "chat_id": FACILITATORS,
            "message_id": n,
            "at": past,
        }
        for n in range(1, 1000)
    ]
    changes = [
        {
            "id": n,
            "kind": "phrasing",
            "state": ("published", "ready", "abandoned")[n % 3],
            "actor_id": BUSY,
            "chat_id": FACILITATORS,
            "file": "faq.yaml",
            "wording": LONG[:400],
            "asked_at": past,
            "report": {"wrong": [LONG[:200]] * 20, "confirm": True},
            "ended_at": past,
        }
        for n in range(1, CHANGES + 1)
    ]
    sent = [
        {
            "lane": "facilitators",
            "audience": "facilitators",
            "method": "sendMessage",
            "about": (f"interest:{n}", f"handoff:{n}", f"gap:{n}")[n % 3],
            "quotes": list(range(n, n + 5)) if n % 3 == 2 else None,
            "created_at": past,
            "state": "sent",
            "sent_chat_id": FACILITATORS,
            "message_id": n,
            "sent_at": past,
        }
        for n in range(1, 3000)
    ]
    handled = [
        {"update_id": n, "chat_id": BUSY, "received_at": past, "state": "done", "done_at": past}
        for n in range(1, 10_000)
    ]
    steps = [
        {
            "person_id": 10 + n,
            "form": form,
            # An exchange's id, or a project's.
            "subject": "1" if form.startswith("handoff") else project.id,
            "step": step,
            "answers": ANSWERS,
            "updated_at": now,
        }
        for n, (form, step) in enumerate(STEPS)
    ]
    async with service.parts.database.begin() as work:
        connection = inside(work.people, "connection")
        for table, rows in (
            (schema.people, people),
            (schema.questions, questions),
            (schema.interests, requests),
            (schema.interest_events, events),
            (schema.conversations, exchanges),
            (schema.conversation_messages, lines),
            (schema.publications, changes),
            (schema.outbox, sent),
            (schema.inbox, handled),
            (schema.drafts, steps),
        ):
            await connection.execute(insert(table), rows)


# Complete, whatever the step: each form reads those of its own steps.
ANSWERS = {step.key: (*step.choices, "Jeanne")[0] for form in FORMS for step in form.steps} | {
    "contact_kind": "email",
    "contact": "jeanne@exemple.fr",
}
STEPS = [(form.name, step.key) for form in FORMS for step in form.steps] + [
    (form.name, mark) for form in FORMS for mark in ("notice", "recap")
]


def buttons(service: Service) -> Iterator[str]:
    """Yield data of every class of buttons, that name rows and entries which exist."""
    knowledge = service.parts.services.knowledge
    words = ["", "t", knowledge.entries[0].id, knowledge.projects[0].id, "company", "-"]
    # A language, and a commune of the list.
    words += ["fr", "13047"]
    # Of the unanswered ones, the newest and one that nobody else asks for.
    numbers = [1, 2, QUESTIONS, QUESTIONS - 3]
    values: dict[type, list[Any]] = {int: numbers, bool: [True, False]}

    def of(field: Any) -> list[Any]:
        if patterns := getattr(field, "__metadata__", ()):
            return [word for word in words if re.fullmatch(patterns[0], word)]
        return list(field)[:2] if issubclass(field, Enum) else values[field]

    yield "a button of another time"
    for kind in CallbackData.__subclasses__():
        if not kind.__module__.startswith("handlers."):
            # Another test's.
            continue
        fields = [of(field) for field in kind.FIELDS.values()]
        for given in itertools.islice(itertools.product(*fields), 8):
            yield kind(*given).pack()


def chat_of(chat_id: int) -> dict[str, Any]:
    return {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup", "title": "x"}


def message(chat_id: int, sender: int, **content: Any) -> dict[str, Any]:
    person = {"id": sender, "is_bot": False, "first_name": "Jeanne"}
    command = content.get("text", "").split()[:1]
    if command and command[0].startswith("/"):
        entity = {"type": "bot_command", "offset": 0, "length": len(command[0])}
        content["entities"] = [entity]
    return {"message_id": 5, "date": 1, "chat": chat_of(chat_id), "from": person, **content}


def updates(service: Service) -> Iterator[dict[str, Any]]:
    """Yield what people may send: commands, taps, texts in every step, files, edits, arrivals."""
    commands = sorted({c for h in ALL for c in getattr(h, "commands", ())})
    chats = ((BUSY, BUSY), (ADMINISTRATORS, BUSY), (FACILITATORS, BUSY))
    words = ("", " p_x", f" {service.parts.services.knowledge.projects[0].id}", f" {LONG}"[:3900])
    for (chat, sender), command, more in itertools.product(chats, commands, words):
        yield {"message": message(chat, sender, text=f"/{command}{more}")}
    for data, (chat, sender) in itertools.product(buttons(service), chats):
        tapped = message(chat, 1, text="avant")
        sender_json = message(chat, sender)["from"]
        query = {"id": "1", "from": sender_json, "chat_instance": "1", "data": data}
        yield {"callback_query": query | {"message": tapped}}
    texts = ("Qui peut déposer un dossier ?", LONG[:4000], "TI-2025-0001", "06 12 34 56 78")
    people = [BUSY, *(BUSY + 9 + number for number in range(len(STEPS)))]
    for sender, text in itertools.product(people, texts):
        yield {"message": message(sender, sender, text=text)}
    for chat, sender in chats:
        for said in ("Question Q-2025-0001", "Bonjour"):
            reply = message(chat, 1, text=said)
            reply["from"]["is_bot"] = True
            yield {"message": message(chat, sender, text=LONG[:4000], reply_to_message=reply)}
        for number in (3, 4):
            edit = message(chat, sender, text=LONG[:4000]) | {"message_id": number}
            yield {"edited_message": edit}
        file = {"file_id": "1", "file_unique_id": "1", "file_name": "faq.yaml", "file_size": 10}
        yield {"message": message(chat, sender, document=file, caption="/faq")}
        yield {"message": message(chat, sender, text="bonjour")}
        yield {"message": message(chat, sender, text="/inconnue")}
        yield {"message": message(chat, sender, location={"longitude": 5.0, "latitude": 43.0})}
        shared = {"phone_number": "+33639980011", "first_name": "Jeanne", "user_id": sender}
        yield {"message": message(chat, sender, contact=shared)}
        yield {"message": message(chat, sender, migrate_to_chat_id=-5)}
        bot = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "ti_bot"}
        member = {"user": bot, "status": "member"}
        yield {
            "my_chat_member": {
                "chat": chat_of(chat),
                "from": message(chat, sender)["from"],
                "date": 1,
                "old_chat_member": {"user": bot, "status": "left"},
                "new_chat_member": member,
            }
        }
        yield {"message": message(chat, sender, new_chat_members=[bot])}


async def test_no_loop_works_long_within_its_transaction(service: Service, limit: float) -> None:
    parts, clock = service.parts, service.parts.services.clock
    assert isinstance(clock, Clock)
    digest = WeeklyDigest(parts.database, parts.services, parts.dispatcher.wake)
    with measured(service) as spent:
        assert not await digest.send_if_due()
        clock.passes(days=5)
        # As if the questions of this week were new to this process.
        parts.services.likeness.compare({})
        clock.passes(days=3)
        assert await digest.send_if_due()
        async with parts.database.begin() as work:
            await work.retention.apply(Durations())
        async with parts.database.begin() as work:
            await work.change_requests.newest()
            await work.change_requests.all_published()
    assert max(spent) < limit


@asynccontextmanager
async def rolled_back() -> AsyncIterator[None]:
    yield
    raise RolledBackError


@contextmanager
def measured(service: Service) -> Iterator[list[float]]:
    """Give the times, in seconds, that the transactions take meanwhile."""
    spent: list[float] = []
    genuine = service.parts.database.begin

    @asynccontextmanager
    async def begin() -> AsyncIterator[UnitOfWork]:
        async with genuine() as work:
            began = time.process_time()
            try:
                yield work
                await work.changes.write_all()
            finally:
                spent.append(time.process_time() - began)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.parts.database, "begin", begin)
        yield spent


async def handled(service: Service, update: Update) -> float:
    """Handle an update as the worker does, but roll back; return the longest transaction."""
    parts = service.parts
    with measured(service) as spent:
        if asked := await asked_anew(parts.database, parts.services, [update]):
            await match_ahead(parts.services, asked)
        ahead = await done_ahead(AHEAD, parts.database, parts.services, update)
        for _ in range(2):
            try:
                async with parts.database.begin() as work, rolled_back():
                    await inside(parts.inbox_worker, "turn")(work, update, ahead)
                    await work.changes.write_all()
            except RolledBackError:
                break
            except UnmatchedError as unmatched:
                await match_texts(parts.services, [(unmatched.text, unmatched.after)])
    return max(spent)


@pytest.mark.long
async def test_no_handler_works_long_within_its_transaction(service: Service, limit: float) -> None:
    reached, slow = set[int](), dict[str, float]()
    numbers = itertools.count(1_000_000)
    for content in updates(service):
        update = Update.de_json(
            content | {"update_id": next(numbers)}, service.parts.application.bot
        )
        handler = next((h for h in ALL if h.check_update(update) not in (None, False)), None)
        if handler is None:
            continue
        reached.add(id(handler))
        # Twice more where it seems slow: the collector may have run, or a statement been compiled.
        spent = await handled(service, update)
        for _ in range(2):
            if spent > LIMIT:
                spent = min(spent, await handled(service, update))
        if spent > LIMIT:
            slow[f"{handler.callback.__name__} {str(content)[:300]}"] = spent
    missed = [h.callback.__name__ for h in ALL if id(h) not in reached]
    assert missed == []
    assert {name: spent for name, spent in slow.items() if spent > limit} == {}
