"""Blocks of text, of several lines: where they end, and which of their lines stand too far left."""

import re
from dataclasses import dataclass

from knowledge.files.file_shapes import FIRST_KEYS, keys_under, known_keys
from knowledge.files.line_columns import Columns
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
from knowledge.files.signs import ODD_SPACES, name_of
from knowledge.files.written_page import Page

_NAME = re.compile(r"[a-z0-9_-]+")
# What stands behind a key, and hardly behind a word of a text that ends with a colon.
_WRITTEN = re.compile(r"[|>\[\"]|\d{4}-|$")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Reads a block whose lines stand below the line that is read, under a key in a column."""

    page: Page
    columns: Columns
    # The column of the key.
    parent: int

    def read(self) -> None:
        """Read the lines of a block of text; one that stands too far left is told, once a run."""
        column: int | None = None
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
                column = max(indent, self.parent + 1, self._left_edge())
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

    def _is_key_of_item(self, rest: str) -> bool:
        """Tell whether a line in the text is a key that the item lacks, moved too far right."""
        found = KEY.match(rest)
        frame = self.columns.frames[-1] if self.columns.frames else None
        if found is None or frame is None or frame.is_list:
            return False
        missing = keys_under(frame.owner) - frame.keys
        return bare(found["key"]) in missing and _WRITTEN.match(rest[found.end() :]) is not None

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
