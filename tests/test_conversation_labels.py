"""Every label that the bot shows on a button is understood when it is typed.

All handlers are walked, as in ``test_transactions``: each button that a person is shown is typed
right after, and does what a tap does; and each that needs nothing more is typed with nothing in
sight, and leads to the same screen.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from dialogue import inside
from sqlalchemy import func, select
from telegram import Update
from test_transactions import (  # noqa: F401 (a fixture)
    RolledBackError,
    full_service,
    message,
    rolled_back,
    updates,
)

from bot.service import Service
from handlers.conversation import labels
from handlers.core.callback_data import CallbackData
from handlers.forms import form_buttons
from handlers.messages import Catalogue
from handlers.prefetch import match_texts
from handlers.questions.answer import Vote
from handlers.questions.ask import UnmatchedError
from handlers.table import AHEAD, ALL, TAPS
from knowledge.text.normalise import normalise
from storage.engine.schema import outbox

NUMBERS = itertools.count(2_000_000)
# Buttons whose work is done before the transaction: they are tapped.
ONLY_TAPPED = frozenset(AHEAD)
THANKS = {"text": Catalogue.of("questions").label("vote_thanks"), "keyboard": None}


@dataclass(frozen=True)
class Shown:
    """A button that somebody was shown; Telegram's id of that person."""

    label: str
    data: str
    person: int

    @property
    def prefix(self) -> str:
        return self.data.partition(":")[0]


def kinds() -> Iterator[type[CallbackData]]:
    return (
        kind for kind in CallbackData.__subclasses__() if kind.__module__.startswith("handlers.")
    )


def needs_nothing(data: str) -> bool:
    """Tell whether a button has no values, or only those it has by default."""
    kind = next(kind for kind in kinds() if data.partition(":")[0] == kind.PREFIX)
    try:
        return kind().pack() == data
    except TypeError:
        return False


class Walk:
    """Updates handled one after the other in one transaction, which is then rolled back."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def handle(self, *contents: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the last of these updates says: method, text and buttons of each call."""
        said: list[dict[str, Any]] = []
        database = self.service.parts.database
        for _ in range(6):
            try:
                async with database.begin() as work, rolled_back():
                    for content in contents:
                        said = await self._handled(work, content)
            except RolledBackError:
                return said
            except UnmatchedError as unmatched:
                await match_texts(self.service.parts.services, [(unmatched.text, unmatched.after)])
        raise AssertionError("never matched")

    async def _handled(self, work: Any, content: dict[str, Any]) -> list[dict[str, Any]]:
        update = Update.de_json(
            content | {"update_id": next(NUMBERS)}, self.service.parts.application.bot
        )
        await work.changes.write_all()
        last = await highest(work)
        turn = await inside(self.service.parts.inbox_worker, "turn")(work, update)
        await work.changes.write_all()
        said = await calls(work, last)
        if turn.toast_text and not said:
            said = [{"text": turn.toast_text, "chat": turn.chat_id, "keyboard": None}]
        return said


async def highest(work: Any) -> int:
    connection = inside(work.people, "connection")
    return await connection.scalar(select(func.coalesce(func.max(outbox.c.id), 0))) or 0


async def calls(work: Any, after: int) -> list[dict[str, Any]]:
    """Return what people and groups are told, without what an edit of a tapped message takes."""
    connection = inside(work.people, "connection")
    rows = await connection.execute(
        outbox.select().where(outbox.c.id > after).order_by(outbox.c.id)
    )
    return [
        {
            "text": row.payload.get("text") or row.payload.get("caption"),
            "chat": row.chat_id,
            "keyboard": row.payload.get("reply_markup"),
        }
        for row in rows
        if row.method != "editMessageReplyMarkup" or "text" in row.payload
    ]


def buttons_for(said: list[dict[str, Any]], person: int) -> list[Shown]:
    """Return the buttons of the last message with some that the person was shown."""
    keyboards = [call["keyboard"] for call in said if call["chat"] == person and call["keyboard"]]
    rows = keyboards[-1]["inline_keyboard"] if keyboards else []
    return [
        Shown(one["text"], one["callback_data"], person)
        for row in rows
        for one in row
        # A link opens something of Telegram's.
        if "callback_data" in one
    ]


def tapped(shown: Shown) -> dict[str, Any]:
    query = {
        "id": "1",
        "from": message(shown.person, shown.person)["from"],
        "chat_instance": "1",
        "data": shown.data,
        "message": message(shown.person, 1, text="avant"),
    }
    return {"callback_query": query}


def typed(shown: Shown) -> dict[str, Any]:
    text = message(shown.person, shown.person, text=shown.label)
    return {"message": text | {"message_id": 77}}


@pytest.fixture
def walk(service: Service) -> Walk:
    return Walk(service)


async def screens(walk: Walk) -> dict[tuple[str, str], tuple[dict[str, Any], Shown]]:
    """Return each button that a walk shows the person, with the first update that shows it.

    Buttons are told apart by their kind and label; of titles, those of one screen are enough.
    """
    found: dict[tuple[str, str], tuple[dict[str, Any], Shown]] = {}
    for content in updates(walk.service):
        update = Update.de_json(content | {"update_id": 1}, walk.service.parts.application.bot)
        handler = next((h for h in ALL if h.check_update(update) not in (None, False)), None)
        chat, user = update.effective_chat, update.effective_user
        if handler is None or chat is None or user is None or chat.id != user.id:
            continue
        data = update.callback_query.data if update.callback_query else ""
        text = update.message.text if update.message else ""
        if (data or "").partition(":")[0] in ONLY_TAPPED or (text or "").split(" ")[0] in AHEAD:
            continue
        for shown in buttons_for(await walk.handle(content), user.id):
            found.setdefault((shown.prefix, shown.label), (content, shown))
    return found


def comparable(said: list[dict[str, Any]]) -> str:
    """Return what was said, without the numbers of rows, which differ between two turns."""
    return json.dumps(said, sort_keys=True, ensure_ascii=False)


async def test_each_label_is_understood_when_typed(walk: Walk) -> None:
    """Right after it was shown; and with nothing in sight, where it needs nothing."""
    shown = await screens(walk)
    prefixes = {prefix for prefix, _ in shown}
    assert len(prefixes) > 25
    # Those of forms among them, in each step.
    assert {"fb", "fp", "fs", "fk", "fe", "fm", "fv", "fx", "fr"} <= prefixes
    assert await understood_otherwise(walk, shown) == {}
    out_of_sight = {key: option for key, (_, option) in shown.items() if stands_alone(option)}
    assert out_of_sight
    different = {}
    for key, option in out_of_sight.items():
        by_tap = await walk.handle(tapped(option))
        by_text = await walk.handle(typed(option))
        if comparable(by_tap) != comparable(by_text):
            different[key] = (by_tap, by_text)
    assert different == {}


async def understood_otherwise(
    walk: Walk, shown: dict[tuple[str, str], tuple[dict[str, Any], Shown]]
) -> dict[tuple[str, str], Any]:
    """Return the buttons that say something else when they are typed right after they are shown."""
    different = {}
    for (prefix, label), (content, option) in shown.items():
        if prefix not in TAPS:
            continue
        by_tap = await walk.handle(content, tapped(option))
        by_text = await walk.handle(content, typed(option))
        if prefix == Vote.PREFIX:
            # The tap also marks the answer that is above; what was typed is thanked for below it.
            by_tap = by_tap[1:] or [THANKS | {"chat": option.person}]
        if comparable(by_tap) != comparable(by_text):
            different[prefix, label] = (by_tap, by_text)
    return different


def stands_alone(option: Shown) -> bool:
    """Tell whether a button means as much where nothing was shown before it."""
    is_of_form = any(
        option.prefix == kind.PREFIX for kind in kinds() if kind.__module__ == form_buttons.__name__
    )
    return option.prefix in TAPS and not is_of_form and needs_nothing(option.data)


def test_each_kind_of_button_can_be_typed() -> None:
    missing = {kind.PREFIX for kind in kinds()} - set(TAPS) - ONLY_TAPPED
    # The form to be called back has its handler in another feature.
    assert missing <= {"cb"}


def test_no_label_means_two_things() -> None:
    targets, guidance = inside(labels, "targets")(), inside(labels, "guidance")()
    assert not targets.keys() & guidance.keys()
    assert all(label == normalise(label) for label in [*targets, *guidance])
