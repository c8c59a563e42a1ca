"""What all tests share: the shipped knowledge, loaded once, and a stage for dialogues."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, staged

import knowledge.loading
from knowledge.whole import Knowledge

SHIPPED = Path(knowledge.__file__).parent


@pytest.fixture(scope="session")
def shipped() -> Knowledge:
    """The shipped knowledge, with the fictitious projects."""
    return knowledge.loading.load(SHIPPED, fictitious=True)


@pytest.fixture
async def stage(shipped: Knowledge, tmp_path: Path) -> AsyncIterator[Stage]:
    """A preview and a bot; fails where a handler failed and the test did not expect it."""
    async with staged(shipped, tmp_path / "bot.db") as stage:
        yield stage
        if stage.service:
            assert await stage.inbox_count("aside") == 0, "a handler failed"


@pytest.fixture
def sme(stage: Stage) -> Speaker:
    """The boss of a small firm, in a private chat."""
    return stage.person()


@pytest.fixture
def other_sme(stage: Stage) -> Speaker:
    """Another one."""
    return stage.person(stage.messenger.second_sme)


@pytest.fixture
def administrator(stage: Stage) -> Speaker:
    """One of the administrators, in their group."""
    return stage.member(stage.messenger.administrators)
