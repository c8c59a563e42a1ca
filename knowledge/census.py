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
# Words that every project shares say nothing about which one is meant.
_COMMON = frozenset(Path(__file__).with_name("common_words.txt").read_text("utf-8").split())


class Census:
    """The projects, immutable; the day is always given, never read from a clock."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self._projects = tuple(projects)
        self._words = {project.id: _words_of(project) for project in self._projects}

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

    def named_by(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return the ids of the projects, open or not, that any of these words names."""
        wanted = [word for word in words if word not in _COMMON]
        return tuple(p.id for p in self._projects if self._score(p, wanted) > 0)

    def territories(self, today: date) -> tuple[str, ...]:
        """Return the territories that have an open project, in French alphabetical order."""
        return _alphabetical({t for p in self.listed(today) for t in p.territories})

    def sectors(self, today: date) -> tuple[str, ...]:
        """Return the sectors that have an open project, in French alphabetical order."""
        return _alphabetical({s for p in self.listed(today) for s in p.sectors})

    def _score(self, project: Project, wanted: Iterable[str]) -> float:
        """Return how many of the words a project holds, its title counting twice."""
        words = self._words[project.id]
        return sum(
            max((_likeness(w, own) * weight for own, weight in words), default=0) for w in wanted
        )


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
