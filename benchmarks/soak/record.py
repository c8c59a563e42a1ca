"""The record of the stand-in for Telegram: every call that it carried out."""

import asyncio
import json
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any

# Methods that show something in a chat.
SHOWN = frozenset({"sendMessage", "sendDocument", "editMessageText", "editMessageReplyMarkup"})
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class Accepted:
    """A call that was carried out; ``at`` is monotonic, in seconds.

    ``answered``: the bot received the answer. Otherwise it must repeat the call.
    """

    at: float
    chat: int
    method: str
    values: dict[str, Json]
    answered: bool = False
    is_deleted: bool = False

    @property
    def fingerprint(self) -> str:
        """The same for all calls of one row of the outbox."""
        return json.dumps([self.chat, self.method, self.values], sort_keys=True)

    @property
    def text(self) -> str:
        """The text; empty where there is none."""
        return str(self.values.get("text") or self.values.get("caption") or "")

    @property
    def shape(self) -> str:
        """The same for everybody who takes the same step: text and buttons without digits."""
        labels = [label for label, _ in buttons(self.values)]
        return _DIGITS.sub("#", json.dumps([self.method, self.text, labels], ensure_ascii=False))


@dataclass(slots=True)
class Chat:
    """One chat: its calls in order, and what its messages show now, by their ids."""

    accepted: list[Accepted] = field(default_factory=list)
    showing: dict[int, dict[str, Json]] = field(default_factory=dict)


class Record:
    """All chats."""

    def __init__(self) -> None:
        self.chats: dict[int, Chat] = defaultdict(Chat)
        self.taps_answered: set[str] = set()
        # Which message each one quotes, by chat and message.
        self.quoted: dict[tuple[int, int], int] = {}
        self._sent: dict[tuple[int, int], Accepted] = {}
        self._last_id = 0
        self._changed: dict[int, asyncio.Event] = {}

    def take(self, method: str, chat_id: int, values: dict[str, Json]) -> tuple[Accepted, Json]:
        """Carry out a call; return it and Telegram's answer. Refused where it is invalid."""
        chat = self.chats[chat_id]
        message_id = self._target(chat, method, values)
        call = Accepted(time.monotonic(), chat_id, method, values)
        chat.accepted.append(call)
        self._sent.setdefault((chat_id, message_id), call)
        if quotes := (values.get("reply_parameters") or {}).get("message_id"):
            self.quoted[chat_id, message_id] = int(quotes)
        before = chat.showing.get(message_id, {}) if method == "editMessageReplyMarkup" else {}
        keyboard = {"reply_markup": values["reply_markup"]} if "reply_markup" in values else {}
        unchanged = {name: value for name, value in before.items() if name == "text"}
        content = {"text": call.text} if method != "editMessageReplyMarkup" else unchanged
        chat.showing[message_id] = content | keyboard
        if chat_id in self._changed:
            self._changed[chat_id].set()
        return call, as_message(chat_id, message_id, chat.showing[message_id])

    def delete(self, chat_id: int, message_id: int) -> None:
        """Delete a message."""
        self.chats[chat_id].showing.pop(message_id, None)
        if (chat_id, message_id) in self._sent:
            self._sent[chat_id, message_id].is_deleted = True

    async def changes(self, chat_id: int, seconds: float) -> None:
        """Wait until something is shown in a chat, at most this many seconds."""
        event = self._changed.setdefault(chat_id, asyncio.Event())
        event.clear()
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return

    def find(self, chat_id: int, label: str) -> tuple[int, str] | None:
        """Find the last shown button with this label: the message's id, and the button's data."""
        for message_id, shown in reversed(self.chats[chat_id].showing.items()):
            for text, data in buttons(shown):
                if text.startswith(label):
                    return message_id, data
        return None

    def labels(self, chat_id: int) -> list[str]:
        """Return the labels of all buttons shown in a chat."""
        shown = self.chats[chat_id].showing.values()
        return [label for message in shown for label, _ in buttons(message)]

    def _target(self, chat: Chat, method: str, values: dict[str, Json]) -> int:
        if method.startswith("edit"):
            message_id = int(values["message_id"])
            shown = chat.showing.get(message_id)
            if shown is None:
                raise Refused("message to edit not found")
            new = {"reply_markup": values["reply_markup"]} if "reply_markup" in values else {}
            text = values.get("text", shown.get("text"))
            if shown == {"text": text} | new:
                raise Refused("message is not modified: it is as it was")
            return message_id
        self._last_id += 1
        return self._last_id


class Refused(Exception):  # noqa: N818 - an answer of Telegram's, not an error of this program
    """A call that Telegram answers with 400."""


def buttons(values: dict[str, Json]) -> list[tuple[str, str]]:
    """Return the inline buttons of a message: label and data."""
    rows = (values.get("reply_markup") or {}).get("inline_keyboard", [])
    return [(each["text"], each.get("callback_data", "")) for row in rows for each in row]


def as_message(chat_id: int, message_id: int, content: dict[str, Json]) -> dict[str, Json]:
    """Return a message of the bot in Telegram's format."""
    kind = (
        {"type": "private", "first_name": "X"} if chat_id > 0 else {"type": "group", "title": "X"}
    )
    bot = {"id": 1, "is_bot": True, "first_name": "Soak"}
    return {
        "message_id": message_id,
        "date": 1_795_000_000,
        "chat": {"id": chat_id, **kind},
        "from": bot,
        **content,
    }
