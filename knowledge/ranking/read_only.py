"""Arrays of what is known are never written to again: numpy holds everybody to it."""

from typing import Any

import numpy as np
import numpy.typing as npt


def make_read_only(*arrays: npt.NDArray[Any]) -> None:
    """Refuse every later change of these arrays, also by way of those that they are views of."""
    for array in arrays:
        part: npt.NDArray[Any] | None = array
        while part is not None:
            part.setflags(write=False)
            # What an array was made from need not be an array: bytes of a file, or nothing.
            part = part.base if isinstance(part.base, np.ndarray) else None
