"""Consent: what is kept is the very text that was shown, under its version."""

from dataclasses import replace

import pytest
from dialogue import Speaker, Stage, number_in
from sqlalchemy import select
from test_dialogue_interest import fills, open_project, registers

from knowledge.knowledge import Knowledge
from knowledge.model import Project
from storage.engine.schema import consent_wordings, interests

SEND = "Oui, j'accepte et j'envoie"


async def agreed(stage: Stage) -> list[tuple[str, int, str]]:
    """Return each request's number, the version of its consent, and the text."""
    found = await stage.rows(
        select(interests.c.number, consent_wordings.c.id, consent_wordings.c.text)
        .join_from(
            interests, consent_wordings, interests.c.consent_version == consent_wordings.c.id
        )
        .order_by(interests.c.id)
    )
    return [tuple(row) for row in found]


async def test_the_text_that_was_shown_is_kept_with_the_request(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    shown = " ".join(sme.text.split())
    await sme.taps(SEND)
    ((number, version, text),) = await agreed(stage)
    assert number == number_in(sme.text)
    assert version == 1
    assert text in shown
    assert text.startswith("En confirmant, vous acceptez")


async def test_the_same_text_is_the_same_version(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    for firm in (sme, other_sme):
        await registers(firm, stage)
    assert [version for _, version, _ in await agreed(stage)] == [1, 1]


async def test_a_proposal_and_a_call_back_keep_theirs(sme: Speaker, stage: Stage) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris, commencer")
    await sme.taps("Une idée de projet")
    for typed in ("Une idée de séchoir à noyaux", "Mécanique du Delta", "Samira Costa"):
        await sme.says(typed)
    await sme.taps("Par téléphone")
    await sme.says("06 12 34 56 78")
    await sme.taps(SEND)
    await sme.says("rappelez-moi au 06 12 34 56 78")
    shown = " ".join(sme.text.split())
    await sme.taps("Oui, rappelez-moi")
    (_, first, proposed), (_, second, called) = await agreed(stage)
    assert first != second
    assert called in shown
    assert proposed.endswith("Rien n'est transmis avant.")


async def test_who_reads_english_agrees_to_the_english_text(sme: Speaker, stage: Stage) -> None:
    await fills(sme, stage)
    await sme.says("/langue")
    await sme.taps("English")
    # The recap that was read is the French one, whatever language is spoken since.
    await sme.taps(SEND)
    ((_, _, text),) = await agreed(stage)
    assert text.startswith("En confirmant")
    await sme.says(f"/start p_{open_project(stage, 1)}")
    await sme.taps("I am interested")
    await sme.taps("I understand, start")
    for _ in range(3):
        await sme.taps("Skip")
    await sme.taps("Yes, I agree and send")
    assert (await agreed(stage))[1][2].startswith("By confirming, you agree")


async def test_nothing_is_sent_on_a_consent_that_named_another_lead(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fills(sme, stage)
    genuine = Knowledge.project

    def led_by_another(self: Knowledge, project_id: str) -> Project | None:
        project = genuine(self, project_id)
        return project and replace(project, lead="Forges du Delta")

    monkeypatch.setattr(Knowledge, "project", led_by_another)
    await sme.taps(SEND)
    sme.sees("Rien n'est encore envoyé", "Forges du Delta", "Samira Costa")
    assert await agreed(stage) == []
    await sme.taps(SEND)
    ((_, _, text),) = await agreed(stage)
    assert "Forges du Delta" in text
