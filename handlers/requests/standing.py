"""Where a request stands, as the firm reads it: in words, since when, what comes next and by when.

The dates are those of the office: the team's durations, in working days. None is promised beyond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from handlers.core.keyboards import shorten
from handlers.core.services import Services
from handlers.core.turn import Turn
from handlers.messages import PARIS, Catalogue
from storage.records.conversation_values import Message
from storage.records.interests import Event, EventKind, Interest, Reason, Status
from storage.records.lifecycle import MOVES

TEXT = Catalogue.of("requests")
# What the firm hears of its request: it may remind the team when nothing came for so long.
_NEWS = frozenset(
    {
        EventKind.DECLARE,
        EventKind.DECLARE_AGAIN,
        EventKind.TAKE,
        EventKind.INTRODUCE,
        EventKind.REOPEN,
        EventKind.TO_FIRM,
    }
)
# The day on which a firm was put in touch does not count, nor the next working day.
_TO_CONTACT = 2
# Of a typed reason, so much is shown.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands: ``state`` and ``next`` are plain text, ``next`` may be empty."""

    request: Interest
    state: str
    since: datetime
    next: str
    last_word: Message | None


def of(
    services: Services,
    request: Interest,
    events: Sequence[Event],
    now: datetime,
    last_word: Message | None = None,
) -> Standing:
    """Return where a request stands, from its whole history and the last message about it."""
    return Standing(
        request,
        state(request, events),
        _since(request, events),
        _next(services, request, events, now),
        last_word,
    )


def state(request: Interest, events: Sequence[Event] = ()) -> str:
    """Return the state in words."""
    name = f"state_{request.status}"
    if request.status is Status.CLOSED and request.outcome is not None:
        name = f"{name}_{request.outcome}"
    return TEXT.label(name, request=request, why=why(request, _typed_reason(request, events)))


def why(request: Interest, typed: str | None = None) -> str:
    """Return why a request was refused, in plain words; a typed reason stands for itself."""
    if request.reason is None:
        return ""
    if request.reason is Reason.OTHER and typed:
        return shorten(typed, _LONGEST)
    return TEXT.label(f"why_{request.reason}", request=request)


def _typed_reason(request: Interest, events: Sequence[Event]) -> str | None:
    """Return the reason that was typed for the firm when it was refused; no other note is shown."""
    if request.status is not Status.REFUSED or request.reason is not Reason.OTHER:
        return None
    refusals = [event for event in events if event.kind is EventKind.REFUSE]
    return refusals[-1].note if refusals else None


def answer_day(turn: Turn) -> date:
    """Return by when a request made now is to have its first answer."""
    office = turn.services.office
    return office.due_day(turn.work.now, office.answer_days)


def relaunch_day(services: Services, request: Interest, events: Sequence[Event]) -> date:
    """Return from which day the firm may remind the team: so long after the last news."""
    day = last_news(request, events).astimezone(PARIS).date()
    return day + timedelta(days=services.office.relaunch_days)


def last_news(request: Interest, events: Sequence[Event]) -> datetime:
    """Return when the firm last heard of its request, or made it."""
    news = [event.at for event in events if event.kind in _NEWS]
    return news[-1] if news else request.created_at


def introduced_to(request: Interest, events: Sequence[Event]) -> str | None:
    """Return whom the firm was last put in touch with: not always the lead of its project."""
    names = [event.note for event in events if event.kind is EventKind.INTRODUCE and event.note]
    return names[-1] if names else request.project_lead


def can_be_asked(request: Interest) -> bool:
    """Tell whether the firm may say whether the contact happened."""
    return request.introduced_at is not None and request.status in {
        Status.INTRODUCED,
        Status.CLOSED,
    }


def silent_from(services: Services, request: Interest) -> date | None:
    """Return from which day a firm may say that nobody has contacted it; None: not put in touch.

    A whole working day has then passed, in which the contact could have taken place.
    """
    office = services.office
    if request.introduced_at is None:
        return None
    return office.due_day(request.introduced_at, min(_TO_CONTACT, office.follow_up_days))


def _since(request: Interest, events: Sequence[Event]) -> datetime:
    moves = [e.at for e in events if e.kind in MOVES and MOVES[e.kind].target is request.status]
    return moves[-1] if moves else request.updated_at


def _next(services: Services, request: Interest, events: Sequence[Event], now: datetime) -> str:
    if request.helped is not None and can_be_asked(request):
        return TEXT.label(f"next_{request.helped}", request=request)
    by = _by(services, request, _since(request, events))
    if by is None:
        return ""
    late = "_late" if now.astimezone(PARIS).date() > by else ""
    return TEXT.label(f"next_{request.status}{late}", request=request, by=by)


def _by(services: Services, request: Interest, since: datetime) -> date | None:
    """Return by when the next step of an open request is due; None for one that has ended."""
    office = services.office
    if request.status is Status.RECEIVED:
        return office.due_day(since, office.answer_days)
    if request.status is Status.TAKEN:
        return office.due_day(max(since, request.touched_at or since), office.untouched_days)
    if request.status is Status.INTRODUCED:
        return office.due_day(since, office.follow_up_days)
    return None
