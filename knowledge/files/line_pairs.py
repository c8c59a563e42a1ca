"""Keys and their values: a key that is misspelt, a second one on its line."""

import re
from dataclasses import dataclass

from knowledge.files.file_shapes import (
    FREE_MAPPINGS,
    ITEM_LISTS,
    LEXICON,
    LISTS,
    TEXTS,
    keys_under,
    known_keys,
)
from knowledge.files.line_columns import Columns
from knowledge.files.line_keys import ARROW, DASH, KEY, NEXT_KEY, bare, key_of, meant_key
from knowledge.files.line_values import LineValues
from knowledge.files.open_value import end_of
from knowledge.files.signs import ODD_SPACES, name_of
from knowledge.files.written_page import WrittenPage
from knowledge.files.written_values import is_block

_NO_ELEMENT = re.compile(r"\[\s*\]\s*(?:\s#.*)?")


@dataclass(frozen=True, slots=True)
class LinePairs:
    """Reads the keys of a page's lines, each with its value."""

    page: WrittenPage
    columns: Columns
    values: LineValues

    def key_at(self, rest: str) -> re.Match[str] | None:
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

    def read(self, key: re.Match[str], indent: int, lead: str) -> None:
        """Read a key in column ``indent``, behind ``lead``, and its value."""
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
        # The id of an answer, among phrasings, may be that of a key elsewhere: "territoire".
        is_free = bool(self.columns.frames) and self.columns.frames[-1].owner in FREE_MAPPINGS
        is_text, is_list = name in TEXTS and not is_free, name in LISTS and not is_free
        self.values.read(value, f"{written} ", is_text=is_text, is_list=is_list, parent=indent)

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
