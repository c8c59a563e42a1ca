"""Finds projects that one short code means: whoever types it from a poster has to choose."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count

from knowledge.files.items import Item
from knowledge.files.problems import Problem, problem
from knowledge.text.project_codes import code_of_id, written_code


def check_codes(items: Sequence[Item]) -> Iterator[Problem]:
    """Find the projects whose code, written or computed, is already that of another one."""
    projects = {id_: item for item in items if (id_ := _id(item))}
    owners: dict[str, str] = {}
    taken = {code for item in projects.values() for code in _codes(item)}
    for id_, item in projects.items():
        for code in _codes(item):
            other = owners.setdefault(code, id_)
            if other != id_:
                at = item.place("code" if item.text("code") else "id")
                yield problem("same_code", at, shared=code, other=other, free=_free(taken))


def _id(item: Item) -> str:
    return (item.text("id") or "") if item.list_key == "projets" else ""


def _codes(item: Item) -> Iterable[str]:
    written = written_code(item.text("code") or "")
    return dict.fromkeys(filter(None, (written, code_of_id(_id(item)))))


def _free(taken: Collection[str]) -> str:
    """Return the shortest code that no project has."""
    return next(code for number in count(1) if (code := f"P{number}") not in taken)
