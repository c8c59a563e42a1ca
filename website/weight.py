"""How heavy a list becomes: no page is to take long on a telephone at the edge of the network.

What stands on a page is estimated from above, in bytes of HTML before it is packed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from markupsafe import escape

from knowledge.model import Project

Item = TypeVar("Item")
# A page with its style sheet.
HEAVIEST = 60_000
# Head, menus, headings and foot of a list.
FRAME = 6_000
# However long the filters are, some projects stand beside them.
_LEAST = 4_000
_MOST_ITEMS = 40
# The markup around the texts of a project, of a link of the filters, of a choice of the form.
_ITEM, _LINK, _OPTION = 340, 90, 36
# The markup around the title and the question of an answer, around a name, around a heading.
_ANSWER, _NAME, _HEADING = 130, 12, 80


def of_link(path: str, label: str) -> int:
    """Return the bytes of one link to a list."""
    return _LINK + len(path) + _bytes(label)


def of_option(slug: str, label: str) -> int:
    """Return the bytes of one choice of the form."""
    return _OPTION + len(slug) + _bytes(label)


def of_answer(id_: str, *texts: str) -> int:
    """Return the bytes of one answer in their list."""
    return _ANSWER + len(id_) + _bytes(*texts)


def of_name(label: str) -> int:
    """Return the bytes of a name that leads nowhere."""
    return _NAME + _bytes(label)


def of_heading(label: str) -> int:
    """Return the bytes of a heading and of the list below it, without what stands in that."""
    return _HEADING + _bytes(label)


def paged(projects: Iterable[Project], room: int) -> Sequence[Sequence[Project]]:
    """Return projects by pages: each has at most 40, and what goes into ``room`` bytes."""
    return cut(projects, _of_project, room, _MOST_ITEMS)


def cut(
    items: Iterable[Item], weigh: Callable[[Item], int], room: int, most: int | None = None
) -> Sequence[Sequence[Item]]:
    """Return items by pages, at least one: each has what goes into ``room`` bytes.

    ``weigh`` returns the bytes of an item; a page has no more than ``most`` of them.
    """
    pages: list[list[Item]] = [[]]
    left = room = max(room, _LEAST)
    for item in items:
        weight = weigh(item)
        if pages[-1] and (weight > left or len(pages[-1]) == most):
            pages.append([])
            left = room
        pages[-1].append(item)
        left -= weight
    return pages


def _of_project(project: Project) -> int:
    return _ITEM + len(project.id) + _bytes(project.title, *project.labels)


def _bytes(*texts: str) -> int:
    return sum(len(str(escape(text)).encode()) for text in texts)
