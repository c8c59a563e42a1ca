"""The open data: what programs of others rely on."""

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from frictionless import Resource, Schema, validate
from website_fixtures import FACTS, TODAY, every_kind, on_disk, served

from knowledge.projects import Census
from website import addresses, open_data

ATOM = "{http://www.w3.org/2005/Atom}"


def content(path: str) -> bytes:
    file = served().file(path)
    assert file is not None
    return file.content


def data(path: str) -> Any:
    return json.loads(content(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in (addresses.PROJECTS_CSV, addresses.PROJECTS_SCHEMA):
        (tmp_path / path).write_bytes(content(path))
    return tmp_path


def test_the_table_keeps_to_its_schema(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    report = validate(
        Resource(
            path=addresses.PROJECTS_CSV, schema=Schema.from_descriptor(addresses.PROJECTS_SCHEMA)
        )
    )
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
    assert report.tasks[0].stats["rows"] == len(every_kind().projects)


def test_the_schema_finds_faults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    table = folder / addresses.PROJECTS_CSV
    table.write_text(table.read_text("utf-8").replace(",true,", ",peut-être,", 1), "utf-8")
    schema = Schema.from_descriptor(addresses.PROJECTS_SCHEMA)
    assert not validate(Resource(path=addresses.PROJECTS_CSV, schema=schema)).valid


def test_the_schema_says_what_schema_data_gouv_fr_asks_for() -> None:
    schema = data(addresses.PROJECTS_SCHEMA)
    for key in ("$schema", "name", "title", "description", "homepage", "path", "version"):
        assert schema[key], key
    assert date.fromisoformat(schema["created"]) <= date.fromisoformat(schema["lastModified"])
    assert schema["contributors"][0]["title"] == FACTS.operator
    assert schema["resources"][0]["path"] == "https://projets.exemple.fr/projets.csv"
    for field in schema["fields"]:
        assert {"name", "title", "description", "type", "example"} <= set(field)
        if field["type"] == "string":
            assert isinstance(field["example"], str)


def test_the_table_and_the_json_say_the_same() -> None:
    rows = list(csv.DictReader(io.StringIO(content(addresses.PROJECTS_CSV).decode("utf-8"))))
    projects = data(addresses.PROJECTS_JSON)["projets"]
    assert list(rows[0]) == list(open_data.COLUMNS) == list(projects[0])
    for row, project in zip(rows, projects, strict=True):
        assert row["territoires"].split("|") == project["territoires"]
        assert row["ouvert"] == str(project["ouvert"]).lower()
        assert row["date_limite"] == (project["date_limite"] or "")


def test_every_project_is_there_with_dates_in_iso_and_a_lasting_address() -> None:
    site, known = served(), data(addresses.PROJECTS_JSON)
    assert [each["id"] for each in known["projets"]] == [
        each.id for each in site.knowledge.projects
    ]
    for project in known["projets"]:
        for name in ("date_limite", "publie_le", "mis_a_jour_le", "retire_le"):
            assert project[name] is None or date.fromisoformat(project[name])
        assert project["adresse"].removeprefix("https://projets.exemple.fr/") in site.addresses
    assert known["licence"]["title"] == "Licence Ouverte 2.0 / etalab-2.0"


def test_nothing_private_is_published() -> None:
    secrets = [
        secret
        for project in every_kind().projects
        if (contact := project.lead_contact)
        for secret in (contact.name, contact.email)
        if secret
    ]
    assert secrets
    for site in (served(), on_disk()):
        for path in site.addresses:
            file = site.file(path)
            assert file is not None
            text = file.content.decode()
            assert [each for each in (*secrets, "en-attente") if each in text] == [], path


def test_answers_are_there_as_text_and_as_html() -> None:
    answers = data(addresses.ANSWERS_JSON)["reponses"]
    entries = every_kind().entries
    assert [each["id"] for each in answers] == [each.id for each in entries]
    for answer, entry in zip(answers, entries, strict=True):
        assert "<" not in answer["reponse"]
        assert answer["reponse_html"].startswith("<p>")
        assert answer["verifie_le"] == entry.verified_on.isoformat()
        assert ("en" in answer) == (entry.en is not None)


def test_the_feed_tells_what_is_new_changed_and_closed() -> None:
    feed = ET.fromstring(content(addresses.FEED))  # noqa: S314 - our own file
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids) == len(every_kind().projects)
    assert "tag:projets.exemple.fr,2026:projets/fictif-solvants-berre" in ids
    updated = [datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "") for entry in entries]
    assert updated == sorted(updated, reverse=True)
    assert all(each.tzinfo is not None and each.date() <= TODAY for each in updated)
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    told = {
        (entry.findtext(f"{ATOM}id") or "").rpartition("/")[2]: (
            entry.findtext(f"{ATOM}title") or "",
            (entry.findtext(f"{ATOM}updated") or "")[:10],
        )
        for entry in entries
    }
    assert told["fictif-emballages-berre"] == (
        "Ne prend plus de demande\u00a0: Emballages consignés entre voisins (fictif)",
        "2026-11-02",
    )
    # Its deadline was the last day of September.
    assert told["fictif-eau-process-fos"][1] == "2026-10-01"
    for entry in entries:
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert (
            link.get("href", "").removeprefix("https://projets.exemple.fr/") in served().addresses
        )


@pytest.mark.parametrize(
    ("published_on", "updated_on", "title", "published"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), "Nouveau\u00a0: Boucle", "2026-11-20"),
        (date(2026, 11, 20), date(2026, 11, 24), "Boucle", "2026-11-20"),
        (None, date(2026, 11, 24), "Boucle", None),
        # A slip: that day is to come, and nothing was published on it.
        (date(2027, 1, 1), date(2026, 11, 24), "Boucle", None),
    ],
)
def test_the_feed_tells_new_from_changed_where_the_file_does(
    published_on: date | None, updated_on: date, title: str, published: str | None
) -> None:
    known = every_kind()
    one = replace(
        known.projects[0], title="Boucle", published_on=published_on, updated_on=updated_on
    )
    site = served(replace(known, projects=(one,), census=Census((one,))))
    file = site.file(addresses.FEED)
    assert file is not None
    entry = ET.fromstring(file.content).find(f"{ATOM}entry")  # noqa: S314 - our own file
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == title
    assert (entry.findtext(f"{ATOM}published") or "")[:10] == (published or "")


def test_the_site_map_has_every_page_that_is_to_be_found() -> None:
    site = served()
    text = content(addresses.SITE_MAP).decode()
    listed = [path for path, (page, _) in site.pages.items() if page.listed]
    assert text.count("<loc>") == len(listed)
    assert "<loc>https://projets.exemple.fr/</loc>" in text
    assert "<loc>https://projets.exemple.fr/en/</loc>" in text
    assert "/p" + "6981.html" not in text
