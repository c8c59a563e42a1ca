"""What is due follows from the table of moves: what is open always waits for something."""

from handlers.core.office import Office
from handlers.requests import due
from storage.records.deadlines import DeadlineKind
from storage.records.lifecycle import MOVES, OPEN, Status


def test_each_open_status_has_something_due_and_no_other_has() -> None:
    assert set(due.WAITS) == set(Status)
    for status, waits in due.WAITS.items():
        assert bool(waits) == (status in OPEN)


def test_something_is_due_again_until_the_request_moves() -> None:
    """Whatever was done last, another deadline follows, or the request goes to another status."""
    for status in OPEN:
        for kind in _all_of(status):
            others = {due.NEXT.get(kind)} | set(due.WAITS[status])
            assert others - {kind, None} or kind in due.NEXT or kind is DeadlineKind.FORGOTTEN
    assert set(map(due.status_of, DeadlineKind)) == OPEN


def test_the_later_reminder_is_later() -> None:
    office = Office()
    days = {kind: due.days_of(office, kind) for kind in DeadlineKind}
    assert days[DeadlineKind.UNTAKEN] < days[DeadlineKind.UNTAKEN_LONG]
    assert days[DeadlineKind.FOLLOW_UP] < days[DeadlineKind.UNCLOSED]


def test_each_move_leads_to_a_status_of_which_is_known_what_is_due() -> None:
    for move in MOVES.values():
        assert move.target is None or move.target in due.WAITS


def _all_of(status: Status) -> set[DeadlineKind]:
    return {kind for kind in DeadlineKind if due.status_of(kind) is status}
