"""The pages that are neither a project nor an answer: home, places, and what the law asks for."""

from collections.abc import Iterator
from functools import partial

from handlers.messages import LANGUAGES, language
from knowledge.knowledge import Knowledge
from website import addresses, qr
from website.accessibility import tested
from website.facts import Facts
from website.pages import Kind, Page, Values
from website.project_pages import ALL_OPEN, Catalogue

# How many projects the home page shows.
_LATEST = 3


def pages(knowledge: Knowledge, facts: Facts, catalogue: Catalogue) -> Iterator[Page]:
    """Give the pages that there always are."""
    home = partial(_home, knowledge, facts, catalogue)
    yield Page(addresses.HOME, Kind.HOME, "home", home, LANGUAGES)
    yield Page(
        addresses.AREAS, Kind.AREAS, "areas", partial(_areas, knowledge, catalogue), LANGUAGES
    )
    yield Page(addresses.PRIVACY, Kind.PRIVACY, "privacy", partial(_privacy, facts), LANGUAGES)
    yield Page(addresses.DATA, Kind.DATA, "data", partial(_data, knowledge), LANGUAGES)
    yield Page(addresses.ACCESSIBILITY, Kind.ACCESSIBILITY, "accessibility", _tested, LANGUAGES)
    yield Page(addresses.LEGAL, Kind.LEGAL, "legal", dict, LANGUAGES)


def missing(path: str, knowledge: Knowledge) -> Page:
    """Return the page in place of one that is not there; it says what stood there, if it can."""
    folder, _, name = path.partition("/")
    name = name.removesuffix(".html")
    if folder == "projets" and name and "/" not in name:
        template = "project_amended" if knowledge.hidden_project(name) else "project_gone"
        return Page(path, Kind.GONE_PROJECT, template, languages=LANGUAGES, listed=False)
    if folder == "reponses" and name and "/" not in name:
        return Page(path, Kind.GONE_ANSWER, "answer_gone", languages=LANGUAGES, listed=False)
    return Page(path, Kind.NOT_FOUND, "not_found", languages=LANGUAGES, listed=False)


def _home(knowledge: Knowledge, facts: Facts, catalogue: Catalogue) -> Values:
    listed = catalogue.listed(ALL_OPEN)
    return {
        "said": knowledge.initiative.said_in(language()),
        "latest": listed[:_LATEST],
        "total": len(listed),
        "has_lead_sought": any(each.seeks_lead for each in listed),
        "answers": len(knowledge.entries),
        "telegram": facts.link(),
        "code": qr.drawn(facts.link()) if facts.bot_username else "",
    }


def _areas(knowledge: Knowledge, catalogue: Catalogue) -> Values:
    areas = [(each, len(catalogue.listed(each))) for each in catalogue.territories]
    return {"areas": areas, "said": knowledge.initiative.said_in(language())}


def _privacy(facts: Facts) -> Values:
    return {"text": facts.privacy.get(language(), "")}


def _data(knowledge: Knowledge) -> Values:
    return {"projects": len(knowledge.projects), "answers": len(knowledge.entries)}


def _tested() -> Values:
    return {"tested": tested()}
