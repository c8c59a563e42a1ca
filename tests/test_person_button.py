"""A person of the team is one tap away under whatever the bot shows to people, and named once.

All that people may send is played, as in the test of the transactions; the keyboards are looked at.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from dialogue import inside
from telegram import Update

# The walk is on full tables: its fixture is shared.
from test_transactions import (  # noqa: F401 (a fixture)
    RolledBackError,
    full_service,
    rolled_back,
    updates,
)

from bot.service import Service
from handlers.core.buttons import AskHuman, CallBack, HandOver, person_button, with_person
from handlers.core.callback_data import SEPARATOR, CallbackData
from handlers.core.keyboards import button, column
from handlers.general.languages import Speak
from handlers.general.privacy import Erase
from handlers.handoff.threads import ReplyTo
from handlers.prefetch import match_texts
from handlers.questions.ask import UnmatchedError
from handlers.requests.own_requests import Withdraw
from handlers.table import ALL
from storage.queues.outbox import Outbox, Outgoing

# These reach a person themselves.
TO_PEOPLE = {HandOver.PREFIX, CallBack.PREFIX, ReplyTo.PREFIX}
# Questions with two answers, and no third: to erase, to withdraw, the language.
CONFIRMATIONS = {Erase.PREFIX, Withdraw.PREFIX, Speak.PREFIX}


def of_forms() -> set[str]:
    """Return the prefixes of the buttons of forms, where a person would lead away from the form."""
    return {
        kind.PREFIX
        for kind in CallbackData.__subclasses__()
        if kind.__module__.startswith("handlers.forms.")
    }


def prefixes(keyboard: dict[str, Any]) -> list[str]:
    """Return what the buttons of a keyboard begin with."""
    lines = keyboard["inline_keyboard"]
    return [
        each.get("callback_data", "").partition(SEPARATOR)[0] for line in lines for each in line
    ]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """The text and the buttons of each message with buttons that goes to a person."""
    found: list[tuple[str, list[str]]] = []
    genuine = Outbox.owe

    def owe(self: Outbox, message: Outgoing) -> None:
        keyboard = message.payload.get("reply_markup")
        if isinstance(keyboard, dict) and (message.chat_id or 0) > 0:
            found.append((str(message.payload.get("text"))[:80], prefixes(keyboard)))
        genuine(self, message)

    monkeypatch.setattr(Outbox, "owe", owe)
    return found


async def plays(service: Service, update: Update) -> None:
    parts = service.parts
    for _ in range(2):
        try:
            async with parts.database.begin() as work, rolled_back():
                await inside(parts.inbox_worker, "turn")(work, update, None)
                await work.changes.write_all()
        except RolledBackError:
            return
        except UnmatchedError as unmatched:
            await match_texts(parts.services, [(unmatched.text, unmatched.after)])


def some_updates(service: Service, taps_of_a_sort: int) -> Iterator[dict[str, Any]]:
    """Yield what people send; of each sort of button, some are tapped in the groups.

    What a person is told of a tap in a group depends on what was tapped, and hardly on its values.
    """
    taps: Counter[tuple[int, str]] = Counter()
    for content in updates(service):
        query = content.get("callback_query")
        if query is not None and (chat := query["message"]["chat"]["id"]) < 0:
            sort = chat, query["data"].partition(SEPARATOR)[0]
            taps[sort] += 1
            if taps[sort] > taps_of_a_sort:
                continue
        yield content


@pytest.mark.parametrize("taps_of_a_sort", [3, pytest.param(100, marks=pytest.mark.long)])
async def test_a_person_is_one_tap_away_wherever_there_are_buttons(
    service: Service, shown: list[tuple[str, list[str]]], taps_of_a_sort: int
) -> None:
    """In groups, three buttons of each sort are tapped; at length, all: one message more comes."""
    numbers = itertools.count(1_000_000)
    for content in some_updates(service, taps_of_a_sort):
        update = Update.de_json(
            content | {"update_id": next(numbers)}, service.parts.application.bot
        )
        if any(handler.check_update(update) not in (None, False) for handler in ALL):
            await plays(service, update)
    exempt = of_forms() | CONFIRMATIONS | TO_PEOPLE
    without = {
        text: kinds
        for text, kinds in shown
        if AskHuman.PREFIX not in kinds and not exempt & set(kinds)
    }
    twice = {text for text, kinds in shown if kinds.count(AskHuman.PREFIX) > 1}
    assert len({text for text, _ in shown}) > 40
    assert without == {}
    assert twice == set()


def test_the_button_is_added_once_as_the_last_row() -> None:
    person, other = person_button(), button("Autre chose", HandOver())
    assert with_person() == column([person])
    assert with_person(column([other])) == column([other, person])
    assert with_person(column([person, other])) == column([person, other])
