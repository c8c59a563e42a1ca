"""Every screen with the longest values that files and records can hold is within the limits."""

import hashlib
import sqlite3
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from offline import chat, from_bot, handle, message, tap

from benchmarks.soak.offline_bot import ADMINISTRATORS, FACILITATORS, NOW, OfflineBot
from handlers.forms.form_buttons import NOTICE, RECAP
from handlers.forms.steps import Form
from handlers.handoff.threads import LONGEST
from handlers.table import ALL, FORMS
from knowledge.files.problems import Severity
from knowledge.files.rules import LONGEST_ANSWER, LONGEST_CARD, MOST_RELATED
from knowledge.files.telegram_html import plain
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling, KnowledgeFiles, build, read_files
from knowledge.ranking.model_store import ModelStore
from storage.queues.measure import LONGEST_TOAST, exceeded, length
from storage.records.conversation_values import NewConversation, Side
from storage.records.drafts import Draft
from storage.records.interests import ContactKind, NewInterest, Role

SENDER = 1_001
ENTRIES = 250
# The numbers of rows and updates, at their longest.
FIRST_ROW = 10**17
# Of each sort of button, how many are tapped: titles differ, their screens hardly.
OF_EACH_SORT, FEW_OF_EACH_SORT = 30, 5
LONG_NUMBER = "TI-2026-1000000000"


def padded(start: str, size: int, sign: str = "&") -> str:
    return start + sign * (size - len(start))


def word(number: int) -> str:
    """Return a word that is like no other one."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return digest[:14].translate(str.maketrans("0123456789", "ghijklmnop"))


def entry(number: int) -> dict[str, Any]:
    related = [f"{n:03}".ljust(32, "x") for n in range(ENTRIES) if n != number][:MOST_RELATED]
    return {
        "id": f"{number:03}".ljust(32, "x"),
        "question": padded(f"{word(number + 2000)} ", 300),
        "titre": padded(f"{word(number + 3000)} ", 40, "€"),
        "reponse": "<b>" + "&amp;" * (LONGEST_ANSWER // 2) + "</b>",
        "suite": "<i>" + "&amp;" * (LONGEST_ANSWER - LONGEST_ANSWER // 2) + "</i>",
        "service": "&" * 100,
        "variantes": [word(number), f"{word(number)} {word(number + 1000)}"],
        "voir_aussi": related,
        "action": "contact",
        "source": padded("Table ronde ", 200),
        "verifie_le": "2026-11-01",
        "valable_jusqu_au": "2026-11-02",
    }


def project(number: int) -> dict[str, Any]:
    room = LONGEST_CARD - (60 + 1200 + 600 + 120) - 2 * 62
    return {
        "id": f"{number:03}".ljust(32, "p"),
        "titre": padded(f"{number} ", 60, "€"),
        "resume": padded("Résumé ", 1200),
        "recherche": padded("Recherche ", 600),
        "chef_de_file": padded("Chef ", 120) if number % 2 else None,
        "territoires": [padded(f"Lieu {number % 40} ", 60)],
        "filieres": [padded(f"Filière {number % 40} ", 60)] if room > 0 else [],
        "etape": "en cours" if number % 2 else "idée",
        "date_limite": "2026-12-31",
        "mis_a_jour_le": "2026-11-23",
    }


@pytest.fixture(name="folder", scope="module")
def longest_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("longest")
    talk = {"id": "bonjour", "variantes": ["bonjour"], "reponse": "&amp;" * 160}
    contents = {
        "faq": {"entrees": [entry(number) for number in range(ENTRIES)]},
        "projets": {"projets": [project(number) for number in range(90)]},
        "actes": {"actes": [talk]},
    }
    for name, content in contents.items():
        (folder / f"{name}.yaml").write_text(
            yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8"
        )
    return folder


@pytest.fixture(scope="module")
def files(folder: Path) -> KnowledgeFiles:
    return read_files(folder, fictitious=False)


@pytest.fixture(name="longest", scope="module")
def knowledge_of_the_longest(files: KnowledgeFiles) -> Knowledge:
    return build(files.documents, Compiling(store=ModelStore(None)))


@pytest.fixture(name="bot")
async def bot_of_the_longest(longest: Knowledge, tmp_path: Path) -> AsyncIterator[OfflineBot]:
    async with OfflineBot.running(longest, tmp_path / "bot.db") as bot:
        async with bot.database.begin() as work:
            person = await work.people.seen(SENDER)
        with sqlite3.connect(tmp_path / "bot.db") as file:
            for table in ("interests", "questions"):
                file.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                file.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, FIRST_ROW))
        file.close()
        await records(bot, person.id)
        yield bot


async def records(bot: OfflineBot, person_id: int) -> None:
    """Store a person's records with the longest values that the forms take."""
    projects = bot.services.knowledge.projects
    async with bot.database.begin() as work:
        for each in [*projects[:8], None]:
            request = NewInterest(
                project_id=each.id if each else None,
                project_title=each.title if each else "Une ressource",
                project_lead=each.lead if each else None,
                company="&" * 120,
                contact_name="<" * 80,
                contact_kind=ContactKind.EMAIL,
                contact=f"{'a' * 64}@{'b' * 60}.{'c' * 60}.fr",
                contact_note="&" * 500,
                role=Role.LEAD,
                message="&" * (1000 if each else 1500),
                siret="73282932000074" if each else None,
                consent_at=NOW,
            )
            await work.interests.register(person_id, request)
        for number in range(30):
            await work.questions.record(number, person_id, f"{number} " + "&" * 4000, "none", ())
        for text in ("&" * 3500, "<" * 3500):
            await work.conversations.open(NewConversation(person_id, text, Side.PERSON))


def test_the_longest_files_are_right(files: KnowledgeFiles) -> None:
    found = files.problems
    assert {each.message for each in found if each.severity is Severity.ERROR} == set()


def commands() -> list[str]:
    return sorted({name for handler in ALL for name in getattr(handler, "commands", ())})


def openings() -> Iterator[tuple[int, str]]:
    """Yield what is typed first, and where."""
    for command in commands():
        if command not in {"supprimer", "annuler"}:
            yield SENDER, f"/{command}"
            yield ADMINISTRATORS, f"/{command}"
            yield FACILITATORS, f"/{command}"
    yield FACILITATORS, "/tester " + f"{word(1)} &" * 400
    yield FACILITATORS, f"/tester {word(1)}"
    yield SENDER, word(1)
    yield SENDER, f"{word(1)} {word(2)} {word(3)}"
    yield SENDER, "bonjour"
    yield SENDER, "&" * 4096
    yield SENDER, "/" + "x" * 4000
    yield SENDER, "/projets " + "sujet " * 200
    for number in range(0, 9, 4):
        yield SENDER, f"/start p_{f'{number:03}'.ljust(32, 'p')}"
    yield FACILITATORS, "/faq " + "&" * 4000


def where(chat_id: int) -> dict[str, Any]:
    return chat(chat_id, "private" if chat_id > 0 else "supergroup")


def check(rows: tuple[dict[str, Any], ...], toast: str | None, what: object) -> None:
    for row in rows:
        payload = row["payload"]
        assert list(exceeded(payload)) == [], what
        said = payload.get("text") or payload.get("caption") or ""
        if payload.get("parse_mode") == "HTML":
            plain(said)
    assert length(toast or "", markup=False) <= LONGEST_TOAST, what


def targets(rows: tuple[dict[str, Any], ...]) -> Iterator[tuple[int, str]]:
    """Yield each button of these messages, with the chat that it is shown in."""
    groups = {"administrators": ADMINISTRATORS, "facilitators": FACILITATORS}
    for row in rows:
        shown_in = groups.get(row["audience"], row["chat_id"])
        for line in row["payload"].get("reply_markup", {}).get("inline_keyboard", []):
            for each in line:
                # A button that copies sends nothing to the bot.
                if "callback_data" in each:
                    yield shown_in, each["callback_data"]


class Walk:
    """The buttons that were shown and not tapped yet; of each sort, some are tapped."""

    def __init__(self, bot: OfflineBot, of_each_sort: int = OF_EACH_SORT) -> None:
        self._bot = bot
        self._of_each_sort = of_each_sort
        self._waiting: deque[tuple[int, str]] = deque()
        self._seen: set[tuple[int, str]] = set()
        self.sorts: Counter[tuple[int, str]] = Counter()

    async def act(self, chat_id: int, what: str, **content: Any) -> None:
        handled = await handle(self._bot, **content)
        check(handled.owed, handled.turn.toast_text, (chat_id, what))
        for shown_in, data in targets(handled.owed):
            sort = (shown_in, data.partition(":")[0])
            is_new = (shown_in, data) not in self._seen and self.sorts[sort] < self._of_each_sort
            # An erasure would end the walk.
            if is_new and data != "x:1":
                self._seen.add((shown_in, data))
                self.sorts[sort] += 1
                self._waiting.append((shown_in, data))

    async def says(self, chat_id: int, text: str, **more: Any) -> None:
        await self.act(chat_id, text, message=message(text, where=where(chat_id), **more))

    async def taps_all(self) -> None:
        while self._waiting:
            chat_id, data = self._waiting.popleft()
            await self.act(chat_id, data, **tap(data, from_bot("…", where(chat_id))))


@pytest.mark.parametrize(
    "of_each_sort", [FEW_OF_EACH_SORT, pytest.param(OF_EACH_SORT, marks=pytest.mark.long)]
)
async def test_every_screen_and_every_button_of_it(bot: OfflineBot, of_each_sort: int) -> None:
    """From every command, the buttons of what is shown are tapped, of each sort some."""
    walk = Walk(bot, of_each_sort)
    for chat_id, text in openings():
        await walk.says(chat_id, text)
    await walk.taps_all()
    prefixes = {prefix for _, prefix in walk.sorts}
    assert len(prefixes) > 25, sorted(prefixes)


ANSWERS = {
    "company": "&" * 60 + "a" * 60,
    "name": "<" * 40 + "a" * 40,
    "contact_kind": "email",
    "contact": f"{'a' * 60}@{'b' * 60}.fr",
    "contact_note": "&" * 499 + "a",
    "role": "participate",
    "message": "&" * 999 + "a",
    "siret": "73282932000074",
    "kind": "resource",
    "description": "&" * 1499 + "a",
    "text": "&" * (LONGEST - 1) + "a",
}


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
async def test_every_step_of_every_form_up_to_what_the_team_gets(
    form: Form, bot: OfflineBot
) -> None:
    walk = Walk(bot)
    project = bot.services.knowledge.projects[8].id
    subjects = {"interest": project, "proposal": "new", "callback": "new", "handoff": "0"}
    subject = subjects.get(form.name, "1")
    for place in (NOTICE, *form.by_key, RECAP):
        for flags in ({}, {"editing": True}, {"changes": LONG_NUMBER}, {"reuses": LONG_NUMBER}):
            async with bot.database.begin() as work:
                person = await work.people.seen(SENDER)
                given = {key: ANSWERS[key] for key in form.by_key}
                work.drafts.save(Draft(person.id, form.name, place, subject, given, **flags))
            await walk.says(SENDER, "/aide")
            for text in ("??", "&" * 4096, "retour", "stop", "comment &" + "&" * 3000 + " ?"):
                await walk.says(SENDER, text)
            await walk.act(SENDER, "fr", **tap("fr", from_bot("…", where(SENDER))))
    if form.confirms:
        async with bot.database.begin() as work:
            work.drafts.save(Draft(person.id, form.name, RECAP, subject, given))
        await walk.act(SENDER, "fv", **tap(f"fv:{subject}", from_bot("…", where(SENDER))))
        team = FACILITATORS if form.name == "handoff" else ADMINISTRATORS
        assert any(shown_in == team for shown_in, _ in walk.sorts)
    await walk.taps_all()
