"""What the files say, for other programs: projects as JSON, CSV and Atom, answers as JSON.

Contacts of leads are in none of them: they serve to put people in touch, and are not public.
"""

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from handlers.messages import FRENCH, PARIS, language, speaking
from knowledge.files.telegram_html import plain
from knowledge.knowledge import Knowledge
from knowledge.model import Entry, Project, Wording
from website import addresses
from website.answer_html import as_html
from website.facts import Facts
from website.project_pages import changed_on
from website.rendering import TEMPLATES, TEXT

_SCHEMA: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "schema-projets.json").read_text("utf-8")
)
COLUMNS = tuple(field["name"] for field in _SCHEMA["fields"])
_BETWEEN = "|"
# The year in which the ids of the feed were given out (RFC 4151): it never changes.
_TAGGED = "2026"
# A reader of feeds shows the newest; all are in the other files.
_MOST_ENTRIES = 100


def projects_json(knowledge: Knowledge, facts: Facts, today: date) -> bytes:
    """Return all projects, open or not."""
    projects = [project_data(each, facts, today) for each in knowledge.projects]
    head = _head(knowledge, facts, addresses.PROJECTS_JSON)
    newest = max((each.updated_on for each in knowledge.projects), default=None)
    schema = facts.address + addresses.PROJECTS_SCHEMA
    return _json(
        head
        | {
            "schema": schema,
            "mis_a_jour_le": newest.isoformat() if newest else None,
            "projets": projects,
        }
    )


def projects_csv(knowledge: Knowledge, facts: Facts, today: date) -> bytes:
    """Return all projects as a table in UTF-8; what is not known is empty."""
    output = io.StringIO()
    table = csv.DictWriter(output, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for project in knowledge.projects:
        data = project_data(project, facts, today)
        table.writerow({name: _cell(data[name]) for name in COLUMNS})
    return output.getvalue().encode("utf-8")


def schema(knowledge: Knowledge, facts: Facts) -> bytes:
    """Return what the columns of the table are, as schema.data.gouv.fr describes tables."""
    about: dict[str, Any] = {
        "contributors": [
            {"title": facts.operator, "role": "author"}
            | ({"email": facts.email} if facts.email else {})
        ],
        "licenses": [_licence(facts)],
    }
    if facts.address:
        about |= {
            "homepage": facts.address + addresses.DATA,
            "path": facts.address + addresses.PROJECTS_SCHEMA,
            "resources": [
                {
                    "title": knowledge.initiative.name or TEXT.label("no_name"),
                    "path": facts.address + addresses.PROJECTS_CSV,
                }
            ],
        }
    return _json({**_SCHEMA, **about})


def answers_json(knowledge: Knowledge, facts: Facts) -> bytes:
    """Return all answers, as text and as HTML."""
    answers = [_answer(each, facts) for each in knowledge.entries]
    return _json(_head(knowledge, facts, addresses.ANSWERS_JSON) | {"reponses": answers})


def feed(knowledge: Knowledge, facts: Facts, today: date) -> bytes:
    """Return the projects that changed last, as an Atom feed (RFC 4287)."""
    changed = sorted(
        knowledge.projects, key=lambda each: (changed_on(each, today), each.id), reverse=True
    )[:_MOST_ENTRIES]
    with speaking(FRENCH):
        text = TEMPLATES.get_template("feed.xml").render(
            facts=facts,
            name=knowledge.initiative.name or TEXT.label("no_name"),
            entries=[
                (
                    each,
                    _state(each, today),
                    _published(each, today),
                    _moment(changed_on(each, today)),
                )
                for each in changed
            ],
            updated=_moment(max((changed_on(each, today) for each in changed), default=today)),
            tag=lambda what: f"tag:{facts.domain},{_TAGGED}:{what}",
        )
    return text.encode()


def frequently_asked(entry: Entry) -> Mapping[str, Any]:
    """Return what a search engine reads of an answer, in the language spoken (schema.org)."""
    said = entry.said_in(language())
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "inLanguage": language(),
        "mainEntity": [
            {
                "@type": "Question",
                "name": said.question,
                "acceptedAnswer": {"@type": "Answer", "text": _whole(said, as_html)},
            }
        ],
    }


def project_data(project: Project, facts: Facts, today: date) -> dict[str, Any]:
    """Return what a card says, with dates in ISO 8601; what is not known is None."""
    own = addresses.project(project.id)
    return {
        "id": project.id,
        "titre": project.title,
        "resume": project.summary,
        "recherche": project.seeks or None,
        "chef_de_file": project.lead,
        "cherche_un_chef_de_file": project.seeks_lead,
        "territoires": list(project.territories),
        "filieres": list(project.sectors),
        "etape": project.stage.value if project.stage else None,
        "ouvert": project.open_on(today),
        "date_limite": _day(project.deadline),
        "publie_le": _day(project.published_on),
        "mis_a_jour_le": _day(project.updated_on),
        "retire_le": _day(project.withdrawn_on),
        "adresse": facts.address + own if facts.address else None,
    }


def _answer(entry: Entry, facts: Facts) -> dict[str, Any]:
    own = addresses.answer(entry.id)
    data = {
        "id": entry.id,
        **_said(Wording(entry.question, entry.title, entry.answer, entry.rest)),
        "service": entry.service,
        "source": entry.source,
        "verifie_le": _day(entry.verified_on),
        "valable_jusqu_au": _day(entry.valid_until),
        "voir_aussi": list(entry.see_also),
        "adresse": facts.address + own if facts.address else None,
    }
    return data | ({"en": _said(entry.en)} if entry.en else {})


def _said(said: Wording) -> dict[str, str]:
    return {
        "question": said.question,
        "titre": said.title,
        "reponse": _whole(said, plain),
        "reponse_html": _whole(said, as_html),
    }


def _whole(said: Wording, written: Any) -> str:  # noqa: ANN401 - one of two functions
    return "\n\n".join(written(part) for part in (said.answer, said.rest) if part)


def _head(knowledge: Knowledge, facts: Facts, path: str) -> dict[str, Any]:
    return {
        "titre": knowledge.initiative.name or TEXT.label("no_name"),
        "publie_par": facts.operator,
        "licence": _licence(facts),
        "adresse": facts.address + path if facts.address else None,
        "version": knowledge.version,
    }


def _licence(facts: Facts) -> dict[str, str]:
    licence = facts.licence
    return {"title": licence.name} | ({"path": licence.address} if licence.address else {})


def _state(project: Project, today: date) -> str:
    """Return the name of the words before a title; a file may not tell what is new."""
    if not project.open_on(today):
        return "feed_ended"
    published, changed = project.published_on, changed_on(project, today)
    is_new = published is not None and changed <= published <= today
    return "feed_new" if is_new else "feed_open"


def _published(project: Project, today: date) -> str:
    """Return the moment of the first publication; empty where it is not known, or to come."""
    day = project.published_on
    return _moment(day) if day is not None and day <= today else ""


def _moment(day: date) -> str:
    """Return the beginning of a day in Paris, as RFC 3339 has it."""
    return datetime.combine(day, time(), PARIS).isoformat()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _cell(value: object) -> str:
    if isinstance(value, list):
        return _BETWEEN.join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1).encode()
