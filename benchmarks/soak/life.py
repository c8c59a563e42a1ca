"""The life of requests under kills: two administrators, firms, and a clock that jumps by days.

Administrators tap whatever the group shows, and reply; firms follow, relaunch, and are told of new
projects. Between two days the bot is killed, so that the clock of requests begins anew each time.
"""

import asyncio
import itertools
import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.engine import make_url

import knowledge
from benchmarks.soak.bots import ADMINISTRATORS, FACILITATORS, Bot
from benchmarks.soak.faulty_telegram import FaultyTelegram
from benchmarks.soak.halves import PROJECTS
from benchmarks.soak.letters import LEAD, Letters
from benchmarks.soak.life_ledger import LifeFacts, settle
from benchmarks.soak.mail import Mail
from benchmarks.soak.postgres import Postgres
from benchmarks.soak.record import Record, buttons
from benchmarks.soak.weather import Weather
from storage.engine.engines import close_engine, open_engine

Json: TypeAlias = Any

FIRMS = 10
_FIRST_FIRM = 20_000_000
_COLLEAGUES = (700_001, 700_002)
_PARIS = ZoneInfo("Europe/Paris")
# How long people act in a day, once the bot is there.
_DAY_SECONDS = 9.0
# A busy machine takes long to start a process.
_START_SECONDS = 400.0
_ACT_SECONDS = 0.4
_PATIENCE_SECONDS = 240.0
_DRAIN_SECONDS = 90.0
_LOOK_SECONDS = 1.0
# In days: most often the next one, at times a week without the bot.
_JUMPS = (1, 1, 1, 2, 3, 7)
_A_PROJECT = 0.4
_KILLED_AT_WORK = 0.4
# What firms tap: nothing that ends a request or a subscription.
_OF_FIRMS = ("Voir ma demande", "Relancer", "Oui, on m'a contacté", "Oui, d'accord", "Suivre")
_LED = 0.6
_LEADING = (
    "Oui, ",
    "Suite",
    "Clore",
    "Mettre en relation",
    "Demander son accord",
    "Refuser",
    "Rouvrir",
    "Elle a abouti",
    "Sans suite",
    "Projet complet",
    "Note pour",
    "Message à",
    "Pris en charge",
)
# What a colleague does with a request, button after button: every end, and what follows an end.
_TAKEN, _MORE = "Pris en charge", "Suite"
_INTRODUCED = (_TAKEN, _MORE, "Mettre en relation", "Oui, mettre en relation")
_REFUSED = (_MORE, "Refuser", "Projet complet", "Oui, refuser")
_WAYS = (
    *(_INTRODUCED, _INTRODUCED, _INTRODUCED[1:]),
    *(_REFUSED, _REFUSED),
    (*_INTRODUCED, _MORE, "Clore", "Elle a abouti", "Oui, clore"),
    (_TAKEN, _MORE, "Clore", "Sans suite", "Oui, clore"),
    (_MORE, "Clore", "Elle a abouti", "Oui, clore"),
    ("Rouvrir", "Oui, rouvrir"),
    (_MORE, "Rouvrir", "Oui, rouvrir"),
)
_WALKS_A_DAY = 6
_STEP_SECONDS = 15.0
_LEAD = f"""
    chef_de_file: "CCI du soak"
    contact_chef_de_file:
      nom: "Jeanne Martin"
      courriel: "{LEAD}"
"""
_PROJECT = """
  - id: soak-{number:03d}
    titre: "Projet du soak {number:03d}"
    resume: "Un projet publié pendant un essai."
    recherche: "Des partenaires."
    cherche_un_chef_de_file: oui
    territoires: [Aix-en-Provence]
    filieres: [Toutes filières]
    etape: idée
    mis_a_jour_le: 2026-11-23
"""


@dataclass(frozen=True, slots=True)
class Lives:
    """What came of it: figures by name, and a sentence for each discrepancy."""

    name: str
    figures: dict[str, int]
    problems: list[str]

    def summary(self) -> str:
        """Return the figures, a line each."""
        lines = [f"  {name}: {count:,}" for name, count in self.figures.items()]
        return "\n".join([f"lives of requests on {self.name}", *lines])


async def soak(seconds: float, seed: int, folder: Path, postgres: Postgres | None) -> Lives:
    """Let requests live for this long on SQLite, or on this server."""
    return await _Life(seed, folder, postgres).run(seconds)


class _Life:
    def __init__(self, seed: int, folder: Path, postgres: Postgres | None) -> None:
        self._chosen = random.Random(seed)  # noqa: S311 - the same in each run
        self._folder = folder
        self._record, self._mail, self._weather = Record(), Mail(seed), Weather(seed)
        self._telegram = FaultyTelegram(self._record, self._mail, self._weather)
        self._url = postgres.url if postgres else f"sqlite+aiosqlite:///{folder}/bot.db"
        self._ids = itertools.count(1_000_000)
        self._words = itertools.count(1)
        self._replies: dict[int, Json] = {}
        self._published: list[str] = []
        self._days = 0
        self._shift = 0.0
        self._mornings: list[tuple[float, str]] = []
        self._letters = Letters()
        self._asked: Counter[int] = Counter()
        self._acts: Counter[tuple[int, int]] = Counter()

    async def run(self, seconds: float) -> Lives:
        await self._telegram.start()
        settings = self._settings() | await self._letters.start()
        self._bot = Bot("life-1", "run", self._folder, settings)
        try:
            self._jump(0)
            self._bot.start()
            await self._is_there()
            self._say(_COLLEAGUES[0], "/start")
            await asyncio.gather(
                *(
                    self._declares(_FIRST_FIRM + number, PROJECTS[number % len(PROJECTS)])
                    for number in range(FIRMS)
                )
            )
            await self._rage(seconds)
            facts = await self._facts()
        finally:
            await self._bot.stop()
            await self._mail.close()
            await self._telegram.stop()
            await self._letters.stop()
        figures, problems = settle(facts)
        if self._bot.exit_code:
            problems.append(f"the bot ended with {self._bot.exit_code}")
        name = make_url(self._url).get_backend_name()
        return Lives(name, figures, [f"lives on {name}: {each}" for each in problems])

    def _settings(self) -> dict[str, str]:
        ignore = shutil.ignore_patterns("*.py", "__pycache__", "history")
        self._knowledge = self._folder / "knowledge"
        shutil.copytree(Path(knowledge.__file__).parent, self._knowledge, ignore=ignore)
        # Projects with a lead: without one, no firm is put in touch by two taps.
        census = self._knowledge / "projets.yaml"
        before_the_day = "\n    mis_a_jour_le:"
        led = census.read_text("utf-8").replace(before_the_day, f"{_LEAD.rstrip()}{before_the_day}")
        census.write_text(led, "utf-8")
        return {
            "TELEGRAM_API_URL": self._telegram.url,
            "DATABASE_URL": self._url,
            "KNOWLEDGE_DIR": str(self._knowledge),
            "XDG_CACHE_HOME": str(self._folder.parent / "cache"),
            "MESSAGES_PER_SECOND": "0",
        }

    def _jump(self, days: int) -> None:
        """Put the clock forward to ten in the morning, so many days later."""
        ours = datetime.now(UTC) + timedelta(seconds=self._shift)
        day = ours.astimezone(_PARIS) + timedelta(days=days)
        morning = day.replace(hour=10, minute=0, second=0)
        # A clock that is only put forward, as the days pass.
        if days == 0 and morning < day:
            morning += timedelta(days=1)
        self._shift = (morning - datetime.now(UTC)).total_seconds()
        self._mornings.append((time.monotonic(), morning.date().isoformat()))
        self._bot.shift(self._shift)

    async def _rage(self, seconds: float) -> None:
        """Let days pass under faults; the time in which the bot starts does not count."""
        left = seconds
        self._weather.is_foul = self._mail.is_foul = True
        while left > 0:
            if self._chosen.random() < _A_PROJECT and await self._knows_census():
                self._publish()
            if self._chosen.random() < _KILLED_AT_WORK:
                await self._act(_DAY_SECONDS / 2)
                left -= _DAY_SECONDS / 2
                await self._dies()
            await self._act(_DAY_SECONDS)
            left -= _DAY_SECONDS
            await self._dies(self._chosen.choice(_JUMPS))
        self._weather.is_foul = self._mail.is_foul = False
        # Two working days on which nobody does anything: all that was due by then is told.
        for _ in range(2):
            await self._rest()
            await self._dies(_to_monday(datetime.now(UTC) + timedelta(seconds=self._shift)))
            await self._has_told()
        await self._rest()

    async def _dies(self, days: int = 0) -> None:
        """Kill the bot, let days pass, and wait until it is there again."""
        self._bot.kill()
        if days:
            # The bot knows for two days which updates it had (retention); a jump may be a week.
            self._mail.forget_old()
            self._jump(days)
            self._days += 1
        await self._is_there()

    async def _is_there(self) -> None:
        """Wait until the bot has started, and asks for updates."""
        before, ends = self._mail.fetches, time.monotonic() + _START_SECONDS
        while self._mail.fetches < before + 2:
            if time.monotonic() > ends:
                raise LookupError("the bot does not start")
            await asyncio.sleep(_ACT_SECONDS)

    async def _has_told(self) -> None:
        """Wait until nothing is due any more by the bot's clock, and no news is half told."""
        now = (datetime.now(UTC) + timedelta(seconds=self._shift)).replace(tzinfo=None)
        ends = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < ends:
            due, telling, known = await self._read(
                "SELECT due_at FROM deadlines",
                "SELECT id FROM project_news",
                "SELECT project_id FROM known_projects",
            )
            late = any(str(row.due_at)[:19] <= str(now)[:19] for row in due)
            soak = sum(row.project_id.startswith("soak-") for row in known)
            if not (late or telling) and soak == len(self._published):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _knows_census(self) -> bool:
        """Tell whether the bot has seen a working morning: what was there before is no news."""
        (known,) = await self._read("SELECT project_id FROM known_projects")
        return bool(known)

    def _publish(self) -> None:
        number = len(self._published) + 1
        file = self._knowledge / "projets.yaml"
        part = file.with_suffix(".part")
        part.write_text(file.read_text("utf-8") + _PROJECT.format(number=number), "utf-8")
        part.replace(file)
        self._published.append(f"Projet du soak {number:03d}")

    async def _act(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        walks = asyncio.gather(*(self._walks(ends) for _ in range(_WALKS_A_DAY)))
        while time.monotonic() < ends:
            act = self._chosen.choice((self._tap_in_group, self._tap_in_group, self._reply))
            act()
            firm = _FIRST_FIRM + self._chosen.randrange(FIRMS)
            self._chosen.choice((self._looks, self._follows))(firm)
            await asyncio.sleep(_ACT_SECONDS)
        await walks

    async def _walks(self, ends: float) -> None:
        """Lead one request along a way, as far as its buttons and the time allow."""
        way, who = self._chosen.choice(_WAYS), self._chosen.choice(_COLLEAGUES)
        found: tuple[int, str] | None = None
        for label in way:
            patience = time.monotonic() + _STEP_SECONDS
            # What a step shows stands in the same message.
            message_id = found[0] if found else None
            while (found := self._find(label, message_id)) is None:
                if time.monotonic() > min(ends, patience):
                    return
                await asyncio.sleep(_ACT_SECONDS / 2)
            self._tap(ADMINISTRATORS, who, *found)

    def _find(self, label: str, message_id: int | None) -> tuple[int, str] | None:
        """Find a button in a message of the group, or in any."""
        found = [
            (number, data)
            for number, one in self._record.chats[ADMINISTRATORS].showing.items()
            for text, data in buttons(one)
            if text.startswith(label) and message_id in {None, number}
        ]
        return self._chosen.choice(found) if found else None

    # -- Administrators

    def _tap_in_group(self) -> None:
        """Let an administrator tap any button of the latest messages."""
        shown = list(self._record.chats[ADMINISTRATORS].showing.items())[-30:]
        found = [(n, data, label) for n, one in shown for label, data in buttons(one) if data]
        leading = [each for each in found if each[2].startswith(_LEADING)]
        # Half of the taps lead on: at random, few requests would come to an end.
        chosen = leading if leading and self._chosen.random() < _LED else found
        offered = [(number, data) for number, data, _ in chosen]
        if offered:
            self._tap(ADMINISTRATORS, self._chosen.choice(_COLLEAGUES), *self._pick(offered))

    def _pick(self, offered: Sequence[tuple[int, str]]) -> tuple[int, str]:
        return self._chosen.choice(offered)

    def _reply(self) -> None:
        """Let an administrator reply to a message about a request."""
        shown = self._record.chats[ADMINISTRATORS].showing
        about = [number for number, one in shown.items() if "TI-20" in str(one.get("text"))]
        if not about:
            return
        number = self._chosen.choice(about[-30:])
        who = self._chosen.choice(_COLLEAGUES)
        quoted = self._message(ADMINISTRATORS, 1) | {"message_id": number, "text": "x"}
        quoted["from"] = {"id": 1, "is_bot": True, "first_name": "Soak", "username": "soak_bot"}
        said = self._message(ADMINISTRATORS, who) | {
            "text": f"Mot K{next(self._words):05d}.",
            "reply_to_message": quoted,
        }
        self._replies[said["message_id"]] = said
        self._acts[ADMINISTRATORS, said["message_id"]] += 1
        self._mail.send(ADMINISTRATORS, {"message": said})

    # -- Firms

    async def _declares(self, chat: int, project: str) -> None:
        """Let a firm subscribe to news, and declare its interest, before anything fails."""
        self._say(chat, "/alertes")
        await self._taps(chat, "Être prévenu", "Oui, prévenez-moi")
        await self._shows(chat, "un message vous préviendra")
        self._say(chat, f"/start p_{project}")
        await self._taps(chat, "", "Ça m'intéresse")
        await self._taps(chat, "Signaler votre intérêt", "J'ai compris, commencer")
        await self._says(chat, "Quel est le nom de votre entreprise", "Atelier")
        await self._says(chat, "Quels sont vos prénom et nom", "Samira Costa")
        await self._taps(chat, "Comment préférez-vous être contacté", "Par téléphone")
        await self._says(chat, "Quel est votre numéro de téléphone", "06 12 34 56 78")
        await self._taps(chat, "Que souhaitez-vous", "En savoir plus")
        await self._says(chat, "Voulez-vous ajouter un message", "Un message.")
        await self._taps(chat, "Quel est votre numéro SIRET", "Passer")
        await self._taps(chat, "Récapitulatif", "Oui, j'accepte et j'envoie")
        await self._shows(chat, "C'est enregistré")

    async def _says(self, chat: int, asked: str, words: str) -> None:
        """Answer a question once it stands there: however slow the bot is, nothing is mixed up."""
        await self._shows(chat, asked)
        self._say(chat, words)

    async def _taps(self, chat: int, asked: str, label: str) -> None:
        """Tap a button of the message that says this, once it stands there."""
        await self._until(chat, lambda: self._button(chat, asked, label) is not None)
        found = self._button(chat, asked, label)
        if found is not None:
            self._tap(chat, chat, *found)

    async def _shows(self, chat: int, words: str) -> None:
        showing = self._record.chats[chat].showing
        await self._until(chat, lambda: any(words in str(each) for each in showing.values()))

    def _button(self, chat: int, asked: str, label: str) -> tuple[int, str] | None:
        shown = self._record.chats[chat].showing.items()
        return next(
            (
                (number, data)
                for number, each in shown
                for text, data in buttons(each)
                if text.startswith(label) and asked in str(each.get("text"))
            ),
            None,
        )

    async def _until(self, chat: int, is_so: Json) -> None:
        ends = time.monotonic() + _PATIENCE_SECONDS
        while not is_so():
            if time.monotonic() > ends:
                raise LookupError(f"nothing comes; shown: {self._record.labels(chat)}")
            await self._record.changes(chat, 1)

    def _looks(self, chat: int) -> None:
        self._asked[chat] += 1
        self._say(chat, "/mesdemandes")

    def _follows(self, chat: int) -> None:
        shown = list(self._record.chats[chat].showing.items())[-6:]
        offered = [
            (number, data)
            for number, one in shown
            for label, data in buttons(one)
            if data and label.startswith(_OF_FIRMS)
        ]
        if offered:
            self._tap(chat, chat, *self._pick(offered))

    # -- Updates

    def _say(self, chat: int, words: str) -> None:
        message = self._message(chat, chat) | {"text": words}
        self._acts[chat, message["message_id"]] += 1
        if words.startswith("/"):
            length = len(words.split(maxsplit=1)[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        self._mail.send(chat, {"message": message})

    def _tap(self, chat: int, who: int, message_id: int, data: str) -> None:
        shown = self._record.chats[chat].showing.get(message_id, {})
        message = self._message(chat, 1) | {"message_id": message_id}
        message["text"] = shown.get("text") or "x"
        message["from"] = {"id": 1, "is_bot": True, "first_name": "Soak", "username": "soak_bot"}
        sent = self._record.quoted.get((chat, message_id))
        if sent in self._replies:
            message["reply_to_message"] = self._replies[sent]
        self._acts[chat, message_id] += 1
        query = {"id": str(next(self._ids)), "from": _user(who), "message": message}
        self._mail.send(chat, {"callback_query": query | {"chat_instance": "1", "data": data}})

    def _message(self, chat: int, who: int) -> dict[str, Json]:
        kind = {"type": "private", "first_name": "X"} if chat > 0 else {"type": "group"}
        return {
            "message_id": next(self._ids),
            "date": int(time.time() + self._shift),
            "chat": {"id": chat, "title": "X", **kind},
            "from": _user(who),
        }

    # -- The end

    async def _rest(self) -> None:
        ends = time.monotonic() + _DRAIN_SECONDS
        waiting = "SELECT count(*) FROM {} WHERE state = 'waiting'"
        while time.monotonic() < ends:
            await asyncio.sleep(_LOOK_SECONDS)
            left = await self._read(*(waiting.format(table) for table in ("inbox", "outbox")))
            if not self._mail.waiting and not any(rows[0][0] for rows in left):
                return

    async def _read(self, *statements: str) -> list[Json]:
        engine = open_engine(make_url(self._url))
        try:
            async with engine.connect() as connection:
                return [(await connection.execute(text(one))).all() for one in statements]
        finally:
            await close_engine(engine)

    async def _facts(self) -> LifeFacts:
        requests, events, deadlines, messages, waiting, parked, aside = await self._read(
            "SELECT i.id, i.status, p.telegram_id FROM interests i "
            "JOIN people p ON p.id = i.person_id",
            "SELECT interest_id, kind, status, note, at FROM interest_events ORDER BY id",
            "SELECT interest_id, due_at FROM deadlines",
            "SELECT id FROM conversation_messages WHERE side = 'facilitators'",
            "SELECT id FROM outbox WHERE state = 'waiting'",
            "SELECT error FROM outbox WHERE state = 'parked'",
            "SELECT update_id FROM inbox WHERE state <> 'done'",
        )
        chats = self._record.chats
        return LifeFacts(
            days=self._days,
            kills=tuple(self._bot.kills),
            firms={row.telegram_id: chats[row.telegram_id].accepted for row in requests},
            group=chats[ADMINISTRATORS].accepted,
            facilitators=chats[FACILITATORS].accepted,
            requests={row.id: (row.status, row.telegram_id) for row in requests},
            events=tuple(events),
            planned=tuple((row.interest_id, str(row.due_at)) for row in deadlines),
            relayed=len(messages),
            now=str(datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=self._shift)),
            published=tuple(self._published),
            left=len(waiting),
            parked=tuple(row.error for row in parked),
            aside=len(aside),
            unforeseen=tuple(self._bot.unforeseen),
            declared=FIRMS,
            mornings=tuple(self._mornings),
            asked=self._asked,
            acts=self._acts,
            letters=self._letters.taken,
            owners={number: chats[number].accepted for number in _COLLEAGUES},
        )


def _to_monday(moment: datetime) -> int:
    """Return how many days later the week after next begins."""
    return 14 - moment.astimezone(_PARIS).weekday()


def _user(number: int) -> dict[str, Json]:
    return {"id": number, "is_bot": False, "first_name": f"X{number % 10}"}
