"""What no schema can say: ids, phrasings, links between entries, formatting, lengths."""

from collections.abc import Iterator
from typing import Any

from knowledge.markup import MarkupError, length
from knowledge.normalising import normalise
from knowledge.problems import Problem, Severity, problem, words
from knowledge.shape import place_of
from knowledge.yaml_files import Document, Location

# A message holds 4,096; the source, the date and the question whether it helped take the rest.
LONGEST_ANSWER = 3500
OUT_OF_SCOPE = ""


def check_rules(documents: dict[str, Document]) -> Iterator[Problem]:
    """Find what is wrong across files that have the right shape."""
    seen: dict[tuple[str, str], int] = {}
    for document in documents.values():
        for key, items in _lists(document):
            for index, item in enumerate(items):
                at: Location = (key, index)
                yield from _duplicate_id(document, at, item, seen)
                if key != "projets":
                    yield from _formatting(document, at, item["reponse"])
    faq = documents.get("faq.yaml")
    if faq is not None:
        yield from _related(faq)
    yield from _known_entries(documents)
    yield from _phrasings(documents)


def _lists(document: Document) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Give the lists of items with an id: entries, projects, small talk."""
    for key in ("entrees", "projets", "politesses"):
        if key in document.data:
            yield key, document.data[key]


def _duplicate_id(
    document: Document,
    at: Location,
    item: dict[str, Any],
    seen: dict[tuple[str, str], int],
) -> Iterator[Problem]:
    place = place_of(document, (*at, "id"))
    key = (str(at[0]), item["id"])
    if key in seen:
        yield problem("duplicate_id", place, id=item["id"], other=seen[key])
    seen.setdefault(key, place.line)


def _formatting(document: Document, at: Location, markup: str) -> Iterator[Problem]:
    place = place_of(document, (*at, "reponse"))
    try:
        size = length(markup.strip())
    except MarkupError as error:
        reason = words("html_reasons")[error.reason].format(tag=error.tag)
        yield problem("bad_html", place, reason=reason)
        return
    if size > LONGEST_ANSWER:
        yield problem("answer_too_long", place, length=size, limit=LONGEST_ANSWER)


def _related(faq: Document) -> Iterator[Problem]:
    known = [entry["id"] for entry in faq.data["entrees"]]
    for index, entry in enumerate(faq.data["entrees"]):
        for number, related in enumerate(entry.get("voir_aussi", ())):
            at: Location = ("entrees", index, "voir_aussi", number)
            place = place_of(faq, at)
            if related == entry["id"]:
                yield problem("own_related", place, related=related)
            elif related not in known:
                yield problem("unknown_related", place, related=related, known=", ".join(known))


def _phrasings(documents: dict[str, Document]) -> Iterator[Problem]:
    """Find phrasings that would be exact for two entries, or that stand twice in one."""
    owners: dict[str, str] = {}
    for document, at, owner, text in _all_phrasings(documents):
        place = place_of(document, at)
        key = normalise(text)
        if not key:
            yield problem("blank_phrasing", place)
        elif key not in owners:
            owners[key] = owner
        elif owners[key] == owner:
            yield problem("repeated_phrasing", place, severity=Severity.WARNING, phrasing=text)
        elif OUT_OF_SCOPE in (owner, owners[key]):
            other = owners[key] if owner == OUT_OF_SCOPE else owner
            yield problem("answered_phrasing", place, phrasing=text, other=other)
        else:
            yield problem("duplicate_phrasing", place, phrasing=text, other=owners[key])


def _all_phrasings(
    documents: dict[str, Document],
) -> Iterator[tuple[Document, Location, str, str]]:
    """Give each phrasing with its place and the id that it belongs to."""
    for document in documents.values():
        for key, items in _lists(document):
            if key != "projets":
                yield from _of_items(document, key, items)
        if "voix" in document.data:
            yield from _of_voices(document)


def _of_items(
    document: Document, key: str, items: list[dict[str, Any]]
) -> Iterator[tuple[Document, Location, str, str]]:
    name = "variantes" if key == "entrees" else "phrases"
    for index, item in enumerate(items):
        if key == "entrees":
            yield document, (key, index, "question"), item["id"], item["question"]
        for number, text in enumerate(item[name]):
            yield document, (key, index, name, number), item["id"], str(text)


def _of_voices(document: Document) -> Iterator[tuple[Document, Location, str, str]]:
    for index, voice in enumerate(document.data["voix"]):
        for entry, texts in voice["formulations"].items():
            for number, text in enumerate(texts):
                yield document, ("voix", index, "formulations", entry, number), entry, text
        for number, text in enumerate(voice["hors_sujet"]):
            yield document, ("voix", index, "hors_sujet", number), OUT_OF_SCOPE, text


def _known_entries(documents: dict[str, Document]) -> Iterator[Problem]:
    """Find formulations of entries that do not exist."""
    faq, voices = documents.get("faq.yaml"), documents.get("formulations.yaml")
    if faq is None or voices is None:
        return
    known = [entry["id"] for entry in faq.data["entrees"]]
    for index, voice in enumerate(voices.data["voix"]):
        for entry in voice["formulations"]:
            if entry not in known:
                place = place_of(voices, ("voix", index, "formulations", entry))
                yield problem("unknown_entry", place, entry=entry, known=", ".join(known))
