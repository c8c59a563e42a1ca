"""Finds the acronyms that people read and that no text writes out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeGuard

import yaml

from knowledge.files.items import Item, items_of
from knowledge.files.problems import Place, Problem, problem
from knowledge.files.telegram_html import MarkupError, plain
from knowledge.files.yaml_reader import Document
from knowledge.text.normalise import normalise

_FILE = Path(__file__).with_suffix(".yaml")
_SHOWN = ("question", "titre", "reponse", "resume", "recherche")
_READ_IN = ("entrees", "projets", "actes")
_LONGEST = 8
_WORD = re.compile(r"[^\W\d_]{2,}")
# "chambre de commerce et d'industrie (CCI)", and the other way round.
_FULL_THEN_SHORT = re.compile(r"([^()]{3,120})\(([^\W\d_]{2,8})\)")
_SHORT_THEN_FULL = re.compile(r"([^\W\d_]{2,8})\s+\(([^()]{3,120})\)")


def check_acronyms(documents: Iterable[Document]) -> Iterator[Problem]:
    """Find the acronyms that neither the texts nor the vocabulary write out; report each once."""
    documents = list(documents)
    texts = [shown for document in documents for shown in _shown(document)]
    explained = {*_familiar(), *_short_forms(documents)}
    explained.update(normalise(short) for _, text in texts for short in _written_out(text))
    for at, text in texts:
        for acronym in filter(_is_acronym, _WORD.findall(text)):
            if normalise(acronym) not in explained:
                explained.add(normalise(acronym))
                yield problem("acronym", at, acronym=acronym)


def _is_acronym(word: str) -> bool:
    """Tell whether most letters are capitals: ZIBaC and CCI, not "STMicroelectronics"."""
    capitals = sum(map(str.isupper, word))
    # What is still to be written is told by itself.
    is_gap = word in {"TODO", "TBD"} or set(word) == {"X"}
    return not is_gap and len(word) <= _LONGEST and capitals > 1 and capitals > len(word) - capitals


def _shown(document: Document) -> Iterator[tuple[Place, str]]:
    for item in items_of(document):
        if item.list_key in _READ_IN:
            for key in _SHOWN:
                yield item.place(key), _plain(item, key)


def _plain(item: Item, key: str) -> str:
    text = item.text(key) or ""
    try:
        return plain(text) if key == "reponse" else text
    except MarkupError:
        # Bad markup is reported by the rules; its acronyms are checked once it is mended.
        return ""


def _short_forms(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        data = document.data if isinstance(document.data, dict) else {}
        forms = data.get("abreviations")
        yield from map(normalise, filter(_is_text, forms if isinstance(forms, Mapping) else ()))


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _written_out(text: str) -> Iterator[str]:
    for full, short in _FULL_THEN_SHORT.findall(text):
        if _stands_for(short, full):
            yield short
    for short, full in _SHORT_THEN_FULL.findall(text):
        if _stands_for(short, full):
            yield short


def _stands_for(short: str, full: str) -> bool:
    """Tell whether the full form has the letters in order, the first at the start of a word."""
    letters, words = normalise(short), normalise(full).split()
    return len(words) > 1 and any(
        word[0] == letters[:1] and _in_order(letters, "".join(words[number:]))
        for number, word in enumerate(words)
    )


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


@cache
def _familiar() -> frozenset[str]:
    listed: dict[str, list[str]] = yaml.safe_load(_FILE.read_text("utf-8"))
    return frozenset(normalise(acronym) for acronym in listed["connus"])
