"""The bot's knowledge at one moment, as one immutable value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from knowledge.matcher.matcher import Matcher
from knowledge.matcher.thresholds import Thresholds
from knowledge.model import Act, Entry, Initiative, Project
from knowledge.projects import Census
from knowledge.ranking.ranker import Ranker
from knowledge.text.lexicon import Lexicon

# The projects that an answer showed are kept beside the ids of entries, and begin so.
_PROJECT = "project:"


@dataclass(frozen=True)
class Knowledge:
    """The bot's knowledge at one moment; never changed, replaced whole.

    What is hidden is known to facilitators alone: nothing else of this value tells of it.
    """

    entries: tuple[Entry, ...]
    projects: tuple[Project, ...]
    acts: tuple[Act, ...]
    matcher: Matcher = field(repr=False)
    census: Census = field(repr=False)
    version: str
    lexicon: Lexicon = field(default_factory=Lexicon, repr=False)
    thresholds: Thresholds = field(default_factory=Thresholds)
    ranker: Ranker | None = field(default=None, repr=False)
    hidden_entries: tuple[Entry, ...] = ()
    hidden_projects: tuple[Project, ...] = ()
    initiative: Initiative = field(default_factory=Initiative)
    _entries: Mapping[str, Entry] = field(init=False, repr=False, compare=False)
    _projects: Mapping[str, Project] = field(init=False, repr=False, compare=False)
    _acts: Mapping[str, Act] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entries = {entry.id: entry for entry in self.entries}
        projects = {project.id: project for project in self.projects}
        acts = {act.id: act for act in self.acts}
        object.__setattr__(self, "_entries", MappingProxyType(entries))
        object.__setattr__(self, "_projects", MappingProxyType(projects))
        object.__setattr__(self, "_acts", MappingProxyType(acts))

    def entry(self, entry_id: str) -> Entry | None:
        """Return the entry with this id, if there is one."""
        return self._entries.get(entry_id)

    def project(self, project_id: str) -> Project | None:
        """Return the project with this id, open or not, if there is one."""
        return self._projects.get(project_id)

    def projects_coded(self, code: str) -> tuple[Project, ...]:
        """Return the projects, open or not, that a short code means: seldom more than one."""
        return self.census.coded(code)

    def hidden_project(self, project_id: str) -> Project | None:
        """Return the hidden project with this id: it has not ended, and nobody is shown it."""
        return next((each for each in self.hidden_projects if each.id == project_id), None)

    def act(self, act_id: str) -> Act | None:
        """Return the act with this id, if there is one."""
        return self._acts.get(act_id)

    def title_of(self, shown: str, language: str) -> str | None:
        """Return the title of what was shown: an entry, an act, or ``project:`` and its id.

        It is French where there is none in the language; None if the thing was taken out.
        """
        if named := self.entry(shown) or self.act(shown):
            return named.said_in(language).title
        project = self.project(shown.removeprefix(_PROJECT))
        return project.title if project else None
