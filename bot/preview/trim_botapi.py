"""Trims the machine-readable Bot API to the part that the preview implements.

``python -m bot.preview.trim_botapi api.json`` writes ``botapi.json`` beside this file.
Source: github.com/PaulSonOfLars/telegram-bot-api-spec (MIT), Bot API 10.1.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bot.preview.methods import METHODS

TARGET = Path(__file__).with_name("botapi.json")
# The types that the preview returns; the types of parameters are found from the methods.
ROOTS = (
    "Update",
    "Message",
    "User",
    "Chat",
    "ChatFullInfo",
    "ChatMember",
    "CallbackQuery",
    "File",
    "WebhookInfo",
)
# Of these, the preview knows some only: results that are texts.
_KNOWN = {
    "InlineQueryResult": ["InlineQueryResultArticle"],
    "InputMessageContent": ["InputTextMessageContent"],
}
_SCALARS = frozenset({"Integer", "Float", "String", "Boolean", "True", "InputFile"})


def trim(api: dict[str, Any]) -> dict[str, Any]:
    """Keep the preview's methods and the types they use: names, types, and required or not."""
    methods = {name: _fields(api["methods"][name]) for name in sorted(METHODS)}
    types: dict[str, Any] = {}
    waiting = [
        kind for fields in methods.values() for kinds, _ in fields.values() for kind in kinds
    ]
    waiting += ROOTS
    while waiting:
        name = waiting.pop().replace("Array of ", "")
        if name in types or name in _SCALARS:
            continue
        raw = api["types"][name]
        subtypes = _KNOWN.get(name, raw.get("subtypes", []))
        types[name] = {"fields": _fields(raw), "subtypes": subtypes}
        waiting += subtypes
        waiting += [kind for kinds, _ in types[name]["fields"].values() for kind in kinds]
    source = "github.com/PaulSonOfLars/telegram-bot-api-spec (MIT), " + api["version"]
    return {"source": source, "methods": methods, "types": dict(sorted(types.items()))}


def _fields(raw: dict[str, Any]) -> dict[str, tuple[list[str], bool]]:
    return {f["name"]: (f["types"], f["required"]) for f in raw.get("fields", [])}


if __name__ == "__main__":
    trimmed = trim(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    TARGET.write_text(json.dumps(trimmed, separators=(",", ":")) + "\n", "utf-8")
