"""The field's vocabulary, which facilitators extend: short forms, words for one idea, places."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from knowledge.text.normalise import normalise


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The content of ``lexique.yaml``, ready to be looked up in normalised texts."""

    short_forms: Mapping[str, str] = field(default_factory=dict)
    ideas: Mapping[str, str] = field(default_factory=dict)
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "short_forms", MappingProxyType(dict(self.short_forms)))
        object.__setattr__(self, "ideas", MappingProxyType(dict(self.ideas)))
        object.__setattr__(self, "_pattern", _any_of(self.ideas))

    @classmethod
    def of(
        cls,
        short_forms: Mapping[str, str],
        ideas: Mapping[str, Sequence[str]],
        places: Sequence[str],
    ) -> "Lexicon":
        """Build a lexicon from the file's short forms, words by idea, and places."""
        named = {**ideas, "lieu": places}
        return cls(
            {normalise(short): normalise(full) for short, full in short_forms.items()},
            {normalise(word): idea for idea, words in named.items() for word in words},
        )

    def expand(self, normalised: str) -> str:
        """Return a text with its short forms written out."""
        words = normalised.split()
        return " ".join(self.short_forms.get(word, word) for word in words)

    def ideas_in(self, normalised: str) -> Iterator[str]:
        """Yield the ideas that the words of a text stand for; a place counts as the idea "lieu"."""
        for match in self._pattern.finditer(normalised):
            yield self.ideas[match[0]]


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first)) or r"(?!)"
    return re.compile(rf"\b(?:{either})\b")
