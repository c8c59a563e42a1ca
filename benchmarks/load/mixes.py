"""What people do, as updates: commands and buttons, forms, or questions that all differ."""

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
from handlers.forms.buttons import Begin, Cancel, Pick, Skip
from knowledge.ranking.corpus import Material
from storage.records.interest_values import ContactKind, Role


class Update(dict[str, Any]):
    """An update; ``answers``: the messages that it is answered by."""

    answers = 1


Move: TypeAlias = Callable[[int], Update]
_CROWDS = itertools.count()
_CROWD = 10_000
_IDS = itertools.count(1)
_REPEATED = 36
_COMMANDS = ("/aide", "/themes", "/projets", "/mesdemandes", "/contact", "/confidentialite")


def navigation(count: int, chats: int, project: str) -> list[Update]:
    """Commands, taps and a form, each answered by a message or two; nobody has written before.

    Each chat goes round by itself, from another place on: a form is filled in from its beginning.
    """
    moves = _moves(project)
    # New people each time: nobody is found in the middle of a form.
    first = next(_CROWDS) * _CROWD
    rounds = [itertools.chain.from_iterable(_from(moves, chat)) for chat in range(chats)]
    return [next(rounds[n % chats])(first + n % chats + 1) for n in range(count)]


def _moves(project: str) -> list[list[Move]]:
    """Return what somebody does; a form is done in one go."""
    taps = (ListThemes(), ListProjects(), ShowEntry("financement"), ShowProject(project))
    form: list[Move] = [
        partial(tapped, data=DeclareInterest(project).pack()),
        partial(tapped, data=Begin().pack()),
        partial(said, text="Chaudronnerie du Delta"),
        partial(said, text="Samira Costa"),
        # The question that was tapped tells the choice, and the next one comes.
        partial(tapped, data=Pick("contact_kind", ContactKind.PHONE).pack(), answers=2),
        partial(said, text="06 12 34 56 78"),
        partial(tapped, data=Pick("role", Role.LEARN).pack(), answers=2),
        partial(said, text="Nous avons un tour disponible et deux fraiseurs."),
        partial(tapped, data=Skip("siret").pack(), answers=2),
        # Given up at the recap: once it is recorded, the same person could not begin again.
        partial(tapped, data=Cancel(sure=True).pack()),
    ]
    looks = [
        *([partial(said, text=text)] for text in _COMMANDS),
        *([partial(tapped, data=tap.pack())] for tap in taps),
    ]
    # Commands, buttons and forms: about a third each.
    return [*looks, *looks, form]


def _from(moves: list[list[Move]], place: int) -> Iterator[list[Move]]:
    place %= len(moves)
    return itertools.cycle([*moves[place:], *moves[:place]])


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
    return Update(update_id=next(_IDS), message=message)


def tapped(chat: int, data: str, answers: int = 1) -> Update:
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
