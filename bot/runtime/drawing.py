"""Matplotlib, for whoever draws: loaded at the first drawing, and used by one thread at a time.

It takes tens of megabytes and most of a second to import, and its settings belong to the process.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from platformdirs import user_cache_path

FONT = "DejaVu Sans"
_PROGRAM = "territoires-industrie-bot"
_drawing = threading.Lock()


@contextmanager
def drawing(**settings: object) -> Iterator[None]:
    """Draw within this block, in a thread; ``settings`` are those of Matplotlib by name."""
    with _drawing:
        # Its list of fonts would else be in the home folder, which a service may not write.
        os.environ.setdefault("MPLCONFIGDIR", str(user_cache_path(_PROGRAM) / "matplotlib"))
        import matplotlib as mpl  # noqa: PLC0415 - see the module's own words

        # A title may contain a dollar sign, and is no formula.
        kept: Any = {"text.parse_math": False, "font.family": FONT, **settings}
        with mpl.rc_context(kept):
            yield
