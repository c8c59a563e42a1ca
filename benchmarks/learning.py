"""What learning one change takes, beside learning all from nothing, in one run.

``python -m benchmarks.learning [EDITS]`` learns the shipped files from nothing, then after each of
some edits of entries (a phrasing added, changed and removed in turn). It prints seconds of
processor time, their ratio, the peak of memory and the size of the cache, in megabytes: later edits
must add to neither. What is learnt after the last edit is compared, to the bit, with learning it
from nothing.

``--resident`` prints instead what a process of the bot holds, in megabytes, once it has read kept
models and answered some questions: with letters and sound alone, with the first encoder, with both.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

import knowledge
from bot.run_modes import load_learnt
from bot.runtime.memory import give_back
from bot.settings import Settings
from knowledge.loading import material_of
from knowledge.ranking.corpus import HOUSE, Example, Material
from knowledge.ranking.encoder import Encoder, shipped_encoder
from knowledge.ranking.model_store import Compiled, ModelStore
from knowledge.ranking.training import compile_ranker

_EDITS = 30
# Edits fall on all entries: the first ones take longest.
_STRIDE = 397
_ADDED = "une tournure ajoutée, la numéro {}"
_ASKED = 300
_RESIDENT, _ONE = "--resident", "--one-process"
_ENCODERS = {
    "letters and sound": {"SEMANTIC_MATCHING": "false"},
    "one encoder": {"SECOND_ENCODER": "false"},
    "both encoders": {},
}


def edited(material: Material, number: int) -> Material:
    """Return the material after an edit: one phrasing is added, then changed, then removed."""
    own = [
        place
        for place, each in enumerate(material.examples)
        if each.voice == HOUSE and each.entry not in material.acts
    ]
    place = own[number * _STRIDE % len(own)]
    new = Example(_ADDED.format(number), material.examples[place].entry, HOUSE)
    before, after = material.examples[:place], material.examples[place:]
    kept = {0: after, 1: after[1:], 2: after[1:]}[number % 3]
    return replace(material, examples=(*before, *([] if number % 3 == 2 else [new]), *kept))  # noqa: PLR2004 - the third kind


def learnt(
    material: Material, encoder: Encoder | None, store: ModelStore
) -> tuple[float, Compiled]:
    """Return the seconds of processor time that learning takes, and what is learnt."""
    began = time.process_time()
    compile_ranker(material, encoder, store)
    seconds = time.process_time() - began
    model = store.get(store.key(material, encoder))
    if model is None:
        raise OSError("the model was not kept")
    return seconds, model


def peak() -> float:
    """Return the most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def size(folder: Path) -> float:
    """Return the size of a folder's files, in megabytes."""
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def measure(edits: int, folder: Path) -> None:
    """Learn from nothing, then each edit; print what it takes."""
    encoder = shipped_encoder(folder)
    material, store = material_of(Path(knowledge.__file__).parent), ModelStore(folder)
    whole, _ = learnt(material, encoder, store)
    again, _ = learnt(edited(material, 0), encoder, ModelStore(folder))
    print(f"from nothing, texts encoded too: {whole:.2f} s; first edit: {again:.2f} s")
    after = []
    for number in range(1, edits):
        material = edited(material, number)
        seconds, model = learnt(material, encoder, store)
        after.append(seconds)
        if number % 10 == 0:
            print(f"{number} edits: peak {peak():.0f} MB, cache {size(folder):.1f} MB", flush=True)
    for path in folder.iterdir():
        # All but the vectors of texts, which no change of the learning makes anew.
        if not path.name.endswith((".vectors", ".table")):
            path.unlink()
    anew, fresh = learnt(material, encoder, store)
    same = np.array_equal(fresh.coefficients, model.coefficients)
    print(
        f"from nothing: {anew:.2f} s; after one edit: {median(after):.2f} s (median), "
        f"{max(after):.2f} s at most"
    )
    print(f"ratio: {anew / median(after):.1f}; the same to the bit: {same}")
    print(f"peak {peak():.0f} MB, cache {size(folder):.1f} MB")


def measure_resident() -> None:
    """Print what a process holds with each choice of encoders; a first one learns, unmeasured."""
    command = [sys.executable, "-m", "benchmarks.learning", _ONE]
    for name, settings in _ENCODERS.items():
        for _ in range(2):
            run = subprocess.run(  # noqa: S603 - our own command
                command, env=os.environ | settings, stdout=subprocess.PIPE, check=True, text=True
            )
        print(f"{name}: {run.stdout.split()[-1]} MB resident", flush=True)


def print_resident() -> None:
    """Read the knowledge as the bot does, ask some questions, print the resident megabytes."""
    learnt = load_learnt(Settings.read(), fictitious=False)
    if learnt is None:
        sys.exit(1)
    known = learnt.library.load()
    material = material_of(Path(knowledge.__file__).parent)
    for example in material.examples[:: len(material.examples) // _ASKED]:
        known.matcher.match(f"{example.text} svp")
    if (second := learnt.library.compiling().second) is not None:
        # Asked where newcomers are among the entries.
        second.questions.encode([example.text for example in material.examples[:_ASKED]])
    give_back()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    print(round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6))


def main() -> None:
    """Measure in a temporary folder."""
    if _ONE in sys.argv:
        print_resident()
        return
    if _RESIDENT in sys.argv:
        measure_resident()
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else _EDITS, Path(folder))


if __name__ == "__main__":
    main()
