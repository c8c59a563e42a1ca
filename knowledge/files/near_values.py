"""Places and sectors that are written nearly as another: a search by one would miss the other."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from knowledge.files.items import Item
from knowledge.files.problems import Place, Problem, problem, words
from knowledge.files.yaml_reader import Document
from knowledge.text.near_words import nearest
from knowledge.text.normalise import normalise

# A similarity from 0 to 100, of names without accents: "Gardane" and "Gardanne" reach 93,
# "Marignane" and "Martigues" 67.
_ALIKE = 85
_SHORTEST = 5
_KEYS = ("territoires", "filieres")


def check_near_values(items: Sequence[Item], documents: Iterable[Document]) -> Iterator[Problem]:
    """Find the names that one project writes otherwise than the vocabulary, or than others."""
    places = dict.fromkeys(_vocabulary(documents), "")
    for key in _KEYS:
        written = [
            (text.strip(), item.place(key, n)) for item in items for n, text in item.texts(key)
        ]
        yield from _nearly(written, places if key == "territoires" else {})


def _vocabulary(documents: Iterable[Document]) -> Iterator[str]:
    for data in (each.data for each in documents if isinstance(each.data, dict)):
        names = data.get("lieux")
        yield from (n for n in (names if isinstance(names, list) else ()) if isinstance(n, str))


def _nearly(written: Sequence[tuple[str, Place]], known: Mapping[str, str]) -> Iterator[Problem]:
    """Compare each name with those known, then with what is written more often, or before."""
    places = dict(reversed(written))
    counts = Counter(text for text, _ in written)
    reference = dict(known)
    for text in sorted(counts, key=lambda each: (each not in known, -counts[each])):
        if text in known:
            continue
        other = _alike(text, reference)
        if other is None:
            at = places[text]
            reference[text] = words("written_at").format(file=at.file, line=at.line)
        else:
            yield problem(
                "near_place", places[text], place=text, known=other, where=reference[other]
            )


def _alike(text: str, names: Iterable[str]) -> str | None:
    """Return the name that a text was meant for, where there is one."""
    normalised, name = {normalise(each): each for each in names}, normalise(text)
    if name in normalised or len(name) < _SHORTEST:
        return normalised.get(name)
    # "Zone 1" and "Zone 2" are two places.
    same = [each for each in normalised if _numbers(each) == _numbers(name)]
    close = nearest(name, same, _ALIKE)
    return normalised[close] if close else None


def _numbers(name: str) -> list[str]:
    return re.findall(r"\d+", name)
