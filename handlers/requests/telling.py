"""What the firm is told when its request moves: in plain words, without a name of the team."""

from dataclasses import replace

from handlers.core.buttons import ListProjects, Propose, ShowRequest, with_person
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.services import Services
from handlers.messages import Catalogue
from handlers.requests import standing
from storage.records.interests import Ending, EventKind, Interest
from storage.records.lifecycle import NO_PARTICULARS, Particulars

TEXT = Catalogue.of("administration")


def words(
    services: Services,
    interest: Interest,
    kind: EventKind,
    particulars: Particulars = NO_PARTICULARS,
) -> tuple[str, Keyboard]:
    """Return the message on a move, as Telegram HTML, and what the firm can do next.

    It may be asked before the move is made, to show what will be read. The note of the particulars
    is shown only where it is the reason typed for the firm.
    """
    interest = replace(
        interest,
        outcome=particulars.outcome or interest.outcome,
        reason=particulars.reason or interest.reason,
    )
    why = standing.why(interest, particulars.note) if kind is EventKind.REFUSE else ""
    # Told where the contact is made, which is now, or would be.
    asked = services.office.due_day(services.clock(), services.office.follow_up_days)
    by = services.office.due_day(services.clock(), services.office.untouched_days)
    text = TEXT(
        f"told_{kind}", interest=interest, why=why, asked=asked, by=by, particulars=particulars
    )
    return text, _ways_on(interest, kind)


def text(services: Services, interest: Interest, kind: EventKind, particulars: Particulars) -> str:
    """Return what the firm is told of a move, without what it can do next."""
    return words(services, interest, kind, particulars)[0]


def _ways_on(interest: Interest, kind: EventKind) -> Keyboard:
    ways = [button(TEXT.label("see_request"), ShowRequest(interest.id))]
    is_in_vain = kind is EventKind.REFUSE or (
        kind is EventKind.CLOSE and interest.outcome is not Ending.SUCCESS
    )
    if is_in_vain:
        ways += [
            button(TEXT.label("other_projects"), ListProjects()),
            button(TEXT.label("propose"), Propose()),
        ]
    return with_person(column(ways))
