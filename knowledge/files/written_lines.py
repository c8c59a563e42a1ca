"""Reads a file line by line as whoever wrote it sees it, before YAML reads it.

YAML tells the place where it no longer understands, often lines below the mistake, and it takes
some mistakes for something else without a word. Our files are simple (keys, lists, texts), so that
a line tells what it was meant to be: each mistake is told at its line, and the text is returned as
it was meant, so that the rest of the file can be read and checked too.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from knowledge.files.file_shapes import FIRST_KEYS, ITEM_LISTS, LISTS, TEXTS, known_keys
from knowledge.files.line_columns import Columns, Frame
from knowledge.files.line_keys import DASH, KEY, MARK, bare, is_structure, key_of, meant_key
from knowledge.files.signs import BULLETS, ODD_SPACES, name_of
from knowledge.files.text_blocks import TextBlock
from knowledge.files.written_page import Mistake, Page
from knowledge.files.written_values import Value, end_of, is_block, is_last, read_value

_MOST = 40
# The longest line that is read, in characters: an answer has 3,000, and longer ones would take
# long for nothing.
_LONGEST_LINE = 5_000
_BLANK = re.compile(rf"[ \t{ODD_SPACES}]*")
_BULLET = re.compile(rf"(?P<sign>[{re.escape(BULLETS)}])(?P<space>\s*)(?=\S)")
_NUMBER = re.compile(r"(?P<sign>\d{1,3}[.)])[ \t\u00a0]+(?=\S)")
_CLOSES = re.compile(r'(?<!\\)"')


class Meant(NamedTuple):
    """A text as it was meant, line for line, and the mistakes that were mended in it."""

    text: str
    mistakes: tuple[Mistake, ...]


def meant(text: str, name: str) -> Meant:
    """Return what a file's text means, and its mistakes in the order of lines, at most 40.

    ``name`` is the file's name. Text and result have the same lines.
    """
    page = Page(text.split("\n"), name)
    _Reading(page, Columns(page)).run()
    mistakes = sorted(page.mistakes.values())[:_MOST]
    return Meant("\n".join(page.lines), tuple(mistakes))


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the lines of a page one after the other."""

    page: Page
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
            if self.columns.frames or rest.startswith("."):
                self.page.tell("document_mark", sign=rest[:3])
                self.page.line = "#"
            return
        rest = self._bullet(rest, indent)
        self._element(rest, indent)

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
        found = _BULLET.match(rest) or _NUMBER.match(rest)
        if not found or not self.columns.is_among_elements(indent):
            return rest
        if found["sign"] in "*+" and not found["space"]:
            return rest
        if found["sign"][0].isdigit() and self.columns.plain is not None:
            return rest
        self.page.tell("bullet", sign=name_of(found["sign"]))
        self.columns.is_moved = True
        return f"- {rest[found.end() :]}"

    def _element(self, rest: str, indent: int) -> None:
        dash = DASH.match(rest)
        if dash is None and self._is_glued_dash(rest, indent):
            after = rest[1:].lstrip(ODD_SPACES)
            odd = rest[1] if rest[1] in ODD_SPACES else ""
            self.page.tell("odd_space" if odd else "glued_dash", sign=name_of(odd) if odd else "-")
            rest, dash = f"- {after}", DASH.match("- ")
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
        self._scalar(after, lead, is_text=owner not in ITEM_LISTS, is_list=False, parent=indent)

    def _pair(self, key: re.Match[str], indent: int, lead: str) -> None:
        """Read a key and its value."""
        name, value = meant_key(bare(key["key"])), key.string[key.end() :]
        if self.columns.frames:
            self.columns.frames[-1].keys.add(name)
        written = f"{lead}{key['key']}:"
        self.columns.opener, self.columns.plain = None, None
        if not value or (value[0] == "#" and value[1:2] in {"", " "} and name not in TEXTS):
            self.columns.opener = (name, indent)
            self.page.line = f"{written} {value}".rstrip()
            return
        self._scalar(
            value, f"{written} ", is_text=name in TEXTS, is_list=name in LISTS, parent=indent
        )

    def _scalar(self, value: str, lead: str, *, is_text: bool, is_list: bool, parent: int) -> None:
        self.columns.opener, self.columns.plain = None, None
        if value[0] in "|>" and is_block(value.rstrip()):
            self.page.line = lead + value
            TextBlock(self.page, self.columns, parent).read()
            return
        if value[0] in "\"'[{" and end_of(value) is None and (end := self._end_of(value)):
            # A text or a list of several lines is YAML's own affair, as long as it ends.
            self.page.line = lead + value
            self.page.at = end
            return
        if value[0] in "|>" and self.page.next_indent() > parent:
            self.page.tell("block_text", sign=value[0])
            self.page.line = f"{lead}|"
            TextBlock(self.page, self.columns, parent).read()
            return
        read: Value = read_value(value, is_text=is_text, is_list=is_list)
        if read.fault is not None:
            self.page.tell(read.fault.code, **read.fault.values)
        self.page.line = lead + read.text
        if read.text[:1] not in {'"', "'", "[", "{", ""}:
            self.columns.plain = parent

    def _end_of(self, value: str) -> int | None:
        """Return the line on which a value ends that its own line leaves open."""
        text, between = value, "\n" if value[0] in "[{" else " "
        for number, line in enumerate(self.page.below(self.page.at + 1), self.page.at + 1):
            if is_structure(line):
                return None
            text += between + line.strip()
            if value[0] == '"' and not _CLOSES.search(line):
                continue
            if (end := end_of(text)) is not None:
                return number if is_last(text[end:]) else None
        return None

    def _loose(self, rest: str, indent: int) -> None:
        """Read a line that is neither a key nor an element: text that goes on, or is lost."""
        texts = next((f for f in reversed(self.columns.frames) if f.indent <= indent), None)
        is_element = texts is not None and texts.is_list and texts.owner not in ITEM_LISTS
        if self.columns.plain is not None and indent > self.columns.plain and not is_element:
            read = read_value(rest, is_text=True)
            if read.fault is not None:
                self.page.tell(read.fault.code, **read.fault.values)
                self.page.line = " " * indent + "…"
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
        if self.columns.frames:
            self.page.tell("tab_inside" if "\t" in rest else "loose_line", start=rest[:40])
            self.page.line = "#"
