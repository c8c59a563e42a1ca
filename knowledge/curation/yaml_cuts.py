"""Cuts items and keys out of a YAML text: all other lines stay byte for byte.

PyYAML's marks tell where each value begins and ends. A comment directly above what is cut goes with
it, and so does a deeper comment directly below; a comment that heads several items stays as long as
one of them does. Whoever applies cuts parses the result and compares it with what it should be.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode

# The line breaks of YAML 1.1.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class TextCut:
    """The characters from ``start`` to before ``end`` go, and ``instead`` takes their place."""

    start: int
    end: int
    instead: str = ""


class Cutter:
    """Finds what to cut in one text; the nodes must be those of this text."""

    def __init__(self, text: str) -> None:
        self._text = text
        # The marks of nodes do not count the byte order mark.
        self._lead = len(text) - len(text.removeprefix(_BYTE_ORDER_MARK))
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]

    def items(
        self, sequence: SequenceNode, numbers: Collection[int], *, headings: bool = False
    ) -> list[TextCut]:
        """Return the cuts that take the items of these numbers out of a list.

        ``headings``: a comment above an item heads all that follow without a blank line.
        """
        if len(numbers) == len(sequence.value):
            return [self._emptied(sequence, "[]")] if numbers else []
        if sequence.flow_style:
            return list(self._from_brackets([(node, node) for node in sequence.value], numbers))
        starts = [self._dash(node) for node in sequence.value]
        ends = [self._end(node) for node in sequence.value]
        return [
            self._lines(starts, ends, number, numbers if headings else None)
            for number in sorted(numbers)
        ]

    def keys(self, mapping: MappingNode, names: Collection[str]) -> list[TextCut]:
        """Return the cuts that take these keys out of a mapping, with their values."""
        pairs = mapping.value
        numbers = [at for at, (key, _) in enumerate(pairs) if key.value in names]
        if len(numbers) == len(pairs):
            return [self._emptied(mapping, "{}")] if numbers else []
        if mapping.flow_style:
            return list(self._from_brackets(pairs, numbers))
        starts = [self._index(key.start_mark.index) for key, _ in pairs]
        ends = [self._end(value) for _, value in pairs]
        return [self._lines(starts, ends, number, None) for number in numbers]

    def line_after(self, node: Node) -> int:
        """Return the index of the line after the one on which a node ends."""
        return self._end(node)

    def _index(self, mark: int) -> int:
        return mark + self._lead

    def _line(self, index: int) -> int:
        """Return the number (from 0) of the line of an index."""
        return bisect_right(self._starts, index) - 1

    def _start(self, line: int) -> int:
        return self._starts[line] if line < len(self._starts) else len(self._text)

    def _words(self, line: int) -> str:
        """Return a line without its break and its indentation; empty beyond the text."""
        return self._text[self._start(line) : self._start(line + 1)].strip()

    def _column(self, line: int) -> int:
        written = self._text[self._start(line) : self._start(line + 1)]
        return len(written) - len(written.lstrip(" "))

    def _dash(self, node: Node) -> int:
        """Return the index of the dash before an item."""
        return self._text.rindex("-", 0, self._index(node.start_mark.index))

    def _end(self, node: Node) -> int:
        """Return the index after the line on which a node ends, its comment included."""
        last = _last_leaf(node)
        end = self._index(last.end_mark.index)
        # The mark of a block of text stands at the start of the next line already.
        if last.end_mark.column == 0 and last.end_mark.line > last.start_mark.line:
            return end
        return self._start(self._line(end) + 1)

    def _lines(
        self, starts: list[int], ends: list[int], number: int, cut: Collection[int] | None
    ) -> TextCut:
        """Return the cut of whole lines: an item, its comments and the blank lines after it."""
        first, after = self._line(starts[number]), self._line(ends[number])
        column = starts[number] - self._start(first)
        if ends[number] >= len(self._text):
            after = len(self._starts)
        # What is cut first on the line of something else stays on that line.
        if self._column(first) != column:
            return TextCut(starts[number], starts[number + 1])
        while self._words(after).startswith("#") and self._column(after) > column:
            after += 1
        if cut is None or self._goes_whole(starts, ends, number, cut):
            while self._words(first - 1).startswith("#") and self._column(first - 1) <= column:
                first -= 1
        is_last = number == len(starts) - 1
        if is_last:
            while first > 0 and not self._words(first - 1):
                first -= 1
        else:
            while after < len(self._starts) and not self._words(after):
                after += 1
        return TextCut(self._start(first), self._start(after))

    def _goes_whole(
        self, starts: list[int], ends: list[int], number: int, cut: Collection[int]
    ) -> bool:
        """Tell whether all items go that follow a comment without a blank line or another one."""
        group = number
        while group in cut and group + 1 < len(starts) and self._follows(starts, ends, group):
            group += 1
        return group in cut

    def _follows(self, starts: list[int], ends: list[int], number: int) -> bool:
        return self._line(ends[number]) == self._line(starts[number + 1])

    def _from_brackets(
        self, pairs: Iterable[tuple[Node, Node]], numbers: Collection[int]
    ) -> Iterator[TextCut]:
        """Cut items between brackets, each with the comma that parts it from one that stays."""
        spans = [
            (self._index(first.start_mark.index), self._index(last.end_mark.index))
            for first, last in pairs
        ]
        has_kept = False
        for number, (start, end) in enumerate(spans):
            if number not in numbers:
                has_kept = True
            elif has_kept:
                yield TextCut(spans[number - 1][1], end)
            else:
                yield TextCut(start, spans[number + 1][0])

    def _emptied(self, collection: CollectionNode, brackets: str) -> TextCut:
        """Replace all that a collection holds by a pair of brackets, on the line of its key."""
        start, end = (self._index(m.index) for m in (collection.start_mark, collection.end_mark))
        if collection.flow_style:
            return TextCut(start, end, brackets)
        first = self._start(self._line(start))
        newline = "\r\n" if "\r\n" in self._text else "\n"
        before = self._text[:first].rstrip()
        if before.endswith(":"):
            return TextCut(len(before), self._end(collection), f" {brackets}{newline}")
        # A comment stands between them.
        written = " " * collection.start_mark.column + brackets + newline
        return TextCut(first, self._end(collection), written)


def applied(text: str, cuts: Iterable[TextCut]) -> str:
    """Return a text without what is cut; cuts that meet or overlap are one."""
    parts: list[str] = []
    done = 0
    for cut in sorted(cuts, key=lambda each: (each.start, each.end)):
        parts += [text[done : max(done, cut.start)], cut.instead]
        done = max(done, cut.end)
    return "".join(parts) + text[done:]


def _last_leaf(node: Node) -> Node:
    """Return the last leaf of a value: the mark of a block itself comes after blank lines."""
    while isinstance(node, CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(node, MappingNode) else last
    return node
