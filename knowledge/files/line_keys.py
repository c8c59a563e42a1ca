"""The keys that lines begin with, and the marks that lines are made of."""

import re

from knowledge.files.file_shapes import LEXICON, known_keys
from knowledge.files.signs import BULLETS, FONT_SIGNS
from knowledge.text.normalise import normalise

DASH = re.compile(r"-(?:[ \t]+|$)")
# A key behind the value of another, on its line.
NEXT_KEY = re.compile(r"(?<=\S)(?:[,;]|\s*+[,;])?\s++(?P<key>[a-z_]+):(?:\s+|$)")
# What people write between a word and its meaning where we want a colon.
ARROW = re.compile(r"(?P<key>[^\W_][\w']*(?: [\w']+){0,5}) ?(?:=>?|[-–]>|[→⇒])\s*+(?P<value>\S.*)")
KEY = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{}#&*!|>%@`,?-][^#]*?|-[^\s#][^#]*?)"""
    r"(?<!\s)(?P<before>\s*+)(?P<colon>[:：])(?P<after>\s+|$)"
)
# What Word begins the elements of a list with: a sign, a letter with a tab, or a number.
BULLET = re.compile(
    rf"(?P<sign>[{re.escape(BULLETS)}{FONT_SIGNS}])(?P<space>\s*)(?=\S)|o(?P<tab>\t)\s*(?=\S)"
)
NUMBER = re.compile(r"(?P<sign>\d{1,3}[.)])[ \t\u00a0]+(?=\S)")
# What ends a document for YAML, or begins another.
MARK = re.compile(r"(?:---|\.\.\.)(?:[ \t].*)?")


def key_of(rest: str, file: str) -> re.Match[str] | None:
    """Return the key that a line of a file begins with, without its indent; None for none."""
    found = KEY.match(rest)
    return found if found and _is_key(bare(found["key"]), file) else None


def _is_key(name: str, file: str) -> bool:
    if name in known_keys() or file == LEXICON or not re.search(r"\s", name):
        return True
    return normalise(name).replace(" ", "_") in known_keys()


def is_structure(line: str) -> bool:
    """Tell whether a line is an element or a known key, and so not the rest of a text."""
    begun = line.lstrip()
    if DASH.match(begun):
        return True
    found = KEY.match(begun)
    return bool(found and bare(found["key"]) in known_keys())


def meant_key(name: str) -> str:
    """Return the key that a name with capitals or accents was meant for; the name for none."""
    if name in known_keys():
        return name
    plain = normalise(name).replace(" ", "_")
    return plain if plain in known_keys() else name


def bare(key: str) -> str:
    """Return a key without the quotes around it."""
    return key[1:-1] if key[:1] in {'"', "'"} else key
