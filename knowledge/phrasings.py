"""Phrasings held against each other: each may be exact for one entry only."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from knowledge.items import Item
from knowledge.normalising import normalise
from knowledge.problems import Place, Problem, problem

_ENTRY, _SMALL_TALK, _OUT_OF_SCOPE = "entrees", "politesses", "hors_sujet"


class _Phrasing(NamedTuple):
    """A text that asks for an entry, is small talk, or that nothing answers.

    ``listed``: one of many, where a title may well repeat the question.
    """

    kind: str
    owner: str
    place: Place
    text: str
    listed: bool = True


def check_phrasings(items: Iterable[Item]) -> Iterator[Problem]:
    """Find phrasings that would be exact for two entries, or that stand twice in one."""
    first: dict[str, _Phrasing] = {}
    for item in items:
        for phrasing in _phrasings(item):
            key = normalise(phrasing.text)
            # A text of spaces alone is told by the schema.
            if not key and phrasing.text.strip():
                yield problem("blank_phrasing", phrasing.place)
            elif key:
                yield from _same(phrasing, first.setdefault(key, phrasing))


def _same(phrasing: _Phrasing, first: _Phrasing) -> Iterator[Problem]:
    if (phrasing.kind, phrasing.owner) == (first.kind, first.owner):
        if phrasing.listed and phrasing is not first:
            yield problem("repeated_phrasing", phrasing.place, phrasing=phrasing.text)
        return
    out = _OUT_OF_SCOPE in {phrasing.kind, first.kind}
    yield problem(
        "answered_phrasing" if out else "duplicate_phrasing",
        phrasing.place,
        phrasing=phrasing.text,
        id=phrasing.owner if first.kind == _OUT_OF_SCOPE else first.owner,
        other_file=first.place.file,
        other_line=first.place.line,
    )


def _phrasings(item: Item) -> Iterator[_Phrasing]:
    # An entry without an id is its own.
    owner = item.text("id") or str(item.location)
    if item.list_key == "entrees":
        for key in ("question", "titre"):
            if (text := item.text(key)) is not None:
                yield _Phrasing(_ENTRY, owner, item.place(key), text, listed=False)
        yield from _listed(item, _ENTRY, owner, "variantes")
    elif item.list_key == "politesses":
        yield from _listed(item, _SMALL_TALK, owner, "phrases")
    elif item.list_key == "voix":
        for entry in item.keys("formulations"):
            yield from _listed(item, _ENTRY, entry, "formulations", entry)
        yield from _listed(item, _OUT_OF_SCOPE, "", "hors_sujet")


def _listed(item: Item, kind: str, owner: str, *keys: str) -> Iterator[_Phrasing]:
    for number, text in item.texts(*keys):
        yield _Phrasing(kind, owner, item.place(*keys, number), text)
