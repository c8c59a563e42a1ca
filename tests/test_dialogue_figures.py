"""/stats and /export in the groups of the team: what is told, to whom, and what is sent."""

import csv
import io
import re
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, choice_of, decides
from openpyxl import load_workbook
from sqlalchemy import select
from test_dialogue_interest import registers

from bot.preview.pictures import size_of
from storage.engine.schema import interests, outbox


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


def picture_in(speaker: Speaker, stage: Stage) -> bytes:
    """Return the picture among the new messages."""
    (photo,) = [message["photo"] for message in speaker.new if "photo" in message]
    return stage.messenger.file(photo[0]["file_id"])


def folders_left() -> list[Path]:
    """Return what exports left on the disk."""
    return list(Path(tempfile.gettempdir()).glob("ti-export-*"))


def file_in(speaker: Speaker, stage: Stage) -> tuple[str, bytes]:
    """Return the name and the content of the last file of a chat."""
    sent = [message["document"] for message in speaker.messages() if "document" in message]
    return sent[-1]["file_name"], stage.messenger.file(sent[-1]["file_id"])


async def test_stats_are_a_picture_and_the_same_in_words(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says("qui finance ?")
    await sme.says("quelle est la recette du clafoutis aux cerises ?")
    await registers(sme, stage)
    await administrator.taps("Pris en charge")
    await administrator.says("/stats")
    assert size_of(picture_in(administrator, stage)) == (1080, 1350)
    assert "photo" in administrator.new[0]
    administrator.sees(
        "Chiffres du 26 août 2026 au 23 novembre 2026",
        "Questions : 2, dont 1 avec une réponse (50 %)",
        "Semaine par semaine",
        "du 23 nov. au 23 nov. : 2, 50 %",
        "Réponses les plus données",
        "Questions sans bonne réponse, encore à traiter",
        "clafoutis",
        "Demandes : 1",
        "– prises en charge : 1",
        "– intérêt pour un projet : 1",
        "avant la prise en charge : moins d'un jour (sur 1 demande)",
        "avant la mise en relation : pas encore de chiffre",
        "Avis des entreprises : aucun pour l'instant",
        "En attente aujourd'hui : aucune demande",
    )


async def test_a_year_is_told_by_months(sme: Speaker, stage: Stage, administrator: Speaker) -> None:
    await sme.says("qui finance ?")
    await administrator.says("/stats 2026")
    administrator.sees("Mois par mois", "nov. 2026 : 1, 100 %", "Demandes : aucune")
    assert picture_in(administrator, stage)


async def test_a_period_without_anything_says_so_and_draws_nothing(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.says("/stats octobre 2026")
    administrator.sees(
        "Questions : aucune sur cette période",
        "Demandes : aucune sur cette période",
        "1 demande que personne n'a prise en charge, la plus ancienne du 23 novembre 2026",
    )
    assert len(administrator.new) == 1


@pytest.mark.parametrize("command", ["/stats", "/export"])
async def test_what_is_no_period_is_answered_with_examples(
    administrator: Speaker, command: str
) -> None:
    await administrator.says(f"{command} la saint-glinglin <b>")
    administrator.sees("pas compris cette période", f"{command} mois", f"{command} 2026T4")
    await administrator.says(f"{command} 2027")
    administrator.sees("n'a pas commencé")


async def test_facilitators_get_figures_and_no_export(
    sme: Speaker, stage: Stage, facilitator: Speaker
) -> None:
    await registers(sme, stage)
    await facilitator.says("/stats semaine")
    facilitator.sees("Demandes : 1")
    for private in ("Samira", "Delta", "6 12 34", "73282932"):
        assert private not in facilitator.text
    await facilitator.says("/export")
    assert facilitator.labels == []
    assert "demandes" not in facilitator.text


@pytest.mark.parametrize("command", ["/stats", "/export"])
async def test_nobody_else_gets_figures(sme: Speaker, stage: Stage, command: str) -> None:
    await registers(sme, stage)
    await sme.says(command)
    assert "Chiffres" not in sme.text
    assert "Export" not in sme.text
    assert not [message for message in sme.new if "photo" in message or "document" in message]


async def test_an_answer_that_is_opened_is_no_question(
    sme: Speaker, stage: Stage, administrator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stage.knowledge.entries[:2]
    await sme.says(f"/start q_{first.id}")
    await sme.says(f"/start q_{first.id}_a")
    await sme.taps("Oui, elle m'aide")
    await sme.says("/themes")
    await sme.taps(f"1. {first.title}")
    await administrator.says("/stats")
    administrator.sees("Questions : aucune sur cette période", "D'où l'on vient : 2 ouvertures")
    # What answers a question counts, chosen by a button too; what is read on behind it does not.
    decides(monkeypatch, {"cela même": choice_of(first.id, second.id)})
    await sme.says("cela même")
    await sme.taps(f"1. {first.title}")
    related = stage.knowledge.entry(first.see_also[0])
    assert related is not None
    await sme.taps(related.title)
    await administrator.says("/stats")
    administrator.sees("Questions : 1, dont 1 avec une réponse", f"1. {first.title} : 1")


async def test_a_picture_that_does_not_leave_holds_no_second_one_back(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says("qui finance ?")
    stage.messenger.faults.next("sendPhoto", status=500)
    await administrator.says("/stats")
    await administrator.says("/stats mois")
    assert len(await stage.rows(select(outbox.c.id).where(outbox.c.makes == "figures"))) == 1
    stage.clock.passes(minutes=1)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert len([m for m in administrator.messages() if "photo" in m]) == 1
    # The words follow their picture.
    administrator.received("Chiffres du 26 août", "Chiffres du 25 octobre")


async def test_words_of_an_erased_person_leave_the_figures(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says("quelle est la recette du clafoutis aux cerises ?")
    await administrator.says("/stats")
    administrator.sees("clafoutis")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert "clafoutis" not in str(administrator.messages())
    await administrator.says("/stats")
    administrator.sees("Questions : 1, dont 0 avec une réponse (0 %)")


async def test_the_export_is_offered_and_sent_as_a_workbook(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await administrator.taps("Pris en charge")
    await administrator.says("/export")
    administrator.sees("Export des demandes du 26 août 2026", "1 demande", "coordonnées")
    await administrator.taps("Classeur (XLSX)")
    assert administrator.toast == "Le fichier arrive."
    administrator.sees("Coordonnées d'entreprises comprises")
    name, content = file_in(administrator, stage)
    assert name == "demandes-2026-08-26-2026-11-23.xlsx"
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Demandes", "Historique", "À lire"]
    heads, row = ([cell.value for cell in line] for line in book["Demandes"].iter_rows(max_row=2))
    told = dict(zip(heads, row, strict=True))
    assert told["Numéro"] == number
    assert told["État"] == "prise en charge"
    assert told["Coordonnées"] == "'+33 6 12 34 56 78"
    assert told["Message"] == "Nous avons un tour <b>disponible</b> & deux fraiseurs."
    assert told["SIRET"] == "73282932000074"
    assert told["Reçue le"] == datetime(2026, 11, 23, 11, 0)  # noqa: DTZ001 - as a spreadsheet has it
    steps = [[cell.value for cell in line] for line in book["Historique"].iter_rows(min_row=2)]
    assert [step[2] for step in steps] == ["demande faite", "prise en charge"]
    assert steps[1][7] == f"{administrator.user.first_name} {administrator.user.last_name}".strip()
    # Nothing is left of it.
    assert await stage.rows(select(outbox.c.id).where(outbox.c.makes.is_not(None))) == []
    assert folders_left() == []


async def test_the_export_is_sent_as_csv(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await administrator.says("/export semaine")
    await administrator.taps("CSV")
    name, content = file_in(administrator, stage)
    assert name == "demandes-2026-11-17-2026-11-23.csv"
    assert content.startswith(b"\xef\xbb\xbf")
    heads, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    told = dict(zip(heads, row, strict=True))
    assert (told["Numéro"], told["Reçue le"]) == (number, "23/11/2026 11:00")
    assert told["Entreprise"] == "Mécanique du Delta"


async def test_an_export_of_nothing_is_told_and_offers_nothing(administrator: Speaker) -> None:
    await administrator.says("/export")
    administrator.sees("Aucune demande", "rien à exporter")
    assert administrator.labels == []


async def test_two_taps_make_one_file(sme: Speaker, stage: Stage, administrator: Speaker) -> None:
    await registers(sme, stage)
    await administrator.says("/export")
    stage.messenger.faults.next("sendDocument", status=500)
    await administrator.taps("CSV", times=2)
    assert administrator.toast == "Ce fichier est déjà en route."
    assert len(await stage.rows(select(outbox.c.id).where(outbox.c.makes == "csv"))) == 1


async def test_a_forged_button_makes_no_file(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.says("/export")
    message, data = administrator.button("CSV")
    for days in ("2026-13-40/2026-01-01", "2026-11-23/2026-11-23"):
        forged = re.sub(r"[^:]*$", days, data)
        await administrator.taps_data(message["message_id"], forged)
        assert not [one for one in administrator.messages() if "document" in one]


async def test_an_erased_firm_is_in_the_export_without_its_data(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await administrator.says("/export")
    await administrator.taps("CSV")
    _, content = file_in(administrator, stage)
    text = content.decode()
    assert number in text
    assert "(effacée)" in text
    for private in ("Samira", "Delta", "12 34 56"):
        assert private not in text
    assert await stage.rows(select(interests.c.company)) == [("",)]
