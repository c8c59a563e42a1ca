"""Dialogues written by people who did not see the code: each must lead somewhere."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from dialogue import staged
from played import UnseenError, play, read

from knowledge.knowledge import Knowledge

FILES = ("dialogues_a.yaml", "dialogues_b.yaml", "dialogues_c.yaml")


@pytest.mark.parametrize("name", FILES)
async def test_dialogues_lead_somewhere(
    name: str, understood: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    shutil.copy(blank_file, tmp_path / "bot.db")
    faults = []
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
                faults.append(f"{dialogue['name']}: {unseen}")
        assert await stage.inbox_count("aside") == 0, "a handler failed"
    assert not faults, f"{len(faults)} lead nowhere:\n\n" + "\n\n".join(faults)


@pytest.mark.parametrize("name", FILES)
def test_a_dialogue_has_a_name_of_its_own(name: str) -> None:
    dialogues: list[dict[str, Any]] = read(name)
    assert len({each["name"] for each in dialogues}) == len(dialogues)
