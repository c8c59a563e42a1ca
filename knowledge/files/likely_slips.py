"""Finds values that are right one by one and stand in the wrong place, twice, or several in one."""

import re
from collections.abc import Iterable, Iterator, Sequence

from knowledge.files.items import Item
from knowledge.files.problems import Place, Problem, problem
from knowledge.files.yaml_reader import Document
from knowledge.text.language_id import FRENCH, language_of
from knowledge.text.normalise import normalise

_LISTS = ("voir_aussi", "territoires", "filieres", "mots_cles", "attendu")
# The lists whose elements are names: none has a comma in it.
_NAMES = ("territoires", "filieres", "mots_cles")
_SEVERAL = re.compile(r"\s*[,;]\s*|\s+/\s+")
_POSTAL = re.compile(r"\d{2,3}|\d{5}|2[AB]")
# The texts that belong to one item alone; two may begin alike, and a short one may be the same.
_OWN = (("reponse",), ("suite",), ("resume",), ("en", "reponse"), ("en", "suite"))
_ENGLISH = (("en", "reponse"), ("en", "question"), ("en", "titre"))
# A title of fewer words may be a name, the same in both languages.
_FEWEST_WORDS = 4


def check_slips(items: Sequence[Item], documents: Iterable[Document]) -> Iterator[Problem]:
    """Find what was exchanged, left from a copy, or put together, and looks right to a schema."""
    for item in items:
        yield from _exchanged(item)
        yield from _not_english(item)
        yield from _lists(item)
    yield from _copied(items)
    yield from _asked_twice(items)
    for document in documents:
        yield from _places(document)


def _exchanged(item: Item) -> Iterator[Problem]:
    """Find a question that asks nothing above an answer, or a title, that does."""
    for lead in ((), ("en",)):
        question, answer, title = (item.text_at(*lead, key) or "" for key in _ASKING)
        if item.list_key == "entrees" and question.strip() and "?" not in question:
            other = next((k for k, t in (("reponse", answer), ("titre", title)) if _asks(t)), None)
            if other is not None:
                at = item.place(*lead, "question")
                yield problem("exchanged", at, key="question", other=other)
    title, summary = (item.text(key) or "" for key in ("titre", "resume"))
    if item.list_key == "projets" and title.endswith(".") and summary.strip()[-1:] not in ".!?":
        yield problem("exchanged", item.place("titre"), key="titre", other="resume")


_ASKING = ("question", "reponse", "titre")


def _asks(text: str) -> bool:
    """Tell whether a text is nothing but a question."""
    said = text.strip()
    return said.endswith("?") and "\n" not in said and not re.search(r"[.!]\s", said)


def _not_english(item: Item) -> Iterator[Problem]:
    """Find French where English is wanted: a copy that nobody has translated."""
    for keys in _ENGLISH:
        text = normalise(re.sub(r"<[^<>]*>", " ", item.text_at(*keys) or ""))
        if len(text.split()) >= _FEWEST_WORDS and language_of(text) == FRENCH:
            yield problem("not_english", item.place(*keys))
            return


def _lists(item: Item) -> Iterator[Problem]:
    for key in _LISTS:
        seen: set[str] = set()
        for number, text in item.texts(key):
            name, at = normalise(text), item.place(key, number)
            if name in seen:
                yield problem("repeated_value", at, value=text.strip()[:60])
            elif key in _NAMES:
                yield from _several(text, at)
            seen.add(name)
            if key == "territoires" and _POSTAL.fullmatch(text.strip()):
                yield problem("postal_code", at, value=text.strip())


def _several(text: str, at: Place) -> Iterator[Problem]:
    parts = [part for part in _SEVERAL.split(text.strip()) if part]
    if len(parts) > 1:
        yield problem("several_names", at, value=text.strip()[:60], listed=", ".join(parts)[:200])


def _copied(items: Iterable[Item]) -> Iterator[Problem]:
    """Find the answer of one under the id of another."""
    first: dict[str, tuple[Item, Place]] = {}
    for item in items:
        for keys in _OWN:
            text = normalise(item.text_at(*keys) or "")
            if not text:
                continue
            known, place = first.setdefault(text, (item, item.place(*keys)))
            if known is not item and not _is_whole_copy(item, known):
                other = {"other_file": place.file, "other_line": place.line}
                id_ = known.text("id") or "?"
                yield problem("copied_text", item.place(*keys), key=keys[-1], id=id_, **other)


def _is_whole_copy(item: Item, other: Item) -> bool:
    """Tell whether all of an item is another's: that is told of its id, or of its phrasings."""
    keys = ("id", "question") if item.list_key == "entrees" else ("id",)
    return any(item.text(key) == other.text(key) for key in keys)


def _asked_twice(items: Iterable[Item]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for item in items:
        if item.list_key == "questions" and (said := normalise(item.text("question") or "")):
            at = item.place("question")
            known = first.setdefault(said, at)
            if known is not at:
                yield problem("asked_twice", at, other_line=known.line)


def _places(document: Document) -> Iterator[Problem]:
    """Find the places of the vocabulary that are several in one, or there twice."""
    places = document.data.get("lieux") if isinstance(document.data, dict) else None
    seen: set[str] = set()
    for number, text in enumerate(places if isinstance(places, list) else ()):
        if isinstance(text, str):
            at = Place(document.file, document.line(("lieux", number)))
            if normalise(text) in seen:
                yield problem("repeated_value", at, value=text.strip()[:60])
            else:
                yield from _several(text, at)
            seen.add(normalise(text))
