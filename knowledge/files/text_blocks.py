"""Blocks of text, of several lines: where they end, and which of their lines stand too far left."""

import re
from dataclasses import dataclass

from knowledge.files.file_shapes import FIRST_KEYS, TEXTS, keys_under, known_keys
from knowledge.files.line_columns import Columns, Frame
from knowledge.files.line_keys import (
    BULLET,
    DASH,
    KEY,
    MARK,
    NUMBER,
    bare,
    is_structure,
    key_of,
)
from knowledge.files.open_value import end_of
from knowledge.files.signs import ODD_SPACES, name_of
from knowledge.files.written_page import WrittenPage
from knowledge.files.written_values import is_block, is_last

_TOLD = re.compile(r"[|>][+-]?(?P<columns>[1-9])[+-]?\s*(?:\s#.*)?$")
_NAME = re.compile(r"[a-z0-9_-]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\b")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Reads a block whose lines stand below the line that is read, under a key in a column."""

    page: WrittenPage
    columns: Columns
    # The column of the key.
    parent: int

    def read(self) -> None:
        """Read the lines of a block of text; one that stands too far left is told, once a run."""
        column = self._told_column()
        told = False
        while self.page.at + 1 < len(self.page.lines):
            line = self.page.lines[self.page.at + 1]
            rest = line.lstrip(f" \t{ODD_SPACES}")
            if not rest:
                self.page.lines[self.page.at + 1] = ""
                self.page.at += 1
                continue
            indent = len(line) - len(rest)
            odd = next((sign for sign in line[:indent] if sign != " "), None)
            if column is None:
                column = self._column(indent)
            if (indent <= self.parent or odd) and self._ends(rest, indent):
                return
            if indent > self.parent and self._is_key_of_item(rest):
                return
            self.page.at += 1
            if odd:
                if not told:
                    self.page.tell("odd_indent", sign=name_of(odd))
                told = True
            elif indent < column and not told:
                self.page.tell("block_cut", start=rest[:40])
                told = True
            else:
                told = indent < column
            if odd or indent < column:
                self.page.line = " " * column + rest

    def _told_column(self) -> int | None:
        """Return the column of the text where a figure behind its sign tells it: |2."""
        found = _TOLD.search(self.page.line)
        return self.parent + int(found["columns"]) if found else None

    def _column(self, first: int) -> int:
        """Return the column of a text by that of its first line, which may stand too far left."""
        is_far_left = first < self.parent + 2
        return max(first, self.parent + 1, self._left_edge() if is_far_left else 0)

    def _is_key_of_item(self, rest: str) -> bool:
        """Tell whether a line in the text is a key that the item lacks, moved too far right."""
        found = KEY.match(rest)
        frame = self.columns.frames[-1] if self.columns.frames else None
        if found is None or frame is None or frame.is_list:
            return False
        missing = keys_under(frame.owner) - frame.keys
        is_missing = bare(found["key"]) in missing and not self._is_below(found, frame)
        return is_missing and self._has_value(found)

    def _has_value(self, key: re.Match[str]) -> bool:
        """Tell what stands behind a key from what stands behind a word with a colon in a text."""
        value = key.string[key.end() :]
        if not value:
            following = next(iter(self.page.below(self.page.at + 2)), "").lstrip()
            holds_texts = bare(key["key"]) not in TEXTS
            return holds_texts and (DASH.match(following) or KEY.match(following)) is not None
        end = end_of(value) if value[0] in '"[' else None
        is_whole = end is not None and is_last(value[end:])
        return is_whole or is_block(value) or _DAY.match(value) is not None

    def _is_below(self, found: re.Match[str], frame: Frame) -> bool:
        """Tell whether the item has a key further down, so that the word in the text is none."""
        for line in self.page.below(self.page.at + 2):
            rest = line.lstrip(" ")
            column = len(line) - len(rest)
            if rest and column < frame.indent:
                return False
            key = KEY.match(rest) if column == frame.indent else None
            if key is not None and bare(key["key"]) == bare(found["key"]):
                return True
        return False

    def _left_edge(self) -> int:
        """Return the leftmost column of a block's lines after its first."""
        edges = []
        for line in self.page.below(self.page.at + 2):
            indent = len(line) - len(line.lstrip())
            if line.strip() and indent <= self.parent:
                break
            if line.strip():
                edges.append(indent)
        return min(edges, default=0)

    def _ends(  # noqa: PLR0911 - one return for each kind of line
        self, rest: str, indent: int
    ) -> bool:
        """Tell whether a line that stands left of a block of text is the next key or element."""
        if indent == 0 and MARK.fullmatch(rest):
            return True
        if rest.startswith("#"):
            return not self._goes_on()
        if DASH.match(rest):
            return any(f.is_list and f.indent == indent for f in self.columns.frames) or (
                key_of(rest[1:].lstrip(), self.page.name) is not None
            )
        if self._is_numbered_item(rest):
            return True
        if found := KEY.match(rest):
            name = bare(found["key"])
            if name in known_keys():
                return True
            at = any(not f.is_list and f.indent == indent for f in self.columns.frames)
            return indent > 0 and at and _NAME.fullmatch(name.lower()) is not None
        name_alone = re.match(r"[a-z_]+", rest)
        return bool(
            name_alone and name_alone[0] in known_keys() and rest[name_alone.end() :][:1] in ":="
        )

    def _is_numbered_item(self, rest: str) -> bool:
        """Tell whether a line begins an item with a number or a bullet of Word for its dash."""
        found = BULLET.match(rest) or NUMBER.match(rest)
        key = key_of(rest[found.end() :], self.page.name) if found else None
        return key is not None and bare(key["key"]) in FIRST_KEYS.values()

    def _goes_on(self) -> bool:
        """Tell whether the text of a block goes on below the lines that begin with a sign #."""
        for line in self.page.below(self.page.at + 2):
            rest = line.strip()
            if rest and not rest.startswith("#"):
                indent = len(line) - len(line.lstrip())
                return indent > self.parent and not is_structure(line)
        return False
