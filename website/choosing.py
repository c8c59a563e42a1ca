"""Lists of projects by several criteria at once, which a server reads from an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from handlers.messages import LANGUAGES
from website import addresses
from website.pages import Kind, Page, Values
from website.project_pages import Catalogue, Filter, fields, slug_of, values_of

# The names of the criteria in an address, in the order of the form.
NAMES = {"territory": "territoire", "sector": "filiere", "stage": "etape", "lead": "chef"}
SEEKING = "cherche"
_LONGEST, _MOST_FIELDS = 500, 10


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address asks for: the value of each criterion, and whether one is not known."""

    values: tuple[tuple[str, str], ...]
    has_unknown: bool = False


def choice_of(query: str, catalogue: Catalogue) -> Choice | None:
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
    known = {name: set(values) for name, values in fields(catalogue)} | {"lead": {SEEKING}}
    found = tuple((name, value) for name, value in asked.items() if value in known.get(name, ()))
    return Choice(found, has_unknown=len(found) < len(asked))


def page(choice: Choice, catalogue: Catalogue) -> Page:
    """Return the list that has what was chosen."""

    def values() -> Values:
        return _values(choice, catalogue)

    return Page(addresses.PROJECTS, Kind.PROJECTS, "projects", values, LANGUAGES, listed=False)


def _values(choice: Choice, catalogue: Catalogue) -> Values:
    chosen = dict(choice.values)
    lists = {
        (each.group, slug_of(each)): each
        for each in (*catalogue.territories, *catalogue.sectors, *catalogue.stages)
    }
    criteria = [lists[pair] for pair in choice.values if pair in lists]
    whole = _together(criteria, seeks_lead="lead" in chosen)
    projects = catalogue.listed(whole)
    return values_of(catalogue, whole, projects) | {
        # All on one page: a further one would need the criteria in its address.
        "projects": projects,
        "count": 1,
        "fields": fields(catalogue),
        "given": chosen,
        "labels": [each.label for each in criteria],
        "has_unknown": choice.has_unknown,
    }


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
