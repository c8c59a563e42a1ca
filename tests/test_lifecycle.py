"""The table of moves is whole: each status is reached, each open one can be left."""

import pytest

from storage.records.lifecycle import MOVES, OPEN, EventKind, Party, Status, moves_from


def test_each_status_is_reached_by_a_move() -> None:
    assert {move.target for move in MOVES.values()} - {None} == set(Status)


@pytest.mark.parametrize("status", sorted(OPEN))
def test_the_team_can_end_what_is_open_and_the_firm_withdraw_it(status: Status) -> None:
    ends = {move.target for move in moves_from(status, Party.ADMINISTRATOR)}
    assert ends & {Status.CLOSED, Status.REFUSED}
    withdraws = [move.kind for move in moves_from(status, Party.FIRM)]
    assert withdraws == [EventKind.WITHDRAW]


def test_nothing_leads_from_a_status_to_itself_but_a_change_of_hands() -> None:
    for move in MOVES.values():
        assert move.target not in move.sources
        assert (move.target is None) == (move.kind is EventKind.HAND_OVER)
