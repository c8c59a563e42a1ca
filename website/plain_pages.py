"""The pages that are neither a project nor an answer: home, places, and what the law asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from handlers.messages import LANGUAGES, language
from knowledge.files.telegram_html import plain
from knowledge.knowledge import Knowledge
from knowledge.territories.mentions import mentions, tokens_of
from knowledge.territories.names import key_of
from knowledge.territories.towns import Towns
from knowledge.text.project_codes import typed_code
from website import addresses, qr, weight
from website.accessibility import tested
from website.answer_pages import AREA_COVERED, has_commands
from website.facts import Facts
from website.pages import Page, PageKind, Values
from website.project_pages import ALL_OPEN, Filter, ProjectLists
from website.rendering import ROOM, TEXT

# How many projects the home page shows.
_LATEST = 3


@dataclass(frozen=True, slots=True)
class _Commune:
    """A commune of the official list; ``path`` is the list of its projects, and may be empty.

    ``is_first``: the name of its territory is written above it.
    """

    territory: str
    name: str
    path: str
    is_first: bool


def pages(knowledge: Knowledge, facts: Facts, project_lists: ProjectLists) -> Iterator[Page]:
    """Give the pages that there always are."""
    home = partial(_home, knowledge, facts, project_lists)
    yield Page(addresses.HOME, PageKind.HOME, "home", home, LANGUAGES)
    yield from _area_pages(knowledge, facts, project_lists)
    yield from _sector_pages(project_lists)
    yield Page(addresses.PRIVACY, PageKind.PRIVACY, "privacy", partial(_privacy, facts), LANGUAGES)
    yield Page(addresses.DATA, PageKind.DATA, "data", partial(_data, knowledge), LANGUAGES)
    yield Page(addresses.ACCESSIBILITY, PageKind.ACCESSIBILITY, "accessibility", _tested, LANGUAGES)
    yield Page(addresses.LEGAL, PageKind.LEGAL, "legal", dict, LANGUAGES)


def missing(path: str) -> Page:
    """Return the page in place of one that is not there; it says what stood there, if it can."""
    folder, _, name = path.partition("/")
    name = name.removesuffix(".html")
    if (folder == "projets" and name and "/" not in name) or _is_code(path):
        # Of a hidden project, too: nobody is told that one is being prepared.
        return Page(path, PageKind.GONE_PROJECT, "project_gone", languages=LANGUAGES, listed=False)
    if folder == "reponses" and name and "/" not in name:
        return Page(path, PageKind.GONE_ANSWER, "answer_gone", languages=LANGUAGES, listed=False)
    return Page(path, PageKind.NOT_FOUND, "not_found", languages=LANGUAGES, listed=False)


def _is_code(path: str) -> bool:
    """Tell whether an address is the code of a project, as a poster bears it."""
    typed = typed_code(path.removesuffix(".html"))
    return typed is not None and typed.is_sure


def _home(knowledge: Knowledge, facts: Facts, project_lists: ProjectLists) -> Values:
    listed = project_lists.listed(ALL_OPEN)
    return {
        "said": knowledge.initiative.said_in(language()),
        "latest": listed[:_LATEST],
        "total": len(listed),
        "has_lead_sought": any(each.seeks_lead for each in listed),
        "answers": len(knowledge.entries),
        "telegram": facts.link(),
        "code": qr.drawn(facts.link(), TEXT.label("reach_code_name")) if facts.bot_username else "",
    }


def _area_pages(knowledge: Knowledge, facts: Facts, project_lists: ProjectLists) -> Iterator[Page]:
    places: list[Filter | _Commune] = [
        *project_lists.territories,
        *_official(knowledge, facts.towns.towns, project_lists),
    ]
    parts = weight.cut(places, _weight_of_place, ROOM)
    for number, part in enumerate(parts, 1):
        values = partial(_areas, knowledge, facts, project_lists, part, number, len(parts))
        path = addresses.numbered(addresses.AREAS, number)
        yield Page(path, PageKind.AREAS, "areas", values, LANGUAGES)


def _areas(
    knowledge: Knowledge,
    facts: Facts,
    project_lists: ProjectLists,
    places: Sequence[Filter | _Commune],
    number: int,
    count: int,
) -> Values:
    communes = [each for each in places if isinstance(each, _Commune)]
    by_territory = groupby(communes, lambda each: each.territory)
    return {
        "areas": _counted([each for each in places if isinstance(each, Filter)], project_lists),
        "said": knowledge.initiative.said_in(language()),
        "official": {name: list(own) for name, own in by_territory},
        "towns": facts.towns,
        "number": number,
        "count": count,
    }


def _weight_of_place(place: Filter | _Commune) -> int:
    if isinstance(place, Filter):
        return weight.of_link(place.path, place.label)
    heading = weight.of_heading(place.territory) if place.is_first else 0
    own = weight.of_link(place.path, place.name) if place.path else weight.of_name(place.name)
    return heading + own


def _sector_pages(project_lists: ProjectLists) -> Iterator[Page]:
    parts = weight.cut(
        project_lists.sectors, lambda each: weight.of_link(each.path, each.label), ROOM
    )
    for number, part in enumerate(parts, 1):
        values = partial(_sectors, project_lists, part, number, len(parts))
        path = addresses.numbered(addresses.SECTORS, number)
        yield Page(path, PageKind.SECTORS, "sectors", values, LANGUAGES)


def _sectors(
    project_lists: ProjectLists, sectors: Sequence[Filter], number: int, count: int
) -> Values:
    return {"sectors": _counted(sectors, project_lists), "number": number, "count": count}


def _counted(lists: Sequence[Filter], project_lists: ProjectLists) -> Sequence[tuple[Filter, int]]:
    """Return lists, each with the number of its projects."""
    return [(each, len(project_lists.listed(each))) for each in lists]


def _official(
    knowledge: Knowledge, towns: Towns, project_lists: ProjectLists
) -> Iterator[_Commune]:
    """Give the communes of the territories of here, one territory after the other.

    The national list has some hundred and fifty territories: of here are those with a commune that
    a project or the answer on the area covered names.
    """
    paths = {key_of(each.label): each.path for each in project_lists.territories}
    entry = knowledge.entry(AREA_COVERED)
    texts = [each.label for each in project_lists.territories]
    texts += [entry.answer, entry.rest] if entry else []
    named = {id_ for text in texts for id_ in _territories_in(text, towns)}
    for territory in towns.territories:
        if territory.id in named:
            for place, town in enumerate(towns.in_territory(territory.id)):
                path = paths.get(key_of(town.name), "")
                yield _Commune(territory.name, town.name, path, is_first=place == 0)


def _territories_in(text: str, towns: Towns) -> Iterator[str]:
    """Give the territories of the communes that a text names; of namesakes, none."""
    for mention in mentions(tokens_of(plain(text)), towns):
        (first, *others) = {town.territory for town in mention.towns} or {None}
        if first and not others and not mention.is_doubtful:
            yield first.id


def _privacy(facts: Facts) -> Values:
    text = facts.privacy.get(language(), "")
    return {"text": text, "has_commands": has_commands(plain(text))}


def _data(knowledge: Knowledge) -> Values:
    return {"projects": len(knowledge.projects), "answers": len(knowledge.entries)}


def _tested() -> Values:
    return {"tested": tested()}
