"""The census as pages: lists by place, sector and stage, and a page for each project."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial

from handlers.messages import LANGUAGES
from knowledge import start_links
from knowledge.model import Project, Stage
from knowledge.projects import Census, code_of, codes_of
from website import addresses, weight
from website.facts import Facts
from website.pages import Page, PageKind, Values
from website.rendering import STYLE

# So many links to lists of a kind stand beside projects; all of them are on a page of their own.
_MOST_LINKS = 30
# A form that offers more than this is left out, in bytes: a page would have room for little else.
_HEAVIEST_FORM = 30_000
TERRITORIES, SECTORS, STAGES = "territoires", "filieres", "etapes"
# Where all lists of a kind are named.
_EVERY = {"territory": addresses.AREAS, "sector": addresses.SECTORS}
_STAGE_SLUGS = {
    Stage.IDEA: "idee",
    Stage.SETUP: "en-montage",
    Stage.RUNNING: "en-cours",
    Stage.CLOSED: "clos",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One list of projects: its address, and which projects it has.

    ``label`` names a place, a sector or a stage as the files write it, and ``group`` what it is.
    """

    path: str
    group: str = ""
    label: str = ""
    territory: str | None = None
    sector: str | None = None
    stage: Stage | None = None
    seeks_lead: bool = False
    ended: bool = False


# Lists of one kind, each with the number of its projects.
Group = tuple[str, Sequence[tuple[Filter, int]]]
ALL_OPEN = Filter(addresses.PROJECTS)
SEEKING_LEAD = Filter(addresses.SEEKING_LEAD, "lead", seeks_lead=True)


class ProjectLists:
    """The projects on one day, and the lists of them; each list is made once."""

    def __init__(self, census: Census, today: date) -> None:
        self.census = census
        self.today = today
        self._listed: dict[Filter, tuple[Project, ...]] = {}
        self._paged: dict[Filter, Sequence[Sequence[Project]]] = {}

    @cached_property
    def territories(self) -> tuple[Filter, ...]:
        """Return a list for each territory of any project: its address stays when one ends."""
        names = addresses.slugs(self.census.every_territory())
        return tuple(
            Filter(addresses.in_folder(TERRITORIES, slug), "territory", name, territory=name)
            for name, slug in names.items()
        )

    @cached_property
    def sectors(self) -> tuple[Filter, ...]:
        """Return a list for each sector of any project."""
        names = addresses.slugs(self.census.every_sector())
        return tuple(
            Filter(addresses.in_folder(SECTORS, slug), "sector", name, sector=name)
            for name, slug in names.items()
        )

    @cached_property
    def stages(self) -> tuple[Filter, ...]:
        """Return a list for each stage; that of ended projects has all that take no requests."""
        return tuple(
            Filter(
                addresses.in_folder(STAGES, slug),
                "stage",
                stage.value,
                stage=stage,
                ended=stage is Stage.CLOSED,
            )
            for stage, slug in _STAGE_SLUGS.items()
        )

    def filters(self) -> tuple[Filter, ...]:
        """Return every list but that of all open projects."""
        return (*self.territories, *self.sectors, *self.stages, SEEKING_LEAD)

    @cached_property
    def groups(self) -> Sequence[Group]:
        """Return the lists that have any project, by what they are, with how many they have."""
        every = {
            "territory": self.territories,
            "sector": self.sectors,
            "stage": self.stages,
        }
        counted = {
            name: [(each, total) for each in lists if (total := len(self.listed(each)))]
            for name, lists in every.items()
        }
        return [(name, lists) for name, lists in counted.items() if lists]

    @cached_property
    def links(self) -> Sequence[Group]:
        """Return those that stand beside projects: of many, the ones with most projects."""
        return [(name, _fullest(lists)) for name, lists in self.groups]

    @cached_property
    def fields(self) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Return what a form offers to choose together: each group, its values and their names.

        Nothing where that is too much for a page.
        """
        fields = [
            (name, {slug_of(each): each.label for each, _ in lists if not each.ended})
            for name, lists in self.groups
        ]
        return fields if _weight_of(fields) <= _HEAVIEST_FORM else []

    @cached_property
    def _room(self) -> int:
        links = sum(
            weight.of_link(each.path, each.label) for _, some in self.links for each, _ in some
        )
        beside = len(STYLE.encode()) + weight.FRAME + links + _weight_of(self.fields)
        return weight.HEAVIEST - beside

    def paged(self, chosen: Filter) -> Sequence[Sequence[Project]]:
        """Return the projects of a list by its pages; at least one page."""
        if chosen.group == "chosen":
            return weight.paged(self.listed(chosen), self._room)
        if chosen not in self._paged:
            self._paged[chosen] = weight.paged(self.listed(chosen), self._room)
        return self._paged[chosen]

    def listed(self, chosen: Filter) -> tuple[Project, ...]:
        """Return the projects of a list, in the census's order; ended ones latest first."""
        if chosen.group == "chosen":
            return self._found(chosen)
        if chosen not in self._listed:
            self._listed[chosen] = self._ended() if chosen.ended else self._found(chosen)
        return self._listed[chosen]

    def _ended(self) -> tuple[Project, ...]:
        ended = [each for each in self.census.projects if not each.open_on(self.today)]
        ended.sort(key=lambda each: (-changed_on(each, self.today).toordinal(), each.id))
        return tuple(ended)

    def _found(self, chosen: Filter) -> tuple[Project, ...]:
        return tuple(
            project
            for project in self.census.listed(
                self.today,
                territory=chosen.territory,
                sector=chosen.sector,
                seeks_lead=chosen.seeks_lead,
            )
            if chosen.stage is None or project.stage is chosen.stage
        )


def changed_on(project: Project, today: date) -> date:
    """Return the last day on which something changed for readers, as far as the file tells.

    That a project was withdrawn, or that its deadline passed, changes it without a new card.
    """
    known = [project.updated_on]
    if project.withdrawn_on is not None and project.withdrawn_on <= today:
        known.append(project.withdrawn_on)
    elif project.deadline is not None and project.deadline < today:
        known.append(project.deadline + timedelta(days=1))
    # A day to come is a slip: nobody has seen that change yet.
    return min(max(known), today)


def ending(project: Project, today: date) -> str | None:
    """Return the name of the words that say why a project takes no requests; None where it does."""
    if project.open_on(today):
        return None
    if project.withdrawn_on is not None and project.withdrawn_on <= today:
        return "ended_withdrawn"
    return "ended_closed" if project.stage is Stage.CLOSED else "ended_deadline"


def pages(project_lists: ProjectLists, facts: Facts) -> Iterator[Page]:
    """Give the lists, and the page of each project."""
    for chosen in (ALL_OPEN, *project_lists.filters()):
        yield from list_pages(project_lists, chosen, is_served=facts.is_served)
    for project in project_lists.census.projects:
        is_open = project.open_on(project_lists.today)
        yield Page(
            addresses.project(project.id),
            PageKind.PROJECT if is_open else PageKind.ENDED_PROJECT,
            "project",
            partial(_project, project_lists, project, facts),
            LANGUAGES,
            changed=changed_on(project, project_lists.today),
        )
    yield from _code_pages(project_lists)


def _code_pages(project_lists: ProjectLists) -> Iterator[Page]:
    """Give a page for each code that a poster may bear: it leads to the project, or to both."""
    coded: dict[str, list[Project]] = {}
    for project in project_lists.census.projects:
        for code in codes_of(project):
            coded.setdefault(code, []).append(project)
    for code, projects in coded.items():
        chosen = Filter(addresses.of_code(code), "code", code)
        yield Page(
            chosen.path,
            PageKind.PROJECTS,
            "projects",
            partial(values_of, project_lists, chosen, [projects]),
            LANGUAGES,
            listed=False,
        )


def list_pages(project_lists: ProjectLists, chosen: Filter, *, is_served: bool) -> Iterator[Page]:
    """Give the pages of one list: as many as it needs, one at least."""
    for number in range(1, len(project_lists.paged(chosen)) + 1):
        yield Page(
            addresses.numbered(chosen.path, number),
            PageKind.PROJECTS,
            "projects",
            partial(_list, project_lists, chosen, number, is_served=is_served),
            LANGUAGES,
        )


def _list(project_lists: ProjectLists, chosen: Filter, number: int, *, is_served: bool) -> Values:
    return values_of(project_lists, chosen, project_lists.paged(chosen), number) | {
        "fields": project_lists.fields if is_served and not chosen.ended else ()
    }


def values_of(
    project_lists: ProjectLists, chosen: Filter, pages: Sequence[Sequence[Project]], number: int = 1
) -> dict[str, object]:
    """Return what a page of a list says; ``pages`` are the projects of the whole list."""
    return {
        "chosen": chosen,
        "projects": pages[number - 1],
        "total": sum(map(len, pages)),
        "number": number,
        "count": len(pages),
        "numbered": addresses.numbered,
        "groups": project_lists.links,
        "every": {
            name: address
            for (name, lists), (_, shown) in zip(
                project_lists.groups, project_lists.links, strict=True
            )
            if len(shown) < len(lists) and (address := _EVERY.get(name))
        },
        "seeking_lead": SEEKING_LEAD,
        "today": project_lists.today,
        "ending": ending,
    }


def _fullest(lists: Sequence[tuple[Filter, int]]) -> Sequence[tuple[Filter, int]]:
    if len(lists) <= _MOST_LINKS:
        return lists
    fullest = sorted(lists, key=lambda each: -each[1])[:_MOST_LINKS]
    return [each for each in lists if each in fullest]


def _weight_of(fields: Sequence[tuple[str, Mapping[str, str]]]) -> int:
    return sum(weight.of_option(*each) for _, values in fields for each in values.items())


def slug_of(chosen: Filter) -> str:
    """Return how a list is named at the end of its address."""
    return chosen.path.rpartition("/")[2].removesuffix(".html")


def _project(project_lists: ProjectLists, project: Project, facts: Facts) -> Values:
    ended = ending(project, project_lists.today)
    places = {each.label: each.path for each in project_lists.territories}
    sectors = {each.label: each.path for each in project_lists.sectors}
    return {
        "project": project,
        "places": places,
        "sectors": sectors,
        "ended": ended,
        "code": code_of(project),
        "telegram": facts.link(start_links.LinkKind.PROJECT, project.id),
        "ended_on": project.deadline if ended == "ended_deadline" else project.withdrawn_on,
    }
