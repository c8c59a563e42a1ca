"""The projects that a question names: one by its card, several as a short numbered list."""

from collections.abc import Iterable

from handlers.core.buttons import ListProjects, ShowProject, with_person
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.turn import Turn
from handlers.messages import Catalogue
from handlers.projects import browse
from knowledge.model import Project

TEXT = Catalogue.of("questions")
_MOST = 3


def shown_as(project_id: str) -> str:
    """Return what a project is called among the ids shown for a question."""
    return f"project:{project_id}"


def open_among(turn: Turn, project_ids: Iterable[str], most: int = _MOST) -> list[Project]:
    """Return the first projects of these that take new interests."""
    today = turn.services.today()
    return [each for each in _known(turn, project_ids) if each.open_on(today)][:most]


def _known(turn: Turn, project_ids: Iterable[str]) -> list[Project]:
    return [each for each in map(turn.services.knowledge.project, project_ids) if each]


async def show(turn: Turn, project_ids: Iterable[str], *, in_short: bool = False) -> None:
    """Show the open projects named, best first; where none of them is open, say so.

    ``in_short``: one alone is only named too, where it may not be what was meant.
    """
    named = tuple(project_ids)
    projects = open_among(turn, named)
    closed = _known(turn, named)[:1] if not projects else []
    if projects[1:] or (projects and in_short):
        if not projects[1:]:
            turn.is_about(shown_as(projects[0].id))
        turn.say(TEXT("projects", projects=projects), _keyboard(projects))
    elif alone := projects or closed:
        # One project: its card holds the way to say that it is of interest.
        await browse.show(turn, alone[0].id)
    else:
        browse.show_page(turn, ListProjects())


def _keyboard(projects: Iterable[Project]) -> Keyboard:
    cards = (
        button(f"{number}. {project.title}", ShowProject(project.id))
        for number, project in enumerate(projects, 1)
    )
    return with_person(column([*cards, button(TEXT.label("action_projects"), ListProjects())]))
