"""The history of a request, all of it, in words: what was done, by whom of the team, and when."""

from dataclasses import dataclass
from datetime import datetime

from telegram import Update

from handlers.administration.drawing import put, standing
from handlers.administration.meeting import for_administrators
from handlers.core.keyboards import rows
from handlers.core.paging import ListPage
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext
from handlers.messages import FRENCH, named, speaking
from handlers.requests import changes
from handlers.requests.notification import TEXT
from handlers.requests.request_buttons import ShowHistory, back
from storage.records.interests import Event, EventKind, Interest

# A note may be long: the history shows its beginning, so that a page fits a message.
_PAGE, _LONGEST_NOTE = 10, 250
_ENDS = frozenset({EventKind.CLOSE, EventKind.REFUSE, EventKind.REOPEN})


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a history in words, as plain text."""

    at: datetime
    words: str


@for_administrators
async def show_history(update: Update, context: BotContext) -> None:
    """Show a page of the history in place of the request; the last page first."""
    turn, choice = context.turn, ShowHistory.of(update)
    interest = await standing(turn, choice.interest_id)
    if interest is None:
        return
    events = await turn.work.interests.events(interest.id)
    ends = [event for event in events if event.kind in _ENDS]
    told = tuple(
        # The request says of its last end what an event of an earlier version does not hold.
        Told(event.at, words_of(event, interest if event in ends[-1:] else None))
        for event in events
    )
    index = choice.page if choice.page >= 0 else len(told)
    page = ListPage.of(told, index, _PAGE)
    steps = page.steps(lambda number: ShowHistory(interest.id, number))
    text = TEXT("history", interest=interest, page=page)
    await put(turn, interest, text, rows(steps, [back(interest)]))


def words_of(event: Event, ended: Interest | None = None, longest_note: int = _LONGEST_NOTE) -> str:
    """Return what an event was, in French, as the team reads it; without the contact.

    ``ended``: the request, where this event is how it ended last: it serves where the event
    itself does not hold how.
    """
    note = event.note
    if note and len(note) > longest_note:
        note = f"{note[:longest_note].rstrip()}…"
    said = event.changes[-1].after if event.kind is EventKind.FEEDBACK and event.changes else ""
    with speaking(FRENCH):
        return TEXT.label(
            f"event_{event.kind}",
            who=event.actor.name or TEXT.label("event_somebody"),
            side=event.actor.side,
            note=note,
            said=said and named(said, "helped"),
            ended=event if event.outcome or event.reason else ended,
            lines=changes.lines(event.changes, is_open=False),
        )


HANDLERS: tuple[Handler, ...] = (tap(ShowHistory, show_history),)
