"""Two hundred changes of the files in one process: its memory must not grow.

The shipped files are used, with only a few of the voices: a change is then learnt quickly, and a
leak would still amount to megabytes. Each change has a phrasing that was never learnt and that
replaces the previous one, so that the files do not grow. One in five is published as from Telegram,
the others are saved as by an editor. With each change, a person asks a question.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

import knowledge
from benchmarks.soak.bots import resident_megabytes
from benchmarks.soak.faulty_telegram import TOKEN, FaultyTelegram
from benchmarks.soak.mail import Mail
from benchmarks.soak.record import Record
from benchmarks.soak.weather import Weather
from knowledge.file_set import fingerprint
from storage.database import Database
from storage.records.change_requests import ChangeKind, NewChangeRequest

WARM_UP = 20
# The allowed growth of the memory after the warm-up, as a share.
MOST_GROWTH = 0.10
_AT_ONCE = 5
_VOICES = 2
_PUBLISHED_ONE_IN = 5
_START_SECONDS = 120.0
_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.02
_PERSON = 700_000_001
_PHRASINGS = "    variantes:\n"


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a process after each change: its resident set in megabytes."""

    megabytes: tuple[float, ...]
    seconds: float

    @property
    def warm(self) -> float:
        """The median of the last few changes of the warm-up."""
        return statistics.median(self.megabytes[max(0, WARM_UP - _AT_ONCE) : WARM_UP])

    @property
    def last(self) -> float:
        """The median of the last few changes."""
        return statistics.median(self.megabytes[-_AT_ONCE:])

    @property
    def growth(self) -> float:
        """The growth since the warm-up, as a share."""
        return self.last / self.warm - 1

    @property
    def problems(self) -> list[str]:
        """Sentences about what is wrong."""
        grew = f"changes of the files: the memory grew by {self.growth:.0%}"
        return [grew] if self.growth > MOST_GROWTH else []

    def summary(self) -> str:
        """Return the figures in a line."""
        return (
            f"{len(self.megabytes)} changes of the files in {self.seconds:.0f} s: "
            f"{self.warm:.0f} MB after {WARM_UP}, {self.last:.0f} MB at the end "
            f"({self.growth:+.1%}), {max(self.megabytes):.0f} MB at most"
        )


async def soak(count: int, folder: Path) -> Memory:
    """Make the changes one after the other, each once the previous one is learnt."""
    mail = Mail(0)
    telegram = FaultyTelegram(Record(), mail, Weather(0))
    await telegram.start()
    began = time.monotonic()
    try:
        with _Bot.running(folder, telegram.url) as bot:
            mail.send(_PERSON, _question(0))
            await _until(lambda: not mail.waiting, _START_SECONDS)
            held = [await _change(number, bot, mail) for number in range(count)]
    finally:
        await mail.close()
        await telegram.stop()
    return Memory(tuple(held), time.monotonic() - began)


async def _change(number: int, bot: "_Bot", mail: Mail) -> float:
    """Make a change, wait until it is learnt; return the memory of the process then."""
    before = bot.learnt
    content = bot.with_phrasing(number)
    if number % _PUBLISHED_ONE_IN:
        part = bot.faq.with_suffix(".part")
        part.write_bytes(content)
        part.replace(bot.faq)
    else:
        await _publish(bot.url, content, fingerprint(bot.faq.read_bytes()))
    mail.send(_PERSON, _question(number))
    await _until(lambda: bot.learnt > before, _PATIENCE_SECONDS)
    held = bot.megabytes
    if (number + 1) % WARM_UP == 0:
        print(f"change {number + 1}: {held:.0f} MB", flush=True)
    return held


class _Bot:
    """A polling bot on SQLite with its own copy of the files, and the encoder if there is one."""

    def __init__(self, folder: Path, api: str) -> None:
        ignore = shutil.ignore_patterns("*.py", "__pycache__", "history")
        shutil.copytree(Path(knowledge.__file__).parent, folder / "knowledge", ignore=ignore)
        _keep_voices(folder / "knowledge" / "formulations.yaml")
        self.faq = folder / "knowledge" / "faq.yaml"
        self.url = f"sqlite+aiosqlite:///{folder}/bot.db"
        self._first = self.faq.read_text("utf-8")
        self._log = folder / "log"
        environment = os.environ | {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": api,
            "FACILITATOR_CHAT_ID": "-100",
            "DATABASE_URL": self.url,
            "KNOWLEDGE_DIR": str(folder / "knowledge"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "WEEKLY_DIGEST": "false",
            "LOG_LEVEL": "INFO",
        }
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], env=environment, stdout=log, stderr=log
            )

    @classmethod
    @contextmanager
    def running(cls, folder: Path, api: str) -> Iterator["_Bot"]:
        """Run a bot during the block."""
        bot = cls(folder, api)
        try:
            yield bot
        finally:
            bot.process.terminate()
            bot.process.wait(_PATIENCE_SECONDS)

    @property
    def learnt(self) -> int:
        """The number of changes that it has learnt."""
        return self._log.read_bytes().count(b" is learnt")

    @property
    def megabytes(self) -> float:
        """Its resident set in megabytes."""
        return resident_megabytes(self.process.pid)

    def with_phrasing(self, number: int) -> bytes:
        """Return the original answers with one additional phrasing, different for each number."""
        added = f'{_PHRASINGS}      - "emprunter la presse numéro {number}"\n'
        return self._first.replace(_PHRASINGS, added, 1).encode()


def _keep_voices(file: Path) -> None:
    """Keep only the first voices of the file: learning time grows with their square or more."""
    voices = yaml.safe_load(file.read_text("utf-8"))
    voices["voix"] = voices["voix"][:_VOICES]
    file.write_text(yaml.safe_dump(voices, allow_unicode=True, sort_keys=False), "utf-8")


def _question(number: int) -> dict[str, object]:
    chat = {"id": _PERSON, "type": "private", "first_name": "X"}
    sender = {"id": _PERSON, "is_bot": False, "first_name": "X"}
    text = f"qui peut prêter la presse numéro {number} à un voisin"
    message = {"message_id": number + 1, "date": 1_795_000_000, "chat": chat, "from": sender}
    return {"message": message | {"text": text}}


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(_LOOK_SECONDS)


async def _publish(url: str, content: bytes, base: str) -> None:
    """Request the publication of a content, as a facilitator's tap does."""
    database = Database(url)
    try:
        async with database.begin() as work:
            asked = NewChangeRequest(ChangeKind.UPLOAD, 1, "Soak", -100)
            change = await work.change_requests.ask(asked)
            await work.change_requests.offer(
                change, {"faq.yaml": content}, {"faq.yaml": (base, fingerprint(content))}, {}
            )
            await work.change_requests.want(change, 1, "Soak")
    finally:
        await database.close()
