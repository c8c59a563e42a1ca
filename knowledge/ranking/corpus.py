"""The training corpus: phrasings by voice, and questions that the knowledge does not answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from knowledge.model import Act, Entry
from knowledge.text.lexicon import Lexicon

# The voice of the phrasings that the facilitators write in faq.yaml and actes.yaml.
HOUSE = "faq"


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the entry or act that it asks for (None: nothing answers it), and its voice."""

    text: str
    entry: str | None
    voice: str


@dataclass(frozen=True, slots=True)
class Material:
    """The training material: the examples, the ids of all entries and acts, the vocabulary.

    ``acts``: which of the ids are acts.
    """

    examples: tuple[Example, ...]
    ids: tuple[str, ...]
    lexicon: Lexicon
    acts: frozenset[str] = frozenset()


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
