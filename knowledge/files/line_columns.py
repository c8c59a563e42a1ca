"""Where lines belong: the lists and mappings that are open at a line, and their columns."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from knowledge.files.file_shapes import (
    FIRST_KEYS,
    FREE_MAPPINGS,
    ITEM_LISTS,
    LEXICON,
    LISTS,
    MAPPINGS,
    keys_under,
)
from knowledge.files.line_keys import DASH, bare, key_of
from knowledge.files.open_value import end_of
from knowledge.files.written_page import WrittenPage
from knowledge.files.written_values import is_block


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

    page: WrittenPage
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

    def begins_item(self, indent: int) -> bool:
        """Tell whether a dash begins an item, whose first key may stand below others."""
        items = (f for f in self.frames if f.is_list and f.indent == indent)
        owner = next((frame.owner for frame in items), "")
        if owner not in ITEM_LISTS:
            return False
        for line in self.page.below(self.page.at + 1):
            rest = line.lstrip(" ")
            if rest and len(line) - len(rest) <= indent:
                return False
            key = key_of(rest, self.page.name)
            if key is not None and bare(key["key"]) == FIRST_KEYS[owner]:
                return True
        return False

    def placed(self, indent: int, *, is_list: bool, key: str = "") -> int:
        """Return the column where a line belongs, with its list open; tell a wrong one."""
        column = self._behind_tab(key, is_list=is_list) if self.is_tabbed else None
        if column is None and not is_list:
            column = self._by_name(indent, key)
        if column is None:
            column = self._fitting(indent, is_list=is_list)
        if column is None:
            column = self._nearest(indent, key, is_list=is_list)
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
            if of_items if is_list and key else frame.indent and self._may_hold(frame, key):
                return frame.indent
        return frames[-1].indent if frames else None

    def _may_hold(self, frame: Frame, key: str) -> bool:
        """Tell whether a mapping lacks a key, and no other around it is where the key belongs."""
        outer = (each for each in self.frames if each.indent < frame.indent and not each.is_list)
        is_outer = any(self._is_outer(key, frame, each) for each in outer)
        return key not in frame.keys and not is_outer

    def _by_name(self, indent: int, key: str) -> int | None:
        """Return the column of a key that stands under another mapping than its own, and tell it.

        A key of an item may stand as far in as those of its English, or one of those as far left.
        """
        if not key or self._shift[1]:
            return None
        at = next((f for f in self.frames if f.indent == indent and not f.is_list), None)
        opened = self.opener
        if opened is not None and indent <= opened[1] and opened[0] in MAPPINGS:
            here = at or Frame(indent, is_list=False, owner="")
            if self._is_inner(key, here, opened[0]):
                return self._told_column(indent, opened[1] + 2)
        if at is None or (opened is not None and opened[1] != indent):
            return None
        mappings = [f for f in self.frames if not f.is_list]
        for other in mappings:
            if other.indent < indent and self._is_outer(key, at, other):
                return self._told_column(indent, other.indent)
            if other.indent > indent and self._is_inner(key, at, other.owner, other.keys):
                return self._told_column(indent, other.indent)
        return None

    def _is_outer(self, key: str, at: Frame, other: Frame) -> bool:
        """Tell whether a key is missing in a mapping further out, and not one of where it is."""
        # A voice may ask for an act called "projets", which is a list of another file too.
        is_list = not other.owner and self.page.name != LEXICON
        known = key in keys_under(other.owner) and key not in other.keys and not is_list
        return known and at.owner in MAPPINGS and key not in keys_under(at.owner)

    def _is_inner(self, key: str, at: Frame, owner: str, keys: Collection[str] = ()) -> bool:
        """Tell whether a key is one of a mapping further in, and not, or twice, where it is."""
        of_item = keys_under(at.owner)
        if owner in FREE_MAPPINGS:
            return key not in of_item and key not in keys
        return key in keys_under(owner) - set(keys) and (key not in of_item or key in at.keys)

    def _told_column(self, indent: int, column: int) -> int:
        if not self.is_moved:
            self.page.tell("key_column", found=indent, wanted=column)
        return column

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
                return self._sibling(indent, column, is_list=True) == indent
        return any(f.indent == indent and f.is_list is is_list for f in self.frames)

    def _sibling(self, indent: int, column: int, *, is_list: bool) -> int:
        """Return the column of the first line under a key: its own, or that of the line below.

        The first of a list decides where the others stand, so that it would never be told itself.
        """
        following = self.page.next_line()
        rest = following.lstrip(" ")
        below = len(following) - len(rest)
        usual = column + 2
        if is_list and self.opener and self.opener[0] in ITEM_LISTS:
            return indent if indent == usual else self._dash_of_keys(self.opener[0], indent)
        has_value = is_list or re.search(r":\s+[^|>\s]", self.page.line)
        is_alike = bool(DASH.match(rest)) is is_list and not self._leaves_open()
        return below if below == usual != indent and has_value and is_alike else indent

    def _leaves_open(self) -> bool:
        """Tell whether the line below is still part of the value that this line begins."""
        rest = self.page.line.lstrip()
        key = DASH.match(rest) or key_of(rest, self.page.name)
        value = rest[key.end() :] if key else rest
        return is_block(value) or (value[:1] in {'"', "'", "[", "{"} and end_of(value) is None)

    def _dash_of_keys(self, owner: str, indent: int) -> int:
        """Return the column of an item's dash by its keys, which stand below its first key."""
        dash = DASH.match(self.page.line.lstrip())
        lead = len(dash[0]) if dash else 2
        columns: Counter[int] = Counter()
        within = indent + lead if self._opens_keys(dash[0] if dash else "") else None
        for line in self.page.below(self.page.at + 1):
            rest = line.lstrip(" ")
            column = len(line) - len(rest)
            if DASH.match(rest) and key_of(rest[1:].lstrip(), self.page.name):
                break
            if within is not None and column > within:
                continue
            found = key_of(rest, self.page.name)
            if found and bare(found["key"]) in keys_under(owner):
                columns[column] += 1
                within = column if bare(found["key"]) in MAPPINGS else None
        return max(columns.most_common(1)[0][0] - lead, 0) if columns else indent

    def _opens_keys(self, dash: str) -> bool:
        """Tell whether the key behind the dash of the line that is read has keys of its own."""
        key = key_of(self.page.line.lstrip().removeprefix(dash), self.page.name)
        return key is not None and bare(key["key"]) in MAPPINGS

    def _is_at_opener(self, indent: int) -> bool:
        """Tell whether a dash stands below the key of its own list, which YAML allows."""
        opened = self.opener
        return opened is not None and indent == opened[1] and not self._is_open_list(indent)

    def _is_open_list(self, column: int) -> bool:
        return any(f.indent == column and f.is_list for f in self.frames)

    def _candidates(self, key: str, *, is_list: bool) -> list[int]:
        """Return the columns where a line may belong by what it says; all there are, in doubt."""
        frames = [frame for frame in self.frames if frame.is_list is is_list]
        if is_list:
            begins = key in FIRST_KEYS.values()
            columns = [f.indent for f in frames if (f.owner in ITEM_LISTS) is begins]
            if self.opener is not None and not begins and self._opens_texts(self.opener[0]):
                columns = [self.opener[1] + 2]
        else:
            known = (f for f in frames if f.owner in FREE_MAPPINGS or key in keys_under(f.owner))
            columns = [f.indent for f in known if self._may_hold(f, key)]
        return columns or [frame.indent for frame in frames]

    def _opens_texts(self, key: str) -> bool:
        """Tell whether a key opens a list of texts: phrasings stand under the id of an answer."""
        return key in LISTS or self.frames[-1].owner in FREE_MAPPINGS

    def _nearest(self, indent: int, key: str, *, is_list: bool) -> int:
        """Tell that a line stands in the wrong column; return the nearest that was meant."""
        columns = self._candidates(key, is_list=is_list)
        if self.opener is not None and (indent > self.opener[1] or self._is_at_opener(indent)):
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
        if is_list and self.frames and self.frames[-1].owner in FREE_MAPPINGS:
            # The phrasings of an act called "projets" are no projects.
            owner = self.frames[-1].owner
        self.frames.append(Frame(indent, is_list, owner))
