"""Differences between two versions of the files, by entry, project and phrasing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from knowledge.files.items import items_of
from knowledge.files.lead_contacts import CONTACT
from knowledge.files.problems import words
from knowledge.files.yaml_reader import Document


class DifferenceKind(StrEnum):
    """The kinds of difference."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One change, as a facilitator reads it.

    ``what``: "entry", "project", "act", "initiative", "phrasing", "out_of_scope", "question",
    "short_form", "idea", "place". ``id`` and ``title``: those of the entry, project or voice in
    which the change is. ``field``: the key that changed ("reponse", "titre"...), empty when
    something is added or removed whole. ``before`` and ``after``: the texts; None before an
    addition and after a removal. ``voice``: whose phrasing it is, which ``title`` names as well.
    """

    kind: DifferenceKind
    what: str
    id: str
    title: str
    before: str | None
    after: str | None
    field: str = ""
    voice: str = ""


# A text of a list: what it is, the id and the title of its owner, the text, and its voice if any.
_Listed = tuple[str, str, str, str, str]
# What faq.yaml says of the initiative, besides its entries.
_INITIATIVE = "initiative"
_WHOLES = {"entrees": "entry", "projets": "project", "actes": "act"}
_PHRASINGS = ("variantes",)


def differences(
    before: Mapping[str, Document], after: Mapping[str, Document]
) -> tuple[Difference, ...]:
    """Return the additions, changes and removals, in the order of the files.

    One for each field of an entry, project or act that changed; one for each phrasing or
    word of the vocabulary that was added or removed. Comments of the files do not count.
    """
    old, new = _wholes(before.values()), _wholes(after.values())
    return (*_of_wholes(old, new), *_of_texts(before.values(), after.values()))


_Key = tuple[str, str]
_Wholes = dict[_Key, dict[str, Any]]


def _wholes(documents: Iterable[Document]) -> _Wholes:
    documents = list(documents)
    listed = {
        (_WHOLES[item.list_key], item.text("id") or ""): item.raw
        for document in documents
        for item in items_of(document)
        if item.list_key in _WHOLES
    }
    return dict(chain.from_iterable(map(_initiative, documents))) | listed


def _initiative(document: Document) -> Iterator[tuple[_Key, dict[str, Any]]]:
    raw = document.data.get(_INITIATIVE) if isinstance(document.data, dict) else None
    if isinstance(raw, dict):
        yield (_INITIATIVE, _INITIATIVE), raw


def _of_wholes(old: _Wholes, new: _Wholes) -> Iterator[Difference]:
    for (what, id_), raw in new.items():
        former = old.get((what, id_))
        if former is None:
            yield Difference(DifferenceKind.ADDED, what, id_, _title(raw, id_), None, _main(raw))
        else:
            yield from _fields(what, id_, former, raw)
    for (what, id_), raw in old.items():
        if (what, id_) not in new:
            yield Difference(DifferenceKind.REMOVED, what, id_, _title(raw, id_), _main(raw), None)


def _fields(
    what: str, id_: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Difference]:
    old, new = _flat(old), _flat(new)
    for key in dict.fromkeys((*new, *old)):
        before, after = _in_words(old.get(key)), _in_words(new.get(key))
        if key not in _PHRASINGS and before != after:
            # Never quoted: a difference is kept, and shown in more places than the file.
            if str(key).startswith(CONTACT):
                before, after = _unquoted(before), _unquoted(after)
            yield Difference(
                DifferenceKind.CHANGED, what, id_, _title(new, id_), before, after, str(key)
            )


def _unquoted(text: str | None) -> str | None:
    return None if text is None else str(words("unquoted"))


def _flat(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys with those of a mapping in it: ``en.titre`` for the title in ``en``."""
    flat: dict[str, Any] = {}
    for key, value in raw.items():
        inner = value.items() if isinstance(value, dict) else ()
        flat |= {f"{key}.{name}": text for name, text in inner} if inner else {key: value}
    return flat


def _title(raw: Mapping[str, Any], id_: str) -> str:
    return _in_words(raw.get("titre") or raw.get("question") or raw.get("nom")) or id_


def _main(raw: Mapping[str, Any]) -> str | None:
    """Return the main text of an entry, act or project: its answer or its summary."""
    return _in_words(raw.get("reponse") or raw.get("resume") or raw.get("nom"))


def _in_words(value: object) -> str | None:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return None if value is None else str(value).strip()


def _of_texts(before: Iterable[Document], after: Iterable[Document]) -> Iterator[Difference]:
    old, new = _titles(before), _titles(after)
    for what, id_, text in (key for key in new if key not in old):
        title, voice = new[what, id_, text]
        yield Difference(DifferenceKind.ADDED, what, id_, title, None, text, voice=voice)
    for what, id_, text in (key for key in old if key not in new):
        title, voice = old[what, id_, text]
        yield Difference(DifferenceKind.REMOVED, what, id_, title, text, None, voice=voice)


def _titles(documents: Iterable[Document]) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Return the title and the voice of each text; a new title alone makes no other text."""
    return {
        (what, id_, text): (title, voice)
        for document in documents
        for what, id_, title, text, voice in _texts(document)
    }


def _texts(document: Document) -> Iterator[_Listed]:
    for item in items_of(document):
        id_ = item.text("id") or ""
        for key in _PHRASINGS:
            for _, text in item.texts(key):
                yield "phrasing", id_, _title(item.raw, id_), text, ""
        voice = item.text("nom") or ""
        for entry in item.keys("formulations"):
            for _, text in item.texts("formulations", entry):
                yield "phrasing", entry, voice, text, voice
        for _, text in item.texts("hors_sujet"):
            yield "out_of_scope", "", voice, text, voice
        if item.list_key == "questions" and (question := item.text("question")):
            expected = ", ".join(entry for _, entry in item.texts("attendu"))
            title = expected or words("verdicts")["out_of_scope"]
            yield "question", expected, title, question, ""
    yield from _vocabulary(document)


def _vocabulary(document: Document) -> Iterator[_Listed]:
    data = document.data if isinstance(document.data, dict) else {}
    readers: dict[str, Callable[[Any], Iterator[_Listed]]] = {
        "abreviations": _short_forms,
        "idees": _ideas,
        "lieux": _places,
    }
    for key, reader in readers.items():
        if key in data:
            yield from reader(data[key])


def _short_forms(value: Any) -> Iterator[_Listed]:  # noqa: ANN401 - as it is written
    for short, full in value.items() if isinstance(value, dict) else ():
        yield "short_form", str(short), str(short), str(full), ""


def _ideas(value: Any) -> Iterator[_Listed]:  # noqa: ANN401 - as it is written
    for idea, listed in value.items() if isinstance(value, dict) else ():
        for word in listed if isinstance(listed, list) else ():
            yield "idea", str(idea), str(idea), str(word), ""


def _places(value: Any) -> Iterator[_Listed]:  # noqa: ANN401 - as it is written
    for place in value if isinstance(value, list) else ():
        yield "place", "", "", str(place), ""
