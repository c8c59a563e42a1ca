"""Weeks of an office of whom two forget: nobody waits in silence, nobody drowns in messages."""

from pathlib import Path

import pytest

from benchmarks.office import FIRMS, MOST_MESSAGES_A_DAY, live


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
async def test_no_firm_waits_in_silence_and_no_administrator_drowns(
    tmp_path: Path, seed: int
) -> None:
    figures = await live(tmp_path, seed)
    assert (figures.closed, figures.silent) == (FIRMS, 0)
    assert max(figures.most_a_day) <= MOST_MESSAGES_A_DAY
    # The first administrator works; that the others forgot shows in the time that it took.
    assert figures.longest_wait > 5
