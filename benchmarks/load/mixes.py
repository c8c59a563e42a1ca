"""What people do, as updates: commands and buttons, forms, or questions that all differ."""

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from handlers.navigation import ListProjects, ListThemes, ShowEntry, ShowProject
from knowledge.corpus import Material

Update = dict[str, Any]
_IDS = itertools.count(1)
_REPEATED = 36
_COMMANDS = ("/aide", "/themes", "/projets", "/mesdemandes", "/contact", "/confidentialite")


def navigation(count: int, chats: int, project: str) -> list[Update]:
    """Commands and taps, each answered by one message."""
    taps = (ListThemes(), ListProjects(), ShowEntry("financement"), ShowProject(project))
    moves: list[Callable[[int], Update]] = [
        *(partial(said, text=text) for text in _COMMANDS),
        *(partial(tapped, data=tap.pack()) for tap in taps),
    ]
    return [moves[n % len(moves)](n % chats + 1) for n in range(count)]


def questions(count: int, chats: int, material: Material) -> list[Update]:
    """Questions that are all different: known phrasings, each with two words of another."""
    chosen = random.Random(7)  # noqa: S311 - any will do, the same in each run
    texts = [example.text for example in material.examples if example.entry]
    return [said(n % chats + 1, _other_words(chosen, texts)) for n in range(count)]


def repeated(count: int, chats: int, material: Material) -> list[Update]:
    """Return a few questions, asked again and again: most of a real day."""
    texts = [example.text for example in material.examples if example.entry][::40][:_REPEATED]
    return [said(n % chats + 1, texts[n % len(texts)]) for n in range(count)]


def _other_words(chosen: random.Random, texts: list[str]) -> str:
    words = chosen.choice(texts).split()
    words[chosen.randrange(len(words))] = chosen.choice(chosen.choice(texts).split())
    return " ".join([*words, *chosen.choice(texts).split()[:2], f"n{next(_IDS)}"])


def echoes(count: int, chats: int) -> list[Update]:
    """Messages for a bot that only repeats."""
    return [said(n % chats + 1, f"message {n}") for n in range(count)]


def said(chat: int, text: str) -> Update:
    """Return an update: a text in a private chat."""
    message = _message(chat) | {"text": text}
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": next(_IDS), "message": message}


def tapped(chat: int, data: str) -> Update:
    """Return an update: a button under a message of the bot."""
    number = next(_IDS)
    message = _message(chat) | {"text": "x"}
    query = {
        "id": str(number),
        "from": _person(chat),
        "message": message,
        "chat_instance": "1",
        "data": data,
    }
    return {"update_id": number, "callback_query": query}


def _message(chat: int) -> dict[str, Any]:
    return {
        "message_id": next(_MESSAGES),
        "date": 1_795_000_000,
        "chat": {"id": 1000 + chat, "type": "private", "first_name": "Camille"},
        "from": _person(chat),
    }


def _person(chat: int) -> dict[str, Any]:
    return {"id": 1000 + chat, "is_bot": False, "first_name": "Camille", "language_code": "fr"}


_MESSAGES: Iterator[int] = itertools.count(1)
