"""Compiled models stored on disk, each under a hash of everything it was compiled from.

Files hold numbers only (``npz``, never pickled objects): a tampered file can give wrong answers,
but cannot run code.
"""

import contextlib
import hashlib
import json
import logging
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from knowledge.atomic_write import clear_way, replacing
from knowledge.ranking import background, frequencies
from knowledge.ranking.corpus import Material
from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.kept_files import forget_unused, mark_used, workings_name
from knowledge.ranking.newcomers import Newcomers
from knowledge.ranking.newcomers import packed as newcomers_packed
from knowledge.ranking.newcomers import unpacked as newcomers_unpacked
from knowledge.ranking.ridge import Calibration, Floats
from knowledge.ranking.second_encoder import SecondEncoder

logger = logging.getLogger(__name__)
# Raise this when the learning code changes: models learnt by former code are then ignored.
_EDITION = 19
_PART, _NEWCOMERS, _BALANCED = "likeness_", "newcomers_", "balanced_"
# What numpy and zipfile raise for a file that is missing, cut, or of another format; a wrong byte
# in a zip's directory may also ask for a method, a password or a length that nobody has.
_UNREADABLE = (
    *(OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, MemoryError, OverflowError, TypeError, IndexError),
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A trained model: the head's coefficients, the calibrations, and the similarity's arrays.

    ``curbs``, one an example: what leaving it out takes (``RidgeHead``); 0 where it was not learnt.
    ``newcomers`` finds the entries that have few examples, with the head that ``balanced`` is of.
    """

    ids: tuple[str, ...]
    coefficients: Floats
    curbs: Floats
    sure: Calibration
    among: Calibration
    similarity: dict[str, npt.NDArray[Any]]
    newcomers: Newcomers | None = None
    balanced: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


class ModelStore:
    """A folder of compiled models; stores nothing if there is none or it cannot be written."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._told = set[str | None]()

    @staticmethod
    def key(
        material: Material, encoder: Encoder | None, second: SecondEncoder | None = None
    ) -> str:
        """Return the hash of everything that a model is compiled from."""
        answers = {name: material.answers[name] for name in material.newcomers}
        source = json.dumps(
            [
                edition(),
                np.__version__,
                encoder.name if encoder else None,
                [second.questions.name if second and answers else None, answers],
                list(material.ids),
                sorted(material.acts),
                [[one.text, one.entry, one.voice] for one in material.examples],
                dict(material.lexicon.short_forms),
                dict(material.lexicon.ideas),
            ]
        )
        return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def get(self, key: str) -> Compiled | None:
        """Return a stored model; None if there is none or it cannot be read."""
        if self._folder is None:
            return None
        try:
            with _arrays(self._path(key)) as arrays:
                return _unpacked(arrays)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except _UNREADABLE as error:
            logger.warning("the cache was spoilt (%s): the model is made anew", _kind(error))
            return None

    def put(self, key: str, model: Compiled) -> None:
        """Store a model; only the most recently used few are kept."""
        if self._write(f"{key}.npz", _packed(model)):
            self._told.clear()
        if self._folder is not None:
            forget_unused(self._folder)

    def _write(self, name: str, arrays: dict[str, npt.NDArray[Any]]) -> bool:
        """Write a file whole or not at all; a failure is only logged, once a reason."""
        if self._folder is None:
            return False
        try:
            if clear_way(self._folder / name):
                logger.warning("the cache was spoilt: %s is made anew", name)
            # No wait for the disk: a file damaged by a power cut is unreadable, and learnt anew.
            with replacing(self._folder / name, survives_power_cut=False) as part:
                np.savez(part, **arrays)  # type: ignore[arg-type]  # names of arrays
        except OSError as error:
            # A learning writes several files, which all fail on one disk.
            if error.strerror not in self._told:
                logger.warning("the cache cannot be written (%s): %s", error.strerror, self._folder)
                self._told.add(error.strerror)
            return False
        return True

    def encoded(self, encoder: Encoder, texts: Sequence[str], kind: str = "") -> Vectors:
        """Return one vector per text; those already stored are not encoded again.

        ``kind`` names texts that change apart from others, and so are stored apart. Only for texts
        of the knowledge, never of people: the vectors are stored on disk.
        """
        by_digest = self._vectors(encoder, kind)
        digests = [_digest(text) for text in texts]
        missing = dict.fromkeys(n for n, digest in enumerate(digests) if digest not in by_digest)
        new = encoder.encode([texts[number] for number in missing])
        by_digest |= {digests[number]: row for number, row in zip(missing, new, strict=True)}
        vectors = np.stack([by_digest[digest] for digest in digests]) if digests else new
        if missing:
            keys = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(len(digests), -1)
            self._write(self._vectors_name(encoder, kind), {"keys": keys, "vectors": vectors})
        return vectors

    def _vectors(self, encoder: Encoder, kind: str) -> dict[bytes, Vectors]:
        if self._folder is None:
            return {}
        try:
            with _arrays(self._folder / self._vectors_name(encoder, kind)) as arrays:
                pairs = zip(arrays["keys"], arrays["vectors"], strict=True)
                return {key.tobytes(): row for key, row in pairs}
        except FileNotFoundError:
            return {}
        except _UNREADABLE as error:
            logger.warning("the cache was spoilt (%s): texts are encoded anew", _kind(error))
            return {}

    def of(self, encoder: Encoder | None) -> "KeptWorkings":
        """Return the workings of learning with this encoder."""
        return KeptWorkings(self, encoder.name if encoder else "letters")

    def workings(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return what ``keep_workings`` kept; nothing if there is nothing that can be read."""
        if self._folder is None:
            return {}
        try:
            with _arrays(self._folder / name) as arrays:
                return dict(arrays)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except _UNREADABLE as error:
            logger.warning("the cache was spoilt (%s): %s is made anew", _kind(error), name)
            return {}

    def keep_workings(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep arrays in one file, which takes the place of the former one of this name."""
        self._write(name, dict(arrays))

    @staticmethod
    def _vectors_name(encoder: Encoder, kind: str) -> str:
        return f"{encoder.name}{kind}.vectors"

    def _path(self, key: str) -> Path:
        if self._folder is None:
            raise ValueError("this store keeps nothing")
        return self._folder / f"{key}.npz"


@dataclass(frozen=True, slots=True)
class KeptWorkings:
    """What the last learning with one encoder left for the next: one file a name, never more."""

    store: ModelStore
    encoder: str

    def workings(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return what was kept under a name; nothing if there is nothing that can be read."""
        return self.store.workings(self._file(name))

    def keep_workings(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep arrays under a name, in place of what was kept there."""
        self.store.keep_workings(self._file(name), arrays)

    def _file(self, name: str) -> str:
        return workings_name(self.encoder, edition(), name)


def edition() -> str:
    """Return what tells this learning from others: its code, and the shipped texts it weighs by."""
    return f"{_EDITION}-{fingerprint()}"


@cache
def fingerprint() -> str:
    """Return what tells the shipped frequencies and background from others."""
    content = frequencies.FILE.read_bytes() + background.FILE.read_bytes()
    return f"{zlib.crc32(content):08x}"


@contextlib.contextmanager
def _arrays(path: Path) -> "Iterator[np.lib.npyio.NpzFile]":
    # Opened here: given a path, numpy leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        mark_used(path)
        yield arrays


def _kind(error: Exception) -> str:
    return type(error).__name__


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _packed(model: Compiled) -> dict[str, npt.NDArray[Any]]:
    packed: dict[str, npt.NDArray[Any]] = {
        "ids": np.array(model.ids),
        "coefficients": model.coefficients,
        "curbs": model.curbs,
    }
    for name, calibration in (("sure", model.sure), ("among", model.among)):
        for part, values in asdict(calibration).items():
            packed[f"{name}_{part}"] = values
    packed |= {
        f"{_NEWCOMERS}{name}": part for name, part in newcomers_packed(model.newcomers).items()
    }
    packed |= {f"{_BALANCED}{name}": part for name, part in model.balanced.items()}
    return packed | {f"{_PART}{name}": part for name, part in model.similarity.items()}


def _unpacked(arrays: "np.lib.npyio.NpzFile") -> Compiled:
    def calibration(name: str) -> Calibration:
        return Calibration(*(arrays[f"{name}_{part}"] for part in ("weights", "means", "scales")))

    return Compiled(
        tuple(str(name) for name in arrays["ids"]),
        arrays["coefficients"],
        arrays["curbs"],
        calibration("sure"),
        calibration("among"),
        _part_of(arrays, _PART),
        newcomers_unpacked(_part_of(arrays, _NEWCOMERS)),
        _part_of(arrays, _BALANCED),
    )


def _part_of(arrays: "np.lib.npyio.NpzFile", prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}
