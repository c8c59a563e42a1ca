"""Finds phrasings that stand twice: each may be the exact one of one entry or act only."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from knowledge.files.items import Item
from knowledge.files.problems import Place, Problem, problem
from knowledge.text.normalise import normalise

ASKED, OUT_OF_SCOPE = "attendu", "hors_sujet"
# From so many on, the phrasings of one are a copy of the other's.
_COPIED = 3
# The kind and the owner of a phrasing, then of the first that says the same.
Sides = tuple[str, str, str, str]


class Phrasing(NamedTuple):
    """A text that asks for an entry or act (``owner``), or has no answer.

    ``listed``: it stands in a list of phrasings, and so must not be repeated; a question and a
    title may be the same. ``voice``: the voice that says it, empty for faq.yaml and actes.yaml.
    ``talk``: small talk, an act that is never a choice.
    """

    kind: str
    owner: str
    place: Place
    text: str
    listed: bool = True
    voice: str = ""
    talk: bool = False


def check_phrasings(items: Sequence[Item]) -> Iterator[Problem]:
    """Find phrasings that two entries or acts have, or that one has twice."""
    first: dict[str, Phrasing] = {}
    for item in _once(items):
        shared: dict[Sides, list[tuple[Phrasing, Phrasing]]] = {}
        for phrasing in phrasings_of(item):
            key = normalise(phrasing.text)
            # The schema already reports a text of spaces alone.
            if not key and phrasing.text.strip():
                yield problem("blank_phrasing", phrasing.place)
            elif key:
                known = first.setdefault(key, phrasing)
                sides = (phrasing.kind, phrasing.owner, known.kind, known.owner)
                shared.setdefault(sides, []).append((phrasing, known))
        for pairs in shared.values():
            yield from _shared(pairs)
    for item in items:
        if same := first.get(normalise(item.text("question") or "")):
            yield from _idle(item, same)


def _once(items: Iterable[Item]) -> Iterator[Item]:
    """Leave out items with the id of another: that is told, and they may be the same by mistake."""
    seen: set[tuple[str, str]] = set()
    for item in items:
        name = (item.list_key, item.text("id") or str((item.document.file, item.location)))
        if name not in seen:
            yield item
        seen.add(name)


def _shared(pairs: list[tuple[Phrasing, Phrasing]]) -> Iterator[Problem]:
    """Tell phrasings that have another side too; as one mistake where an item was copied."""
    (phrasing, known), count = pairs[0], len(pairs)
    sides = {phrasing.kind, known.kind}
    is_other = phrasing.owner != known.owner and OUT_OF_SCOPE not in sides
    if is_other and count >= _COPIED:
        at = {"other_file": known.place.file, "other_line": known.place.line}
        yield problem("copied_phrasings", phrasing.place, count=count, id=known.owner, **at)
        return
    for phrasing, known in pairs:
        yield from _same(phrasing, known)


def _idle(item: Item, same: Phrasing) -> Iterator[Problem]:
    """Find control questions that are also phrasings: the matcher always gets those right."""
    if item.list_key == "questions" and same.kind != OUT_OF_SCOPE:
        other = {"other_file": same.place.file, "other_line": same.place.line}
        yield problem("idle_question", item.place("question"), **other)


def _same(phrasing: Phrasing, first: Phrasing) -> Iterator[Problem]:
    if (phrasing.kind, phrasing.owner) == (first.kind, first.owner):
        if phrasing.listed and phrasing is not first:
            yield problem("repeated_phrasing", phrasing.place, phrasing=phrasing.text)
        return
    out = OUT_OF_SCOPE in {phrasing.kind, first.kind}
    yield problem(
        "answered_phrasing" if out else "duplicate_phrasing",
        phrasing.place,
        phrasing=phrasing.text,
        id=phrasing.owner if first.kind == OUT_OF_SCOPE else first.owner,
        other_file=first.place.file,
        other_line=first.place.line,
    )


def phrasings_of(item: Item) -> Iterator[Phrasing]:
    """Return the texts of an item that the matcher recognises exactly."""
    # An item without an id is identified by its place in the file.
    owner = item.text("id") or str(item.location)
    if item.list_key == "entrees":
        for key in ("question", "titre"):
            if (text := item.text(key)) is not None:
                yield Phrasing(ASKED, owner, item.place(key), text, listed=False)
        yield from _listed(item, ASKED, owner, "variantes")
    elif item.list_key == "actes":
        title = item.text("titre")
        if title is not None:
            yield Phrasing(ASKED, owner, item.place("titre"), title, listed=False)
        for each in _listed(item, ASKED, owner, "variantes"):
            yield each._replace(talk=title is None)
    elif item.list_key == "voix":
        for entry in item.keys("formulations"):
            yield from _listed(item, ASKED, entry, "formulations", entry)
        yield from _listed(item, OUT_OF_SCOPE, "", "hors_sujet")


def _listed(item: Item, kind: str, owner: str, *keys: str) -> Iterator[Phrasing]:
    for number, text in item.texts(*keys):
        yield Phrasing(kind, owner, item.place(*keys, number), text, voice=item.text("nom") or "")
