"""Tell by its most frequent words whether a question is plainly in another language than French."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_suffix(".yaml")
# A single English word is a loanword. A phrase such as "the place to be" has several, so the
# foreign words must also outnumber the French ones.
_FEWEST = 2
_OTHER_LETTERS = re.compile(r"[^\W\d_a-z]")
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Languages:
    """Normalised words typical of French, and those typical of each other language alone."""

    french: frozenset[str]
    others: tuple[frozenset[str], ...]


@cache
def languages() -> Languages:
    """Return the word lists of ``language_id.yaml``."""
    raw = {name: frozenset(words.split()) for name, words in _read().items()}
    french = raw.pop("francais")
    return Languages(french, tuple(words - french for words in raw.values()))


def is_foreign(question: str) -> bool:
    """Tell whether a normalised question is plainly not French; in doubt, it counts as French."""
    words, lists = question.split(), languages()
    french = sum(word in lists.french for word in words)
    for other in lists.others:
        matches = [word for word in words if word in other]
        if len(set(matches)) >= _FEWEST and len(matches) > french:
            return True
    # Normalised text has no accents left: any letter outside a to z is of another script.
    return 2 * len(_OTHER_LETTERS.findall(question)) > len(_LETTERS.findall(question))


def _read() -> dict[str, str]:
    raw: dict[str, str] = yaml.safe_load(_FILE.read_text("utf-8"))
    return raw
