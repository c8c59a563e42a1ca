"""What no schema can say: ids, links between entries, formatting, lengths."""

import difflib
from collections.abc import Iterable, Iterator, Sequence

from knowledge.items import Item, items_of
from knowledge.markup import MarkupError, length
from knowledge.phrasings import check_phrasings
from knowledge.problems import Place, Problem, problem, words
from knowledge.yaml_files import Document

# A message holds 4,096; the source, the date and the question whether it helped take the rest.
LONGEST_ANSWER = 4096 - 600
_ON_ONE_LINE = ("question", "titre", "source")


def check_rules(documents: Iterable[Document]) -> Iterator[Problem]:
    """Find what is wrong across files; values of the wrong shape are passed over."""
    items = [item for document in documents for item in items_of(document)]
    yield from _duplicate_ids(items)
    yield from _related(items)
    yield from check_phrasings(items)
    for item in items:
        yield from _formatting(item)
        yield from _lines(item)


def _duplicate_ids(items: Iterable[Item]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Place] = {}
    for item in items:
        item_id = item.text("id")
        if item_id is None:
            continue
        at = item.place("id")
        first = seen.setdefault((item.list_key, item_id), at)
        if first is not at:
            yield problem(
                "duplicate_id", at, id=item_id, other_file=first.file, other_line=first.line
            )


def _related(items: Sequence[Item]) -> Iterator[Problem]:
    """Find links, and voices' phrasings, of entries that do not exist."""
    known = {item.text("id") or "" for item in items if item.list_key == "entrees"}
    for item in items:
        for number, related in item.texts("voir_aussi"):
            at = item.place("voir_aussi", number)
            if related == item.text("id"):
                yield problem("own_related", at, related=related)
            elif related not in known:
                nearest = _near(related, known)
                yield problem("unknown_related", at, related=related, nearest=nearest)
        for entry in item.keys("formulations"):
            # Without a single entry, it is faq.yaml that is at fault.
            if known and entry not in known:
                at = item.place("formulations", entry)
                yield problem("unknown_entry", at, entry=entry, nearest=_near(entry, known))


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), 1)
    nearest: str = words("nearest")
    return nearest.format(key=close[0]) if close else ""


def _formatting(item: Item) -> Iterator[Problem]:
    markup = item.text("reponse")
    if markup is None:
        return
    try:
        size = length(markup.strip())
    except MarkupError as error:
        reason = words("html_reasons")[error.reason].format(tag=error.tag)
        yield problem("bad_html", item.place("reponse"), reason=reason)
        return
    if size > LONGEST_ANSWER:
        yield problem("answer_too_long", item.place("reponse"), length=size, limit=LONGEST_ANSWER)


def _lines(item: Item) -> Iterator[Problem]:
    for key in _ON_ONE_LINE:
        if "\n" in (item.text(key) or "").strip():
            yield problem("several_lines", item.place(key))
