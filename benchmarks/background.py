"""Takes a sample of what people write to the bot that no answer fits.

``python -m benchmarks.background`` writes ``knowledge/ranking/background.txt``. Only after large
changes of the corpus: all models are learnt anew, and the figures of ``docs/matching.md`` move.
"""

import hashlib
from pathlib import Path

import knowledge
from knowledge.loading import material_of
from knowledge.ranking.background import FILE

# Chosen by their digests: most stay when others come. Each takes the second encoder 20 ms or more.
_COUNT = 120


def main() -> None:
    """Choose, and write the file."""
    material = material_of(Path(knowledge.__file__).parent)
    texts = {one.text for one in material.examples if one.entry is None}
    chosen = sorted(texts, key=lambda text: hashlib.blake2b(text.encode()).digest())[:_COUNT]
    FILE.write_text("".join(f"{text}\n" for text in sorted(chosen)), "utf-8")


if __name__ == "__main__":
    main()
