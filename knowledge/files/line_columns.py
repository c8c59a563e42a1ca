"""Where lines belong: the lists and mappings that are open at a line, and their columns."""

import re
from dataclasses import dataclass, field

from knowledge.files.file_shapes import FIRST_KEYS, ITEM_LISTS, MAPPINGS
from knowledge.files.line_keys import DASH
from knowledge.files.written_page import Page


@dataclass(slots=True)
class Frame:
    """A mapping or a list that is open: its column, and the key that it stands under."""

    indent: int
    is_list: bool
    owner: str
    keys: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Columns:
    """Which lists and mappings are open, and what the last line has opened."""

    page: Page
    frames: list[Frame] = field(default_factory=list)
    # The key whose value stands on the lines below, and its column.
    opener: tuple[str, int] | None = None
    # A text without quotes goes on below, where the lines are further in than this column.
    plain: int | None = None
    # A line that had already to be moved: how it stands is not told again.
    is_moved: bool = False
    is_tabbed: bool = False
    # By how many columns the lines under a misplaced line are misplaced with it.
    _shift: tuple[int, int] = (0, 0)

    def is_among_elements(self, indent: int) -> bool:
        """Tell whether a line may be an element of a list that is open, or opens here."""
        if self.opener is not None:
            return indent >= self.opener[1]
        return any(frame.is_list for frame in self.frames)

    def placed(self, indent: int, *, is_list: bool, key: str = "") -> int:
        """Return the column where a line belongs, with its list open; tell a wrong one."""
        column = self._behind_tab(key, is_list=is_list) if self.is_tabbed else None
        if column is None:
            column = self._fitting(indent, is_list=is_list)
        if column is None:
            column = self._nearest(indent, is_list=is_list)
        self._open(column, is_list=is_list)
        if column != indent or self.is_moved:
            rest = self.page.line.lstrip()
            self.page.line = " " * column + rest
        return column

    def _behind_tab(self, key: str, *, is_list: bool) -> int | None:
        """Return the column of a line that begins with a tab, which may stand for any number.

        An element belongs to the list above it; a key to the innermost mapping that lacks it.
        """
        inside = self.opener is not None and (is_list or self.opener[0] in MAPPINGS)
        if self.opener is not None and inside:
            return self.opener[1] + 2
        frames = [frame for frame in self.frames if frame.is_list is is_list]
        for frame in reversed(frames):
            of_items = frame.owner in ITEM_LISTS and key == FIRST_KEYS.get(frame.owner)
            if of_items if is_list and key else key not in frame.keys and frame.indent:
                return frame.indent
        return frames[-1].indent if frames else None

    def _fitting(self, indent: int, *, is_list: bool) -> int | None:
        if self._fits(indent, is_list=is_list):
            if indent < self._shift[0]:
                self._shift = (0, 0)
            return indent
        start, by = self._shift
        if by and indent >= start and self._fits(indent - by, is_list=is_list):
            return indent - by
        return None

    def _fits(self, indent: int, *, is_list: bool) -> bool:
        if not self.frames:
            return True
        if self.opener is not None:
            column = self.opener[1]
            if indent > column:
                return self._sibling(indent, column, is_list=is_list) == indent
            if is_list and indent == column and not self._is_open_list(column):
                return True
        return any(f.indent == indent and f.is_list is is_list for f in self.frames)

    def _sibling(self, indent: int, column: int, *, is_list: bool) -> int:
        """Return the column of the first line under a key: its own, or that of the line below.

        The first of a list decides where the others stand, so that it would never be told itself.
        """
        following = self.page.next_line()
        rest = following.lstrip(" ")
        below = len(following) - len(rest)
        usual = column + 2
        has_value = is_list or re.search(r":\s+[^|>\s]", self.page.line)
        if below == usual != indent and has_value and bool(DASH.match(rest)) is is_list:
            return below
        return indent

    def _is_open_list(self, column: int) -> bool:
        return any(f.indent == column and f.is_list for f in self.frames)

    def _nearest(self, indent: int, *, is_list: bool) -> int:
        """Tell that a line stands in the wrong column; return the nearest that was meant."""
        columns = [f.indent for f in self.frames if f.is_list is is_list]
        if self.opener is not None and indent > self.opener[1]:
            columns = [self._sibling(indent, self.opener[1], is_list=is_list)]
        if not columns:
            return indent
        column = min(columns, key=lambda each: (abs(each - indent), -each))
        if not self.is_moved:
            code = "dash_column" if is_list else "key_column"
            self.page.tell(code, found=indent, wanted=column)
        self._shift = (indent if indent > column else 0, indent - column)
        return column

    def _open(self, indent: int, *, is_list: bool) -> None:
        opener, self.opener, self.plain = self.opener, None, None
        while self.frames and self.frames[-1].indent > indent:
            self.frames.pop()
        if self.frames and self.frames[-1].indent == indent:
            if self.frames[-1].is_list is is_list:
                return
            if not is_list:
                self.frames.pop()
                return
        owner = opener[0] if opener and indent >= opener[1] else ""
        self.frames.append(Frame(indent, is_list, owner))
