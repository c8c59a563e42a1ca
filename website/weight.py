"""How heavy a list becomes: no page is to take long on a telephone at the edge of the network.

What stands on a page is estimated from above, in bytes of HTML before it is packed.
"""

from collections.abc import Iterable, Sequence

from markupsafe import escape

from knowledge.model import Project

# A page with its style sheet.
HEAVIEST = 60_000
# Head, menus, headings and foot of a list.
FRAME = 6_000
# However long the filters are, some projects stand beside them.
_LEAST = 4_000
_MOST_ITEMS = 40
# The markup around the texts of a project, of a link of the filters, of a choice of the form.
_ITEM, _LINK, _OPTION = 310, 90, 36


def of_link(path: str, label: str) -> int:
    """Return the bytes of one link to a list."""
    return _LINK + len(path) + _bytes(label)


def of_option(slug: str, label: str) -> int:
    """Return the bytes of one choice of the form."""
    return _OPTION + len(slug) + _bytes(label)


def paged(projects: Iterable[Project], room: int) -> Sequence[Sequence[Project]]:
    """Return projects by pages: each has at most 40, and what goes into ``room`` bytes."""
    pages: list[list[Project]] = [[]]
    left = room = max(room, _LEAST)
    for project in projects:
        weight = _ITEM + len(project.id) + _bytes(project.title, *project.labels)
        if pages[-1] and (weight > left or len(pages[-1]) == _MOST_ITEMS):
            pages.append([])
            left = room
        pages[-1].append(project)
        left -= weight
    return pages


def _bytes(*texts: str) -> int:
    return sum(len(str(escape(text)).encode()) for text in texts)
