"""The messenger: the actions of people and of the bot, and their effects. No HTTP."""

import itertools
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from bot.preview import samples
from bot.preview.api_errors import bad
from bot.preview.api_limits import ApiLimits
from bot.preview.chats import Chats, Message
from bot.preview.events import Events
from bot.preview.files import FileStore
from bot.preview.formatting import parse
from bot.preview.inline import LONGEST_QUERY, Asker, InlineQueries
from bot.preview.menus import Menus, Texts
from bot.preview.personas import BOT_ID, Group, User, bot_as_json, cast, group
from bot.preview.planned_faults import Faults
from bot.preview.updates import Update, Updates
from bot.preview.webhook_sender import WebhookSender

_KEPT_CALLS = 10_000
# What a bot is called that speaks for nobody in particular.
_NAMELESS = "Assistant"
_SUPERGROUPS = -1_000_000_000_000


class Messenger:
    """A Telegram for one machine: two people, two groups, one bot.

    ``enforce_rates`` answers 429 to a bot that writes too fast. ``privacy`` is Telegram's default
    privacy mode: of a group's messages, the bot gets only those meant for it.
    """

    def __init__(self, *, enforce_rates: bool = False, privacy: bool = True) -> None:
        self.sme = User(**cast()["pme"])
        self.second_sme = User(**cast()["pme2"])
        self.administrators = group("administrateurs")
        self.facilitators = group("facilitateurs")
        self.chats = Chats(
            (self.sme, self.second_sme), groups=(self.administrators, self.facilitators)
        )
        self.updates = Updates()
        self.webhook = WebhookSender(self.updates)
        self.events = Events()
        self.faults = Faults()
        self.files = FileStore()
        self.menus = Menus()
        self.texts = Texts()
        self.pace = ApiLimits() if enforce_rates else None
        self.privacy = privacy
        self.calls: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_KEPT_CALLS)
        # What the bot sent and Telegram does not read: "method: name" of a parameter or a field.
        self.ignored: deque[str] = deque(maxlen=_KEPT_CALLS)
        self.answers: dict[str, dict[str, Any]] = {}
        self.queries: dict[str, tuple[int, int]] = {}
        # BotFather's /setinline: whether people may search the bot from other chats.
        self.inline_mode = True
        self.inline = InlineQueries()
        # Derived from the clock, so that a restarted preview never uses an id twice.
        self._query_ids = itertools.count(time.time_ns())

    # Actions of people

    def joins(self, user: User) -> None:
        """Add an account: load tests need more than two people."""
        self.chats.users[user.id] = user

    def says(
        self, user: User, text: str, *, chat: int | None = None, reply_to: int | None = None
    ) -> Message:
        """Send a text as a person."""
        shown, entities = parse(text)
        content: Message = {"text": shown or text}
        if entities:
            content["entities"] = entities
        return self.from_person(user, chat or user.id, content, reply_to)

    def sends(self, user: User, kind: str, *, chat: int | None = None, **details: Any) -> Message:  # noqa: ANN401 - as the Bot API has it
        """Send a photo, voice, sticker, document, location, contact or video_note.

        ``file`` is a name and a content; besides ``caption`` and ``reply_to``, the details are
        fields of the Bot API's type. Samples replace whatever is not given.
        """
        if kind not in samples.KINDS:
            raise bad(f"the preview cannot send a {kind}")
        file = details.pop("file", None) or samples.file_of(kind)
        reply_to, caption = details.pop("reply_to", None), details.pop("caption", "")
        content = {kind: self._content(kind, file, details)}
        shown, entities = parse(caption)
        if shown:
            content |= {"caption": shown} | ({"caption_entities": entities} if entities else {})
        return self.from_person(user, chat or user.id, content, reply_to)

    def edits(self, user: User, message_id: int, text: str, *, chat: int | None = None) -> Message:
        """Edit a person's own text message."""
        chat_id = self.chats.enter(user, chat or user.id)
        message = self.chats.find(chat_id, message_id)
        if message is None or message["from"]["id"] != user.id or "text" not in message:
            raise bad("message to edit not found")
        shown, entities = parse(text)
        new = {"text": shown} | ({"entities": entities} if entities else {})
        edited = self.chats.change(message, ("text", "entities"), new)
        self._record("edited", chat_id, message=edited)
        self._notify("edited_message", edited)
        return edited

    def taps(
        self, user: User, chat: int, message_id: int, data: str, *, force: bool = False
    ) -> str:
        """Tap a button, and return the query's id; ``force`` taps one no longer shown."""
        chat = self.chats.enter(user, chat)
        message = self.chats.find(chat, message_id)
        if message is None:
            raise bad("message to tap on not found")
        if not force and data not in _data_of(message):
            raise bad("the message has no such button")
        query_id = str(next(self._query_ids))
        self.queries[query_id] = (chat, user.id)
        query = {
            "id": query_id,
            "from": user.as_json(),
            "message": self.chats.as_it_stands(message),
            "chat_instance": str(chat),
            "data": data,
        }
        self._notify("callback_query", query)
        return query_id

    def searches(self, user: User, words: str, *, chat: int | None = None, offset: str = "") -> str:
        """Type words behind the bot's name; return the id of the inline query."""
        if not self.inline_mode:
            raise bad("the bot has no inline mode")
        if len(words) > LONGEST_QUERY:
            raise bad("the query is too long")
        chat_id = self.chats.enter(user, chat or user.id)
        query_id = str(next(self._query_ids))
        self.inline.ask(query_id, Asker(user.id, chat_id))
        kind = self.chats.as_json(chat_id)["type"]
        query = {"id": query_id, "from": user.as_json(), "query": words, "offset": offset}
        # The private chats of this preview are all with the bot.
        self._notify("inline_query", query | {"chat_type": kind})
        return query_id

    def chooses(
        self,
        user: User,
        query_id: str,
        result_id: str,
        *,
        chat: int | None = None,
        reply_to: int | None = None,
    ) -> Message:
        """Send a result of an inline query as a person's message."""
        content = self.inline.message_of(query_id, result_id) | {"via_bot": bot_as_json()}
        return self.from_person(user, chat or user.id, content, reply_to)

    def taps_expire(self) -> None:
        """Expire the unanswered taps, as Telegram does after a while."""
        self.queries.clear()
        self._changed()

    def blocks(self, user: User) -> None:
        """Block the bot."""
        if user.id not in self.chats.blocked:
            self.chats.blocked.add(user.id)
            self._membership(user, "member", "kicked")

    def unblocks(self, user: User) -> None:
        """Unblock the bot."""
        if user.id in self.chats.blocked:
            self.chats.blocked.discard(user.id)
            self._membership(user, "kicked", "member")

    def upgrades(self, group: Group) -> int:
        """Make a group a supergroup; return its new id."""
        old, new, owner = group.id, _SUPERGROUPS + group.id, group.members[0]
        self.from_person(owner, old, {"migrate_to_chat_id": new}, None)
        self.chats.upgrade(group, new)
        self.from_person(owner, new, {"migrate_from_chat_id": old}, None)
        return new

    def delivers(self, update: Update) -> None:
        """Queue a raw update of any content; without an ``update_id`` it gets the next one."""
        self.updates.queue.append({"update_id": self.updates.next_id()} | update)
        self._changed()

    def last_update(self) -> Update:
        """Return the latest update."""
        return self.updates.last

    # Actions of the bot

    def posts(self, chat_id: int, content: Message, reply_to: int | None = None) -> Message:
        """Add a message of the bot to a chat; ApiError if the bot may not write there."""
        chat_id = self.chats.writable(chat_id)
        message = self.chats.add(chat_id, self._author(), content, reply_to)
        self._record("message", chat_id, message=message)
        return message

    def changes(self, message: Message, replaced: tuple[str, ...], new: Message) -> Message:
        """Edit a message of the bot; ApiError if nothing changes."""
        edited = self.chats.change(message, replaced, new)
        self._record("edited", edited["chat"]["id"], message=edited)
        return edited

    def deletes(self, chat_id: int, message_id: int) -> None:
        """Remove a message."""
        self.chats.delete(chat_id, message_id)
        self._record("deleted", chat_id, message_id=message_id)

    def answers_query(self, query_id: str, answer: dict[str, Any]) -> None:
        """Answer a tap, once."""
        origin = self.queries.pop(query_id, None)
        if origin is None:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        self.answers[query_id] = answer
        self._record("toast", origin[0], callback_query_id=query_id, user_id=origin[1], **answer)

    def answers_inline(self, query_id: str, answer: dict[str, Any]) -> None:
        """Answer an inline query, once."""
        self.inline.answer(query_id, answer)
        self._changed()

    def notes(self, kind: str, chat_id: int = 0, **values: Any) -> None:  # noqa: ANN401 - as the page has it
        """Record an event for the page that is not a message."""
        self._record(kind, chat_id, **values)

    # Observations

    def messages(self, chat_id: int) -> list[Message]:
        """Return the messages of a chat, oldest first."""
        return self.chats.messages(chat_id)

    def file(self, file_id: str) -> bytes:
        """Return the content of a file."""
        return self.files.body(file_id)

    def pending_updates(self) -> int:
        """Return the number of updates that no offset has confirmed."""
        return len(self.updates.queue)

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self.events.seq

    def unanswered_taps(self) -> int:
        """Return the number of taps that still wait for an answer."""
        return len(self.queries)

    async def changed(self) -> None:
        """Wait for the next change."""
        await self.events.wait()

    async def changed_or(self, seconds: float) -> None:
        """Wait for the next change, at most some seconds."""
        await self.events.wait(seconds)

    def bot(self) -> dict[str, Any]:
        """Return the bot as people see it before they write to it."""
        return (
            self._author()
            | {
                "description": self.texts.get("description", ""),
            }
            | self.commands()
        )

    def _author(self) -> dict[str, Any]:
        """Return the bot as the author of messages, under the name that it gave itself."""
        shown = bot_as_json()
        return shown | {"first_name": self.texts.get("name", "") or shown["first_name"]}

    def name(self, initiative: str) -> None:
        """Give the bot the name of the initiative that it speaks for; without one, a plain one."""
        self.texts.put("name", "", initiative.replace("'", "\u2019") or _NAMELESS)
        self.notes("bot", bot=self.bot())

    def commands(self) -> dict[str, Any]:
        """Return the menus by chat and by member: the first of a group is its owner."""
        chats: dict[int, tuple[User, ...]] = {
            user.id: (user,) for user in self.chats.users.values()
        }
        chats |= {group.id: group.members for group in self.chats.groups}
        return {
            "menus": {
                str(chat_id): {
                    str(member.id): self.menus.shown(
                        chat_id, member.id, member.language_code, rules=place == 0
                    )
                    for place, member in enumerate(members)
                }
                for chat_id, members in chats.items()
            }
        }

    def empties(self) -> None:
        """Remove all messages; people stay, and so does what the bot has stored."""
        self.chats.empty()
        self._record("reset", 0)

    def _content(self, kind: str, file: tuple[str, bytes] | None, details: dict[str, Any]) -> Any:  # noqa: ANN401 - as the Bot API has it
        if kind == "photo" and file:
            return self.files.photo(*file)
        if kind == "document" and file:
            return self.files.document(*file) | details
        stored = self.files.keep(*file) if file else {}
        return stored | samples.details_of(kind) | details

    def from_person(
        self, user: User, chat_id: int, content: Message, reply_to: int | None
    ) -> Message:
        """Add a message of a person to a chat, and give it to the bot; return it."""
        chat_id = self.chats.enter(user, chat_id)
        if chat_id == user.id:
            self.unblocks(user)
        message = self.chats.add(chat_id, user.as_json(), content, reply_to)
        self._record("message", chat_id, message=message)
        if not self.privacy or chat_id == user.id or _is_for_bot(message):
            self._notify("message", message)
        return message

    def _membership(self, user: User, old: str, new: str) -> None:
        change = {
            "chat": self.chats.as_json(user.id),
            "from": user.as_json(),
            "date": int(time.time()),
            "old_chat_member": _member(old),
            "new_chat_member": _member(new),
        }
        self._record("blocked", user.id, blocked=sorted(self.chats.blocked))
        self._notify("my_chat_member", change)

    def _notify(self, kind: str, content: dict[str, Any]) -> None:
        self.updates.add(kind, content)
        self._changed()

    def _record(self, kind: str, chat_id: int, **values: Any) -> None:  # noqa: ANN401 - as the page has it
        self.events.record(kind, chat_id, **values)
        self._changed()

    def _changed(self) -> None:
        self.events.changed()
        self.updates.wake()


def _member(status: str) -> dict[str, Any]:
    member = {"status": status, "user": bot_as_json()}
    return member | ({"until_date": 0} if status == "kicked" else {})


def _is_for_bot(message: Message) -> bool:
    """Tell whether privacy mode lets a group's message reach the bot (Bot features)."""
    if "migrate_to_chat_id" in message or "migrate_from_chat_id" in message:
        return True
    if message.get("via_bot", {}).get("id") == BOT_ID:
        return True
    mention = f"@{bot_as_json()['username']}"
    is_reply = message.get("reply_to_message", {}).get("from", {}).get("id") == BOT_ID
    text = message.get("text") or message.get("caption", "")
    return is_reply or text.startswith("/") or mention in text


def _data_of(message: Message) -> Iterator[str]:
    for row in message.get("reply_markup", {}).get("inline_keyboard", []):
        for button in row:
            if "callback_data" in button:
                yield button["callback_data"]
