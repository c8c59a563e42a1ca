"""Tell by its most frequent words, or by its letters, in which language a text is written."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FRENCH = "fr"
# A script that none of the known languages is written in.
UNKNOWN = "other"
_FILE = Path(__file__).with_suffix(".yaml")
# A single English word is a loanword. A phrase such as "the place to be" has several, so the
# foreign words must also outnumber the French ones.
_FEWEST = 2
_OTHER_LETTERS = re.compile(r"[^\W\d_a-z]")
_LETTERS = re.compile(r"[^\W\d_]")
_SCRIPTS = {
    "ar": re.compile("[\u0600-\u06ff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
}


@dataclass(frozen=True, slots=True)
class Languages:
    """Normalised words typical of French, and those typical of each other language alone."""

    french: frozenset[str]
    others: tuple[tuple[str, frozenset[str]], ...]


@cache
def languages() -> Languages:
    """Return the word lists of ``language_id.yaml``."""
    raw = {code: frozenset(words.split()) for code, words in _read().items()}
    french = raw.pop(FRENCH)
    return Languages(french, tuple((code, words - french) for code, words in raw.items()))


def language_of(question: str) -> str | None:
    """Return the code of the language that a normalised text is plainly in; None in doubt.

    ``other`` stands for any language in letters that none of ours is written in.
    """
    script = _by_letters(question)
    if script is not None:
        return script
    words, lists = question.split(), languages()
    french = sum(word in lists.french for word in words)
    found = [(*_evidence(words, typical), code) for code, typical in lists.others]
    # The most words of one language; where two have as many, the one of more different words.
    matches, different, code = max(found)
    if different >= _FEWEST and matches > french:
        return code
    return FRENCH if french > matches else None


def language_in(question: str) -> str:
    """Return the code of the language of a normalised text; in doubt, it counts as French."""
    return language_of(question) or FRENCH


def _evidence(words: list[str], typical: frozenset[str]) -> tuple[int, int]:
    matches = [word for word in words if word in typical]
    return len(matches), len(set(matches))


def _by_letters(question: str) -> str | None:
    """Return the language by the script; None for Latin letters, which most languages use."""
    # Normalised text has no accents left: any letter outside a to z is of another script.
    if 2 * len(_OTHER_LETTERS.findall(question)) <= len(_LETTERS.findall(question)):
        return None
    counts = {code: len(letters.findall(question)) for code, letters in _SCRIPTS.items()}
    code = max(counts, key=counts.__getitem__)
    return code if counts[code] else UNKNOWN


def _read() -> dict[str, str]:
    raw: dict[str, str] = yaml.safe_load(_FILE.read_text("utf-8"))
    return raw
