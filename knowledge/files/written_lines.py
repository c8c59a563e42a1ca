"""Reads a file line by line as whoever wrote it sees it, before YAML reads it.

YAML tells the place where it no longer understands, often lines below the mistake, and it takes
some mistakes for something else without a word. Our files are simple (keys, lists, texts), so that
a line tells what it was meant to be: each mistake is told at its line, and the text is returned as
it was meant, so that the rest of the file can be read and checked too.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.files.file_shapes import (
    FIRST_KEYS,
    FREE_MAPPINGS,
    ITEM_LISTS,
    LEXICON,
    LISTS,
    MAPPINGS,
    TEXTS,
    keys_under,
    known_keys,
)
from knowledge.files.foreign_notes import end_of_note, is_separator, note_line
from knowledge.files.line_columns import Columns, Frame
from knowledge.files.line_keys import (
    ARROW,
    BULLET,
    DASH,
    KEY,
    MARK,
    NEXT_KEY,
    NUMBER,
    bare,
    is_structure,
    key_of,
    meant_key,
)
from knowledge.files.open_value import OpenValue, end_of
from knowledge.files.signs import ODD_SPACES, PAIRS, name_of
from knowledge.files.text_blocks import TextBlock
from knowledge.files.written_page import Mistake, WrittenPage
from knowledge.files.written_values import Value, cut_in, is_block, is_last, read_value

_MOST = 40
# From so many places on, the same mistake is told at the first, with the lines of the others.
_MANY = 8
# The longest line that is read, in characters: an answer has 3,000, and longer ones would take
# long for nothing.
_LONGEST_LINE = 5_000
# Where programs fold a text without quotes, in characters.
_FULL = 80
_BLANK = re.compile(rf"[ \t{ODD_SPACES}]*")
_NO_ELEMENT = re.compile(r"\[\s*\]\s*(?:\s#.*)?")
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
    _Reading(page, Columns(page)).run()
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
            return
        if line.startswith("%"):
            return
        if indent == 0 and MARK.fullmatch(rest):
            self._document_mark(rest)
            return
        if self._goes_on(rest, indent):
            self._go_on(rest, indent)
            return
        if not self.columns.frames and self._is_all_between(rest):
            return
        if is_separator(rest):
            self._leave_out("separator_line", start=rest[:10])
            return
        if sign := note_line(rest):
            self._note(sign)
            return
        self._element(self._bullet(rest, indent), indent)

    def _document_mark(self, rest: str) -> None:
        """Read a mark that begins or ends a document: a file has one, with nothing beyond it."""
        begins = rest.startswith("-") and not self.columns.frames
        if begins or not (rest.startswith("-") or self.page.next_line()):
            self._is_all_between(rest[3:].lstrip())
            return
        self._leave_out("document_mark", sign=rest[:3])

    def _is_all_between(self, rest: str) -> bool:
        """Tell whether all that a file holds stands between brackets; go to the end of them."""
        end = self._end_of(rest, -1) if rest[:1] in {"[", "{"} else None
        self.page.at = end or self.page.at
        return end is not None

    def _goes_on(self, rest: str, indent: int) -> bool:
        """Tell whether a line goes on with the text without quotes of the lines above.

        YAML takes all that stands there for text, a dash and a sign of elsewhere too. A dash, or
        what stands in a list, is more often a mistake: there a program has folded the text, and the
        line above is full, so that this one's first word would have made it too long.
        """
        if self.columns.plain is None or indent <= self.columns.plain:
            return False
        if key_of(rest, self.page.name) is not None:
            return False
        above = len(self.page.lines[self.page.at - 1])
        is_full = above + 1 + len(rest.split(maxsplit=1)[0]) > _FULL
        in_list = any(f.is_list and f.indent == self.columns.plain for f in self.columns.frames)
        return is_full or not (in_list or DASH.match(rest))

    def _go_on(self, rest: str, indent: int) -> None:
        """Read a line that goes on with the text without quotes that stands above it."""
        if (fault := cut_in(rest)) is not None:
            self.page.tell(fault.code, **fault.values)
            self.page.line = " " * indent + "…"

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
        key = self._key(rest)
        if key is None:
            self._loose(rest, indent)
            return
        indent = self.columns.placed(indent, is_list=False, key=bare(key["key"]))
        self._pair(key, indent, " " * indent)

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

    def _key(self, rest: str) -> re.Match[str] | None:
        """Return the key that a line begins with; where its colon is misplaced, that is told."""
        found = key_of(rest, self.page.name)
        if found is not None:
            return found if self._is_clean(found) else self._cleaned(found, rest)
        if self.page.name == LEXICON and (arrow := ARROW.match(rest)):
            self.page.tell("missing_colon", key=arrow["key"])
            return KEY.match(f"{arrow['key']}: {arrow['value']}")
        name = re.match(r"[A-Za-z_]+", rest)
        if name is None or name[0] not in known_keys():
            return None
        after = rest[name.end() :]
        if after.startswith(":"):
            self.page.tell("glued_colon", key=name[0])
            return KEY.match(f"{name[0]}: {after[1:]}")
        if self.columns.plain is None and re.match(r"\s*+(?:[=;,]\s*+)?[\"'“«\[|0-9]", after):
            self.page.tell("missing_colon", key=name[0])
            bare = re.sub(r"^\s*+(?:[=;,]\s*+)?", "", after)
            return KEY.match(f"{name[0]}: {bare}")
        return None

    def _is_clean(self, found: re.Match[str]) -> bool:
        spaces = found["before"] + found["after"].rstrip("\n")
        return found["colon"] == ":" and not any(sign in ODD_SPACES for sign in spaces)

    def _cleaned(self, found: re.Match[str], rest: str) -> re.Match[str] | None:
        odd = next((s for s in found["before"] + found["after"] if s in ODD_SPACES), "")
        if found["colon"] != ":":
            self.page.tell("odd_colon", sign=name_of(found["colon"]))
        else:
            self.page.tell("odd_space", sign=name_of(odd))
        return KEY.match(f"{found['key']}: {rest[found.end() :]}")

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
        key = self._key(after) if owner in ITEM_LISTS or not owner else None
        if key is not None:
            inner = len(lead)
            self.columns.frames.append(Frame(inner, is_list=False, owner=owner))
            self._pair(key, inner, lead)
            return
        if owner in ITEM_LISTS and after[0] not in "[{?&*!":
            self._leave_out("element_without_key", start=after[:40], key=FIRST_KEYS[owner])
            return
        self._scalar(after, lead, is_text=owner not in ITEM_LISTS, is_list=False, parent=indent)

    def _pair(self, key: re.Match[str], indent: int, lead: str) -> None:
        """Read a key and its value."""
        name, value = meant_key(bare(key["key"])), key.string[key.end() :]
        if self.columns.frames:
            self.columns.frames[-1].keys.add(name)
        if (second := self._second_key(value)) is not None:
            self.page.tell("two_keys", key=name, other=second["key"])
            rest = value[second.end() :].strip()
            opens = not rest or is_block(rest)
            self.page.lost.append((self.page.at + 1, name if opens else second["key"]))
            value = rest if opens else value[: second.start()]
            name = second["key"] if opens else name
            self.columns.frames[-1].keys.add(second["key"])
        written = f"{lead}{name if second else key['key']}:"
        self.columns.opener, self.columns.plain = None, None
        if self._is_said_empty(name, value) and self._has_elements_below(indent):
            self.page.tell("empty_then_more", key=name)
            value = ""
        if not value or (value[0] == "#" and value[1:2] in {"", " "} and name not in TEXTS):
            self.columns.opener = (name, indent)
            self.page.line = f"{written} {value}".rstrip()
            return
        self._scalar(
            value, f"{written} ", is_text=name in TEXTS, is_list=name in LISTS, parent=indent
        )

    def _second_key(self, value: str) -> re.Match[str] | None:
        """Find another key behind a value, one that its item has nowhere else."""
        frame = self.columns.frames[-1] if self.columns.frames else None
        if frame is None or frame.is_list or not value:
            return None
        start = (end_of(value) or len(value)) if value[0] in "\"'[{" else 0
        missing = keys_under(frame.owner) - frame.keys
        found = (each for each in NEXT_KEY.finditer(value, max(start - 1, 0)))
        return next(
            (f for f in found if f["key"] in missing and not self._is_below(f["key"])), None
        )

    def _is_below(self, name: str) -> bool:
        """Tell whether the mapping that is open has a key on a line below."""
        indent = self.columns.frames[-1].indent
        for line in self.page.below(self.page.at + 1):
            rest = line.lstrip(" ")
            if rest and len(line) - len(rest) < indent:
                return False
            if len(line) - len(rest) == indent and rest.startswith(f"{name}:"):
                return True
        return False

    @staticmethod
    def _is_said_empty(name: str, value: str) -> bool:
        return (name in LISTS or name in ITEM_LISTS) and bool(_NO_ELEMENT.fullmatch(value))

    def _has_elements_below(self, indent: int) -> bool:
        """Tell whether the next line is an element of a list at this column."""
        below = (line for line in self.page.below(self.page.at + 1) if line.strip())
        line = next((each for each in below if not each.lstrip().startswith("#")), "")
        return bool(DASH.match(line.lstrip())) and len(line) - len(line.lstrip()) >= indent

    def _scalar(self, value: str, lead: str, *, is_text: bool, is_list: bool, parent: int) -> None:
        self.columns.opener, self.columns.plain = None, None
        if value[0] in "|>" and is_block(value.rstrip()):
            self.page.line = lead + value
            TextBlock(self.page, self.columns, parent).read()
            return
        if value[0] in "\"'[{" and end_of(value) is None and (end := self._end_of(value, parent)):
            # A text or a list of several lines is YAML's own affair, as long as it ends.
            self.page.line = lead + value
            self.page.at = end
            return
        if value[0] in "|>" and self.page.next_indent() > parent:
            self.page.tell("block_text", sign=value[0])
            self.page.line = f"{lead}|"
            TextBlock(self.page, self.columns, parent).read()
            return
        if value[0] in PAIRS and self._has_more_below(parent):
            self.columns.plain = parent
            return
        read: Value = read_value(value, is_text=is_text, is_list=is_list)
        if read.fault is not None:
            values = dict(read.fault.values)
            if "example" in values:
                values["example"] = f"{lead.strip(' -')} {values['example']}"
            self.page.tell(read.fault.code, **values)
        self.page.line = lead + read.text
        if read.text[:1] not in {'"', "'", "[", "{", ""}:
            self.columns.plain = parent

    def _has_more_below(self, parent: int) -> bool:
        """Tell whether the line below goes on with a text without quotes."""
        line = self.page.next_line()
        rest = line.lstrip(" ")
        is_further_in = len(line) - len(rest) > parent
        is_other = rest.startswith("#") or DASH.match(rest) or key_of(rest, self.page.name)
        return is_further_in and not is_other

    def _end_of(self, value: str, parent: int) -> int | None:
        """Return the line on which a value ends that its own line leaves open.

        What looks like a key or an element further in than ``parent`` is a word of the text.
        """
        scan = OpenValue()
        scan.read(value)
        for number in range(self.page.at + 1, len(self.page.lines)):
            line = self.page.lines[number]
            is_further_in = len(line) - len(line.lstrip()) > parent
            if scan.is_lost or (is_structure(line) and not is_further_in):
                return None
            if (end := scan.read(line)) is not None:
                return number if is_last(line[end:]) else None
        return None

    def _loose(self, rest: str, indent: int) -> None:
        """Read a line that is neither a key nor an element: text that goes on, or is lost."""
        texts = next((f for f in reversed(self.columns.frames) if f.indent <= indent), None)
        is_element = texts is not None and texts.is_list and texts.owner not in ITEM_LISTS
        if self.columns.plain is not None and indent > self.columns.plain:
            if is_element:
                self.page.tell("joined_line")
            self._go_on(rest, indent)
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
            self._scalar(rest, " " * indent, is_text=True, is_list=False, parent=parent)
            return
        top = keys_under("")
        begun = (line.partition(":")[0] in top for line in self.page.below(self.page.at + 1))
        if self.columns.frames or any(begun):
            self.page.tell("tab_inside" if "\t" in rest else "loose_line", start=rest[:40])
            self.page.line = "#"
