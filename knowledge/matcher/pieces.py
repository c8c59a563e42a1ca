"""Divides a message into the questions that it may ask, by its form alone."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from knowledge.text.courtesies import without_courtesies, without_introduction
from knowledge.text.normalise import normalise
from knowledge.text.word_lists import wording

# Characters, and pieces: what comes after is not looked at, so that a message of any length takes
# a bounded time.
_LONGEST = 1500
_MOST_PIECES = 8
_FEWEST_WORDS = 2
_NUMBERS = re.compile(r"(?:^|\s)(?:\d{1,2}\s?[).°/-]|[-•*–])\s+")
_MARKS = re.compile(r"(?<=[?!;])\s*|\n+")
_APOSTROPHE = "\u2019"


class Piece(NamedTuple):
    """A piece of a message.

    ``asks``: it has the form of a question; ``linked``: only a word such as "et" parts it from what
    stands before or after, so that both may be one question.
    """

    text: str
    asks: bool
    linked: bool


def pieces_of(message: str) -> tuple[Piece, ...]:
    """Return the pieces of a message, in order: numbered, on lines, between marks, or linked.

    Courtesies are dropped, and what is too short to say anything.
    """
    found: list[Piece] = []
    for strong in _parted(without_introduction(message[:_LONGEST])):
        linked = [text for text in _link().split(strong) if _says_something(text)]
        found += [Piece(text.strip(), _asks(text), len(linked) > 1) for text in linked]
    return tuple(found[:_MOST_PIECES])


def _parted(text: str) -> list[str]:
    numbered = _NUMBERS.split(text) if len(_NUMBERS.findall(text)) > 1 else [text]
    return [piece for part in numbered for piece in _MARKS.split(part)]


def _says_something(piece: str) -> bool:
    return len(without_courtesies(normalise(piece)).split()) >= _FEWEST_WORDS


def _asks(piece: str) -> bool:
    return "?" in piece or _interrogative().match(_plain(piece)) is not None


class _Link:
    """Finds "et comment", "et qui"…: a link and an interrogative begin a new question."""

    def __init__(self) -> None:
        self._pattern = re.compile(rf"[\s,]+(?:et|puis|and)\s+(?=(?:{_words()})\b)")

    def split(self, text: str) -> list[str]:
        plain = _plain(text)
        if len(plain) != len(text):
            # A few letters have no lower case of one character; such a text stays whole.
            return [text]
        cuts = [match.span() for match in self._pattern.finditer(plain)]
        starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
        return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _plain(text: str) -> str:
    """Return the lower-case letters without accents.

    One character for one, so that what is found in the plain letters is cut out of the text itself.
    """
    bare = (unicodedata.normalize("NFD", character)[0] for character in text.lower())
    return "".join(bare).replace(_APOSTROPHE, "'")


@cache
def _link() -> _Link:
    return _Link()


@cache
def _interrogative() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:et\s+|mais\s+|puis\s+|and\s+)?(?:{_words()})\b")


def _words() -> str:
    phrases = sorted(wording().interrogatives, key=len, reverse=True)
    return "|".join(r"[\s'-]+".join(map(re.escape, phrase)) for phrase in phrases)
