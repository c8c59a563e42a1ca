"""Lists of projects by several criteria at once, which a server reads from an address."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from handlers.messages import LANGUAGES
from website import addresses
from website.pages import Page, PageKind, Values
from website.project_pages import Filter, ProjectLists, slug_of, values_of

# The names of the criteria in an address, in the order of the form.
NAMES = {"territory": "territoire", "sector": "filiere", "stage": "etape", "lead": "chef"}
SEEKING = "cherche"
_PAGE = "page"
_LONGEST, _MOST_FIELDS, _DIGITS = 500, 10, 5


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address asks for: the value of each criterion, and whether one is not known."""

    values: tuple[tuple[str, str], ...]
    has_unknown: bool = False
    number: int = 1

    @property
    def query(self) -> str:
        """The same as an address has it, but for the number of the page."""
        return urlencode([(NAMES[name], value) for name, value in self.values])


def choice_of(query: str, project_lists: ProjectLists) -> Choice | None:
    """Return what a query asks for; None where it names no criterion of ours."""
    if len(query) > _LONGEST:
        return None
    try:
        given = dict(parse_qsl(query, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return None
    asked = {name: given[key] for name, key in NAMES.items() if given.get(key)}
    if not any(key in query for key in NAMES.values()):
        return None
    known = {name: set(values) for name, values in _known(project_lists)} | {"lead": {SEEKING}}
    found = tuple((name, value) for name, value in asked.items() if value in known.get(name, ()))
    choice = Choice(found, has_unknown=len(found) < len(asked))
    last = len(project_lists.paged(_whole(choice, project_lists)))
    return replace(choice, number=min(_number(given.get(_PAGE, "")), last))


def _known(project_lists: ProjectLists) -> Iterator[tuple[str, Iterable[str]]]:
    for name, lists in project_lists.groups:
        yield name, [slug_of(each) for each, _ in lists if not each.ended]


def _number(written: str) -> int:
    is_number = written.isascii() and written.isdigit() and len(written) < _DIGITS
    return max(int(written), 1) if is_number else 1


def page(choice: Choice, project_lists: ProjectLists) -> Page:
    """Return the list that has what was chosen."""

    def values() -> Values:
        return _values(choice, project_lists)

    return Page(addresses.PROJECTS, PageKind.PROJECTS, "projects", values, LANGUAGES, listed=False)


def _values(choice: Choice, project_lists: ProjectLists) -> Values:
    criteria = _criteria(choice, project_lists)
    whole = _whole(choice, project_lists)
    return values_of(project_lists, whole, project_lists.paged(whole), choice.number) | {
        "fields": project_lists.fields,
        "given": dict(choice.values),
        "labels": [each.label for each in criteria],
        "has_unknown": choice.has_unknown,
        "query": choice.query,
    }


def _criteria(choice: Choice, project_lists: ProjectLists) -> list[Filter]:
    lists = {
        (each.group, slug_of(each)): each
        for each in (*project_lists.territories, *project_lists.sectors, *project_lists.stages)
    }
    return [lists[pair] for pair in choice.values if pair in lists]


def _whole(choice: Choice, project_lists: ProjectLists) -> Filter:
    return _together(_criteria(choice, project_lists), seeks_lead="lead" in dict(choice.values))


def _together(criteria: list[Filter], *, seeks_lead: bool) -> Filter:
    given: Mapping[str, Filter] = {each.group: each for each in criteria}
    return Filter(
        addresses.PROJECTS,
        "chosen",
        territory=given["territory"].territory if "territory" in given else None,
        sector=given["sector"].sector if "sector" in given else None,
        stage=given["stage"].stage if "stage" in given else None,
        seeks_lead=seeks_lead,
    )
