"""Reads YAML with the line of every value, and refuses all that is not plain data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import Reader, ReaderError

from knowledge.files.decoding import BROKEN_ACCENT, text_of
from knowledge.files.problems import KnowledgeError, Place, Problem, problem, words
from knowledge.files.written_lines import meant
from knowledge.files.written_page import Mistake
from knowledge.text.hidden import HIDDEN

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # without libyaml, PyYAML gives the same result ten times slower
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

# Two thousand entries of ten phrasings take about two million bytes.
LARGEST_BYTES = 8_000_000
# Our files need four levels; PyYAML recurses, and deeper files would exhaust the stack.
_DEEPEST = 20
# Two thousand entries make about a hundred thousand events; each takes half a kilobyte in memory.
_MOST_EVENTS = 400_000
# PyYAML compares each directive with all those before it, so many of them would take very long;
# our files need none, and a program writes at most the version of YAML before them.
_MOST_DIRECTIVES = 2
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)
_MOST_PROBLEMS = 100
# What ends a line for YAML and for no editor: what Word, and web pages, put within a paragraph.
_LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_NOTE = re.compile(r"^[ \t]*#[ \t#]*([a-z_]+)[ \t]*:", re.MULTILINE)
# A file that a program has broken has hundreds; a phrasing may quote what somebody typed so.
_MANY_BROKEN = 20
# How many places of one mistake are named.
_MOST_RANGES = 8
# How many characters tell where on a line something is.
_SHOWN = 25
# The keys whose text has paragraphs.
_PARAGRAPHS = frozenset({"reponse", "suite"})
_NULL = "tag:yaml.org,2002:null"
Location = tuple[str | int, ...]


class SafeLoader(_Base):
    """Reads every scalar as the text that was written, except null.

    YAML 1.1 would read a title ``2026-11-23`` as a date, ``on`` as true and ``1:30`` as 90.
    """


SafeLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, and the line (from 1) of each value by its path of keys and indexes.

    ``blocks`` are the values that begin on the line below their key; ``notes`` the keys that a
    sign # puts out of use, with their lines.
    """

    file: str
    data: Any
    lines: dict[Location, int]
    blocks: frozenset[Location] = frozenset()
    notes: tuple[tuple[int, str], ...] = ()

    def line(self, location: Location) -> int:
        """Return the line of a value, or of the nearest collection around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def line_within(self, location: Location, value: str, position: int) -> int:
        """Return the line of a place within a value; a block of text begins below its key."""
        line = self.line(location)
        if location in self.blocks:
            return line + 1 + value.count("\n", 0, position)
        return line


def read(path: Path, name: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """Read a file; return its document (None if it cannot be read) and its problems.

    ``name`` is the file's name in the problems.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError:
        return None, (problem("missing_file", Place(name)),)
    return parse(content, name)


def parse(content: bytes, name: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """Do as ``read`` for the content of a file.

    A document may come with problems: the file was read as it was meant, and is checked further.
    """
    mistakes: tuple[Problem, ...] = ()
    try:
        text, hidden = _text(content, name)
        written = meant(text, name)
        told = (_told(mistake, name) for mistake in written.mistakes)
        mistakes = (*hidden, *told)
        beyond = tuple(islice(_beyond_data(written.text, name), _MOST_PROBLEMS))
        if beyond:
            return None, _one_a_line((*mistakes, *beyond))
        document, found = _document(written.text, name)
        document = replace(document, notes=(*document.notes, *written.lost))
    except KnowledgeError as error:
        return None, error.problems
    except yaml.YAMLError as error:
        # What YAML tells comes of the mistakes that were found, or can wait until they are mended.
        return None, mistakes or (_syntax(error, name),)
    return document, (*mistakes, *found)


def _told(mistake: Mistake, name: str) -> Problem:
    one = problem(mistake.fault.code, Place(name, mistake.line), **mistake.fault.values)
    if not mistake.last and not mistake.others:
        return one
    further: str = words("until").format(line=mistake.last)
    if mistake.others:
        further = words("also").format(
            lines=_ranges([(mistake.line, mistake.last), *mistake.others])
        )
    return replace(one, message=one.message.rstrip(".") + further)


def _ranges(places: list[tuple[int, int]]) -> str:
    """Return lines as they are told: "27 à 31, 34, …"."""
    shown = [
        words("lines").format(first=first, last=last) if last else str(first)
        for first, last in places[:_MOST_RANGES]
    ]
    return ", ".join(shown) + ("…" if len(places) > _MOST_RANGES else "")


def _one_a_line(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    first: dict[int, Problem] = {}
    for each in problems:
        first.setdefault(each.line, each)
    return tuple(first.values())


def _text(body: bytes, name: str) -> tuple[str, tuple[Problem, ...]]:
    """Return the text without its hidden characters, and where those are."""
    if len(body) > LARGEST_BYTES:
        raise _refused("too_large", Place(name), limit=LARGEST_BYTES // 1_000_000)
    text = text_of(body, name)
    broken = tuple(islice(BROKEN_ACCENT.finditer(text), _MANY_BROKEN))
    if len(broken) == _MANY_BROKEN:
        at = Place(name, text.count("\n", 0, broken[0].start()) + 1)
        raise _refused("broken_accents", at, shown=broken[0][0])
    hidden = tuple(islice(_hidden(text, name), _MOST_PROBLEMS))
    if hidden:
        text = _LINE_ENDS.sub(" ", Reader.NON_PRINTABLE.sub("", HIDDEN.sub("", text)))
    directives = tuple(islice(_DIRECTIVE.finditer(text), _MOST_DIRECTIVES + 1))
    if len(directives) > _MOST_DIRECTIVES:
        at = Place(name, text.count("\n", 0, directives[0].start()) + 1)
        raise _refused("syntax", at, reason=words("syntax_reasons")["directive"])
    return text, hidden


def _hidden(text: str, name: str) -> Iterator[Problem]:
    """Find what nobody sees, and what ends a line for YAML alone; one problem a line."""
    line, last, told = 1, 0, 0
    for found in sorted(_all_hidden(text), key=lambda each: each.start()):
        line += text.count("\n", last, found.start())
        last = found.start()
        if line != told:
            told = line
            values = {"character": _hidden_name(found[0]), "after": _before(text, found.start())}
            yield problem("hidden_character", Place(name, line), **values)


def _before(text: str, position: int) -> str:
    """Return where on its line a character is, by the words before it."""
    start = text.rfind("\n", 0, position) + 1
    said = HIDDEN.sub("", text[start:position]).strip()
    said = _LINE_ENDS.sub(" ", Reader.NON_PRINTABLE.sub("", said))
    shown: str = words("hidden_after" if said else "hidden_first")
    return shown.format(text=said[-_SHOWN:].strip())


def _all_hidden(text: str) -> Iterator[re.Match[str]]:
    for pattern in (
        () if text.isascii() and text.isprintable() else (Reader.NON_PRINTABLE, HIDDEN, _LINE_ENDS)
    ):
        yield from pattern.finditer(text)


def _hidden_name(character: str) -> str:
    known: dict[str, str] = words("signs")
    return known.get(character, f"U+{ord(character):04X}")


def _beyond_data(text: str, name: str) -> Iterator[Problem]:
    """Find anchors, aliases and tags, and files too deep or too large.

    Aliases can make a small file huge in memory, and tags can create objects.
    """
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=SafeLoader)):
        at = Place(name, event.start_mark.line + 1)  # type: ignore[union-attr]  # a text has marks
        if getattr(event, "anchor", None) is not None:
            yield problem("alias", at)
        if getattr(event, "tag", None) is not None:
            yield problem("tag", at)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _DEEPEST or number > _MOST_EVENTS:
            yield problem("too_deep" if depth > _DEEPEST else "too_many_values", at)
            return


def _document(text: str, name: str) -> tuple[Document, tuple[Problem, ...]]:
    loader = SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(name, None, {}), ()
        doubled = tuple(_merged_lists(node, name))
        data = loader.construct_document(node)
    finally:
        loader.dispose()
    lines: dict[Location, int] = {}
    blocks: set[Location] = set()
    _locate(node, (), lines, blocks)
    found = (
        *doubled,
        *islice(_duplicate_keys(node, name), _MOST_PROBLEMS),
        *islice(_escapes(node, name), _MOST_PROBLEMS),
        *islice(_folded(node, name), _MOST_PROBLEMS),
    )
    return Document(name, data, lines, frozenset(blocks), tuple(_notes(text))), found


def _notes(text: str) -> Iterator[tuple[int, str]]:
    line, last = 1, 0
    for found in _NOTE.finditer(text):
        line += text.count("\n", last, found.start())
        last = found.start()
        yield line, found[1]


def _merged_lists(root: Node, name: str) -> Iterator[Problem]:
    """Put together two lists under one key of the file: else half of it would seem not to exist."""
    first: dict[str, Node] = {}
    for key, value in tuple(root.value) if isinstance(root, MappingNode) else ():
        known = first.setdefault(str(key.value), value)
        both = isinstance(known, SequenceNode) and isinstance(value, SequenceNode)
        if known is not value and _is_copy(known, value):
            root.value[:] = [
                pair for pair in root.value if pair[0].start_mark.line < key.start_mark.line
            ]
            yield problem("pasted_twice", Place(name, key.start_mark.line + 1))
            return
        if known is not value and both:
            known.value.extend(value.value)
            root.value.remove((key, value))
            line = key.start_mark.line + 1
            yield problem("duplicate_list", Place(name, line), key=key.value)


def _is_copy(first: Node, second: Node) -> bool:
    """Tell whether most of what stands under a key stood under it already."""
    known, again = set(_names(first)), list(_names(second))
    return 2 * sum(name in known for name in again) > len(again)


def _names(node: Node) -> Iterator[str]:
    """Return what tells the elements of a list or mapping apart: an id, a name, a text, a key."""
    for each in node.value if isinstance(node, SequenceNode | MappingNode) else ():
        if isinstance(each, tuple):
            yield str(each[0].value)
        else:
            first = next(iter(each.value), None) if isinstance(each, MappingNode) else None
            yield str(first[1].value if isinstance(first, tuple) else each.value)


def _folded(node: Node, name: str) -> Iterator[Problem]:
    """Find the blocks of text whose lines YAML joins; their words would stand in one paragraph."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(value, ScalarNode) and value.style == ">" and _joins(value):
                yield problem("folded", Place(name, key.start_mark.line + 1))
            elif key.value in _PARAGRAPHS and _is_bare(value):
                yield problem("missing_bar", Place(name, key.start_mark.line + 1), key=key.value)
            yield from _folded(value, name)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _folded(value, name)


def _is_bare(node: Node) -> bool:
    """Tell whether a text of several lines has neither quotes nor a sign before it."""
    lines = node.end_mark.line - node.start_mark.line
    return isinstance(node, ScalarNode) and not node.style and lines > 0


def _joins(node: ScalarNode) -> bool:
    written = node.end_mark.line - node.start_mark.line
    return bool(written - node.value.count("\n") > 1)


def _escapes(node: Node, name: str) -> Iterator[Problem]:
    """Find hidden characters that are written as escapes: the text itself has none."""
    if isinstance(node, ScalarNode):
        if hidden := HIDDEN.search(node.value):
            at = Place(name, node.start_mark.line + 1)
            yield problem("hidden_escape", at, character=f"U+{ord(hidden[0]):04X}")
        return
    for child in node.value:
        for each in child if isinstance(child, tuple) else (child,):
            yield from _escapes(each, name)


def _duplicate_keys(node: Node, name: str) -> Iterator[Problem]:
    if isinstance(node, MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            first = seen.setdefault(str(key.value), line)
            if isinstance(key, ScalarNode) and first != line:
                yield problem("duplicate_key", Place(name, line), key=key.value, other_line=first)
            yield from _duplicate_keys(value, name)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _duplicate_keys(value, name)


def _locate(
    node: Node, location: Location, lines: dict[Location, int], blocks: set[Location]
) -> None:
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            # Use the key's line: a block of text begins on the line after its key.
            lines[inner] = key.start_mark.line + 1
            if isinstance(value, ScalarNode) and value.style in {"|", ">"}:
                blocks.add(inner)
            _locate(value, inner, lines, blocks)
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            _locate(value, (*location, index), lines, blocks)


def _refused(code: str, at: Place, **values: object) -> KnowledgeError:
    return KnowledgeError((problem(code, at, **values),))


def _syntax(error: yaml.YAMLError, name: str) -> Problem:
    """Return the problem for an error of PyYAML, with its reason if ``problems.yaml`` has it."""
    if isinstance(error, ReaderError):
        return problem("hidden_character", Place(name))
    mark = getattr(error, "problem_mark", None)
    at = Place(name, mark.line + 1 if mark is not None else 1)
    message = str(getattr(error, "problem", None) or "")
    # libyaml stops by itself where lists stand in lists without end, before it tells how deep.
    if "nesting depth" in message:
        return problem("too_deep", at)
    reasons: dict[str, str] = words("syntax_reasons")
    reason = next((french for english, french in reasons.items() if english in message), "")
    return problem("syntax", at, reason=reason)
