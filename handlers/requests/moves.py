"""The one place where a request moves: the move, what is due next, and who is told.

Whoever moves a request (a tap in the group, the firm, the clock, a web page) does it here.
"""

from handlers.core.keyboards import Keyboard
from handlers.core.posting import Posting
from handlers.core.turn import Turn
from handlers.requests import due, notification, team_mail, telling
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
    turn.count("request", kind_of(interest))
    await begun(turn.posting, interest)


async def begun(posting: Posting, interest: Interest) -> None:
    """Begin the life of a request, whichever way it came."""
    await due.follow(posting, interest, EventKind.DECLARE)
    await notification.post(posting, interest)
    team_mail.declared(posting, interest)


def kind_of(interest: Interest) -> str:
    """Return the name under which a request is counted."""
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
        await due.follow(posting, moved.interest, kind)
        if MOVES[kind].tells_firm:
            await _tell_firm(posting, moved.interest, kind, particulars)
        await notification.refresh(posting, moved.interest)
    return moved


async def touched(posting: Posting, interest: Interest, *, heard: bool = False) -> None:
    """Note that the team did something that is no move; ``heard`` if it wrote to the firm."""
    await due.touched(posting, interest, heard=heard)


async def withdraw(posting: Posting, interest_id: int, person_id: int) -> Moved:
    """Withdraw a firm's own request, and tell the administrators; `NotFoundError` if not theirs."""
    moved = await posting.work.interests.withdraw(interest_id, person_id)
    if moved.won:
        await due.follow(posting, moved.interest, EventKind.WITHDRAW)
        await notification.post_withdrawal(posting, moved.interest)
    return moved


async def _tell_firm(
    posting: Posting, interest: Interest, kind: EventKind, particulars: Particulars
) -> None:
    if interest.person_id is None:
        return

    def said() -> tuple[str, Keyboard | None]:
        return telling.words(posting.services, interest, kind, particulars)

    # ``about`` tells ``undelivered`` which request the message was for, if it cannot be sent.
    await posting.tell(interest.person_id, said, about=interest.about_note)
