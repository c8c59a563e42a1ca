"""The vocabulary of the field: short forms, words of one idea, places. Facilitators extend it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.text.normalise import normalise


@dataclass(frozen=True)
class Lexicon:
    """What ``lexique.yaml`` says, ready to be looked up in normalised texts."""

    short_forms: Mapping[str, str] = field(default_factory=dict)
    ideas: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        short_forms: Mapping[str, str],
        ideas: Mapping[str, Sequence[str]],
        places: Sequence[str],
    ) -> "Lexicon":
        """Prepare what the file says: short forms, words by idea, places."""
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
        """Give the ideas that a text's words stand for, places among them."""
        for match in self._pattern.finditer(normalised):
            yield self.ideas[match[0]]

    @property
    def _pattern(self) -> re.Pattern[str]:
        found: re.Pattern[str] | None = self.__dict__.get("pattern")
        if found is None:
            longest_first = sorted(self.ideas, key=len, reverse=True)
            words = "|".join(map(re.escape, longest_first)) or r"(?!)"
            found = self.__dict__["pattern"] = re.compile(rf"\b(?:{words})\b")
        return found
