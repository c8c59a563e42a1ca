"""Differences as a facilitator reads them: the words that changed, phrasings counted by answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.curation.diff import Difference, DifferenceKind
from knowledge.curation.told_words import told_words
from knowledge.curation.word_diff import changed_passages, is_rewritten, plain

_LISTS = frozenset({"voir_aussi", "territoires", "filieres", "mots_cles", "attendu"})
_WHOLES = frozenset({"entry", "act"})
_PHRASING = "phrasing"
# Of the characters that a text may take: what one phrasing takes of them.
_A_PHRASING = 80
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One change in plain text: what it is about, and the lines that say what changed."""

    heading: str
    lines: tuple[str, ...]


def told(
    changes: Sequence[Difference], longest: int | None = None, *, would: bool = False
) -> tuple[ToldChange, ...]:
    """Tell changes, each in about ``longest`` characters (None: in full), in their order.

    Phrasings are told together for their answer, with it where it is added or removed whole.
    ``would``: of changes that are only considered.
    """
    teller = _Teller(longest, "would" if would else "kinds")
    phrasings: dict[str, list[Difference]] = {}
    for change in changes:
        if change.what == _PHRASING:
            phrasings.setdefault(change.id, []).append(change)
    return tuple(_in_order(changes, phrasings, teller))


def without_parts(changes: Sequence[Difference]) -> tuple[Difference, ...]:
    """Leave out the phrasings of answers and acts that come or go as a whole."""
    wholes = {change.id for change in changes if _is_whole(change)}
    return tuple(each for each in changes if each.what != _PHRASING or each.id not in wholes)


def _is_whole(change: Difference) -> bool:
    return change.what in _WHOLES and change.kind is not DifferenceKind.CHANGED


def _in_order(
    changes: Sequence[Difference], phrasings: dict[str, list[Difference]], teller: "_Teller"
) -> Iterator[ToldChange]:
    for change in changes:
        if _is_whole(change):
            yield teller.whole(change, phrasings.pop(change.id, []))
        elif change.what != _PHRASING:
            yield teller.one(change)
    for own in phrasings.values():
        yield teller.phrasings(own)


class _Teller:
    """Tells changes within a number of characters; ``verbs`` names the words of what happens."""

    def __init__(self, longest: int | None, verbs: str) -> None:
        self._longest = longest
        self._verbs = told_words()[verbs]

    def one(self, change: Difference) -> ToldChange:
        """Tell the change of a field, or a word that came or went."""
        act = _act(change)
        if act is not None:
            heading = f"{self._verbs[act]}, {self._named(change)}"
            return ToldChange(heading, tuple(map(self._cut, _notes(act, change.after or ""))))
        return ToldChange(self._heading(change), tuple(self._lines(change)))

    def whole(self, change: Difference, phrasings: Sequence[Difference]) -> ToldChange:
        """Tell an answer that came or went, with its phrasings."""
        lines = [self._cut(plain(change.after or change.before or ""))]
        if phrasings:
            texts = [each.after or each.before or "" for each in phrasings]
            lines.append(_counted("phrasings_with", len(texts), some=self._some(texts)))
        return ToldChange(self._heading(change), tuple(filter(None, lines)))

    def phrasings(self, changes: Sequence[Difference]) -> ToldChange:
        """Tell the phrasings that an answer got and lost."""
        # A voice names itself: its phrasings are told under the id of their answer.
        title = next((each.title for each in changes if not each.voice), changes[0].id)
        kinds = {
            kind: [each.after or each.before or "" for each in changes if each.kind is kind]
            for kind in (DifferenceKind.ADDED, DifferenceKind.REMOVED)
        }
        counts = [
            _counted(f"phrasings_{kind.value}", len(texts))
            for kind, texts in kinds.items()
            if texts
        ]
        heading = f"{told_words()['phrasings_of'].format(title=title)} : {', '.join(counts)}"
        signs = {DifferenceKind.ADDED: "+", DifferenceKind.REMOVED: "−"}
        lines = [f"{signs[kind]} {self._some(texts)}" for kind, texts in kinds.items() if texts]
        return ToldChange(heading, tuple(lines))

    def _heading(self, change: Difference) -> str:
        parts = [self._verbs[change.kind.value], self._named(change)]
        if change.field:
            parts.append(told_words()["fields"].get(change.field, change.field))
        return ", ".join(parts)

    def _named(self, change: Difference) -> str:
        thing: str = told_words()["things"].get(change.what, "")
        return f"{thing} « {self._cut(change.title)} »" if change.title else thing

    def _lines(self, change: Difference) -> Iterator[str]:
        before, after = change.before, change.after
        if change.field in _LISTS and before is not None and after is not None:
            yield from self._items(before, after)
        elif before is None or after is None:
            sign = "+" if before is None else "−"
            yield f"[{sign} {self._cut(plain(after or before or ''))}]"
        elif before == after:
            # A contact is never quoted: both read alike.
            yield after
        elif is_rewritten(before, after):
            yield told_words()["before"].format(text=self._cut(plain(before)))
            yield told_words()["after"].format(text=self._cut(plain(after)))
        else:
            passages = [_quoted(each) for each in changed_passages(before, after)]
            yield from self._few(passages or [told_words()["layout"]])

    def _items(self, before: str, after: str) -> Iterator[str]:
        old, new = (list(filter(None, text.split(", "))) for text in (before, after))
        come = [f"[+ {each}]" for each in new if each not in old]
        gone = [f"[− {each}]" for each in old if each not in new]
        yield self._cut(", ".join((*come, *gone))) or told_words()["order"]

    def _few(self, passages: Sequence[str]) -> Iterator[str]:
        """Return the first passages that there is room for, and how many more there are."""
        room = self._longest
        for at, passage in enumerate(passages):
            if room is not None and at and len(passage) > room:
                yield _counted("passages", len(passages) - at)
                return
            yield self._cut(passage)
            room = None if room is None else room - len(passage)

    def _some(self, texts: Sequence[str]) -> str:
        most = len(texts) if self._longest is None else max(_FEWEST, self._longest // _A_PHRASING)
        some = " ; ".join(f"« {self._cut(text)} »" for text in texts[:most])
        more = len(texts) - most
        return f"{some} … {_counted('others', more)}" if more > 0 else some

    def _cut(self, text: str) -> str:
        if self._longest is None or len(text) <= self._longest:
            return text
        # The end tells as much as the beginning: a passage may close a bracket there.
        half = self._longest // 2
        return f"{text[:half]} … {text[-half:]}"


def _act(change: Difference) -> str | None:
    """Return what a line that decides whether people are served an item does; None for others."""
    if change.field == "brouillon" and is_hiding(change.before) != is_hiding(change.after):
        return "hidden" if is_hiding(change.after) else "shown"
    if change.field == "retire_le" and None in {change.before, change.after}:
        return "closed" if change.after else "reopened"
    return None


def is_hiding(value: str | None) -> bool:
    """Tell whether a value of ``brouillon`` hides its item."""
    return (value or "non").strip().lower() != "non"


def _notes(act: str, value: str) -> Iterator[str]:
    """Return what there is to add: what was noted to do first, the day of the end."""
    if act == "hidden" and value.strip().lower() != "oui":
        yield told_words()["to_do"].format(note=value)
    if act == "closed":
        yield told_words()["closes"].format(date=value)


def _quoted(passage: str) -> str:
    """Return a passage as it stands in its text; a change of the whole text needs no quotes."""
    is_whole = passage.startswith("[") and passage.find("]") == len(passage) - 1
    return passage if is_whole else f"« {passage} »"


def _counted(name: str, count: int, **values: str) -> str:
    one, many = told_words()[name]
    return str(one if count == 1 else many).format(count=count, **values)
