"""The short code of a project, typed from a poster: its card, or a kind word and the list."""

from collections.abc import Sequence
from datetime import date

from rapidfuzz.distance import DamerauLevenshtein

from handlers.core import arrivals
from handlers.core.buttons import ListProjects, ShowProject, with_person
from handlers.core.keyboards import Keyboard, button, rows
from handlers.core.turn import Turn
from handlers.messages import Catalogue
from handlers.projects import browse
from knowledge.knowledge import Knowledge
from knowledge.model import Project
from knowledge.projects import code_of, codes_of
from knowledge.start_links import LinkKind, Source
from knowledge.text.project_codes import typed_code

TEXT = Catalogue.of("projects")
_MOST_NEAR = 3


async def show(turn: Turn) -> bool:
    """Show the project whose code was typed, or say that there is none; False for other texts."""
    typed = typed_code(turn.text)
    if typed is None:
        return False
    knowledge = turn.services.knowledge
    found = knowledge.projects_coded(typed.code)
    hidden = [each for each in knowledge.hidden_projects if typed.code in codes_of(each)]
    if found:
        # Posters alone bear it.
        await arrivals.count(turn, LinkKind.PROJECT, Source.POSTER)
    if len(found) > 1:
        turn.say(TEXT("several_coded", code=typed.code, count=len(found)), _to_cards(found))
    elif found or hidden:
        await browse.show(turn, (*found, *hidden)[0].id)
    elif typed.is_sure:
        _say_unknown(turn, typed.code)
    else:
        return False
    return True


def _say_unknown(turn: Turn, code: str) -> None:
    near = near_to(code, turn.services.knowledge, turn.services.today())
    has_projects = turn.services.has_projects
    text = TEXT("unknown_code", code=code, near=len(near), has_projects=has_projects)
    turn.say(text, _to_cards(near))


def near_to(code: str, knowledge: Knowledge, today: date) -> Sequence[Project]:
    """Return the open projects whose code is one slip away: a digit, or two that changed places."""
    listed = knowledge.census.listed(today)
    near = (each for each in listed if DamerauLevenshtein.distance(code, code_of(each)) == 1)
    return tuple(near)[:_MOST_NEAR]


def _to_cards(projects: Sequence[Project]) -> Keyboard:
    cards = (
        [button(f"{number}. {project.title}", ShowProject(project.id))]
        for number, project in enumerate(projects, 1)
    )
    return with_person(rows(*cards, [button(TEXT.label("back"), ListProjects())]))
