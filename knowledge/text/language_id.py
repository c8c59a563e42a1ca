"""Whether a question is plainly in another language than French, by its most frequent words."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_suffix(".yaml")
# One English word alone is a loan; of more, as in "the place to be", there is French around.
_FEWEST = 2
_OTHER_LETTERS = re.compile(r"[^\W\d_a-z]")
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Languages:
    """Normalised words that tell a language: French ones, and by language those that are not."""

    french: frozenset[str]
    others: tuple[frozenset[str], ...]


@cache
def languages() -> Languages:
    """Return the shipped words."""
    raw = {name: frozenset(words.split()) for name, words in _read().items()}
    french = raw.pop("francais")
    return Languages(french, tuple(words - french for words in raw.values()))


def is_foreign(said: str) -> bool:
    """Tell whether a normalised question is plainly not French; in doubt, it is."""
    words, known = said.split(), languages()
    french = sum(word in known.french for word in words)
    for other in known.others:
        found = [word for word in words if word in other]
        if len(set(found)) >= _FEWEST and len(found) > french:
            return True
    # Normalised, what is written in our letters has no accent left.
    return 2 * len(_OTHER_LETTERS.findall(said)) > len(_LETTERS.findall(said))


def _read() -> dict[str, str]:
    raw: dict[str, str] = yaml.safe_load(_FILE.read_text("utf-8"))
    return raw
