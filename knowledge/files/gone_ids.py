"""Finds ids that no answer has any more: one problem an id, whatever number of places name it.

An answer taken out by hand leaves its id in other files: in the lists of answers that lead on to
it, as the key of its phrasings in each voice, in control questions. So does an id that was changed.
An id that one place alone names is rather a slip, and told as such.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.files.items import Item
from knowledge.files.problems import Place, Problem, problem, words
from knowledge.text.near_words import nearest

# A similarity from 0 to 100: an id this close to an unknown one may be meant.
_NEAR = 60
_ENTRIES, _ACTS = "entrees", "actes"
_SLIPS = {
    "related": "unknown_related",
    "entry": "unknown_entry",
    "expected": "unknown_expected",
}


@dataclass(frozen=True, slots=True)
class _Mention:
    """Where an id is named: the kind of place, and the lines (from 1) that go with the id."""

    id: str
    kind: str
    at: Place
    first: int
    last: int


def check_ids(items: Sequence[Item]) -> Iterator[Problem]:
    """Find the ids of answers and acts that are named and that nobody has."""
    if any(not item.text("id") for item in items if item.list_key in {_ENTRIES, _ACTS}):
        # An id that cannot be read, which is told by itself, may be any of those that are missed.
        return
    entries, acts = ids_of(items, _ENTRIES), ids_of(items, _ACTS)
    # Without any of one kind, its file is at fault, and is reported as such.
    asked = entries | acts if entries and acts else frozenset[str]()
    known = {"related": entries, "entry": asked, "expected": asked}
    mentions = [each for item in items for each in _mentions(item)]
    named = {each.id for each in mentions}
    owners = {item.text("id") or "": item for item in items if item.list_key in {_ENTRIES, _ACTS}}
    new = {id_: owners[id_].place("id") for id_ in (entries | acts) - named}
    gone: dict[str, list[_Mention]] = defaultdict(list)
    for each in mentions:
        if known[each.kind] and each.id not in known[each.kind]:
            gone[each.id].append(each)
    for id_, left in gone.items():
        if len(left) == 1:
            yield _slip(left[0], known[left[0].kind])
        else:
            yield _left_over(id_, left, new)


def _slip(mention: _Mention, known: Collection[str]) -> Problem:
    parts = [part for part in re.split(r"[\s,;/&+]+(?:et\s+)?", mention.id.strip()) if part]
    if len(parts) > 1 and all(part in known for part in parts):
        return problem("several_ids", mention.at, value=mention.id, listed=", ".join(parts))
    value = "related" if mention.kind == "related" else "entry"
    nearest = near(mention.id, known)
    return problem(_SLIPS[mention.kind], mention.at, **{value: mention.id}, nearest=nearest)


def _left_over(id_: str, left: Sequence[_Mention], new: Mapping[str, Place]) -> Problem:
    """Return the one problem of an id; ``new``: the ids that nothing names, one may be its own.

    A changed id is told where it was changed: each other line is right as it is.
    """
    # The control questions keep nothing from use.
    first = next((each for each in left if each.kind != "expected"), left[0])
    values = {"id": id_, "count": len(left), "where": _places(left)}
    close = nearest(id_, sorted(new), _NEAR)
    # Names that have nothing in common may be the old and the new one, if there is no other.
    changed = close or (next(iter(new)) if len(new) == 1 else None)
    if changed is not None and first.kind != "expected":
        return problem("renamed_id", new[changed], new=changed, **values)
    code = "gone_expected" if first.kind == "expected" else "gone_entry"
    return problem(code, first.at, **values)


def _places(left: Iterable[_Mention]) -> str:
    lines: dict[str, list[str]] = defaultdict(list)
    for each in left:
        is_one = each.first == each.last
        span = str(each.first) if is_one else words("lines").format(**_span(each))
        lines[each.at.file].append(span)
    return " ; ".join(_in_file(file, spans) for file, spans in lines.items())


def _span(mention: _Mention) -> dict[str, int]:
    return {"first": mention.first, "last": mention.last}


def _in_file(file: str, spans: Sequence[str]) -> str:
    is_one = len(spans) == 1 and spans[0].isdigit()
    text: str = words("line_of" if is_one else "lines_of")
    return text.format(file=file, lines=", ".join(spans))


def _mentions(item: Item) -> Iterator[_Mention]:
    for number, id_ in item.texts("voir_aussi"):
        at = item.place("voir_aussi", number)
        if id_ != item.text("id"):
            yield _Mention(id_, "related", at, at.line, at.line)
    for id_ in item.keys("formulations"):
        at = item.place("formulations", id_)
        ends = (item.place("formulations", id_, n) for n, _ in item.texts("formulations", id_))
        last = max((each.line for each in ends), default=at.line)
        yield _Mention(id_, "entry", at, at.line, last)
    for number, id_ in item.texts("attendu"):
        at = item.place("attendu", number)
        # The question goes with its only answer.
        is_alone = len(list(item.texts("attendu"))) == 1
        yield _Mention(id_, "expected", at, item.place().line if is_alone else at.line, at.line)


def ids_of(items: Iterable[Item], key: str) -> frozenset[str]:
    """Return the ids of the items of a list, such as ``entrees``."""
    return frozenset(item.text("id") or "" for item in items if item.list_key == key)


def near(name: str, names: Iterable[str]) -> str:
    """Return a question whether the nearest of these names was meant; empty if none is near."""
    close = nearest(name, sorted(names), _NEAR)
    told: str = words("nearest")
    return told.format(key=close) if close else ""
