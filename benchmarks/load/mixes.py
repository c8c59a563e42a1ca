"""Mixes of updates: commands, buttons and forms; repeated questions; distinct questions."""

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

from handlers.core.buttons import (
    DeclareInterest,
    ListProjects,
    ListThemes,
    ShowEntry,
    ShowProject,
)
from handlers.forms.form_buttons import Begin, Cancel, Pick, Skip
from knowledge.ranking.corpus import Material
from storage.records.interest_values import ContactKind, Role


class Update(dict[str, Any]):
    """An update; ``answers`` is the number of messages that answer it."""

    answers = 1


Move: TypeAlias = Callable[[int], Update]
_CROWDS = itertools.count()
_CROWD = 10_000
_IDS = itertools.count(1)
_REPEATED = 36
_COMMANDS = ("/aide", "/themes", "/projets", "/mesdemandes", "/contact", "/confidentialite")


def navigation(count: int, chats: int, project: str) -> list[Update]:
    """Return commands, taps and forms, each answered by a message or two, from new people.

    Each chat repeats the moves from a place of its own, but always begins a form at its start.
    """
    moves = _moves(project)
    # New people for each load: none is still in the middle of a form.
    first = next(_CROWDS) * _CROWD
    rounds = [itertools.chain.from_iterable(_from(moves, chat)) for chat in range(chats)]
    return [next(rounds[n % chats])(first + n % chats + 1) for n in range(count)]


def _moves(project: str) -> list[list[Move]]:
    """Return the moves of a person, in groups; the moves of a form stay together."""
    taps = (ListThemes(), ListProjects(), ShowEntry("financement"), ShowProject(project))
    form: list[Move] = [
        partial(tap_update, data=DeclareInterest(project).pack()),
        partial(tap_update, data=Begin().pack()),
        partial(text_update, text="Chaudronnerie du Delta"),
        partial(text_update, text="Samira Costa"),
        # A choice is answered twice: its message is edited, and the next question is sent.
        partial(tap_update, data=Pick("contact_kind", ContactKind.PHONE).pack(), answers=2),
        partial(text_update, text="06 12 34 56 78"),
        partial(tap_update, data=Pick("role", Role.LEARN).pack(), answers=2),
        partial(text_update, text="Nous avons un tour disponible et deux fraiseurs."),
        partial(tap_update, data=Skip("siret").pack(), answers=2),
        # Cancel at the recap: once an interest is recorded, the person could not begin another.
        partial(tap_update, data=Cancel(sure=True).pack()),
    ]
    looks = [
        *([partial(text_update, text=text)] for text in _COMMANDS),
        *([partial(tap_update, data=tap.pack())] for tap in taps),
    ]
    # Commands, buttons and forms: about a third each.
    return [*looks, *looks, form]


def _from(moves: list[list[Move]], place: int) -> Iterator[list[Move]]:
    place %= len(moves)
    return itertools.cycle([*moves[place:], *moves[:place]])


def questions(count: int, chats: int, material: Material) -> list[Update]:
    """Return questions that all differ: phrasings, each with two words of another one."""
    chosen = random.Random(7)  # noqa: S311 - a fixed seed, so that all runs are the same
    texts = [example.text for example in material.examples if example.entry]
    return [text_update(n % chats + 1, _other_words(chosen, texts)) for n in range(count)]


def repeated(count: int, chats: int, material: Material) -> list[Update]:
    """Return a few questions asked again and again, as most questions of a real day are."""
    texts = [example.text for example in material.examples if example.entry][::40][:_REPEATED]
    return [text_update(n % chats + 1, texts[n % len(texts)]) for n in range(count)]


def _other_words(chosen: random.Random, texts: list[str]) -> str:
    words = chosen.choice(texts).split()
    words[chosen.randrange(len(words))] = chosen.choice(chosen.choice(texts).split())
    return " ".join([*words, *chosen.choice(texts).split()[:2], f"n{next(_IDS)}"])


def echoes(count: int, chats: int) -> list[Update]:
    """Return messages for an echo bot."""
    return [text_update(n % chats + 1, f"message {n}") for n in range(count)]


def text_update(chat: int, text: str) -> Update:
    """Return the update of a text in a private chat."""
    message = _message(chat) | {"text": text}
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return Update(update_id=next(_IDS), message=message)


def tap_update(chat: int, data: str, answers: int = 1) -> Update:
    """Return the update of a tap on a button of the bot's message."""
    number = next(_IDS)
    message = _message(chat) | {"text": "x"}
    query = {
        "id": str(number),
        "from": _person(chat),
        "message": message,
        "chat_instance": "1",
        "data": data,
    }
    update = Update(update_id=number, callback_query=query)
    update.answers = answers
    return update


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
