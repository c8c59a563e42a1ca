"""Forged taps and generated updates against the handlers alone: nobody is ignored, nothing breaks.

Each update is handled in its own transaction on a temporary SQLite file, without a network; before
it, the person is put at any step of any form. The same seed makes the same updates.
"""

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import knowledge.loading
from benchmarks.soak.expectations import is_sound, parsed, speaker
from benchmarks.soak.forged import CHANNEL, PERSON, STRANGER, TOPIC, Forger, Place
from benchmarks.soak.offline_bot import (
    ADMINISTRATORS,
    FACILITATORS,
    LISTED_FACILITATOR,
    NOW,
    Handled,
    OfflineBot,
)
from benchmarks.soak.updates_from_schema import Maker
from handlers.core.turn import Turn
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling
from knowledge.ranking.model_store import ModelStore
from storage.queues.measure import LONGEST_TOAST, Mistakes, exceeded, length
from storage.records.conversation_values import NewConversation, Side
from storage.records.interests import ContactKind, NewInterest, Role
from storage.records.people import Person
from storage.unit_of_work import UnitOfWork

Json: TypeAlias = Any
# Each round begins on a new copy of the database: what piles up would slow the next updates.
_ROUND = 1_500
_INCOMPLETE = (
    """
    SELECT id FROM interests WHERE person_id IS NOT NULL AND (
        trim(contact) = '' OR contact_kind NOT IN ('telegram', 'phone', 'email')
        OR (coalesce(role, '') <> 'callback' AND (
            trim(company) = '' OR trim(contact_name) = ''
            OR (project_id IS NULL AND trim(coalesce(message, '')) = ''))))
    """,
    "SELECT id FROM conversations WHERE trim(text, ' ' || char(10)) = ''",
    "SELECT id FROM conversation_messages WHERE trim(text, ' ' || char(10)) = ''",
)
# What only a group of the team, or a listed facilitator, may change.
_OF_TEAM = {
    "administrators": "SELECT count(*) AS n FROM interest_events WHERE actor_id IS NOT NULL",
    "facilitators": (
        "SELECT (SELECT count(*) FROM publications) + (SELECT count(*) FROM signatures)"
        " + (SELECT count(*) FROM conversations WHERE closed_by IS NOT NULL) * 1000"
        " + (SELECT count(*) FROM questions WHERE treated_by IS NOT NULL) * 1000000"
        " + (SELECT count(*) FROM conversation_messages WHERE side = 'facilitators') * 1000000000"
        " AS n"
    ),
}
_OF_STRANGER = (
    "SELECT i.status, i.company, i.message, i.updated_at FROM interests i"
    " JOIN people p ON p.id = i.person_id WHERE p.telegram_id = ? ORDER BY i.id"
)


class BrokenRuleError(AssertionError):
    """Raised for an update after which something is not as it must be."""


@dataclass
class Tally:
    """How many updates of each kind were handled, and what went wrong: reasons with updates."""

    handled: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return the counts in one line."""
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.handled.items()))
        return f"fuzz: {counts}; {len(self.problems)} broke a rule"


class Fuzz:
    """Handles updates until the time is up; after each, checks the rules."""

    def __init__(self, knowledge: Knowledge, folder: Path, seed: int) -> None:
        self._knowledge = knowledge
        self._folder = folder
        self._seed = seed
        self._blank = folder / "seeded.db"
        self.tally = Tally()

    async def run(self, seconds: float, *, most_problems: int = 5) -> Tally:
        """Run for some seconds, or until so many updates broke a rule."""
        until, number = time.monotonic() + seconds, 0
        await self._seed_database()
        while time.monotonic() < until and len(self.tally.problems) < most_problems:
            await self._round(random.Random(f"{self._seed}/{number}"), until)  # noqa: S311 - no secret
            number += 1
        return self.tally

    async def _seed_database(self) -> None:
        async with OfflineBot.running(self._knowledge, self._blank) as bot:
            for sender in (PERSON, STRANGER):
                async with bot.database.begin() as work:
                    await _records(work, await work.people.seen(sender), self._projects[0])
        for path in self._folder.glob("seeded.db-*"):
            path.unlink()

    @property
    def _projects(self) -> list[str]:
        return [project.id for project in self._knowledge.projects]

    async def _round(self, chosen: random.Random, until: float) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(shutil.copy(self._blank, folder))
            async with OfflineBot.running(self._knowledge, path) as bot:
                entries = [entry.id for entry in self._knowledge.entries]
                forger = Forger(chosen, self._projects, entries)
                made = iter(Maker(chosen.randrange(10**9)).valid(_ROUND))
                known = len(self.tally.problems)
                for _ in range(_ROUND):
                    # What broke a rule may stand in the database: the next round begins anew.
                    if time.monotonic() > until or len(self.tally.problems) > known:
                        return
                    await self._forged(bot, forger)
                    await self._generated(bot, next(made), forger)

    async def _forged(self, bot: OfflineBot, forger: Forger) -> None:
        async with bot.database.begin() as work:
            person = await work.people.seen(PERSON)
            work.drafts.save(forger.draft(person.id))
        before = _state(bot)
        place, sender, update = forger.update()
        kind = next(name for name in update if name != "update_id")
        try:
            handled = await bot.handle(update)
            _check(bot, handled, before, place, sender)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is what is looked for
            self._note(f"forged {kind}", error, update)
        self.tally.handled[f"forged {kind}"] += 1

    async def _generated(self, bot: OfflineBot, made: Json, forger: Forger) -> None:
        update = {"update_id": forger.number + 10_000_000} | made
        if not is_sound(update):
            return
        try:
            handled = await bot.handle(update)
            _check_generated(update, handled)
        except Exception as error:  # noqa: BLE001 - as above
            self._note("generated", error, update)
        self.tally.handled["generated"] += 1

    def _note(self, kind: str, error: Exception, update: Json) -> None:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        line = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        self.tally.problems.append(f"{kind}: {type(error).__name__}: {error} ({line}) of {update}")


async def soak(seed: int, folder: Path, seconds: float) -> Tally:
    """Run on the shipped files, which are matched by letters and sound."""
    directory = Path(knowledge.__file__).parent
    compiling = Compiling(store=ModelStore(None))
    loaded = knowledge.loading.load(directory, fictitious=True, compiling=compiling)
    Mistakes.are_raised = True
    return await Fuzz(loaded, folder, seed).run(seconds)


async def _records(work: UnitOfWork, person: Person, project: str) -> None:
    """Store what the ids of forged buttons may name: requests, questions, conversations."""
    new = NewInterest(
        project_id=project,
        project_title="Projet",
        company="Martin",
        contact_name="Samira",
        contact_kind=ContactKind.EMAIL,
        contact="a@b.fr",
        role=Role.PARTICIPATE,
        message="Bonjour",
        consent_at=NOW,
    )
    await work.interests.register(person.id, new)
    proposal = {"project_id": None, "role": Role.IDEA}
    await work.interests.register(person.id, _replaced(new, proposal))
    for number, text in enumerate(("qui peut venir", "autre chose"), person.id * 10):
        await work.questions.record(number, person.id, text, "none", ())
    opened = [
        (await work.conversations.open(NewConversation(person.id, text, Side.PERSON))).conversation
        for text in ("Une question", "Une autre")
    ]
    await work.conversations.close(opened[1].id, LISTED_FACILITATOR, "X")


def _replaced(new: NewInterest, values: dict[str, Any]) -> NewInterest:
    fields = {name: getattr(new, name) for name in NewInterest.__slots__}
    return NewInterest(**fields | values)


def _state(bot: OfflineBot) -> dict[str, Any]:
    counts = {team: bot.rows(query)[0]["n"] for team, query in _OF_TEAM.items()}
    return counts | {"stranger": bot.rows(_OF_STRANGER, STRANGER)}


def _check(
    bot: OfflineBot, handled: Handled, before: dict[str, Any], place: Place, sender: int
) -> None:
    """Raise BrokenRuleError for a rule that does not hold after an update."""
    problems = [
        *(f"recorded without what is required: {q}" for q in _INCOMPLETE if bot.rows(q)),
        *_unauthorised(before, _state(bot), place, sender),
        *_silences(handled, place),
        *_outgoing(handled, place),
    ]
    if problems:
        raise BrokenRuleError("; ".join(problems))


def _unauthorised(
    before: dict[str, Any], after: dict[str, Any], place: Place, sender: int
) -> Iterator[str]:
    is_listed = place.is_private and sender == LISTED_FACILITATOR
    if place.chat_id != ADMINISTRATORS and after["administrators"] > before["administrators"]:
        yield "an administrator's act by somebody else"
    if not is_listed and place.chat_id != FACILITATORS:
        # Fewer acts are known after an erasure, which is everybody's right.
        if after["facilitators"] > before["facilitators"]:
            yield "a facilitator's act by somebody else"
        is_other = sender != STRANGER and place.chat_id != ADMINISTRATORS
        if is_other and before["stranger"] != after["stranger"]:
            yield "another person's request was changed"


def _silences(handled: Handled, place: Place) -> Iterator[str]:
    turn = handled.turn
    is_answered = bool(handled.owed or turn.toast_text)
    is_edit = turn.update.edited_message is not None
    if place.is_private and not is_edit and not is_answered and not _is_in_album(turn):
        yield "a private update without a word or a toast"


def _is_in_album(turn: Turn) -> bool:
    message = turn.update.message
    return message is not None and message.media_group_id is not None


def _outgoing(handled: Handled, place: Place) -> Iterator[str]:
    for row in handled.owed:
        payload = row["payload"]
        yield from (f"too much: {name}" for name in exceeded(payload))
        if place.chat_id == CHANNEL and row["chat_id"] == CHANNEL:
            yield "a word in a channel"
        is_new = row["method"].startswith("send") and row["chat_id"] == place.chat_id
        shown = handled.turn.update.effective_message
        topic = TOPIC if shown and shown.is_topic_message else None
        if is_new and payload.get("message_thread_id") != topic:
            yield "an answer outside its topic"
    if length(handled.turn.toast_text or "", markup=False) > LONGEST_TOAST:
        yield "too much: toast"


def _check_generated(update: Json, handled: Handled) -> None:
    read = parsed(update)
    problems = [f"too much: {name}" for row in handled.owed for name in exceeded(row["payload"])]
    is_answered = bool(handled.owed or handled.turn.toast_text)
    expects = speaker(update) is not None or (read is not None and read.callback_query is not None)
    if expects and not is_answered and not _is_in_album(handled.turn):
        problems.append("nobody was answered")
    if problems:
        raise BrokenRuleError("; ".join(problems))
