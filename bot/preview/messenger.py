"""The messenger's state and its rules: chats, messages, updates. No HTTP."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.preview.errors import ApiError, bad
from bot.preview.faults import Faults
from bot.preview.formatting import parse
from bot.preview.people import BOT_ID, Group, User, bot_as_json
from bot.preview.updates import Updates

Message = dict[str, Any]
_CAST = Path(__file__).with_name("people.yaml")
_LOG_LENGTH = 2000


class Messenger:
    """A Telegram for one machine: two people, two groups, one bot."""

    def __init__(self) -> None:
        cast = yaml.safe_load(_CAST.read_text("utf-8"))
        self.sme = User(**cast["pme"])
        self.second_sme = User(**cast["pme2"])
        self.administrators = _group(cast["administrateurs"])
        self.facilitators = _group(cast["facilitateurs"])
        self.groups = (self.administrators, self.facilitators)
        self.users = {
            user.id: user
            for user in (self.sme, self.second_sme, *(m for g in self.groups for m in g.members))
        }
        self.updates = Updates()
        self.faults = Faults()
        self.calls: deque[tuple[str, dict[str, Any]]] = deque(maxlen=10_000)
        self.answers: dict[str, dict[str, Any]] = {}
        self.commands: list[dict[str, str]] = []
        self.texts: dict[str, str] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.blocked: set[int] = set()
        self.log: deque[dict[str, Any]] = deque(maxlen=_LOG_LENGTH)
        self.seq = 0
        self._chats: dict[int, dict[int, Message]] = {}
        self._queries: dict[str, tuple[int, int]] = {}
        # Derived from the clock, so that a restarted preview never uses an id twice.
        self._message_ids = itertools.count(int(time.time()) % 1_000_000 * 100 + 1)
        self._query_ids = itertools.count(time.time_ns())
        self._change = asyncio.Event()

    # What people do

    def says(
        self, user: User, text: str, *, chat: int | None = None, reply_to: int | None = None
    ) -> Message:
        """Send a text as a person."""
        shown, entities = parse(text, None)
        content: Message = {"text": shown or text}
        if entities:
            content["entities"] = entities
        return self._from_person(user, chat or user.id, content, reply_to)

    def sends(self, user: User, kind: str, *, chat: int | None = None, **content: Any) -> Message:  # noqa: ANN401 - as the Bot API has it
        """Send something else than a text: photo, voice, sticker, document, location, contact."""
        return self._from_person(user, chat or user.id, {kind: content or _sample(kind)}, None)

    def taps(
        self, user: User, chat: int, message_id: int, data: str, *, force: bool = False
    ) -> str:
        """Tap a button; with ``force``, one that the message no longer shows. Returns the query."""
        chat = self.present_id(chat)
        message = self._chats.get(chat, {}).get(message_id)
        if message is None:
            raise bad("message to tap on not found")
        if not force and data not in _data_of(message):
            raise bad("the message has no such button")
        query_id = str(next(self._query_ids))
        self._queries[query_id] = (chat, user.id)
        query = {
            "id": query_id,
            "from": user.as_json(),
            "message": message,
            "chat_instance": str(chat),
            "data": data,
        }
        self.updates.add("callback_query", query)
        self._changed()
        return query_id

    def blocks(self, user: User) -> None:
        """Block the bot."""
        self.blocked.add(user.id)
        self._membership(user, "member", "kicked")

    def unblocks(self, user: User) -> None:
        """Let the bot write again."""
        self.blocked.discard(user.id)
        self._membership(user, "kicked", "member")

    def upgrades(self, group: Group) -> int:
        """Make a group a supergroup; return its new id."""
        old, new = group.id, -1_000_000_000_000 + group.id
        service = {"migrate_to_chat_id": new}
        self._from_person(group.members[0], old, service, None)
        group.former_ids.append(old)
        group.id, group.is_supergroup = new, True
        self._chats[new] = {}
        self._from_person(group.members[0], new, {"migrate_from_chat_id": old}, None)
        return new

    def delivers(self, update: dict[str, Any]) -> None:
        """Put a raw update in the queue, whatever it is; without a number it gets the next."""
        self.updates.queue.append({"update_id": self.updates.next_id()} | update)
        self._changed()

    def last_update(self) -> dict[str, Any]:
        """Return the update that was made last."""
        return self.updates.last

    # What the bot does

    def posts(self, chat_id: int, content: Message, reply_to: int | None = None) -> Message:
        """Add a message of the bot to a chat where it may write."""
        chat_id = self.writable(chat_id)
        return self._add(chat_id, bot_as_json(), content, reply_to)

    def changes(self, chat_id: int, message_id: int, content: Message) -> Message:
        """Edit a message of the bot; refuse an edit that changes nothing."""
        chat_id = self.writable(chat_id)
        message = self._chats.get(chat_id, {}).get(message_id)
        if message is None or message["from"]["id"] != BOT_ID:
            raise bad("message to edit not found")
        kept = {k: v for k, v in message.items() if k not in content["replaces"]}
        edited: Message = kept | content["new"]
        if edited == message:
            raise bad(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        edited["edit_date"] = int(time.time())
        self._chats[chat_id][message_id] = edited
        self._record("edited", chat_id, message=edited)
        return edited

    def deletes(self, chat_id: int, message_id: int) -> None:
        """Remove a message."""
        chat_id = self.writable(chat_id)
        if self._chats.get(chat_id, {}).pop(message_id, None) is None:
            raise bad("message to delete not found")
        self._record("deleted", chat_id, message_id=message_id)

    def answers_query(self, query_id: str, answer: dict[str, Any]) -> None:
        """Answer a tap, once."""
        origin = self._queries.pop(query_id, None)
        if origin is None:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self.answers[query_id] = answer
        self._record("toast", origin[0], callback_query_id=query_id, user_id=origin[1], **answer)

    def keeps_file(self, name: str, body: bytes) -> dict[str, Any]:
        """Keep a file that was sent; return the Bot API's Document."""
        file_id = f"file-{len(self.files) + 1}-{time.time_ns()}"
        self.files[file_id] = (name, body)
        return {
            "file_id": file_id,
            "file_unique_id": file_id,
            "file_name": name,
            "file_size": len(body),
        }

    def file(self, file_id: str) -> bytes:
        """Return the content of a file."""
        return self.files[file_id][1]

    def notes(self, kind: str, chat_id: int = 0, **values: Any) -> None:  # noqa: ANN401 - as the page has it
        """Tell the page of something that is no message."""
        self._record(kind, chat_id, **values)

    # What can be seen

    def messages(self, chat_id: int) -> list[Message]:
        """Return a chat as it stands, oldest first."""
        return list(self._chats.get(self.present_id(chat_id), {}).values())

    def pending_updates(self) -> int:
        """Count the updates that no offset has confirmed."""
        return len(self.updates.queue)

    def unanswered_taps(self) -> int:
        """Count the buttons that still wait."""
        return len(self._queries)

    async def changed(self) -> None:
        """Wait until anything happens."""
        await self._change.wait()

    async def changed_or(self, seconds: float) -> None:
        """Wait until anything happens, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._change.wait()
        except TimeoutError:
            return

    def chat_as_json(self, chat_id: int) -> dict[str, Any]:
        """Return the Bot API's Chat; refuse one that does not exist."""
        group = self.group_of(chat_id)
        if group is not None:
            kind = "supergroup" if group.is_supergroup else "group"
            return {"id": group.id, "type": kind, "title": group.title}
        user = self.users.get(chat_id)
        if user is None:
            raise bad("chat not found")
        shown = user.as_json()
        names = {k: shown[k] for k in ("first_name", "last_name", "username") if k in shown}
        return {"id": chat_id, "type": "private"} | names

    def group_of(self, chat_id: int) -> Group | None:
        """Find a group by its id, or by one that it had."""
        return next((g for g in self.groups if chat_id in (g.id, *g.former_ids)), None)

    def present_id(self, chat_id: int) -> int:
        """Return the id that a chat has now."""
        group = self.group_of(chat_id)
        return group.id if group else chat_id

    def writable(self, chat_id: int) -> int:
        """Return a chat that the bot may write to; refuse as Telegram does where it may not."""
        group = self.group_of(chat_id)
        if group is not None:
            if chat_id != group.id:
                raise bad(
                    "group chat was upgraded to a supergroup chat",
                    {"migrate_to_chat_id": group.id},
                )
            return chat_id
        if chat_id not in self.users:
            raise bad("chat not found")
        if chat_id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat_id not in self._chats:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return chat_id

    def empties(self) -> None:
        """Forget what was said; people and what the bot remembers stay."""
        for chat in self._chats.values():
            chat.clear()
        self._record("reset", 0)

    def _from_person(
        self, user: User, chat_id: int, content: Message, reply_to: int | None
    ) -> Message:
        chat_id = self.present_id(chat_id)
        self.blocked.discard(chat_id)
        message = self._add(chat_id, user.as_json(), content, reply_to)
        self.updates.add("message", message)
        self._changed()
        return message

    def _add(
        self, chat_id: int, sender: dict[str, Any], content: Message, reply_to: int | None
    ) -> Message:
        chat = self.chat_as_json(chat_id)
        message: Message = {
            "message_id": next(self._message_ids),
            "date": int(time.time()),
            "chat": chat,
            "from": sender,
        } | content
        if reply_to is not None:
            original = self._chats.get(chat_id, {}).get(reply_to)
            if original is None:
                raise bad("message to be replied not found")
            message["reply_to_message"] = {
                k: v for k, v in original.items() if k != "reply_to_message"
            }
        self._chats.setdefault(chat_id, {})[message["message_id"]] = message
        self._record("message", chat_id, message=message)
        return message

    def _membership(self, user: User, old: str, new: str) -> None:
        change = {
            "chat": self.chat_as_json(user.id),
            "from": user.as_json(),
            "date": int(time.time()),
            "old_chat_member": _member(old),
            "new_chat_member": _member(new),
        }
        self.updates.add("my_chat_member", change)
        self._record("blocked", user.id, blocked=sorted(self.blocked))

    def _record(self, kind: str, chat_id: int, **values: Any) -> None:  # noqa: ANN401 - as the page has it
        self.seq += 1
        self.log.append({"seq": self.seq, "kind": kind, "chat_id": chat_id} | values)
        self._changed()

    def _changed(self) -> None:
        """Wake all who wait, and let the next ones wait anew."""
        change, self._change = self._change, asyncio.Event()
        change.set()
        self.updates.wake()


def _group(raw: dict[str, Any]) -> Group:
    members = tuple(User(**member) for member in raw["members"])
    return Group(raw["id"], raw["title"], members, raw["subtitle"])


def _member(status: str) -> dict[str, Any]:
    member = {"status": status, "user": bot_as_json()}
    return member | ({"until_date": 0} if status == "kicked" else {})


def _data_of(message: Message) -> Iterator[str]:
    for row in message.get("reply_markup", {}).get("inline_keyboard", []):
        for button in row:
            if "callback_data" in button:
                yield button["callback_data"]


def _sample(kind: str) -> Any:  # noqa: ANN401 - as the Bot API has it
    """Return the smallest content of a kind that the Bot API allows."""
    file = {"file_id": f"sample-{kind}", "file_unique_id": f"sample-{kind}"}
    samples: dict[str, Any] = {
        "photo": [file | {"width": 640, "height": 480}],
        "voice": file | {"duration": 3},
        "sticker": file
        | {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "\U0001f44d",
        },
        "document": file | {"file_name": "plan.pdf"},
        "location": {"latitude": 43.4, "longitude": 5.05},
        "contact": {"phone_number": "+33612345678", "first_name": "Nadia"},
        "video_note": file | {"length": 240, "duration": 3},
    }
    return samples[kind]
