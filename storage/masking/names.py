"""Finds names of people and firms in French free text by the words before them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

_WORD = r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*"
_APOSTROPHE = r"['\u2019\u02bc\u2018`\u00b4]?\s?"
# A full stop ends the name, except after an initial.
_BETWEEN = r"(?:(?<=\b[^\W\d_])\.)?[ \t\u00a0]+"
_WORDS = re.compile(rf"(?:{_WORD})(?:{_BETWEEN}{_WORD}){{0,5}}")
_EACH = re.compile(_WORD)
_GAP = re.compile(r"[\s,:]*")
# After "entreprise", a new line or a comma begins another sentence, so the gap holds neither.
_FIRM_GAP = re.compile(r"[ \t\u00a0:\"\u00ab\u201c]*")
# What may stand between an opening word and the word before: "L'ENTREPRISE", "MON ENTREPRISE".
_ENDS = " \t\n\u00a0'\u2019"
# After "je m'appelle", this many words are names even without capitals: a first name, a surname.
_ANY_CASE = 2
# A word such as "j'ai" or "l'usine" begins with another word, and so is no name.
_ELISION = re.compile(r"(?:j|l|d|c|n|s|m|t|qu)['\u2019]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NameLists:
    """The lists of `masking.yaml`: marks, words that announce a name, words that are no name."""

    marks: Mapping[str, str]
    introductions: tuple[str, ...]
    hints: tuple[str, ...]
    firms: tuple[str, ...]
    particles: frozenset[str]
    others: frozenset[str]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the YAML file."""
        lists = yaml.safe_load(path.read_text("utf-8"))
        return cls(
            marks=lists["marks"],
            introductions=tuple(lists["introductions"]),
            hints=tuple(lists["hints"]),
            firms=tuple(lists["firms"]),
            particles=frozenset(lists["particles"]),
            others=frozenset(word for line in lists["others"] for word in line),
        )


class Names:
    """Masks the names that follow "je m'appelle", "je suis", "Mme", "cordialement", "société"."""

    def __init__(self, lists: NameLists) -> None:
        self._lists = lists
        self._introductions = frozenset(map(_plain, lists.introductions))
        self._firms = frozenset(map(_plain, lists.firms))
        self._opener = _any_of((*lists.introductions, *lists.hints, *lists.firms))

    def mask(self, text: str) -> str:
        """Replace each name by its mark."""
        parts, done = [], 0
        for opener in self._opener.finditer(text):
            phrase = _plain(opener.group())
            is_introduction, is_firm = phrase in self._introductions, phrase in self._firms
            # In a text all in capitals, such as "MON ENTREPRISE PEUT-ELLE", they mark no name.
            if is_firm and text[: opener.start()].rstrip(_ENDS)[-1:].isupper():
                continue
            start = _end(_FIRM_GAP if is_firm else _GAP, text, opener.end())
            words = _WORDS.match(text, start)
            length = self._name_length(words.group(), is_introduction) if words else 0
            if length and start >= done:
                parts += [text[done:start], self._lists.marks["name"]]
                done = start + length
        return "".join([*parts, text[done:]])

    def _name_length(self, words: str, is_introduction: bool) -> int:  # noqa: FBT001 (private)
        """Return the number of characters, from the first, that form a name."""
        length = 0
        for position, word in enumerate(_EACH.finditer(words)):
            spelling = word.group()
            if self._is_name(spelling, any_case=is_introduction and position < _ANY_CASE):
                length = word.end()
            elif spelling.casefold() not in self._lists.particles or not (
                length or is_introduction
            ):
                break
        return length

    def _is_name(self, word: str, *, any_case: bool) -> bool:
        folded = word.casefold()
        if folded in self._lists.others or _ELISION.match(word):
            return False
        return word[0].isupper() or (any_case and folded not in self._lists.particles)


def _plain(phrase: str) -> str:
    return re.sub(r"\W", "", phrase.casefold())


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_loosely, longest_first))})(?!\w)", re.IGNORECASE)


def _loosely(phrase: str) -> str:
    """Return a pattern of a phrase that accepts any apostrophe, or none, and any spaces."""
    words = (re.escape(word).replace("'", _APOSTROPHE) for word in phrase.split())
    return r"\s+".join(words)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
