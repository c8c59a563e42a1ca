"""The census of projects: which are open, filters, search, and the projects that words name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from rapidfuzz import fuzz, process

from knowledge.model import Project
from knowledge.text.normalise import normalise
from knowledge.text.project_codes import code_of_id
from knowledge.text.word_lists import wording

# A similarity from 0 to 100. Measured on the shipped census: "hydrogne" and "hydrogene" reach 94,
# different words stay below 75.
_LIKE = 84
# The weight of a word with a typo: it never counts as much as the word itself.
_ALIKE = 0.9
_SHORTEST_FUZZY = 5
_SHORTEST_NAME = 3
# Bounds the time that a very long text takes: a question has far fewer words that matter.
_MOST_WORDS = 100
# The normalised labels by which a card says that its project concerns every sector.
_EVERY_SECTOR = frozenset({"toutes filieres", "toutes les filieres"})
_Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The projects found, best first.

    ``words``: how many words were searched for; ``complete``: how many projects have them all.
    """

    projects: tuple[Project, ...]
    words: int
    complete: int


class Census:
    """The projects, immutable; the day is always an argument, never read from a clock."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self._projects = tuple(projects)
        self._cards = _Index({each.id: _words_of(each) for each in self._projects})
        self._names = _Index({each.id: _names_of(each) for each in self._projects})
        self._names_and_places = _Index(
            {each.id: {**_places_of(each), **_names_of(each)} for each in self._projects}
        )

    @property
    def projects(self) -> tuple[Project, ...]:
        """All projects, open or not, as the file orders them."""
        return self._projects

    def listed(
        self,
        today: date,
        *,
        territory: str | None = None,
        sector: str | None = None,
        seeks_lead: bool = False,
    ) -> tuple[Project, ...]:
        """Return the open projects that pass the filters: latest update first, then by id.

        A project that concerns every sector passes any filter on the sector, after those that name
        it. What is not known of a project passes no filter.
        """
        passing = [
            project
            for project in self._projects
            if project.open_on(today)
            and (territory is None or territory in project.territories)
            and (sector is None or _concerns(project, sector))
            and (project.seeks_lead or not seeks_lead)
        ]
        passing.sort(key=_listing_order)
        return tuple(
            sorted(passing, key=lambda each: sector is not None and sector not in each.sectors)
        )

    def coded(self, code: str) -> tuple[Project, ...]:
        """Return the projects, open or not, that a short code means: seldom more than one."""
        return tuple(each for each in self._projects if code in codes_of(each))

    def territories(self, today: date) -> tuple[str, ...]:
        """Return the territories that have an open project, in French alphabetical order."""
        return _alphabetical({t for p in self.listed(today) for t in p.territories})

    def sectors(self, today: date) -> tuple[str, ...]:
        """Return the sectors of open projects, in French alphabetical order.

        The labels that mean every sector are left out.
        """
        named = {s for p in self.listed(today) for s in p.sectors if not _is_every_sector(s)}
        return _alphabetical(named)

    def every_territory(self) -> tuple[str, ...]:
        """Return the territories of all projects, open or not, in French alphabetical order."""
        return _alphabetical({t for p in self._projects for t in p.territories})

    def every_sector(self) -> tuple[str, ...]:
        """Return the sectors of all projects, open or not; none of those that mean every one."""
        named = {s for p in self._projects for s in p.sectors if not _is_every_sector(s)}
        return _alphabetical(named)

    def search(
        self,
        words: str,
        today: date,
        *,
        territory: str | None = None,
        sector: str | None = None,
        seeks_lead: bool = False,
    ) -> SearchResult:
        """Return the projects that pass the filters and have any of the words, typos tolerated.

        Projects that have more of the words come first. Among those with as many, words of the
        title and keywords count most, then sectors and places, then the text of the card.
        """
        wanted = _searched(words)
        ranks = {
            project_id: (sum(weight > 0 for weight in weights), sum(weights))
            for project_id, weights in self._cards.weights(wanted).items()
        }
        listed = self.listed(today, territory=territory, sector=sector, seeks_lead=seeks_lead)
        matches = [project for project in listed if ranks[project.id][0]]
        # As many words and as much weight: the order of the list.
        matches.sort(key=lambda each: tuple(-part for part in ranks[each.id]))
        complete = sum(ranks[each.id][0] == len(wanted) for each in matches)
        return SearchResult(tuple(matches), len(wanted), complete)

    def named_by(self, question: str, *, places: bool = False) -> tuple[str, ...]:
        """Return the ids of the projects, open or not, that a question names, the surest first.

        A name is a keyword, a sector or a word of the title; the text of a card does not count,
        because any question may share its ordinary words. With ``places``, a place names its
        projects too, where no project is named otherwise; the places named settle the order.
        """
        wanted = telling_words(question)
        names = self._names.scores(wanted)
        scores = self._names_and_places.scores(wanted) if places else names
        if any(names.values()):
            scores = {own: score for own, score in scores.items() if names[own]}
        named = sorted((-score, project_id) for project_id, score in scores.items() if score > 0)
        return tuple(project_id for _, project_id in named)

    def says_nothing_else(self, question: str) -> bool:
        """Tell whether the words of a message that tell anything are names or places.

        One of them at least is a name: "quelque chose autour de l'usinage, à Istres".
        """
        wanted = [word for word in telling_words(question) if word not in wording().telling_nothing]
        return all(map(self._names_and_places.like, wanted)) and any(map(self._names.like, wanted))


class _Index:
    """The weighted words of each project, looked up with tolerance for typos and plurals."""

    def __init__(self, words: Mapping[str, _Weights]) -> None:
        self._words = MappingProxyType(
            {project_id: MappingProxyType(dict(own)) for project_id, own in words.items()}
        )
        self._vocabulary = tuple(dict.fromkeys(w for weights in words.values() for w in weights))
        stems: dict[str, tuple[str, ...]] = {}
        for word in self._vocabulary:
            stem = _singular(word)
            stems[stem] = (*stems.get(stem, ()), word)
        self._stems = MappingProxyType(stems)

    def scores(self, wanted: Iterable[str]) -> dict[str, float]:
        """Return by project the sum of its weights for the wanted words."""
        return {project_id: sum(weights) for project_id, weights in self.weights(wanted).items()}

    def weights(self, wanted: Iterable[str]) -> dict[str, list[float]]:
        """Return by project, for each wanted word, the weight of its most similar word.

        The weight is 0 if the project has no similar word. Wanted words that no project has are
        left out.
        """
        likes = [like.items() for word in wanted if (like := self.like(word))]
        return {
            project_id: [
                max(similarity * own.get(word, 0.0) for word, similarity in like) for like in likes
            ]
            for project_id, own in self._words.items()
        }

    def like(self, wanted: str) -> dict[str, float]:
        """Return the words similar to a wanted one: 1 for the same word, less for a likely typo."""
        same = dict.fromkeys(self._stems.get(_singular(wanted), ()), 1.0)
        if len(wanted) < _SHORTEST_FUZZY:
            return same
        alike = process.extract(
            wanted, self._vocabulary, scorer=fuzz.ratio, score_cutoff=_LIKE, limit=None
        )
        return {
            own: ratio / 100 * _ALIKE for own, ratio, _ in alike if len(own) >= _SHORTEST_FUZZY
        } | same


def code_of(project: Project) -> str:
    """Return the short code that is shown for a project, such as ``P12``."""
    return project.written_code or code_of_id(project.id)


def codes_of(project: Project) -> tuple[str, ...]:
    """Return all codes that mean a project: also the computed one, which posters may bear."""
    return tuple(dict.fromkeys((code_of(project), code_of_id(project.id))))


def telling_words(text: str) -> list[str]:
    """Return the words of a text that can tell one project from another."""
    return [word for word in _searched(text) if word not in wording().shared]


def _searched(text: str) -> list[str]:
    """Return the words of a text without the function words, each once."""
    words = dict.fromkeys(normalise(text).split())
    meaningful = [word for word in words if word not in wording().empty and len(word) > 1]
    return meaningful[:_MOST_WORDS]


def _words_of(project: Project) -> _Weights:
    parts = (
        (2.0, (project.title, *project.keywords)),
        (1.5, (*project.sectors, *project.territories)),
        (1.0, (project.summary, project.seeks, project.lead or "")),
    )
    weighted: dict[str, float] = {}
    for weight, texts in parts:
        for text in texts:
            for word in _searched(text):
                weighted.setdefault(word, weight)
    return weighted


def _places_of(project: Project) -> _Weights:
    return {word: 0.5 for place in project.territories for word in telling_words(place)}


def _names_of(project: Project) -> _Weights:
    """Return the words that name a project, with their weights."""
    places = _places_of(project)
    names: dict[str, float] = {}
    for weight, texts in ((1.0, (project.title, *project.keywords)), (0.6, project.sectors)):
        for word in (word for text in texts for word in telling_words(text)):
            if word not in places and _may_name(word):
                names.setdefault(word, weight)
    return names


def _may_name(word: str) -> bool:
    """Tell whether a word is long enough for a name, or one such as "3d" and "h2"."""
    return len(word) >= _SHORTEST_NAME or not (word.isalpha() or word.isdigit())


def _concerns(project: Project, sector: str) -> bool:
    return sector in project.sectors or any(map(_is_every_sector, project.sectors))


@lru_cache(maxsize=4096)
def _is_every_sector(label: str) -> bool:
    return normalise(label) in _EVERY_SECTOR


def _singular(word: str) -> str:
    return word[:-1] if len(word) > _SHORTEST_NAME and word[-1] in "sx" else word


def _listing_order(project: Project) -> tuple[int, str]:
    return -project.updated_on.toordinal(), project.id


def _alphabetical(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (normalise(name), name)))
