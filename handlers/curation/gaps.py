"""What people asked and got no good answer to, brought together."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from handlers.core.turn import Turn
from handlers.messages import Catalogue
from knowledge.curation.clusters import alike
from knowledge.curation.yaml_edit import LONGEST_PHRASING
from storage.masking.masking import has_marks
from storage.records.change_requests import OPEN, ChangeState
from storage.records.questions import Unanswered

TEXT = Catalogue.of("unanswered")
# Older ones come up once these are treated.
MOST_READ = 2000
# In Telegram a reader wants an idea of how it was said, not all of it.
_WORDINGS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Wording:
    """A wording that can become a phrasing; ``id`` is one of the questions that were asked so."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that say the same, masked; the wording said most comes first."""

    questions: tuple[Unanswered, ...]

    @property
    def id(self) -> int:
        """What buttons name it by: one of its questions, which leads to all."""
        return self.questions[0].id

    @property
    def ids(self) -> tuple[int, ...]:
        """All of its questions."""
        return tuple(question.id for question in self.questions)

    @property
    def wording(self) -> str:
        """How it was said most, on one line."""
        return _line(self.questions[0].text)

    @property
    def wordings(self) -> tuple[str, ...]:
        """How it was said, some ways."""
        ways = dict.fromkeys(_line(question.text) for question in self.questions)
        return tuple(ways)[:_WORDINGS_SHOWN]

    @property
    def phrasings(self) -> tuple[Wording, ...]:
        """The wordings with nothing masked in them, and short enough; the one said most first."""
        fit: dict[str, int] = {}
        for question in self.questions:
            line = _line(question.text)
            if not has_marks(line) and len(line) <= LONGEST_PHRASING:
                fit.setdefault(line, question.id)
        return tuple(Wording(number, line) for line, number in fit.items())

    def phrasing(self, question_id: int) -> Wording | None:
        """Return how this question was asked, or else the first wording that can be a phrasing."""
        asked = {_line(one.text) for one in self.questions if one.id == question_id}
        ways = self.phrasings
        return next((way for way in ways if way.text in asked), ways[0] if ways else None)

    @property
    def people(self) -> tuple[int, ...]:
        """Who asked and is still known, the last to ask first."""
        newest = sorted(self.questions, key=lambda question: -question.id)
        return tuple(dict.fromkeys(q.person_id for q in newest if q.person_id is not None))

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
        """When it was first asked."""
        return min(question.asked_at for question in self.questions)

    @property
    def last_at(self) -> datetime:
        """When it was last asked."""
        return max(question.asked_at for question in self.questions)


async def gaps(turn: Turn) -> tuple[Gap, ...]:
    """Return all gaps, the most frequent first."""
    await _follow_publications(turn)
    questions = await turn.work.questions.unanswered(MOST_READ)
    # In a thread: other chats need not wait for the comparing.
    return await asyncio.to_thread(grouped, questions)


def grouped(questions: Sequence[Unanswered]) -> tuple[Gap, ...]:
    """Group questions that say the same."""
    groups = alike([question.text for question in questions])
    return tuple(Gap(tuple(questions[place] for place in group)) for group in groups)


def gap_of(question_id: int, found: Iterable[Gap]) -> Gap | None:
    """Return the gap that a question is in; None once it is treated."""
    return next((gap for gap in found if question_id in gap.ids), None)


async def find(turn: Turn, question_id: int) -> Gap | None:
    """Return the group that a button was for; say so where somebody has treated it."""
    gap = gap_of(question_id, await gaps(turn))
    if gap is None:
        # The message stays: after a double tap it tells what the first one did.
        turn.toast(TEXT.label("treated_already"), alert=True)
    return gap


async def _follow_publications(turn: Turn) -> None:
    """Settle what was published since, and open again what was given up."""
    questions = turn.work.questions
    for publication_id in await questions.change_request_ids():
        publication = await turn.work.change_requests.get(publication_id)
        if publication and publication.state is ChangeState.PUBLISHED:
            await questions.settle(publication_id)
        elif publication is None or publication.state not in OPEN:
            await questions.release(publication_id)


def _line(text: str) -> str:
    return " ".join(text.split())
