"""How long things are kept: what people read is what the settings say, and what is done."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from dialogue import Speaker, Stage
from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    database_url,
    migrated_database,
    new_interest,
    person,
    rows,
    stopped_clock,
)
from test_dialogue_interest import open_project

import bot.messages
import handlers.messages
from bot.cli import main
from bot.settings import Settings, SettingsError
from handlers.core.kept import Kept, lasting
from handlers.messages import speaking
from storage.database import Database
from storage.engine.schema import retention_register
from storage.privacy.register import SweptCount
from storage.privacy.retention import Durations, months

OTHERS = Durations(
    draft=timedelta(hours=5),
    question=timedelta(days=17),
    conversation=timedelta(days=23),
    interest=months(7),
    inbox_done=timedelta(hours=31),
)


def test_the_settings_are_the_durations_and_these_are_as_they_were() -> None:
    assert Settings.read(_env_file=None).durations == Durations()
    given = Settings.read(_env_file=None, retention_requests_months=24, retention_drafts_hours=3)
    assert given.durations.interest == timedelta(days=730)
    assert given.durations.draft == timedelta(hours=3)


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "1000000"])
@pytest.mark.parametrize(
    "name", [one for one in Settings.model_fields if one.startswith("retention_")]
)
def test_an_impossible_duration_is_refused_in_words(name: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match="donnez un nombre"):
        Settings.read(_env_file=None, **{name: wrong})


@pytest.mark.parametrize(
    ("duration", "french", "english"),
    [
        (timedelta(hours=1), "1 heure", "1 hour"),
        (timedelta(hours=48), "48 heures", "48 hours"),
        (timedelta(days=3), "3 jours", "3 days"),
        (timedelta(days=90), "90 jours", "90 days"),
        (timedelta(days=365), "12 mois", "12 months"),
        (months(7), "7 mois", "7 months"),
        (timedelta(days=400), "400 jours", "400 days"),
    ],
)
def test_durations_are_told_in_words(duration: timedelta, french: str, english: str) -> None:
    assert lasting(duration) == french
    with speaking("en"):
        assert lasting(duration) == english


def test_no_message_states_a_duration_by_itself() -> None:
    """What stands in words would stay when the setting changes."""
    folder = Path(handlers.messages.__file__).parent
    stated = re.compile(
        r"\b(?:12 mois|48 heures|90 jours|12 months|48 hours|90 days)\b"
        r"|\b(?:près|plus|moins|bout) d'un an\b|\b(?:nearly|over|more than|after) a year\b"
    )
    files = [*folder.rglob("*.yaml"), Path(bot.messages.__file__).with_suffix(".yaml")]
    found = {path.name for path in files if stated.search(path.read_text("utf-8"))}
    assert found == set()


async def test_people_read_what_the_settings_say(sme: Speaker, stage: Stage) -> None:
    stage.running.parts.services.kept = Kept(OTHERS)
    await sme.says("/confidentialite")
    sme.sees("inachevé : 5 heures", "question : 17 jours", "facilitateur : 23 jours", "7 mois")
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("Ça m'intéresse")
    sme.sees("gardées 7 mois", "au bout de 5 heures")
    await sme.says("/annuler")
    await sme.says("rappelez-moi au 06 12 34 56 78")
    sme.sees("garde cela 7 mois", "sans accord, 5 heures")


async def test_what_is_erased_in_its_time_is_counted_by_day_and_kept(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        for number in range(3):
            await work.interests.register(someone, new_interest(f"p{number}"))
    clock.advance(days=366)
    async with database.begin() as work:
        await work.retention.apply(Durations())
        await work.retention.apply(Durations())
    async with database.begin() as work:
        await work.interests.register((await work.people.seen(8)).id, new_interest("late"))
    clock.advance(days=366)
    for _ in range(2):
        async with database.begin() as work:
            await work.retention.apply(Durations())
        clock.advance(hours=1)
    async with database.begin() as work:
        entries = await work.register.latest(1)
        assert SweptCount("2028-03-03", "interests", 1) in entries
        assert {one.day for one in entries} == {"2028-03-03"}
        everything = await work.register.latest(100)
    assert SweptCount("2027-03-03", "interests", 3) in everything
    assert {row["what"] for row in await rows(database, retention_register.name)} >= {"interests"}


async def test_a_wording_goes_with_the_last_request_that_names_it(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        first = await work.consents.version_of("I agree")
        assert await work.consents.version_of("I agree") == first
        unused = await work.consents.version_of("I might agree")
        await work.interests.register(someone, new_interest(consent_version=first))
    clock.advance(days=300)
    async with database.begin() as work:
        (request,) = await work.interests.of_person(someone)
        assert request.consent_version == first
        await work.interests.withdraw(request.id, someone)
    clock.advance(days=66)
    async with database.begin() as work:
        await work.retention.apply(Durations())
        assert await work.consents.text_of(first) == "I agree"
        assert await work.consents.text_of(unused) is None
    clock.advance(days=366)
    async with database.begin() as work:
        await work.retention.apply(Durations())
        assert await work.consents.text_of(first) is None
        # A number is never given twice.
        assert await work.consents.version_of("I agree") > unused


async def test_the_sweep_follows_the_settings(sme: Speaker, stage: Stage) -> None:
    await sme.says("comment financer ?")
    stage.running.parts.services.kept = Kept(OTHERS)
    stage.clock.passes(days=18)
    async with stage.running.parts.database.begin() as work:
        counts = await work.retention.sweep(stage.running.parts.services.kept.durations)
    assert counts["questions"] == 1


async def test_the_register_has_a_word_for_each_thing_that_goes(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        erased = await work.retention.apply(Durations())
    days = [("2027-03-03", [(what, 1) for what in erased])]
    told = bot.messages.TEXT.label("retention_report", kept=Kept(), days=days)
    # In French these two are called what the tables are.
    assert {what for what in erased if f" {what} 1" in told} == {"questions", "signatures"}


def test_the_command_shows_durations_and_counts(
    tmp_path: Path,
    blank_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{blank_file}")
    monkeypatch.setenv("RETENTION_REQUESTS_MONTHS", "18")
    monkeypatch.chdir(tmp_path)
    assert main(["retention"]) == 0
    told = capsys.readouterr().out
    assert "une demande 18 mois" in told
    assert "Rien n'a encore été effacé" in told
