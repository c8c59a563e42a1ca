"""Reads a file line by line as whoever wrote it sees it, before YAML reads it.

YAML tells the place where it no longer understands, often lines below the mistake, and it takes
some mistakes for something else without a word. Our files are simple (keys, lists, texts), so that
a line tells what it was meant to be: each mistake is told at its line, and the text is returned as
it was meant, so that the rest of the file can be read and checked too.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from knowledge.files.signs import BULLETS, ODD_SPACES, name_of
from knowledge.files.written_values import Miswriting, Value, end_of, is_block, is_last, read_value
from knowledge.text.normalise import normalise

_SCHEMAS = Path(__file__).parent / "schema"
LEXICON = "lexique.yaml"
_ITEM_LISTS = ("entrees", "projets", "actes", "voix", "questions")
_LISTS = frozenset(
    ["variantes", "voir_aussi", "territoires", "filieres", "mots_cles", "attendu", "hors_sujet"]
)
_TEXTS = frozenset(
    [
        "question",
        "titre",
        "reponse",
        "suite",
        "source",
        "service",
        "brouillon",
        "resume",
        "recherche",
        "nom",
        "chef_de_file",
        "courriel",
        "telephone",
        "territoire",
        "public",
        "exemple",
    ]
)
_MAPPINGS = frozenset(
    {"en", "initiative", "formulations", "contact_chef_de_file", "abreviations", "idees"}
)
_FIRST_KEYS = {
    "entrees": "id",
    "projets": "id",
    "actes": "id",
    "voix": "nom",
    "questions": "question",
}
_MOST = 40
# What a paste brings in on each of its lines.
_PASTED = frozenset(
    ["bullet", "missing_dash_text", "loose_line", "tab_inside", "glued_dash", "odd_indent"]
)
# How many lines below a mistake may be part of it, and the longest line that is read, in
# characters: an answer has 3,000, and longer ones would take long for nothing.
_FAR, _LONGEST_LINE = 100, 5_000
_BLANK = re.compile(rf"[ \t{ODD_SPACES}]*")
_BULLET = re.compile(rf"(?P<sign>[{re.escape(BULLETS)}])(?P<space>\s*)(?=\S)")
_NUMBER = re.compile(r"(?P<sign>\d{1,3}[.)])[ \t\u00a0]+(?=\S)")
_DASH = re.compile(r"-(?:[ \t]+|$)")
_KEY = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{}#&*!|>%@`,?-][^#]*?|-[^\s#][^#]*?)"""
    r"(?<!\s)(?P<before>\s*+)(?P<colon>[:：])(?P<after>\s+|$)"
)
_NO_ELEMENT = re.compile(r"\[\s*\]\s*(?:\s#.*)?")
_MARK = re.compile(r"(?:---|\.\.\.)(?:[ \t].*)?")
_NAME = re.compile(r"[a-z0-9_-]+")
_CLOSES = re.compile(r'(?<!\\)"')


class Mistake(NamedTuple):
    """What is wrong on a line (from 1), and on those below it if ``last`` says so."""

    line: int
    fault: Miswriting
    # The last of the lines that follow each other with the same mistake.
    last: int = 0


class Meant(NamedTuple):
    """A text as it was meant, line for line, and the mistakes that were mended in it."""

    text: str
    mistakes: tuple[Mistake, ...]


def meant(text: str, name: str) -> Meant:
    """Return what a file's text means, and its mistakes in the order of lines, at most 40.

    ``name`` is the file's name. Text and result have the same lines.
    """
    reading = _Reading(text.split("\n"), name)
    reading.run()
    mistakes = sorted(reading.mistakes.values())[:_MOST]
    return Meant("\n".join(reading.lines), tuple(mistakes))


@cache
def known_keys() -> frozenset[str]:
    """Return the keys of all kinds of files."""
    schemas = [json.loads(path.read_text("utf-8")) for path in _SCHEMAS.glob("*.json")]
    return frozenset(key for schema in schemas for key in _keys(schema))


def _keys(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for value in schema.values():
            yield from _keys(value)


@dataclass(slots=True)
class _Frame:
    """A mapping or a list that is open: its column, and the key that it stands under."""

    indent: int
    is_list: bool
    owner: str
    keys: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Reading:
    """The state of reading: which lists and mappings are open at a line."""

    lines: list[str]
    name: str
    at: int = 0
    frames: list[_Frame] = field(default_factory=list)
    mistakes: dict[int, Mistake] = field(default_factory=dict)
    # The key whose value stands on the lines below, and its column.
    opener: tuple[str, int] | None = None
    # A text without quotes goes on below, where the lines are further in than this column.
    plain: int | None = None
    # By how many columns the lines under a misplaced line are misplaced with it.
    shift: tuple[int, int] = (0, 0)
    # A line that had already to be moved: how it stands is not told again.
    is_moved: bool = False
    is_tabbed: bool = False
    # For each line with a mistake, the first of those above it that have the same.
    runs: dict[int, int] = field(default_factory=dict)

    def run(self) -> None:
        while self.at < len(self.lines):
            if _BLANK.fullmatch(self.lines[self.at]):
                self.lines[self.at] = ""
            else:
                self._line(self.lines[self.at])
            self.at += 1

    def _tell(self, code: str, **values: object) -> None:
        number = self.at + 1
        if number in self.mistakes:
            return
        begun = self.runs.get(number - 1)
        if begun is not None and code in _PASTED and self.mistakes[begun].fault.code == code:
            # Pasted together: each line has the mistake, and it is one.
            self.mistakes[begun] = self.mistakes[begun]._replace(last=number)
        else:
            begun = number
            self.mistakes[number] = Mistake(number, Miswriting(code, values))
        self.runs[number] = begun

    def _below(self, start: int) -> Iterator[str]:
        """Return the lines from an index on, as far as a mistake is looked for."""
        return (self.lines[n] for n in range(start, min(start + _FAR, len(self.lines))))

    def _line(self, line: str) -> None:
        if len(line) > _LONGEST_LINE:
            self.plain = None
            return
        rest = line.lstrip(f" \t{ODD_SPACES}")
        indent = self._indent(line, rest)
        if rest.startswith("#"):
            self.plain = None
            return
        if line.startswith("%"):
            return
        if indent == 0 and _MARK.fullmatch(rest):
            if self.frames or rest.startswith("."):
                self._tell("document_mark", sign=rest[:3])
                self.lines[self.at] = "#"
            return
        rest = self._bullet(rest, indent)
        self._element(rest, indent)

    def _indent(self, line: str, rest: str) -> int:
        """Return the column where a line begins; tabs and no-break spaces there are told."""
        space = line[: len(line) - len(rest)]
        self.is_moved, self.is_tabbed = False, "\t" in space
        if odd := next((sign for sign in space if sign != " "), None):
            if not rest.startswith("#"):
                self._tell("odd_indent", sign=name_of(odd))
            space = "".join("  " if sign == "\t" else " " for sign in space)
            self.lines[self.at] = space + rest
            self.is_moved = True
        return len(space)

    def _bullet(self, rest: str, indent: int) -> str:
        """Return a line with the hyphen that a bullet or a dash of Word stands for."""
        found = _BULLET.match(rest) or _NUMBER.match(rest)
        if not found or not self._is_among_elements(indent):
            return rest
        if found["sign"] in "*+" and not found["space"]:
            return rest
        if found["sign"][0].isdigit() and self.plain is not None:
            return rest
        self._tell("bullet", sign=name_of(found["sign"]))
        self.is_moved = True
        return f"- {rest[found.end() :]}"

    def _is_among_elements(self, indent: int) -> bool:
        """Tell whether a line may be an element of a list that is open, or opens here."""
        if self.opener is not None:
            return indent >= self.opener[1]
        return any(frame.is_list for frame in self.frames)

    def _element(self, rest: str, indent: int) -> None:
        dash = _DASH.match(rest)
        if dash is None and self._is_glued_dash(rest, indent):
            after = rest[1:].lstrip(ODD_SPACES)
            odd = rest[1] if rest[1] in ODD_SPACES else ""
            self._tell("odd_space" if odd else "glued_dash", sign=name_of(odd) if odd else "-")
            rest, dash = f"- {after}", _DASH.match("- ")
        if dash:
            self._dash(rest, dash.end(), indent)
            return
        rest = self._without_dash(rest, indent)
        if rest.startswith("- "):
            self._element(rest, len(self.lines[self.at]) - len(self.lines[self.at].lstrip()))
            return
        key = self._key(rest)
        if key is None:
            self._loose(rest, indent)
            return
        indent = self._placed(indent, is_list=False, key=_bare(key["key"]))
        self._pair(key, indent, " " * indent)

    def _is_glued_dash(self, rest: str, indent: int) -> bool:
        if rest[0] != "-" or rest == "-" or rest.startswith("--"):
            return False
        return self._is_among_elements(indent) and self._key_of(rest) is None

    def _without_dash(self, rest: str, indent: int) -> str:
        """Return a line with the dash that it lacks: the first key of an item, without one."""
        key = self._key_of(rest)
        name = _bare(key["key"]) if key else ""
        if self.opener and self.opener[0] in _ITEM_LISTS and indent > self.opener[1]:
            if _FIRST_KEYS[self.opener[0]] == name:
                deeper = self._next_indent() > indent
                return self._with_dash(rest, indent if deeper else max(indent - 2, 0))
            return rest
        items = next(
            (f for f in reversed(self.frames) if f.is_list and f.owner in _ITEM_LISTS), None
        )
        if items is None or _FIRST_KEYS[items.owner] != name or indent < items.indent:
            return rest
        after = self.frames[self.frames.index(items) + 1 :]
        begins_anew = after and name in after[0].keys and self._is_repeated(after[0].keys)
        if begins_anew and indent <= after[0].indent:
            return self._with_dash(rest, items.indent)
        return rest

    def _is_repeated(self, keys: set[str]) -> bool:
        """Tell whether the next key too is one that the item has: then another item begins."""
        following = next((line for line in self._below(self.at + 1) if line.strip()), "")
        key = self._key_of(following.lstrip(" -"))
        return key is not None and _bare(key["key"]) in keys

    def _with_dash(self, rest: str, indent: int) -> str:
        self._tell("missing_dash")
        self.lines[self.at] = f"{' ' * indent}- {rest}"
        return f"- {rest}"

    def _next_indent(self) -> int:
        following = (line for line in self._below(self.at + 1) if line.strip())
        line = next(following, "")
        return len(line) - len(line.lstrip())

    def _key_of(self, rest: str) -> re.Match[str] | None:
        found = _KEY.match(rest)
        return found if found and self._is_key(_bare(found["key"])) else None

    def _is_key(self, name: str) -> bool:
        if name in known_keys() or self.name == LEXICON or not re.search(r"\s", name):
            return True
        return normalise(name).replace(" ", "_") in known_keys()

    def _key(self, rest: str) -> re.Match[str] | None:
        """Return the key that a line begins with; where its colon is misplaced, that is told."""
        found = self._key_of(rest)
        if found is not None:
            return found if self._is_clean(found) else self._cleaned(found, rest)
        name = re.match(r"[A-Za-z_]+", rest)
        if name is None or name[0] not in known_keys():
            return None
        after = rest[name.end() :]
        if after.startswith(":"):
            self._tell("glued_colon", key=name[0])
            return _KEY.match(f"{name[0]}: {after[1:]}")
        if self.plain is None and re.match(r"\s*+(?:[=;,]\s*+)?[\"'“«\[|0-9]", after):
            self._tell("missing_colon", key=name[0])
            bare = re.sub(r"^\s*+(?:[=;,]\s*+)?", "", after)
            return _KEY.match(f"{name[0]}: {bare}")
        return None

    def _is_clean(self, found: re.Match[str]) -> bool:
        spaces = found["before"] + found["after"].rstrip("\n")
        return found["colon"] == ":" and not any(sign in ODD_SPACES for sign in spaces)

    def _cleaned(self, found: re.Match[str], rest: str) -> re.Match[str] | None:
        odd = next((s for s in found["before"] + found["after"] if s in ODD_SPACES), "")
        if found["colon"] != ":":
            self._tell("odd_colon", sign=name_of(found["colon"]))
        else:
            self._tell("odd_space", sign=name_of(odd))
        return _KEY.match(f"{found['key']}: {rest[found.end() :]}")

    def _dash(self, rest: str, end: int, indent: int) -> None:
        after = rest[end:]
        first = self._key_of(after)
        indent = self._placed(indent, is_list=True, key=_bare(first["key"]) if first else "")
        owner = self.frames[-1].owner if self.frames else ""
        lead = " " * indent + rest[:end]
        if (again := _DASH.match(after)) and after != "-":
            self._tell("second_dash")
            after = after[again.end() :]
        if not after:
            self.opener = (owner, indent)
            self.plain = None
            self.lines[self.at] = lead.rstrip()
            return
        key = self._key(after) if owner in _ITEM_LISTS or not owner else None
        if key is not None:
            inner = len(lead)
            self.frames.append(_Frame(inner, is_list=False, owner=owner))
            self._pair(key, inner, lead)
            return
        self._scalar(after, lead, is_text=owner not in _ITEM_LISTS, is_list=False, parent=indent)

    def _pair(self, key: re.Match[str], indent: int, lead: str) -> None:
        """Read a key and its value."""
        name, value = _meant_key(_bare(key["key"])), key.string[key.end() :]
        if self.frames:
            self.frames[-1].keys.add(name)
        written = f"{lead}{key['key']}:"
        self.opener, self.plain = None, None
        is_list = name in _LISTS or name in _ITEM_LISTS
        if is_list and _NO_ELEMENT.fullmatch(value) and self._has_elements_below(indent):
            self._tell("empty_then_more", key=name)
            value = ""
        if not value or (value[0] == "#" and value[1:2] in {"", " "} and name not in _TEXTS):
            self.opener = (name, indent)
            self.lines[self.at] = f"{written} {value}".rstrip()
            return
        self._scalar(
            value, f"{written} ", is_text=name in _TEXTS, is_list=name in _LISTS, parent=indent
        )

    def _has_elements_below(self, indent: int) -> bool:
        """Tell whether the next line is an element of a list at this column."""
        below = (line for line in self._below(self.at + 1) if line.strip())
        line = next((each for each in below if not each.lstrip().startswith("#")), "")
        return bool(_DASH.match(line.lstrip())) and len(line) - len(line.lstrip()) >= indent

    def _scalar(self, value: str, lead: str, *, is_text: bool, is_list: bool, parent: int) -> None:
        self.opener, self.plain = None, None
        if value[0] in "|>" and is_block(value.rstrip()):
            self.lines[self.at] = lead + value
            self._block(parent)
            return
        if value[0] in "\"'[{" and end_of(value) is None and (end := self._end_of(value)):
            # A text or a list of several lines is YAML's own affair, as long as it ends.
            self.lines[self.at] = lead + value
            self.at = end
            return
        if value[0] in "|>" and self._next_indent() > parent:
            self._tell("block_text", sign=value[0])
            self.lines[self.at] = f"{lead}|"
            self._block(parent)
            return
        read: Value = read_value(value, is_text=is_text, is_list=is_list)
        if read.fault is not None:
            self._tell(read.fault.code, **read.fault.values)
        self.lines[self.at] = lead + read.text
        if read.text[:1] not in {'"', "'", "[", "{", ""}:
            self.plain = parent

    def _end_of(self, value: str) -> int | None:
        """Return the line on which a value ends that its own line leaves open."""
        text, between = value, "\n" if value[0] in "[{" else " "
        for number, line in enumerate(self._below(self.at + 1), self.at + 1):
            if self._is_structure(line):
                return None
            text += between + line.strip()
            if value[0] == '"' and not _CLOSES.search(line):
                continue
            if (end := end_of(text)) is not None:
                return number if is_last(text[end:]) else None
        return None

    def _is_structure(self, line: str) -> bool:
        bare = line.lstrip()
        if _DASH.match(bare):
            return True
        found = _KEY.match(bare)
        return bool(found and _bare(found["key"]) in known_keys())

    def _loose(self, rest: str, indent: int) -> None:
        """Read a line that is neither a key nor an element: text that goes on, or is lost."""
        texts = next((f for f in reversed(self.frames) if f.indent <= indent), None)
        is_element = texts is not None and texts.is_list and texts.owner not in _ITEM_LISTS
        if self.plain is not None and indent > self.plain and not is_element:
            read = read_value(rest, is_text=True)
            if read.fault is not None:
                self._tell(read.fault.code, **read.fault.values)
                self.lines[self.at] = " " * indent + "…"
            return
        opened = self.opener is not None and (
            self.opener[0] in _LISTS or self.opener[0] not in known_keys()
        )
        if is_element or (opened and self.opener and indent >= self.opener[1]):
            self._tell("missing_dash_text")
            at = texts.indent if is_element and texts else indent
            self._dash(f"- {rest}", 2, at)
            return
        if self.opener is not None and indent > self.opener[1]:
            # The value of a key may stand on the line below it.
            parent = self.opener[1]
            self._scalar(rest, " " * indent, is_text=True, is_list=False, parent=parent)
            return
        if self.frames:
            self._tell("tab_inside" if "\t" in rest else "loose_line", start=rest[:40])
            self.lines[self.at] = "#"

    def _placed(self, indent: int, *, is_list: bool, key: str = "") -> int:
        """Return the column where a line belongs, with its list open; tell a wrong one."""
        column = self._behind_tab(key, is_list=is_list) if self.is_tabbed else None
        if column is None:
            column = self._fitting(indent, is_list=is_list)
        if column is None:
            column = self._nearest(indent, is_list=is_list)
        self._open(column, is_list=is_list)
        if column != indent or self.is_moved:
            rest = self.lines[self.at].lstrip()
            self.lines[self.at] = " " * column + rest
        return column

    def _behind_tab(self, key: str, *, is_list: bool) -> int | None:
        """Return the column of a line that begins with a tab, which may stand for any number.

        An element belongs to the list above it; a key to the innermost mapping that lacks it.
        """
        inside = self.opener is not None and (is_list or self.opener[0] in _MAPPINGS)
        if self.opener is not None and inside:
            return self.opener[1] + 2
        frames = [frame for frame in self.frames if frame.is_list is is_list]
        for frame in reversed(frames):
            of_items = frame.owner in _ITEM_LISTS and key == _FIRST_KEYS.get(frame.owner)
            if of_items if is_list and key else key not in frame.keys and frame.indent:
                return frame.indent
        return frames[-1].indent if frames else None

    def _fitting(self, indent: int, *, is_list: bool) -> int | None:
        if self._fits(indent, is_list=is_list):
            if indent < self.shift[0]:
                self.shift = (0, 0)
            return indent
        start, by = self.shift
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
        following = next((line for line in self._below(self.at + 1) if line.strip()), "")
        rest = following.lstrip(" ")
        below = len(following) - len(rest)
        usual = column + 2
        has_value = is_list or re.search(r":\s+[^|>\s]", self.lines[self.at])
        if below == usual != indent and has_value and bool(_DASH.match(rest)) is is_list:
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
            self._tell(code, found=indent, wanted=column)
        self.shift = (indent if indent > column else 0, indent - column)
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
        self.frames.append(_Frame(indent, is_list, owner))

    def _block(self, parent: int) -> None:
        """Read the lines of a block of text; one that stands too far left is told, once a run."""
        column: int | None = None
        told = False
        while self.at + 1 < len(self.lines):
            line = self.lines[self.at + 1]
            rest = line.lstrip(f" \t{ODD_SPACES}")
            if not rest:
                self.lines[self.at + 1] = ""
                self.at += 1
                continue
            indent = len(line) - len(rest)
            odd = next((sign for sign in line[:indent] if sign != " "), None)
            if column is None:
                column = max(indent, parent + 1, self._left_edge(parent))
            if (indent <= parent or odd) and self._ends_block(rest, indent, parent):
                return
            self.at += 1
            if odd:
                if not told:
                    self._tell("odd_indent", sign=name_of(odd))
                told = True
            elif indent < column and not told:
                self._tell("block_cut", start=rest[:40])
                told = True
            else:
                told = indent < column
            if odd or indent < column:
                self.lines[self.at] = " " * column + rest

    def _left_edge(self, parent: int) -> int:
        """Return the leftmost column of a block's lines after its first."""
        edges = []
        for line in self._below(self.at + 2):
            indent = len(line) - len(line.lstrip())
            if line.strip() and indent <= parent:
                break
            if line.strip():
                edges.append(indent)
        return min(edges, default=0)

    def _ends_block(self, rest: str, indent: int, parent: int) -> bool:
        """Tell whether a line that stands left of a block of text is the next key or element."""
        if indent == 0 and _MARK.fullmatch(rest):
            return True
        if rest.startswith("#"):
            return not self._goes_on(parent)
        if _DASH.match(rest):
            return any(f.is_list and f.indent == indent for f in self.frames) or (
                self._key_of(rest[1:].lstrip()) is not None
            )
        if found := _KEY.match(rest):
            name = _bare(found["key"])
            if name in known_keys():
                return True
            at = any(not f.is_list and f.indent == indent for f in self.frames)
            return indent > 0 and at and _NAME.fullmatch(name.lower()) is not None
        name_alone = re.match(r"[a-z_]+", rest)
        return bool(
            name_alone and name_alone[0] in known_keys() and rest[name_alone.end() :][:1] in ":="
        )

    def _goes_on(self, parent: int) -> bool:
        """Tell whether the text of a block goes on below the lines that begin with a sign #."""
        for line in self._below(self.at + 2):
            rest = line.strip()
            if rest and not rest.startswith("#"):
                indent = len(line) - len(line.lstrip())
                return indent > parent and not self._is_structure(line)
        return False


def _meant_key(name: str) -> str:
    """Return the key that a name with capitals or accents was meant for; the name for none."""
    if name in known_keys():
        return name
    plain = normalise(name).replace(" ", "_")
    return plain if plain in known_keys() else name


def _bare(key: str) -> str:
    return key[1:-1] if key[:1] in {'"', "'"} else key
