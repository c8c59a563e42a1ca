"""Models of the shipped knowledge, kept from one run of the tests to the next.

To learn them takes a minute. They are kept under a hash of all that they are learnt from, the code
that learns among it: after any change there they are learnt anew.
"""

import hashlib
import shutil
from pathlib import Path

import numpy as np

import knowledge
from knowledge.ranking.model_store import Compiled, ModelStore

_PACKAGE = Path(knowledge.__file__).parent
# What the installed libraries are: those that learn, and the encoder.
_LOCK = _PACKAGE.parent / "requirements" / "dev.txt"
# What whoever runs the bot in this checkout adds to the package.
_NO_CODE = {"__pycache__", "history"}


class NotingStore(ModelStore):
    """A store that tells the name of the model that was asked for last."""

    asked: str | None = None

    def get(self, key: str) -> Compiled | None:
        """Return a stored model, and note its name."""
        self.asked = key
        return super().get(key)


class LearntModels:
    """A folder of what earlier runs learnt; None: nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def bring(self, name: str, cache: Path) -> None:
        """Put the kept files of an encoder where the models of this run are looked for."""
        kept = self._of(name)
        if kept is not None and kept.is_dir():
            shutil.copytree(kept, cache, dirs_exist_ok=True)

    def keep(self, name: str, cache: Path, model: str) -> None:
        """Keep the files of an encoder, unless they are there, in place of former ones."""
        kept = self._of(name)
        if kept is None or kept.is_dir():
            return
        for former in kept.parent.glob(f"{name}-*"):
            shutil.rmtree(former, ignore_errors=True)
        part = kept.with_name(f"part-{kept.name}")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for file in (cache / f"{model}.npz", *cache.glob(f"{name}*.vectors")):
            shutil.copy(file, part)
        part.rename(kept)

    def _of(self, name: str) -> Path | None:
        return self._folder and self._folder / f"{name}-{_digest()}"


def _digest() -> str:
    digest = hashlib.sha256(np.__version__.encode())
    for file in (_LOCK, *sorted(_PACKAGE.rglob("*"))):
        if file.is_file() and not _NO_CODE & set(file.parts):
            digest.update(str(file).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]
