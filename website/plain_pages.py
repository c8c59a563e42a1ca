"""The pages that are neither a project nor an answer: home, places, and what the law asks for."""

from collections.abc import Iterator, Sequence
from functools import partial

from handlers.messages import LANGUAGES, language
from knowledge.files.telegram_html import plain
from knowledge.knowledge import Knowledge
from knowledge.territories.mentions import mentions, tokens_of
from knowledge.territories.names import key_of
from knowledge.territories.towns import Towns
from website import addresses, qr
from website.accessibility import tested
from website.facts import Facts
from website.pages import Kind, Page, Values
from website.project_pages import ALL_OPEN, Catalogue

# How many projects the home page shows.
_LATEST = 3
# The entry on the area covered, as `handlers.questions.verdicts` knows it.
_AREA_COVERED = "territoire"


def pages(knowledge: Knowledge, facts: Facts, catalogue: Catalogue) -> Iterator[Page]:
    """Give the pages that there always are."""
    home = partial(_home, knowledge, facts, catalogue)
    yield Page(addresses.HOME, Kind.HOME, "home", home, LANGUAGES)
    areas = partial(_areas, knowledge, facts, catalogue)
    yield Page(addresses.AREAS, Kind.AREAS, "areas", areas, LANGUAGES)
    sectors = partial(_sectors, catalogue)
    yield Page(addresses.SECTORS, Kind.SECTORS, "sectors", sectors, LANGUAGES)
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


def _areas(knowledge: Knowledge, facts: Facts, catalogue: Catalogue) -> Values:
    areas = [(each, len(catalogue.listed(each))) for each in catalogue.territories]
    return {
        "areas": areas,
        "said": knowledge.initiative.said_in(language()),
        "official": _official(knowledge, facts.towns.towns, catalogue),
        "towns": facts.towns,
    }


def _sectors(catalogue: Catalogue) -> Values:
    return {"sectors": [(each, len(catalogue.listed(each))) for each in catalogue.sectors]}


def _official(
    knowledge: Knowledge, towns: Towns, catalogue: Catalogue
) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the territories of here, each with its communes and the list of a commune's projects.

    The national list has some hundred and fifty territories: of here are those with a commune that
    a project or the answer on the area covered names.
    """
    paths = {key_of(each.label): each.path for each in catalogue.territories}
    entry = knowledge.entry(_AREA_COVERED)
    texts = [each.label for each in catalogue.territories]
    texts += [entry.answer, entry.rest] if entry else []
    named = {id_ for text in texts for id_ in _territories_in(text, towns)}
    return [
        (
            territory.name,
            [
                (town.name, paths.get(key_of(town.name), ""))
                for town in towns.in_territory(territory.id)
            ],
        )
        for territory in towns.territories
        if territory.id in named
    ]


def _territories_in(text: str, towns: Towns) -> Iterator[str]:
    """Give the territories of the communes that a text names; of namesakes, none."""
    for mention in mentions(tokens_of(plain(text)), towns):
        (first, *others) = {town.territory for town in mention.towns} or {None}
        if first and not others and not mention.is_doubtful:
            yield first.id


def _privacy(facts: Facts) -> Values:
    return {"text": facts.privacy.get(language(), "")}


def _data(knowledge: Knowledge) -> Values:
    return {"projects": len(knowledge.projects), "answers": len(knowledge.entries)}


def _tested() -> Values:
    return {"tested": tested()}
