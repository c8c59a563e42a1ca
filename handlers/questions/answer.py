"""Showing an answer: text, source, date, projects, action, related questions, vote."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import (
    ListThemes,
    ShowEntry,
    ShowProject,
    person_button,
    with_person,
)
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Button, Keyboard, button, column, rows
from handlers.core.routing import Handler, tap
from handlers.core.sharing import share_button
from handlers.core.turn import BotContext, Turn
from handlers.handoff import person as handoff
from handlers.messages import Catalogue, language
from handlers.questions.action_buttons import action_button
from knowledge.matcher.matcher import Outcome
from knowledge.model import Entry, Project
from knowledge.start_links import LinkKind

TEXT = Catalogue.of("questions")
# Under an answer, besides its vote: a phone shows these with the beginning of the text.
MOST_BUTTONS = 4
_MOST_CARDS = 2
# Further titles that the whole answer names; each is shown to whoever types it.
_MOST_NAMED = 5


@dataclass(frozen=True)
class Vote(CallbackData, prefix="v"):
    """Vote whether an answer helped; ``question_id`` is the row that stores the vote.

    ``whole``: the answer was shown with its rest.
    """

    question_id: int
    entry_id: ItemId
    helpful: bool
    whole: bool = False


@dataclass(frozen=True)
class ReadOn(CallbackData, prefix="w"):
    """The whole of an answer, in place of its first words.

    ``question_id`` is the row that stores its vote; 0 where the vote is no longer asked.
    """

    question_id: int
    entry_id: ItemId


@dataclass(frozen=True)
class _View:
    """How an answer is shown; ``vote`` is "ask", "yes", "no", or empty to say nothing of it."""

    vote: str
    question_id: int = 0
    whole: bool = False
    projects: tuple[Project, ...] = ()


async def remember(turn: Turn, text: str, outcome: Outcome, shown: tuple[str, ...]) -> int:
    """Store the masked question and return the id of its row.

    Without words, it is an answer that was opened and not asked for: its row takes the vote alone.
    """
    person = await turn.person()
    turn.count("question", outcome.value if text else "opened")
    typed = turn.update.message or turn.update.edited_message
    return await turn.work.questions.record(
        turn.update.update_id,
        person.id,
        text,
        outcome.value,
        shown,
        turn.services.question_limits,
        message_id=typed.message_id if typed else None,
    )


def show(
    turn: Turn,
    entry: Entry,
    question_id: int,
    projects: Iterable[Project] = (),
    *,
    in_place: bool = False,
) -> None:
    """Show the answer of an entry; ``in_place`` replaces the tapped choices."""
    view = _View("ask", question_id, projects=tuple(projects))
    turn.is_about(entry.id)
    (turn.rewrite if in_place else turn.say)(*_screen(turn, entry, view))


def _screen(turn: Turn, entry: Entry, view: _View) -> tuple[str, Keyboard]:
    """Return the text of an answer and its buttons: the vote, then at most four rows of ways on."""
    ways = _Ways.of(turn, entry, view)
    votes = _votes(entry, view) if view.vote == "ask" else ()
    return _text(turn, entry, view, ways), rows(votes, *ways.rows())


def _text(turn: Turn, entry: Entry, view: _View, ways: "_Ways") -> str:
    expired = entry.valid_until is not None and entry.valid_until < turn.services.today()
    named = ways.named if view.whole else ()
    return _rendered(
        entry, _Told(language(), len(ways.cards), expired, view.vote, view.whole, named)
    )


class _Told(NamedTuple):
    """What the text of an answer says besides the entry, and the language it is in."""

    spoken: str
    projects: int
    expired: bool
    vote: str
    whole: bool
    named: tuple[str, ...]


# Cached: a few answers make up most of the traffic.
@functools.lru_cache(maxsize=256)
def _rendered(entry: Entry, told: _Told) -> str:
    said = entry.said_in(told.spoken)
    rest = said.rest if told.whole else ""
    return TEXT("answer", entry=entry, said=said, rest=rest, **told._asdict())


def _votes(entry: Entry, view: _View) -> Iterator[Button]:
    for name, helpful in (("vote_yes", True), ("vote_no", False)):
        yield button(TEXT.label(name), Vote(view.question_id, entry.id, helpful, view.whole))


@dataclass(frozen=True)
class _Ways:
    """The ways on from an answer, as many as fit; ``named`` are the titles that did not."""

    action: tuple[Button, ...]
    cards: tuple[Button, ...]
    more: tuple[Button, ...]
    related: tuple[Button, ...]
    last: tuple[Button, ...]
    named: tuple[str, ...]

    @classmethod
    def of(cls, turn: Turn, entry: Entry, view: _View) -> "_Ways":
        """Choose among the ways on: projects that the question names come before related titles."""
        act = action_button(entry.action)
        action = (act,) if act else ()
        share = share_button(
            turn.services, LinkKind.ANSWER, entry.id, entry.said_in(language()).title
        )
        # Both in the last row, where they take no more room than one.
        last = (share,) if act == person_button() else (share, person_button())
        room = MOST_BUTTONS - len(action) - 1
        related = tuple(_related(turn, entry))
        more = _more(entry, view, is_needed=len(related) > room)
        cards = tuple(button(each.title, ShowProject(each.id)) for each in view.projects)
        cards = cards[: min(_MOST_CARDS, room - len(more))]
        room -= len(cards) + len(more)
        # Where there is more to read, one title is enough: the fewer, the sooner one is chosen.
        kept = 0 if cards else min(room, 1) if more else room
        named = tuple(each["text"] for each in related[kept:][:_MOST_NAMED])
        return cls(action, cards, more, related[:kept], last, named)

    def rows(self) -> tuple[tuple[Button, ...], ...]:
        """Return them in their order: what acts first, sharing and a person last."""
        ways = (*self.action, *self.cards, *self.more, *self.related)
        return (*((each,) for each in ways), self.last)


def _more(entry: Entry, view: _View, *, is_needed: bool) -> tuple[Button, ...]:
    if view.whole or not (entry.rest or is_needed):
        return ()
    return (button(TEXT.label("read_on"), ReadOn(view.question_id, entry.id)),)


def _related(turn: Turn, entry: Entry) -> Iterator[Button]:
    for other in filter(None, map(turn.services.knowledge.entry, entry.see_also)):
        yield button(other.said_in(language()).title, ShowEntry(other.id))


@requires(Authority.PERSON)
async def read_on(update: Update, context: BotContext) -> None:
    """Show the whole of an answer where its first words stood."""
    turn, tapped = context.turn, ReadOn.of(update)
    entry = turn.services.knowledge.entry(tapped.entry_id)
    if entry is None:
        turn.say(TEXT("answer_gone"), without_answer(turn, tapped.question_id))
        return
    turn.is_about(entry.id)
    view = _View("ask" if tapped.question_id else "", tapped.question_id, whole=True)
    turn.rewrite(*_screen(turn, entry, view))


@requires(Authority.PERSON)
async def vote(update: Update, context: BotContext) -> None:
    """Store the vote; after a no, offer to talk to a person."""
    turn, choice = context.turn, Vote.of(update)
    person = await turn.person()
    counted = await turn.work.questions.voted(choice.question_id, person.id, helpful=choice.helpful)
    turn.toast(TEXT.label("vote_thanks" if counted else "vote_gone"))
    entry = turn.services.knowledge.entry(choice.entry_id)
    if entry is None or not counted:
        return
    turn.is_about(entry.id)
    if not turn.is_typed_tap:
        # Of a vote that was typed, the words and the thanks stand below the answer.
        view = _View("yes" if choice.helpful else "no", whole=choice.whole)
        turn.rewrite(*_screen(turn, entry, view))
    if not choice.helpful:
        turn.say(TEXT("unhelpful"), without_answer(turn, choice.question_id))


def without_answer(turn: Turn, question_id: int, nearest: Sequence[Button] = ()) -> Keyboard:
    """Return what helps where no answer does: what comes near, or the themes; then people."""
    themes = [] if nearest else [button(TEXT.label("action_themes"), ListThemes())]
    return with_person(column([*nearest, *handoff.offer(turn, question_id), *themes]))


HANDLERS: tuple[Handler, ...] = (tap(Vote, vote), tap(ReadOn, read_on))
