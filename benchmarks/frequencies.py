"""Counts how common the features of texts are in the shipped files.

``python -m benchmarks.frequencies`` writes ``knowledge/ranking/frequencies.txt``. Only after large
changes of the corpus: all models are learnt anew, and the figures of ``docs/matching.md`` move.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import knowledge
from knowledge.loading import material_of
from knowledge.ranking.frequencies import FILE, LEAST_LISTED
from knowledge.ranking.views import Reading


def _lines(view: str, found: Counter[str]) -> Iterator[str]:
    """Return a line for each frequency: the view, the frequency, and the features that have it."""
    by_times: defaultdict[int, list[str]] = defaultdict(list)
    for feature, times in found.items():
        if times >= LEAST_LISTED:
            by_times[times].append(feature)
    for times, features in sorted(by_times.items()):
        yield "\t".join([view, str(times), *sorted(features)])


def main() -> None:
    """Count, and write the file."""
    material = material_of(Path(knowledge.__file__).parent)
    reading = Reading(material.lexicon)
    texts = [example.text for example in material.examples]
    lines = [str(len(texts))]
    for view, features in (("letters", reading.letter_features), ("sound", reading.sound_features)):
        lines += _lines(view, Counter(name for text in texts for name in features(text)))
    FILE.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
