"""The training corpus: phrasings by voice, and questions that the knowledge does not answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from knowledge.model import Entry
from knowledge.text.lexicon import Lexicon

# The voice of the phrasings that the facilitators write in faq.yaml.
HOUSE = "faq"


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the entry that it asks for (None: no entry answers it), and the voice it is in."""

    text: str
    entry: str | None
    voice: str


@dataclass(frozen=True, slots=True)
class Material:
    """The training material: the examples, the ids of all entries, the vocabulary."""

    examples: tuple[Example, ...]
    ids: tuple[str, ...]
    lexicon: Lexicon


def examples_of(entries: Iterable[Entry], corpus: Iterable[dict[str, Any]]) -> tuple[Example, ...]:
    """Return all examples: those of the entries, then those of the voices of formulations.yaml."""
    return (*_of_entries(entries), *_of_voices(corpus))


def _of_entries(entries: Iterable[Entry]) -> Iterator[Example]:
    for entry in entries:
        for text in (entry.question, entry.title, *entry.phrasings):
            yield Example(text, entry.id, HOUSE)


def _of_voices(corpus: Iterable[dict[str, Any]]) -> Iterator[Example]:
    for voice in corpus:
        for entry, texts in voice["formulations"].items():
            for text in texts:
                yield Example(text, entry, voice["nom"])
        for text in voice["hors_sujet"]:
            yield Example(text, None, voice["nom"])
