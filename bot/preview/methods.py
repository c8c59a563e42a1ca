"""The Bot API methods that the preview knows: an explicit table, one function each."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import UploadFile

from bot.preview.errors import bad
from bot.preview.formatting import parse, units
from bot.preview.messenger import Messenger
from bot.preview.people import BOT_ID, bot_as_json

Values = dict[str, Any]
Method = Callable[[Messenger, Values], Awaitable[Any]]

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_DATA_BYTES = 64
LONGEST_ANSWER = 200
MOST_BUTTONS = 100
MOST_COMMANDS = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


async def get_me(_messenger: Messenger, _values: Values) -> Values:
    """Return the bot."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }
    return bot_as_json() | abilities


async def get_updates(messenger: Messenger, values: Values) -> list[Values]:
    """Return what waits, or wait for it."""
    return await messenger.updates.fetch(
        values.get("offset", 0),
        values.get("limit", 100),
        values.get("timeout", 0),
        values.get("allowed_updates"),
    )


async def send_message(messenger: Messenger, values: Values) -> Values:
    """Post a text."""
    content = _text(values["text"], values.get("parse_mode"), LONGEST_TEXT)
    content |= _keyboard(values)
    return messenger.posts(_chat(values), content, _reply_to(values))


async def edit_message_text(messenger: Messenger, values: Values) -> Values:
    """Replace a text; without a keyboard the message loses its own."""
    new = _text(values["text"], values.get("parse_mode"), LONGEST_TEXT) | _keyboard(values)
    change = {"replaces": ("text", "entities", "reply_markup"), "new": new}
    return messenger.changes(_chat(values), _message(values), change)


async def edit_message_reply_markup(messenger: Messenger, values: Values) -> Values:
    """Replace a keyboard, or take it away."""
    change = {"replaces": ("reply_markup",), "new": _keyboard(values)}
    return messenger.changes(_chat(values), _message(values), change)


async def delete_message(messenger: Messenger, values: Values) -> bool:
    """Remove a message."""
    messenger.deletes(_chat(values), values["message_id"])
    return True


async def send_document(messenger: Messenger, values: Values) -> Values:
    """Post a file."""
    upload = values["document"]
    if not isinstance(upload, UploadFile):
        raise bad("wrong file identifier/HTTP URL specified")
    body = await upload.read()
    if not body:
        raise bad("file must be non-empty")
    content: Values = {"document": messenger.keeps_file(upload.filename or "file", body)}
    if values.get("caption"):
        shown = _text(values["caption"], values.get("parse_mode"), LONGEST_CAPTION)
        content["caption"] = shown["text"]
        if "entities" in shown:
            content["caption_entities"] = shown["entities"]
    content |= _keyboard(values)
    return messenger.posts(_chat(values), content, _reply_to(values))


async def send_chat_action(messenger: Messenger, values: Values) -> bool:
    """Show that the bot is busy."""
    chat_id = messenger.writable(_chat(values))
    messenger.notes("typing", chat_id, action=values["action"])
    return True


async def answer_callback_query(messenger: Messenger, values: Values) -> bool:
    """Stop the wait of a tapped button, perhaps with a line."""
    text = values.get("text", "")
    if units(text) > LONGEST_ANSWER:
        raise bad("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": values.get("show_alert", False)}
    messenger.answers_query(values["callback_query_id"], answer)
    return True


async def set_my_commands(messenger: Messenger, values: Values) -> bool:
    """Replace the menu of commands."""
    commands = values["commands"]
    if len(commands) > MOST_COMMANDS:
        raise bad("too many commands specified")
    for command in commands:
        if not _COMMAND.fullmatch(command["command"]):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= units(command["description"]) <= 256:  # noqa: PLR2004 - Bot API, BotCommand
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    messenger.commands = commands
    messenger.notes("commands", commands=commands)
    return True


async def get_my_commands(messenger: Messenger, _values: Values) -> list[Values]:
    """Return the menu of commands."""
    return list(messenger.commands)


def _set_text(name: str, longest: int) -> Method:
    async def set_text(messenger: Messenger, values: Values) -> bool:
        text = values.get(name, "")
        if units(text) > longest:
            raise bad(f"{name} is too long")
        messenger.texts[name] = text
        messenger.notes("bot")
        return True

    return set_text


async def get_file(messenger: Messenger, values: Values) -> Values:
    """Return where a file is downloaded from."""
    file_id = values["file_id"]
    if file_id not in messenger.files:
        raise bad("invalid file_id")
    size = len(messenger.file(file_id))
    return {
        "file_id": file_id,
        "file_unique_id": file_id,
        "file_size": size,
        "file_path": f"documents/{file_id}",
    }


async def get_chat(messenger: Messenger, values: Values) -> Values:
    """Return what is known of a chat."""
    limits = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}
    return messenger.chat_as_json(_chat(values)) | limits


_NO_GIFTS = dict.fromkeys(
    (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    ),
    False,
)


async def get_chat_member(messenger: Messenger, values: Values) -> Values:
    """Return somebody's place in a group; the bot is a plain member."""
    chat_id, user_id = _chat(values), values["user_id"]
    group = messenger.group_of(chat_id)
    if user_id == BOT_ID:
        return {"status": "member", "user": bot_as_json()}
    if group is None or user_id not in {member.id for member in group.members}:
        raise bad("PARTICIPANT_ID_INVALID")
    return {"status": "member", "user": messenger.users[user_id].as_json()}


async def delete_webhook(_messenger: Messenger, _values: Values) -> bool:
    """Do nothing: updates are polled for."""
    return True


async def get_webhook_info(messenger: Messenger, _values: Values) -> Values:
    """Say that there is no webhook."""
    pending = messenger.pending_updates()
    return {"url": "", "has_custom_certificate": False, "pending_update_count": pending}


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "sendMessage": send_message,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "sendDocument": send_document,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "setMyDescription": _set_text("description", 512),
    "setMyShortDescription": _set_text("short_description", 120),
    "setMyName": _set_text("name", 64),
    "getFile": get_file,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}


def _chat(values: Values) -> int:
    chat_id = values.get("chat_id")
    if isinstance(chat_id, str) and re.fullmatch(r"-?\d+", chat_id):
        chat_id = int(chat_id)
    if not isinstance(chat_id, int):
        raise bad("chat not found" if chat_id else "chat_id is empty")
    return chat_id


def _message(values: Values) -> int:
    if "message_id" not in values:
        raise bad("message identifier is not specified")
    return int(values["message_id"])


def _text(text: str, mode: str | None, longest: int) -> Values:
    shown, entities = parse(text, mode)
    if not shown:
        raise bad("message text is empty")
    if units(shown) > longest:
        too_long = longest == LONGEST_TEXT
        raise bad("message is too long" if too_long else "message caption is too long")
    return {"text": shown} | ({"entities": entities} if entities else {})


def _keyboard(values: Values) -> Values:
    markup = values.get("reply_markup")
    if not markup or not markup.get("inline_keyboard"):
        return {}
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        _check_button(button)
    return {"reply_markup": markup}


def _check_button(button: Values) -> None:
    if not button["text"].strip():
        raise bad("inline keyboard button text is empty")
    if "callback_data" in button:
        size = len(button["callback_data"].encode())
        if not 1 <= size <= LONGEST_DATA_BYTES:
            raise bad("BUTTON_DATA_INVALID")
    elif "url" not in button:
        raise bad("text buttons are unallowed in the inline keyboard")


def _reply_to(values: Values) -> int | None:
    reply = values.get("reply_parameters")
    return reply["message_id"] if reply else None
