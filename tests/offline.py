"""Updates for a bot without a network, and what it then owes."""

import itertools
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak.offline_bot import Handled, OfflineBot
from bot.preview.personas import bot_as_json
from knowledge.knowledge import Knowledge

Json = dict[str, Any]
SENDER = 1_001
_numbers = itertools.count(1)


@pytest.fixture(name="offline")
async def offline_bot(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> AsyncIterator[OfflineBot]:
    """A bot that serves the shipped files."""
    path = Path(shutil.copy(blank_file, tmp_path / "offline.db"))
    async with OfflineBot.running(shipped, path) as bot:
        yield bot


def user(user_id: int = SENDER) -> Json:
    return {"id": user_id, "is_bot": False, "first_name": "Samira"}


def chat(chat_id: int = SENDER, kind: str = "private") -> Json:
    return {"id": chat_id, "type": kind} | ({"title": "Un groupe"} if chat_id < 0 else {})


def message(text: str = "", *, where: Json | None = None, **more: Any) -> Json:
    """Return a message; a command is marked, as Telegram does."""
    number = next(_numbers)
    found: Json = {"message_id": number, "date": 1, "chat": where or chat(), "from": user()}
    if text:
        found["text"] = text
    if text.startswith("/"):
        length = len(text.split(maxsplit=1)[0])
        found["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return found | more


def photo(caption: str = "", **more: Any) -> Json:
    """Return the fields of a photo, perhaps of an album."""
    sized = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
    return {"photo": [sized]} | ({"caption": caption} if caption else {}) | more


def from_bot(text: str, where: Json) -> Json:
    """Return a message of the bot, to be quoted or tapped."""
    return message(text, where=where) | {"from": bot_as_json()}


def tap(data: str, shown: Json | None, sender: int = SENDER) -> Json:
    query: Json = {"id": "1", "from": user(sender), "chat_instance": "1", "data": data}
    return {"callback_query": query | ({"message": shown} if shown else {})}


async def handle(bot: OfflineBot, **content: Any) -> Handled:
    """Handle one update of this kind and content."""
    return await bot.handle({"update_id": next(_numbers)} | content)


def texts(handled: Handled) -> list[str]:
    """Return what is said, with the spaces that tests are typed with."""
    said = [row["payload"].get("text") or row["payload"].get("caption") for row in handled.owed]
    return [(text or "").replace("\u00a0", " ") for text in said]
