"""The training corpus: phrasings by voice, and questions that the knowledge does not answer."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from knowledge.model import Act, Entry
from knowledge.text.lexicon import Lexicon

# The voice of the phrasings that the facilitators write in faq.yaml and actes.yaml.
HOUSE = "faq"
# With fewer examples, its question and its title among them, an entry is a newcomer: see the curve
# in docs/matching.md.
FEWEST = 70
_FEWEST_WORDS = 3
_ENDS = re.compile(r"(?<=[.!?:])\s+|\n+")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the entry or act that it asks for (None: nothing answers it), and its voice."""

    text: str
    entry: str | None
    voice: str


@dataclass(frozen=True, slots=True)
class Material:
    """The training material: the examples, the ids of all entries and acts, the vocabulary.

    ``acts``: which of the ids are acts; ``answers``: the sentences of the answers of the newcomers,
    the entries that have few examples yet.
    """

    examples: tuple[Example, ...]
    ids: tuple[str, ...]
    lexicon: Lexicon
    acts: frozenset[str] = frozenset()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ids of the newcomers, in the order of the ids."""
        return tuple(id_ for id_ in self.ids if id_ in self.answers)


def examples_of(
    entries: Iterable[Entry], acts: Iterable[Act], corpus: Iterable[dict[str, Any]]
) -> tuple[Example, ...]:
    """Return all examples: of the entries, of the acts, then of the voices of formulations.yaml."""
    return (*_of_entries(entries), *_of_acts(acts), *_of_voices(corpus))


def _of_entries(entries: Iterable[Entry]) -> Iterator[Example]:
    for entry in entries:
        for text in (entry.question, entry.title, *entry.phrasings):
            yield Example(text, entry.id, HOUSE)


def _of_acts(acts: Iterable[Act]) -> Iterator[Example]:
    for act in acts:
        for text in (*filter(None, [act.title]), *act.phrasings):
            yield Example(text, act.id, HOUSE)


def _of_voices(corpus: Iterable[dict[str, Any]]) -> Iterator[Example]:
    for voice in corpus:
        for entry, texts in voice["formulations"].items():
            for text in texts:
                yield Example(text, entry, voice["nom"])
        for text in voice["hors_sujet"]:
            yield Example(text, None, voice["nom"])


def answers_of_newcomers(
    entries: Iterable[Entry], examples: Iterable[Example]
) -> Mapping[str, tuple[str, ...]]:
    """Return the sentences of the answer of each entry that has few examples, by id."""
    counts = Counter(example.entry for example in examples)
    return MappingProxyType(
        {entry.id: _sentences(entry) for entry in entries if counts[entry.id] < FEWEST}
    )


def _sentences(entry: Entry) -> tuple[str, ...]:
    answer = _TAG.sub("", entry.answer).strip()
    parts = (part.strip() for part in _ENDS.split(answer))
    told = tuple(part for part in parts if len(part.split()) >= _FEWEST_WORDS)
    return told or (answer or entry.title,)
