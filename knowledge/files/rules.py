"""The rules that a JSON Schema cannot express: ids, links between entries, formatting, lengths."""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, product

from knowledge.files.acronyms import check_acronyms
from knowledge.files.duplicate_phrasings import check_phrasings
from knowledge.files.gone_ids import check_ids, ids_of, near
from knowledge.files.items import Item, is_draft, items_of
from knowledge.files.lead_contacts import check_lead, check_lead_contact
from knowledge.files.likely_slips import check_slips
from knowledge.files.near_duplicates import check_nearness
from knowledge.files.near_values import check_near_values
from knowledge.files.poster_codes import check_codes
from knowledge.files.problems import Place, Problem, problem, words
from knowledge.files.schema_check import bounded, top_key
from knowledge.files.telegram_html import MarkupError, plain
from knowledge.files.yaml_reader import Document
from knowledge.text.length import units, word_count

# Telegram's limit, in UTF-16 code units once formatted (Bot API, sendMessage).
_MESSAGE = 4096
# Around an answer, the bot adds its question, source, date, expiry, and asks whether it helped;
# around a card, headings and a link. A page lists five projects. Tests check that all of it fits.
LONGEST_ANSWER = _MESSAGE - 1000
LONGEST_CARD = _MESSAGE - 500
LONGEST_LISTING = 700
# What a phone shows of an answer with its buttons, in words.
MOST_WORDS = 60
# One button each; the buttons of a message may take about 10,000 bytes, and one takes 200 at most.
MOST_RELATED = 40
_ENTRIES, _ACTS = "entrees", "actes"
_ON_ONE_LINE = ("question", "titre", "source", "service", "brouillon")
_ENGLISH = "en"
# A link of `knowledge/start_links.py`: what follows an underscore says where it stands.
_LINK_TO_US = re.compile(r"[?&;]start=([pq])_([A-Za-z0-9-]+)")


def check_rules(documents: Iterable[Document], *, nearness: bool = True) -> Iterator[Problem]:
    """Find what breaks the rules, within and across files; values of the wrong shape are skipped.

    The schema reports those. Without ``nearness``, phrasings that are nearly the same are not
    looked for: that takes longer than all else, and only warns.
    """
    documents = list(documents)
    items = [item for document in documents for item in items_of(document) if _is_own(item)]
    across = (
        _duplicate_ids(items),
        _nothing_served(items),
        check_ids(items),
        check_phrasings(items),
        check_nearness(items) if nearness else (),
        check_near_values(items, documents),
        check_slips(items, documents),
        check_codes(items),
    )
    yield from bounded(chain(*across, check_acronyms(documents)))
    linked = _Linked(ids_of(items, "projets"), ids_of(items, _ENTRIES))
    for document in documents:
        own = (each for item in items_of(document) for each in _within(item, linked))
        yield from bounded(own)


def _is_own(item: Item) -> bool:
    """Tell whether an item stands in a file of its kind: else that alone is told."""
    return top_key(item.document.file) in {"", item.list_key}


@dataclass(frozen=True, slots=True)
class _Linked:
    """The ids of what a link may lead to; without any of a kind, its file is at fault."""

    projects: frozenset[str]
    entries: frozenset[str]


def _within(item: Item, linked: _Linked) -> Iterator[Problem]:
    return chain(
        _related(item),
        _formatting(item),
        _links_to_us(item, linked),
        _lines(item),
        _card(item),
        check_lead(item),
        check_lead_contact(item),
    )


def _duplicate_ids(items: Iterable[Item]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Place] = {}
    for item in items:
        item_id = item.text("id")
        if item_id is None:
            continue
        at = item.place("id")
        # A decision shows entries and acts by their ids alone.
        space = _ENTRIES if item.list_key == _ACTS else item.list_key
        first = seen.setdefault((space, item_id), at)
        if first is not at:
            yield problem(
                "duplicate_id", at, id=item_id, other_file=first.file, other_line=first.line
            )


def _nothing_served(items: Iterable[Item]) -> Iterator[Problem]:
    """Find answers that are drafts, all of them: nothing would be left to answer."""
    entries = [item for item in items if item.list_key == "entrees"]
    if entries and all(is_draft(item.raw) for item in entries):
        yield problem("all_drafts", entries[0].place("brouillon"))


def _related(item: Item) -> Iterator[Problem]:
    count = len(list(item.texts("voir_aussi")))
    if count > MOST_RELATED:
        at = item.place("voir_aussi")
        yield problem("too_many_related", at, count=count, limit=MOST_RELATED)
    for number, related in item.texts("voir_aussi"):
        at = item.place("voir_aussi", number)
        if related == item.text("id"):
            yield problem("own_related", at, related=related)


def _formatting(item: Item) -> Iterator[Problem]:
    """Find what Telegram would not show of an answer in each language, and what is too long."""
    for keys in ((), (_ENGLISH,)):
        first = yield from _size(item, (*keys, "reponse"))
        whole = first + (yield from _size(item, (*keys, "suite")))
        if whole > LONGEST_ANSWER:
            at = item.place(*keys, "reponse")
            yield problem("answer_too_long", at, length=whole, limit=LONGEST_ANSWER)


def _size(item: Item, keys: tuple[str, ...]) -> Generator[Problem, None, int]:
    """Return the length of a text as Telegram counts it; 0 for none, or for wrong markup."""
    markup = item.text_at(*keys)
    if markup is None:
        return 0
    try:
        text = plain(markup).strip()
    except MarkupError as error:
        says = (words(name)[error.reason] for name in ("html_reasons", "html_remedies"))
        reason, how = (text.format(tag=error.tag) for text in says)
        line = item.document.line_within((*item.location, *keys), markup, error.position)
        at = replace(item.place(*keys), line=line)
        yield problem("bad_html", at, reason=reason, how=how)
        return 0
    count = word_count(text)
    if count > MOST_WORDS and item.list_key == "entrees" and keys[-1] == "reponse":
        yield problem("many_words", item.place(*keys), count=count, limit=MOST_WORDS)
    return units(text)


def _links_to_us(item: Item, linked: _Linked) -> Iterator[Problem]:
    """Find links to the cards of projects, and to answers, that do not exist."""
    for keys in product(((), (_ENGLISH,)), ("reponse", "suite")):
        where = (*keys[0], keys[1])
        for kind, id_ in _LINK_TO_US.findall(item.text_at(*where) or ""):
            known = linked.projects if kind == "p" else linked.entries
            if not known or id_ in known:
                continue
            at, nearest = item.place(*where), near(id_, known)
            if kind == "p":
                yield problem("unknown_project", at, project=id_, nearest=nearest)
            else:
                yield problem("unknown_answer", at, entry=id_, nearest=nearest)


def _lines(item: Item) -> Iterator[Problem]:
    for keys in (*((key,) for key in _ON_ONE_LINE), (_ENGLISH, "question"), (_ENGLISH, "titre")):
        if "\n" in (item.text_at(*keys) or "").strip():
            yield problem("several_lines", item.place(*keys))


def _card(item: Item) -> Iterator[Problem]:
    """Find a project too long for its card, or for a page that lists five."""
    if item.list_key != "projets":
        return
    sizes: Counter[str] = Counter()
    for key in ("titre", "resume", "recherche", "chef_de_file"):
        sizes[key] = units(item.text(key) or "")
    for key in ("territoires", "filieres"):
        sizes[key] = sum(units(text) + len(", ") for _, text in item.texts(key))
    listing = sizes["titre"] + sizes["territoires"] + sizes["filieres"]
    if listing > LONGEST_LISTING:
        yield problem("listing_too_long", item.place(), length=listing, limit=LONGEST_LISTING)
    elif sizes.total() > LONGEST_CARD:
        yield problem("card_too_long", item.place(), length=sizes.total(), limit=LONGEST_CARD)
