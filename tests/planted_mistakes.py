"""Mistakes to plant on the lines of a file, as people who know Word make them."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_NO_BREAK = "\u00a0"
_QUOTED_ELEMENT = re.compile(r'(\s*- )"([^"\\]+)"$')
_QUOTED_VALUE = re.compile(r'(\s*(?:- )?[a-z_]+: )"([^"\\]+)"$')
_KEY = re.compile(r"(\s+)([a-z_]+)(: )(\S.*)$")
_ELEMENT = re.compile(r"(\s+)- (\S.*)$")
# How far in the keys of an item stand, at least.
_OF_ITEM = 4

# Given the lines and a number (from 0), the new text of that line; None where it has no place.
Planting = Callable[[list[str], int], str | None]


@dataclass(frozen=True, slots=True)
class Planted:
    """A text with one mistake: its name, and its line (from 1)."""

    name: str
    line: int
    text: str


def _quoted(write: Callable[[str, str], str]) -> Planting:
    def plant(lines: list[str], at: int) -> str | None:
        found = _QUOTED_ELEMENT.match(lines[at]) or _QUOTED_VALUE.match(lines[at])
        return write(found[1], found[2]) if found and "#" not in found[2] else None

    return plant


def _element(write: Callable[[str, str], str], *, after_one: bool = False) -> Planting:
    def plant(lines: list[str], at: int) -> str | None:
        found = _ELEMENT.match(lines[at])
        if found is None or (after_one and not _ELEMENT.match(lines[at - 1])):
            return None
        if re.match(r"(?:id|nom|question): ", found[2]):
            return None
        return write(found[1], found[2])

    return plant


def _key(write: Callable[[str, str, str], str]) -> Planting:
    """Plant on a line with a key of an item and its value; the first decides where others stand."""

    def plant(lines: list[str], at: int) -> str | None:
        found, above = _KEY.match(lines[at]), _KEY.match(lines[at - 1])
        if found is None or above is None or above[1] != found[1] or _block_of(lines, at):
            return None
        if len(found[1]) < _OF_ITEM:
            return None
        return write(found[1], found[2], found[4])

    return plant


def _block(write: Callable[[str], str]) -> Planting:
    """Plant on a line of a block of text that is not its first."""

    def plant(lines: list[str], at: int) -> str | None:
        starts = _block_of(lines, at)
        text = lines[at]
        if not starts or at <= starts + 1 or not text.strip() or "<" in text or "_" in text:
            return None
        return write(text) if " " in text.strip() else None

    return plant


def _block_of(lines: list[str], at: int) -> int:
    """Return the line of the key whose block of text a line stands in; 0 for none."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    for number in range(at - 1, max(at - 30, -1), -1):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            return number if re.search(r": [|>]$", line) else 0
    return 0


PLANTINGS: dict[str, Planting] = {
    "cut by a hash": _quoted(lambda lead, text: f"{lead}{_bare(text)} #3 du mois"),
    "hash first": _quoted(lambda lead, text: f"{lead}#{_bare(text)}"),
    "no closing quote": _quoted(lambda lead, text: f'{lead}"{text}'),
    "no opening quote": _quoted(lambda lead, text: f'{lead}{_bare(text)}"'),
    "no closing quote of Word": _quoted(lambda lead, text: f"{lead}“{text}"),
    "mixed quotes": _quoted(lambda lead, text: f'{lead}"{text}”'),
    "quotes within": _quoted(lambda lead, text: f'{lead}"un "mot" et {text}"'),
    "text after": _quoted(lambda lead, text: f'{lead}"{text}" enfin'),
    "comma after": _quoted(lambda lead, text: f'{lead}"{text}",'),
    "backslash": _quoted(lambda lead, text: f'{lead}"{text} C:\\temp"'),
    "apostrophe": _quoted(lambda lead, _: f"{lead}'l'atelier'"),
    "star first": _quoted(lambda lead, text: f"{lead}*{_bare(text)}"),
    "at first": _quoted(lambda lead, text: f"{lead}@{_bare(text)}"),
    "colon": _quoted(lambda lead, text: f"{lead}{_bare(text)} : oui"),
    "colon last": _quoted(lambda lead, text: f"{lead}{_bare(text)} :"),
    "zero width": _quoted(lambda lead, text: f'{lead}"{text}\u200b"'),
    "odd space": _quoted(lambda lead, text: f'{lead}{_NO_BREAK}"{text}"'),
    "dash of Word": _element(lambda space, text: f"{space}– {text}"),
    "bullet": _element(lambda space, text: f"{space}•\t{text}"),
    "star": _element(lambda space, text: f"{space}* {text}"),
    "glued dash": _element(lambda space, text: f"{space}-{text}"),
    "two dashes": _element(lambda space, text: f"{space}- - {text}"),
    "no dash": _element(lambda space, text: f"{space}{text}", after_one=True),
    "dash too far": _element(lambda space, text: f"{space}  - {text}", after_one=True),
    "dash too near": _element(lambda space, text: f"{space[1:]}- {text}", after_one=True),
    "tab before a dash": _element(lambda _, text: f"\t- {text}", after_one=True),
    "no-break spaces before a dash": _element(
        lambda space, text: f"{_NO_BREAK * len(space)}- {text}", after_one=True
    ),
    "key too far": _key(lambda space, key, value: f"{space} {key}: {value}"),
    "key too near": _key(lambda space, key, value: f"{space[1:]}{key}: {value}"),
    "no-break indent": _key(lambda space, key, value: f"{_NO_BREAK * len(space)}{key}: {value}"),
    "tab before a key": _key(lambda _, key, value: f"\t{key}: {value}"),
    "glued colon": _key(lambda space, key, value: f"{space}{key}:{value}"),
    "no-break after a colon": _key(lambda space, key, value: f"{space}{key}:{_NO_BREAK}{value}"),
    "no-break before a colon": _key(lambda space, key, value: f"{space}{key}{_NO_BREAK}: {value}"),
    "key twice": _key(lambda space, key, value: f"{space}{key}: {value}\n{space}{key}: {value}"),
    "capital": _key(lambda space, key, value: f"{space}{key.capitalize()}: {value}"),
    "stars in a text": _block(lambda text: f"{text} **gras** et"),
    "link in a text": _block(lambda text: f"{text} [lien](https://exemple.fr)"),
    "entity": _block(lambda text: f"{text}&nbsp;!"),
    "line tag": _block(lambda text: f"{text}<br>ici"),
    "cut text": _block(str.lstrip),
    "text a little left": _block(lambda text: text[1:]),
    "no-break in a text": _block(lambda text: _NO_BREAK * 6 + text.lstrip()),
}


def _bare(text: str) -> str:
    """Return a text that needs no quotes: letters and spaces."""
    return " ".join(re.findall(r"[a-zA-Zà-ÿ]+", text)) or "un mot"


def planted(text: str, name: str, chance: random.Random) -> Planted | None:
    """Return the text with a mistake on one of the lines where it has a place."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if re.match(r"[a-z]+:", line)), 0)
    places = [(at, new) for at, new in _places(lines, name, start)]
    if not places:
        return None
    at, new = chance.choice(places)
    line = at + 1 + new.count("\n")
    return Planted(name, line, "\n".join((*lines[:at], new, *lines[at + 1 :])))


def _places(lines: list[str], name: str, start: int) -> Iterator[tuple[int, str]]:
    for at in range(start + 1, len(lines) - 1):
        new = PLANTINGS[name](lines, at)
        if new is not None and new != lines[at]:
            yield at, new
