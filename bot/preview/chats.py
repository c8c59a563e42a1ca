"""The chats: their members, their messages, and where the bot may write."""

import time
from typing import Any

from bot.preview.api_errors import ApiError, bad
from bot.preview.personas import BOT_ID, Group, User

Message = dict[str, Any]
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)


class Chats:
    """Every chat with its messages, oldest first."""

    def __init__(self, people: tuple[User, ...], groups: tuple[Group, ...]) -> None:
        self.groups = groups
        self.users = {user.id: user for user in people}
        self.users |= {member.id: member for group in groups for member in group.members}
        self.blocked: set[int] = set()
        self._messages: dict[int, dict[int, Message]] = {}
        # Derived from the clock, so that a restarted preview never uses an id twice.
        self._last_id = int(time.time()) % 1_000_000 * 100

    @property
    def last_id(self) -> int:
        """The number of the latest message of all chats."""
        return self._last_id

    def messages(self, chat_id: int) -> list[Message]:
        """Return the messages of a chat, oldest first."""
        return list(self._messages.get(self.present_id(chat_id), {}).values())

    def find(self, chat_id: int, message_id: int) -> Message | None:
        """Return a message, or None if it does not exist."""
        return self._messages.get(self.present_id(chat_id), {}).get(message_id)

    def add(
        self, chat_id: int, sender: dict[str, Any], content: Message, reply_to: int | None
    ) -> Message:
        """Add a message to a chat; ApiError if it replies to a message that does not exist."""
        self._last_id += 1
        message: Message = {
            "message_id": self._last_id,
            "date": int(time.time()),
            "chat": self.as_json(chat_id),
            "from": sender,
            **content,
        }
        if reply_to is not None:
            message["reply_to_message"] = self._quoted(chat_id, reply_to)
        self._messages.setdefault(chat_id, {})[message["message_id"]] = message
        return message

    def change(self, message: Message, replaced: tuple[str, ...], new: Message) -> Message:
        """Replace fields of a message by new content; ApiError if nothing changes."""
        edited = {name: value for name, value in message.items() if name not in replaced} | new
        if edited == message:
            raise bad(NOT_MODIFIED)
        edited["edit_date"] = int(time.time())
        self._messages[message["chat"]["id"]][message["message_id"]] = edited
        return edited

    def editable(self, chat_id: int, message_id: int) -> Message:
        """Return a message that the bot may edit; otherwise ApiError, as from Telegram."""
        message = self.find(self.writable(chat_id), message_id)
        if message is None:
            raise bad("message to edit not found")
        if message["from"]["id"] != BOT_ID:
            raise bad("message can't be edited")
        return message

    def delete(self, chat_id: int, message_id: int) -> None:
        """Remove a message; in a group, where the bot is no administrator, only the bot's own."""
        message = self.find(self.writable(chat_id), message_id)
        if message is None:
            raise bad("message to delete not found")
        if chat_id < 0 and message["from"]["id"] != BOT_ID:
            raise bad("message can't be deleted")
        del self._messages[chat_id][message_id]

    def upgrade(self, group: Group, new_id: int) -> None:
        """Give a group the id of a supergroup; its messages stay under the old id."""
        group.former_ids.append(group.id)
        group.id, group.is_supergroup = new_id, True

    def empty(self) -> None:
        """Remove all messages; the bot may still write to whoever has written to it."""
        for chat in self._messages.values():
            chat.clear()

    def kept(self) -> dict[str, Any]:
        """Return the JSON from which ``restore`` restores a restarted preview."""
        return {
            "messages": {str(i): list(chat.values()) for i, chat in self._messages.items()},
            "blocked": sorted(self.blocked),
            "last_id": self._last_id,
        }

    def restore(self, kept: object) -> None:
        """Restore the chats that still exist; ValueError, and no change, if the JSON is damaged."""
        existing = {*self.users, *(group.id for group in self.groups)}
        try:
            messages, blocked, last_id = _checked(kept)
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(f"not what was kept: {error!r}") from error
        self._messages = {i: chat for i, chat in messages.items() if i in existing}
        self.blocked = blocked & set(self.users)
        self._last_id = max(self._last_id, last_id)

    def as_json(self, chat_id: int) -> dict[str, Any]:
        """Return the Bot API's Chat; ApiError if the chat does not exist."""
        group = self.group_of(chat_id)
        if group is not None:
            kind = "supergroup" if group.is_supergroup else "group"
            return {"id": group.id, "type": kind, "title": group.title}
        user = self.users.get(chat_id)
        if user is None:
            raise bad("chat not found")
        names = {"first_name": user.first_name, "last_name": user.last_name}
        names |= {"username": user.username} if user.username else {}
        return {"id": chat_id, "type": "private", **names}

    def group_of(self, chat_id: int) -> Group | None:
        """Return a group by its present id or a former one; None if there is none."""
        if chat_id > 0:
            return None
        return next((g for g in self.groups if chat_id in (g.id, *g.former_ids)), None)

    def present_id(self, chat_id: int) -> int:
        """Return the present id of a chat."""
        group = self.group_of(chat_id)
        return group.id if group else chat_id

    def reachable(self, chat_id: int) -> int:
        """Return the id of a chat that the bot knows; ApiError if it is none, or has moved."""
        group = self.group_of(chat_id)
        if group is not None and chat_id != group.id:
            raise bad(
                "group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": group.id},
            )
        if group is None and chat_id not in self.users:
            raise bad("chat not found")
        return chat_id

    def writable(self, chat_id: int) -> int:
        """Return the id of a chat if the bot may write to it; otherwise ApiError, as Telegram's."""
        if self.reachable(chat_id) < 0:
            return chat_id
        if chat_id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat_id not in self._messages:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return chat_id

    def enter(self, user: User, chat_id: int) -> int:
        """Return the present id of the chat where a person writes; ApiError if not a member."""
        chat_id = self.present_id(chat_id)
        group = self.group_of(chat_id)
        if group is None and chat_id not in self.users:
            raise bad("chat not found")
        if user not in group.members if group else user.id != chat_id:
            raise bad("the person is not in this chat")
        return chat_id

    def as_it_stands(self, message: Message) -> Message:
        """Return a message with the one that it quotes as it is now; without it if it is gone."""
        quoted = message.get("reply_to_message")
        if quoted is None:
            return message
        present = self.find(quoted["chat"]["id"], quoted["message_id"])
        rest = {k: v for k, v in message.items() if k != "reply_to_message"}
        if present is None:
            return rest
        return rest | {
            "reply_to_message": {k: v for k, v in present.items() if k != "reply_to_message"}
        }

    def _quoted(self, chat_id: int, message_id: int) -> Message:
        original = self._messages.get(chat_id, {}).get(message_id)
        if original is None:
            raise bad("message to be replied not found")
        return {k: v for k, v in original.items() if k != "reply_to_message"}


def _checked(kept: Any) -> tuple[dict[int, dict[int, Message]], set[int], int]:  # noqa: ANN401 - any JSON
    """Return the chats, who blocked the bot, and the last message id; raises on other JSON."""
    messages = {
        int(chat_id): {int(each["message_id"]): _whole(each, int(chat_id)) for each in chat}
        for chat_id, chat in kept["messages"].items()
    }
    numbers = (number for chat in messages.values() for number in chat)
    last_id = max(int(kept["last_id"]), *numbers, 0)
    return messages, {int(user_id) for user_id in kept["blocked"]}, last_id


def _whole(message: Message, chat_id: int) -> Message:
    """Return a message if it has the fields that the page and the bot need; raises otherwise."""
    if message["chat"]["id"] != chat_id:
        raise ValueError("a message of another chat")
    int(message["date"])
    int(message["from"]["id"])
    return message
