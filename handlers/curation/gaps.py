"""Gaps: groups of similar questions that got no good answer."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from telegram import Update

from handlers.core.services import Services
from handlers.core.turn import Turn
from handlers.messages import Catalogue
from knowledge.curation.clusters import COMPARED_LENGTH, Likeness
from knowledge.curation.yaml_edit import LONGEST_PHRASING
from storage.database import Database
from storage.masking.masking import has_marks
from storage.records.change_requests import OPEN, ChangeState
from storage.records.questions import Unanswered

TEXT = Catalogue.of("unanswered")
# The newest questions only; older ones appear when these are treated.
MOST_READ = 2000
# The time to compare new questions before a list is shown. Comparing two thousand short ones, all
# new, takes three seconds; a question that is left is a subject of its own until the next look.
_SECONDS = 2.0
# Characters read of each question: a longer one can be no phrasing, and no screen shows as much.
READ_LENGTH = LONGEST_PHRASING + 1
# A few examples are enough for a reader in Telegram.
_WORDINGS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class GapWording:
    """A wording that can become a phrasing; ``id`` is a question asked with this wording."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Masked questions with the same meaning; the most frequent wording comes first."""

    questions: tuple[Unanswered, ...]

    @property
    def id(self) -> int:
        """The id for buttons: that of one question, from which the gap is found again."""
        return self.questions[0].id

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of all its questions."""
        return tuple(question.id for question in self.questions)

    @property
    def wording(self) -> str:
        """The most frequent wording, on one line."""
        return _line(self.questions[0].text)

    @property
    def wordings(self) -> tuple[str, ...]:
        """Some different wordings."""
        ways = dict.fromkeys(_line(question.text) for question in self.questions)
        return tuple(ways)[:_WORDINGS_SHOWN]

    @property
    def phrasings(self) -> tuple[GapWording, ...]:
        """The wordings that are short enough and have nothing masked, the most frequent first."""
        fit: dict[str, int] = {}
        for question in self.questions:
            line = _line(question.text)
            if not has_marks(line) and len(line) <= LONGEST_PHRASING:
                fit.setdefault(line, question.id)
        return tuple(GapWording(number, line) for line, number in fit.items())

    def phrasing(self, question_id: int) -> GapWording | None:
        """Return the wording of this question, or else the first one that can be a phrasing."""
        own = {_line(question.text) for question in self.questions if question.id == question_id}
        ways = self.phrasings
        return next((way for way in ways if way.text in own), ways[0] if ways else None)

    @property
    def people(self) -> tuple[int, ...]:
        """The ids of the people who asked and were not erased, the latest first."""
        newest = sorted(self.questions, key=lambda question: -question.id)
        return tuple(dict.fromkeys(q.person_id for q in newest if q.person_id is not None))

    def quoted(self, lines: Collection[str]) -> frozenset[int]:
        """Return the ids of the questions whose words are among these lines."""
        return frozenset(q.id for q in self.questions if _line(q.text) in lines)

    @property
    def unhelpful(self) -> int:
        """How many of the questions got an answer that did not help."""
        return sum(question.helpful is False for question in self.questions)

    @property
    def shown(self) -> tuple[str, ...]:
        """The entries that people were shown."""
        return tuple(dict.fromkeys(chain.from_iterable(q.shown for q in self.questions)))

    @property
    def first_at(self) -> datetime:
        """When one of the questions was first asked."""
        return min(question.asked_at for question in self.questions)

    @property
    def last_at(self) -> datetime:
        """When one of the questions was last asked."""
        return max(question.asked_at for question in self.questions)


async def compare_ahead(
    database: Database, services: Services, _update: Update | None = None
) -> None:
    """Compare the questions asked since the last look, while no transaction is open."""
    async with database.begin() as work:
        texts = await work.questions.unanswered_texts(MOST_READ, COMPARED_LENGTH)
    await asyncio.to_thread(services.likeness.compare, texts, _SECONDS)


async def gaps(turn: Turn) -> tuple[Gap, ...]:
    """Return all gaps, the most frequent first, as far as the questions were compared."""
    await _follow_publications(turn)
    questions = await turn.work.questions.unanswered(MOST_READ, length=READ_LENGTH)
    return grouped(turn.services.likeness, questions)


def grouped(likeness: Likeness, questions: Sequence[Unanswered]) -> tuple[Gap, ...]:
    """Group questions with the same meaning."""
    groups = likeness.groups([question.id for question in questions])
    return tuple(Gap(tuple(questions[place] for place in group)) for group in groups)


def uncompared(likeness: Likeness, listed: Iterable[Gap]) -> int:
    """Return how many of the questions of these gaps were not compared yet."""
    return likeness.uncompared([number for gap in listed for number in gap.ids])


def quoted_first(listed: Iterable[Gap]) -> frozenset[int]:
    """Return the ids of the questions that a text with the first wording of these gaps quotes."""
    return frozenset(chain.from_iterable(gap.quoted([gap.wording]) for gap in listed))


def gap_of(question_id: int, candidates: Iterable[Gap]) -> Gap | None:
    """Return the gap that contains a question; None if the question was treated."""
    return next((gap for gap in candidates if question_id in gap.ids), None)


async def find(turn: Turn, question_id: int) -> Gap | None:
    """Return the gap of a button; say so if somebody has treated it."""
    gap = gap_of(question_id, await gaps(turn))
    if gap is None:
        # Do not edit the message: after a double tap, it shows the result of the first tap.
        turn.toast(TEXT.label("treated_already"), alert=True)
    return gap


async def wording_of(database: Database, services: Services, question_id: int) -> GapWording | None:
    """Return the wording that a button with this question would show, in its own transaction."""
    async with database.begin() as work:
        questions = await work.questions.unanswered(MOST_READ, length=READ_LENGTH)
    gap = gap_of(question_id, grouped(services.likeness, questions))
    return gap.phrasing(question_id) if gap else None


async def _follow_publications(turn: Turn) -> None:
    """Settle the questions whose change was published; release those whose change was not."""
    questions = turn.work.questions
    for publication_id in await questions.change_request_ids():
        publication = await turn.work.change_requests.get(publication_id)
        if publication and publication.state is ChangeState.PUBLISHED:
            await questions.settle(publication_id)
        elif publication is None or publication.state not in OPEN:
            await questions.release(publication_id)


def _line(text: str) -> str:
    return " ".join(text.split())
