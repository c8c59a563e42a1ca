"""Reads texts for the views; a text that was read before is not read again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.ranking.frequencies import rarities
from knowledge.ranking.views import NO_ROWS, Reading, Rows, read_rows

Arrays = Mapping[str, npt.NDArray[Any]]
VIEWS = ("letters", "sound")
_DIGEST_BYTES = 16
_NAME = "views"


class Workings(Protocol):
    """What the last learning left for the next one, by name; a store may have lost it."""

    def workings(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return what was kept under a name; nothing if there is nothing that can be read."""

    def keep_workings(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, in place of what was kept there."""


@dataclass(frozen=True, slots=True)
class ReadTexts:
    """Texts as they were read, in their order; ``rows`` holds their vectors by view.

    ``keys`` tell apart texts that may be read otherwise, as they stand and with the lexicon;
    ``digests`` those that have been read otherwise (`Reading.digest`).
    """

    keys: tuple[bytes, ...]
    normalised: tuple[str, ...]
    digests: tuple[bytes, ...]
    rows: Mapping[str, Rows]

    def packed(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays of numbers; no normalised text holds a line break."""
        texts = "\n".join(self.normalised).encode("utf-8", "surrogatepass")
        return {
            "keys": joined(self.keys),
            "normalised": np.frombuffer(texts, dtype=np.uint8),
            "digests": joined(self.digests),
            **packed(self.rows),
        }

    @classmethod
    def of(cls, arrays: Arrays) -> "ReadTexts":
        """Return what was packed; nothing if it does not fit together."""
        try:
            keys, digests = parted(arrays["keys"]), parted(arrays["digests"])
            texts = bytes(arrays["normalised"]).decode("utf-8", "surrogatepass").split("\n")
            rows = unpacked(arrays)
            sizes = {len(keys), len(texts), *(len(each.starts) - 1 for each in rows.values())}
            if sizes == {len(digests)}:
                return cls(tuple(keys), tuple(texts), tuple(digests), rows)
        except (KeyError, ValueError):
            # Nothing was read before, or something else kept it.
            pass
        return cls((), (), (), dict.fromkeys(VIEWS, NO_ROWS))


def read(texts: Sequence[str], reading: Reading, workings: Workings | None) -> ReadTexts:
    """Return the texts as read, also from what the workings have, which keep all of it."""
    former = ReadTexts.of(workings.workings(_NAME) if workings else {})
    lexicon = reading.key()
    keys = tuple(
        hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), key=lexicon, digest_size=_DIGEST_BYTES
        ).digest()
        for text in texts
    )
    known = dict(zip(former.keys, zip(former.normalised, former.digests, strict=True), strict=True))
    normalised, digests = [], []
    for text, key in zip(texts, keys, strict=True):
        if key not in known:
            own = reading.normalised(text)
            known[key] = (own, reading.digest(own))
        normalised.append(known[key][0])
        digests.append(known[key][1])
    numbers = {digest: place for place, digest in enumerate(former.digests)}
    places = [numbers.get(digest, -1) for digest in digests]
    features = (reading.letter_features, reading.sound_features)
    rows = {
        view: read_rows(texts, places, former.rows[view], of_view, rarities()[view])
        for view, of_view in zip(VIEWS, features, strict=True)
    }
    now = ReadTexts(keys, tuple(normalised), tuple(digests), rows)
    if workings and former.keys != keys:
        workings.keep_workings(_NAME, now.packed())
    return now


def joined(digests: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """Return digests as an array, one a row."""
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, _DIGEST_BYTES)


def parted(array: npt.NDArray[Any]) -> list[bytes]:
    """Return the digests of an array; ValueError for any other array."""
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != _DIGEST_BYTES:  # noqa: PLR2004 - rows of bytes
        raise ValueError("no digests")
    return [row.tobytes() for row in array]


def packed(rows: Mapping[str, Rows]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of all views."""
    parts = ((view, name, part) for view in VIEWS for name, part in rows[view].packed().items())
    return {f"{view}_{name}": part for view, name, part in parts}


def unpacked(arrays: Arrays) -> dict[str, Rows]:
    """Return the rows of each view; KeyError or ValueError for other arrays."""
    return {
        view: Rows.of(
            {
                name.removeprefix(f"{view}_"): part
                for name, part in arrays.items()
                if name.startswith(f"{view}_")
            }
        )
        for view in VIEWS
    }
