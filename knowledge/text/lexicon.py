"""The field's vocabulary, which facilitators extend: short forms, words for one idea, places."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.text.normalise import normalise


@dataclass(frozen=True)
class Lexicon:
    """The content of ``lexique.yaml``, ready to be looked up in normalised texts."""

    short_forms: Mapping[str, str] = field(default_factory=dict)
    ideas: Mapping[str, str] = field(default_factory=dict)

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

    @property
    def _pattern(self) -> re.Pattern[str]:
        pattern: re.Pattern[str] | None = self.__dict__.get("pattern")
        if pattern is None:
            longest_first = sorted(self.ideas, key=len, reverse=True)
            words = "|".join(map(re.escape, longest_first)) or r"(?!)"
            pattern = self.__dict__["pattern"] = re.compile(rf"\b(?:{words})\b")
        return pattern
