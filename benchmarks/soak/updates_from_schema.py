"""Updates generated from the Bot API's own description, valid or with random defects.

All choices come from a seeded ``random.Random``: the same seed makes the same updates. Each update
has its own chat, so that the bot's messages there answer this update.
"""

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from bot.preview.botapi import description

Json: TypeAlias = Any
Fields: TypeAlias = dict[str, tuple[list[str], bool]]

# Telegram's ids have at most 52 bits (Bot API, "User": id), its times 31.
_LARGEST, _LATEST = 2**52 - 1, 2**31 - 1
_IDS = (1, 2**31 - 1, 2**31, _LARGEST)
_INTEGERS = (0, 1, 2, 255, 2**31 - 1)
# Length limits: Bot API, "Message": text; "CallbackQuery": data.
_LONGEST_TEXT, _LONGEST_DATA = 4096, 64
_DEEPEST = 5
_TEXTS = (
    "bonjour",
    "/start",
    "/start p_inconnu",
    "/aide",
    "/projets",
    "/mesdemandes",
    "/annuler",
    "/nothing_like_it",
    "/start@somebody_else",
    "comment financer un projet ?",
    "<b>&amp;</i>",
    "{{ 7 * 7 }} {% raw %}",
    "\u05e9\u05dc\u05d5\u05dd \u202e abc \u200f",
    "\u200b\u200d\u2060",
    "\U0001f9d1\u200d\U0001f3ed\U0001f1eb\U0001f1f7",
    "e\u0301" * 50,
    "\x00",
    "a\x00b\x07",
    "\ud83d",
    " ",
    "\n\n",
    "?",
    "-1",
    "' OR 1=1 --",
    "x" * _LONGEST_TEXT,
    "\U0001f600" * (_LONGEST_TEXT // 2),
)
_DATA = ("p:", "p:inconnu", "fp:role:lead", "fb", "q:1", "ad:1:1", "at:9", "l:0::::", "i:x", "::::")
_STATUS = {"ChatMemberOwner": "creator", "ChatMemberBanned": "kicked"}
_ENTITIES = ("bold", "italic", "url", "email", "bot_command", "text_link", "mention", "unheard_of")
_TIMES = ("date", "time", "until", "deadline", "timestamp")
_SCALARS: tuple[Json, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    _LARGEST,
    "",
    "x",
    "\x00",
    [],
    {},
    [[]],
    {"id": 1},
)
_CAMEL = re.compile(r"(?<!^)(?=[A-Z])")
_MESSAGES = frozenset({"Message", "MaybeInaccessibleMessage", "InaccessibleMessage"})


class Maker:
    """Generates updates; each has its own chat, numbered above ``first_chat``."""

    def __init__(self, seed: int, *, first_chat: int = 900_000_000) -> None:
        self._chosen = random.Random(seed)  # noqa: S311 - the same in each run
        self._chat = first_chat
        self._types: dict[str, dict[str, Json]] = description()["types"]
        fields: Fields = self._types["Update"]["fields"]
        self._kinds = [name for name in fields if name != "update_id"]
        self._contents = [
            name for name, (_, needed) in self._types["Message"]["fields"].items() if not needed
        ]

    def valid(self, count: int) -> Iterator[Json]:
        """Make valid updates, without a number; half of them are people's messages and taps."""
        for number in range(count):
            self._chat += 1
            kind = self._kinds[number // 2 % len(self._kinds)]
            if number % 2:
                kind = self._chosen.choice(("message", "message", "message", "callback_query"))
            (named,) = self._types["Update"]["fields"][kind][0]
            yield {kind: self._value(named, kind, 0)}

    def spoilt(self, count: int) -> Iterator[Json]:
        """Make updates of which a few parts were removed, swapped, or replaced."""
        for update in self.valid(count):
            spoilt = copy.deepcopy(update)
            for _ in range(self._chosen.randint(1, 4)):
                self._spoil(spoilt)
            yield spoilt

    def _value(self, kind: str, name: str, depth: int) -> Json:
        if kind.startswith("Array of "):
            return self._array(kind.removeprefix("Array of "), name, depth)
        if kind in _SCALARS_OF:
            return _SCALARS_OF[kind](self, name)
        if kind in {"User", "Chat"}:
            return self._user() if kind == "User" else self._chat_json(depth)
        if kind in _MESSAGES:
            return self._message(kind, depth)
        subtypes = self._types[kind]["subtypes"]
        if subtypes:
            return self._value(self._shallow(subtypes, depth), name, depth)
        return self._object(kind, depth)

    def _shallow(self, subtypes: list[str], depth: int) -> str:
        if depth >= _DEEPEST and "String" in subtypes:
            return "String"
        return self._chosen.choice(subtypes)

    def _array(self, kind: str, name: str, depth: int) -> list[Json]:
        most = 3 if depth < _DEEPEST else 0
        return [self._value(kind, name, depth + 1) for _ in range(self._chosen.randint(0, most))]

    def _object(self, kind: str, depth: int) -> dict[str, Json]:
        likely = 0.4 / (depth + 1) if depth < _DEEPEST else 0.0
        fields: Fields = self._types[kind]["fields"]
        made = {
            name: self._value(self._chosen.choice(kinds), name, depth + 1)
            for name, (kinds, needed) in fields.items()
            if needed or self._chosen.random() < likely
        }
        return made | self._named(kind, fields)

    def _named(self, kind: str, fields: Fields) -> dict[str, Json]:
        """Return the fields that distinguish this type from its siblings."""
        parent = next((n for n, t in self._types.items() if kind in t["subtypes"]), "")
        tag = _STATUS.get(kind) or _CAMEL.sub("_", kind.removeprefix(parent)).lower()
        tags = [name for name in ("type", "status", "source") if name in fields]
        if kind == "MessageEntity":
            return {
                "type": self._chosen.choice(_ENTITIES),
                "offset": self._chosen.randint(0, 9),
                "length": self._chosen.randint(1, 9),
            }
        if kind == "CallbackQuery":
            return {"data": self._data(), "id": str(self._chosen.getrandbits(60))}
        return dict.fromkeys(tags, tag) if parent else {}

    def _data(self) -> str:
        data = self._chosen.choice((*_DATA, *_TEXTS)).encode("utf-8", "surrogatepass")
        return data[: self._chosen.randint(1, _LONGEST_DATA)].decode("utf-8", "ignore")

    def _message(self, kind: str, depth: int) -> dict[str, Json]:
        if kind == "InaccessibleMessage" or (kind.startswith("Maybe") and self._is_likely(0.2)):
            return {"chat": self._chat_json(depth), "message_id": 1, "date": 0}
        made: dict[str, Json] = {
            "message_id": self._chosen.randint(1, _LATEST),
            "date": self._chosen.randint(1, _LATEST),
            "chat": self._chat_json(depth),
            "from": self._user(),
        }
        if made["chat"]["type"] == "channel":
            del made["from"]
        if depth >= _DEEPEST:
            return made
        main = ["text"] if self._is_likely(0.7) else self._chosen.choices(self._contents, k=1)
        extra = self._chosen.choices(self._contents, k=self._chosen.randint(0, 2))
        fields: Fields = self._types["Message"]["fields"]
        for name in [*main, *extra]:
            made[name] = self._value(self._chosen.choice(fields[name][0]), name, depth + 2)
        return self._marked(made)

    def _marked(self, message: dict[str, Json]) -> dict[str, Json]:
        """Mark a command with an entity, as Telegram does."""
        text = message.get("text", "")
        command = re.match(r"/[A-Za-z0-9_@]+", text)
        if command:
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        return message

    def _chat_json(self, depth: int) -> dict[str, Json]:
        if depth <= 2 and self._is_likely(0.8):  # noqa: PLR2004 - where a person speaks
            return {"id": self._chat, "type": "private", "first_name": "X"}
        kind = self._chosen.choice(("group", "supergroup", "channel"))
        return {"id": -self._chat, "type": kind, "title": self._string("title")}

    def _user(self) -> dict[str, Json]:
        user = {"id": self._chat, "is_bot": False, "first_name": self._string("name") or "X"}
        if self._is_likely(0.3):
            user |= {"username": "somebody", "last_name": self._string("name")}
        return user | ({"language_code": "xx"} if self._is_likely(0.3) else {})

    def _integer(self, name: str) -> int:
        if name.endswith(_TIMES):
            return self._chosen.choice((0, 1, _LATEST))
        return self._chosen.choice(_IDS if name.endswith(("id", "size")) else _INTEGERS)

    def _string(self, _name: str) -> str:
        return self._chosen.choice(_TEXTS)

    def _float(self, _name: str) -> float:
        return self._chosen.choice((0.0, -90.0, 43.4, 180.0))

    def _boolean(self, _name: str) -> bool:
        return self._is_likely(0.5)

    def _true(self, _name: str) -> bool:
        return True

    def _is_likely(self, chance: float) -> bool:
        return self._chosen.random() < chance

    def _spoil(self, update: dict[str, Json]) -> None:
        places = list(_places(update))
        if not places:
            update["message"] = {}
            return
        inside, key = self._chosen.choice(places)
        match self._chosen.randint(0, 3):
            case 0:
                del inside[key]
            case 1:
                inside[key] = copy.deepcopy(self._chosen.choice(_SCALARS))
            case 2:
                other, other_key = self._chosen.choice(places)
                inside[key] = json.loads(json.dumps(other[other_key]))
            case _:
                if isinstance(inside, dict):
                    inside["unheard_of"] = copy.deepcopy(self._chosen.choice(_SCALARS))


_SCALARS_OF = {
    "Integer": Maker._integer,  # noqa: SLF001 - a table of this class's own methods
    "String": Maker._string,  # noqa: SLF001
    "Float": Maker._float,  # noqa: SLF001
    "Boolean": Maker._boolean,  # noqa: SLF001
    "True": Maker._true,  # noqa: SLF001
}


def _places(value: Json) -> Iterator[tuple[Json, Json]]:
    """Yield all keys of objects and indices of lists."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)
