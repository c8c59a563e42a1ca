"""Compiled models kept on disk, under a hash of all that they were compiled from.

Numbers only (``npz``, never pickled objects): a file that somebody tampered with can be wrong, but
cannot run anything.
"""

import contextlib
import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.corpus import Material
from knowledge.encoding import Encoder
from knowledge.learning import Calibration, Floats

logger = logging.getLogger(__name__)
# To be raised when the code that learns changes: what was learnt by the former is void.
_EDITION = 5
_PART = "likeness_"
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Compiled:
    """What was learnt: the head, what its scores promise, and what likeness is measured by."""

    ids: tuple[str, ...]
    coefficients: Floats
    sure: Calibration
    among: Calibration
    likeness: dict[str, npt.NDArray[Any]]


class ModelStore:
    """A folder of compiled models; without one, or where it cannot be written, nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @staticmethod
    def key(material: Material, encoder: Encoder | None) -> str:
        """Return the hash of all that a model is compiled from."""
        source = json.dumps(
            [
                _EDITION,
                np.__version__,
                encoder.name if encoder else None,
                list(material.ids),
                [asdict(example) for example in material.examples],
                dict(material.lexicon.short_forms),
                dict(material.lexicon.ideas),
            ]
        )
        return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def get(self, key: str) -> Compiled | None:
        """Return a model that was kept; None where there is none that can be read."""
        if self._folder is None:
            return None
        try:
            with np.load(self._path(key), allow_pickle=False) as kept:
                return _unpacked(kept)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError) as error:
            logger.warning("a compiled model cannot be read: %s", type(error).__name__)
            return None

    def put(self, key: str, model: Compiled) -> None:
        """Keep a model, written whole or not at all; the oldest beyond a few are deleted."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as part:
                np.savez(part, **_packed(model))  # type: ignore[arg-type]  # names of arrays
            os.replace(part.name, self._path(key))  # noqa: PTH105 - atomic, which rename says less
            self._forget_the_oldest()
        except OSError as error:
            logger.warning("the compiled model is not kept: %s", error.strerror)

    def _path(self, key: str) -> Path:
        if self._folder is None:
            raise ValueError("this store keeps nothing")
        return self._folder / f"{key}.npz"

    def _forget_the_oldest(self) -> None:
        if self._folder is None:
            return
        kept = sorted(self._folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-_KEPT]:
            with contextlib.suppress(OSError):
                path.unlink()


def _packed(model: Compiled) -> dict[str, npt.NDArray[Any]]:
    packed: dict[str, npt.NDArray[Any]] = {
        "ids": np.array(model.ids),
        "coefficients": model.coefficients,
    }
    for name, calibration in (("sure", model.sure), ("among", model.among)):
        for part, values in asdict(calibration).items():
            packed[f"{name}_{part}"] = values
    return packed | {f"likeness_{name}": part for name, part in model.likeness.items()}


def _unpacked(kept: "np.lib.npyio.NpzFile") -> Compiled:
    def calibration(name: str) -> Calibration:
        return Calibration(*(kept[f"{name}_{part}"] for part in ("weights", "means", "scales")))

    return Compiled(
        tuple(str(name) for name in kept["ids"]),
        kept["coefficients"],
        calibration("sure"),
        calibration("among"),
        {name.removeprefix(_PART): kept[name] for name in kept if name.startswith(_PART)},
    )
