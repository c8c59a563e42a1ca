"""Reads a file line by line as whoever wrote it sees it, before YAML reads it.

YAML tells the place where it no longer understands, often lines below the mistake, and it takes
some mistakes for something else without a word. Our files are simple (keys, lists, texts), so that
a line tells what it was meant to be: each mistake is told at its line, and the text is returned as
it was meant, so that the rest of the file can be read and checked too.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

from knowledge.files.file_shapes import (
    FIRST_KEYS,
    FREE_MAPPINGS,
    ITEM_LISTS,
    LISTS,
    MAPPINGS,
    keys_under,
    known_keys,
)
from knowledge.files.foreign_notes import end_of_note, is_separator, note_line
from knowledge.files.line_columns import Columns, Frame
from knowledge.files.line_keys import (
    BULLET,
    DASH,
    MARK,
    NUMBER,
    bare,
    is_structure,
    key_of,
)
from knowledge.files.line_pairs import LinePairs
from knowledge.files.line_values import LineValues
from knowledge.files.signs import ODD_SPACES, name_of
from knowledge.files.written_page import Mistake, WrittenPage

_MOST = 40
# From so many places on, the same mistake is told at the first, with the lines of the others.
_MANY = 8
# The longest line that is read, in characters: an answer has 3,000, and longer ones would take
# long for nothing.
_LONGEST_LINE = 5_000
_BLANK = re.compile(rf"[ \t{ODD_SPACES}]*")
_MAIL_QUOTE = re.compile(r"(?:>(?: |(?=>)|$))+")


class Meant(NamedTuple):
    """A text as it was meant, line for line, and the mistakes that were mended in it."""

    text: str
    mistakes: tuple[Mistake, ...]
    # The keys that a mistake puts out of use, with their lines (from 1): they are not missing.
    lost: tuple[tuple[int, str], ...] = ()


def meant(text: str, name: str) -> Meant:
    """Return what a file's text means, and its mistakes in the order of lines, at most 40.

    ``name`` is the file's name. Text and result have the same lines.
    """
    page = WrittenPage(text.split("\n"), name)
    _unquote(page)
    _Reading.of(page).run()
    mistakes = _gathered(sorted(page.mistakes.values()))[:_MOST]
    return Meant("\n".join(page.lines), tuple(mistakes), tuple(page.lost))


def _gathered(mistakes: list[Mistake]) -> list[Mistake]:
    """Tell once what a program has done to many lines, with those lines: tabs for all spaces."""
    alike: dict[str, list[Mistake]] = {}
    for each in mistakes:
        values = "" if each.fault.code == "key_column" else str(sorted(each.fault.values.items()))
        alike.setdefault(each.fault.code + values, []).append(each)
    first = {
        same[0].line: same[0]._replace(others=tuple((e.line, e.last) for e in same[1:]))
        for same in alike.values()
        if len(same) > _MANY
    }
    rest = [each for same in alike.values() if len(same) <= _MANY for each in same]
    return sorted([*first.values(), *rest])


def _unquote(page: WrittenPage) -> None:
    """Take away the sign > that a mail program puts before each line of what is answered."""
    for number, line in enumerate(page.lines):
        page.at = number
        if found := _MAIL_QUOTE.match(line):
            page.tell("mail_quote")
            page.line = line[found.end() :]
    page.at = 0


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the lines of a page one after the other."""

    page: WrittenPage
    columns: Columns
    values: LineValues
    pairs: LinePairs

    @classmethod
    def of(cls, page: WrittenPage) -> Self:
        """Return the reading of a page."""
        columns = Columns(page)
        values = LineValues(page, columns)
        return cls(page, columns, values, LinePairs(page, columns, values))

    def run(self) -> None:
        while self.page.at < len(self.page.lines):
            if _BLANK.fullmatch(self.page.line):
                self.page.line = ""
            else:
                self._line(self.page.line)
            self.page.at += 1

    def _line(self, line: str) -> None:
        if len(line) > _LONGEST_LINE:
            self.columns.plain = None
            return
        rest = line.lstrip(f" \t{ODD_SPACES}")
        indent = self._indent(line, rest)
        if rest.startswith("#"):
            self.columns.plain = None
        elif self.values.goes_on(rest, indent):
            self.values.go_on(rest, indent)
        elif not (line.startswith("%") or self._is_around(rest, indent) or self._is_apart(rest)):
            self._element(self._bullet(rest, indent), indent)

    def _is_around(self, rest: str, indent: int) -> bool:
        """Tell whether a line is around what the file holds: a mark, or all of it in brackets."""
        if indent == 0 and MARK.fullmatch(rest):
            self._document_mark(rest)
            return True
        return not self.columns.frames and self.values.is_all_between(rest)

    def _is_apart(self, rest: str) -> bool:
        """Tell whether a line is no part of the file, and leave it out: a separator, or a note."""
        if is_separator(rest):
            self._leave_out("separator_line", start=rest[:10])
            return True
        sign = note_line(rest)
        if sign:
            self._note(sign)
        return bool(sign)

    def _document_mark(self, rest: str) -> None:
        """Read a mark that begins or ends a document: a file has one, with nothing beyond it."""
        begins = rest.startswith("-") and not self.columns.frames
        if begins or not (rest.startswith("-") or self.page.next_line()):
            self.values.is_all_between(rest[3:].lstrip())
            return
        self._leave_out("document_mark", sign=rest[:3])

    def _leave_out(self, code: str, **values: object) -> None:
        self.page.tell(code, **values)
        self.page.line = "#"

    def _note(self, sign: str) -> None:
        """Leave out a note that begins with a sign of elsewhere, to its end some lines below."""
        end, lines = end_of_note(sign), list(self.page.below(self.page.at))
        if self.page.line.strip() == sign and not any(map(is_structure, lines)):
            self._leave_out("mail_signature")
            self.page.lines[self.page.at + 1 :] = [""] * (len(self.page.lines) - self.page.at - 1)
            return
        last = next((n for n, line in enumerate(lines) if end in line), 0) if end else 0
        self._leave_out("dashes_line" if sign == "--" else "foreign_note", sign=sign)
        for _ in range(last):
            self.page.at += 1
            self.page.line = "#"

    def _indent(self, line: str, rest: str) -> int:
        """Return the column where a line begins; tabs and no-break spaces there are told."""
        space = line[: len(line) - len(rest)]
        self.columns.is_moved, self.columns.is_tabbed = False, "\t" in space
        if odd := next((sign for sign in space if sign != " "), None):
            if not rest.startswith("#"):
                self.page.tell("odd_indent", sign=name_of(odd))
            space = "".join("  " if sign == "\t" else " " for sign in space)
            self.page.line = space + rest
            self.columns.is_moved = True
        return len(space)

    def _bullet(self, rest: str, indent: int) -> str:
        """Return a line with the hyphen that a bullet or a dash of Word stands for."""
        found = BULLET.match(rest) or NUMBER.match(rest)
        if not found or not self.columns.is_among_elements(indent):
            return rest
        sign = found["sign"] or "o"
        if sign in "*+" and not found["space"]:
            return rest
        if sign[0].isdigit() and self.columns.plain is not None:
            return rest
        self.page.tell("bullet", sign=name_of(sign))
        self.columns.is_moved = True
        return f"- {rest[found.end() :]}"

    def _element(self, rest: str, indent: int) -> None:
        dash = DASH.match(rest)
        if dash is None and self._is_glued_dash(rest, indent):
            after = rest[1:].lstrip(ODD_SPACES)
            odd = rest[1] if rest[1] in ODD_SPACES else ""
            self.page.tell("odd_space" if odd else "glued_dash", sign=name_of(odd) if odd else "-")
            rest, dash = f"- {after}", DASH.match("- ")
        if dash and self._is_dashed_key(rest[dash.end() :], indent):
            self.page.tell("dashed_key")
            rest, dash = rest[dash.end() :], None
        if dash:
            self._dash(rest, dash.end(), indent)
            return
        rest = self._without_dash(rest, indent)
        if rest.startswith("- "):
            self._element(rest, len(self.page.line) - len(self.page.line.lstrip()))
            return
        key = self.pairs.key_at(rest)
        if key is None:
            self._loose(rest, indent)
            return
        indent = self.columns.placed(indent, is_list=False, key=bare(key["key"]))
        self.pairs.read(key, indent, " " * indent)

    def _is_dashed_key(self, after: str, indent: int) -> bool:
        """Tell whether what follows a dash is a key of the mapping that is open, not an element."""
        key = key_of(after, self.page.name)
        if key is None or not self.columns.frames or self.columns.begins_item(indent):
            return False
        name, opener = bare(key["key"]), self.columns.opener
        if opener is not None and opener[0] in MAPPINGS:
            return opener[0] in FREE_MAPPINGS or name in keys_under(opener[0])
        frame = self.columns.frames[-1]
        mapping = next((f for f in reversed(self.columns.frames) if not f.is_list), frame)
        if frame.is_list and frame.owner in ITEM_LISTS:
            return False
        if mapping.owner in FREE_MAPPINGS and not frame.is_list:
            return True
        missing = keys_under(mapping.owner) - mapping.keys - {FIRST_KEYS.get(mapping.owner)}
        return name in missing and mapping.owner != ""

    def _is_glued_dash(self, rest: str, indent: int) -> bool:
        if rest[0] != "-" or rest == "-" or rest.startswith("--"):
            return False
        return self.columns.is_among_elements(indent) and key_of(rest, self.page.name) is None

    def _without_dash(self, rest: str, indent: int) -> str:
        """Return a line with the dash that it lacks: the first key of an item, without one."""
        key = key_of(rest, self.page.name)
        name = bare(key["key"]) if key else ""
        if (
            self.columns.opener
            and self.columns.opener[0] in ITEM_LISTS
            and indent > self.columns.opener[1]
        ):
            if FIRST_KEYS[self.columns.opener[0]] == name:
                deeper = self.page.next_indent() > indent
                return self._with_dash(rest, indent if deeper else max(indent - 2, 0))
            return rest
        items = next(
            (f for f in reversed(self.columns.frames) if f.is_list and f.owner in ITEM_LISTS), None
        )
        if items is None or FIRST_KEYS[items.owner] != name or indent < items.indent:
            return rest
        after = self.columns.frames[self.columns.frames.index(items) + 1 :]
        begins_anew = after and name in after[0].keys and self._is_repeated(after[0].keys)
        if begins_anew and indent <= after[0].indent:
            return self._with_dash(rest, items.indent)
        return rest

    def _is_repeated(self, keys: set[str]) -> bool:
        """Tell whether the next key too is one that the item has: then another item begins."""
        following = self.page.next_line()
        key = key_of(following.lstrip(" -"), self.page.name)
        return key is not None and bare(key["key"]) in keys

    def _with_dash(self, rest: str, indent: int) -> str:
        self.page.tell("missing_dash")
        self.page.line = f"{' ' * indent}- {rest}"
        return f"- {rest}"

    def _dash(self, rest: str, end: int, indent: int) -> None:
        after = rest[end:]
        first = key_of(after, self.page.name)
        indent = self.columns.placed(indent, is_list=True, key=bare(first["key"]) if first else "")
        owner = self.columns.frames[-1].owner if self.columns.frames else ""
        lead = " " * indent + rest[:end]
        if (again := DASH.match(after)) and after != "-":
            self.page.tell("second_dash")
            after = after[again.end() :]
        if not after:
            self.columns.opener = (owner, indent)
            self.columns.plain = None
            self.page.line = lead.rstrip()
            return
        key = self.pairs.key_at(after) if owner in ITEM_LISTS or not owner else None
        if key is not None:
            inner = len(lead)
            self.columns.frames.append(Frame(inner, is_list=False, owner=owner))
            self.pairs.read(key, inner, lead)
            return
        if owner in ITEM_LISTS and after[0] not in "[{?&*!":
            self._leave_out("element_without_key", start=after[:40], key=FIRST_KEYS[owner])
            return
        self.values.read(after, lead, is_text=owner not in ITEM_LISTS, is_list=False, parent=indent)

    def _loose(self, rest: str, indent: int) -> None:
        """Read a line that is neither a key nor an element: text that goes on, or is lost."""
        texts = next((f for f in reversed(self.columns.frames) if f.indent <= indent), None)
        is_element = texts is not None and texts.is_list and texts.owner not in ITEM_LISTS
        if self.columns.plain is not None and indent > self.columns.plain:
            if is_element:
                self.page.tell("joined_line")
            self.values.go_on(rest, indent)
            return
        opened = self.columns.opener is not None and (
            self.columns.opener[0] in LISTS or self.columns.opener[0] not in known_keys()
        )
        if is_element or (opened and self.columns.opener and indent >= self.columns.opener[1]):
            self.page.tell("missing_dash_text")
            at = texts.indent if is_element and texts else indent
            self._dash(f"- {rest}", 2, at)
            return
        if self.columns.opener is not None and indent > self.columns.opener[1]:
            # The value of a key may stand on the line below it.
            parent = self.columns.opener[1]
            self.values.read(rest, " " * indent, is_text=True, is_list=False, parent=parent)
            return
        top = keys_under("")
        begun = (line.partition(":")[0] in top for line in self.page.below(self.page.at + 1))
        if self.columns.frames or any(begun):
            self.page.tell("tab_inside" if "\t" in rest else "loose_line", start=rest[:40])
            self.page.line = "#"
