"""Received questions that resemble an answer, which facilitators add to it with one tap."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from handlers.core.services import Services
from handlers.curation.gaps import (
    MOST_READ,
    READ_LENGTH,
    GapWording,
    compare_ahead,
    grouped,
    wording_of,
)
from knowledge.curation.finding import newcomers_of
from knowledge.curation.resembling import resembling
from knowledge.knowledge import Knowledge
from storage.database import Database
from storage.records.change_requests import ChangeRequest

# The subjects asked most: a hundred take half a second of one core.
_MOST_COMPARED = 100
# What a phone shows under a message without scrolling.
MOST_SHOWN = 5
# The key of a change's report: the entry to which a tap adds each question.
_KEY = "received"


@dataclass(frozen=True, slots=True)
class ReceivedQuestion:
    """A question without a good answer, masked, that can become a phrasing of an entry."""

    question_id: int
    text: str
    entry_id: str


async def received_for(
    database: Database, services: Services, knowledge: Knowledge, ids: Collection[str]
) -> tuple[ReceivedQuestion, ...]:
    """Return the questions that resemble one of some entries of a knowledge most.

    Made for the time when no transaction is open: takes seconds where many questions wait.
    """
    await compare_ahead(database, services)
    async with database.begin() as work:
        questions = await work.questions.unanswered(MOST_READ, length=READ_LENGTH)
    wordings = [gap.phrasings[0] for gap in grouped(services.likeness, questions) if gap.phrasings]
    return await asyncio.to_thread(_resembling, knowledge, ids, wordings[:_MOST_COMPARED])


async def newcomer_like(
    database: Database, services: Services, question_id: int
) -> ReceivedQuestion | None:
    """Return the answer with few phrasings that the gap of a question resembles most."""
    knowledge = services.knowledge
    few = newcomers_of(knowledge)
    wording = await wording_of(database, services, question_id) if few else None
    if wording is None:
        return None
    found = await asyncio.to_thread(_resembling, knowledge, few, [wording])
    return next(iter(found), None)


def _resembling(
    knowledge: Knowledge, ids: Collection[str], wordings: Sequence[GapWording]
) -> tuple[ReceivedQuestion, ...]:
    found = resembling(knowledge, ids, [each.text for each in wordings])[:MOST_SHOWN]
    return tuple(
        ReceivedQuestion(wordings[each.place].id, wordings[each.place].text, each.id)
        for each in found
    )


def kept_for(received: Sequence[ReceivedQuestion]) -> dict[str, object]:
    """Return what a change keeps of the questions under its notice, by which a tap finds them."""
    return {_KEY: {str(each.question_id): each.entry_id for each in received}} if received else {}


def received_of(change: ChangeRequest) -> Mapping[int, str]:
    """Return the entry of each question that stood under the notice of a change."""
    kept: Mapping[str, str] = (change.report or {}).get(_KEY, {})
    return {int(number): entry_id for number, entry_id in kept.items()}
