"""Limits that are met within a few messages, for tests that go beyond them."""

from collections.abc import Iterator

import pytest

from handlers.core import caps

# The limits that take tens of messages to meet.
_LOWERED = {
    caps.HANDOVERS.name: 6,
    caps.UNANSWERED_MESSAGES.name: 5,
    caps.MESSAGES_TO_TEAM.name: 12,
    caps.PROPOSALS.name: 3,
    caps.CHANGES.name: 4,
    caps.EDITS.name: 4,
    caps.ENDS.name: 4,
    caps.MOVES.name: 4,
    caps.NOTES.name: 4,
    caps.TEAM_MEMBER.name: 12,
    caps.PAGE_FORMS.name: 4,
}


@pytest.fixture
def low_limits() -> Iterator[None]:
    """Lower the limits until the test ends: whoever counts asks the limit itself how many.

    That each is as high as people are told is tested with the guide of operators (``test_caps``).
    """
    before = [cap.most for cap in caps.ALL]
    for cap in caps.ALL:
        # The limits themselves: some were handed over when their modules were imported.
        object.__setattr__(cap, "most", _LOWERED.get(cap.name, cap.most))
    yield
    for cap, most in zip(caps.ALL, before, strict=True):
        object.__setattr__(cap, "most", most)
