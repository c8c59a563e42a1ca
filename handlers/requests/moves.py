"""The one place where a request moves: the move, what is due next, and who is told.

Whoever moves a request (a tap in the group, the firm, the clock, a web page) does it here.
"""

from handlers.core.buttons import ShowRequest, with_person
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.posting import Posting
from handlers.core.turn import Turn
from handlers.requests import notification, team_mail
from handlers.requests.notification import TEXT
from storage.records.interests import (
    Actor,
    EventKind,
    Interest,
    Moved,
    Particulars,
    Role,
)
from storage.records.lifecycle import MOVES, NO_PARTICULARS


async def declared(turn: Turn, interest: Interest) -> None:
    """Begin the life of a request that was just registered: the administrators are told."""
    turn.count("request", _kind(interest))
    await notification.post(turn.posting, interest)
    team_mail.declared(turn.posting, interest)


def _kind(interest: Interest) -> str:
    if interest.project_id:
        return "interest"
    return "callback" if interest.role is Role.CALL_BACK else "proposal"


async def make(
    posting: Posting,
    interest_id: int,
    kind: EventKind,
    actor: Actor,
    particulars: Particulars = NO_PARTICULARS,
) -> Moved:
    """Make a move if it is legal now, and all that follows from it; `NotFoundError` as storage.

    Where another was first, nothing happens, and ``won`` is False.
    """
    moved = await posting.work.interests.move(interest_id, kind, actor, particulars)
    if moved.won:
        if MOVES[kind].tells_firm:
            await _tell_firm(posting, moved.interest, kind)
        await notification.refresh(posting, moved.interest)
    return moved


async def withdraw(posting: Posting, interest_id: int, person_id: int) -> Moved:
    """Withdraw a firm's own request, and tell the administrators; `NotFoundError` if not theirs."""
    moved = await posting.work.interests.withdraw(interest_id, person_id)
    if moved.won:
        await notification.post_withdrawal(posting, moved.interest)
    return moved


async def _tell_firm(posting: Posting, interest: Interest, kind: EventKind) -> None:
    if interest.person_id is None:
        return

    def said() -> tuple[str, Keyboard | None]:
        keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
        return TEXT(f"told_{kind}", interest=interest), with_person(keyboard)

    # ``about`` tells ``undelivered`` which request the message was for, if it cannot be sent.
    await posting.tell(interest.person_id, said, about=interest.about_note)
