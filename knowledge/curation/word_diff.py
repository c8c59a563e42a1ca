"""Where two texts differ, word by word: ``… le guichet [sous-préfecture → préfecture] est …``.

Readable without colour, and without the tags of Telegram's HTML: a change of formatting is told in
words. Lengths are in words unless said otherwise.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from html import unescape

from knowledge.curation.told_words import told_words

# How many words are shown around a change, and how many that stay may stand within one.
_AROUND = 4
_WITHIN = 1
# A passage is followed to another place from this number on: fewer words recur by chance.
_SHORTEST_MOVE = 3
# Below this share of words in common, two texts are read more easily one after the other.
_ALIKE = 0.25
# The comparison looks at each pair of equal words, once for each passage: a page of prose takes a
# tenth of this, a word repeated two thousand times a thousandfold. Beyond, only ends are compared.
_MOST_LOOKS = 20_000_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*+)([^<>]*)>")
_HREF = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s>]+)")
_WORD = re.compile(r"(\d+(?:[,.]\d+)+|\w+(?:[-.]\w+)*['’]?|[^\w\s])(\s*)")
_SIGNS_AT_ENDS = re.compile(r"^\W+|\W+$")
_NO_WORD = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or sign, how it is formatted, and what stands behind it, which is not compared."""

    text: str
    style: tuple[str, ...]
    behind: str

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """Return what makes it the same word in two texts."""
        return self.text, self.style


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Words that stay (both equal), or that another passage takes the place of."""

    before: tuple[Word, ...]
    after: tuple[Word, ...]
    stays: bool


def plain(markup: str) -> str:
    """Return a text of Telegram's HTML as it is read, on one line; wrong markup as it is."""
    return " ".join(unescape(_TAG.sub("", markup)).split())


def changed_passages(before: str, after: str) -> tuple[str, ...]:
    """Return each passage that differs, its changes in brackets, with a few words around it.

    ``[a → b]`` is replaced, ``[+ a]`` added, ``[− a]`` removed; what moved is named at both places.
    Nothing where both read alike.
    """
    steps = _merged(_steps(_words(before), _words(after)))
    if all(step.stays for step in steps):
        return ()
    moved = _moved(steps)
    return tuple(_passages(steps, moved))


def is_rewritten(before: str, after: str) -> bool:
    """Tell whether two texts have too little in common to be told word by word."""
    first, second = _words(before), _words(after)
    same = sum(len(step.before) for step in _steps(first, second) if step.stays)
    return max(len(first), len(second)) > _AROUND and same < _ALIKE * max(len(first), len(second))


def _words(markup: str) -> list[Word]:
    words: list[Word] = []
    styles: list[tuple[str, str]] = []
    position = 0
    for tag in _TAG.finditer(markup):
        _add(words, markup[position : tag.start()], styles)
        _open_or_close(tag, styles)
        position = tag.end()
    _add(words, markup[position:], styles)
    return words


def _add(words: list[Word], markup: str, styles: Sequence[tuple[str, str]]) -> None:
    text, style = unescape(markup), tuple(name for _, name in styles)
    if words and text[:1].isspace():
        words[-1] = replace(words[-1], behind=" ")
    words += [Word(each[1], style, " " if each[2] else "") for each in _WORD.finditer(text)]


def _open_or_close(tag: re.Match[str], styles: list[tuple[str, str]]) -> None:
    name = tag[2].lower()
    if not tag[1]:
        label = told_words()["styles"].get(name, name)
        href = _HREF.search(tag[3])
        styles.append((name, f"{label} {unescape(href[1])}" if href else label))
        return
    opened = [at for at, (each, _) in enumerate(styles) if each == name]
    if opened:
        del styles[opened[-1]]


def _steps(before: Sequence[Word], after: Sequence[Word]) -> list[_Stretch]:
    first, second = [each.key for each in before], [each.key for each in after]
    if _looks(first, second) > _MOST_LOOKS:
        return _ends(before, after)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return [
        _Stretch(tuple(before[a:b]), tuple(after[c:d]), kind == "equal")
        for kind, a, b, c, d in matcher.get_opcodes()
    ]


def _looks(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """Return at most how many pairs of equal words a comparison looks at, in all its passes."""
    others = Counter(second)
    pairs = sum(count * others[word] for word, count in Counter(first).items())
    return pairs * min(len(first), len(second))


def _ends(before: Sequence[Word], after: Sequence[Word]) -> list[_Stretch]:
    """Compare only the beginnings and the ends."""
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n].key != after[n].key), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if before[-1 - n].key != after[-1 - n].key), rest)
    cut, other = len(before) - tail, len(after) - tail
    return [
        _Stretch(tuple(before[:head]), tuple(after[:head]), stays=True),
        _Stretch(tuple(before[head:cut]), tuple(after[head:other]), stays=False),
        _Stretch(tuple(before[cut:]), tuple(after[other:]), stays=True),
    ]


def _merged(steps: Sequence[_Stretch]) -> list[_Stretch]:
    """Join changes that only a word or a sign parts: they are read as one."""
    merged: list[_Stretch] = []
    for at, step in enumerate(steps):
        inside = 0 < at < len(steps) - 1
        if step.stays and not (inside and _count(step.before) <= _WITHIN):
            merged.append(step)
        elif merged and not merged[-1].stays:
            last = merged.pop()
            merged.append(_Stretch(last.before + step.before, last.after + step.after, stays=False))
        else:
            merged.append(_Stretch(step.before, step.after, stays=False))
    return merged


def _count(words: Sequence[Word]) -> int:
    return sum(_NO_WORD.fullmatch(each.text) is None for each in words)


def _moved(steps: Sequence[_Stretch]) -> frozenset[str]:
    """Return the passages that leave one place and come at another."""
    changes = [step for step in steps if not step.stays]
    gone = {_bare(step.before) for step in changes if _count(step.before) >= _SHORTEST_MOVE}
    come = {_bare(step.after) for step in changes if _count(step.after) >= _SHORTEST_MOVE}
    return frozenset(gone & come)


def _bare(words: Sequence[Word]) -> str:
    """Return a passage without the signs at its ends, which do not always move with it."""
    return _SIGNS_AT_ENDS.sub("", _text(words))


def _passages(steps: Sequence[_Stretch], moved: frozenset[str]) -> Iterator[str]:
    passage = ""
    for at, step in enumerate(steps):
        if not step.stays:
            passage += " " if passage[-1:].isalnum() else ""
            passage += _change(step, moved)
            continue
        words, is_first, is_last = step.after, at == 0, at == len(steps) - 1
        if is_first:
            passage = _shown(words[-_AROUND:], cut_before=len(words) > _AROUND)
        elif is_last:
            passage += _shown(words[:_AROUND], cut_after=len(words) > _AROUND)
        elif len(words) <= 2 * _AROUND + 1:
            passage += _shown(words)
        else:
            yield (passage + _shown(words[:_AROUND], cut_after=True)).strip()
            passage = _shown(words[-_AROUND:], cut_before=True)
    yield passage.strip()


def _shown(words: Sequence[Word], *, cut_before: bool = False, cut_after: bool = False) -> str:
    text = "".join(each.text + each.behind for each in words)
    return f"{'… ' if cut_before else ''}{text.rstrip() + ' …' if cut_after else text}"


def _change(step: _Stretch, moved: frozenset[str]) -> str:
    labels = told_words()
    before, after = _text(step.before), _text(step.after)
    behind = (step.after or step.before)[-1].behind
    if before == after:
        # The same words: what changed is how they look.
        return f"[{before} → {after}, {_look(step.after)}]{behind}"
    if not after and _bare(step.before) in moved:
        return f"[{labels['moved_from'].format(text=_bare(step.before))}]{behind}"
    if not before and _bare(step.after) in moved:
        return f"[{labels['moved_to'].format(text=_bare(step.after))}]{behind}"
    if before and after:
        return f"[{before} → {after}]{behind}"
    return f"[+ {after}]{behind}" if after else f"[− {before}]{behind}"


def _look(words: Sequence[Word]) -> str:
    """Return how words are formatted, in words: ``gras``, ``lien https://…``."""
    looks = dict.fromkeys(look for each in words for look in each.style)
    return ", ".join(looks) or str(told_words()["no_style"])


def _text(words: Sequence[Word]) -> str:
    return "".join(each.text + each.behind for each in words).strip()
