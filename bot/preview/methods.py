"""The Bot API methods that the preview knows: an explicit table, one function each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.preview.album import album_of, uploaded
from bot.preview.api_errors import bad
from bot.preview.content import caption_of, chat_of, keyboard_of, message_of, text_of
from bot.preview.inline import checked
from bot.preview.introduction import INTRODUCTION
from bot.preview.messenger import Messenger
from bot.preview.personas import BOT_ID, bot_as_json
from knowledge.text.length import units

Values = dict[str, Any]
Method = Callable[[Messenger, Values], Awaitable[Any]]

# Bot API, answerCallbackQuery: UTF-16 units.
LONGEST_ANSWER = 200
# Bot API, getFile: bytes.
_LARGEST_DOWNLOAD = 20 * 1024 * 1024
# Bot API, sendChatAction, with the former names that the server still takes.
_ACTIONS = frozenset(
    f"{verb}_{what}"
    for verb, whats in {
        "upload": ("photo", "video", "audio", "voice", "document", "video_note"),
        "record": ("video", "audio", "voice", "video_note"),
    }.items()
    for what in whats
) | {"cancel", "typing", "choose_sticker", "pick_up_location", "find_location"}


_UNSPECIFIED = "message identifier is not specified"


@dataclass(frozen=True, slots=True)
class Said:
    """The answer ``true`` with a description beside it."""

    description: str


async def get_me(messenger: Messenger, _values: Values) -> Values:
    """Return the bot."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": not messenger.privacy,
        "supports_inline_queries": messenger.inline_mode,
    }
    return bot_as_json() | {"first_name": messenger.bot()["first_name"]} | abilities


async def get_updates(messenger: Messenger, values: Values) -> list[Values]:
    """Return the pending updates, or wait for some."""
    return await messenger.updates.fetch(
        values.get("offset", 0),
        values.get("limit", 100),
        values.get("timeout", 0),
        values.get("allowed_updates"),
    )


async def set_webhook(messenger: Messenger, values: Values) -> Said:
    """Set the webhook to which updates are posted; an empty address removes it."""
    done = await messenger.webhook.set(
        values.get("url", ""),
        secret=values.get("secret_token", ""),
        connections=values.get("max_connections", 40),
        drop=values.get("drop_pending_updates", False),
    )
    if values.get("url"):
        messenger.updates.allow(values.get("allowed_updates"))
    return Said(done)


async def delete_webhook(messenger: Messenger, values: Values) -> Said:
    """Remove the webhook."""
    return Said(await messenger.webhook.set("", drop=values.get("drop_pending_updates", False)))


async def get_webhook_info(messenger: Messenger, _values: Values) -> Values:
    """Return the webhook's address and its last error."""
    return messenger.webhook.info()


async def send_message(messenger: Messenger, values: Values) -> Values:
    """Post a text."""
    return _post(messenger, values, text_of(values))


async def send_document(messenger: Messenger, values: Values) -> Values:
    """Post a file, either uploaded or named by the file_id of one sent before."""
    name, body = await _file(messenger, values, "document")
    messenger.chats.writable(chat_of(values))
    content = {"document": messenger.files.document(name, body)}
    return _post(messenger, values, content | caption_of(values))


async def send_photo(messenger: Messenger, values: Values) -> Values:
    """Post a picture (PNG or JPEG)."""
    name, body = await _file(messenger, values, "photo")
    messenger.chats.writable(chat_of(values))
    content = {"photo": messenger.files.photo(name, body)}
    return _post(messenger, values, content | caption_of(values))


async def send_media_group(messenger: Messenger, values: Values) -> list[Values]:
    """Post the files of an album, one message each."""
    contents = await album_of(messenger.files, values)
    return [_post(messenger, values, content) for content in contents]


async def edit_message_text(messenger: Messenger, values: Values) -> Values:
    """Replace a text and the keyboard; a call without a keyboard removes the message's."""
    content = text_of(values)
    message = _edited(messenger, values)
    new = content | keyboard_of(values)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    return messenger.changes(message, ("text", "entities", "reply_markup"), new)


async def edit_message_reply_markup(messenger: Messenger, values: Values) -> Values:
    """Replace or remove a keyboard."""
    message = _edited(messenger, values)
    return messenger.changes(message, ("reply_markup",), keyboard_of(values))


async def delete_message(messenger: Messenger, values: Values) -> bool:
    """Remove a message."""
    if not values.get("chat_id"):
        raise bad("chat identifier is not specified")
    messenger.deletes(chat_of(values), message_of(values))
    return True


async def send_chat_action(messenger: Messenger, values: Values) -> bool:
    """Show that the bot is busy."""
    action = values.get("action", "").lower()
    if action not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat_id = messenger.chats.writable(chat_of(values))
    messenger.notes("typing", chat_id, action=action)
    return True


async def answer_callback_query(messenger: Messenger, values: Values) -> bool:
    """End the wait of a tapped button, with or without a text."""
    text = values.get("text", "")
    if units(text) > LONGEST_ANSWER:
        raise bad("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": values.get("show_alert", False)}
    messenger.answers_query(values.get("callback_query_id", ""), answer)
    return True


async def answer_inline_query(messenger: Messenger, values: Values) -> bool:
    """Answer what somebody types behind the bot's name."""
    messenger.answers_inline(values.get("inline_query_id", ""), checked(values))
    return True


async def get_file(messenger: Messenger, values: Values) -> Values:
    """Return the path from which a file is downloaded."""
    file_id = values.get("file_id")
    if not file_id:
        raise bad("file_id not specified")
    if file_id not in messenger.files:
        raise bad("invalid file_id")
    if len(messenger.file(file_id)) > _LARGEST_DOWNLOAD:
        raise bad("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": file_id,
        "file_size": len(messenger.file(file_id)),
        "file_path": f"files/{file_id}",
    }


async def get_chat(messenger: Messenger, values: Values) -> Values:
    """Return the Bot API's ChatFullInfo."""
    gifts = dict.fromkeys(_GIFTS, False)
    limits = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
    return messenger.chats.as_json(chat_of(values)) | limits


_GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


async def get_chat_member(messenger: Messenger, values: Values) -> Values:
    """Return the ChatMember of a user: a group's first member is its owner."""
    user_id = values.get("user_id", 0)
    if user_id <= 0:
        raise bad("invalid user_id specified")
    chat = messenger.chats.as_json(chat_of(values))
    group = messenger.chats.group_of(chat["id"])
    if user_id == BOT_ID:
        return {"status": "member", "user": bot_as_json()}
    members = group.members if group else (messenger.chats.users[chat["id"]],)
    for place, member in enumerate(members):
        if member.id == user_id:
            owns = group is not None and place == 0
            shown = {"user": member.as_json(), "status": "creator" if owns else "member"}
            return shown | ({"is_anonymous": False} if owns else {})
    raise bad("PARTICIPANT_ID_INVALID")


async def get_chat_administrators(messenger: Messenger, values: Values) -> list[Values]:
    """Return the administrators of a group: here, its owner alone."""
    group = messenger.chats.group_of(messenger.chats.as_json(chat_of(values))["id"])
    if group is None:
        raise bad("there are no administrators in the private chat")
    owner = {"chat_id": group.id, "user_id": group.members[0].id}
    return [await get_chat_member(messenger, owner)]


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": send_message,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "sendMediaGroup": send_media_group,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "answerInlineQuery": answer_inline_query,
    "getFile": get_file,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    **INTRODUCTION,
}


def _post(messenger: Messenger, values: Values, content: Values) -> Values:
    chat_id = chat_of(values)
    return messenger.posts(
        chat_id, content | keyboard_of(values), _reply_to(messenger, chat_id, values)
    )


def _edited(messenger: Messenger, values: Values) -> Values:
    """Return the message that a call edits; the preview has no inline messages."""
    if not values.get("chat_id") and not values.get("message_id"):
        raise bad("MESSAGE_ID_INVALID" if "inline_message_id" in values else _UNSPECIFIED)
    return messenger.chats.editable(chat_of(values), values.get("message_id", 0))


def _reply_to(messenger: Messenger, chat_id: int, values: Values) -> int | None:
    reply = values.get("reply_parameters")
    if not reply or "message_id" not in reply:
        return None
    number = int(reply["message_id"])
    may_lack = reply.get("allow_sending_without_reply", False)
    return None if may_lack and messenger.chats.find(chat_id, number) is None else number


async def _file(messenger: Messenger, values: Values, field: str) -> tuple[str, bytes]:
    """Return the name and the content of the file in a field."""
    if field not in values:
        raise bad(f"there is no {field} in the request")
    return await uploaded(messenger.files, values[field])
