"""The people of the preview: two firms, two groups, and the bot."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

# The first part of a bot's token is its id.
BOT_ID = 7_000_000_001
_CAST = Path(__file__).with_name("personas.yaml")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a Telegram account."""

    id: int
    first_name: str
    last_name: str
    username: str | None = None
    subtitle: str = ""
    language_code: str = "fr"

    @property
    def name(self) -> str:
        """The name shown above the person's messages."""
        return f"{self.first_name} {self.last_name}"

    def as_json(self) -> dict[str, Any]:
        """Return the Bot API's User."""
        shown = {
            "id": self.id,
            "is_bot": False,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "language_code": self.language_code,
        }
        return shown | ({"username": self.username} if self.username else {})


@dataclass(slots=True)
class Group:
    """A group of people and the bot; its id changes when it becomes a supergroup."""

    id: int
    title: str
    members: tuple[User, ...]
    subtitle: str = ""
    is_supergroup: bool = False
    former_ids: list[int] = field(default_factory=list)


@cache
def cast() -> dict[str, Any]:
    """Return the characters as ``personas.yaml`` describes them."""
    characters: dict[str, Any] = yaml.safe_load(_CAST.read_text("utf-8"))
    return characters


def group(key: str) -> Group:
    """Return a new Group for a group of the cast."""
    raw = cast()[key]
    members = tuple(User(**member) for member in raw["members"])
    return Group(raw["id"], raw["title"], members, raw["subtitle"])


def bot_as_json() -> dict[str, Any]:
    """Return the Bot API's User of the bot."""
    return {"id": BOT_ID, "is_bot": True, **cast()["bot"]}
