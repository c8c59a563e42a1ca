"""The census of projects: which are open, where, in which sectors, and those that words name."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from rapidfuzz import fuzz

from knowledge.model import Project
from knowledge.normalising import normalise

# Measured on the shipped census: "hydrogne" against "hydrogene" 94, unlike words below 75.
_LIKE = 84
_SHORTEST_FUZZY = 5
_SHORTEST_NAME = 3
# Words that every project shares say nothing about which one is meant.
_COMMON = frozenset(Path(__file__).with_name("common_words.txt").read_text("utf-8").split())


class Census:
    """The projects, immutable; the day is always given, never read from a clock."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self._projects = tuple(projects)
        self._words = {project.id: _words_of(project) for project in self._projects}
        self._names = {project.id: _names_of(project) for project in self._projects}

    def listed(
        self,
        today: date,
        *,
        territory: str | None = None,
        sector: str | None = None,
        seeks_lead: bool = False,
    ) -> tuple[Project, ...]:
        """Return the open projects that pass the filters: latest update first, then by id."""
        found = [
            project
            for project in self._projects
            if project.open_on(today)
            and (territory is None or territory in project.territories)
            and (sector is None or sector in project.sectors)
            and (project.seeks_lead or not seeks_lead)
        ]
        return tuple(sorted(found, key=_listing_order))

    def search(self, words: str, today: date) -> tuple[Project, ...]:
        """Return the open projects that words name, typos tolerated, best first."""
        wanted = telling_words(words)
        scored = [(self._score(project, wanted), project) for project in self.listed(today)]
        named = [(score, project) for score, project in scored if score > 0]
        return tuple(p for _, p in sorted(named, key=lambda one: (-one[0], _listing_order(one[1]))))

    def named_by(self, question: str, *, places: bool = False) -> tuple[str, ...]:
        """Return the ids of the projects, open or not, that a question names, the surest first.

        A name is a keyword, a sector or a word of the title: the text of a card shares its
        ordinary words with every question. A place names projects only where that is asked for.
        """
        wanted = telling_words(question)
        scored = (
            (self._naming(project, wanted, places=places), project.id) for project in self._projects
        )
        named = sorted((-score, project_id) for score, project_id in scored if score > 0)
        return tuple(project_id for _, project_id in named)

    def _naming(self, project: Project, wanted: Iterable[str], *, places: bool) -> float:
        own, where = self._names[project.id]
        names = {**where, **own} if places else own
        return sum(_best(word, names.items()) for word in wanted)

    def territories(self, today: date) -> tuple[str, ...]:
        """Return the territories that have an open project, in French alphabetical order."""
        return _alphabetical({t for p in self.listed(today) for t in p.territories})

    def sectors(self, today: date) -> tuple[str, ...]:
        """Return the sectors that have an open project, in French alphabetical order."""
        return _alphabetical({s for p in self.listed(today) for s in p.sectors})

    def _score(self, project: Project, wanted: Iterable[str]) -> float:
        """Return how many of the words a project holds, its title counting twice."""
        return sum(_best(word, self._words[project.id]) for word in wanted)


def telling_words(text: str) -> list[str]:
    """Return the words of a text that can tell one project from another."""
    return [word for word in normalise(text).split() if word not in _COMMON and len(word) > 1]


def _words_of(project: Project) -> tuple[tuple[str, float], ...]:
    weighted: dict[str, float] = {}
    parts = (
        (2.0, project.title),
        (2.0, " ".join(project.keywords)),
        (1.5, " ".join((*project.sectors, *project.territories))),
        (1.0, f"{project.summary} {project.seeks} {project.lead or ''}"),
    )
    for weight, text in parts:
        for word in telling_words(text):
            weighted[word] = max(weight, weighted.get(word, 0.0))
    return tuple(weighted.items())


def _names_of(project: Project) -> tuple[dict[str, float], dict[str, float]]:
    """Return the words that are a project's own, and those of where it is, with their weights."""
    places = {word: 0.5 for place in project.territories for word in telling_words(place)}
    names: dict[str, float] = {}
    for weight, texts in ((0.6, project.sectors), (1.0, (project.title, *project.keywords))):
        for word in telling_words(" ".join(texts)):
            if word not in places and len(word) >= _SHORTEST_NAME:
                names[word] = weight
    return names, places


def _best(wanted: str, words: Iterable[tuple[str, float]]) -> float:
    return max((_likeness(wanted, word) * weight for word, weight in words), default=0.0)


def _likeness(wanted: str, own: str) -> float:
    """Return 1 for the same word, less for a like one, 0 for another."""
    if wanted == own or wanted.rstrip("sx") == own.rstrip("sx"):
        return 1.0
    if len(wanted) < _SHORTEST_FUZZY or len(own) < _SHORTEST_FUZZY:
        return 0.0
    ratio = fuzz.ratio(wanted, own, score_cutoff=_LIKE)
    return ratio / 100 * 0.9


def _listing_order(project: Project) -> tuple[int, str]:
    return -project.updated_on.toordinal(), project.id


def _alphabetical(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: unicodedata.normalize("NFKD", name).casefold()))
