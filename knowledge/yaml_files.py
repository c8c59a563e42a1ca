"""Reading YAML with the line of every value, and nothing in it that YAML can do beyond data."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from knowledge.problems import Place, Problem, problem

LARGEST_BYTES = 2_000_000
Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file as data, with the line (from 1) of each value by its path of keys and indexes."""

    file: str
    data: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """Return the line of a value, or of the nearest thing that holds it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read(path: Path, name: str) -> Document | tuple[Problem, ...]:
    """Read a file; return it, or all that keeps it from being read."""
    text = _text(path, name)
    if isinstance(text, Problem):
        return (text,)
    loader = yaml.SafeLoader(text)
    try:
        found = tuple(_refused_events(text, name))
        node = None if found else loader.get_single_node()
        problems = found or tuple(_duplicate_keys(node, name))
        if problems:
            return problems
        data = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        return (_syntax(error, name),)
    except ValueError as error:
        # The constructor of dates refuses 2026-02-31.
        return (problem("syntax", Place(name), reason=str(error)),)
    finally:
        loader.dispose()
    lines: dict[Location, int] = {}
    if node is not None:
        _locate(node, (), lines)
    return Document(name, data, lines)


def _text(path: Path, name: str) -> str | Problem:
    try:
        body = path.read_bytes()
    except OSError:
        return problem("missing_file", Place(name))
    if len(body) > LARGEST_BYTES:
        return problem("too_large", Place(name), limit=LARGEST_BYTES // 1_000_000)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return problem("not_utf8", Place(name, body.count(b"\n", 0, error.start) + 1))


def _refused_events(text: str, name: str) -> Iterator[Problem]:
    """Find anchors, aliases and tags: aliases can make a small file huge, tags can make objects."""
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1  # type: ignore[union-attr]  # events of a text have marks
        if getattr(event, "anchor", None) is not None:
            yield problem("alias", Place(name, line))
        if getattr(event, "tag", None) is not None:
            yield problem("tag", Place(name, line))


def _duplicate_keys(node: Node | None, name: str) -> Iterator[Problem]:
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value in seen:
                line = key.start_mark.line + 1
                yield problem("duplicate_key", Place(name, line), key=key.value)
            seen.add(str(key.value))
            yield from _duplicate_keys(value, name)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _duplicate_keys(value, name)


def _locate(node: Node, location: Location, lines: dict[Location, int]) -> None:
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            # The key's line, not the value's: a block of text begins on the line after its key.
            lines[inner] = key.start_mark.line + 1
            _locate(value, inner, lines)
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            _locate(value, (*location, index), lines)


def _syntax(error: yaml.YAMLError, name: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    reason = getattr(error, "problem", None) or "YAML"
    return problem("syntax", Place(name, line), reason=reason)
