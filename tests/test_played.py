"""Dialogues written by people who did not see the code: each must lead somewhere."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from dialogue import staged
from played import UnseenError, play, read

from knowledge.knowledge import Knowledge

# These do not lead anywhere yet: choices where a plain "I do not know" is right (what it costs, at
# what hours), or an impatient yes too many. Whoever mends one takes it off.
STILL_OPEN = {"a8", "a10", "a11", "a12", "a15", "b9"}
FILES = ("dialogues_a.yaml", "dialogues_b.yaml", "dialogues_c.yaml")


@pytest.mark.parametrize("name", FILES)
async def test_dialogues_lead_somewhere(
    name: str, understood: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    shutil.copy(blank_file, tmp_path / "bot.db")
    faults: dict[str, str] = {}
    async with staged(
        understood,
        tmp_path / "bot.db",
        contact_email="equipe@example.org",
        contact_phone="04 00 00 00 00",
        operator_name="Essai",
    ) as stage:
        for number, dialogue in enumerate(read(name)):
            try:
                await play(stage, dialogue, number)
            except UnseenError as unseen:
                faults[dialogue["name"]] = str(unseen)
        assert await stage.inbox_count("aside") == 0, "a handler failed"
    known = STILL_OPEN & {dialogue["name"] for dialogue in read(name)}
    assert set(faults) == known, "\n\n".join(f"{one}: {why}" for one, why in faults.items())


@pytest.mark.parametrize("name", FILES)
def test_a_dialogue_has_a_name_of_its_own(name: str) -> None:
    dialogues: list[dict[str, Any]] = read(name)
    assert len({each["name"] for each in dialogues}) == len(dialogues)
